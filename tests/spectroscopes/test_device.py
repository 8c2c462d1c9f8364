"""The records of the devices: one file is a device, and what is said of it is read there."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import sys

import pytest
from terminal import answer, run

from singularity_lab.calibration.design import Arm
from singularity_lab.calibration.report import what_one_sees
from singularity_lab.calibration.run import calibrate
from singularity_lab.catalog.load import load
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import devices, measure, registry
from singularity_lab.spectroscopes.device import Device
from singularity_lab.spectroscopes.registry import find_device, known
from tests.spectroscopes.germs import crossing

OURS = [n for n, one in known().items() if one.home.startswith(devices.__name__ + ".")]


@pytest.mark.parametrize("name", OURS)
def test_a_record_says_what_its_source_says_and_explains_its_settings(name):
    record, one = find_device(name), known()[name]
    assert (record.name, record.summary, record.scope, record.fails) == (
        name, one.summary, one.scope, one.fails
    )  # fmt: skip
    assert record.run.__module__ == one.home.partition(":")[0]
    assert record.summary
    assert not record.summary.endswith(".")
    assert record.scope.endswith(".")
    assert record.plot is not None
    assert dataclasses.asdict(record.Settings()) == {s.name: s.default for s in record.settings()}
    for s in record.settings():
        assert s.meaning, f"{name}: {s.name}"


def test_each_device_has_a_file_of_its_own():
    homes = [known()[name].home for name in OURS]
    assert all(home.endswith(":DEVICE") for home in homes)
    assert len(set(homes)) == len(homes) >= 15


def test_each_function_with_the_signature_of_a_device_has_a_record():
    """A file that defines a device and forgets its record is found."""
    found = set()
    for module in {one.home.partition(":")[0] for one in known().values()} | set(_modules()):
        for thing in vars(importlib.import_module(module)).values():
            if inspect.isfunction(thing) and thing.__module__ == module:
                names = list(inspect.signature(thing).parameters)
                if names == ["loss", "seed", "budget", "settings"]:
                    found.add(thing)
    assert found == {find_device(name).run for name in OURS}


def _modules():
    return [m for m in sys.modules if m.startswith(devices.__name__ + ".")]


def test_a_bare_function_is_a_device_with_its_docstring():
    def mine(loss, *, seed, budget, **settings):
        """Half of the dimension.

        For nothing
        else.
        """

    record = Device.of(mine, "mine")
    assert (record.summary, record.scope) == ("Half of the dimension.", "For nothing else.")
    assert record.settings() == ()
    assert Device.of(record, "other") is record


def test_a_record_is_refused_where_it_cannot_be_shown():
    def words(**change):
        return {"name": "a", "summary": "b", "scope": "c", "run": print} | change

    with pytest.raises(BadInput, match="summary: one line is needed"):
        Device(**words(summary="two\nlines"))
    with pytest.raises(BadInput, match="name: a word is needed"):
        Device(**words(name=""))


# -- docs/add-a-device.md, as it is printed


@pytest.fixture
def page(repository):
    return (repository / "docs" / "add-a-device.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A second folder of device files, as if it were the one of the package."""
    monkeypatch.setattr(devices, "__path__", [*devices.__path__, str(tmp_path)])
    yield tmp_path
    for name in [m for m in sys.modules if m.startswith(f"{devices.__name__}.")]:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]
            delattr(devices, name.rpartition(".")[2])


@pytest.fixture
def counting(page, folder):
    """The one file of the worked example, in its place."""
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    (folder / "counting.py").write_text(code, encoding="utf-8")
    assert "counting" not in OURS
    return "counting"


def test_one_file_is_a_device(counting, tmp_path, monkeypatch):
    assert "λ by counting uniform points below two levels of K" in run("devices")[1]
    shown = run("devices", counting)[1]
    assert "is not λ where m > 1" in " ".join(shown.split())
    assert re.search(r"half_width\s+0\.5\s+of the box around w\*, above 0", shown)
    code, found = answer("measure", counting, "x", "--seed", 0)
    assert (code, found["outcome"]) == (0, "biased target")
    assert abs(found["lambda"]["value"] - 0.5) < 0.02
    reading = measure(counting, crossing(1), seed=0)
    assert (
        reading.fingerprint() == measure(find_device(counting), crossing(1), seed=0).fingerprint()
    )
    assert reading.fingerprint() != measure(counting, crossing(1), seed=1).fingerprint()
    assert reading.plot().get_xlabel() == "ε"
    with pytest.raises(BadInput, match="low, high"):
        measure(counting, crossing(1), seed=0, low=1.0)
    assert measure(counting, crossing(1), seed=0, evaluations=9).outcome == "budget"
    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path / "cache"))
    told = " ".join(what_one_sees(calibrate(counting, [load("nc-1-1")], workers=0)))
    assert "counting (λ by counting uniform points below two levels of K): median error" in told


def test_a_control_says_why_it_fails(counting, folder):
    file = folder / "counting.py"
    file.write_text(file.read_text().replace("    plot=plot,", '    plot=plot,\n    fails="why",'))
    registry._written.cache_clear()
    assert Arm(counting).control
    assert "It fails: why." in run("devices", counting)[1]


def test_texts_that_are_computed_and_names_that_stand_twice_are_refused(folder):
    (folder / "a.py").write_text("DEVICE = Device(name='llc', summary=words(), scope='')")
    with pytest.raises(BadInput, match=r"a\.py, line 1: .*literal texts"):
        known()
    registry._written.cache_clear()
    (folder / "a.py").write_text("DEVICE = Device(name='llc', summary='', scope='')")
    with pytest.raises(BadInput, match=r"one device each, llc is in .*devices\.llc:DEVICE"):
        known()


# -- what the site prints


def test_the_page_of_devices_is_made_of_the_records(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "docs"))
    tables = importlib.import_module("device_tables")
    rows = tables.summaries()
    assert len(rows) == 2 + len(OURS)
    text = "\n".join(tables.settings())
    for name in OURS:
        assert f"| `{name}` | {tables.plain(known()[name].summary)} |" in rows
        for s in find_device(name).settings():
            assert f"| `{s.name}` |" in text
            assert tables.plain(s.meaning).replace("|", "\\|") in text
    page = (repository / "docs" / "devices.md").read_text(encoding="utf-8")
    assert re.findall(r"```\{devices\} (\w+)\n```", page) == list(tables.TABLES)


@pytest.mark.parametrize(
    ("given", "device", "word"),
    [
        ({"num_chains": 4}, "llc-hmc", "did you mean chains?"),
        ({"num_draws": 4}, "llc-mala", "did you mean draws?"),
        ({"lr": 1e-4}, "llc", "did you mean epsilon?"),
        ({"localization": 1.0}, "llc", "did you mean gamma?"),
        ({"burnin": 4}, "wbic", "did you mean burn_in?"),
        ({"drawss": 4}, "llc", "did you mean draws?"),
        ({"colour": 4}, "llc", "It knows n, beta, gamma"),
    ],
)
def test_a_setting_of_another_program_is_told_its_name_here(given, device, word):
    with pytest.raises(BadInput, match=re.escape(word)) as caught:
        measure(device, crossing(1), seed=0, **given)
    assert repr(next(iter(given))) in str(caught.value)
