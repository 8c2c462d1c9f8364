"""Components of hypersurfaces by field."""

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.arcs.components import count_intersection, hypersurface_components


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_coordinate_hyperplanes(n):
    f = parse("*".join(f"x{i}^{i + 1}" for i in range(n)))
    assert [hypersurface_components(f, k) for k in "CRQ"] == [n, n, n]


@pytest.mark.parametrize(
    ("text", "by_field"),
    [
        ("x^2 + y^2", (2, 0, 1)),
        ("x^2 - 2*y^2", (2, 2, 1)),
        ("x^4 - y^4", (4, 2, 3)),
        ("x*(x^2 - y^3)", (2, 2, 2)),
        ("x^3 - 2*y^3", (3, 1, 1)),
    ],
)
def test_components_by_hand(text, by_field):
    assert tuple(hypersurface_components(parse(text), k) for k in "CRQ") == by_field


def test_a_power_has_the_components_of_its_base():
    for k in "CRQ":
        assert hypersurface_components(parse("(x^2 + y^2)^3*x^2"), k) == hypersurface_components(
            parse("(x^2 + y^2)*x"), k
        )


@pytest.mark.parametrize(("field", "expected"), [("C", 6), ("R", 2), ("Q", 2)])
def test_points_with_conjugate_coordinates(field, expected):
    """x³ = 2 or 1 on the graph y = x: six points, two of them real, over Q three."""
    forms = [parse("(x^3 - 2)*(x^3 - 1)", "x y"), parse("y - x", "x y")]
    found = count_intersection(forms, field)
    assert found == (3 if field == "Q" else expected)
    two_irrational = [parse("x^2 - 2", "x y"), parse("y^2 - 3", "x y")]
    assert count_intersection(two_irrational, "C") is None  # not counted, and not guessed
