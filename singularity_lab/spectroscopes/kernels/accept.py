"""What kernels with an accept step share: states, step sizes drawn from a mixture, and the state
after a proposal.

Every proposal draws its ε from a histogram of its group of chains, whose weights are learned in
warm-up and then frozen: a mixture of kernels that each keep the target keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from singularity_lab.spectroscopes.kernels import noise

Target = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""u (c, d) → U (c,), ∇U (c, d), K (c,): the potential (e^{−U} is sampled; +∞ outside the domain),
its gradient, and a quantity that travels with the state: K itself, for its average."""

_BY_GROUP = ("weights", "tried", "accepted")


@dataclass(frozen=True)
class Steps:
    """The histograms of step sizes. epsilon (s,); weights (g, s), rows summing to one; tried and
    accepted counts (g, s), updated in place while learning.

    Of c chains, chain k belongs to group ⌊k·g/c⌋: g = c learns for every chain on its own, g = 1
    pools them. Where several runs go side by side, epsilon is (r, s), a row for each run, and the
    groups are those of the first run, then those of the second, ….
    """

    epsilon: Tensor
    weights: Tensor
    tried: Tensor
    accepted: Tensor

    @classmethod
    def beside(cls, runs: Sequence[Steps]) -> Steps:
        """The histograms of several runs with equally many groups and step sizes, as one."""
        return cls(
            torch.stack([s.epsilon for s in runs]),
            *(torch.cat([getattr(s, name) for s in runs]) for name in _BY_GROUP),
        )

    def of_run(self, k: int) -> Steps:
        """The histograms of the k-th of several runs."""
        size = len(self.weights) // len(self.epsilon)
        part = slice(k * size, (k + 1) * size)
        return Steps(self.epsilon[k], *(getattr(self, name)[part] for name in _BY_GROUP))

    @property
    def groups(self) -> int:
        """Groups of chains of one run."""
        return len(self.weights) // (len(self.epsilon) if self.epsilon.ndim == 2 else 1)

    @property
    def sizes(self) -> Tensor:
        """The step sizes as a row for every group (g, s), or one row for all."""
        return (
            self.epsilon.repeat_interleave(self.groups, 0)
            if self.epsilon.ndim == 2
            else self.epsilon
        )

    def choose(self, chains: int, generator: noise.Source) -> tuple[Tensor, Tensor]:
        """For each chain, a step size drawn by the weights, and its place in the counts: (c,) and
        (c,)."""
        device = self.epsilon.device
        groups, count = self.weights.shape
        group = torch.arange(chains, device=device) * groups // chains
        mass = torch.cumsum(self.weights, 1)
        draw = noise.uniform(chains, generator, device)[:, None]
        which = (draw > mass[group]).sum(1).clamp_(max=count - 1)
        run = group // self.groups
        return self.epsilon.view(-1, count)[run, which], group * count + which

    def count(self, place: Tensor, accepted: Tensor) -> None:
        """Count one trial at each place (c,), and which of them were accepted, in place."""
        one = torch.ones(len(place), dtype=torch.float64, device=place.device)
        self.tried.view(-1).index_add_(0, place, one)
        self.accepted.view(-1).index_add_(0, place, accepted.to(torch.float64))


@dataclass(frozen=True)
class MetropolisState:
    """position u (c, d); potential U (c,), its gradient (c, d), and K (c,) there."""

    position: Tensor
    potential: Tensor
    gradient: Tensor
    value: Tensor

    def moved_to(self, new: MetropolisState, accepted: Tensor) -> MetropolisState:
        """The new state for the chains that accepted it (c,), and this one for the others."""
        row = accepted[:, None]
        return MetropolisState(
            torch.where(row, new.position, self.position),
            torch.where(accepted, new.potential, self.potential),
            torch.where(row, new.gradient, self.gradient),
            torch.where(accepted, new.value, self.value),
        )


def init(position: Tensor, target: Target) -> MetropolisState:
    """The state at positions (c, d)."""
    return MetropolisState(position, *target(position))


def accepted(log_ratio: Tensor, generator: noise.Source) -> Tensor:
    """Whether each chain (c,) accepts, by the logarithm of its ratio: never where that is NaN."""
    uniform = noise.uniform(len(log_ratio), generator, log_ratio.device)
    return torch.log(uniform) < log_ratio
