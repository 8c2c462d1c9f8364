"""What is not installed is said before anything is measured, with the smallest extra."""

from __future__ import annotations

import re
import sys
import tomllib

import pytest
from terminal import ROOT, run, shell

import singularity_lab
from singularity_lab.catalog import paths
from singularity_lab.system.extras import EXTRA_OF, hint


def test_hints_name_the_extra_that_brings_the_module():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    distribution = {"mpl_toolkits": "matplotlib", "contourpy": "matplotlib"}
    for module, extra in EXTRA_OF.items():
        name = distribution.get(module, module).lower().replace("_", "-")
        listed = {re.split(r"[>=; ]", d)[0].lower() for d in extras[extra]}
        assert name in listed, module
    assert hint("torch.nn") == "pip install 'singularity-lab[torch]'"


def test_without_extras_the_lists_and_proofs_are_there():
    for words in (("devices",), ("catalog", "list", "--tag", "demo"), ("catalog", "check", "nc-1")):
        done = shell(*words, without=sorted(EXTRA_OF))
        assert done.returncode == 0, done.stderr
        assert done.stdout
    assert "torch twins are not compared" in done.stderr
    assert "[torch]" in done.stderr


CALIBRATE = ("calibrate", "--device", "hessian", "--rows", "nc-1", "--out", "o")


@pytest.mark.parametrize(
    ("missing", "words", "extra"),
    [
        ("torch", ("measure", "hessian", "x"), "torch"),
        ("torch", CALIBRATE, "torch"),
        ("jinja2", CALIBRATE, "report"),
        ("matplotlib", ("demo", "--out", "o"), "report"),
        ("matplotlib", ("program", "census", "detectA-3", "--picture", "p.svg"), "report"),
    ],
)
def test_what_is_missing_is_one_line_before_any_work(missing, words, extra, tmp_path):
    done = shell(*words, without=[missing], cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"pip install 'singularity-lab[{extra}]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_pictures_and_calibrations_of_the_library_say_it_too(monkeypatch):
    found = singularity_lab.rlct("x^2 - y^3")
    polygon = singularity_lab.newton_polyhedron("x^2 - y^3")
    for name in [m for m in sys.modules if m.partition(".")[0] in ("matplotlib", "torch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    for draw in (found.plot, polygon.plot):
        with pytest.raises(ImportError, match=r"singularity-lab\[report\]"):
            draw()
    with pytest.raises(singularity_lab.BadInput, match=r"singularity-lab\[torch\]"):
        singularity_lab.calibrate("hessian", "nc-1")


def test_the_catalog_of_an_installed_package_is_not_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "in_package", lambda: True)
    for words in (("nc-1-1",), ("--index-only",), ("--fresh", "nc-1-1")):
        code, out, err = run("catalog", "prove", *words)
        assert (code, out) == (2, "")
        assert err.startswith("error: --into: a folder is needed")
    assert run("catalog", "prove", "nc-1-1", "--into", tmp_path, "--jobs", "1")[0] == 0
    monkeypatch.undo()
    assert not paths.in_package()
