"""Matrix factorisations: products, Knörrer periodicity, and a wrong matrix refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from strategies import sparse_polynomials

from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.errors import BadInput
from singularity_lab.exact.classification.matrix_factorisation import (
    MatrixFactorisation,
    ade,
    koszul,
    koszul_of,
)
from singularity_lab.exact.classification.singularity import singularity

TYPES = [
    *(("A", k) for k in range(1, 9)),
    *(("D", k) for k in range(4, 9)),
    ("E", 6),
    ("E", 7),
    ("E", 8),
]


@pytest.mark.parametrize(("letter", "rank"), TYPES)
def test_ade_factorisations_multiply_to_a_germ_of_the_type(letter: str, rank: int) -> None:
    found = ade(letter, rank)
    assert found
    for m in found:
        assert singularity(m.f).type == f"{letter}{rank}"
        assert m.reduced()
        # an independent product: determinants, det φ · det ψ = f^size
        assert _determinant(m.phi) * _determinant(m.psi) == m.f**m.size
        assert m.shift().phi == m.psi
    assert len({(m.phi, m.psi) for m in found}) == len(found)


@pytest.mark.parametrize("k", [2, 4, 6, 8])
def test_even_a_has_half_as_many_indecomposables(k: int) -> None:
    assert len(ade("A", k)) == k // 2


def _determinant(m: tuple[tuple[Polynomial, ...], ...]) -> Polynomial:
    if len(m) == 1:
        return m[0][0]
    total = m[0][0] * 0
    for j in range(len(m)):
        minor = tuple(row[:j] + row[j + 1 :] for row in m[1:])
        total = total + m[0][j] * _determinant(minor) * (-1) ** j
    return total


@given(sparse_polynomials(vanishing=True))
def test_koszul_of_any_germ(f: Polynomial) -> None:
    m = koszul_of(f)
    assert m.f == f
    assert _determinant(m.phi) * _determinant(m.psi) == f**m.size


def test_knoerrer_adds_a_square_and_doubles() -> None:
    m = ade("E", 7)[2].knoerrer("z")
    assert m.f == parse("x^3 + x*y^3 + z^2")
    assert m.size == 4


def test_a_changed_entry_is_refused() -> None:
    m = ade("E", 8)[0]
    rows = [list(row) for row in m.phi]
    rows[0][0] = rows[0][0] * 2
    with pytest.raises(BadInput, match="entry"):
        MatrixFactorisation(m.f, tuple(map(tuple, rows)), m.psi)


@pytest.mark.parametrize(("letter", "rank"), [("B", 3), ("D", 3), ("E", 9), ("A", 0)])
def test_other_letters(letter: str, rank: int) -> None:
    with pytest.raises(BadInput):
        ade(letter, rank)


def test_koszul_needs_pairs() -> None:
    with pytest.raises(BadInput):
        koszul(["x"], [])
