"""λ from two temperatures. Watanabe 2013 (WBIC), Theorem 4, Corollary 3; Imai 2019 (its variance).

With E_β the mean under exp(−nβL(w) − γ|w − w*|²/2), E_β[nL] = nL(w*) + λ/β + …, so that

    λ̂ = (E_{β₁}[nL] − E_{β₂}[nL]) / (1/β₁ − 1/β₂),   β₁ = 1/log n,  β₂ = ratio/log n.

L(w*) drops out, and with it the bias from a w* that is not quite a minimum. The logarithm does
not drop out: for multiplicity m the target is again λ − O((m − 1)/log n). WBIC itself is
E_{β₁}[nL].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch

from singularity_lab.errors import BadInput
from singularity_lab.extras import pyplot
from singularity_lab.spectroscopes.base import (
    Budget,
    BudgetSpent,
    Estimate,
    Meter,
    Outcome,
    Reading,
    settings_of,
)
from singularity_lab.spectroscopes.diagnostics import effective_sample_size, split_r_hat
from singularity_lab.spectroscopes.llc import Average, MalaSettings, _generator, sample
from singularity_lab.spectroscopes.loss import Loss


@dataclass(frozen=True)
class Settings(MalaSettings):
    """As :class:`MalaSettings`; ratio: β₂/β₁ > 1, the quotient of the two inverse temperatures."""

    ratio: float = 1.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.ratio > 1:
            raise BadInput(f"ratio: expected β₂/β₁ > 1, got {self.ratio}")


def wbic(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ̂ from E[nL] at two temperatures, and WBIC = E_{β₁}[nL], by MALA. See :class:`Settings`.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> r = measure("wbic", square, seed=0, burn_in=200, draws=600)
    >>> abs(r.lambda_.value - 0.5) < 0.1
    True
    """
    s = settings_of(Settings, settings, "wbic")
    meter = Meter(loss, budget)
    generator = _generator(s, seed)
    beta = 1 / math.log(s.n) if s.beta is None else s.beta
    betas = (beta, beta * s.ratio)
    estimates: dict[str, Estimate] = {}
    outcome, reason, diagnostics = Outcome.OK, "", {}
    try:
        means, traces = [], []
        for k, b in enumerate(betas):
            average = Average(s.chains, s.burn_in, s.draws, s.device)
            sample(meter, replace(s, beta=b), s.n * b, generator, average, part=(k, 2))
            means.append((s.n * average.total / average.count).cpu())
            traces.append((s.n * b * torch.stack(average.trace, dim=1)).cpu().numpy())
        gap = 1 / betas[0] - 1 / betas[1]
        per_chain = (means[0] - means[1]) / gap
        root = math.sqrt(s.chains)
        value, half = float(per_chain.mean()), 1.645 * float(per_chain.std()) / root
        level = float(means[0].mean()) + s.n * meter.offset
        spread = 1.645 * float(means[0].std()) / root
        estimates["lambda"] = Estimate(value, value - half, value + half, 0.9)
        estimates["wbic"] = Estimate(level, level - spread, level + spread, 0.9)
        r_hat = max(split_r_hat(t) for t in traces)
        ess = min(effective_sample_size(t) for t in traces)
        diagnostics = {
            "betas": betas,
            "mean_n_loss": [float(x.mean()) for x in means],
            "r_hat": r_hat,
            "ess": ess,
        }
        drop = -float(means[0].mean())
        if all(not bool(x.any()) for x in means):
            outcome = Outcome.BAD_LOSS
            reason = "the loss is constant where the chains went: nothing to measure"
        elif drop > 2 * spread:
            outcome = Outcome.BAD_LOSS
            reason = f"w* is no minimum: E[nL] is below nL(w*) by {drop:.3g}"
        elif r_hat > 1.1 or ess < 4 * s.chains:
            outcome = Outcome.NOT_MIXED
            reason = f"R-hat {r_hat:.3g}, {ess:.0f} effective draws over {s.chains} chains"
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent before both temperatures were sampled"
    return meter.reading("wbic", s, seed, estimates, outcome, reason, diagnostics)


def plot(reading: Reading, ax: Any = None) -> Any:
    """E_β[n(L − L*)] against 1/β at the two temperatures; the slope is λ̂."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    if "betas" not in reading.diagnostics:
        raise BadInput(f"plot: this reading has no means ({reading.outcome}: {reading.reason})")
    temperature = [1 / b for b in reading.diagnostics["betas"]]
    ax.plot(temperature, reading.diagnostics["mean_n_loss"], "o-")
    ax.set_xlabel("1/β")
    ax.set_ylabel("E[n(L − L*)]")
    ax.set_title(f"{reading.loss_id}: λ = {reading.lambda_}")
    return ax
