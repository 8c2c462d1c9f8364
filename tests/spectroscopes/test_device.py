"""The records of the devices: one file is a device, and what is said of it is read there."""

from __future__ import annotations

import dataclasses
import importlib
import re
from typing import get_type_hints

import pytest
from terminal import run

from singularity_lab.calibration.design import Arm
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import devices, measure, registry
from singularity_lab.spectroscopes.device import Device, settings_of
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


def test_a_control_says_why_it_fails(counting, folder):
    file = folder / "counting.py"
    file.write_text(file.read_text().replace("    plot=plot,", '    plot=plot,\n    fails="why",'))
    registry._written.cache_clear()
    assert Arm(counting).control
    assert "It fails: why." in run("devices", counting)[1]


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


@pytest.mark.parametrize("name", OURS)
def test_a_value_of_another_type_is_refused_by_name_and_a_whole_float_is_an_integer(name):
    record = find_device(name)
    kinds = get_type_hints(record.Settings)
    for s in record.settings():
        numbers = kinds[s.name] in (int, float, int | None, float | None)
        if numbers or kinds[s.name] is bool:
            wrong = ["lots", [1], True] if numbers else ["lots", 1]
            for value in wrong:
                with pytest.raises(BadInput, match=f"settings: {s.name} of {name}: .* is needed"):
                    settings_of(record.Settings, {s.name: value}, name)
        if isinstance(s.default, int) and numbers:
            found = settings_of(record.Settings, {s.name: float(s.default)}, name)
            assert found == record.Settings()
            assert isinstance(getattr(found, s.name), int)
            with pytest.raises(BadInput, match="an integer"):
                settings_of(record.Settings, {s.name: s.default + 0.5}, name)


def test_settings_are_checked_through_a_reader():
    restricted = find_device("restricted")
    registry.check_settings(restricted, {"component": [0], "depth": 30})
    for wrong, match in [
        ({"particels": 64}, "volume has none that is called 'particels'; did you mean particles"),
        ({"reader": "volumee"}, "none is called 'volumee'; did you mean volume"),
        ({"reader": "llc", "gama": 1}, "llc has none that is called 'gama'; did you mean gamma"),
    ]:
        with pytest.raises(BadInput, match=match):
            registry.check_settings(restricted, wrong)
