"""Rational functions of one variable: lowest terms, values, and poles with their Laurent heads."""

from fractions import Fraction

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.rational_function import RationalFunction
from singularity_lab.errors import BadInput, Undecided

ROOTS = st.lists(st.fractions(-4, 4, max_denominator=4), min_size=1, max_size=4)


def with_roots(roots):
    p = flint.fmpq_poly([1])
    for r in roots:
        p *= flint.fmpq_poly([-flint.fmpq(r.numerator, r.denominator), 1])
    return p


@settings(max_examples=25)
@given(ROOTS, st.integers(1, 5))
def test_poles_are_the_roots_of_the_denominator(roots, c):
    r = RationalFunction.of(flint.fmpq_poly([c]), with_roots(roots))
    found = r.poles()
    assert [p for p, _, _ in found] == sorted(set(roots), reverse=True)
    for pole, order, head in found:
        assert order == roots.count(pole)
        others = Fraction(1)
        for q in roots:
            if q != pole:
                others *= pole - q
        assert head == c / others


@settings(max_examples=25)
@given(ROOTS, st.fractions(-4, 4, max_denominator=3))
def test_a_common_factor_cancels(roots, s):
    top, bottom = flint.fmpq_poly([1, 1]), flint.fmpq_poly([3, 1])
    one, more = (
        RationalFunction.of(top, bottom),
        RationalFunction.of(top * with_roots(roots), bottom * with_roots(roots)),
    )
    assert one == more
    if s != -3:
        assert one(s) == (s + 1) / (s + 3)


def test_a_pole_has_no_value():
    r = RationalFunction.of(flint.fmpq_poly([1]), flint.fmpq_poly([1, 1]))
    with pytest.raises(BadInput, match="s: -1 is a pole"):
        r(-1)


def test_irrational_poles_are_told():
    with pytest.raises(Undecided, match="no rational root"):
        RationalFunction.of(flint.fmpq_poly([1]), flint.fmpq_poly([-2, 0, 1])).poles()
