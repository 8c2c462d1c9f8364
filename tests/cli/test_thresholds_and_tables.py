"""``singlab lct`` and ``singlab rlct --parameters``: answers, refusals, and tables replayed."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from singularity_lab.cli import app


def run(*words, stdin=None):
    """(exit code, stdout, stderr); whatever is not an exit is raised."""
    result = CliRunner().invoke(app, [str(w) for w in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_cusp_over_the_complex_numbers():
    code, out, err = run("lct", "x^2-y^3")
    assert (code, err) == (0, "")
    assert out.startswith("lct = 5/6 over C")
    found = json.loads(run("lct", "x^2-y^3", "--json")[1])
    assert (found["status"], found["lct"], found["real"]["lambda"]) == ("exact", "5/6", "5/12")
    assert run("lct", "x^2", "y^3")[1].startswith("lct = 5/6 ")  # the ideal
    assert run("lct", "x^2-y^3", "--prior", "x=-1/2")[1].startswith("lct = 7/12 ")
    assert run("lct", "x", "--prior", "x=1")[1].startswith("lct = 2 ")
    assert run("lct", "1+x", "--at", "x=-1")[1].startswith("lct = 1 ")


def test_bounds_end_with_their_exit_code():
    code, out, _ = run("lct", "y*(x^2+y^2+z^2)^2")
    assert code == 3
    assert out.startswith("1/5 <= lct <= 1/2 over C (order 5 below")


REFUSED = [
    (["lct"], "EXPR: at least one expression"),
    (["lct", "x^"], "position 2"),
    (["lct", "0"], "the zero polynomial"),
    (["lct", "1+x"], "does not vanish"),
    (["lct", "x^2-y^3", "--prior", "x=-1"], r"prior\[x\]: an exponent > -1"),
    (["lct", "x^2-y^3", "--prior", "z=1"], "prior: unknown variable 'z'"),
    (["lct", "x*y", "--vars", "x"], "unknown variable 'y'"),
    (["lct", "x*y", "--budget", "nan"], "budget: CPU seconds > 0"),
    (["rlct", "x^2+t", "--parameters", "s"], "parameters: 's' is no name here; known: t, x"),
    (["rlct", "x^2+t", "--parameters", "s,t"], "parameters: one symbol"),
    (["rlct", "t", "--parameters", "t"], "parameters: a variable is needed besides"),
    (["rlct", "x^2+t", "--parameters", "t", "--over", "x=0:1"], "not a domain"),
    (["rlct", "rrr-1-1-2-r0", "--parameters", "t"], "--parameters: the germ of a row"),
    (["rlct", "--batch", "-", "--parameters", "t"], "--batch: takes no expressions"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_a_refusal_is_one_line(words, said):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.search(said, err), err


FAMILY = ("rlct", "x^3+t*x*y", "--parameters", "t")  # x(x^2 + ty): normal crossings for t ≠ 0


def test_a_table_over_a_symbol_is_printed_written_and_verified(tmp_path):
    code, out, _ = run(*FAMILY)
    assert code == 0
    assert out.splitlines() == ["t < 0: (1/2, 2)", "t = 0: (1/6, 1)", "t > 0: (1/2, 2)"]
    file = tmp_path / "table.json"
    code, out, err = run(*FAMILY, "--json", "--certificate", file)
    assert (code, err.strip()) == (0, f"certificate: {file}")
    code, told, _ = run("verify", file)
    assert code == 0
    assert told.startswith("proved: 3 of 3 cells")
    assert "t = 0: (1/6, 1)" in told
    assert run("verify", "-", stdin=out)[0] == 0


def test_an_answer_that_its_table_does_not_prove_is_rejected():
    answer = json.loads(run(*FAMILY, "--json")[1])
    answer["cells"][1]["lambda"] = "1/5"
    code, out, err = run("verify", "-", stdin=json.dumps(answer))
    assert (code, out) == (2, "")
    assert "cells.1.lambda" in err
    answer["cells"][1]["lambda"] = "1/6"
    answer["certificate"]["cells"][1]["lambda"] = "1/5"
    code, out, err = run("verify", "-", stdin=json.dumps(answer))
    assert (code, out) == (2, "")
    assert "rejected" in err
    answer["certificate"]["cells"][1] = None  # a cell without a proof claims nothing
    code, out, _ = run("verify", "-", stdin=json.dumps(answer["certificate"]))
    assert code == 3
    assert "t = 0: not decided" in out
