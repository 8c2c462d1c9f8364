"""Strata of arcs: their codimensions against formulas, and what a stratum says as JSON."""

from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.exact.arcs.stratification import StateSearch
from singularity_lab.exact.arcs.substitution import ArcState


def least(generators, demand, field="C"):
    ideal = Ideal.parse(generators)
    state = ArcState.of(ideal, False)
    found = StateSearch(field, 20.0).solve(state, (demand,) * len(ideal.generators), None)
    assert found.undecided is None or found.undecided >= found.best
    assert all(piece.codimension == found.best for piece in found.pieces)
    return found


@pytest.mark.parametrize("m", [1, 2, 3, 5])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_one_power_of_a_coordinate(k, m):
    """ord x^k ≥ m is ord x ≥ ⌈m/k⌉."""
    assert least(f"x^{k}", m).best == -(-m // k)


@pytest.mark.parametrize(("p", "q"), [(2, 3), (2, 5), (3, 4)])
def test_a_cusp_attains_its_threshold(p, q):
    """At order pq the least codimension is p + q: lct = 1/p + 1/q."""
    found = least(f"x^{p} - y^{q}", p * q)
    assert Fraction(found.best, p * q) == Fraction(1, p) + Fraction(1, q)


def test_normal_crossings_share_the_order():
    assert least("x*y", 4).best == 4
    assert least(["x", "y"], 4).best == 8
