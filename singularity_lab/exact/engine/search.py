"""The search of the chart tree: its limits, what it knows, and the walk over its rules in order.

A node is a family of germs. Rules are tried on it in order until one has an outcome: a leaf closes
it, a bound shows that it does not matter, a branch leads to other families, which are solved in
turn. Families proved before are shared up to renaming and sign. What no rule closes stays open,
with the bounds of its terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.leaves import monomial_bound, rank_bound, terms_leaf
from singularity_lab.exact.engine.lemmas import Lemmas
from singularity_lab.exact.engine.limits import (
    COEFFICIENT_BITS,
    DEPTHS,
    NESTED,
    PATIENCE,
    resident,
    stopped_by_interrupt,
)
from singularity_lab.exact.engine.outcome import (
    SearchOutcome,
    both,
    joined,
    least,
    nothing,
    tighter,
)
from singularity_lab.exact.engine.parameters import Poly
from singularity_lab.exact.engine.simplify import simplify
from singularity_lab.exact.engine.symmetry import labelling
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.system.cuts import is_over
from singularity_lab.system.deadline import OutOfTime, TimeLimit, check_time, clock

_SHOWN = 4  # generators of an open chart
_LONG = 40  # terms of one that are not written out


class Below(Exception):
    """A family has an upper bound below the value that is to be proved of it."""


Rule = Callable[["Search", Germs, RLCT | None, int], SearchOutcome | None]
Splitter = Callable[["Search", Germs, Poly, RLCT | None, int], SearchOutcome | None]


@dataclass(frozen=True)
class Rules:
    """What a search tries, in order.

    A rule ``(search, family, target, fuel)`` has an outcome or None; fuel: how many blow-ups, one
    inside another, may follow. first: before the family is simplified. direct: on a simplified
    family, where it takes little. branching: what takes more, and is remembered. splitting: how a
    stratum is cut along a polynomial, for the rules that do so.
    """

    first: tuple[Rule, ...]
    direct: tuple[Rule, ...]
    branching: tuple[Rule, ...]
    splitting: tuple[Splitter, ...]


@dataclass(frozen=True)
class OpenChart:
    """A family that was left open: its generators, why, and the rules that had no outcome for it.

    unsplit: the polynomials along which its stratum could not be cut.
    """

    family: str
    why: str
    failed: tuple[str, ...] = ()
    unsplit: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"open chart {self.family}: {self.why}"
        if self.unsplit:
            text += f"; not cut along {', '.join(self.unsplit)}"
        return text + f"; no outcome from: {', '.join(self.failed)}"


@dataclass
class Search:
    """The state of one search.

    rules: what it tries. deadline: CPU seconds of the process at which it ends; most_nodes: charts;
    most_memory: MiB; ended: which of these ended it, ``interrupted``, or ``depth`` where Python's
    stack did. nested: families that are being solved, one inside another. horizon: blow-ups one
    inside another at most. floor: a value below which a family shows the attempt to be in vain.
    patience: CPU seconds for a proof that there is no zero. comparing: whether a family is solved
    only as far as it may lie below the best value found; else each has its own value.
    """

    rules: Rules
    deadline: float | None = None
    limit: TimeLimit = field(default_factory=lambda: TimeLimit(None))
    most_nodes: int | None = None
    most_memory: float | None = None
    ended: str = ""
    progress: Callable[[int], None] | None = None
    horizon: int = 0
    nodes: int = 0
    nested: int = 0
    blow_ups: int = 0
    lemmas: Lemmas = field(default_factory=Lemmas)
    failed: dict[Any, int] = field(default_factory=dict)
    frontier: list[OpenChart] = field(default_factory=list)
    unsplit: list[str] = field(default_factory=list)
    fibre: frozenset[int] = frozenset()
    floor: RLCT | None = None
    patience: float = PATIENCE
    comparing: bool = True

    @classmethod
    def within(
        cls,
        rules: Rules,
        budget: float | None,
        *,
        nodes: int | None = None,
        memory: float | None = None,
        progress: Callable[[int], None] | None = None,
        **more: Any,
    ) -> Search:
        """A search with these limits from now on: CPU seconds, charts, MiB to grow by."""
        return cls(
            rules,
            deadline=None if budget is None else clock() + budget,
            most_nodes=nodes,
            most_memory=None if memory is None else resident() + memory,
            progress=progress,
            **more,
        )

    # -- limits ---------------------------------------------------------------------------------

    def is_late(self) -> bool:
        """Whether a limit has ended the search."""
        if not self.ended:
            if self.deadline is not None and is_over(clock(), self.deadline):
                self.ended = "time"
            elif self.most_nodes is not None and self.nodes >= self.most_nodes:
                self.ended = "nodes"
            elif self.most_memory is not None and resident() > self.most_memory:
                self.ended = "memory"
        return bool(self.ended)

    @property
    def expired(self) -> bool:
        """Whether a limit has ended the search."""
        return self.is_late()

    def deepened(
        self,
        budget: float | None,
        begin: Callable[[], tuple[SearchOutcome | None, Callable[[int], SearchOutcome]]],
    ) -> SearchOutcome:
        """What is proved by attempts of growing depth, until nothing is open or a limit ends them.

        begin: returns what is known before, and the attempt with a number of blow-ups one inside
        another. After the budget (CPU seconds) open charts get bounds from their terms; what is
        not done soon (5 % and 0.4 s) stays open without.
        """
        best: SearchOutcome | None = None
        self.limit = TimeLimit(None if budget is None else 1.05 * budget + 0.4)
        with self.limit, stopped_by_interrupt(self):
            best, attempt = begin()
            for depth in DEPTHS:
                if best is not None and (best.open == 0 or self.expired):
                    break
                self.failed.clear()
                self.horizon = depth
                try:
                    found = attempt(depth)
                except RecursionError:  # called deep inside of another program
                    self.ended, self.nested = "depth", 0
                    break
                best = found if best is None else joined(found, best)
        if best is None:
            self.ended, best = self.ended or "time", nothing()
        return best

    def probe(self, g: Germs, target: RLCT | None, most: int) -> SearchOutcome | None:
        """An attempt with a limited number of charts; None where a family is below the floor."""
        try:
            return self.limited(most, lambda: self.solve(g, target, DEPTHS[0]))
        except Below:
            return None
        finally:
            self.floor = None

    def limited(self, most: int, attempt: Callable[[], SearchOutcome]) -> SearchOutcome:
        """The outcome of an attempt with so many charts."""
        usual, self.horizon = self.most_nodes, DEPTHS[0]
        self.most_nodes = min(self.nodes + most, usual or self.nodes + most)
        self.failed.clear()
        try:
            return attempt()
        finally:
            self.most_nodes = usual
            if self.ended == "nodes" and (usual is None or self.nodes < usual):
                self.ended = ""

    # -- one node -------------------------------------------------------------------------------

    def solve(self, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome:
        """Prove bounds for a family; a lower bound ⪰ target is enough."""
        self.nodes += 1
        if self.progress is not None:
            self.progress(self.nodes)
        if not self.comparing:
            target = None
        self.nested += 1
        try:
            check_time()
            if self.nested > NESTED:
                return self.left_open(g, f"more than {NESTED} families one inside another")
            found = self.first_of(self.rules.first, g, target, fuel)
            if found is not None:
                return found
            g, moves = simplify(g, self.is_late, parting=True)
            found = self.node(g, target, fuel)
        except OutOfTime:  # comes again at the next look, in each chart that is left
            self.ended = self.ended or "time"
            return nothing()
        finally:
            self.nested -= 1
        return found.after(*moves)

    def node(self, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome:
        """The outcome of the first rule that has one, for a simplified family."""
        found = self.first_of(self.rules.direct, g, target, fuel)
        if found is not None:
            return found
        key, order = labelling(g)
        seen = self.lemmas.recall(g, key, order, target)
        if seen is not None:
            return seen
        if self.failed.get(key, -1) >= fuel:
            return self.left_open(g, "searched before, with as many blow-ups to follow")
        if self.expired:
            return self.left_open(g, f"the search was ended by: {self.ended}")
        if is_tall(g):
            return self.left_open(g, f"a coefficient has more than {COEFFICIENT_BITS} bits")
        self.unsplit.clear()
        found = self.first_of(self.rules.branching, g, target, fuel)
        if found is None:
            why = f"no more than {self.horizon} blow-ups one inside another are tried"
            if self.expired:
                why = f"the search was ended by: {self.ended}"
            elif fuel > 0:
                why = "no centre of a blow-up was found"
            found = self.left_open(g, why, branched=True)
        self.lemmas.enter(g, key, order, target, found)
        if found.open:
            self.failed[key] = max(fuel, self.failed.get(key, -1))
        return found

    def solve_chart(self, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome:
        """As :meth:`solve`, for one of several charts that may look alike before simplification."""
        key, order = labelling(g)
        seen = self.lemmas.recall(g, key, order, target)
        if seen is not None:
            return seen
        found = self.solve(g, target, fuel)
        self.lemmas.enter(g, key, order, target, found)
        return found

    def first_of(
        self, rules: Sequence[Rule], g: Germs, target: RLCT | None, fuel: int
    ) -> SearchOutcome | None:
        """The outcome of the first rule that has one."""
        for rule in rules:
            found = rule(self, g, target, fuel)
            if found is not None:
                return found
        return None

    def cover(
        self,
        families: Sequence[Germs],
        step: Script,
        target: RLCT | None,
        fuel: int,
        alike: bool = False,
    ) -> SearchOutcome:
        """Solve the strata of a cover in turn; the best value found is the target of the rest."""
        outcomes = []
        for f in families:
            found = (self.solve_chart if alike else self.solve)(f, target, fuel)
            outcomes.append(found)
            if found.upper is not None and (target is None or found.upper < target):
                if self.floor is not None and found.upper < self.floor:
                    raise Below
                target = found.upper
        return least(outcomes, step)

    def cut(
        self, g: Germs, polys: Iterable[Poly], target: RLCT | None, fuel: int
    ) -> SearchOutcome | None:
        """Cut the stratum along the first of the polynomials, irreducible in the parameters, that
        allows it: into where it is 0 and where it is not."""
        for q in polys:
            for split in self.rules.splitting:
                found = split(self, g, q, target, fuel)
                if found is not None:
                    return found
            self.unsplit.append(shortened(q))
        return None

    def left_open(self, g: Germs, why: str, branched: bool = False) -> SearchOutcome:
        """Leave a family open: the term ideal's upper bound, and what lower bound there is."""
        shown = ", ".join(shortened(f.poly) for f in g.gens[:_SHOWN])
        more = ", …" if len(g.gens) > _SHOWN else ""
        failed = (*self.rules.direct, *(self.rules.branching if branched else ()))
        names = tuple(rule.__name__.replace("_", " ") for rule in failed)
        unsplit = tuple(self.unsplit) if branched else ()
        self.frontier.append(OpenChart(f"({shown}{more})", why, names, unsplit))
        bound = monomial_bound(g)
        smooth = rank_bound(g)
        if smooth is not None and (bound is None or tighter(smooth, bound)):
            bound = smooth
        check_time()
        top = terms_leaf(g)
        if bound is not None and top is not None:
            return SearchOutcome(bound.lower, top.upper, both(bound.step, top.step), open=1)
        found = bound or top or nothing()
        return SearchOutcome(found.lower, found.upper, found.step, open=1)


def shortened(p: Poly) -> str:
    """The polynomial as text, or how long it is."""
    return str(p) if len(p) <= _LONG else f"{len(p)} terms"


def is_tall(g: Germs) -> bool:
    """Whether some coefficient has more bits than numbers have in a proof to be read."""
    return any(c.height_bits() > COEFFICIENT_BITS for f in g.gens for c in f.poly.coeffs())
