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
    Ladder,
    LadderSettings,
    check,
    record,
)
from singularity_lab.spectroscopes.inference.heat_capacity import WINDOW, flattest
from singularity_lab.spectroscopes.kernels import hmc
from singularity_lab.spectroscopes.kernels.localised import stiff
from singularity_lab.spectroscopes.reading import BadLoss


@dataclass
class _Stride:
    """A step size of trajectories, drawn towards 75 % acceptance of all chains."""

    epsilon: float

    def trajectory(
        self,
        state: hmc.MetropolisState,
        target: hmc.Target,
        s: LadderSettings,
        generator: torch.Generator,
    ) -> tuple[hmc.MetropolisState, float]:
        """One trajectory of every chain, with the step jittered; the share that moved."""
        assert s.leapfrogs
        steps = hmc.steps(0.7 * self.epsilon, self.epsilon, 4, device=s.device)
        new = hmc.step(state, steps, target, generator, leapfrogs=s.leapfrogs)
        moved = float((new.value != state.value).double().mean())
        self.epsilon *= math.exp(0.25 * (moved - 0.75))
        return new, moved


class Chains(Ladder):
    """The ladder climbed by parallel chains, level by level: an
    :class:`~singularity_lab.spectroscopes.long_run.Algorithm`."""

    def begin(self, u: Tensor, value: Tensor) -> None:
        law, s, curve = self.law, self.s, self.curve
        assert s.span is not None
        assert s.sigma is not None
        assert s.stiff is not None
        # The first level is hot: E[βK] is a hundredth of the dimension at most.
        self.start = math.log(0.01 * u.shape[1] / float(value.mean().clamp_min(1e-300)))
        self.walls = stiff(law, s.stiff, self.generator) if s.stiff and law.walls is None else None
        curve.stiff = 0 if self.walls is None else len(self.walls.h)
        self.stride = _Stride(0.3 * s.sigma)
        self.before: Tensor | None = None
        self.chains = hmc.MetropolisState(u, value, u, value)
        self.factor, self.lagging = torch.ones(0), 0
        self.level, self.last = 0, math.ceil(s.span / s.spacing)

    def _straight(self, beta: float) -> tuple[hmc.Target, Tensor]:
        """The target in z, and the diagonal of S."""
        target, walls = self.law.target(beta), self.walls
        if walls is None:
            return target, torch.ones(0)
        s_diagonal = (1 + beta * self.law.sigma**2 * walls.h).rsqrt()

        def in_z(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            potential, slope, k = target(walls.apply(z, s_diagonal))
            return potential, walls.apply(slope, s_diagonal), k

        return in_z, s_diagonal

    def _positions(self, z: Tensor) -> Tensor:
        if self.walls is None or not len(self.factor):
            return z
        return self.walls.apply(z, self.factor)

    def step(self) -> None:
        """The next temperature: trajectories, E[βK], and whether the chains lag."""
        s, law, curve, stride = self.s, self.law, self.curve, self.stride
        assert s.trajectories is not None
        x = self.start + self.level * s.spacing
        beta = math.exp(x)
        u = self._positions(self.chains.position)
        target, self.factor = self._straight(beta)
        z = u if self.walls is None else self.walls.apply(u, 1 / self.factor)
        state = hmc.init(z, target)
        stride.epsilon *= math.exp(-0.25 * s.spacing)
        draws, moved = [], 0.0
        for t in range(s.trajectories):
            state, share = stride.trajectory(state, target, s, self.generator)
            moved += share
            if 3 * t >= s.trajectories:
                draws.append(beta * state.value)
        self.chains = state
        stack = torch.stack(draws)
        energy, variance = stack.mean(0), stack.var(0)
        half = len(draws) // 2
        drift = stack[:half].mean(0) - stack[half:].mean(0)
        lag = float(drift.mean() / energy.mean())
        error = float(drift.std() / energy.mean()) / math.sqrt(len(drift))
        curve.lag.append(lag)
        change = energy if self.before is None else 0.5 * s.spacing * (self.before + energy)
        curve.increments.append(-change.cpu().numpy())
        self.before = energy
        u = self._positions(state.position)
        record(curve, x, energy, variance, u, s)
        curve.acceptance.append(moved / s.trajectories)
        curve.points, curve.values = u, state.value
        self.level += 1
        if bool(torch.isnan(state.value).any()):
            raise BadLoss("the loss is NaN near the centre", law.meter.counts())
        if float(state.value.min()) < -16 * 2.0**-52 * law.meter.scale:
            check(state.value, law.meter, u)
        if self.is_below_rounding(u, state.value, beta):
            return
        self.lagging = self.lagging + 1 if lag > max(3 * error, LAG) else 0
        if self.lagging == 2:
            curve.drop(2)
            curve.lagging = True
            curve.reason = f"chains relax too slowly beyond β = {math.exp(curve.x[-1]):.1e}"
        self.ended = self.lagging == 2 or self._flat()

    def from_center(self, x: float) -> None:
        """E[βK] at one level of as many chains that begin at w*: they walk outwards where those of
        the ladder cool inwards, so that one temperature at which both agree has mixed."""
        s = self.s
        assert s.trajectories is not None
        beta = math.exp(x)
        target, _ = self._straight(beta)
        state = hmc.init(torch.zeros_like(self.chains.position), target)
        gap = self.curve.x[-1] - x
        stride, draws = _Stride(self.stride.epsilon * math.exp(0.25 * gap)), []
        for t in range(4 * s.trajectories):
            state, _ = stride.trajectory(state, target, s, self.generator)
            if t >= 2 * s.trajectories:
                draws.append(beta * state.value)
        self.curve.center = (x, torch.stack(draws).mean(0).cpu().numpy())

    def _flat(self) -> bool:
        """Whether E[βK] has reached a plateau that it has left again, or that lasts."""
        curve, width = self.curve, round(WINDOW / self.s.spacing)
        if len(curve.x) <= 2 * width + FEWEST // 2:
            return False
        e = np.array(curve.energy)
        at, slopes = flattest(np.array(curve.x), e, width)
        return bool(at + width < len(curve.x) and abs(slopes[at]) < 0.003 * float(e[at:].mean()))

    def why_stop(self) -> str | None:
        return self.curve.reason if self.ended or self.level > self.last else None

    def told(self) -> tuple[float, str] | None:
        if self.level == 0 or self.ended:
            return None
        return min(1.0, self.level / self.last), f"log β = {self.curve.x[-1]:.1f}"

    def state(self) -> dict[str, Any]:
        return {
            "curve": self.curve.packed(),
            "position": self.chains.position,
            "value": self.chains.value,
            "epsilon": self.stride.epsilon,
            "lagging": self.lagging,
            "level": self.level,
            "factor": self.factor,
            "before": self.before,
            "generator": self.generator.get_state(),
            "meter": self.law.meter.state(),
        }

    def resume(self, saved: dict[str, Any]) -> None:
        self.curve.unpack(saved["curve"])
        position, value = saved["position"], saved["value"]
        self.chains = hmc.MetropolisState(position, value, position, value)
        self.stride.epsilon, self.lagging = saved["epsilon"], saved["lagging"]
        self.level, self.factor, self.before = saved["level"], saved["factor"], saved["before"]
        self.curve.points, self.curve.values = self._positions(position), value
        self.generator.set_state(saved["generator"])
        self.law.meter.resume(saved["meter"])
