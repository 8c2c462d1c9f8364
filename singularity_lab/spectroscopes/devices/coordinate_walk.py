"""A negative control: a random walk of one coordinate at a time, its scale tuned to an acceptance
of 0.44 (Roberts and Rosenthal 2001). Why it fails is said in
:mod:`singularity_lab.spectroscopes.devices.box_chains`."""

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


def _walk_sweep(x: BoxChains, generator: torch.Generator, warm: bool) -> None:
    """Each coordinate in turn by a Gaussian step; in warm-up its scale follows the acceptance."""
    c, d = x.u.shape
    for i in range(d):
        fresh = x.u.clone()
        fresh[:, i] += x.scale[i] * torch.randn(c, generator=generator, dtype=torch.float64)
        energy, value = x.law(fresh)
        accept = torch.rand(c, generator=generator, dtype=torch.float64).log() < x.energy - energy
        x.u[accept], x.energy[accept], x.value[accept] = (
            fresh[accept], energy[accept], value[accept]
        )  # fmt: skip
        if warm:
            x.scale[i] *= math.exp(0.3 * (float(accept.double().mean()) - 0.44))


def coordinate_walk(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """nE[K] by a random walk in one coordinate at a time: a negative control. See
    :class:`BoxSettings`."""
    return reading_in_a_box("coordinate-walk", _walk_sweep, loss, seed, budget, settings)


DEVICE = Device(
    name="coordinate-walk",
    summary="a negative control: a random walk in one coordinate at a time",
    scope="Reads nE[K] in a box around w* and claims it as λ. It is right where the minima have no "
    "curved valley, and kept because it is confidently wrong where they have.",
    Settings=BoxSettings,
    run=coordinate_walk,
    plot=plot,
    fails="a step in one coordinate is as short as the valley is narrow, which is crossed in "
    "n^(1/2) sweeps; the chains agree long before",
)
