"""Products of matrices of coordinates: associativity, shapes, Schur complements."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.matrices import block, coordinates, entry, flat, product, schur

NAMES = "a b c d p q r s"


def read(text):
    return [[parse(e, NAMES).flint for e in row.split()] for row in text.split(",")]


A, B = read("a b,c d"), read("p q,r s")


def test_products_are_associative_and_have_a_unit():
    one = read("1 0,0 1")
    assert product([A, B, A]) == product([product([A, B]), A]) == product([A, product([B, A])])
    assert product([A, one]) == product([one, A]) == A


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=10)
def test_shapes(n, m, k):
    x, y = [[A[0][0]] * m for _ in range(n)], [[B[0][0]] * k for _ in range(m)]
    found = product([x, y])
    assert (len(found), len(found[0])) == (n, k)
    assert len(flat(found)) == n * k
    assert found[0][0] == A[0][0] * B[0][0] * m


@pytest.mark.parametrize(
    ("text", "kind"), [("a", "ab"), ("a + 2", "ab"), ("7", "number"), ("2*a", None), ("a*b", None)]
)
def test_entries_are_a_constant_and_a_variable(text, kind):
    found = entry(parse(text, NAMES).flint)
    if kind is None:
        assert found is None
    else:
        assert (found[1] is None) == (kind == "number")


def test_blocks():
    assert block(A, slice(0, 1), slice(None)) == [A[0]]
    assert flat(block(A, slice(None), slice(1, 2))) == [A[0][1], A[1][1]]


def test_a_variable_stands_in_one_place():
    with pytest.raises(CertificateError):
        coordinates([read("a a,c d"), B], range(8))
    with pytest.raises(CertificateError):
        coordinates([read("a b"), read("p q")], range(8))


def test_the_new_ideal_has_the_same_linear_part():
    """(1 + a, b; c, d)·(1 + p, q; r, s): both ideals have differentials of one rank at 0."""
    import flint

    old, new = schur(coordinates([read("a+1 b,c d"), read("p+1 q,r s")], range(8)), 1, "through")

    def rank(polys):
        rows = [[f.derivative(i)(*[0] * 8) for i in range(8)] for f in polys]
        return flint.fmpq_mat(len(rows), 8, [x for row in rows for x in row]).rank()

    assert rank(old) == rank(new) == 3
    assert len(old) == len(new) == 4


def test_an_unknown_kind_is_refused():
    factors = coordinates([read("a+1 b,c d"), read("p+1 q,r s")], range(8))
    with pytest.raises(CertificateError):
        schur(factors, 1, "around")
    with pytest.raises(CertificateError):
        schur(factors, 0, "through")
