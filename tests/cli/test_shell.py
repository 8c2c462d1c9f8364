"""How commands end: one line, an exit code, and no traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import typer
from terminal import ROOT, environment, run, shell

from singularity_lab.errors import BadInput

pytestmark = pytest.mark.usefixtures("own_cache")

ERRORS = [
    (["rlct", "x^2-"], "position 4"),
    (["rlct", "2x"], "operator is missing"),
    (["phases", "nc-1-1"], "`singlab dictionary phases`"),
    (["version"], "`singlab --version`"),
    (["rlct", "x^2", "--convention", "loss"], "Did you mean --as?"),
    (["rlct", "x^2", "--variables", "x"], "Did you mean --vars?"),
    (["rlct", "x^2 - z", "--vars", "x y"], "unknown variable 'z'"),
    (["rlct", "x + 1"], "does not vanish"),
    (["rlct", "-x^2", "--as", "loss"], "K >= 0"),
    (["rlct", "x", "y", "--as", "loss"], "one polynomial"),
    (["rlct", "x", "--at", "y=1"], "unknown variable 'y'"),
    (["rlct", "x", "--at", "1,2"], "as many coordinates as variables (1) are needed"),
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
    (["measure", "hessian", "x", "--set", "stride=1"], "none that is called 'stride'"),
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


def test_ctrl_c_ends_with_130_and_says_what_there_is_to_go_on_from(tmp_path, monkeypatch):
    from singularity_lab.calibration import run as runs

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "calibrate", interrupted)
    out = tmp_path / "out"
    code, said, err = run("calibrate", "--device", "hessian", "--rows", "nc-1", "--out", out)
    assert (code, said) == (130, "")
    assert "the same command begins again" in err
    monkeypatch.setattr("singularity_lab.exact.engine.solve.rlct", interrupted)
    assert run("rlct", "x") == (130, "", "interrupted\n")


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


def with_closed(stream):
    code = (
        "import sys; from singularity_lab.cli import main\n"
        f"sys.argv = ['singlab', 'rlct', 'x']; sys.{stream} = None; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        check=False,
    )


def test_closed_streams():
    done = with_closed("stdout")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the standard output is closed")
    assert done.stderr.count("\n") == 1
    done = with_closed("stderr")
    assert (done.returncode, done.stderr) == (0, "")
    assert "lambda = 1/2" in done.stdout


def test_errors_of_several_rows_are_a_line_each(capsys):
    """A full disk, as the workers of ``catalog prove`` report it."""
    from singularity_lab.cli.shell import Laboratory

    app = typer.Typer(cls=Laboratory, pretty_exceptions_enable=False)

    @app.command()
    def fail(code: int) -> None:
        one = OSError(28, "No space left on device", "store/a")
        one.add_note("catalog row a")
        two = ValueError("a defect") if code == 1 else BadInput("b is bad")
        raise ExceptionGroup("2 rows", [one, two])

    app.command()(lambda: None)  # a group of commands
    for code in (1, 2):
        with pytest.raises(SystemExit) as end:
            app(["fail", str(code)], prog_name="singlab")
        assert end.value.code == code
        said = capsys.readouterr().err.splitlines()
        assert said[0] == "error: catalog row a: No space left on device: store/a"
        assert said[1] == ("error: a defect" if code == 1 else "error: b is bad")


def test_where_no_terminal_is_progress_is_lines_on_stderr_and_stdout_stays_clean(monkeypatch):
    from singularity_lab.system import pace

    items = json.dumps([{"id": str(k), "generators": [f"x^{k}"]} for k in (2, 3)])
    assert run("rlct", "--batch", "-", stdin=items)[2] == ""  # nothing of a short run
    monkeypatch.setattr(pace, "_LINE", 0.0)
    code, out, err = run("rlct", "--batch", "-", "--json", stdin=items)
    assert code == 0
    assert re.search(r"^proving: 1 of 2 after \d+ s, 3$", err, re.MULTILINE)
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["2", "3"]
    code, out, err = run("measure", "volume", "x^2", "--json", "--evaluations", "100000")
    assert "volume: 0% after 0 s" in err
    assert json.loads(out)["device"] == "volume"
