"""The order of pairs (λ, m), and what bounds prove."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rlcts

from singularity_lab.algebra.invariants import RLCT, Bounded, Bounds
from singularity_lab.errors import Undecided


@settings(max_examples=25)
@given(rlcts(), rlcts(), rlcts())
def test_the_order_is_total(a, b, c):
    assert (a < b) + (b < a) + (a == b) == 1
    if a <= b <= c:
        assert a <= c


@settings(max_examples=25)
@given(rlcts(), rlcts())
def test_the_smaller_pair_has_the_larger_volume(a, b):
    """ε^λ (−log ε)^(m−1) by its logarithm, with a very small ε."""
    L = 10**9  # −log ε

    def log_volume(r):
        return -r.value * L + (r.multiplicity - 1) * 21  # log 10⁹ is about 20.7

    if a < b:
        assert log_volume(a) > log_volume(b)


@settings(max_examples=25)
@given(rlcts(), rlcts(), rlcts())
def test_products_of_disjoint_variables_are_a_commutative_monoid(a, b, c):
    assert a.meet(b) == b.meet(a)
    assert a.meet(b).meet(c) == a.meet(b.meet(c))
    assert a.meet(b) <= a
    assert a.meet(b) <= b


def test_ties_add_multiplicities_and_others_do_not():
    half, third = Fraction(1, 2), Fraction(1, 3)
    assert RLCT(half, 2).meet(RLCT(half, 3)) == RLCT(half, 5)
    assert RLCT(half, 2).meet(RLCT(third, 1)) == RLCT(third, 1)


@settings(max_examples=25)
@given(rlcts(), rlcts())
def test_bounds_are_exact_where_their_sides_meet(a, b):
    assert Bounds(a, a).rlct == a
    bounds = Bounds(min(a, b), max(a, b))
    assert bounds.exact == (a == b)
    if a != b:
        with pytest.raises(Undecided) as caught:
            _ = bounds.rlct
        assert caught.value.bounds is bounds


@pytest.mark.parametrize(("low", "high"), [(None, None), (RLCT(Fraction(1), 1), None)])
def test_an_open_side_proves_nothing(low, high):
    assert not Bounds(low, high).exact


def test_what_carries_bounds_reads_them_off():
    class Answer(Bounded):
        def __init__(self, bounds):
            self.bounds = bounds

        def _open(self):
            return "open"

    proved = RLCT(Fraction(3, 4), 2)
    answer = Answer(Bounds(proved, proved))
    assert (answer.rlct, answer.value, answer.multiplicity) == (proved, Fraction(3, 4), 2)
    undecided = Answer(Bounds(None, proved))
    for ask in ("rlct", "value", "multiplicity"):
        with pytest.raises(Undecided) as caught:
            getattr(undecided, ask)
        assert caught.value.bounds.upper == proved


@settings(max_examples=25)
@given(st.integers(1, 5))
def test_the_words_show_both_sides(m):
    value = Fraction(2, 3)
    text = str(Bounds(RLCT(value, m + 1), RLCT(value, m)))
    assert text == f"lambda = 2/3, {m} <= m <= {m + 1}"
