"""Checkpoints and devices for tests of trajectories."""

from __future__ import annotations

import torch
from torch import nn

from singularity_lab.spectroscopes import Budget, Cost, Estimate, Outcome, Reading

calls: list[tuple] = []


breaks: dict[int, type[BaseException]] = {}  # at which call, and how


def ruler(loss, *, seed, budget: Budget, n=100.0) -> Reading:
    """A device that costs nothing: it reads the norm of the centre, and notes that it was asked."""
    calls.append((seed, n))
    value = float(loss.center.norm())
    if len(calls) in breaks:
        raise breaks[len(calls)]("the device broke")
    return Reading(
        "ruler", loss.loss_id, loss.dim, {"n": n}, seed,
        {"llc": Estimate(value, value - 0.2, value + 0.2, 0.9)}, None, Outcome.OK, "",
        Cost(1, 0, 0.0, 1),
    )  # fmt: skip


def states(count=5):
    """Linear maps whose weights are k + 1 everywhere."""
    return {10 * k: {"weight": torch.full((1, 2), k + 1.0)} for k in range(count)}


def given(**more):
    torch.manual_seed(0)
    x = torch.randn(20, 2)
    return {
        "model": nn.Linear(2, 1, bias=False), "data": (x, x @ torch.ones(2, 1)),
        "device": ruler, "progress": False, **more,
    }  # fmt: skip
