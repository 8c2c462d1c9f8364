"""Dual fans and lattice volumes: numbers of cones, laws of volumes, and volumes below monomials."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.errors import BadInput
from singularity_lab.exact.zeta_functions.fan import (
    DualFan,
    monomial_volume,
    multiplicity,
    normalised_volume,
    rank,
)


@pytest.mark.parametrize(("p", "q"), [(2, 3), (4, 6), (5, 7)])
def test_two_powers_have_two_maximal_cones_of_known_index(p, q):
    """The new ray is (q, p)/gcd; the cones have the index of its entries."""
    fan = DualFan(NewtonPolyhedron.of([(p, 0), (0, q)]))
    g = math.gcd(p, q)
    assert {tuple(sorted(fan.rays(c))) for c in fan.maximal} == {
        ((0, 1), (q // g, p // g)),
        ((1, 0), (q // g, p // g)),
    }
    found = sorted(multiplicity(fan.rays(c)) for c in fan.maximal)
    assert found == sorted([q // g, p // g])
    assert fan.order((q // g, p // g)) == p * q // g


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("d", [1, 2, 4])
def test_a_simplex_of_size_d_has_volume_d_to_the_n(n, d):
    points = [(0,) * n] + [tuple(d * (i == k) for k in range(n)) for i in range(n)]
    assert normalised_volume(points) == d**n


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=5), st.data())
def test_volume_and_rank_are_kept_by_translations_and_unimodular_maps(points, data):
    a, b = data.draw(st.integers(-2, 2)), data.draw(st.integers(-2, 2))
    moved = [(x + a * y + 9, y + 2) for x, y in points]
    assert normalised_volume(points) == normalised_volume(moved)
    assert rank([(x, y) for x, y in points]) == rank([(x + b * y, y) for x, y in points])


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=3).filter(any), st.data())
def test_the_volume_below_one_is_that_of_the_cube(powers, data):
    h = [data.draw(st.integers(0, 2)) for _ in powers]
    terms = monomial_volume(powers, h)
    total = sum(t.coefficient for t in terms if t.power == 0)  # ε = 1, L = 0
    expected = Fraction(1)
    for x in h:
        expected /= x + 1
    assert total == expected
    lam = min(Fraction(x + 1, k) for k, x in zip(powers, h, strict=True) if k)
    assert min(t.exponent for t in terms) == lam


@pytest.mark.parametrize(
    ("powers", "prior", "match"),
    [([0, 0], None, "powers: "), ([-1], None, "powers: "), ([1], [-1], "prior: ")],
)
def test_what_has_no_volume(powers, prior, match):
    with pytest.raises(BadInput, match=match):
        monomial_volume(powers, prior)
