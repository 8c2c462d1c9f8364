"""Whether a time limit had a part in an answer."""

from __future__ import annotations

from singularity_lab import rlct
from singularity_lab.system.cuts import count_cuts, cuts, is_over
from singularity_lab.system.deadline import TimeLimit, check_time


def test_a_limit_that_ends_its_body_counts_and_one_that_does_not_is_silent():
    before = cuts()
    with TimeLimit(5.0):
        check_time()
    assert cuts() == before
    with TimeLimit(0.001):
        while True:
            check_time()
    assert cuts() == before + 1


def test_a_budget_that_is_used_up_counts():
    before = cuts()
    assert not is_over(1.0, 2.0)
    assert cuts() == before
    assert is_over(2.0, 1.0)
    count_cuts(2)
    assert cuts() == before + 3


def test_a_search_that_ends_by_itself_is_no_cut_and_one_that_is_ended_is():
    before = cuts()
    assert rlct("x^2 - y^3").exact
    assert cuts() == before
    terms = [f"x{i}*x{j} + x{k}^3" for i, j, k in ((1, 2, 3), (2, 3, 4), (3, 4, 5), (4, 5, 1))]
    found = rlct(terms, budget=0.02)
    assert found.exact or cuts() > before
