"""Real points of strata: what is returned lies there, and what is called empty has none."""

from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.real_points import Conditions, is_empty, real_point

PLANE = LocalProblem.build("0", "x y", over="R^d")
QUADRANT = LocalProblem.build("0", "x y", over={"x": (0, None), "y": (0, None)})


def conditions(*zero, units=(), signs=(), between=()):
    def read(t):
        return parse(t, "x y").flint

    one = read("1")
    return Conditions(
        tuple(map(read, zero)),
        tuple(map(read, units)),
        (),
        tuple(((read(t), one), s) for t, s in signs),
        tuple(((read(t), one), Fraction(a), Fraction(b)) for t, a, b in between),
    )


@pytest.mark.parametrize(
    ("zero", "units"),
    [
        (["x^2 + y^2 - 1"], []),
        (["x^2 - 2", "y - x"], []),
        (["x*y"], ["x"]),
        (["x - y^2"], ["y - 1"]),
        ([], ["x", "y"]),
    ],
)
def test_a_point_satisfies_the_conditions(zero, units):
    where = conditions(*zero, units=units)
    assert not is_empty(PLANE, where)
    point = real_point(PLANE, where, [])
    assert point is not None
    values = {v: float(point[v]) for v in "xy"}
    for t in zero:
        assert abs(eval_at(t, values)) < 1e-9
    for t in units:
        assert abs(eval_at(t, values)) > 1e-9


def eval_at(text, values):
    p = parse(text, "x y")
    return sum(float(c) * values["x"] ** a * values["y"] ** b for (a, b), c in p.terms())


@pytest.mark.parametrize(
    ("problem", "where"),
    [
        (PLANE, conditions("x^2 + y^2 + 1")),
        (PLANE, conditions("x", units=["x"])),
        (PLANE, conditions("x - 1", "x - 2")),
        (QUADRANT, conditions("x + y + 1")),
        (PLANE, conditions("x^2 + y^2", units=["x"])),
    ],
)
def test_empty_strata(problem, where):
    assert is_empty(problem, where)
    assert real_point(problem, where, []) is None


def test_the_points_are_zeros_of_the_problem():
    """x + y = 0 and x = y meet in the origin alone."""
    line = LocalProblem.build("x + y", over="R^d")
    assert is_empty(line, conditions("x - y", "x^2 - 2"))
    assert real_point(line, conditions("x - y"), []) == {"x": 0, "y": 0}


def test_signs_and_intervals_are_kept():
    where = conditions("x*y - 1", signs=[("x", -1)])
    point = real_point(PLANE, where, [])
    assert float(point["x"]) < 0
    inside = real_point(PLANE, conditions("x - y", between=[("x", "1/3", "1/2")]), [])
    assert Fraction(1, 3) <= inside["x"] <= Fraction(1, 2)
