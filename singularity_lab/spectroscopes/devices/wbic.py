"""λ from two temperatures. Watanabe 2013 (WBIC), Theorem 4, Corollary 3; Imai 2019 (its variance).

With E_β the mean under exp(−nβL(w) − γ|w − w*|²/2), E_β[nL] = nL(w*) + λ/β + …, so that

    λ̂ = (E_{β₁}[nL] − E_{β₂}[nL]) / (1/β₁ − 1/β₂),   β₁ = 1/log n,  β₂ = ratio/log n.

L(w*) drops out, and with it the bias from a w* that is not quite a minimum. The logarithm does
not drop out: for multiplicity m the target is again λ − O((m − 1)/log n). WBIC itself is
E_{β₁}[nL].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.llc_adjusted import Adjusted
from singularity_lab.spectroscopes.devices.llc_mala import MalaSettings
from singularity_lab.spectroscopes.devices.tempered import (
    draws_needed,
    seeded_generator,
    times_the_draws,
)
from singularity_lab.spectroscopes.inference.convergence import judge
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

_R_HAT = 1.1  # the largest allowed


@dataclass(frozen=True)
class WbicSettings(MalaSettings):
    """As :class:`MalaSettings`, at two temperatures."""

    ratio: float = setting(1.5, "β₂/β₁, the quotient of the two inverse temperatures, above 1")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.ratio > 1:
            raise BadInput(f"ratio: expected β₂/β₁ > 1, received {self.ratio}")


class _TwoTemperatures:
    """Chains at the first temperature, then at the second: an
    :class:`~singularity_lab.spectroscopes.long_run.Algorithm`."""

    def __init__(
        self, meter: Meter, s: WbicSettings, betas: Sequence[float], generator: torch.Generator
    ) -> None:
        self.runs = [
            Adjusted(meter, replace(s, beta=b), s.n * b, generator, heated=s.heated) for b in betas
        ]
        self.at = 0

    def step(self) -> None:
        self.runs[self.at].step()
        if self.at == 0 and self.runs[0].why_stop() is not None:
            self.at = 1
            self.runs[1].begin()

    def why_stop(self) -> str | None:
        return self.runs[1].why_stop() if self.at == 1 else None

    def told(self) -> tuple[float, str] | None:
        told = self.runs[self.at].told()
        return told and ((self.at + told[0]) / 2, told[1])

    def state(self) -> dict[str, Any]:
        first = self.runs[0].average.state()
        return {"at": self.at, "first": first, "run": self.runs[self.at].state()}

    def resume(self, saved: dict[str, Any]) -> None:
        self.at = saved["at"]
        self.runs[0].average.resume(saved["first"])
        self.runs[self.at].resume(saved["run"])


def wbic(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ̂ from E[nL] at two temperatures, and WBIC = E_{β₁}[nL], by MALA. See :class:`WbicSettings`.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> r = measure("wbic", square, seed=0, burn_in=200, draws=600)
    >>> abs(r.lambda_.value - 0.5) < 0.1
    True
    """
    s = settings_of(WbicSettings, settings, "wbic")
    meter = Meter(loss, budget)
    generator = seeded_generator(s, seed)
    beta = 1 / math.log(s.n) if s.beta is None else s.beta
    betas = (beta, beta * s.ratio)
    estimates: dict[str, Estimate] = {}
    outcome, reason, diagnostics = Outcome.OK, "", {}
    try:
        run = _TwoTemperatures(meter, s, betas, generator)
        run.runs[0].begin()
        drive(run)
        heated = run.runs[0].heated
        kinds = [{"scattered": False}, {"scattered": True}] if heated else [{}]
        levels = [one.average.groups(s.n, kinds) for one in run.runs]
        gap = 1 / betas[0] - 1 / betas[1]
        verdict = judge(
            [
                replace(hot, means=(hot.means - cold.means) / gap,
                        windows=(hot.windows - cold.windows) / gap)
                for hot, cold in zip(*levels, strict=True)
            ],
            r_hat=_R_HAT,
        )  # fmt: skip
        warm = judge(levels[0], r_hat=_R_HAT)
        estimates["lambda"] = verdict.interval(0.9)
        level = warm.interval(0.9)
        at_centre = s.n * meter.offset
        estimates["wbic"] = Estimate(
            level.value + at_centre, level.low + at_centre, level.high + at_centre, 0.9
        )
        diagnostics = {
            "betas": betas,
            "mean_n_loss": [float(np.concatenate([g.means for g in x]).mean()) for x in levels],
            **verdict.numbers,
            "r_hat": max(verdict.numbers["r_hat"], warm.numbers["r_hat"]),
            "standard_error": verdict.error,
        }
        if warm.numbers["chain_std"] == 0.0 and warm.value == 0.0:
            outcome = Outcome.BAD_LOSS
            reason = "the loss is constant where the chains went: nothing to measure"
        elif level.high < 0:
            outcome = Outcome.NO_MINIMUM
            reason = f"E[nL] is below nL(w*) by {-level.value:.3g}"
        elif verdict.complaint or warm.complaint:
            outcome, reason = Outcome.NOT_MIXED, verdict.complaint or warm.complaint
            found = verdict if verdict.complaint else warm
            times = times_the_draws(
                found, found.interval(0.9), r_hat=_R_HAT, relaxation=0.0,
                chains=sum(len(g.means) for g in levels[0]), draws=s.draws,
            )  # fmt: skip
            reason += draws_needed(times, s.draws)
            if verdict.noisy and not warm.complaint:
                reason += _held(s, verdict.value, warm.value * betas[0])
        elif not heated:
            outcome, reason = Outcome.NOT_MIXED, "all chains began at w*"
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent before both temperatures were sampled"
    return meter.reading("wbic", s, seed, estimates, outcome, reason, diagnostics)


def _held(s: WbicSettings, slope: float, level: float) -> str:
    """Why a slope is too small beside its noise although the chains have mixed, and what to do."""
    words = ": two means are subtracted; take more draws or a larger ratio"
    if s.gamma > 0 and slope < 0.7 * level:
        words += (
            f", or a smaller gamma: at γ = {s.gamma:g} the localisation holds the chains, so that "
            f"of nβE[L − L(w*)] = {level:.3g} only {slope:.3g} moves with the temperature"
        )
    return words


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


DEVICE = Device(
    name="wbic",
    summary="λ from E[nL] at two temperatures, and WBIC",
    scope="Says the slope of E[nL] against temperature, for which w* need not be quite a minimum. "
    "The slope differs from λ by O((m − 1)/log n), which the interval does not cover; it does not "
    "speak of m.",
    Settings=WbicSettings,
    run=wbic,
    plot=plot,
)
