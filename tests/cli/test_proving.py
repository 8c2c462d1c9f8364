"""``singlab rlct``, ``lct`` and ``explain``: answers, refusals, and tables replayed."""

from __future__ import annotations

import json
import re

import pytest
from terminal import answer, run

pytestmark = pytest.mark.usefixtures("own_cache")


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
    code, out, _ = run("lct", "(x^2+y^2+z^2)^2+x^5")  # 7/10 by hand
    assert code == 3
    assert out.startswith("1/2 <= lct <= 3/4 over C (the initial form")


REFUSED = [
    (["lct"], "EXPR: at least one expression"),
    (["lct", "x^"], "position 2"),
    (["lct", "0"], "the zero polynomial"),
    (["lct", "1+x"], "f is 1 at the point, not 0, so lct is infinite"),
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
    assert out.splitlines() == [
        "(lambda, m) for K = (x^3 + x*y*t)^2 at the origin, by t:",
        "  t < 0: (1/2, 2)", "  t = 0: (1/6, 1)", "  t > 0: (1/2, 2)",
    ]  # fmt: skip
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


def test_explain_tells_the_proof():
    code, out, _ = run("explain", "x^2*y^4")
    assert code == 0
    assert "lambda = 1/8" in out
    assert "linear program" in out
    code, found = answer("explain", "x^2*y^4")
    assert found["result"]["lambda"] == "1/8"


READERS = ["rlct", "lct", "newton", "jets", "explain"]


@pytest.mark.parametrize("command", READERS)
def test_generators_are_read_from_one_word_with_commas_too(command):
    def told(*words):
        code, out, err = run(command, *words)
        return code, re.sub(r"\d+\.\d\d s", "", out), err

    assert told("x*y, y*z, x*z") == told("x*y", "y*z", "x*z")
    assert told("x*y,y*z", "x*z")[0] == 0


@pytest.mark.parametrize("command", ["lct", "newton", "jets", "resolve", "zeta", "singularity"])
def test_a_coefficient_pi_is_refused_in_the_same_line_by_all_but_rlct(command):
    code, _, err = run(command, "x^2 - pi*y^3")
    assert code == 2
    assert "pi is a number, and coefficients are rational here (rlct alone reads pi" in err
    assert "read by rlct alone" in run(command, "x^2 - exp(1)*y^3")[2]


def test_bounds_name_the_number_that_is_not_algebraic_and_the_table():
    code, out, _ = run("rlct", "x^2 - pi*y^3")
    assert code == 3
    assert "pi is no algebraic number: only the monomials" in out
    assert "--parameters c" in out
    assert "coefficients such as exp(1)" in run("rlct", "x^2 - exp(1)*y^3")[1]
