"""The registry: one file is a device, and what is refused."""

from __future__ import annotations

import importlib
import inspect
import re
import sys

import pytest
from terminal import answer, run

from singularity_lab.calibration.report import what_one_sees
from singularity_lab.calibration.run import calibrate
from singularity_lab.catalog.load import load
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import devices, measure, registry
from singularity_lab.spectroscopes.registry import find_device, known
from tests.spectroscopes.germs import crossing

OURS = [n for n, one in known().items() if one.home.startswith(devices.__name__ + ".")]


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


def test_texts_that_are_computed_and_names_that_stand_twice_are_refused(folder):
    (folder / "a.py").write_text("DEVICE = Device(name='llc', summary=words(), scope='')")
    with pytest.raises(BadInput, match=r"a\.py, line 1: .*literal texts"):
        known()
    registry._written.cache_clear()
    (folder / "a.py").write_text("DEVICE = Device(name='llc', summary='', scope='')")
    with pytest.raises(BadInput, match=r"one device each, llc is in .*devices\.llc:DEVICE"):
        known()
