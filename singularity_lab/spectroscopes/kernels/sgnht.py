"""The stochastic gradient Nosé–Hoover thermostat. Ding, Fang, Babbush, Chen, Skeel, Neven 2014.

    p ← p − h·∇U(u) − h·ξ·p + N(0, 2Ah),   u ← u + h·p,   ξ ← ξ + h·(|p|²/d − 1)

with U = nβK + γ|u|²/2 and one thermostat ξ a chain. The pair (u, p) has the law e^{−U − |p|²/2};
ξ adapts the friction to the noise that minibatches add, whose size need not be known. The term ξ·p
is the thermostat's hold on the momentum: without it (a defect of one public implementation) p is
only driven, by the gradient and by noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from singularity_lab.spectroscopes.kernels import layout
from singularity_lab.spectroscopes.kernels.sgld import Gradient, reflect


@dataclass(frozen=True)
class SgnhtState:
    """position, momentum (c, d); thermostat ξ (c,); value (c,) and gradient (c, d) of the
    loss."""

    position: Tensor
    momentum: Tensor
    thermostat: Tensor
    value: Tensor
    gradient: Tensor


def init(
    position: Tensor, k_and_grad: Gradient, generator: torch.Generator, *, friction: float
) -> SgnhtState:
    """The state at positions (c, d), with momenta from their law and ξ = A."""
    value, gradient = k_and_grad(position)
    momentum = layout.normal(position, generator).to(position.dtype)
    thermostat = torch.full(
        (len(position),), friction, dtype=position.dtype, device=position.device
    )
    return SgnhtState(position, momentum, thermostat, value, gradient)


def step(
    state: SgnhtState,
    k_and_grad: Gradient,
    *,
    h: Tensor,
    nbeta: float,
    gamma: float,
    friction: float,
    generator: torch.Generator,
    hold: bool = True,
    lower: Tensor | None = None,
    upper: Tensor | None = None,
) -> SgnhtState:
    """One step of all chains. h: (c,), step in time (h² compares with the ε of SGLD); friction: A.

    hold: False leaves out the momentum term, and is kept as a negative control. Walls turn the
    chain back with its momentum.
    """
    u, p = state.position, state.momentum
    noise = layout.normal(u, generator).mul_((2.0 * friction * h.reshape(-1, 1)).sqrt())
    force = torch.add(nbeta * state.gradient, u, alpha=gamma)
    damped = p * (1.0 - h * state.thermostat)[:, None] if hold else p
    p = torch.addcmul(damped, force, h.reshape(-1, 1), value=-1.0) + noise
    moved = torch.addcmul(u, p, h.reshape(-1, 1))
    new = reflect(moved, lower, upper)
    if new is not moved:
        p = torch.where(new == moved, p, -p)
    value, gradient = k_and_grad(new)
    thermostat = state.thermostat + h * ((p * p).mean(1) - 1.0)
    return SgnhtState(new, p, thermostat, value, gradient)
