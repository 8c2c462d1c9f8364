"""Sweeps that a file describes: run, status, report, compare, answer key."""

import json
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
