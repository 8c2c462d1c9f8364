"""Orders of probes along the divisor that carries λ."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from strategies import sparse_polynomials

from singularity_lab.algebra.polynomial import parse
from singularity_lab.dictionary.concepts import order_along, scaled_weights

WEIGHTS = {"x": Fraction(3), "y": Fraction(2)}


@pytest.mark.parametrize(
    ("text", "order"), [("x^2 - y^3", 6), ("x*y", 5), ("x + y^2", 3), ("z + x", 0), ("7", 0)]
)
def test_orders_by_hand(text, order):
    assert order_along(parse(text), WEIGHTS) == order


@settings(max_examples=20)
@given(sparse_polynomials(variables=2), sparse_polynomials(variables=2))
def test_an_order_is_a_valuation_on_terms(f, g):
    """v(fg) = v(f) + v(g), as initial forms do not cancel, and v(f + g) ≥ min."""
    assert order_along(f * g, WEIGHTS) == order_along(f, WEIGHTS) + order_along(g, WEIGHTS)
    if not (f + g).is_zero:
        assert order_along(f + g, WEIGHTS) >= min(order_along(f, WEIGHTS), order_along(g, WEIGHTS))


def test_weights_are_scaled_to_order_one():
    found = scaled_weights({"weights": {"x": 3, "y": 2}, "k": 6})
    assert found == {"x": Fraction(1, 2), "y": Fraction(1, 3)}
