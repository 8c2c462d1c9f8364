"""Hamiltonian Monte Carlo over batched chains, step sizes learned in warm-up. Duane, Kennedy,
Pendleton, Roweth 1987; Neal 2011.

With momenta p ~ N(0, 1) and scales s of the coordinates the leapfrog map

    p ← p − (ε/2)·s∇U(u),   u ← u + ε·s·p,   p ← p − (ε/2)·s∇U(u)      (L times)

keeps volume and is reversible, so accepting its end with probability min(1, e^{H − H'}), H = U +
|p|²/2, keeps e^{−U} at every ε and L. Near a singular point no single ε suits: every trajectory
draws its own from a log-spaced histogram, and weights of the histogram, one for every group of
chains, are learned in warm-up from acceptance and then frozen (a mixture of kernels that each keep
the target keeps it).
"""

from __future__ import annotations

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.kernels import noise
from singularity_lab.spectroscopes.kernels.accept import (
    MetropolisState,
    Steps,
    Target,
    accepted,
    init,
)

__all__ = ["MetropolisState", "Steps", "Target", "adapt", "init", "step", "steps"]


def steps(
    smallest: float,
    largest: float,
    count: int = 12,
    groups: int = 1,
    device: torch.device | str = "cpu",
) -> Steps:
    """Return log-spaced step sizes with equal weights for ``groups`` groups of chains.

    >>> steps(0.01, 1.0, 3).epsilon.tolist()
    [0.01, 0.1, 1.0]
    """
    if not (0 < smallest <= largest < float("inf")) or count < 1 or groups < 1:
        raise BadInput(
            "steps: expected 0 < smallest ≤ largest, count ≥ 1 and groups ≥ 1, "
            f"received {smallest}, {largest}, {count} and {groups}"
        )
    grid = torch.linspace(0, 1, count, dtype=torch.float64, device=device)
    epsilon = smallest * (largest / smallest) ** grid
    flat = torch.full((groups, count), 1.0 / count, dtype=torch.float64, device=device)
    zero = torch.zeros((groups, count), dtype=torch.float64, device=device)
    return Steps(epsilon, flat, zero, zero.clone())


def adapt(s: Steps, *, floor: float = 0.01, strength: float = 8.0) -> Steps:
    """New weights ∝ acceptance · ε, each at least ``floor`` of the group's largest.

    The rate of a group is drawn towards that of all groups with the weight of ``strength`` trials
    (an empirical-Bayes mean), so that groups with few trials do not chase noise. Counts are halved:
    the early ones are forgotten.
    """
    shape = (-1, s.groups, s.weights.shape[1])  # run, group, size
    tried, accepted = s.tried.view(shape), s.accepted.view(shape)
    pooled = (accepted.sum(1, keepdim=True) + 0.5) / (tried.sum(1, keepdim=True) + 1.0)
    rate = (accepted + strength * pooled) / (tried + strength)
    worth = rate.view(s.weights.shape) * s.sizes
    weights = torch.maximum(worth, floor * worth.amax(1, keepdim=True))
    weights = weights / weights.sum(1, keepdim=True)
    return Steps(s.epsilon, weights, s.tried / 2, s.accepted / 2)


def step(
    state: MetropolisState,
    s: Steps,
    target: Target,
    generator: noise.Source,
    *,
    leapfrogs: int = 8,
    scale: Tensor | None = None,
    learn: bool = False,
) -> MetropolisState:
    """One trajectory of every chain: c·L gradients, L drawn uniformly from 1 … ``leapfrogs``; runs
    that go side by side and draw their own L take the largest of them (what is over moves nothing).

    scale: s, (d,) or (c, d), of the coordinates; None for one. learn: count trials and acceptances
    in ``s`` (in place). A trajectory that leaves the finite numbers, or the domain (U = +∞), is
    rejected.

    A Gaussian of variance 1/4 from far away:

    >>> g = torch.Generator().manual_seed(0)
    >>> def target(u):
    ...     return 2 * (u * u).sum(1), 4 * u, u[:, 0]
    >>> state, s = init(torch.full((500, 1), 5.0, dtype=torch.float64), target), steps(0.1, 0.8, 4)
    >>> for _ in range(30):
    ...     state = step(state, s, target, g)
    >>> 0.2 < float(state.position.square().mean()) < 0.3
    True
    """
    u, gradient = state.position, state.gradient
    c, d = u.shape
    device = u.device
    length = noise.length(leapfrogs, c, generator, device)
    epsilon, place = s.choose(c, generator)
    epsilon = epsilon[:, None]
    p = noise.normal(c, d, generator, device).to(torch.float64)
    # 24 random bits; what follows is in double precision
    move = epsilon if scale is None else epsilon * scale
    before = state.potential + 0.5 * (p * p).sum(1)
    p.addcmul_(move, gradient, value=-0.5)
    if isinstance(length, int):
        for k in range(length):
            u = torch.addcmul(u, move, p)
            potential, gradient, value = target(u)
            p.addcmul_(move, gradient, value=-1.0 if k < length - 1 else -0.5)
    else:
        for k in range(int(length.max())):
            u = torch.addcmul(u, move * (k < length), p)
            potential, gradient, value = target(u)
            p.addcmul_(
                move * (0.5 * ((k < length).double() + (k < length - 1))), gradient, value=-1
            )
    log_ratio = before - potential - 0.5 * (p * p).sum(1)
    accept = accepted(log_ratio, generator)  # False for NaN and for +∞
    if learn:
        s.count(place, accept)
    return state.moved_to(MetropolisState(u, potential, gradient, value), accept)
