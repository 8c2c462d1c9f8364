"""Orders of the coordinates where the volume of {K < ε} lies: the valuation, measured.

Over a divisor with weights v, such that K has order 1 along it, the coordinate |u_i| falls like
ε^{v_i}. Uniform samples of {K < ε} concentrate, as ε falls, near the divisors that carry λ, so that
the mean of log|u_i| has the slope v_i in log ε; where several divisors tie, the samples spread
evenly over the polytope that their weights span, and the slopes are those of its centre. Such
samples are what the device ``volume`` makes on its way: :func:`measured_orders` looks on at a
reading of it, and changes nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from singularity_lab.spectroscopes.device import settings_of
from singularity_lab.spectroscopes.devices.volume import VolumeSettings
from singularity_lab.spectroscopes.long_run import LongRun, running
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.measuring import measure
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Reading
from singularity_lab.spectroscopes.registry import find_device

FEWEST = 6  # snapshots below which a slope says nothing
DEEPER = 0.5  # share of the depth, in log ε, over which slopes are taken


@dataclass(frozen=True)
class MeasuredOrders:
    """The measured order of each coordinate, K having order 1.

    values: slopes of the mean of log|u_i| in log ε, over the deeper half of the run; errors: their
    standard errors, from the independent replicates. Both are empty where the run was too short.
    """

    values: tuple[float, ...]
    errors: tuple[float, ...]


@dataclass
class _Onlooker(LongRun):
    """A long run that writes no file: it keeps the mean of log|u_i| of every replicate."""

    replicates: int = 1
    box: float = 0.0
    depths: list[float] = field(default_factory=list)
    logs: list[np.ndarray] = field(default_factory=list)

    def keep(self, state: Callable[[], dict[str, Any]], share: float, word: str = "") -> None:
        """Look at the particles of a level."""
        now = state()
        curve = now["curve"]
        if now["half_width"] != self.box:  # the run began anew in a smaller box
            self.box, self.depths, self.logs = now["half_width"], [], []
        if not curve["x"]:
            return
        u = now["particles"]["position"]
        logs = u.abs().clamp(min=1e-300).log().view(u.shape[0], 2, self.replicates, -1)
        self.depths.append(curve["x"][-1])
        self.logs.append(logs.mean((1, 3)).to(torch.float64).cpu().numpy())

    def orders(self) -> MeasuredOrders:
        """The slopes over the deeper levels."""
        x = np.array(self.depths)
        if len(x) < FEWEST or x[-1] <= 0:
            return MeasuredOrders((), ())
        deep = x >= DEEPER * x[-1]
        if deep.sum() < FEWEST // 2:
            return MeasuredOrders((), ())
        centred = x[deep] - x[deep].mean()
        logs = np.stack(self.logs)[deep]  # levels, coordinates, replicates
        slopes = -np.tensordot(centred, logs, (0, 0)) / (centred**2).sum()
        errors = slopes.std(axis=1, ddof=1) / math.sqrt(self.replicates)
        return MeasuredOrders(tuple(slopes.mean(axis=1).tolist()), tuple(errors.tolist()))


def measured_orders(
    loss: Loss, *, seed: int, budget: Budget | float | None = None, **settings: Any
) -> tuple[Reading, MeasuredOrders]:
    """Return a reading of ``volume`` and the orders of the coordinates that its samples show.

    The arguments are those of ``measure("volume", loss, …)``, and the reading is the same.
    Raises BadInput as :func:`~singularity_lab.spectroscopes.measuring.measure` does.

    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> cusp = PolynomialLoss.from_exponents([([1], [(2, 0)]), ([1], [(0, 3)])], loss_id="x4+y6")
    >>> _, orders = measured_orders(cusp, seed=0, particles=64, replicates=8, depth=30)
    >>> [abs(v - w) < 0.05 for v, w in zip(orders.values, (1 / 4, 1 / 6))]
    [True, True]
    """
    volume = find_device("volume")
    onlooker = _Onlooker(replicates=settings_of(VolumeSettings, settings, "volume").replicates)

    def watched(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
        with running(onlooker):
            return volume.run(loss, seed=seed, budget=budget, **settings)

    reading = measure(replace(volume, run=watched), loss, seed=seed, budget=budget, **settings)
    return reading, onlooker.orders()
