"""Sweeps that a file describes: run, status, report, compare, answer key."""

import json
import os
import re

import pytest
from terminal import answer, run

pytestmark = pytest.mark.usefixtures("own_cache")

PLAN = """
rows = ["nc-1", "nc-1-1"]
seeds = 1
budget = 20

[[devices]]
name = "hessian"
tolerance = [1e-6, 1e-5]
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "plan.toml").write_text(PLAN)
    code, _, err = run(
        "calibrate", "run", folder / "plan.toml", "--store", folder / "store", "--workers", "0"
    )
    assert code == 0, err
    return folder / "store"


def test_a_store_says_how_much_is_measured(store):
    code, found = answer("calibrate", "status", "--store", store)
    assert code == 0
    text = json.dumps(found)
    assert "hessian" in text
    code, out, _ = run("calibrate", "status", "--store", store)
    assert code == 0
    assert out.count("2 of 2") == 2  # two rows, two settings


def test_the_report_is_written(store, tmp_path):
    code, _, _ = run("calibrate", "report", "--store", store, "--out", tmp_path / "r")
    assert code == 0
    assert {"report.html", "report.md"} <= {p.name for p in (tmp_path / "r").iterdir()}


def test_a_store_does_not_differ_from_itself(store):
    code, out, _ = run("calibrate", "compare", store, store)
    assert code == 0
    assert "hessian" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["status", "--store", "nowhere"], "no calibration"),
        (["run", "absent.toml", "--store", "s"], "absent.toml"),
        (["compare", "a", "b"], "no calibration"),
        (["run", "typo.toml", "--store", "s"], "llc has none that is called 'gama'; did you mean"),
        (["run", "range.toml", "--store", "s"], "replicates: expected at least 4, received 2"),
        (["run", "row.toml", "--store", "s"], "no key is called 'row'; did you mean rows?"),
        (["run", "quik.toml", "--store", "s"], "'quik'; did you mean quick?"),
    ],
)
def test_what_cannot_be_is_one_line(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    device = '[[devices]]\nname = "llc"\n'
    (tmp_path / "typo.toml").write_text(f'rows = "quick"\n{device}gama = 1\n')
    (tmp_path / "row.toml").write_text(f'row = "quick"\n{device}')
    (tmp_path / "quik.toml").write_text(f'rows = "quik"\n{device}')
    ranged = '[[devices]]\nname = "volume"\nreplicates = 2\n'
    (tmp_path / "range.toml").write_text(f'rows = "quick"\n{ranged}')
    code, out, err = run("calibrate", *words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err


def test_the_help_says_what_is_needed():
    code, out, _ = run("calibrate", "--help")
    assert code == 0
    assert out.count("Needed:") == 2


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("calibrate", "run", "PLAN", "--store", "FILE"), "store"),
        (("calibrate", "--device", "hessian", "--rows", "nc-1-1", "--out", "FILE"), "out"),
        (("calibrate", "key", "--out", "FILE"), "out"),
        (("catalog", "prove", "--into", "FILE"), "--into"),
        (("dictionary", "build", "--ids", "nc-1-1", "--out", "FILE"), "--out"),
        (("atlas", "build", "--out", "FILE"), "out"),
        (("demo", "--out", "FILE"), "out"),
    ],
    ids=lambda x: "-".join(x[:2]) if isinstance(x, tuple) else "",
)
def test_a_file_where_a_folder_is_needed_is_told_by_the_option_that_was_typed(
    words, name, tmp_path
):
    plan, file = tmp_path / "plan.toml", tmp_path / "file"
    plan.write_text('rows = ["nc-1-1"]\n[[devices]]\nname = "hessian"\n')
    file.write_text("kept")
    code, _, err = run(*({"PLAN": plan, "FILE": file}.get(w, w) for w in words))
    assert (code, file.read_text()) == (2, "kept")
    assert re.search(rf"^error: {name}: a folder is needed.* file:? ", err), err


OWN = """
rows = ["nc-1-1"]
devices = ["mine_of_the_run:estimate"]
"""


def test_a_run_goes_on_from_another_folder(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "mine_of_the_run.py").write_text("def estimate(loss, seed, budget):\n    return 0.5\n")
    (here / "plan.toml").write_text(OWN)
    monkeypatch.chdir(here)
    words = ["--store", "store", "--workers", "0"]
    assert run("calibrate", "run", "plan.toml", *words)[0] == 0
    monkeypatch.chdir(there)
    words[1] = "../here/store"
    code, out, err = run("calibrate", "resume", *words)
    assert code == 0, err
    assert f"mine_of_the_run:estimate is looked for in {here}, where the run was started" in err
    assert str(here / "store" / "report.html") in out.replace("/there/..", "")
    assert os.getcwd() == str(there)
    for command in ("status", "report"):
        assert run("calibrate", command, "--store", "../here/store")[0] == 0
    here.rename(tmp_path / "moved")
    code, _, err = run("calibrate", "resume", "--store", "../moved/store")
    assert code == 2
    assert f"no module mine_of_the_run in {there}" in err
    assert f"is not there: {here}" in err


def test_a_relative_path_that_is_missing_is_told_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(OWN.replace("of_the_run", "absent"))
    assert (
        f"no file 'absent.toml' in {tmp_path}"
        in run("calibrate", "run", "absent.toml", "--store", "s")[2]
    )
    err = run("calibrate", "run", "plan.toml", "--store", "s")[2]
    assert f"there is no mine_absent.py in {tmp_path}, and no installed module" in err
    monkeypatch.setenv("SINGLAB_CATALOG", "absent")
    assert f"received absent (in {tmp_path})" in run("catalog", "list")[2]
