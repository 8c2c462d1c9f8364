"""Scores: on readings whose bias, spread and coverage are known, the scores are those numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.calibration.measurement import Truth
from singularity_lab.calibration.summaries import summarise
from tests.calibration.readings import exactly, reading

# -- one measurement ------------------------------------------------------------------------------


def test_errors_are_relative_to_the_truth():
    m = reading(0.5, truth=exactly("1/4"))
    assert m.error == 0.25
    assert m.relative_error == 1.0


def test_an_interval_covers_when_it_holds_lambda():
    half = exactly("1/2")
    assert reading(0.48, 0.03, half).covered is True
    assert reading(0.48, 0.01, half).covered is False
    assert reading(0.48, None, half).covered is None
    assert reading(0.5, 0.0, half).covered is True  # the point itself
    assert reading(0.1 + 0.2, 0.0, exactly("3/10")).covered is True  # up to rounding


def test_against_bounds_an_interval_can_only_be_refuted():
    bracket = Truth(Bounds(RLCT(Fraction(1, 4), 1), RLCT(Fraction(1, 2), 1)), "bracketed")
    assert reading(0.4, 0.05, bracket).covered is None
    assert reading(0.7, 0.05, bracket).covered is False
    assert reading(0.1, 0.05, bracket).covered is False
    assert reading(0.4, 0.05, bracket).relative_error is None
    assert str(bracket) == "[1/4, 1/2]"


def test_lambda_may_be_proved_where_m_is_open():
    truth = Truth(Bounds(RLCT(Fraction(1, 2), 3), RLCT(Fraction(1, 2), 1)), "bracketed")
    m = reading(0.5, 0.1, truth, p={1: 1.0})
    assert m.covered is True
    assert m.multiplicity_right is None
    assert m.brier is None


def test_probabilities_of_m_are_scored():
    truth = exactly("1/2", 2)
    sure = reading(0.5, p={1: 0.0, 2: 1.0}, truth=truth)
    wrong = reading(0.5, p={1: 1.0, 2: 0.0}, truth=truth)
    blind = reading(0.5, p={1: 1.0}, truth=truth)  # does not even name m = 2
    unsure = reading(0.5, p={1: 0.5, 2: 0.5}, truth=truth)
    assert [x.brier for x in (sure, wrong, blind, unsure)] == [0.0, 2.0, 2.0, 0.5]
    assert [x.multiplicity_right for x in (sure, wrong)] == [True, False]
    assert reading(0.5).multiplicity is None


# -- groups ---------------------------------------------------------------------------------------


def test_a_row_with_lambda_zero_has_no_relative_error():
    s = summarise("device", "all", [reading(0.1, truth=exactly(0))])
    assert s.relative_bias is None
    assert s.bias == pytest.approx(0.1)


# -- statistics
# -------------------------------------------------------------------------------------


# -- the calibration ------------------------------------------------------------------------------
