"""Metropolis-adjusted chains for the local learning coefficient, whichever kernel moves them: what
``llc-mala`` and ``llc-hmc`` have in common."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from singularity_lab.spectroscopes.devices.llc import R_HAT, scattered
from singularity_lab.spectroscopes.devices.tempered import (
    Average,
    curvature,
    inverse_temperature,
    may_scatter,
    plain,
    potential,
    reading_of_average,
    seeded_generator,
    starting_points,
    walls_of,
    with_draws,
)
from singularity_lab.spectroscopes.keeping import Keeper
from singularity_lab.spectroscopes.kernels import hmc, mala
from singularity_lab.spectroscopes.kernels.accept import MetropolisState
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import BadLoss, Reading

_COOL = 8  # steps between the temperatures of a heated warm-up


class Adjusted:
    """Chains of MALA or HMC for exp(−nβK − γ|u|²/2): warm-up with adaptation, then draws into an
    average. An :class:`~singularity_lab.spectroscopes.long_run.Algorithm`.

    kernel: mala or hmc. heated: the second half of the chains begins its warm-up scattered and hot.
    """

    def __init__(
        self,
        meter: Meter,
        s: Any,
        nbeta: float,
        generator: torch.Generator,
        kernel: str = "mala",
        heated: bool = False,
    ) -> None:
        loss = meter.loss
        self.meter, self.s, self.nbeta, self.generator = meter, s, nbeta, generator
        self.kernel, self.kind = kernel, hmc if kernel == "hmc" else mala
        self.average = Average(s.chains, s.burn_in, s.draws, s.device)
        self.keeper = Keeper(loss, meter, s.draws, s.kept) if s.keep else None
        self.heated = heated and may_scatter(loss, s.gamma)
        long = self.heated and s.gamma > 0 and s.burn_in >= 16
        self.cooling = 3 * s.burn_in // 4 if long else -1
        self.middle = (s.chains + 1) // 2
        self.hot = (torch.arange(s.chains, device=s.device) >= self.middle).double()
        self.evaluate = self.potential(nbeta)
        self.t, self.heat = 0, 1.0
        self.chains: Any = None
        self.steps: Any = None

    def potential(self, nbeta: float | Tensor) -> mala.Target:
        """What is sampled at an inverse temperature, or at one for each chain."""
        return potential(self.meter, nbeta, self.s.gamma)

    def seen(self, chains: Any) -> None:
        """Called with the state of the chains at every draw."""
        if self.keeper is not None:
            self.keeper.add(self.t - self.s.burn_in, chains.position, chains.value)

    def _at(self, position: Tensor) -> Any:
        return self.kind.init(position, self.evaluate)

    def begin(self) -> Adjusted:
        """Choose the range of steps and place the chains."""
        s, meter, loss, generator = self.s, self.meter, self.meter.loss, self.generator
        radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
        root = 0.5 if self.kernel == "hmc" else 1.0
        h = self.nbeta * curvature(meter, radius, generator) + s.gamma
        largest = (radius**2) ** root if s.largest is None else s.largest
        smallest = (
            min(1e-3 * radius**2, (0.01 if self.cooling > 0 else 0.1) / h) ** root
            if s.smallest is None
            else s.smallest
        )
        if not (0 < smallest < largest < math.inf):
            raise BadLoss(f"no step size fits a curvature of {h:.3g}", meter.counts())
        if s.gamma > 0:
            self.heat = s.gamma / h  # there h counts as much as the localisation
        start = starting_points(loss, s, radius, generator)
        if self.heated:
            evaluate_hot = potential(meter, self.nbeta * self.heat, s.gamma)

            def calm(u: Tensor) -> Tensor:
                energy, _, _ = evaluate_hot(u)
                return torch.isfinite(energy) & (energy <= 2.0 * loss.dim + 20.0)

            walls, cold = walls_of(loss, s.device), self.middle
            start[cold:] = scattered(meter, s, generator, walls, calm, s.chains - cold)
        groups = 2 if self.heated else 1
        self.steps = self.kind.steps(smallest, largest, s.scales, groups, device=s.device)
        self.chains = self._at(start.contiguous() if self.kernel == "hmc" else start)
        if not bool(torch.isfinite(self.chains.potential).all()):
            raise BadLoss("the loss is not finite near the centre", meter.counts())
        return self

    def step(self) -> None:
        s, t = self.s, self.t
        if t <= self.cooling and (t % _COOL == 0 or t == self.cooling):
            left = 1.0 - (t if t == self.cooling else t - t % _COOL) / self.cooling
            self._temper(left)
            self.chains = self._at(self.chains.position)
        learn = t < s.burn_in
        if self.kernel == "hmc":
            self.chains = hmc.step(
                self.chains, self.steps, self.evaluate, self.generator,
                leapfrogs=s.leapfrogs, learn=learn,
            )  # fmt: skip
        else:
            self.chains = mala.step(self.chains, self.steps, self.evaluate, self.generator, learn)
        if learn and (t + 1) % (20 if self.kernel == "hmc" else 50) == 0:
            self.steps = self.kind.adapt(self.steps)
        if learn:
            self.average.burn(t, self.chains.value)
        else:
            self.average.add(self.chains.value)
            self.seen(self.chains)
        self.t += 1

    def _temper(self, left: float) -> None:
        self.evaluate = self.potential(self.nbeta * self.heat ** (left * self.hot))

    def why_stop(self) -> str | None:
        return "" if self.t == self.s.burn_in + self.s.draws else None

    def told(self) -> tuple[float, str] | None:
        s = self.s
        share = self.t / (s.burn_in + s.draws)
        # A multiple of _COOL: the temperature is set again in the first step from a checkpoint.
        return (
            (share, f"draw {max(0, self.t - s.burn_in)} of {s.draws}") if not self.t % 16 else None
        )

    def state(self) -> dict[str, Any]:
        return {
            "t": self.t,
            "heat": self.heat,
            "chains": plain(self.chains),
            "steps": plain(self.steps),
            "average": self.average.state(),
            "kept": None if self.keeper is None else self.keeper.state(),
            "generator": self.generator.get_state(),
            "meter": self.meter.state(),
        }

    def resume(self, saved: dict[str, Any]) -> None:
        self.t, self.heat = saved["t"], saved["heat"]
        self.chains = MetropolisState(**saved["chains"])
        self.steps = self.kind.Steps(**saved["steps"])
        self.average.resume(saved["average"])
        if self.keeper is not None:
            self.keeper.resume(saved["kept"])
        self.generator.set_state(saved["generator"])
        self.meter.resume(saved["meter"])


def adjusted_run(kernel: str, s: Any, loss: Loss, seed: int, budget: Budget) -> Adjusted:
    """A run of ``llc-mala`` or ``llc-hmc`` that has not begun."""
    meter = Meter(loss, budget)
    return Adjusted(meter, s, inverse_temperature(s), seeded_generator(s, seed), kernel, s.heated)


def adjusted_reading(run: Adjusted, seed: int, cut: str | None) -> Reading:
    """The reading of a run. cut: the limit that ended it early, or None."""
    extra = {}
    if cut is None:
        rate = (run.steps.accepted + 1e-300) / (run.steps.tried + 1e-300)
        extra = {
            "epsilon": run.steps.epsilon.tolist(),
            "step_weights": run.steps.weights.tolist(),
            "acceptance": rate.tolist(),
        }
    halves: list[dict[str, bool]] = [{"scattered": False}, {"scattered": True}]
    kinds = halves if run.heated else [{}]
    reading = reading_of_average(
        f"llc-{run.kernel}", run.meter.loss, run.meter, run.s, seed, run.average, run.nbeta, cut,
        extra, kinds, R_HAT,
    )  # fmt: skip
    return with_draws(reading, run.keeper, kinds, run.nbeta)


def measure_adjusted(kernel: str, s: Any, loss: Loss, seed: int, budget: Budget) -> Reading:
    """The reading of ``llc-mala`` or ``llc-hmc``."""
    run, cut = adjusted_run(kernel, s, loss, seed, budget), None
    try:
        drive(run.begin())
    except BudgetSpent as error:
        cut = str(error)
    return adjusted_reading(run, seed, cut)
