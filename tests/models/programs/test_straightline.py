"""Programs with cancellation: ideals by evaluation, laws, and values from the engine."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.errors import BadInput
from singularity_lab.exact.solve import rlct
from singularity_lab.models.programs.straightline import (
    ProbabilisticTarget,
    StraightLine,
    binomial_mixture,
    coin_xor,
    hidden_markov,
    horner,
    reuse,
    square,
)


@given(st.lists(st.fractions(-3, 3, max_denominator=5), min_size=5, max_size=5))
def test_the_ideal_vanishes_exactly_where_the_function_is_the_target(numbers):
    """y(w, x) − x is the combination of the generators by the powers of x."""
    p = reuse()
    point, x = numbers[:4], numbers[4]
    u1, u2, v1, v2 = point
    by_hand = v1 * (u1 * x + u2) + v2 * x - x
    parts = [g(point) for g in p.ideal.generators]
    assert by_hand == parts[0] + parts[1] * x


@pytest.mark.parametrize("coins", [1, 2, 3, 4])
def test_xor_of_coins_is_a_monomial(coins):
    """1 − 2P = ∏ xᵢ: λ = 1/2, m = the number of coins."""
    answer = rlct(coin_xor(coins).problem())
    assert (answer.value, answer.multiplicity) == (Fraction(1, 2), coins)


@pytest.mark.parametrize(
    ("trials", "expected"),
    [(1, (Fraction(1, 2), 1)), (2, (Fraction(3, 4), 1)), (4, (Fraction(3, 4), 1))],
)
def test_a_binomial_mixture_at_equal_weights(trials, expected):
    """Mean and variance: ((p + q)/2 + a(p − q), p², q² up to order), λ = 1/2 + 1/4; with one trial
    only the mean is seen."""
    answer = rlct(binomial_mixture(trials).problem(), budget=60)
    assert (answer.value, answer.multiplicity) == expected


def test_a_hidden_chain_at_two_lengths():
    """One letter sees β only. With two or more, the ideal is (β, xγ)."""
    assert rlct(hidden_markov(1).problem()).rlct.value == Fraction(1, 2)
    for length in (2, 3):
        answer = rlct(hidden_markov(length).problem(), budget=60)
        assert (answer.value, answer.multiplicity) == (1, 2)


def test_straight_line_values():
    assert rlct(square().problem()).multiplicity == 3
    found = rlct(horner(2).problem())
    assert (found.value, found.multiplicity) == (1, 2)  # (a3, a1·a2, a1²)


def test_what_is_wrong_is_named():
    line = dict(parameters="a b", inputs="x", output="y", target="x")
    with pytest.raises(BadInput, match="does not compute the target"):
        StraightLine.parse("y = a*x + b", **line)
    with pytest.raises(BadInput, match="unknown variable 'c'"):
        StraightLine.parse("y = c*x", **line, at={"a": 1})
    with pytest.raises(BadInput, match="line 1: the name 'a' is taken"):
        StraightLine.parse("a = x\ny = a", **line)
    with pytest.raises(BadInput, match="line 1: 'name = polynomial'"):
        StraightLine.parse("y + x", **line)
    with pytest.raises(BadInput, match="no name 'z'"):
        StraightLine.parse("y = a*x", **{**line, "output": "z"})
    law = coin_xor(1)
    with pytest.raises(BadInput, match="sum to"):
        ProbabilisticTarget("bad", law.parameters, {"0": law.law["0"]})
    with pytest.raises(BadInput, match="probability 0"):
        ProbabilisticTarget("edge", law.parameters, law.law, {"x1": Fraction(1)}).problem()
