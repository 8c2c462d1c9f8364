"""Real zeros that are found are zeros, and none is found where there is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.proof.evidence import check_zero
from singularity_lab.exact.zeros.find import find_zero


@settings(max_examples=15)
@given(st.integers(-3, 3), st.integers(-3, 3))
def test_a_planted_rational_zero_is_found(a, b):
    polys = [parse(f"x - ({a})", "x y"), parse(f"x*y - ({a})*({b})", "x y")]
    found = find_zero(polys, {"x": "real", "y": "real"})
    assert found is not None
    check_zero(polys, {"x": "real", "y": "real"}, found.evidence)


@pytest.mark.parametrize("text", ["x^2 - 2", "x^3 - 3", "x^2*y - 2", "x^2 - 2*y^2"])
def test_a_change_of_sign_is_a_zero(text):
    p = parse(text)
    domain = {v: "positive" for v in p.variables}
    found = find_zero([p], domain)
    assert found is not None
    check_zero([p], domain, found.evidence)


@pytest.mark.parametrize(
    ("text", "domain"),
    [("x^2 + 1", "real"), ("x + 1", "positive"), ("x", "nonzero"), ("3", "real")],
)
def test_there_is_none(text, domain):
    assert find_zero([parse(text, "x")], {"x": domain}) is None
