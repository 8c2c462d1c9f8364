"""Germs as fractions over a tower of symbols: field laws, signs by enclosures, slopes."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rationals, sparse_polynomials

from singularity_lab.algebra.constants import number
from singularity_lab.algebra.elementary import apply
from singularity_lab.algebra.tower import Element, Tower
from singularity_lab.errors import BadInput

TWO = st.tuples(sparse_polynomials(variables=2), sparse_polynomials(variables=2))


def elements(pair):
    tower = Tower(("x", "y"))
    return tower, [Element.of(tower, f.flint) for f in pair]


@settings(max_examples=25)
@given(TWO)
def test_sums_products_and_quotients(pair):
    tower, (f, g) = elements(pair)
    one = Element.number(tower, 1)
    unit = g * g + one  # > 0 at the point
    assert (f * unit / unit - f).is_zero
    assert ((f + g) * (f - g) - (f**2 - g**2)).is_zero
    assert (f / unit + g / unit - (f + g) / unit).is_zero
    assert ((f / unit).value() - f.value() / unit.value()).is_zero


@settings(max_examples=25)
@given(rationals(), rationals())
def test_numbers_are_rational_and_signed(a, b):
    tower = Tower(("x",))
    total = Element.number(tower, a) + Element.number(tower, b)
    assert total.rational() == a + b
    assert total.sign() == (a + b > 0) - (a + b < 0)
    assert (total + Element.symbol(tower, "x")).rational() is None


def test_the_sign_of_a_number_is_found_by_enclosures():
    tower = Tower(())
    root = number("sqrt", Element.number(tower, 2))
    for q, sign in ((Fraction(141421356, 10**8), 1), (Fraction(141421357, 10**8), -1)):
        assert (root - Element.number(tower, q)).sign() == sign
    assert (root * root - Element.number(tower, 2)).sign() == 0


def test_a_slope_goes_through_symbols():
    tower = Tower(("x", "y"))
    x, y = (Element.symbol(tower, n) for n in "xy")
    germ = apply("exp", x.scaled(3)) * (y + Element.number(tower, 2))
    assert tower.slope(germ.num, "x").rational() == 6
    assert tower.slope(germ.num, "y").rational() == 1
    assert tower.depends(germ.num) == {"x", "y"}


def test_division_by_what_vanishes_is_refused():
    tower = Tower(("x",))
    x = Element.symbol(tower, "x")
    with pytest.raises(BadInput, match="division: x is 0 at the point"):
        Element.number(tower, 1) / x
    assert (x**2 / x - x).is_zero  # a common factor is no pole


def test_a_symbol_of_one_key_is_added_once():
    tower = Tower(("x",))
    x = Element.symbol(tower, "x")
    assert (apply("sin", x) - apply("sin", x)).is_zero
    before = len(tower.names)
    apply("sin", x)
    assert len(tower.names) == before
