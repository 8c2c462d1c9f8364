"""Exact rank, and the simplex method on integer tableaus against weak duality."""

from fractions import Fraction
from math import gcd

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.simplex import (
    Tableau,
    flat,
    packing_tableau,
    primitive,
    rank,
    scaled,
    unit_vector,
)
from singularity_lab.errors import OutOfScope

ROWS = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.tuples(*[st.integers(-4, 4)] * n), min_size=1, max_size=5)
)


@settings(max_examples=25)
@given(ROWS)
def test_rank_is_that_of_flint(rows):
    assert (
        rank(rows) == flint.fmpq_mat(len(rows), len(rows[0]), [x for r in rows for x in r]).rank()
    )


@settings(max_examples=25)
@given(st.lists(st.fractions(max_denominator=30), min_size=1, max_size=6))
def test_primitive_and_scaled_rows_are_multiples(row):
    numbers, bottom = scaled(row)
    assert [Fraction(x, bottom) for x in numbers] == row
    line = primitive(row)
    if any(row):
        assert gcd(*line) == 1
        k = next(i for i, x in enumerate(row) if x)
        assert all(a * row[k] == b * line[k] for a, b in zip(line, row, strict=True))
        assert line[k] * row[k] > 0


@settings(max_examples=25)
@given(st.data())
def test_the_packing_optimum_is_a_vertex_with_a_dual_proof(data):
    n, m = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
    rows = [data.draw(st.tuples(*[st.integers(0, 3)] * n).filter(any)) for _ in range(m)]
    costs = data.draw(st.tuples(*[st.integers(1, 4)] * n))
    table = packing_tableau(costs, rows)
    reduced = table.maximise([1] * m + [0] * n, range(m + n))
    y = table.solution()[:m]
    assert min(y) >= 0
    for i in range(n):
        assert sum(y[k] * rows[k][i] for k in range(m)) <= costs[i]
    v = [abs(x) for x in reduced[m:]]  # the prices of the slacks solve the covering program
    assert all(sum(a * b for a, b in zip(v, row, strict=True)) >= 1 for row in rows)
    assert sum(c * x for c, x in zip(costs, v, strict=True)) == sum(y)


def test_an_unbounded_objective_is_told():
    with pytest.raises(OutOfScope, match="unbounded"):
        Tableau([[-1, 1, 1]], [1]).maximise([1, 0], range(2))


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_face_of_independent_rows_has_what_is_left_free(n):
    rows = [unit_vector(i, 5) for i in range(n)]
    assert flat(rows, range(5)) == 5 - n
    assert flat(rows, range(n)) == 0
