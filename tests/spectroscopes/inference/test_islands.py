"""Replicates weighed against each other: a process whose log Z is an eigenvalue."""

from __future__ import annotations

import numpy as np
import pytest

from singularity_lab.spectroscopes import PolynomialLoss, measure
from singularity_lab.spectroscopes.inference import asymptotics, islands


def switching(rates, stay, levels, replicates, seed):
    """Increments −rate of a state that each replicate keeps with probability ``stay``, (L, R), and
    the largest eigenvalue of the operator f ↦ e^{−rate} P f: its logarithm is log Z by level."""
    generator = np.random.default_rng(seed)
    state = generator.integers(2, size=replicates)
    out = np.empty((levels, replicates))
    for k in range(levels):
        out[k] = -np.array(rates)[state]
        state = np.where(generator.random(replicates) < stay, state, 1 - state)
    p = np.array([[stay, 1 - stay], [1 - stay, stay]])
    return out, float(np.log(np.linalg.eigvals(np.diag(np.exp(-np.array(rates))) @ p).real.max()))


@pytest.mark.parametrize("stay", [0.6, 0.8, 0.9])
@pytest.mark.parametrize("rates", [(0.3, 0.5), (0.2, 0.45)])
def test_replicates_that_mix_slowly_are_weighed(rates, stay):
    increments, exact = switching(rates, stay, 400, 2000, seed=3)
    w = islands.weights(increments)
    assert w.sum(1) == pytest.approx(1.0)
    weighed = islands.pooled(increments, w)[50:].mean()
    alike = np.log(np.exp(increments).mean(axis=1))[50:].mean()
    assert weighed == pytest.approx(exact, abs=1.5e-3)
    assert alike < exact  # log Z falls too fast: λ is read too large
    assert abs(weighed - exact) < 0.25 * abs(alike - exact)


def test_replicates_that_forget_at_once_count_alike():
    increments, exact = switching((0.3, 0.5), 0.5, 400, 2000, seed=3)
    w = islands.weights(increments)
    alike = np.log(np.exp(increments).mean(axis=1))
    assert islands.pooled(increments, w).mean() == pytest.approx(alike.mean(), abs=1e-3)
    assert exact == pytest.approx(alike.mean(), abs=1e-3)


def test_the_share_is_one_when_all_count_alike_and_1_over_r_when_one_does():
    assert islands.share(np.full((3, 8), 1 / 8)) == pytest.approx(1.0)
    one = np.zeros((1, 8))
    one[0, 2] = 1.0
    assert islands.share(one) == pytest.approx(1 / 8)


def test_few_replicates_that_count_widen_the_interval():
    generator = np.random.default_rng(0)
    x = 0.5 * np.arange(1, 81)
    increments = -0.5 + 0.02 * generator.standard_normal((80, 8))
    all_count = asymptotics.infer(x, increments, max_multiplicity=1)
    w = np.tile([0.5, 0.5, 0, 0, 0, 0, 0, 0], (80, 1))
    two_count = asymptotics.infer(x, increments, max_multiplicity=1, weights=w)
    wide, narrow = (f.high - f.low for f in (two_count, all_count))
    assert wide == pytest.approx(2 * narrow, rel=0.3)  # √(8/2)


@pytest.mark.parametrize(
    ("device", "curve", "settings"),
    [
        ("volume", "log_v", {"particles": 32, "replicates": 4, "depth": 20.0}),
        ("spectrum", "log_v", {"particles": 32, "replicates": 4, "depth": 20.0}),
        ("anneal", "log_z", {"particles": 32, "replicates": 4, "span": 12.0}),
    ],
)
def test_a_reading_is_of_the_replicates_that_count(monkeypatch, device, curve, settings):
    cross = PolynomialLoss.from_exponents([([1], [(1, 1)])])

    def of_replicates(w):
        monkeypatch.setattr(islands, "weights", lambda inc: np.tile(w, (len(inc), 1)))
        r = measure(device, cross, seed=0, **settings)
        return np.exp(np.diff(np.array(r.diagnostics[curve]), prepend=0)), r.lambda_

    each = [of_replicates(np.eye(4)[k]) for k in range(4)]
    alike, reading = of_replicates(np.full(4, 0.25))
    assert alike == pytest.approx(np.mean([share for share, _ in each], axis=0))
    assert len({e.value for _, e in each}) == 4
    assert all(e.high - e.low > reading.high - reading.low for _, e in each)
