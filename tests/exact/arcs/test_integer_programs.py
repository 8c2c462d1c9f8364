"""Covering programs over the integers, against brute force."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.linear import covering_value
from singularity_lab.exact.arcs.integer_programs import integer_program


def brute(costs, rows, p, extra):
    n = len(costs)
    best = None
    for v in itertools.product(range(p + 1), repeat=n):
        lacking = max(p - sum(a * b for a, b in zip(row, v, strict=True)) for row in rows)
        e = max(lacking, 0)
        if e and not extra:
            continue
        value = sum(c * x for c, x in zip(costs, v, strict=True)) + e
        best = value if best is None else min(best, value)
    return best


@settings(max_examples=25)
@given(st.data())
def test_the_least_cost(data):
    n = data.draw(st.integers(1, 2))
    rows = data.draw(
        st.lists(st.tuples(*[st.integers(0, 3)] * n).filter(any), min_size=1, max_size=3)
    )
    costs = [Fraction(data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))) for _ in range(n)]
    p, extra = data.draw(st.integers(1, 5)), data.draw(st.booleans())
    value, v, e = integer_program(costs, rows, p, extra)
    assert value == brute(costs, rows, p, extra)
    assert value == sum(c * x for c, x in zip(costs, v, strict=True)) + e
    assert all(sum(a * b for a, b in zip(r, v, strict=True)) + e >= p for r in rows)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_multiples_of_the_common_order_attain_the_linear_program(k):
    rows, costs = [(2, 0), (0, 3)], [Fraction(1), Fraction(1)]
    assert integer_program(costs, rows, 6 * k, False)[0] == 6 * k * covering_value([1, 1], rows)


def test_a_start_is_kept():
    _, v, _ = integer_program([Fraction(1), Fraction(1)], [(2, 0), (0, 3)], 2, False, [2, 2])
    assert v == (2, 2)
