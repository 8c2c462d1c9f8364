"""Real singular points of curves and surfaces, found and valued, against lists made by hand."""

from fractions import Fraction

import pytest

from singularity_lab import singular_points
from singularity_lab.errors import BadInput, OutOfScope

# f, {point: (λ, m)}: crossings of lines, conjugate nodes, cusps (by hand).
LISTS = [
    ("(x - 1)*(y^2 - x^3)", {"0, 0": ("5/12", 1), "1, -1": ("1/2", 2), "1, 1": ("1/2", 2)}),
    (
        "(x - 1)*(y - 2)*(x + y - 3)*(x - y)",
        {
            "1, 1": ("1/2", 2),
            "1, 2": ("1/3", 1),
            "3/2, 3/2": ("1/2", 2),
            "2, 2": ("1/2", 2),
        },
    ),
    ("y^2 - (x^2 - 2)^2*(x - 1)", {"-sqrt(2), 0": ("1/2", 1), "sqrt(2), 0": ("1/2", 2)}),
    (
        "y^2 - (x^2 - 2)^3*(x - 1)^2",
        {"-sqrt(2), 0": ("5/12", 1), "1, 0": ("1/2", 1), "sqrt(2), 0": ("5/12", 1)},
    ),
    ("(x^2 + y^2)^2 - x*(x^2 - 3*y^2)", {"0, 0": ("1/3", 1)}),
    ("x^2 + y^2 - 1", {}),
    ("x^2 + y^2 + 1", {}),
    ("x*w - y*z", {"0, 0, 0, 0": ("1/2", 1)}),
]


@pytest.mark.parametrize(("f", "expected"), LISTS)
def test_points_and_values(f, expected):
    found = {}
    for p in singular_points(f, budget=6):
        at = ", ".join(map(str, p.point.values()))
        found[at] = (p.result.value, p.result.multiplicity)
    assert found == {at: (Fraction(v), m) for at, (v, m) in expected.items()}


def test_three_cusps_of_the_deltoid():
    """The hypocycloid with three cusps, two of them at irrational points."""
    f = "(x^2 + y^2)^2 + 18*(x^2 + y^2) - 27 - 8*(x^3 - 3*x*y^2)"
    found = singular_points(f, budget=6)
    assert [round(float(p.point["x"]), 6) for p in found] == [-1.5, -1.5, 3]
    assert {p.result.rlct.value for p in found} == {Fraction(5, 12)}


def test_a_singular_curve_has_a_point_for_each_stratum():
    found = singular_points("x*y*z")
    assert len(found) == 4
    assert max(p.result.multiplicity for p in found) == 3


def test_what_has_no_singular_points_to_list():
    with pytest.raises(OutOfScope, match="zero polynomial"):
        singular_points("x - x")
    with pytest.raises(BadInput, match="one polynomial"):
        singular_points(["x", "y"])
