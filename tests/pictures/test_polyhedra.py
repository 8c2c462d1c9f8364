"""Polyhedra, fans and bases: what is drawn is what they have."""

import pytest

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.pictures import polyhedra as draw


@pytest.mark.parametrize(("p", "q"), [(2, 3), (4, 4), (3, 7)])
def test_the_ray_hits_at_the_threshold(p, q):
    """t = pq/(p + q), the inverse of 1/p + 1/q."""
    from fractions import Fraction

    ax = draw.newton_polygon([(p, 0), (0, q)])
    assert ax.get_title() == f"hit at t = {Fraction(p * q, p + q)}"


def test_a_prior_moves_the_ray():
    assert draw.newton_polygon([(2, 0), (0, 2)], shift=(1, 1)).get_title() == "hit at t = 1/2"


@pytest.mark.parametrize(
    ("points", "match"), [([(0, 0)], "is a unit"), ([(1, 2, 3)], "points"), ([], "points")]
)
def test_what_has_no_polygon(points, match):
    with pytest.raises(BadInput, match=match):
        draw.newton_polygon(points)


def test_dimensions_that_cannot_be_drawn():
    four = NewtonPolyhedron.of([tuple(int(i == k) for k in range(4)) for i in range(4)])
    with pytest.raises(OutOfScope, match="dimension 4"):
        draw.newton_polyhedron(four)
    with pytest.raises(OutOfScope, match="fan: dimension 2 or 3"):
        draw.fan_section([(1, 0, 0, 0)], [[0]])
    with pytest.raises(OutOfScope, match="1 to 3 variables"):
        draw.monomial_basis([(0, 0, 0, 0)], "xyzw")


def test_a_fan_names_its_rays():
    ax = draw.fan_section([(1, 0), (1, 1), (0, 1)], [[0, 1], [1, 2]])
    assert [t.get_text() for t in ax.texts] == ["(1, 0)", "(1, 1)", "(0, 1)"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_basis_has_the_names_of_its_variables(n):
    basis = [tuple(int(i == k) for k in range(n)) for i in range(n)]
    ax = draw.monomial_basis(basis, "xyz"[:n])
    assert ax.get_xlabel() == "x"


def test_names_are_as_many_as_variables():
    square = NewtonPolyhedron.of([(1, 0), (0, 1)])
    with pytest.raises(BadInput, match="names: 2 names are needed"):
        draw.polyhedron_with_ray(square, names=["x"])
