"""λ, m and the next pole from volume curves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from singularity_lab.spectroscopes.inference import asymptotics


def synthetic(lam: float, p, levels: int, sd: float, seed: int, pole=(0.0, 1.0)):
    """Increments of log V = −λx + log(P(x) + r e^{−δx}) with white noise in 16 replicates."""
    x = np.linspace(1.0, levels * 0.7 / lam, levels)
    log_v = -lam * x + np.log(p(x) + pole[0] * np.exp(-pole[1] * x))
    steps = np.diff(np.concatenate([[0.0], log_v]))
    noise = np.random.default_rng(seed).normal(size=(levels, 16)) * sd * 4
    return x, steps[:, None] + noise


@pytest.mark.parametrize(
    ("m", "p"),
    [
        pytest.param(1, lambda x: 1 + 0 * x, marks=pytest.mark.slow),
        (2, lambda x: 1 + x / 2),
        pytest.param(3, lambda x: 1 + x / 2 + x * x / 8, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    ("curves", "covering", "judged"), [(10, 7, 8), pytest.param(30, 23, 24, marks=pytest.mark.slow)]
)
def test_inference_covers_the_truth_of_synthetic_curves(m, p, curves, covering, judged):
    """Of 30 noisy curves, the 90 % interval holds λ in 23 or more (binomial); m is right in 24: of
    the first 10, in 7 and in 8."""
    covered = right = 0
    for seed in range(curves):
        x, increments = synthetic(0.5, p, 150, 0.012, seed)
        fit = asymptotics.infer(x, increments, max_multiplicity=3)
        covered += fit.low <= 0.5 <= fit.high
        right += max(fit.multiplicity, key=fit.multiplicity.get) == m
    assert covered >= covering
    assert right >= judged


def crossing(m: int, levels: int, sd: float, seed: int):
    """Increments of V = e^{−z}·Σ_{j<m} z^j/j!, z = x: what x₁⋯x_m does in the unit cube."""
    z = np.linspace(1.0, 0.7 * levels, levels)
    log_v = -z + np.log(sum(z**j / math.factorial(j) for j in range(m)))
    steps = np.diff(np.concatenate([[0.0], log_v]))
    noise = np.random.default_rng(seed).normal(size=(levels, 16)) * sd * 4
    return z, steps[:, None] + noise


@pytest.mark.parametrize("m", [1, pytest.param(3, marks=pytest.mark.slow), 5])
@pytest.mark.parametrize("levels", [60, pytest.param(150, marks=pytest.mark.slow)])
def test_intervals_hold_the_truth_of_normal_crossings_whatever_m(m, levels):
    """By m, not only in the mean over m: of 12 curves the 90 % interval holds 1 in 9 or more."""
    held = 0
    for seed in range(12):
        fit = asymptotics.infer(*crossing(m, levels, 0.012, 100 * m + seed))
        held += fit.low <= 1 <= fit.high
    assert held >= 9


def test_inference_finds_the_next_pole():
    """V = e^{−x/2}(1 − 0.8 e^{−x/12}): without the second term λ would read low."""
    x, increments = synthetic(0.5, lambda x: 1 + 0 * x, 60, 0.004, 1, pole=(-0.8, 1 / 12))
    fit = asymptotics.infer(x, increments, max_multiplicity=2)
    assert fit.next_pole[0] > 0.8
    assert fit.next_pole[1] == pytest.approx(1 / 12, rel=0.3)
    assert fit.value == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_near_poles_are_not_read_as_a_logarithm(seed):
    """V = e^{−x/2}(1 − 0.97 e^{−x/60}), as of E8 (1/2 and 31/60): m = 1, and 50 e-folds of V cannot
    tell it from a logarithm."""
    x, increments = synthetic(0.5, lambda x: 1 + 0 * x, 100, 0.01, seed, pole=(-0.97, 1 / 60))
    fit = asymptotics.infer(x, increments, max_multiplicity=3)
    assert fit.low < 0.5 < fit.high
    assert fit.high - fit.low < 0.1
    assert fit.multiplicity[2] < 0.8


def test_noise_that_lasts_over_levels_widens_the_interval():
    """Replicates with own slopes: the slow share is seen, and the interval grows several times."""
    x, increments = synthetic(0.5, lambda x: 1 + 0 * x, 120, 0.004, 2)
    slopes = 0.03 * np.random.default_rng(3).normal(size=(1, 16))
    quiet = asymptotics.infer(x, increments, max_multiplicity=1)
    loud = asymptotics.infer(x, increments + slopes, max_multiplicity=1)
    assert loud.noise.slow > 0.5
    assert loud.high - loud.low > 3 * (quiet.high - quiet.low)
