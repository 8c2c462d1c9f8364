"""Orders of probes along the divisor that carries λ."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from strategies import sparse_polynomials

from singularity_lab.algebra.polynomial import parse
from singularity_lab.catalog.load import load
from singularity_lab.dictionary.columns import carrying
from singularity_lab.dictionary.concepts import PROBES, order_along, scaled_weights
from singularity_lab.dictionary.tables import shipped
from singularity_lab.exact.resolutions.divisors import STRICT, is_of_germ

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


def test_probes_have_the_orders_that_k_allows():
    """K = Σ f² has order 1, so that no generator has less than 1/2, and one has that; a loss is its
    own generator. Programs have more probes than generators."""
    rows = {row.id: row for row in shipped().rows}
    judged = 0
    for line in shipped().strata:
        row = rows[line.row_id]
        known = line.probes.status == "value" and "program" not in row.tags
        if known and 0 < len(row.generators) <= PROBES:
            least = Fraction(1) if row.convention == "loss" else Fraction(1, 2)
            orders = [Fraction(order) for order in line.probes.value.values()]
            assert min(orders) == least, (line.row_id, line.stratum_id)
            judged += 1
    assert judged > 400


def test_divisors_in_coordinates_of_a_germ_are_valuations_of_it():
    """A seeded draw: the monomial valuation with these weights has the orders k and h."""
    lines = [s for s in shipped().strata if s.on_file and carrying(s.divisors)]
    for line in random.Random(7).sample(lines, 150):
        problem = load(line.row_id).problem()
        germ, scale = problem.localize(algebraic=True), 1 if problem.is_power_one else 2
        for d in carrying(line.divisors):
            if d["chart"] == 0 and STRICT not in d["weights"]:
                assert is_of_germ(d["k"], Fraction(d["h"]), d["weights"], germ, scale), line.row_id
            elif d["chart"] == -2:
                assert not is_of_germ(d["k"], Fraction(d["h"]), d["weights"], germ, scale)
