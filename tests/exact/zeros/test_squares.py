"""Sums of squares over Q: identities, not floats; and forms that are none."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.zeros.squares import (
    gram,
    half_support,
    ldl,
    parity_shifts,
    places,
    repair,
)

REAL = {"x": "real", "y": "real"}


def sum_of(squares, rest):
    total = rest
    for c, q in squares:
        total = total + q * q * c
    return total


@pytest.mark.parametrize(
    "text",
    [
        "x^2 - 2*x*y + 2*y^2 + 1",
        "2*x^4 + 2*x^3*y - x^2*y^2 + 5*y^4",
        "(x^2 - y)^2 + (x*y - 1)^2 + 1",
    ],
)
def test_a_gram_matrix_is_an_identity(text):
    pytest.importorskip("clarabel")
    p = parse(text, "x y")
    squares, rest = gram(p, REAL)
    assert (sum_of(squares, rest) - p).is_zero
    assert all(c > 0 for c, _ in squares)
    assert all(all(e % 2 == 0 for e in a) and c >= 0 for a, c in rest.terms())


@pytest.mark.parametrize("text", ["x^2 - y^2", "x^4*y^2 + x^2*y^4 - 3*x^2*y^2 + 1", "x*y"])
def test_motzkin_and_indefinite_forms_are_no_sums_of_squares(text):
    pytest.importorskip("clarabel")
    assert gram(parse(text, "x y"), REAL) is None


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=1, max_size=3))
def test_ldl_of_a_sum_of_outer_products(rows):
    matrix = [[Fraction(sum(r[i] * r[j] for r in rows)) for j in range(3)] for i in range(3)]
    found = ldl([list(row) for row in matrix])
    assert found is not None
    assert all(d > 0 for d, _ in found)
    for i in range(3):
        for j in range(3):
            assert sum(d * row[i] * row[j] for d, row in found) == matrix[i][j]


def test_ldl_refuses_what_is_not_semidefinite():
    for matrix in ([[1, 2], [2, 1]], [[-1, 0], [0, 1]], [[0, 1], [1, 0]]):
        assert ldl([[Fraction(x) for x in row] for row in matrix]) is None


def test_halves_of_the_support():
    assert set(half_support({(4, 0), (0, 4), (0, 0)})) >= {(2, 0), (0, 2), (0, 0)}
    basis = [(0, 0), (1, 0), (0, 1)]
    where = places(basis)
    assert where[(1, 1)] == [(1, 2)]
    assert sum(len(v) for v in where.values()) == 6


def test_a_repaired_matrix_represents_the_polynomial():
    basis = [(0,), (1,)]
    where = places(basis)
    terms = {(0,): Fraction(1), (1,): Fraction(1), (2,): Fraction(3)}
    guess = {(0, 0): Fraction(9, 10), (0, 1): Fraction(2, 3), (1, 1): Fraction(3)}
    matrix = repair(guess, terms, where, 2)
    assert (matrix[0][0], matrix[0][1] + matrix[1][0], matrix[1][1]) == (1, 1, 3)


def test_shifts_make_extreme_terms_even():
    p = parse("x^3 + x*y^2", "x y")
    for shift in parity_shifts(p, {"x": "positive", "y": "nonzero"}):
        assert (3 + shift[0]) % 2 == 0
