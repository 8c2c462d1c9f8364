"""Hessian rank / 2: the naive control that every report shows.

For a regular model λ = d/2, and along a smooth set of minima of codimension r with nondegenerate
normal Hessian λ = r/2. At a singular point rank(∇²K)/2 only bounds λ from below (splitting lemma:
λ = r/2 + λ of the residual part).

A loss on N examples of data is no formula: w* was found by a descent that stopped, and N examples
do not tell an eigenvalue h from 0 where Nβh < 1 at distance 1, β = 1/log N. There an eigenvalue
counts above log(N)/N, and w* counts as critical where a Newton step would gain at most what
sampling alone makes of rank r: N·Σ gᵢ²/2hᵢ ≤ r/2 (the mean of half a χ² with r degrees of freedom).
N is the number of the loss's own examples, and no setting: a loss without data has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import BadLoss, Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot


@dataclass(frozen=True)
class HessianSettings:
    """Where an eigenvalue, or a gradient, counts as zero."""

    tolerance: float = setting(
        1e-6,
        "eigenvalues below this share of the largest count as zero; of a loss on N examples of "
        "data also those below log(N)/N",
    )
    step: float | None = setting(
        None, "step of the central differences of ∇K; by default 10⁻⁴, in single precision 10⁻²"
    )
    gradient_tolerance: float = setting(
        1e-6,
        "w* is no critical point where |∇K(w*)| is above this times the largest eigenvalue; of a "
        "loss on N examples, where a Newton step gains more than sampling does",
    )

    def __post_init__(self) -> None:
        if not (0 < self.tolerance < 1 and (self.step is None or self.step > 0)):
            raise BadInput(f"settings: expected 0 < tolerance < 1 and step > 0, received {self}")


def matrix(meter: Meter, step: float) -> tuple[Tensor, Tensor, float]:
    """Gradient (d,) and Hessian (d, d) at the centre, and the size of its difference error.

    Central differences of ∇K at steps h and h/2 (4d + 1 gradients), extrapolated to h = 0: exact
    for quartics. The difference between the two is what a vanishing eigenvalue may show.
    """
    d = meter.loss.dim
    _, at = meter.k_and_grad(torch.zeros((1, d), dtype=torch.float64))
    sides = []
    for h in (step, step / 2):
        shift = h * torch.eye(d, dtype=torch.float64)
        _, plus = meter.k_and_grad(shift)
        _, minus = meter.k_and_grad(-shift)
        difference = (plus - minus) / (2 * h)
        sides.append(0.5 * (difference + difference.t()))
    coarse, fine = sides
    return at[0], (4 * fine - coarse) / 3, float(torch.linalg.matrix_norm(fine - coarse, 2))


def hessian(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ̂ = rank(∇²K(w*))/2, with the eigenvalues as diagnostics. Exact for Morse–Bott points, a
    lower bound otherwise.

    The interval is the point itself: the naive control knows no error bar. Where w* is no minimum
    the outcome is ``bad loss``, and there is no estimate; the rank is a diagnostic.
    """
    s = settings_of(HessianSettings, settings, "hessian")
    meter = Meter(loss, budget)
    if s.step is None:
        single = getattr(loss, "dtype", None) == torch.float32
        s = replace(s, step=1e-2 if single else 1e-4)
    try:
        gradient, h, change = matrix(meter, s.step or 1e-4)
    except BudgetSpent as error:
        reason = f"{error} spent before the Hessian was known"
        return meter.reading("hessian", s, seed, {}, Outcome.BUDGET, reason, {})
    if not bool(torch.isfinite(h).all()):
        raise BadLoss("the gradient is not finite near the centre", meter.counts())
    eigenvalues, vectors = torch.linalg.eigh(h)
    largest = float(eigenvalues.abs().max())
    floor = max(s.tolerance * largest, change)
    n = getattr(loss, "n_data", None)
    if n is not None and n > 1:
        floor = max(floor, math.log(n) / n)
    rank = int((eigenvalues.abs() > floor).sum())
    negative = int((eigenvalues < -floor).sum())
    outcome, reason = Outcome.OK, ""
    slope = float(gradient.norm())
    along = (vectors.t() @ gradient) ** 2
    gain = float((along / (2 * eigenvalues.abs().clamp_min(max(floor, 1e-300)))).sum())
    moving = slope > s.gradient_tolerance * max(largest, 1.0)
    words = f"|∇K(w*)| = {slope:.3g}"
    if n is not None:
        moving = n * gain > max(rank, 1) / 2
        words += (
            f", a Newton step gains {gain:.3g}: {n * gain:.3g} on {n} examples, where sampling "
            f"makes {rank / 2:g}"
        )
    found = f"{rank} of {loss.dim} eigenvalues are above {floor:.2g}"
    if negative:
        found += f", {negative} of them negative (the least {float(eigenvalues.min()):.3g})"
    if moving:
        outcome, reason = Outcome.BAD_LOSS, f"w* is no critical point: {words}; {found}"
    elif negative:
        outcome, reason = Outcome.BAD_LOSS, f"w* is no minimum: {found}"
    elif rank < loss.dim:
        outcome = Outcome.BIASED_TARGET
        reason = f"degenerate Hessian: {found}; rank/2 bounds λ from below"
    value = rank / 2
    diagnostics = {
        "eigenvalues": eigenvalues.tolist(),
        "rank": rank,
        "negative": negative,
        "floor": floor,
        "gradient_norm": slope,
        "newton_gain": gain,
    }
    estimates = {"lambda": Estimate(value, value, value, 0.9)}
    return meter.reading("hessian", s, seed, estimates, outcome, reason, diagnostics)


def plot(reading: Reading, ax: Any = None) -> Any:
    """Absolute eigenvalues of the Hessian in decreasing order, on a log scale."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    values = sorted((abs(x) for x in reading.diagnostics["eigenvalues"]), reverse=True)
    ax.semilogy(range(1, len(values) + 1), [max(v, 1e-300) for v in values], "o")
    ax.set_xlabel("rank")
    ax.set_ylabel("|eigenvalue|")
    ax.set_title(f"{reading.loss_id}: rank {reading.diagnostics['rank']}")
    return ax


DEVICE = Device(
    name="hessian",
    summary="rank of the Hessian over 2, the naive control",
    scope="Says rank(∇²K(w*))/2, which is λ where the minima form a smooth manifold with a "
    "nondegenerate normal Hessian, and a lower bound elsewhere. It has no error bar and does not "
    "speak of m. It takes no n: of a loss on N examples of data it counts eigenvalues above "
    "log(N)/N.",
    Settings=HessianSettings,
    run=hessian,
    plot=plot,
)
