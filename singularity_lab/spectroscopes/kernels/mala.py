"""Metropolis-adjusted Langevin with a mixture of step sizes learned in warm-up. Roberts–Tweedie
1996.

Proposal v = u − (ε/2)∇U(u) + N(0, ε) for the potential U = nβK + γ|u|²/2 − Σ τᵢ log|wᵢ|, accepted
with probability min(1, e^{−U(v)} q(v→u) / e^{−U(u)} q(u→v)): the target is exact at every ε. Near
a singular point one ε never suits: it must be small on the steep sides of a valley and large along
it. So every step draws its ε from a log-spaced histogram, whose weights are proportional to
acceptance · √ε and frozen after warm-up (a mixture of kernels that each keep the target keeps it).
"""

from __future__ import annotations

import torch

from singularity_lab.spectroscopes.kernels import layout
from singularity_lab.spectroscopes.kernels.accept import (
    MetropolisState,
    Steps,
    Target,
    accepted,
    init,
)
from singularity_lab.spectroscopes.kernels.noise import Source

__all__ = ["MetropolisState", "Steps", "Target", "adapt", "init", "step", "steps"]


def steps(
    smallest: float,
    largest: float,
    count: int = 20,
    groups: int = 1,
    device: torch.device | str = "cpu",
) -> Steps:
    """Return log-spaced step sizes with equal weights for ``groups`` groups of chains."""
    epsilon = torch.logspace(
        torch.log10(torch.tensor(smallest)).item(),
        torch.log10(torch.tensor(largest)).item(),
        count,
        dtype=torch.float64,
        device=device,
    )
    flat = torch.full((groups, count), 1.0 / count, dtype=torch.float64, device=device)
    half = torch.full((groups, count), 0.5, dtype=torch.float64, device=device)
    return Steps(epsilon, flat, 2 * half, half)


def adapt(s: Steps, floor: float = 0.01) -> Steps:
    """New weights ∝ acceptance rate · √ε, each at least ``floor`` of its group's largest; counts
    are halved (forgetting)."""
    worth = s.accepted / s.tried * s.sizes.sqrt()
    weights = torch.maximum(worth, floor * worth.amax(1, keepdim=True))
    return Steps(s.epsilon, weights / weights.sum(1, keepdim=True), s.tried / 2, s.accepted / 2)


def step(
    state: MetropolisState, s: Steps, potential: Target, generator: Source, learn: bool = False
) -> MetropolisState:
    """One step of all chains; with ``learn`` the histograms' counters are updated in place."""
    size, place = s.choose(len(state.position), generator)
    eps = size[:, None]
    noise = layout.normal(state.position, generator).to(torch.float64)
    proposal = torch.addcmul(state.position, eps, state.gradient, value=-0.5)
    proposal.addcmul_(eps.sqrt(), noise)
    new = init(proposal, potential)
    back = state.position - proposal + 0.5 * eps * new.gradient
    log_ratio = state.potential - new.potential
    log_ratio += 0.5 * (noise * noise).sum(1) - 0.5 * (back * back).sum(1) / eps[:, 0]
    accept = accepted(log_ratio, generator)  # False for NaN and for +∞ potentials
    if learn:
        s.count(place, accept)
    return state.moved_to(new, accept)
