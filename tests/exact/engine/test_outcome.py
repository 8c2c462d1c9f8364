"""What a search knows, joined and minimised."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rlcts

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.outcome import (
    SearchOutcome,
    both,
    chain,
    joined,
    least,
    nothing,
    tighter,
)

STEP = {"op": "open"}


@st.composite
def outcomes(draw):
    a, b = sorted([draw(rlcts()), draw(rlcts())])
    lower = draw(st.sampled_from([a, None]))
    upper = draw(st.sampled_from([b, None]))
    return SearchOutcome(lower, upper, {"op": "order"}, open=0 if lower == upper != None else 1)  # noqa: E711


@settings(max_examples=25)
@given(outcomes(), outcomes())
def test_a_join_is_as_good_as_either(a, b):
    if (a.lower and b.upper and a.lower > b.upper) or (b.lower and a.upper and b.lower > a.upper):
        return  # not about one family
    found = joined(a, b)
    assert (found.lower or RLCT(Fraction(0), 1)) >= max(
        o.lower or RLCT(Fraction(0), 1) for o in (a, b)
    )
    for o in (a, b):
        assert o.upper is None or (found.upper is not None and found.upper <= o.upper)


@settings(max_examples=25)
@given(st.lists(outcomes(), min_size=1, max_size=3))
def test_the_least_over_a_cover(cover):
    found = least(cover, {"op": "split"})
    assert found.step["cases"] == [o.step for o in cover]
    if found.lower is not None:
        assert all(o.lower is not None and found.lower <= o.lower for o in cover)
    else:
        assert any(o.lower is None for o in cover)
    uppers = [o.upper for o in cover if o.upper is not None]
    assert found.upper == (min(uppers) if uppers else None)


def test_empty_strata_do_not_count():
    empty = SearchOutcome(None, None, STEP, empty=True)
    one = SearchOutcome(RLCT(Fraction(1, 2), 1), RLCT(Fraction(1, 2), 1), STEP)
    assert least([empty, one], {}).lower == one.lower
    assert least([empty, empty], {}).empty


@pytest.mark.parametrize("n", [0, 1, 3])
def test_moves_are_chained(n):
    moves = [{"op": f"m{i}"} for i in range(n)]
    script = chain(moves, STEP)
    seen = []
    while "then" in script:
        seen.append(script["op"])
        script = script["then"]
    assert seen == [m["op"] for m in moves]
    assert script == STEP
    found = nothing().after(*moves)
    assert (found.lower, found.upper, found.open) == (None, None, 1)


def test_both_has_two_cases_and_tighter_is_a_strict_order():
    assert [c["op"] for c in both(STEP, {"op": "order"})["cases"]] == ["open", "order"]
    low = SearchOutcome(RLCT(Fraction(1, 4), 1), None, STEP)
    high = SearchOutcome(RLCT(Fraction(1, 2), 1), None, STEP, open=2)
    assert tighter(high, low)
    assert not tighter(low, high)
    assert not tighter(low, low)
