"""Devices and losses of the user: one rule for both, and no module of the current folder is
imported for any other reason."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from optional import MISSING
from terminal import run, shell

from singularity_lab.calibration.run import calibrate
from singularity_lab.system import user_modules

OWN = """
import neighbour
from singularity_lab.spectroscopes import Cost, Estimate, Outcome, Reading

def slope(loss, *, seed, budget, **settings):
    found = {"lambda": Estimate(neighbour.VALUE, 0.0, 1.0, 0.9)}
    return Reading("slope", loss.loss_id, loss.dim, settings, seed, found, None, Outcome.OK, "",
                   Cost(1, 0, 0.0, 0), versions={})

def final(w):
    return (w**2).sum(1)

def talks(loss, *, seed, budget, **settings):
    return 0.5

class inner:
    slope = staticmethod(slope)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with modules of a user, and one for each of many names that somebody imports."""
    monkeypatch.chdir(tmp_path)
    for name in ("numpy", "random", "queue", "torch", "tempfile", "sitecustomize", "duckdb"):
        Path(f"{name}.py").write_text(f"open('EVIL-{name}', 'w')\nraise ImportError('evil')\n")
    Path("mydev.py").write_text(OWN)
    Path("secrets.py").write_text(OWN)  # a name of the standard library, asked for by the user
    Path("neighbour.py").write_text("VALUE = 0.25\n")
    Path("pack").mkdir()
    Path("pack/__init__.py").write_text("")
    Path("pack/part.py").write_text(OWN)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("mydev", "neighbour", "pack", "secrets__in_this_folder"):
            del sys.modules[name]
    assert not list(tmp_path.glob("EVIL-*"))


MODULES = ["mydev", "secrets", "pack.part"]


@pytest.mark.parametrize("module", MODULES)
def test_devices_and_losses_are_found_by_one_rule(module, folder):
    assert "λ = 0.25 [0, 1]" in run("measure", f"{module}:slope", "x^2")[1]
    assert "λ = 0.25 [0, 1]" in run("measure", f"{module}:inner.slope", "x^2")[1]
    assert "λ = 1.5 [1.5, 1.5]" in run("measure", "hessian", f"{module}:final", "--dim", 3)[1]
    assert str(folder) not in sys.path
    import secrets

    assert secrets.token_hex  # still that of the standard library


def test_workers_and_processes_do_not_import_from_the_current_folder(folder):
    words = ("calibrate", "--rows", "nc-1-1", "--workers", "1")
    devices = ("--device", "hessian", "--device", "secrets:slope", "--device", "pack.part:slope")
    done = shell(*words, *devices, "--out", "a", "--json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert [x["reading"] for x in json.loads(done.stdout)["table"]] == [0.0, 0.25, 0.25]
    done = shell("catalog", "prove", "nc-1-1", "nc-1-2", "--into", "c", "--jobs", "2", cwd=folder)
    assert done.returncode == 0


@pytest.mark.skipif("torch" in MISSING, reason="torch is not installed")
def test_the_import_path_of_a_session_has_the_folder_and_its_workers_do_not(folder, monkeypatch):
    """As in a notebook: the path begins with the current folder, by Python's own rule."""
    Path("duckdb.py").unlink()  # the session itself would take it
    monkeypatch.setattr(sys, "path", ["", *sys.path, str(folder)])
    import mydev

    found = calibrate([mydev.slope, "hessian"], "nc-1-1", workers=1)
    assert [m.value for m in found.measurements] == [0.25, 0.0]
    assert user_modules.find("mydev:slope", "device") is mydev.slope


NO_DEVICE = [
    "os:system",
    "builtins:exec",
    "builtins:dict",
    "mydev:final",
    "os:sep",
]


@pytest.mark.parametrize("path", NO_DEVICE)
def test_what_is_no_device_is_one_line(path, folder):
    for words in (
        ("measure", path, "x^2"),
        ("calibrate", "--device", path, "--rows", "nc-1", "--out", "out", "--workers", "0"),
    ):
        code, out, err = run(*words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("error: device: ")
    assert not list((folder / "out").glob("part-*"))


def test_a_device_that_returns_no_reading_is_one_line(folder):
    code, _, err = run("measure", "mydev:talks", "x^2")
    assert (code, err) == (2, "error: device: a Reading is needed, talks returned a float\n")


NO_LOSS = ["os:system", "builtins:exec", "builtins:len", "sys:exit", "os:_exit", "mydev:slope",
           "os:sep", "numpy:f", "mydev:absent", "mydev:", "absent:f"]  # fmt: skip


@pytest.mark.parametrize("path", NO_LOSS)
def test_what_is_no_loss_is_one_line(path, folder):
    Path("numpy.py").write_text("raise SystemExit('evil')")
    code, out, err = run("measure", "hessian", path, "--dim", 2)
    assert (code, out, err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("dimension", [0, -1, 10**11, 10**30])
def test_no_dimension_is_too_much_for_one_line(dimension, folder):
    code, out, err = run("measure", "hessian", "mydev:final", "--dim", dimension)
    assert (code, out, err.count("\n")) == (2, "", 1)
