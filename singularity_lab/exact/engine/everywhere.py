"""The least (λ, m) over all zeros of K in a domain, and the strata that the proof cuts it into.

Each variable starts as a parameter, so that the family is that of all germs of the
domain; the chart tree splits it by the generators and their derivatives. The local value takes
finitely many values on a compact semialgebraic set (Watanabe 2009, Theorem 6.6), and over R^d as
well, K being a polynomial.

λ here is the least over *points*. It governs a volume near {K = 0} only on a compact set: the
volume of {K < ε} in R^d itself may be infinite.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from singularity_lab.algebra import maps
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import Interval, LocalProblem
from singularity_lab.exact.engine.germs import LOCAL, PARAM, Generator, Germs
from singularity_lab.exact.engine.limits import resident, stopped_by_interrupt
from singularity_lab.exact.engine.outcome import Outcome, joined, least
from singularity_lab.exact.engine.parameters import singular_values, splitting_polynomials
from singularity_lab.exact.engine.resolution import Resolution, Search
from singularity_lab.exact.proof.certificate import Step
from singularity_lab.exact.proof.everywhere import coordinate, cut
from singularity_lab.system.deadline import OutOfTime, TimeLimit, check_time, clock

Cells = list[tuple[Step, Any]]


def all_germs(problem: LocalProblem) -> Germs:
    """The family of the germs at all points of R^d."""
    names = problem.variables
    return Germs(
        names=names,
        role=dict.fromkeys(range(len(names)), PARAM),
        positive=frozenset(),
        k={},
        h={i: t for i, t in enumerate(problem.prior) if t},
        gens=tuple(Generator(g.flint) for g in problem.ideal.generators),
    ).normal()


def cell(g: Germs, i: int, piece: Interval, end: bool) -> Germs:
    """The family on a cell of variable i, as :func:`proof.everywhere.cell` has it."""
    numerator, denominator = coordinate(g.names, i, piece, end)
    power = numerator ** g.k.get(i, 0)
    h = dict(g.h)
    if not maps.at_zero(numerator, (i,)).is_zero():
        h.pop(i, None)
    return g.but(
        gens=tuple(
            Generator(power * maps.pull_back(f.poly, i, numerator, denominator)) for f in g.gens
        ),
        k={j: e for j, e in g.k.items() if j != i},
        role={**g.role, i: LOCAL if end else PARAM},
        positive=g.positive | {i},
        h=h,
    ).normal()


@dataclass
class EverywhereSearch(Search):
    """The chart tree from a family of all germs, with a last resort before blowing up."""

    patience: float = 0.2
    saddles: bool = True

    def over(
        self, g: Germs, intervals: Sequence[tuple[int, Interval]], target: RLCT | None, fuel: int
    ) -> Outcome:
        """The cells of the intervals, then each cell's family."""
        if not intervals:
            return self.solve(g, target, fuel)
        (i, interval), *left = intervals
        outcomes = []
        for piece, end in cut(interval, bool(g.h.get(i))):
            found = self.over(cell(g, i, piece, end), left, target, fuel)
            outcomes.append(found)
            if found.upper is not None and (target is None or found.upper < target):
                target = found.upper
        return least(outcomes, {"op": "interval", "var": g.names[i]})

    def split(self, g: Germs, q: Any, target: RLCT | None, fuel: int) -> Outcome | None:
        """As in the chart tree; but what signs make definite is no coordinate."""
        if len(q) > 1 and Generator(q).occurs & g.positive - {g.symbol}:
            found = self.without_zero(g, q, target, fuel)
            if found is not None:
                return found
        return super().split(g, q, target, fuel)

    def definite(self, g: Germs, q: Any) -> Any:
        """Units may distract: what the signs of the variables prove alone comes first."""
        if g.units:
            found = g.no_common_zero([q], self.patience, alone=True)
            if isinstance(found, dict):
                return found
        return super().definite(g, q)

    def last_resort(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome | None:
        """Split on the factors of the coefficient of a variable in which a condition is linear,
        else on factors of derivatives, those that divide most derivatives first."""
        wanted = splitting_polynomials(g)
        for q in wanted:
            found = self.split_linear(g, q, target, fuel)
            if found is not None:
                return found
        counts: dict[str, tuple[int, Any]] = {}
        for q in wanted:
            for i in sorted(Generator(q).occurs - {g.symbol}):
                for p, _ in factor(q.derivative(i))[1]:
                    if not p.is_constant() and not g.is_unit(p):
                        counts[str(p)] = (counts.get(str(p), (0, p))[0] + 1, p)
        listed = sorted(
            counts.values(), key=lambda c: (-c[0], c[1].total_degree(), len(c[1]), str(c[1]))
        )
        for _, p in listed[:4]:
            found = self.split(g, p, target, fuel)
            if found is not None:
                return found
        return None

    def split_linear(self, g: Germs, q: Any, target: RLCT | None, fuel: int) -> Outcome | None:
        degrees = g.degrees(q)
        for i in sorted(Generator(q).occurs - {g.symbol}):
            if degrees[i] != 1 or not g.is_free(i):
                continue
            c = g.coefficients(Generator(q), i)[1]
            for p, _ in factor(c)[1]:
                if not p.is_constant() and not g.is_unit(p):
                    found = self.split(g, p, target, fuel)
                    if found is not None:
                        return found
        return None


def resolve_everywhere(
    problem: LocalProblem,
    *,
    budget: float | None = None,
    nodes: int | None = None,
    memory: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Resolution, bool]:
    """Search for a proof of the least (λ, m) over the domain of a problem; whether the proof says
    that there is no zero of K. The limits are those of :func:`resolution.resolve_germ`.
    """
    first = _resolve(StratumSearch, problem, budget and budget / 2, nodes, memory, progress)
    if first[0].open == 0 or first[0].ended == "interrupted":
        return first
    second = _resolve(EverywhereSearch, problem, budget and budget / 3, nodes, memory, progress)
    return max(first, second, key=lambda f: (f[0].exact, f[0].lower is not None, f is first))


def _resolve(
    kind: type[EverywhereSearch],
    problem: LocalProblem,
    budget: float | None,
    nodes: int | None,
    memory: float | None,
    progress: Callable[[int], None] | None,
) -> tuple[Resolution, bool]:
    search = kind(
        deadline=None if budget is None else clock() + budget,
        most_nodes=nodes,
        most_memory=None if memory is None else resident() + memory,
        progress=progress,
    )
    best: Outcome | None = None
    search.limit = TimeLimit(None if budget is None else 1.05 * budget + 0.4)
    with search.limit, stopped_by_interrupt(search):
        g = all_germs(problem)
        assert problem.over is not None
        intervals = [(i, pair) for i, pair in enumerate(problem.over) if pair != (None, None)]
        for depth in (10, 24):
            if best is not None and (best.open == 0 or search.expired):
                break
            search.failed.clear()
            search.horizon = depth
            found = search.over(g, intervals, None, depth)
            best = found if best is None else joined(found, best)
    if best is None:
        search.ended, best = search.ended or "time", Outcome(None, None, {"op": "open"}, open=1)
    resolution = Resolution(
        best.lower,
        best.upper,
        search.assemble(best.step),
        search.nodes,
        search.blow_ups,
        search.shared,
        best.open,
        tuple(search.frontier[-20:]),
        search.ended if best.open else "",
    )
    return resolution, best.empty


class StratumSearch(EverywhereSearch):
    """The chart tree that splits the domain as long as it can before it looks at a germ, so that
    each leaf of the splitting is a stratum."""

    def solve(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        if fuel < self.horizon or self.expired or not g.params:
            return super().solve(g, None, fuel)
        self.nodes += 1
        try:
            check_time()
            found = self.split_further(g, fuel)
        except OutOfTime:
            self.ended = self.ended or "time"
            return Outcome(None, None, {"op": "open"}, open=1)
        return super().solve(g, None, fuel) if found is None else found

    def split_further(self, g: Germs, fuel: int) -> Outcome | None:
        wanted = splitting_polynomials(g)
        for i in sorted(g.params):  # the monomial factor of K
            if g.k.get(i):
                wanted.insert(0, g.variables[i])
        for q in wanted:
            found = self.split(g, q, None, fuel)
            if found is not None:
                return found
        for q in itertools.chain.from_iterable(singular_values(g, q) for q in wanted):
            found = self.split(g, q, None, fuel)
            if found is not None:
                return found
        return self.last_resort(g, None, fuel) if wanted else None
