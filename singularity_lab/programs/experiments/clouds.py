"""The divisor on which a cloud of samples sits, named blind, from samples of the errors alone.

Along the tempered posterior exp(−nE) the coordinates fall as log ε_i ≈ −v_i·log n + O(1), where v
is the optimal weighted blow-up of the code (the centre of its face where m > 1). So two clouds
of one program, at n₁ and n₂, give every v_i as a slope. The coordinates have lost their names and
their order: what is compared is the sorted list of slopes, so that programs with the same orders
cannot be told apart, whatever else they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from singularity_lab.errors import BadInput
from singularity_lab.programs.experiments.sampling import FaceSlice, temper
from singularity_lab.programs.library import program
from singularity_lab.programs.syndromes import SyndromeProgram

Orders = tuple[float, ...]


def exact_orders(name: str) -> Orders:
    """The orders v_i > 0 of a program at its code, the largest first.

    >>> exact_orders("xor-4nand-shared")
    (1.0, 1.0, 1.0, 0.5)
    """
    p = program(name)
    hitting = SyndromeProgram(p, p.steps, "exact").solve()
    return tuple(sorted((float(v) for v in hitting.primal if v), reverse=True))


def measured_orders(low: Sequence[Orders], high: Sequence[Orders], ratio: float) -> Orders:
    """Slopes of the mean log ε_i between clouds at n and at ratio·n, the largest first.

    low, high: log ε of the samples at n and at ratio·n. Raises BadInput for an empty cloud.

    >>> measured_orders([(-1.0, 0.0)], [(-3.0, -1.0)], 2.718281828459045)
    (2.0, 1.0)
    """
    if not low or not high:
        raise BadInput("clouds: at least one sample of each is needed")

    def mean(cloud: Sequence[Orders], i: int) -> float:
        return sum(t[i] for t in cloud) / len(cloud)

    slopes = [(mean(low, i) - mean(high, i)) / log(ratio) for i in range(len(low[0]))]
    return tuple(sorted(slopes, reverse=True))


def nearest(orders: Orders, candidates: Mapping[str, Orders]) -> str:
    """The candidate whose orders are nearest, missing ones counted as 0; the first of equals.

    >>> nearest((1.1, 0.9, 0.1), {"two": (1.0, 1.0), "three": (1.0, 1.0, 1.0)})
    'two'
    """

    def distance(other: Orders) -> float:
        size = max(len(orders), len(other))
        a = [*orders, *[0.0] * (size - len(orders))]
        b = [*other, *[0.0] * (size - len(other))]
        return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))

    return min(candidates, key=lambda name: distance(candidates[name]))


@dataclass(frozen=True)
class Confusion:
    """How many clouds of each program were given which orders.

    names: of the programs; groups: those with the same orders, which cannot be told apart, by their
    first. counts: (program, group) → clouds. mixed: whether both chains of a program had mixed.
    """

    names: tuple[str, ...]
    groups: Mapping[str, str]
    counts: Mapping[tuple[str, str], int]
    mixed: Mapping[str, bool]

    @property
    def right(self) -> int:
        """The clouds that were given their own group."""
        return sum(n for (name, group), n in self.counts.items() if self.groups[name] == group)

    @property
    def total(self) -> int:
        """How many clouds were named."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        lines = [f"{self.right} of {self.total} clouds named rightly"]
        for name in self.names:
            row = {g: n for (p, g), n in self.counts.items() if p == name}
            told = ", ".join(f"{g} {n}" for g, n in row.items())
            note = "" if self.mixed[name] else " (not mixed)"
            lines.append(f"  {name} [{self.groups[name]}]: {told}{note}")
        return "\n".join(lines)


def confusion(
    names: Sequence[str],
    *,
    n: float = 1e3,
    ratio: float = 1e2,
    clouds: int = 10,
    chains: int = 20,
    steps: int = 800,
    seed: int = 0,
) -> Confusion:
    """Name clouds of programs blind, and count which were named how.

    clouds: of each program, with so many chains each, at n and at ratio·n. The candidates are the
    exact orders of all programs.
    """
    exact = {name: exact_orders(name) for name in names}
    first: dict[Orders, str] = {}
    groups = {name: first.setdefault(exact[name], name) for name in names}
    candidates = {group: exact[group] for group in first.values()}
    counts: dict[tuple[str, str], int] = {}
    mixed = {}
    for k, name in enumerate(names):
        here = FaceSlice(program(name))
        runs = [
            temper(here, size, seed=seed + 2 * k + i, chains=clouds * chains, steps=steps)
            for i, size in enumerate((n, ratio * n))
        ]
        mixed[name] = all(run.mixed for run in runs)
        for cloud in range(clouds):
            part = slice(cloud * chains, (cloud + 1) * chains)
            orders = measured_orders(runs[0].logs[part], runs[1].logs[part], ratio)
            key = (name, nearest(orders, candidates))
            counts[key] = counts.get(key, 0) + 1
    return Confusion(tuple(names), groups, counts, mixed)
