"""The difference of two readings: its coverage, and what has none."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import t

from singularity_lab import track
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Estimate
from singularity_lab.trajectories import Trajectory, TrajectoryRow
from tests.trajectories.states import given, states

LEVEL = 0.9


def row(step, value, error, freedom=math.inf, **more) -> TrajectoryRow:
    half = error * float(t.ppf(0.5 * (1 + LEVEL), freedom))
    more = {"outcome": "ok", "level": LEVEL, **more}
    return TrajectoryRow(
        step, value=value, low=value - half, high=value + half, error=error, **more
    )


def covered(noise, freedom, shared, truth=0.7, runs=2000) -> float:
    """The share of intervals that hold a planted difference; noise: (runs, 2) and the errors that
    are stated."""
    held = 0
    for errors, stated in zip(*noise, strict=True):
        rows = (
            row(step, value + e, s, freedom)
            for step, value, e, s in zip((0, 10), (5.0, 5.0 + truth), errors, stated, strict=True)
        )
        d = Trajectory(tuple(rows)).difference(0, 10, shared=shared)
        held += d.low <= truth <= d.high
    return held / len(noise[0])


def test_intervals_of_independent_readings_hold_a_planted_difference_as_often_as_stated():
    """2000 pairs with errors 0.1 and 0.3 that are known: 90 %, within 3.5 standard errors."""
    rng = np.random.default_rng(0)
    s = np.tile([0.1, 0.3], (2000, 1))
    assert abs(covered((s * rng.standard_normal(s.shape), s), math.inf, False) - LEVEL) < 0.024


def test_errors_that_are_estimated_of_few_chains_cover_at_least_as_often():
    """The errors are those of four chains each, and their own scatter is in the interval; that of
    the normal law would be too short."""
    rng = np.random.default_rng(1)
    chains = np.array([0.2, 0.6])[:, None] * rng.standard_normal((2000, 2, 4))
    noise = chains.mean(-1), chains.std(-1, ddof=1) / 2
    assert covered(noise, 3, False) > LEVEL - 0.024
    assert covered(noise, math.inf, False) < LEVEL - 0.024


@pytest.mark.parametrize("correlation", [-1.0, -0.5, 0.0, 0.9])
def test_shared_errors_cover_at_least_as_often_whatever_their_correlation(correlation):
    """And taken as independent those of correlation −1 are covered too seldom."""
    rng = np.random.default_rng(2)
    e = rng.standard_normal((2000, 2))
    e[:, 1] = correlation * e[:, 0] + math.sqrt(1 - correlation**2) * e[:, 1]
    s = np.full((2000, 2), 0.2)
    assert covered((s * e, s), math.inf, True) > LEVEL - 0.024
    if correlation == -1:
        assert covered((s * e, s), math.inf, False) < LEVEL - 0.024


def test_a_run_of_one_seed_shares_and_one_of_several_does_not():
    one = track(states(), **given(n=100)).difference(0, 40)
    several = track(states(), **given(n=100, common=False)).difference(0, 40)
    assert isinstance(one, Estimate)
    assert (one.shared, several.shared) == (True, False)
    assert one.value == several.value > 0
    assert one.high - one.low == pytest.approx(0.8)
    assert several.high - several.low == pytest.approx(0.4 * math.sqrt(2))
    assert one.error == pytest.approx(several.error * math.sqrt(2))
    assert one.changed
    assert "a rise" in str(one)
    back = track(states(), **given(n=100)).difference(40, 0)
    assert (back.value, back.low, back.high) == (-one.value, -one.high, -one.low)
    assert "a fall" in str(back)


def test_readings_that_no_seed_is_known_of_may_share():
    path = Trajectory((row(0, 5.0, 0.1), row(10, 5.3, 0.1)))
    assert path.difference(0, 10).shared
    assert not path.difference(0, 10).changed
    assert path.difference(0, 10, shared=False).changed


def test_an_interval_is_not_shorter_than_its_standard_error_says():
    """An interval that is cut at one end, or that is missing."""
    whole = Trajectory((row(0, 0.1, 0.1), row(10, 5.0, 0.1))).difference(0, 10)
    cut = dataclasses.replace(row(0, 0.1, 0.1), low=0.0)
    none = dataclasses.replace(row(0, 0.1, 0.1), low=-math.inf, high=math.inf)
    for first in (cut, none):
        d = Trajectory((first, row(10, 5.0, 0.1))).difference(0, 10)
        assert (d.low, d.high) == pytest.approx((whole.low, whole.high))


def test_what_has_no_difference_is_told():
    rows = (
        row(0, 5.0, 0.1), row(10, 5.0, 0.1, outcome="not mixed", reason="short"),
        TrajectoryRow(20, reason="cannot be read"), row(30, 5.0, 0.1, level=0.8),
    )  # fmt: skip
    path = Trajectory(rows)
    for steps, word in [
        ((0, 5), r"step: expected one of \[0, 10, 20, 30\], received 5"),
        ((0, 0), "two steps"),
        ((0, 10), "not mixed: short"),
        ((0, 20), "failed: cannot be read"),
        ((0, 30), "level"),
        ((0, "10"), "step: expected one of"),
        (([0], 10), "step: expected one of"),
    ]:
        with pytest.raises(BadInput, match=word):
            path.difference(*steps)
    assert path.difference(0, 10, only_ok=False).value == 0
    with pytest.raises(BadInput, match="no standard error"):
        path.difference(0, 20, only_ok=False)
    two = Trajectory(tuple(row(k, 5.0, 0.1, n=n) for k in (0, 10) for n in (100, 1000)))
    with pytest.raises(BadInput, match="n: the readings are at"):
        two.difference(0, 10)
    assert two.difference(0, 10, n=100).value == 0
