"""The counterpart of the coordinate samplers: the same law with moves of all coordinates at once,
differences of other chains (ter Braak 2006) and random directions at random scales. It passes where
they fail (:mod:`singularity_lab.spectroscopes.devices.box_chains`)."""

from __future__ import annotations

import math
from typing import Any

import torch

from singularity_lab.spectroscopes.device import Device
from singularity_lab.spectroscopes.devices.box_chains import (
    BoxChains,
    BoxSettings,
    plot,
    reading_in_a_box,
)
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Reading


def _joint_sweep(x: BoxChains, generator: torch.Generator, _: bool) -> None:
    """d steps of all coordinates at once: differences of two chains of the other half (ter Braak
    2006), or a random direction at a random scale between the width of a valley and the box."""
    c, d = x.u.shape
    half = c // 2
    halves = (slice(0, half), slice(half, c))
    side = float((x.upper - x.lower).min())
    for _step in range(d):
        for mine, other in (halves, halves[::-1]):
            u, pool = x.u[mine], x.u[other]
            k = len(u)
            first = torch.randint(len(pool), (k,), generator=generator)
            second = torch.randint(len(pool), (k,), generator=generator)
            choice = torch.rand(k, 1, generator=generator, dtype=torch.float64)
            gap = pool[first] - pool[second]
            stretch = torch.where(choice < 0.1, 1.0, 2.38 / math.sqrt(2 * d))
            size = side * (x.scale.min() / side) ** torch.rand(
                k, 1, generator=generator, dtype=torch.float64
            )
            normal = torch.randn(k, d, generator=generator, dtype=torch.float64)
            fresh = u + torch.where(choice < 0.6, stretch * gap, size * normal / math.sqrt(d))
            energy, value = x.law(fresh)
            ratio = x.energy[mine] - energy
            accept = torch.rand(k, generator=generator, dtype=torch.float64).log() < ratio
            x.u[mine] = torch.where(accept[:, None], fresh, u)
            x.energy[mine] = torch.where(accept, energy, x.energy[mine])
            x.value[mine] = torch.where(accept, value, x.value[mine])


def joint_walk(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """nE[K] by moves of all coordinates at once: the counterpart of the controls, which shows that
    it is their moves that fail. See :class:`BoxSettings`."""
    return reading_in_a_box("joint-walk", _joint_sweep, loss, seed, budget, settings)


DEVICE = Device(
    name="joint-walk",
    summary="the counterpart of the controls: all coordinates at once",
    scope="Reads nE[K] in a box around w*, as the controls do, which is λ + o(1) for m = 1 and low "
    "by about (m − 1)/log n otherwise. It is there to show that the controls fail by their moves "
    "alone.",
    Settings=BoxSettings,
    run=joint_walk,
    plot=plot,
)
