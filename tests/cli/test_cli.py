"""The ``singlab`` command: answers, errors in one line, exit codes, JSON and nothing else on
stdout."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from terminal import ROOT, answer, run, shell

pytestmark = pytest.mark.usefixtures("own_cache")

# -- rlct -----------------------------------------------------------------------------------------


def test_the_cusp_in_a_process_of_its_own():
    done = shell("rlct", "x^2-y^3", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert (found["status"], found["lambda"], found["multiplicity"]) == ("exact", "5/12", 1)
    assert found["lower"] == found["upper"] == {"lambda": "5/12", "multiplicity": 1}
    assert found["certificate"]["claim"]["lambda"] == "5/12"
    assert {"method", "seconds"} <= set(found)
    assert found["seconds"] < 60


# -- certificates
# -----------------------------------------------------------------------------------


def test_a_certificate_verifies_and_a_tampered_one_is_rejected(tmp_path):
    proof = tmp_path / "proof.json"
    code, _, err = run("rlct", "x^2-y^3", "--certificate", proof)
    assert code == 0
    assert str(proof) in err
    code, out, _ = run("verify", proof)
    assert code == 0
    assert out.startswith("proved: (lambda, m) = (5/12, 1) for K = (-y^3 + x^2)^2 at the origin")

    document = json.loads(proof.read_text())
    document["claim"]["lambda"] = "1/2"
    proof.write_text(json.dumps(document))
    code, out, err = run("verify", proof)
    assert (code, out) == (2, "")
    assert err.startswith("error: the certificate is rejected: claimed (1/2, 1)")
    code, out, _ = run("verify", proof, "--json")
    assert code == 2
    assert json.loads(out)["verified"] is False


def test_a_false_step_is_named(tmp_path):
    """The proof of another ideal does not prove this one, and the failing step is said."""
    proof = tmp_path / "proof.json"
    run("rlct", "x^2*y^4", "--certificate", proof)
    document = json.loads(proof.read_text())
    document["proof"]["dual"] = [[0, "1"]]
    proof.write_text(json.dumps(document))
    code, _, err = run("verify", proof)
    assert code == 2
    assert "proof" in err


def test_an_answer_in_json_can_be_verified_from_stdin(tmp_path):
    _, out, _ = run("rlct", "x^2*y^4", "--json")
    code, said, _ = run("verify", "-", stdin=out)
    assert code == 0
    assert "(1/8, 1)" in said


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", '{"format": "other"}', "\x00", '"x"'])
def test_what_is_no_certificate_is_rejected(text, tmp_path):
    file = tmp_path / "file"
    file.write_text(text)
    code, out, err = run("verify", file)
    assert (code, out, err.count("\n")) == (2, "", 1)


# -- batches
# ----------------------------------------------------------------------------------------

BATCH = [
    {"id": "cusp", "vars": ["x", "y"], "generators": ["x^2-y^3"]},
    {"id": "syntax", "vars": ["x"], "generators": ["x^"]},
    {"id": "list", "vars": ["a", "b", "c"], "generators": ["a*b", "a*c"], "point": [0, 1, "1/2"]},
    {"id": "map", "vars": "x y", "generators": ["x*y"], "point": {"x": 0.5}, "prior": {"y": "-1/2"},
     "nonnegative": ["y"], "budget": 5},
    {"id": "away", "generators": ["x+1"]},
    {"id": "typo", "generators": ["x*y"], "nonegative": ["x"]},
    {"id": "extra", "generators": ["x*y"], "source": "a paper", "m": 2},
    {"id": "empty"},
    {"id": "type", "vars": ["x"], "generators": ["x"], "point": "zero"},
    {"id": "budget", "generators": ["x"], "budget": "long"},
    {"id": "box", "generators": ["x-1"], "point": {"x": 1}, "box": {"x": [0, 1]}},
    {"generators": ["x*y*z"]},
    5,
]  # fmt: skip


def test_a_batch_answers_each_item_and_no_error_stops_the_rest(tmp_path):
    file = tmp_path / "batch.json"
    file.write_text(json.dumps(BATCH))
    code, out, err = run("rlct", "--batch", file, "--json")
    assert (code, err) == (2, "")  # some items are bad
    lines = [json.loads(line) for line in out.splitlines()]
    assert [x["id"] for x in lines] == [
        *(item["id"] for item in BATCH[:-2]), 11, 12
    ]  # fmt: skip
    by_id = {x["id"]: x for x in lines}
    values = {k: (x["lambda"], x["multiplicity"]) for k, x in by_id.items() if "lambda" in x}
    assert values == {
        "cusp": ("5/12", 1),
        "list": ("1/2", 1),
        "map": ("1/4", 1),
        "extra": ("1/2", 2),
        "box": ("1/2", 1),
        11: ("1/2", 3),
    }
    wrong = {k: x["error"] for k, x in by_id.items() if x["status"] == "error"}
    assert set(wrong) == {"syntax", "away", "typo", "empty", "type", "budget", 12}
    assert "perhaps nonnegative" in wrong["typo"]
    assert by_id["extra"]["ignored"] == ["source", "m"]


def test_a_batch_prints_each_line_as_it_finishes(tmp_path):
    """The reader of a pipe has the first answer while the second problem is not even sent to
    disk."""
    file = tmp_path / "batch.json"
    file.write_text(json.dumps(BATCH[:2]))
    done = shell("rlct", "--batch", file, "--json")
    assert done.returncode == 2
    assert [json.loads(x)["id"] for x in done.stdout.splitlines()] == ["cusp", "syntax"]


@pytest.mark.parametrize("text", ["", "{", '{"id": 1}', "3", "\udcff"])
def test_a_batch_file_that_is_no_list_is_refused(text, tmp_path):
    file = tmp_path / "batch.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    code, out, err = run("rlct", "--batch", file, "--json")
    assert (code, out, err.count("\n")) == (2, "", 1)


# -- explain, catalog, devices
# ------------------------------------------------------------------------


def test_the_catalog_lists_shows_and_checks():
    code, rows = answer("catalog", "list", "--tag", "demo")
    assert code == 0
    assert len(rows) == 25
    assert len({r["family"] for r in rows}) >= 8
    by_id = {r["id"]: r for r in rows}
    assert {"id", "family", "dimension", "lambda", "multiplicity", "status"} <= set(rows[0])
    cross = by_id["nc-1-1"]
    assert (cross["lambda"], cross["multiplicity"], cross["dimension"]) == ("1/2", 2, 2)
    assert {r["status"] for r in rows} == {"proved"}
    code, shown = answer("catalog", "show", "nc-1-1")
    assert shown["problem"]["generators"] == ["w1*w2"]
    assert "(lambda, m) = (1/2, 2)" in run("catalog", "show", "nc-1-1")[1]
    code, checked = answer("catalog", "check", "nc-1-1", "--no-twin")
    assert (code, checked["ok"]) == (0, True)
    listed = run("catalog", "list", "--family", "normal_crossing")[1]
    assert "nc-1-1" in listed
    assert "rows: " in listed


def test_devices_are_listed():
    code, found = answer("devices")
    assert code == 0
    assert {"llc", "volume", "hessian"} <= {d["name"] for d in found}


# -- measure, calibrate
# -------------------------------------------------------------------------------


def test_a_reading_in_json():
    words = ("measure", "llc", "nc-1-1", "--seed", 3, "--set", "burn_in=20", "--set", "draws=20")
    code, found = answer(*words)
    assert code == 0
    assert {"value", "low", "high", "level"} == set(found["lambda"])
    assert {"evaluations", "gradients", "cpu_seconds"} <= set(found["cost"])
    assert (found["seed"], found["loss_id"]) == (3, "nc-1-1")
    assert found["settings"]["draws"] == 20
    again = answer(*words)[1]
    assert again["lambda"] == found["lambda"]  # the same seed, the same reading


def test_a_reading_of_expressions_and_of_functions(tmp_path, monkeypatch):
    assert answer("measure", "hessian", "x", "y")[1]["lambda"]["value"] == 1.0
    assert answer("measure", "hessian", "-x^2+y", "--at", "0,0")[1]["lambda"]["value"] == 0.5
    (tmp_path / "my_losses.py").write_text(
        "from singularity_lab.spectroscopes import PolynomialLoss\n"
        "def bowl(w):\n    return (w**2).sum(1)\n"
        "ready = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id='line')\n"
    )
    monkeypatch.chdir(tmp_path)
    assert answer("measure", "hessian", "my_losses:bowl", "--dim", 3)[1]["lambda"]["value"] == 1.5
    assert answer("measure", "hessian", "my_losses:ready")[1]["lambda"]["value"] == 0.5


def test_a_loss_without_a_minimum_there_is_bad_input_and_no_estimate_is_undecided():
    assert run("measure", "hessian", "x + 1")[0] == 2
    code, found = answer("measure", "hessian", "x", "--evaluations", 2)
    assert (code, found["outcome"], found["lambda"]["value"]) == (3, "budget", None)


def test_calibrate_writes_tables_and_report(tmp_path):
    out = tmp_path / "a folder"
    words = ("calibrate", "--device", "hessian", "--rows", "nc-1-1,bp-2-3", "--seeds", "0:2")
    code, found = answer(*words, "--out", out, "--workers", 0)
    assert code == 0
    assert [(x["id"], x["seed"], x["reading"]) for x in found["table"]] == [
        ("nc-1-1", 0, 0.0), ("bp-2-3", 0, 0.0), ("nc-1-1", 1, 0.0), ("bp-2-3", 1, 0.0)
    ]  # fmt: skip
    assert {p.name for p in out.iterdir()} >= {
        "calibration.csv", "calibration.json", "report.html", "certificates"
    }  # fmt: skip
    code, text, _ = run(*words, "--out", out, "--workers", 0)
    assert code == 0
    assert f"report: {out / 'report.html'}" in text.replace("\n", "")
    assert "5/12" in text


# -- the whole
# --------------------------------------------------------------------------------------


def test_help_and_version():
    import singularity_lab

    code, out, _ = run("--help")
    assert code == 0
    for name in ("rlct", "explain", "verify", "catalog", "measure", "calibrate", "demo", "devices"):
        assert name in out
    assert run()[1] == out  # nothing asked: the help
    assert run("--version")[1] == f"singlab {singularity_lab.__version__}\n"
    assert run("rlct", "-h")[0] == 0


def test_help_loads_no_heavy_library():
    code = (
        "import sys, json; sys.argv = ['singlab', '--help']\n"
        "from singularity_lab.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "print(json.dumps([code, sorted(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    exit_code, modules = json.loads(done.stdout.splitlines()[-1])
    assert exit_code == 0
    heavy = {"torch", "sympy", "matplotlib", "scipy", "numpy", "flint", "duckdb", "jinja2"}
    assert heavy.isdisjoint(modules)
