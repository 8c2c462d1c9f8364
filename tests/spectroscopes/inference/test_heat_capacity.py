"""Heat capacities and the plateau that reads λ."""

from __future__ import annotations

import numpy as np
import pytest

from singularity_lab.spectroscopes.inference.heat_capacity import credible, heat_capacity, plateau


def ladder(density, seed, noise=0.06, span=100.0):
    """x, E and Var of βK in 16 replicates, for the law of K on [0, 1] with a density in log K: by
    sums over log K, with the noise of some 128 particles a replicate."""
    x = np.arange(2.0, 2.0 + span, 0.5)
    t = np.linspace(-150.0, 0.0, 6_001)  # log K
    log = density(t)[None] - np.exp(x[:, None] + t[None])
    weight = np.exp(log - log.max(1, keepdims=True))
    weight /= weight.sum(1, keepdims=True)
    value = np.exp(x[:, None] + t[None])
    mean = (weight * value).sum(1)
    variance = (weight * value**2).sum(1) - mean**2
    rng = np.random.default_rng(seed)
    shape = (len(x), 16)
    return x, mean[:, None] + noise * rng.normal(size=shape), (
        variance[:, None] + 2 * noise * rng.normal(size=shape)
    )  # fmt: skip


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("lam", [0.25, 0.5, 1.5])
def test_the_heat_capacity_says_m(lam, m):
    """K = ∏ wᵢ^{1/λ} on the cube: K has the density (−log K)^{m−1}K^{λ−1}, exactly."""
    found = heat_capacity(*ladder(lambda t: lam * t + (m - 1) * np.log(-t + 1e-12), seed=m))
    assert max(found, key=found.get) == m
    assert found[m] > 0.5
    e = credible(found, 0.9)
    assert e is None or e.low <= m <= e.high


@pytest.mark.parametrize("delta", [1 / 12, 1 / 6, 0.5])
def test_a_near_pole_is_no_logarithm(delta):
    """K^{λ−1} − ½K^{λ+δ−1}, the cusp's λ = 5/12: E rises as slowly as for m = 2."""
    found = heat_capacity(
        *ladder(lambda t: (5 / 12) * t + np.log1p(-0.5 * np.exp(delta * t)), seed=1)
    )
    assert found[1] > 0.5


def test_a_short_ladder_says_nothing():
    """Twelve e-folds do not tell m = 2 from 3: the reading is withdrawn, and below four there is
    none."""
    x, e, v = ladder(lambda t: 0.5 * t + np.log(-t + 1e-12), seed=0, span=12.0, noise=0.3)
    assert credible(heat_capacity(x, e, v), 0.9) is None
    assert heat_capacity(x[:8], e[:8], v[:8]) == {}


def test_a_lagging_end_does_not_move_the_plateau():
    x = np.arange(0, 16, 0.5)
    rising = 100 - 90 * np.exp(-0.5 * x) + 0.5 * np.exp(np.clip(x - 11, 0, None))
    g = np.random.default_rng(0)
    found, _ = plateau(x, rising[:, None] + 0.3 * g.normal(size=(32, 8)), 0.9)
    assert found.value == pytest.approx(100, rel=0.02)
