"""Real singular points: those of known curves, each with the value there."""

from fractions import Fraction

import pytest

from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.exact.engine.points import singular_points


@pytest.mark.parametrize("n", [2, 3])
def test_lines_in_general_position_have_nodes(n):
    """n lines x = i·y + i², no three through a point: n(n − 1)/2 nodes with (1/2, 2)."""
    f = "*".join(f"(x - {i}*y - {i * i})" for i in range(n))
    found = singular_points(f)
    assert len(found) == n * (n - 1) // 2
    assert all((p.result.value, p.result.multiplicity) == (Fraction(1, 2), 2) for p in found)


def test_a_smooth_curve_has_none():
    assert singular_points("x^2 + y^2 - 1") == []
    assert singular_points("x^2 + y^2 + 1") == []


def test_an_isolated_real_point_is_one():
    (point,) = singular_points("x^2 + y^2")
    assert dict(point.point) == {"x": 0, "y": 0}
    assert point.result.value == Fraction(1, 2)


def test_what_has_no_list():
    with pytest.raises(OutOfScope, match="singular points: the zero polynomial"):
        singular_points("x - x")
    with pytest.raises(BadInput, match="f: one polynomial"):
        singular_points(["x", "y"])
