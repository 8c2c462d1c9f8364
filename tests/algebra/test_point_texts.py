"""Points in one text: Python and the command line read the same ones, and refuse the same ones."""

from __future__ import annotations

import pytest
from terminal import run

from singularity_lab import rlct
from singularity_lab.algebra.point_texts import read_point
from singularity_lab.errors import BadInput

CUSP = "(x - 1)^2 - (y + 1/2)^3"  # (5/12, 1) there; nothing but that point is singular
WAYS = ["x=1,y=-1/2", "x=1, y=-1/2", " y = -1/2 ; x = 1 ", "1,-1/2", "(1, -1/2)", "[1,-0.5]",
        "((1, -1/2))", "(x=1, y=-1/2)", "(1), (-1/2)", "(1),-1/2"]  # fmt: skip


@pytest.mark.parametrize("at", WAYS)
def test_python_and_the_command_line_read_one_text_alike(at):
    assert str(rlct(CUSP, at=at).rlct) == str(rlct(CUSP, at={"x": 1, "y": "-1/2"}).rlct)
    code, out, _ = run("rlct", CUSP, "--at", at)
    assert (code, out.startswith("lambda = 5/12, m = 1")) == (0, True)


def test_coordinates_may_be_functions_and_real_algebraic():
    assert str(rlct("(x^2 - 2)^2 - y^3", at="x=sqrt(2), y=0").rlct) == "(5/12, 1)"
    assert str(rlct("(x^2 - 2)^2 - y^3", at="(root(t^2 - 2, 1, 2), 0)").rlct) == "(5/12, 1)"
    assert str(rlct("sin(x)^2 + y^2", at="x=pi").rlct) == str(rlct("sin(x)^2 + y^2").rlct)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("", "received nothing"),
        ("()", "received nothing"),
        ("1", "as many coordinates as variables"),
        ("1,2,3", "as many coordinates as variables"),
        ("x=1,x=2", "x is given twice"),
        ("x=1,2", "expected the form"),
        ("z=1", "unknown variable 'z'"),
        ("origin,0", "origin"),
    ],
)
def test_what_is_no_point_is_refused_alike(at, message):
    with pytest.raises(BadInput, match=message):
        rlct("x^2 - y^3", at=at)
    code, _, err = run("rlct", "x^2 - y^3", "--at", at)
    assert (code, message in err) == (2, True)


def test_brackets_that_do_not_enclose_the_text_stay():
    assert read_point("(1) + (2), 3") == ["(1) + (2)", "3"]
    assert read_point("x=(1), y=(2)") == {"x": "(1)", "y": "(2)"}
