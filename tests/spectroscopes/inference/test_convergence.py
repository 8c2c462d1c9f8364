"""When an average may be called ok: chains that agree, and each way in which they do not."""

import numpy as np
import pytest

from singularity_lab.spectroscopes.inference.convergence import (
    ChainGroup,
    interval,
    judge,
    two_starts,
)


def group(mean, seed=0, chains=8, windows=200, drift=0.0, spread=0.0, **kind):
    rng = np.random.default_rng(seed)
    x = rng.normal(mean, 1.0, size=(chains, windows)) + drift * np.linspace(0, 1, windows)
    x += spread * np.arange(chains)[:, None]
    return ChainGroup(x.mean(1), x, **kind)


def test_chains_that_agree_have_the_error_of_independent_draws():
    found = judge([group(5, 1), group(5, 2, scattered=True)], r_hat=1.1)
    assert found.complaint == ""
    assert found.value == pytest.approx(5, abs=0.1)
    assert found.error == pytest.approx(1 / np.sqrt(16 * 200), rel=0.6)
    estimate = found.interval(0.9)
    assert estimate.low < found.value < estimate.high


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([group(5, 1), group(5.2, 2, scattered=True)], "chains from w*"),
        ([group(5, 1, spread=1.0), group(5, 2, scattered=True, spread=1.0)], "R-hat"),
    ],
)
def test_what_disagrees_is_told(groups, words):
    complaint = judge(groups, r_hat=1.1).complaint
    assert words in complaint


def test_coverage_of_the_interval():
    """Means of n normal numbers: a 90 % interval holds the truth about nine times in ten."""
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        x = rng.normal(size=6)
        e = interval(x.mean(), x.std(ddof=1) / np.sqrt(6), 5, 0.9)
        hits += e.low <= 0 <= e.high
    assert 0.85 < hits / 400 < 0.95


def test_two_starts_agree_within_three_errors():
    near, far = np.array([1.0, 1.1, 0.9, 1.0]), np.array([1.02, 1.08, 0.95, 1.0])
    found = two_starts(near, far)
    assert found.complaint == ""
    assert found.value == pytest.approx((near.mean() + far.mean()) / 2)
    apart = two_starts(near, far + 5)
    assert apart.gap == pytest.approx(found.gap + 5)
    assert apart.complaint
    assert apart.error > found.error
    assert two_starts(near, near + 0.05, paired=True).complaint  # each pair by the same amount
