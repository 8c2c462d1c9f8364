"""A negative control: each coordinate from its exact conditional law, by slice sampling with
shrinkage of the whole box (Neal 2003, §4). The best that a coordinate sampler can do, and why it
fails all the same, is said in :mod:`singularity_lab.spectroscopes.devices.box_chains`."""

from __future__ import annotations

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

SHRINKS = 60  # halvings of the slice: below 2⁻⁶⁰ of the box the point stays where it is


def _slice_sweep(x: BoxChains, generator: torch.Generator, _: bool) -> None:
    """Each coordinate in turn: a height below the density, then uniform points of the box side,
    which shrinks towards the present point until one lies above the height."""
    c, d = x.u.shape
    for i in range(d):
        height = x.energy - torch.rand(c, generator=generator, dtype=torch.float64).log()
        low, high = x.lower[i].expand(c).clone(), x.upper[i].expand(c).clone()
        waiting = torch.ones(c, dtype=torch.bool)
        here = x.u[:, i].clone()
        for _attempt in range(SHRINKS):
            uniform = torch.rand(c, generator=generator, dtype=torch.float64)
            at = waiting.nonzero().squeeze(1)
            point = low[at] + (high[at] - low[at]) * uniform[at]
            fresh = x.u[at].clone()
            fresh[:, i] = point
            energy, value = x.law(fresh)
            good = energy <= height[at]
            done = at[good]
            x.u[done, i], x.energy[done], x.value[done] = point[good], energy[good], value[good]
            waiting[done] = False
            miss, place = at[~good], point[~good]
            below = place < here[miss]
            low[miss[below]], high[miss[~below]] = place[below], place[~below]
            if not len(miss):
                break


def coordinate_slice(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """nE[K] by slice sampling along coordinates: a negative control. See
    :class:`BoxSettings`.

    On K = w² it is right, for a line has no corners; in valleys it is not.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> abs(measure(coordinate_slice, square, seed=0).lambda_.value - 0.5) < 0.03
    True
    """
    return reading_in_a_box("coordinate-slice", _slice_sweep, loss, seed, budget, settings)


DEVICE = Device(
    name="coordinate-slice",
    summary="a negative control: slice sampling of one coordinate at a time",
    scope="Reads nE[K] in a box around w* and claims it as λ. It is right where the minima have no "
    "curved valley, and kept because it is confidently wrong where they have.",
    Settings=BoxSettings,
    run=coordinate_slice,
    plot=plot,
    fails="the law of one coordinate given the others is as narrow as the valley, which is crossed "
    "in n^(1/2) sweeps; the chains agree long before",
)
