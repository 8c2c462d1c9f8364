"""Summaries of measurements: bias, spread, coverage, and how numbers are written."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from singularity_lab.calibration.summaries import percent, reading_text, summarise
from tests.calibration.readings import exactly, reading


def test_known_bias_and_spread_are_recovered():
    """x = 0.8 λ + noise: relative bias −0.2, RMSE √(0.2² + σ²), both to the digits that are
    exact."""
    lam = Fraction(1, 2)
    noise = np.array([-0.03, 0.01, 0.02, 0.0])
    group = [reading(float(0.8 * lam + e), truth=exactly(lam), seed=k) for k, e in enumerate(noise)]
    s = summarise("device", "cusp", group)
    assert s.bias == pytest.approx(-0.1)
    assert s.rmse == pytest.approx(math.sqrt(0.1**2 + (noise**2).mean()))
    assert s.relative_bias == pytest.approx(-0.2)
    assert s.worst == ("cusp", pytest.approx(-0.2))
    assert (s.rows, s.readings, s.answered, s.ok) == (1, 4, 4, 4)
    assert (s.cpu_seconds, s.evaluations) == (2.0, 15.0)


def test_honest_intervals_cover_at_their_level_and_shrunk_ones_do_not():
    rng = np.random.default_rng(1)
    z, sigma, n = 1.6448536, 0.02, 2000
    values = 0.5 + sigma * rng.standard_normal(n)
    honest = [reading(float(v), z * sigma, exactly("1/2"), seed=k) for k, v in enumerate(values)]
    shrunk = [reading(float(v), sigma / 2, exactly("1/2"), seed=k) for k, v in enumerate(values)]
    for group, expected in ((honest, 0.9), (shrunk, 0.3829)):
        s = summarise("device", "all", group)
        low, high = s.coverage_interval
        assert low < expected < high
        assert s.coverage == pytest.approx(expected, abs=0.03)


def test_failures_stay_and_a_warning_is_no_claim():
    group = [
        reading(0.5, 0.01, exactly("1/2")),
        reading(0.9, 0.01, exactly("1/2"), outcome="not mixed", seed=1),
        reading(None, None, exactly("1/2"), outcome="died", seed=2),
    ]
    s = summarise("device", "cusp", group)
    assert (s.readings, s.answered, s.ok) == (3, 2, 1)
    assert (s.covered, s.intervals) == (1, 1)
    assert (s.covered_all, s.intervals_all) == (1, 2)
    assert s.relative_rmse == pytest.approx(0.8 / math.sqrt(2))  # the warned reading counts


def test_bias_in_units_of_lambda_is_not_averaged_over_different_lambda():
    s = summarise(
        "device", "all", [reading(0.4, truth=exactly("1/2")), reading(2.0, truth=exactly(2))]
    )
    assert s.bias is None
    assert s.relative_bias == pytest.approx(-0.1)


def test_percent():
    assert [percent(x) for x in (0.123, -0.05, 0.0, None)] == ["+12.3 %", "−5.0 %", "0.0 %", "–"]


def test_a_cell_of_several_seeds_says_the_mean_and_over_how_many():
    """Its error is that of the mean, so the number beside it is the mean too."""
    found = [reading(1.0 + seed, 0.1, exactly("1/2"), seed=seed) for seed in range(3)]
    assert reading_text(found[:1]) == "1 [0.9, 1.1]"
    assert reading_text(found) == "2 over 3 seeds"
    value = float(reading_text(found).split()[0])
    assert summarise("device", "cusp", found).relative_bias == pytest.approx(value / 0.5 - 1)
    silent = reading(None, None, exactly("1/2"), outcome="failed", seed=3)
    assert reading_text([silent, *found]) == "2 over 3 of 4 seeds (failed)"
