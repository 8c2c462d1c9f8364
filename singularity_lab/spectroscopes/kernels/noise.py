"""Random numbers of chains: from one generator, or for several runs that go side by side as one
batch.

A run that goes beside others draws the numbers that it would draw alone: each has a generator of
its own, and runs whose generators are in one state (one seed) share what is drawn once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["SideBySide", "Source", "length", "normal", "uniform"]


class SideBySide:
    """The generators of several runs with equally many chains; the chains of the first run come
    first, then those of the second, ….

    >>> def seeded(seed):
    ...     return torch.Generator().manual_seed(seed)
    >>> three = SideBySide([seeded(0), seeded(1), seeded(0)])
    >>> a, b, c = three.uniform(6, "cpu").view(3, 2).tolist()
    >>> a == c, a == b, a == uniform(2, seeded(0), "cpu").tolist()
    (True, False, True)
    """

    def __init__(self, generators: Sequence[torch.Generator]) -> None:
        states = [bytes(g.get_state().numpy().tobytes()) for g in generators]
        first = list(dict.fromkeys(states))
        self.runs = len(states)
        self.generators = [generators[states.index(s)] for s in first]
        self.which = torch.tensor([first.index(s) for s in states])

    def _spread(self, drawn: list[Tensor], axis: int) -> Tensor:
        """What each generator has drawn, for all runs, along an axis of the chains."""
        if len(drawn) == 1:
            return torch.cat(drawn * self.runs, axis)
        return torch.cat([drawn[k] for k in self.which.tolist()], axis)

    def uniform(self, chains: int, device: torch.device | str) -> Tensor:
        """(c,) numbers in [0, 1)."""
        each = chains // self.runs
        return self._spread([uniform(each, g, device) for g in self.generators], 0)

    def normal(self, chains: int, d: int, device: torch.device | str, by_row: bool) -> Tensor:
        """(c, d) normal numbers in single precision."""
        each = chains // self.runs
        return self._spread([normal(each, d, g, device, by_row) for g in self.generators], 0)

    def length(self, most: int, chains: int, device: torch.device | str) -> int | Tensor:
        """One whole number from 1 to ``most`` for all runs, or (c, 1), one for each run."""
        drawn = [length(most, 1, g, device) for g in self.generators]
        if len(drawn) == 1:
            return drawn[0]
        each = torch.tensor(drawn, device=device)[self.which.to(device)]
        return each.repeat_interleave(chains // self.runs)[:, None]


Source = torch.Generator | SideBySide


def uniform(chains: int, source: Source, device: torch.device | str) -> Tensor:
    """(c,) numbers in [0, 1), in double precision."""
    if isinstance(source, SideBySide):
        return source.uniform(chains, device)
    return torch.rand((chains,), generator=source, dtype=torch.float64, device=device)


def normal(
    chains: int, d: int, source: Source, device: torch.device | str, by_row: bool = True
) -> Tensor:
    """(c, d) standard normal numbers in single precision, drawn and laid out by chain or by
    parameter."""
    if isinstance(source, SideBySide):
        return source.normal(chains, d, device, by_row)
    shape = (chains, d) if by_row else (d, chains)
    drawn = torch.empty(shape, dtype=torch.float32, device=device).normal_(generator=source)
    return drawn if by_row else drawn.t()


def length(most: int, chains: int, source: Source, device: torch.device | str) -> int | Tensor:
    """A whole number from 1 to ``most``, uniform: one for all chains, or (c, 1) where several runs
    draw their own."""
    if isinstance(source, SideBySide):
        return source.length(most, chains, device)
    return 1 + int(torch.randint(most, (1,), generator=source, device=device))
