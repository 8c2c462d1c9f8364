"""Names that may have been meant for a constant, a power or a product."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.doubtful_names import doubts

SHORT = st.dictionaries(st.sampled_from("uvxyz"), st.integers(2, 30), min_size=1, max_size=3)


@settings(max_examples=30)
@given(SHORT)
def test_powers_in_the_short_form_are_told_as_they_may_be_meant(powers):
    """x2, y3: no letter twice, indices from 2; what is told is the power itself."""
    said = doubts([f"{v}{e}" for v, e in powers.items()])
    assert all(f"{v}^{e}" in said for v, e in powers.items())


@settings(max_examples=30)
@given(st.sampled_from("uvxyz"), st.integers(0, 9), st.integers(2, 5))
def test_indexed_variables_are_what_they_say(letter, first, many):
    assert doubts([f"{letter}{k}" for k in range(first, first + many)]) == ""


@pytest.mark.parametrize("names", [["x1", "y2"], ["x0", "y3"], ["x_2", "y_3"], ["i", "j", "k"]])
def test_other_indices_are_no_powers(names):
    assert doubts(names) == ""


@pytest.mark.parametrize(
    ("names", "meant"),
    [(["x2y"], "x^2*y"), (["xy3"], "x*y^3"), (["x", "xy"], "x*y"), (["I"], "imaginary unit")],
)
def test_what_may_be_meant_is_written_out(names, meant):
    assert meant in doubts(names)
