"""The annealing ladder by parallel chains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.spectroscopes.devices.ladder import (
    FEWEST,
    LAG,
    Curve,
    Settings,
    below_rounding,
    check,
    record,
)
from singularity_lab.spectroscopes.inference.heat_capacity import WINDOW, flattest
from singularity_lab.spectroscopes.kernels import hmc
from singularity_lab.spectroscopes.kernels.localised import Localised, stiff
from singularity_lab.spectroscopes.long_run import current_run
from singularity_lab.spectroscopes.reading import BadLoss, Outcome


@dataclass
class _Stride:
    """A step size of trajectories, drawn towards 75 % acceptance of all chains."""

    epsilon: float

    def trajectory(
        self, state: hmc.State, target: hmc.Target, s: Settings, generator: torch.Generator
    ) -> tuple[hmc.State, float]:
        """One trajectory of every chain, with the step jittered; the share that moved."""
        assert s.leapfrogs
        steps = hmc.steps(0.7 * self.epsilon, self.epsilon, 4, device=s.device)
        new = hmc.step(state, steps, target, generator, leapfrogs=s.leapfrogs)
        moved = float((new.value != state.value).double().mean())
        self.epsilon *= math.exp(0.25 * (moved - 0.75))
        return new, moved


def climb_by_chains(
    law: Localised,
    u: Tensor,
    value: Tensor,
    s: Settings,
    generator: torch.Generator,
    curve: Curve,
) -> None:
    assert s.span is not None and s.sigma is not None  # noqa: PT018
    assert s.trajectories is not None and s.stiff is not None  # noqa: PT018
    # The first level is hot: E[βK] is a hundredth of the dimension at most.
    start = math.log(0.01 * u.shape[1] / float(value.mean().clamp_min(1e-300)))
    walls = stiff(law, s.stiff, generator) if s.stiff and law.walls is None else None
    curve.stiff = 0 if walls is None else len(walls.h)
    stride = _Stride(0.3 * s.sigma)
    before: Tensor | None = None
    state = hmc.State(u, value, u, value)
    factor, lagging = torch.ones(0), 0

    def straight(beta: float) -> tuple[hmc.Target, Tensor]:
        """The target in z, and the diagonal of S."""
        target = law.target(beta)
        if walls is None:
            return target, torch.ones(0)
        s_diagonal = (1 + beta * law.sigma**2 * walls.h).rsqrt()

        def in_z(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            potential, slope, k = target(walls.apply(z, s_diagonal))
            return potential, walls.apply(slope, s_diagonal), k

        return in_z, s_diagonal

    def positions(z: Tensor) -> Tensor:
        return z if walls is None or not len(factor) else walls.apply(z, factor)

    run = current_run()
    saved, begin = run.restore(), 0
    if saved is not None:
        curve.unpack(saved["curve"])
        position = saved["position"]
        state = hmc.State(position, value, position, value)
        stride.epsilon, lagging, begin = saved["epsilon"], saved["lagging"], saved["level"]
        factor, before = saved["factor"], saved["before"]
        generator.set_state(saved["generator"])
        law.meter.resume(saved["meter"])
    last = math.ceil(s.span / s.spacing)

    def snapshot() -> dict[str, Any]:
        return {
            "curve": curve.packed(),
            "position": state.position,
            "epsilon": stride.epsilon,
            "lagging": lagging,
            "level": k,
            "factor": factor,
            "before": before,
            "generator": generator.get_state(),
            "meter": law.meter.state(),
        }

    for k in range(begin, last + 1):
        if k > 0:
            run.keep(snapshot, k / last, f"log β = {curve.x[-1]:.1f}")
        x = start + k * s.spacing
        beta = math.exp(x)
        u = positions(state.position)
        target, factor = straight(beta)
        state = hmc.init(u if walls is None else walls.apply(u, 1 / factor), target)
        stride.epsilon *= math.exp(-0.25 * s.spacing)
        draws, moved = [], 0.0
        for t in range(s.trajectories):
            state, share = stride.trajectory(state, target, s, generator)
            moved += share
            if 3 * t >= s.trajectories:
                draws.append(beta * state.value)
        stack = torch.stack(draws)
        energy, variance = stack.mean(0), stack.var(0)
        half = len(draws) // 2
        drift = stack[:half].mean(0) - stack[half:].mean(0)
        lag = float(drift.mean() / energy.mean())
        error = float(drift.std() / energy.mean()) / math.sqrt(len(drift))
        curve.lag.append(lag)
        change = energy if before is None else 0.5 * s.spacing * (before + energy)
        curve.increments.append(-change.cpu().numpy())
        before = energy
        u = positions(state.position)
        record(curve, x, energy, variance, u, s)
        curve.acceptance.append(moved / s.trajectories)
        curve.points, curve.values = u, state.value
        if bool(torch.isnan(state.value).any()):
            raise BadLoss("the loss is NaN near the centre", law.meter.counts())
        if float(state.value.min()) < -16 * 2.0**-52 * law.meter.scale:
            check(state.value, law.meter, u)
        if below_rounding(law, u, state.value, beta):
            curve.stop, curve.reason = Outcome.FLOOR, f"rounding of K is reached at β = {beta:.1e}"
            return
        lagging = lagging + 1 if lag > max(3 * error, LAG) else 0
        if lagging == 2:
            curve.drop(2)
            curve.lagging = True
            curve.reason = f"chains relax too slowly beyond β = {math.exp(curve.x[-1]):.1e}"
            return
        width = round(WINDOW / s.spacing)
        if len(curve.x) > 2 * width + FEWEST // 2:
            e = np.array(curve.energy)
            at, slopes = flattest(np.array(curve.x), e, width)
            if at + width < len(curve.x) and abs(slopes[at]) < 0.003 * float(e[at:].mean()):
                return  # a plateau, and it has been left again or lasts
