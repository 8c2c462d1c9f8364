"""Steps over a domain: the cells of an interval cover it once, and points bound above."""

import itertools
from fractions import Fraction

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_scripts import claim, germ, leaf

from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.everywhere import coordinate, cut
from singularity_lab.exact.proof.verify import verify

ENDS = st.one_of(st.none(), st.fractions(-3, 3, max_denominator=3))


def value(p, s):
    return Fraction(str(p(flint.fmpq(s.numerator, s.denominator))))


@settings(max_examples=25)
@given(st.fractions(-3, 3, max_denominator=3), st.fractions("1/3", 4, max_denominator=3))
def test_the_coordinate_of_a_bounded_cell_stays_inside(low, length):
    high = low + length
    num, den = coordinate(("x",), 0, (low, high), False)
    for s in (Fraction(0), Fraction(1, 2), Fraction(7), Fraction(10**6)):
        x = value(num, s) / value(den, s)
        assert low <= x < high
    num, den = coordinate(("x",), 0, (low, high), True)
    assert value(num, Fraction(0)) / value(den, Fraction(0)) == high


@settings(max_examples=25)
@given(ENDS, ENDS, st.booleans())
def test_cells_make_up_the_interval(a, b, at_zero):
    if a is not None and b is not None and a >= b:
        return
    pieces = [piece for piece, end in cut((a, b), at_zero) if not end]
    assert pieces[0][0] == a
    assert pieces[-1][1] == b
    assert all(p[1] == q[0] for p, q in itertools.pairwise(pieces))
    inside_zero = (a is None or a < 0) and (b is None or b > 0)
    if at_zero and inside_zero:
        assert {0} <= {p[1] for p in pieces[:-1]}


def test_a_function_over_a_segment_is_proved_cell_by_cell():
    """x on [0, 1]: zero at the end 0, none elsewhere; with density on x ≥ 0 the germ is x."""
    zero = leaf({"x": "1"}, [(0, "1")])
    empty = {"op": "monomial", "primal": {}, "dual": []}
    step = {"op": "interval", "var": "x", "cases": [zero, empty]}
    verify(claim(germ("x", over={"x": (0, 1)}), step, "1/2"))
    with pytest.raises(CertificateError):
        verify(claim(germ("x", over={"x": (0, 1)}), step, "1/4"))


def test_an_interval_that_is_not_there_is_refused():
    step = {"op": "interval", "var": "y", "cases": []}
    with pytest.raises(CertificateError, match="interval"):
        verify(claim(germ("x", over={"x": (0, 1)}), step, "1/2"))
