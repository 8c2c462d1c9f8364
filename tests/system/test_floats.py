"""Exact numbers as floats."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import BadInput
from singularity_lab.system.floats import approximate, as_float


@settings(max_examples=30)
@given(st.fractions(max_denominator=10**9))
def test_the_nearest_float(q):
    assert as_float(q) == approximate(q) == float(q)


@pytest.mark.parametrize("value", [10**400, Fraction(10**400, 3), -(10**4000)])
def test_beyond_the_floats(value):
    with pytest.raises(BadInput, match=r"^radius: a number is beyond floating point"):
        as_float(value, "radius")
    assert approximate(value) == (1e300 if value > 0 else -1e300)


@settings(max_examples=30)
@given(st.integers(), st.integers())
def test_a_guess_keeps_the_order(a, b):
    big = 10**500
    values = sorted([a, b, big, -big])
    assert sorted(map(approximate, values)) == list(map(approximate, values))
