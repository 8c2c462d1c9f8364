"""Leaves of the search: what they claim, the verifier proves; against formulas."""

from fractions import Fraction

import pytest
from engine_germs import germs, told, with_roles

from singularity_lab.exact.engine import leaves


@pytest.mark.parametrize("k", [(1, 1), (2, 3), (3, 3)])
def test_a_monomial(k):
    g = germs(f"x^{k[0]}*y^{k[1]}")
    found = leaves.monomial_leaf(g)
    assert found.lower == found.upper
    assert found.lower.value == Fraction(1, 2 * max(k))
    assert found.lower.multiplicity == k.count(max(k))
    assert told(g, found.step).lower == found.lower


@pytest.mark.parametrize("r", [1, 2, 3])
def test_coordinates(r):
    g = germs(*(f"{v} + w^2" for v in "xyz"[:r]))
    found = leaves.rank_leaf(g)
    assert found.lower.value == Fraction(r, 2)
    assert told(g, found.step).lower == found.lower
    again = leaves.smooth_germ(g)
    assert again == (found if r > 1 else None)  # one alone is made a coordinate


def test_further_generators_may_be_combinations():
    g = germs("x + z^2", "y", "x + y + z^2")
    assert leaves.rank_leaf(g) is None
    found = leaves.smooth_germ(g)
    assert found.lower.value == 1
    assert told(g, found.step).lower == found.lower
    assert leaves.smooth_germ(germs("x + z^2", "y", "x*y + z^3")) is None


@pytest.mark.parametrize("gens", [["x^2 - y^3"], ["x*y + y^3", "x^4"], ["x + y^2", "x*z"]])
def test_bounds_are_on_their_sides(gens):
    g = germs(*gens)
    above = leaves.terms_leaf(g)
    assert told(g, above.step).upper == above.upper
    for bound in (leaves.rank_bound(g), leaves.monomial_bound(g)):
        if bound is not None:
            assert bound.upper is None
            assert bound.lower <= above.upper
            assert told(g, bound.step).lower == bound.lower


def test_a_parameter_counts_as_local():
    found = leaves.monomial_leaf(with_roles("p:param x:local", "p*x"))
    assert (found.lower.value, found.lower.multiplicity) == (Fraction(1, 2), 2)
    assert leaves.monomial_leaf(germs("x^2 - y^3")) is None
