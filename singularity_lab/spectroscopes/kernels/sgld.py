"""Stochastic gradient Langevin dynamics for the localised tempered posterior. Welling–Teh 2011;
Lau et al. 2023. Preconditioned by RMSprop: Li, Chen, Carlson, Carin 2016.

    u ← u − (ε/2)·(nβ·∇K(u) + γ·u) + N(0, ε)

targets exp(−nβK(u) − γ|u|²/2) as ε → 0. Unadjusted: at finite ε a direction of curvature h is
sampled too wide, by the factor 1/(1 − εnβh/4) in the variance.

RMSprop-SGLD has a step of its own in every coordinate, G = 1/(δ + √V), V a moving average of
(∇K)². With a preconditioner that depends on u, the drift needs the divergence Γ_i = ∂G_ii/∂u_i:

    u ← u − (ε/2)·G·(nβ·∇K + γ·u) + (ε/2)·Γ + N(0, εG).

Without Γ, as it is mostly run, the target is another one: steps are short where gradients are
large, and the chain stays there. Here V = αV + (1 − α)(∇K)² has the derivative 2(1 − α)·∂_iK·∂²_iK,
and ∂²_iK is estimated by Hutchinson's probe: (∂_iK(u + η) − ∂_iK(u))/η_i, signs of η random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from singularity_lab.spectroscopes.kernels import layout

_LONG = 1 << 14  # parameters of a chain that is long
_BLOCK = 1 << 18  # numbers that are moved together

Gradient = Callable[[Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class SgldState:
    """position (c, d). value, gradient: of the loss there, (c,) and (c, d).

    second: moving average of the squared gradient (c, d), of RMSprop-SGLD; None without.
    """

    position: Tensor
    value: Tensor
    gradient: Tensor
    second: Tensor | None = None


def init(position: Tensor, k_and_grad: Gradient, *, rmsprop: bool = False) -> SgldState:
    """The state at positions (c, d)."""
    value, gradient = k_and_grad(position)
    return SgldState(position, value, gradient, gradient * gradient if rmsprop else None)


def reflect(u: Tensor, lower: Tensor | None, upper: Tensor | None) -> Tensor:
    """Positions (c, d) that passed a wall (d,), turned back."""
    if lower is None or upper is None:
        return u
    u = torch.where(u < lower, 2 * lower - u, u)
    return torch.where(u > upper, 2 * upper - u, u)


def step(
    state: SgldState,
    k_and_grad: Gradient,
    *,
    epsilon: Tensor,
    nbeta: float,
    gamma: float,
    generator: torch.Generator,
    lower: Tensor | None = None,
    upper: Tensor | None = None,
) -> SgldState:
    """One step of all chains, in the precision of the position. epsilon: (c,), the step of each
    chain. lower, upper: (d,) walls at which chains are reflected.

    Noise is drawn in single precision (its 24 bits are far below the step). Chains of very many
    parameters in single precision move a few at a time, in the place of ``state``: what they need
    stays in the cache, and nothing large is allocated.
    """
    u = state.position
    if u.shape[1] >= _LONG and u.is_contiguous() and u.dtype == torch.float32:
        walls = None if lower is None or upper is None else (lower, upper)
        value = _in_place(state, k_and_grad, epsilon, nbeta, gamma, generator, walls)
        return SgldState(u, value, state.gradient)
    epsilon = epsilon.reshape(-1, 1)
    new = layout.normal(u, generator).mul_(epsilon.sqrt())
    new = new.to(u.dtype)  # a sum of two precisions takes three times as long as the copy
    new.addcmul_(u, 1.0 - 0.5 * epsilon * gamma)
    new.addcmul_(state.gradient, epsilon, value=-0.5 * nbeta)
    new = reflect(new, lower, upper)
    return SgldState(new, *k_and_grad(new))


def _in_place(
    state: SgldState,
    k_and_grad: Gradient,
    epsilon: Tensor,
    nbeta: float,
    gamma: float,
    generator: torch.Generator,
    walls: tuple[Tensor, Tensor] | None,
) -> Tensor:
    """Move long chains in their place; the values there, as their gradients take the place of those
    before. A gradient that can write into a given place (``into``) is asked to."""
    into, few = getattr(k_and_grad, "into", None), max(1, _BLOCK // state.position.shape[1])
    values, steps = [], epsilon.tolist()
    scratch = torch.empty_like(state.position[:few])
    for k in range(0, len(steps), few):
        u, g = state.position[k : k + few], state.gradient[k : k + few]
        z = scratch[: len(u)].normal_(generator=generator)
        for position, gradient, normal, e in zip(u, g, z, steps[k : k + few], strict=True):
            normal.mul_(e**0.5).add_(gradient, alpha=-0.5 * nbeta * e)
            torch.add(normal, position, alpha=1.0 - 0.5 * e * gamma, out=position)
        if walls is not None:
            u.copy_(reflect(u, *walls))
        if into is not None:
            values.append(into(u, g))
        else:
            value, slope = k_and_grad(u)
            values.append(value)
            g.copy_(slope)
    return torch.cat(values)


def rmsprop_step(
    state: SgldState,
    k_and_grad: Gradient,
    *,
    epsilon: Tensor,
    nbeta: float,
    gamma: float,
    generator: torch.Generator,
    decay: float = 0.99,
    stability: float = 0.1,
    probe: Gradient | None = None,
    lower: Tensor | None = None,
    upper: Tensor | None = None,
) -> SgldState:
    """One step of RMSprop-SGLD. epsilon: (c,); decay: α; stability: δ; probe: the function whose
    gradient the state holds (for minibatches that of the *same* rows), for the term Γ at the price
    of one more gradient a step; None leaves Γ out.

    The probe moves each coordinate by a tenth of its own noise √(εG): the curvature that the chain
    feels, far above rounding.
    """
    u, g, epsilon = state.position, state.gradient, epsilon.reshape(-1, 1)
    assert state.second is not None
    root = state.second.sqrt()
    metric = 1.0 / (stability + root)
    drift = metric * (nbeta * g + gamma * u)
    if probe is not None:
        by_parameter = (u.shape[1], u.shape[0])
        signs = torch.randint(2, by_parameter, generator=generator, device=u.device).t()
        eta = (2.0 * signs.to(u.dtype) - 1.0) * (0.1 * (epsilon * metric).sqrt())
        _, beside = probe(u + eta)
        curvature = (beside - g) / eta
        slope = (1.0 - decay) * g * curvature / root.clamp_min(1e-30)  # ∂√V
        drift = drift + slope * metric * metric
    noise = layout.normal(u, generator)
    new = u - 0.5 * epsilon * drift + (epsilon * metric).sqrt() * noise
    new = reflect(new, lower, upper)
    value, gradient = k_and_grad(new)
    second = decay * state.second + (1.0 - decay) * gradient * gradient
    return SgldState(new, value, gradient, second)
