"""Rules that lead to one simpler family: slices and sums of squares."""

from fractions import Fraction

import pytest
from engine_germs import germs, outcome_told, search

from singularity_lab.exact.engine import reductions


def test_a_product_has_the_value_of_its_slice():
    g = germs("(x + x^2 + y^2)^2 - z^3")
    here = search()
    verdict = outcome_told(g, here, reductions.slice_of_product(here, g, None, 6))
    assert verdict.lower.value == Fraction(5, 12)
    assert reductions.slice_of_product(here, germs("x^2 - y^3"), None, 6) is None


@pytest.mark.parametrize("n", [2, 3])
def test_a_sum_of_n_squares(n):
    """f = Σ (xᵢ + …)²: (f) has half the λ of the squares, n/4."""
    names = "xyz"[:n]
    g = germs(" + ".join(f"({v} + w^2)^2" for v in names))
    here = search()
    verdict = outcome_told(g, here, reductions.completed_squares(here, g, None, 6))
    assert verdict.lower.value == Fraction(n, 4)


def test_squares_by_a_gram_matrix():
    pytest.importorskip("clarabel")
    g = germs("2*x^4 + 2*x^3*y - x^2*y^2 + 5*y^4")
    here = search()
    verdict = outcome_told(g, here, reductions.sum_of_squares(here, g, None, 6))
    assert verdict.lower.value == Fraction(1, 4)


@pytest.mark.parametrize(
    ("f", "maybe"),
    [("x^2 + x*y + y^2", True), ("x^2 - y^2", False), ("x^3 + y^2", False)],
)
def test_what_may_be_definite(f, maybe):
    g = germs(f)
    assert reductions.may_be_definite(g, g.gens[0]) is maybe
    if not maybe:
        assert reductions.completed_squares(search(), g, None, 6) is None
