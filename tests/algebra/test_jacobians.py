"""Determinants of matrices of polynomials: their laws, and the values of numbers."""

import random

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import sparse_polynomials

from singularity_lab.algebra.jacobians import determinant, differential
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.rings import ring

XY = ring(("x", "y"))


def matrix(seed, n):
    draw = random.Random(seed)
    return [
        [
            XY.from_dict({(draw.randint(0, 2), draw.randint(0, 2)): draw.randint(-3, 3) or 1})
            for _ in range(n)
        ]
        for _ in range(n)
    ]


def same_up_to_sign(p, q):
    return p in (q, -q)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_values_are_those_of_the_matrix_of_values(seed, n):
    rows = matrix(seed, n)
    for point in ((1, 2), (-3, 5)):
        values = flint.fmpq_mat(n, n, [p(*map(flint.fmpq, point)) for row in rows for p in row])
        assert same_up_to_sign(determinant(rows)(*map(flint.fmpq, point)), values.det())


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_equal_rows_transposes_and_multiples(seed):
    rows = matrix(seed, 3)
    assert determinant([rows[0], rows[1], rows[0]]).is_zero()
    assert same_up_to_sign(
        determinant([list(c) for c in zip(*rows, strict=True)]), determinant(rows)
    )
    x = XY.gen(0)
    scaled = [[x * p for p in rows[0]], *rows[1:]]
    assert same_up_to_sign(determinant(scaled), x * determinant(rows))


def test_vandermonde():
    names = ("a", "b", "c")
    a, b, c = (parse(n, names).flint for n in names)
    one = a**0
    found = determinant([[one, v, v**2] for v in (a, b, c)])
    assert same_up_to_sign(found, (b - a) * (c - a) * (c - b))


@settings(max_examples=25)
@given(sparse_polynomials(variables=3))
def test_differentials_are_derivatives_at_zero(f):
    chosen = {1, 2}
    found = differential(f.flint, chosen)
    for i in chosen:
        slope = f.derivative(f.variables[i]).substitute({f.variables[k]: 0 for k in chosen})
        assert found[i] == slope.flint if i in found else slope.is_zero


def test_only_square_matrices_have_one():
    x = XY.gen(0)
    with pytest.raises(ValueError, match="square matrix"):
        determinant([[x, x]])
