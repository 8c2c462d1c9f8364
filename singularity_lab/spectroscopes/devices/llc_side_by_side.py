"""Runs of ``llc-hmc`` or ``llc-mala`` at several losses of one dimension, as one batch of chains.

A step of few chains of a small model costs its calls, hardly its arithmetic: the checkpoints of a
training run, each at several n, cost little more than one of them. Every run has its own centre,
inverse temperature, step sizes, random numbers, average and outcome, made by the code of the single
device; only the steps are made together. It draws the numbers that it would draw alone, so that
its reading is that of the single device but for the rounding of a loss that is computed in
another order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import settings_of
from singularity_lab.spectroscopes.devices.llc_adjusted import (
    Adjusted,
    adjusted_reading,
    adjusted_run,
)
from singularity_lab.spectroscopes.devices.llc_hmc import HmcSettings
from singularity_lab.spectroscopes.devices.llc_mala import MalaSettings
from singularity_lab.spectroscopes.devices.tempered import Average, plain, potential
from singularity_lab.spectroscopes.kernels.accept import MetropolisState, Steps, Target
from singularity_lab.spectroscopes.kernels.noise import SideBySide
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.losses.side_by_side import at_displacements
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent
from singularity_lab.spectroscopes.reading import BadLoss, Reading
from singularity_lab.system.stopwatch import Stopwatch

__all__ = ["SETTINGS", "may_go_side_by_side", "readings_side_by_side"]

SETTINGS = {"llc-hmc": HmcSettings, "llc-mala": MalaSettings}
_EVERY = 64  # steps between two looks at the clock


def may_go_side_by_side(losses: Sequence[Loss], settings: Mapping[str, Any]) -> bool:
    """Whether losses can be read so: of one dimension, without walls or a prior factor, and no
    draws kept."""
    return not settings.get("keep") and all(
        loss.dim == losses[0].dim and loss.domain is None and loss.prior_exponents is None
        for loss in losses
    )


class _Losses:
    """Several losses at displacements, as one: what :func:`potential` is made of."""

    def __init__(self, runs: Sequence[Adjusted]) -> None:
        self.loss = runs[0].meter.loss  # for its walls and prior: none has any
        self.evaluate, self.one_call = at_displacements([r.meter.loss for r in runs])
        self.offsets = torch.tensor([r.meter.offset for r in runs], dtype=torch.float64)
        self.spent = 0  # gradients of every run

    def k_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """K(w* + u) − K(w*) and ∇K for u (runs·c, d)."""
        each = len(u) // len(self.offsets)
        self.spent += each
        value, grad = self.evaluate(u)
        if bool(self.offsets.any()):
            value = value - self.offsets.to(u.device).repeat_interleave(each)
        return value, grad


class _Together(Adjusted):
    """Runs that have begun, as one run of all their chains."""

    def __init__(self, runs: Sequence[Adjusted]) -> None:
        first = runs[0]
        self.runs, self.s, self.kernel, self.kind = runs, first.s, first.kernel, first.kind
        self.cooling, self.t, self.keeper = first.cooling, 0, None
        self.generator = SideBySide([r.generator for r in runs])  # type: ignore[assignment]
        s, count = first.s, len(runs)
        self.average = Average(s.chains, s.burn_in, s.draws, s.device, count)
        self.losses = _Losses(runs)
        each = [
            torch.full((s.chains,), r.nbeta, dtype=torch.float64, device=s.device) for r in runs
        ]
        self.evaluate = self.potential(torch.cat(each))
        self.steps = Steps.beside([r.steps for r in runs])
        parts = [plain(r.chains) for r in runs]
        joined = {name: torch.cat([p[name] for p in parts]) for name in parts[0]}
        if self.kernel == "mala":  # laid out by parameters, as the parts are
            joined = {k: x.t().contiguous().t() if x.ndim == 2 else x for k, x in joined.items()}
        self.chains = MetropolisState(**joined)

    def potential(self, nbeta: float | Tensor) -> Target:
        return potential(self.losses, nbeta, self.s.gamma)

    def _temper(self, left: float) -> None:
        each = [r.nbeta * r.heat ** (left * r.hot) for r in self.runs]
        self.evaluate = self.potential(torch.cat(each))

    def part(self, k: int) -> Adjusted:
        """The k-th run with what was seen of it."""
        run = self.runs[k]
        run.average = self.average.of_run(k, len(self.runs))
        run.steps = self.steps.of_run(k)
        run.meter.gradients += self.losses.spent
        return run


def readings_side_by_side(
    device: str,
    losses: Sequence[Loss],
    settings: Sequence[Mapping[str, Any]],
    *,
    seeds: Sequence[int],
    budget: Budget,
    progress: Callable[[float, str], None] | None = None,
) -> list[Reading | BadLoss]:
    """The reading of ``llc-hmc`` or ``llc-mala`` at each loss, with its settings, which may differ
    in n and β alone, and its seed; or what forbids to measure it.

    budget: of each run; CPU seconds count for all together. The seconds of a reading are its share
    of the whole. Raises BadInput for settings that differ in more.
    """
    watch, kernel = Stopwatch(), device.removeprefix("llc-")
    found: list[Reading | BadLoss | None] = [None] * len(losses)
    chosen = [settings_of(SETTINGS[device], x, device) for x in settings]
    rest = [{**plain(s), "n": 0, "beta": 0} for s in chosen]
    if any(x != rest[0] for x in rest):
        raise BadInput("settings: expected runs that differ in n and beta alone")
    begun: list[int] = []
    runs: list[Adjusted] = []
    for k, (loss, s, seed) in enumerate(zip(losses, chosen, seeds, strict=True)):
        try:
            run = adjusted_run(kernel, s, loss, seed, budget)
            try:
                run.begin()
                runs.append(run)
                begun.append(k)
            except BudgetSpent as error:
                found[k] = adjusted_reading(run, seed, str(error))
        except BadLoss as error:
            found[k] = error
    if runs:
        together = _Together(runs)
        cut = _drive(together, watch, budget, len(losses), progress)
        for j, k in enumerate(begun):
            found[k] = adjusted_reading(together.part(j), seeds[k], cut)
    share = watch.seconds / len(losses)
    return [
        replace(x, cost=replace(x.cost, cpu_seconds=share)) if isinstance(x, Reading) else x
        for x in found
        if x is not None
    ]


def _drive(
    together: _Together,
    watch: Stopwatch,
    budget: Budget,
    count: int,
    progress: Callable[[float, str], None] | None,
) -> str | None:
    """Make the steps; the limit that ended them early, or None."""
    most = budget.evaluations - max(sum(r.meter.counts()) for r in together.runs)
    while together.why_stop() is None:
        if together.losses.spent + together.s.chains > most:
            return "evaluations"
        if together.t % _EVERY == 0 and watch.seconds > count * budget.cpu_seconds:
            return "CPU seconds"
        told = together.told()
        if progress is not None and told is not None:
            progress(*told)
        together.step()
    return None
