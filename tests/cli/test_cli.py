"""The ``singlab`` command: answers, errors in one line, exit codes, JSON and nothing else on
stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from singularity_lab.cli import app

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("COLUMNS", "160")


def run(*words, stdin=None):
    """(exit code, stdout, stderr); whatever is not an exit is raised."""
    result = CliRunner().invoke(app, [str(w) for w in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def shell(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "singularity_lab.cli", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        **more,
    )


def answer(*words):
    code, out, _ = run(*words, "--json")
    return code, json.loads(out)


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


@pytest.mark.parametrize(
    ("words", "value", "m"),
    [
        (["x^2*y^4"], "1/8", 1),
        (["a*b", "a*c"], "1/2", 1),  # an ideal: K is the sum of the squares
        (["x^2*y^2", "--as", "loss"], "1/2", 2),  # K itself
        (["x^2*y^2"], "1/4", 2),  # K = (x^2 y^2)^2
        (["x*y", "--prior", "x=1"], "1/2", 1),
        (["x*y", "--prior", "x=-1/2"], "1/4", 1),
        (["x*y", "--at", "y=1"], "1/2", 1),
        (["x*y", "--at", "0, -1/2"], "1/2", 1),
        (["x*y", "--vars", "y x", "--at", "1,0"], "1/2", 1),
        (["-x^2+y^3"], "5/12", 1),  # begins with a minus sign, and is no option
        (["x", "-y", "-x^2"], "1", 1),
        (["x + y", "--nonnegative", "x,y", "--as", "loss"], "2", 1),
        (["x - 1", "y", "--box", "x=0:1", "--at", "x=1"], "1", 1),
        (["0"], "0", 1),
    ],
)
def test_values(words, value, m):
    code, found = answer("rlct", *words)
    assert code == 0
    assert (found["lambda"], found["multiplicity"]) == (value, m)


def test_after_two_dashes_everything_is_an_expression():
    code, out, _ = run("rlct", "--json", "--", "-x^2+y^3", "--x")
    assert (code, json.loads(out)["lambda"]) == (0, "2/3")  # --x is x: the ideal (x, y^3)


def test_the_answer_says_which_loss_it_speaks_of():
    assert "K = (x*y)^2" in run("rlct", "x*y")[1]
    assert "K = x^2*y^2 " in run("rlct", "x^2*y^2", "--as", "loss")[1]
    assert "at x = 1" in run("rlct", "x*y", "--at", "x=1")[1]
    assert answer("rlct", "x*y")[1]["loss"] == "K = (x*y)^2 at the origin"


ERRORS = [
    (["rlct", "x^2-"], "position 4"),
    (["rlct", "2x"], "operator is missing"),
    (["rlct", "x^2 - z", "--vars", "x y"], "unknown variable 'z'"),
    (["rlct", "x + 1"], "does not vanish"),
    (["rlct", "-x^2", "--as", "loss"], "K >= 0"),
    (["rlct", "x", "y", "--as", "loss"], "one polynomial"),
    (["rlct", "x", "--at", "y=1"], "unknown variable 'y'"),
    (["rlct", "x", "--at", "1,2"], "1 coordinates are needed"),
    (["rlct", "x", "--at", "x"], "x"),
    (["rlct", "x", "--prior", "x"], "--prior"),
    (["rlct", "x", "--prior", "x=-1"], "integrable"),
    (["rlct", "x", "--prior", "x=1,x=2"], "twice"),
    (["rlct", "x", "--box", "x=1"], "low:high"),
    (["rlct", "x", "--nonnegative", "z"], "unknown variable 'z'"),
    (["rlct", "x", "--budget", "0"], "budget"),
    (["rlct", "x", "--budget", "soon"], "--budget"),
    (["rlct", "x", "--as", "polynomial"], "--as"),
    (["rlct", "x", "--certificate", "no/such/folder/proof.json"], "no folder"),
    (["rlct"], "at least one expression"),
    (["rlct", "x", "--nonegative", "x"], "No such option"),
    (["rlct", "(" * 5000 + "x" + ")" * 5000], "nested too deeply"),
    (["rlct", "x^99999999"], "too large"),
    (["rlct", "__import__('os')"], "position"),
    (["rlct", "--batch", "absent.json"], "no file"),
    (["rlct", "x", "--batch", "absent.json"], "takes no expressions"),
    (["explain", "x^"], "exponent"),
    (["verify", "absent.json"], "no file"),
    (["catalog", "show", "absent"], "no row"),
    (["catalog", "list", "--tag", "absent"], "no row has 'absent'"),
    (["catalog", "list", "--family", "absent"], "family"),
    (["catalog", "check", "absent"], "no row"),
    (["measure", "absent", "x"], "device"),
    (["measure", "hessian", "x^"], "exponent"),
    (["measure", "hessian", "nc-1-99"], "no row 'nc-1-99'"),
    (["measure", "hessian", "x", "--set", "step"], "key=value"),
    (["measure", "hessian", "x", "--set", "stride=1"], "unknown ['stride']"),
    (["measure", "hessian", "x", "--seed", "-1"], "seed"),
    (["measure", "hessian", "x", "--budget", "-1"], "budget"),
    (["measure", "hessian", "no_such_module:f", "--dim", "1"], "cannot be imported"),
    (["measure", "hessian", "math:sqrt"], "--dim"),
    (["calibrate", "--device", "hessian", "--rows", "nc-1-1"], "--out"),
    (["calibrate", "--rows", "nc-1-1", "--out", "x"], "--device"),
    (["calibrate", "--device", "hessian", "--out", "x"], "--rows"),
    (["calibrate", "--device", "llc", "--rows", "nc-1", "--seeds", "a", "--out", "x"], "--seeds"),
    (["absent"], "No such command"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "message"), ERRORS, ids=lambda x: " ".join(x)[:40])
def test_errors_are_one_line_and_exit_code_2(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_an_error_with_json_leaves_stdout_empty_in_a_real_process():
    done = shell("rlct", "x^2-", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_undecided_is_exit_code_3_with_bounds(monkeypatch):
    """An engine that stops at once: what is proved is printed all the same."""
    from singularity_lab.algebra.invariants import RLCT, Bounds
    from singularity_lab.algebra.problem import LocalProblem
    from singularity_lab.exact.engine import solve
    from singularity_lab.exact.engine.result import Result

    bounds = Bounds(RLCT(1, 2), RLCT(2, 1))
    problem = LocalProblem.build("x*y*z")
    stopped = Result(problem, bounds, (), "a stub", 0.0, ("out of time",))
    monkeypatch.setattr(solve, "rlct", lambda *a, **k: stopped)
    code, found = answer("rlct", "x*y*z")
    assert code == 3
    assert (found["status"], found["lambda"]) == ("bounds", None)
    assert (found["lower"]["lambda"], found["upper"]["lambda"]) == ("1", "2")
    code, out, _ = run("rlct", "x*y*z")
    assert code == 3
    assert "1 <= lambda <= 2" in out


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


def test_explain_tells_the_proof():
    code, out, _ = run("explain", "x^2*y^4")
    assert code == 0
    assert "lambda = 1/8" in out
    assert "linear program" in out
    code, found = answer("explain", "x^2*y^4")
    assert found["result"]["lambda"] == "1/8"


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


def test_ctrl_c_ends_with_130_and_says_where_the_finished_work_is(tmp_path, monkeypatch):
    from singularity_lab.calibration import run as runs

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "calibrate", interrupted)
    out = tmp_path / "out"
    code, said, err = run("calibrate", "--device", "hessian", "--rows", "nc-1", "--out", out)
    assert (code, said) == (130, "")
    assert f"kept in {out}" in err
    monkeypatch.setattr("singularity_lab.exact.engine.solve.rlct", interrupted)
    assert run("rlct", "x") == (130, "", "interrupted\n")


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


def test_a_reader_that_goes_away_is_no_traceback():
    process = subprocess.Popen(
        [sys.executable, "-m", "singularity_lab.cli", "catalog", "list", "--tag", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=dict(os.environ),
    )
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert "Traceback" not in err
