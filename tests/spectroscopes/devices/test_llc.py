"""The learning-coefficient estimator: its target by quadrature, the samplers against the target."""

from __future__ import annotations

import math

import pytest
import torch

from singularity_lab.spectroscopes import FunctionLoss, Outcome, measure
from singularity_lab.spectroscopes.inference.diagnostics import (
    target_by_quadrature,
)
from singularity_lab.spectroscopes.kernels import sgld
from tests.spectroscopes.germs import brieskorn, crossing, cusp


def test_two_steps_find_the_discretisation():
    """On K = w²: 1/(1 − εnβh/4) at ε and ε/2; the extrapolation is nearer the target."""
    loss = crossing(1)
    nbeta = 1000 / math.log(1000)
    settings = {"n": 1000, "burn_in": 3000, "draws": 6000}
    r = measure("llc", loss, seed=2, epsilon=5e-3, **settings)
    target = 0.5 * nbeta / (nbeta + 0.5)
    assert r.outcome is Outcome.BIASED_TARGET
    assert "discretisation" in r.reason
    half = r.estimates["from w*, ε/2"].value
    assert half == pytest.approx(target / (1 - 2.5e-3 * (2 * nbeta + 1) / 4), rel=0.06)
    errors = [abs(r.estimates[k].value - target) for k in ("llc", "from w*, ε/2", "from w*")]
    assert errors[0] < errors[1] < errors[2]
    assert r.estimate.low < target < r.estimate.high
    auto = measure("llc", loss, seed=2, epsilon=None, **settings)
    assert auto.outcome is Outcome.OK
    assert auto.estimate.value == pytest.approx(target, rel=0.08)


def test_single_precision_reads_what_double_precision_reads():
    values = [
        measure(
            "llc", cusp(), seed=2, chains=512, epsilon=1e-3, n=1000, burn_in=2000, draws=3000,
            precision=precision,
        ).estimate
        for precision in ("single", "double")
    ]  # fmt: skip
    assert values[0].value == pytest.approx(values[1].value, rel=1e-3)


def test_the_three_errors_of_the_baseline_are_told_apart():
    """On w₁²w₂² (λ = 1/2, n = 10³): target bias by quadrature, discretisation and mixing as what
    SGLD adds to MALA, at a coarse step and at one that is too small to mix."""
    loss, n = crossing(1, 1), 1e3
    target = target_by_quadrature(loss, n, 1.0)
    exact = measure("llc-mala", loss, seed=0, n=n, draws=3000).estimate.value
    coarse = measure("llc", loss, seed=0, n=n, epsilon=5e-3, burn_in=4000, draws=4000, check=False)
    slow = measure("llc", loss, seed=0, n=n, epsilon=1e-6, burn_in=500, draws=2000, check=False)
    assert target - 0.5 == pytest.approx(-0.14, abs=0.005)  # (1)
    assert exact == pytest.approx(target, rel=0.02)
    assert coarse.estimate.value > 1.05 * exact  # (2): always upward
    assert slow.estimate.value < 0.6 * exact  # (3): unadjusted at small steps reads low
    assert slow.outcome is Outcome.NOT_MIXED


def test_sgld_reads_the_target_at_a_small_step_and_too_much_at_a_large_one():
    """On K = w² the variance is too large by 1/(1 − εnβh/4), h = 2: the bias is upward."""
    loss = crossing(1)
    nbeta = 1000 / math.log(1000)
    for epsilon in (1e-3, 1e-2):
        r = measure(
            "llc", loss, seed=2, n=1000, epsilon=epsilon, burn_in=1500, draws=2500, check=False
        )
        factor = 1 / (1 - epsilon * (2 * nbeta + 1) / 4)
        expected = 0.5 * nbeta / (nbeta + 0.5) * factor
        assert r.estimate.value == pytest.approx(expected, rel=0.04)
    assert factor > 2


def test_averaging_over_burn_in_reads_low():
    """Negative control: from w*, the mean over burn-in misses the target that later steps meet."""
    loss, epsilon, steps = crossing(1), 1e-3, 50
    nbeta = 1000 / math.log(1000)
    generator = torch.Generator().manual_seed(0)
    state = sgld.init(torch.zeros((2000, 1), dtype=torch.float64), loss.value_and_grad)
    total, late = 0.0, 0.0
    for t in range(2 * steps):
        state = sgld.step(
            state,
            loss.value_and_grad,
            epsilon=torch.tensor(epsilon),
            nbeta=nbeta,
            gamma=1.0,
            generator=generator,
        )
        total += float(state.value.mean()) * (t < steps)
        late += float(state.value.mean()) * (t >= steps)
    target = target_by_quadrature(loss, 1000, 1.0) / (1 - epsilon * (2 * nbeta + 1) / 4)
    assert nbeta * late / steps == pytest.approx(target, rel=0.04)
    assert nbeta * total / steps < 0.97 * target


def test_short_chains_are_reported_as_not_mixed():
    r = measure("llc", crossing(1, 1), seed=0, epsilon=1e-6, burn_in=0, draws=200)
    assert r.outcome is Outcome.NOT_MIXED


def test_an_exploding_chain_is_reported_as_diverged():
    r = measure("llc", brieskorn(2), seed=0, epsilon=10.0, burn_in=100, draws=100)
    assert r.outcome is Outcome.DIVERGED


def test_a_centre_that_is_no_minimum_is_reported():
    """L = (|w|² − 1)² at w* = 0: the chains find lower losses."""
    loss = FunctionLoss(lambda w: ((w * w).sum(1) - 1) ** 2, 2)
    r = measure("llc-mala", loss, seed=0, n=1000, burn_in=500, draws=500)
    assert r.outcome is Outcome.NO_MINIMUM
    assert r.estimate.high < 0
