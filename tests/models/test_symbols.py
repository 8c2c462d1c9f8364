"""Matrices of variables over a ring: products, transposes, and limits of size."""

from fractions import Fraction

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.models.symbols import (
    Ring,
    flat,
    matrix_names,
    point,
    transpose,
    vector_names,
)


def ring_of(*shapes):
    names = [matrix_names(letter, *shape) for letter, shape in zip("abc", shapes, strict=False)]
    ring = Ring([n for m in names for n in flat(m)])
    return ring, [ring.matrix(m) for m in names]


def test_products_are_associative_and_transposes_turn_them_round():
    ring, (a, b, c) = ring_of((2, 2), (2, 3), (3, 1))
    left = ring.multiply(ring.multiply(a, b), c)
    assert left == ring.multiply(a, ring.multiply(b, c))
    assert transpose(ring.multiply(a, b)) == ring.multiply(transpose(b), transpose(a))
    assert transpose(transpose(a)) == a


def test_shapes_have_to_fit():
    ring, (a, b) = ring_of((2, 2), (3, 2))
    with pytest.raises(BadInput, match="multiply: inner sizes must agree, received 2 and 3"):
        ring.multiply(a, b)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_a_diagonal_of_rank_r_is_taken_away(rank):
    ring, (a,) = ring_of((2, 2))
    entries = ring.minus_diagonal(a, rank)
    at = dict.fromkeys(ring.variables, 0) | {f"a{i}{i}": 1 for i in range(1, rank + 1)}
    assert all(e(at) == 0 for e in entries)


def test_sums_and_products_of_none_are_zero_and_one():
    ring = Ring(["x", "y"])
    x, y = ring.vector(["x", "y"])
    assert ring.sum([]).is_zero
    assert str(ring.product([])) == "1"
    assert ring.product([x, y, x]) == ring.sum([x * x * y])
    assert ring["x"] == x


def test_names_stay_different_beyond_nine():
    names = flat(matrix_names("a", 11, 11))
    assert len(set(names)) == 121
    assert vector_names("b", 3) == ["b1", "b2", "b3"]


def test_points_by_name():
    assert point(["x", "y"], {"y": Fraction(1, 2)}) == (0, Fraction(1, 2))
    with pytest.raises(BadInput, match="point: unknown variables"):
        point(["x"], {"z": 1})


def test_too_many_terms_are_refused_before_they_are_computed():
    ring = Ring(["x"])
    with pytest.raises(BadInput, match="too many terms to expand"):
        ring.spend(10**12)
