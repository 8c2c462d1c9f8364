"""PLACEHOLDER-DOC"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.base import (
    BadLoss,
    Budget,
    BudgetSpent,
    Meter,
    Outcome,
)
from singularity_lab.spectroscopes.kernels import splitting
from singularity_lab.spectroscopes.loss import Loss


@dataclass(frozen=True)
class Settings:
    """half_width: of the box around w*. replicates, particles: R independent runs of N particles each.

    depth: stop at log V = −depth. lowest: stop at this K. sweeps: at least, at most, in a level.
    memory: sweeps go on until no feature remembers its start by more than this correlation.
    """

    half_width: float = 1.0
    replicates: int = 16
    particles: int = 512
    depth: float = 150.0
    lowest: float = 1e-280
    min_sweeps: int = 10
    max_sweeps: int = 40
    memory: float = 0.3
    unresolved: float = 0.01
    max_multiplicity: int = 5
    level: float = 0.9

    def __post_init__(self) -> None:
        if not self.half_width > 0:
            raise BadInput(f"half_width: expected a positive number, got {self.half_width}")
        if self.replicates < 4 or self.particles < 32 or self.particles % 2:
            raise BadInput(
                "replicates, particles: expected at least 4 and an even number of at least 32, "
                f"got {self.replicates} and {self.particles}"
            )


# ---------------------------------------------------------------------------------- sampling


@dataclass
class Curve:
    """log V on levels: x = −log y (L,), increments of log V by replicate (L, R), mean K evaluations …

    sweeps, memory, near_floor: per level.
    """

    x: list[float]
    increments: list[np.ndarray]
    sweeps: list[int]
    memory: list[float]
    stop: Outcome
    reason: str
    state: splitting.State | None = None
    unresolved: list[float] = field(default_factory=list)


def _unresolved(
    meter: Meter, state: splitting.State, y: float, generator: torch.Generator
) -> Tensor:
    """Mask of particles below y at which K is rounding noise: it changes by more than y/5 when u moves by a few units
    in the last place."""
    u = state.position
    noise = torch.rand(u.shape, generator=generator, dtype=torch.float64).sub_(0.5)
    if meter.exact_near_center:
        moved = u * (1.0 + 2.0**-49 * noise)
    else:
        moved = u + 2.0**-49 * noise * (u + state.center).abs()
    change = (meter.k(moved.t()) - state.value).abs()
    return (change > 0.2 * y) & (state.value < y)


def sample(
    loss: Loss, meter: Meter, s: Settings, generator: torch.Generator
) -> Curve:
    lower = torch.full((loss.dim, 1), -s.half_width, dtype=torch.float64)
    upper = -lower
    center = loss.center[:, None]
    if loss.domain is not None:
        lower = torch.maximum(lower, torch.tensor(loss.domain.lower)[:, None] - center)
        upper = torch.minimum(upper, torch.tensor(loss.domain.upper)[:, None] - center)
    tau = None
    if loss.prior_exponents is not None:
        tau = torch.tensor(loss.prior_exponents, dtype=torch.float64)[:, None]
    n = s.replicates * s.particles
    curve = Curve([], [], [], [], Outcome.OK, "")
    state = splitting.init(
        meter.k, lower, upper, center, tau, s.replicates, s.particles, generator
    )
    curve.state = state
    if bool(torch.isnan(state.value).any()):
        raise BadLoss("the loss is NaN inside the box", meter.counts())
    if float(torch.isinf(state.value).double().mean()) > 0.5:
        raise BadLoss("the loss is infinite on most of the box", meter.counts())
    log_v, index = 0.0, 0
    try:
        while log_v > -s.depth:
            if float(state.value.min()) < -8 * 2.0**-52 * meter.scale:
                at = int(state.value.argmin())
                raise BadLoss(
                    "w* is no minimum: the loss is lower by "
                    f"{-float(state.value[at]):.3g} at distance {float(state.position[:, at].norm()):.3g}",
                    meter.counts(),
                )
            y = float(state.value.median())
            if y <= 16 * 2.0**-52 * meter.scale:
                curve.stop, curve.reason = Outcome.FLOOR, "K(w*) is not zero: its rounding is reached"
                if not curve.x:
                    raise BadLoss("K vanishes on a set of positive volume", meter.counts())
                break
            if y < s.lowest:
                break
            alive = (state.value.view(2, s.replicates, -1) < y).sum((0, 2)).numpy()
            if alive.min() == 0:
                if not curve.x:
                    raise BadLoss("the loss is constant on most of the box", meter.counts())
                curve.stop, curve.reason = Outcome.NOT_MIXED, "a replicate died out"
                break
            noisy = _unresolved(meter, state, y, generator)
            share = 2 * float(noisy.double().mean())
            if share > s.unresolved:
                curve.stop, curve.reason = Outcome.FLOOR, f"rounding of K is reached at K = {y:.1e}"
                break
            splitting.prepare(state, y, generator, len(curve.x) % 3 == 0, noisy)
            curve.unresolved.append(share)
            curve.x.append(-math.log(y))
            curve.increments.append(np.log(alive / s.particles))
            log_v += math.log(alive.sum() / n)
            start = splitting.features(state)
            done, left = 0, 1.0
            while done < s.max_sweeps:
                splitting.step(state, meter.k, generator, index)
                done, index = done + 1, index + 1
                if done >= s.min_sweeps and done % 5 == 0:
                    left = splitting.memory(splitting.features(state), start)
                    if left < s.memory:
                        break
            curve.sweeps.append(done)
            curve.memory.append(left)
    except BudgetSpent as error:
        curve.stop, curve.reason = Outcome.BUDGET, f"{error} spent at log V = {log_v:.1f}"
        curve.x = curve.x[: len(curve.sweeps)]
        curve.increments = curve.increments[: len(curve.sweeps)]
    return curve
