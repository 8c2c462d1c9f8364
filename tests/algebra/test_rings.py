"""Rings of polynomials, and the numbers that are read into them."""

from decimal import Decimal
from fractions import Fraction

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.rings import fraction, generators, positions, ring, to_fmpq
from singularity_lab.errors import BadInput


@settings(max_examples=25)
@given(st.fractions(max_denominator=10**6))
def test_a_rational_number_is_read_back_from_each_form(q):
    assert fraction(q) == fraction(str(q)) == fraction(to_fmpq(q)) == q
    if q.denominator == 1:
        assert fraction(int(q)) == fraction(flint.fmpz(int(q))) == q


@settings(max_examples=25)
@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_decimals_are_exact(n, places):
    assert fraction(str(Decimal(n).scaleb(-places))) == Fraction(n, 10**places)


@pytest.mark.parametrize("value", [0.5, float("nan"), "x", "1/0", "", None, True + 0j, [1]])
def test_what_is_no_rational_number_names_the_argument(value):
    with pytest.raises(BadInput, match=r"^lam: "):
        fraction(value, "lam")


def test_one_ring_for_each_tuple_of_names():
    assert ring(("x", "y")) is ring(("x", "y"))
    assert ring(("x", "y")) is not ring(("y", "x"))
    x, y = generators(("x", "y"))
    assert str(x * y + x**2) == "x^2 + x*y"
    assert positions(("x", "y", "z")) == {"x": 0, "y": 1, "z": 2}


def test_integers_of_numpy_and_decimals_are_exact_and_floats_are_not():
    import decimal

    import numpy as np

    from singularity_lab import rlct

    assert fraction(np.int64(-3)) == -3
    assert fraction(decimal.Decimal("0.1")) == Fraction(1, 10)
    assert rlct("x^2 - 1", at=np.array([1])).rlct == rlct("x^2 - 1", at=[1]).rlct
    for odd in (np.float64(1), decimal.Decimal("inf"), 1j, np.bool_(True)):
        with pytest.raises(BadInput, match="x: "):
            fraction(odd, "x")
