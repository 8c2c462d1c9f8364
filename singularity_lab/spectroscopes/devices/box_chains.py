"""Chains in a box around w* that keep exp(−nK) ∏|wᵢ|^τᵢ, whatever their moves.

What they read, nE[K], is λ + o(1) for m = 1 (Watanabe 2009, Theorem 6.7). After infinitely many
sweeps each move is right; until then it depends on the move. In the valley {p + q + 2a(p − q) = 0}
of the binomial mixture, whose width is n^(−1/2) and whose length is n^(−1/4), a single coordinate
moves by about the width, so that n^(1/2) sweeps are needed to walk along it. Until then chains
that start at w* know its width only: they read the λ = 1/2 of a smooth hypersurface instead of 3/4,
agree with one another, and claim a narrow interval.

Three devices differ in their moves alone: ``coordinate-walk`` and ``coordinate-slice``, which are
negative controls, and ``joint-walk``, their counterpart, which passes. The calibration shows the
controls with the verdict *fails*; a test asks that they do, where the others pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import setting, settings_of
from singularity_lab.spectroscopes.inference.diagnostics import split_r_hat
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

__all__ = ["BoxChains", "BoxSettings", "plot", "reading_in_a_box"]


@dataclass(frozen=True)
class BoxSettings:
    """The law, the chains and the box."""

    n: float = setting(1e6, "sample size, above 1")
    chains: int = setting(64, "chains, at least 2")
    burn_in: int = setting(50, "sweeps thrown away")
    draws: int = setting(150, "sweeps averaged, at least 2")
    half_width: float = setting(0.25, "of the box around w*, cut with the domain of the loss")
    start: float = setting(1e-3, "spread of the chains at the start, in widths of the box")

    def __post_init__(self) -> None:
        if not (self.n > 1 and self.chains >= 2 and self.burn_in >= 0 and self.draws >= 2):
            raise BadInput(
                "settings: expected n > 1, chains ≥ 2, burn_in ≥ 0, draws ≥ 2, "
                f"received {self.n}, {self.chains}, {self.burn_in}, {self.draws}"
            )
        if not (self.half_width > 0 and 0 <= self.start <= 1):
            raise BadInput(
                "settings: expected half_width > 0 and 0 ≤ start ≤ 1, "
                f"received {self.half_width}, {self.start}"
            )


@dataclass
class BoxChains:
    """u (c, d): displacements from w*; energy (c,): −log of the density; value (c,): K."""

    u: Tensor
    energy: Tensor
    value: Tensor
    law: Callable[[Tensor], tuple[Tensor, Tensor]]
    lower: Tensor
    upper: Tensor
    scale: Tensor  # (d,): step sizes of the walk


BoxSweep = Callable[[BoxChains, torch.Generator, bool], None]  # the last: whether it is a warm-up


def reading_in_a_box(
    name: str, sweep: BoxSweep, loss: Loss, seed: int, budget: Budget, settings: dict[str, Any]
) -> Reading:
    """The reading of chains that sweep so, under the name of a device."""
    s = settings_of(BoxSettings, settings, name)
    meter = Meter(loss, budget)
    generator = torch.Generator().manual_seed(seed)
    lower, upper = _box(loss, s.half_width)
    tau = torch.tensor(loss.prior_exponents or (0.0,) * loss.dim, dtype=torch.float64)

    def law(u: Tensor) -> tuple[Tensor, Tensor]:
        """−log density and K at displacements; +∞ outside the box."""
        inside = ((u >= lower) & (u <= upper)).all(1)
        value = meter.k(u.clamp(lower, upper))
        energy = s.n * value
        if bool(tau.any()):
            prior = torch.xlogy(tau, (u + loss.center).abs()).sum(1)
            energy = energy - prior
        return torch.where(inside, energy, torch.inf), value

    noise = torch.rand(s.chains, loss.dim, generator=generator, dtype=torch.float64)
    floor, roof = lower * s.start, upper * s.start
    estimates: dict[str, Estimate] = {}
    outcome, reason, diagnostics = Outcome.OK, "", {}
    try:
        u = floor + (roof - floor) * noise
        energy, value = law(u)
        chains = BoxChains(u, energy, value, law, lower, upper, (upper - lower) / math.sqrt(s.n))
        for _ in range(s.burn_in):
            sweep(chains, generator, True)
        trace = []
        for _ in range(s.draws):
            sweep(chains, generator, False)
            trace.append(s.n * chains.value)
        table = torch.stack(trace, dim=1)
        means = table.mean(1)
        mean = float(means.mean())
        half = 1.645 * float(means.std()) / math.sqrt(s.chains)
        estimates["lambda"] = Estimate(mean, mean - half, mean + half, 0.9)
        r_hat = split_r_hat(table.numpy())
        diagnostics = {"r_hat": r_hat, "trace": table.mean(0).tolist()}
        if mean + half < 0:
            outcome = Outcome.NO_MINIMUM
            reason = "the chains find lower losses than L(w*)"
        elif r_hat > 1.1:
            outcome, reason = Outcome.NOT_MIXED, f"R-hat {r_hat:.3g}"
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent before the end of the chains"
    return meter.reading(name, s, seed, estimates, outcome, reason, diagnostics)


def _box(loss: Loss, half_width: float) -> tuple[Tensor, Tensor]:
    """The box of displacements, cut with the domain of the loss."""
    lower = torch.full((loss.dim,), -half_width, dtype=torch.float64)
    upper = -lower
    if loss.domain is not None:
        center = loss.center.to(torch.float64)
        lower = torch.maximum(lower, torch.tensor(loss.domain.lower).double() - center)
        upper = torch.minimum(upper, torch.tensor(loss.domain.upper).double() - center)
    return lower, upper


def plot(reading: Reading, ax: Any = None) -> Any:
    """n·K, averaged over chains, sweep by sweep: the slow climb that the interval does not see."""
    plt = pyplot()

    if "trace" not in reading.diagnostics:
        raise BadInput(f"plot: this reading has no trace ({reading.outcome}: {reading.reason})")
    ax = ax if ax is not None else plt.subplots()[1]
    ax.plot(reading.diagnostics["trace"], lw=1)
    ax.set_xlabel("sweep")
    ax.set_ylabel("n·K, mean over chains")
    ax.set_title(f"{reading.device} on {reading.loss_id}: reads {reading.lambda_}")
    return ax
