"""Stochastic gradient Langevin dynamics for the localised tempered posterior. Welling–Teh 2011;
Lau et al. 2023.

    u ← u − (ε/2)·(nβ·∇K(u) + γ·u) + N(0, ε)

targets exp(−nβK(u) − γ|u|²/2) as ε → 0. Unadjusted: at finite ε a direction of curvature h is
sampled too wide, by the factor 1/(1 − εnβh/4) in the variance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Gradient = Callable[[Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class State:
    """position: columns (d, c). value, gradient: of the loss there, (c,) and (d, c)."""

    position: Tensor
    value: Tensor
    gradient: Tensor


def init(position: Tensor, k_and_grad: Gradient) -> State:
    """The state at a position (d, c)."""
    value, gradient = k_and_grad(position.t())
    return State(position, value, gradient.t())


def step(
    state: State,
    k_and_grad: Gradient,
    *,
    epsilon: float,
    nbeta: float,
    gamma: float,
    generator: torch.Generator,
    lower: Tensor | None = None,
    upper: Tensor | None = None,
) -> State:
    """One step of all chains. lower, upper: (d, 1) walls at which chains are reflected.

    Noise is drawn in single precision (its 24 bits are far below the step) and added in double.
    """
    u = state.position
    noise = torch.empty(u.shape, dtype=torch.float32).normal_(generator=generator)
    u = u * (1.0 - 0.5 * epsilon * gamma)
    u.add_(state.gradient, alpha=-0.5 * epsilon * nbeta)
    u.add_(noise, alpha=epsilon**0.5)
    if lower is not None and upper is not None:
        u = torch.where(u < lower, 2 * lower - u, u)
        u = torch.where(u > upper, 2 * upper - u, u)
    return init(u, k_and_grad)
