"""Ideals of minors and Pfaffians."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import rationals

from singularity_lab.models import build
from singularity_lab.models.determinantal import determinant, pfaffian
from singularity_lab.models.symbols import Ring


@given(st.lists(st.lists(rationals(3, 2), min_size=3, max_size=3), min_size=3, max_size=3))
def test_minors_vanish_exactly_on_matrices_of_smaller_rank(rows):
    import flint

    matrix = flint.fmpq_mat([[flint.fmpq(c.numerator, c.denominator) for c in r] for r in rows])
    point = [c for row in rows for c in row]
    for size in (1, 2, 3):
        value = build("generic_minors", rows=3, columns=3, size=size).value(point)
        assert (value == 0) == (matrix.rank() < size)


@pytest.mark.parametrize("size", [2, 4])
def test_pfaffian_squares_to_the_determinant(size):
    names = [f"x{i}{j}" for i in range(size) for j in range(i + 1, size)]
    ring = Ring(names)
    zero = ring.constant(0)
    matrix = [
        [zero if i == j else ring[f"x{i}{j}"] if i < j else -ring[f"x{j}{i}"] for j in range(size)]
        for i in range(size)
    ]
    assert pfaffian(ring, matrix) ** 2 == determinant(ring, matrix)


def test_symmetric_minors_are_listed_once():
    model = build("symmetric_minors", dimension=3, size=2)
    texts = {str(g) for g in model.ideal.generators}
    assert len(texts) == len(model.ideal.generators) == 6
    assert not any(str(-g) in texts for g in model.ideal.generators)
