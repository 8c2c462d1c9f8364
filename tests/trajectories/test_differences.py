"""The difference of two readings: its coverage, and what has none."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy.stats import t

from singularity_lab import track
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Cost, Estimate, Outcome, Reading
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


def chains_of(values, seed=0, **more):
    """A reading of ``llc-hmc`` whose chains, half of them scattered, have these means."""
    kinds = [{"scattered": False}, {"scattered": True}]
    value = float(np.mean(values))
    return Reading(
        "llc-hmc", "a loss", 3, {"chains": len(values), "n": 100.0, "beta": None, "gamma": 1.0},
        seed, {"llc": Estimate(value, value - 1, value + 1, LEVEL)}, None, Outcome.OK, "",
        Cost(1, 1, 1.0, 1),
        {"per_chain": list(values), "groups": kinds, "standard_error": 0.5, **more},
    )  # fmt: skip


def of_chains(one, two) -> Trajectory:
    return Trajectory(tuple(TrajectoryRow.of(k, r) for k, r in ((0, one), (10, two))))


@pytest.mark.parametrize("correlation", [-0.9, 0.0, 0.9, 0.99])
def test_chains_in_pairs_hold_a_planted_difference_as_often_as_stated(correlation):
    """Whatever the correlation is, and the nearer it is to 1 the shorter the interval."""
    rng = np.random.default_rng(4)
    held, widths = 0, []
    for _ in range(500):
        e = rng.standard_normal((2, 12))
        e[1] = correlation * e[0] + math.sqrt(1 - correlation**2) * e[1]
        d = of_chains(chains_of(5 + e[0]), chains_of(5.7 + e[1])).difference(0, 10)
        assert d.paired
        held += d.low <= 0.7 <= d.high
        widths.append(d.high - d.low)
    assert held / 500 > LEVEL - 0.03
    expected = 2 * 1.8 * math.sqrt(2 * (1 - correlation) / 12)
    assert np.median(widths) == pytest.approx(expected, rel=0.25)


def test_chains_without_a_partner_have_their_errors_added():
    values = np.arange(12.0)
    whole = chains_of(values)
    for other in (
        chains_of(values + 1, seed=1),
        chains_of(np.arange(11.0)),
        chains_of(values + 1, per_chain=[None, *values[1:]]),
        chains_of(values + 1, per_chain=values.tolist()),  # not what the estimate is the mean of
        dataclasses.replace(chains_of(values + 1), device="wbic"),
    ):
        assert not of_chains(whole, other).difference(0, 10, shared=True).paired


def test_neighbouring_checkpoints_differ_by_less_with_common_random_numbers():
    torch.manual_seed(0)
    x = torch.randn(200, 2)
    net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    near = {k: v + 0.01 for k, v in net.state_dict().items()}
    keep = {0: {k: v.clone() for k, v in net.state_dict().items()}, 10: near}

    def half(common):
        path = track(
            keep, model=net, data=(x, x[:, :1]), device="llc-hmc", n=1000, gamma=10,
            common=common, chains=12, burn_in=40, draws=80, leapfrogs=6, progress=False,
        )  # fmt: skip
        found = path.difference(0, 10, only_ok=False)
        assert found.paired is common
        return (found.high - found.low) / 2

    assert half(True) < half(False) / 3
