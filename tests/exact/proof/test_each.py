"""Replays whose bounds hold for each value of a symbol: signs for all values, steps refused."""

import pytest
from proof_scripts import OPEN, family, leaf, then

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.each import EachReplay, both_signs, side_of

SUBJECT = family("s:unit x:local y:local b:param", ["x*y"], positive=["s"])


@pytest.mark.parametrize(
    ("text", "side"),
    [("s", 1), ("s^2 + 1", 1), ("-s - 2", -1), ("s - 1", 0), ("s^2 - 2*s + 2", 1), ("s^3 + s", 1)],
)
def test_the_side_of_a_polynomial_for_all_positive_values(text, side):
    p = parse(text, SUBJECT.names).flint
    assert side_of(SUBJECT, p, "s") == side


def test_a_linear_polynomial_takes_both_signs_and_a_square_does_not():
    assert both_signs(SUBJECT, parse("b*s - 1", SUBJECT.names).flint, "s")
    assert not both_signs(SUBJECT, parse("b^2 + s", SUBJECT.names).flint, "s")


@pytest.mark.parametrize(
    "step",
    [
        {"op": "change", "var": "s", "num": "2*s", "den": "1"},
        {"op": "relax", "var": "s"},
        {"op": "contract", "weights": {"s": 1}},
    ],
)
def test_a_step_that_moves_the_symbol_is_refused(step):
    with pytest.raises(CertificateError):
        EachReplay("s").start(SUBJECT, then(step, OPEN))


def test_the_bounds_are_those_of_the_germ_in_the_other_variables():
    subject = family("s:unit x:local y:local", ["s*x", "s*y"], positive=["s"])
    found = EachReplay("s").start(subject, leaf({"x": "1", "y": "1"}, [(0, "1"), (1, "1")]))
    assert found.lower == found.upper
    assert found.lower.value == 1
    other = {"op": "change", "var": "x", "num": "2*x", "den": "1"}
    both = leaf({"x": "1", "y": "1"}, [(0, "1"), (1, "1")])
    assert EachReplay("s").start(subject, then(other, both)) == found
