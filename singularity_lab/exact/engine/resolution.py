"""The chart tree: λ and m by resolution of singularities, with a proof script.

A node is a family of germs. It is simplified, then closed by a leaf (monomial ideal, bound), split
by the sum and product rules, split along parameters, or blown up; blow-up centres are tried in the
order of the complexity of their simplified charts. Families proved before are shared up to
renaming and sign. What is still open at the end of the budget leaves two-sided bounds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd
from typing import Any

from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import Germ
from singularity_lab.exact.engine.centres import centres
from singularity_lab.exact.engine.germs import PARAM, UNIT, Generator, Germs, iterate_terms
from singularity_lab.exact.engine.leaves import (
    monomial_leaf,
    rank_bound,
    rank_leaf,
    saddle_leaf,
    terms_leaf,
)
from singularity_lab.exact.engine.limits import resident, stopped_by_interrupt
from singularity_lab.exact.engine.outcome import Outcome, joined, least, tighter
from singularity_lab.exact.engine.parameters import (
    Poly,
    lifts,
    sign_change,
    singular_values,
    smooth_locus,
    splitting_polynomials,
    transversals,
)
from singularity_lab.exact.engine.simplify import gradings, monomial_of, simplify
from singularity_lab.exact.engine.symmetry import colour_classes, labelling, signs, symmetries
from singularity_lab.exact.proof.certificate import Step
from singularity_lab.system.deadline import OutOfTime, TimeLimit, check_time, clock

_FIRST, _FEWER = 30, 2500  # charts for a first attempt, and for attempts with fewer generators
_BITS = 4000  # of a coefficient
_DEGREE = 8  # of a number field that a parameter may open


@dataclass
class Resolution:
    """The result of the search: bounds with their scripts, and what the search did.

    ended: what ended a search that left charts open: time, nodes, memory, interrupted, or nothing.
    """

    lower: RLCT | None
    upper: RLCT | None
    step: Step
    nodes: int
    blow_ups: int
    shared: int
    open: int
    frontier: tuple[str, ...] = ()
    ended: str = ""

    @property
    def exact(self) -> bool:
        return self.lower is not None and self.lower == self.upper


def resolve_germ(
    germ: Germ,
    *,
    budget: float | None = None,
    nodes: int | None = None,
    memory: float | None = None,
    progress: Callable[[int], None] | None = None,
    saddles: bool = False,
) -> Resolution:
    """Search for a proof of (λ, m) of K = Σ fᵢ² at the origin, deepening the tree until a limit
    ends the search.

    saddles: whether a chart may end at a critical point with an indefinite Hessian: its charts are
    then not resolved, and contact loci cannot be read off them.
    budget: CPU seconds; nodes: charts; memory: MiB by which the process may grow. A first Ctrl-C
    ends the search, too, with the bounds so far. After the budget open charts get bounds from
    their terms; what is not done soon (5 % and 0.4 s) stays open without. The outcome does not
    depend on the machine unless one of these limits ends the search.
    """
    search = Search(
        deadline=None if budget is None else clock() + budget,
        most_nodes=nodes,
        most_memory=None if memory is None else resident() + memory,
        progress=progress,
        saddles=saddles,
    )
    best: Outcome | None = None
    search.limit = TimeLimit(None if budget is None else 1.05 * budget + 0.4)
    with search.limit, stopped_by_interrupt(search):
        g = Germs.of(germ)
        search.fibre = linear_fibre(g)
        if search.fibre:
            best = search.by_fewer(g)
        for depth in (10, 24):
            if best is not None and (best.open == 0 or search.expired):
                break
            search.failed.clear()
            search.horizon = depth
            found = search.solve(g, None, depth)
            best = found if best is None else joined(found, best)
    if best is None:
        search.ended, best = search.ended or "time", _nothing()
    if best.open:
        smooth = rank_bound(Germs.of(germ))
        best = (
            best
            if smooth is None
            else joined(Outcome(smooth.lower, None, smooth.step, open=best.open), best)
        )
    return Resolution(
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


def _nothing() -> Outcome:
    """A family of which nothing is proved."""
    return Outcome(None, None, {"op": "open"}, open=1)


def chain(steps: Sequence[Step], last: Step) -> Step:
    """The moves one after the other, then the last step."""
    for step in reversed(steps):
        last = {**step, "then": last}
    return last


class _Lower(Exception):
    """A family has an upper bound below the value that is to be proved of it."""


@dataclass
class Search:
    deadline: float | None
    limit: TimeLimit = field(default_factory=lambda: TimeLimit(None))
    most_nodes: int | None = None
    most_memory: float | None = None
    ended: str = ""
    progress: Callable[[int], None] | None = None
    horizon: int = 0
    nodes: int = 0
    blow_ups: int = 0
    shared: int = 0
    ids: int = 0
    memo: dict[Any, list[tuple[Germs, tuple[int, ...], int, Outcome, bool]]] = field(
        default_factory=dict
    )
    failed: dict[Any, int] = field(default_factory=dict)
    frontier: list[str] = field(default_factory=list)
    fibre: frozenset[int] = frozenset()
    floor: RLCT | None = None
    patience: float = 1.0  # CPU seconds for a proof that there is no zero
    saddles: bool = False

    def is_late(self) -> bool:
        """True if a limit has ended the search."""
        if not self.ended:
            if self.deadline is not None and clock() > self.deadline:
                self.ended = "time"
            elif self.most_nodes is not None and self.nodes >= self.most_nodes:
                self.ended = "nodes"
            elif self.most_memory is not None and resident() > self.most_memory:
                self.ended = "memory"
        return bool(self.ended)

    @property
    def expired(self) -> bool:
        return self.is_late()

    def assemble(self, step: Step) -> Step:
        """The script with each shared family proved where it is first used, as a lemma if need
        be."""
        lemmas = {entry[2]: entry for entries in self.memo.values() for entry in entries}
        proved: set[int] = set()

        def walk(step: Step) -> Step:
            marks = []
            head = copy = dict(step)
            while True:
                if "id" in copy:
                    marks.append(copy["id"])
                if not isinstance(copy.get("then"), dict):
                    break
                copy["then"] = dict(copy["then"])
                copy = copy["then"]
            if "cases" in copy:
                copy["cases"] = [walk(case) for case in copy["cases"]]
            if copy.get("op") == "see" and copy["step"] not in proved:
                family, _, _, outcome, _ = lemmas[copy["step"]]
                copy["lemma"] = {"family": family.to_json(), "proof": walk(outcome.step)}
            proved.update(marks)
            return head

        return walk(step)

    # -- one node -----------------------------------------------------------------------------

    def solve_chart(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        """As :meth:`solve`, for one of several charts that may look alike before simplification."""
        key, order = labelling(g)
        seen = None if g.signs else self.look_up(g, key, order, target)
        if seen is not None:
            return seen
        found = self.solve(g, target, fuel)
        self.remember(g, key, order, target, found)
        return found

    def remember(
        self, g: Germs, key: Any, order: tuple[int, ...], target: RLCT | None, found: Outcome
    ) -> None:
        """Keep a closed outcome under an id in its script."""
        if not g.signs and found.open == 0:
            if "id" not in found.step:
                self.ids += 1
                found.step = {"id": self.ids, **found.step}
            ident = found.step["id"]
            full = target is None or (found.lower is not None and found.lower == found.upper)
            self.memo.setdefault(key, []).append((g, order, ident, found, full))

    def solve(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        """Prove bounds for a family; a lower bound ⪰ target is enough."""
        self.nodes += 1
        if self.progress is not None:
            self.progress(self.nodes)
        try:
            check_time()
            smooth = rank_leaf(g) if len(g.gens) > 1 else None  # one is made a coordinate
            if smooth is not None:
                return smooth
            g, steps = simplify(g, self.is_late)
            found = self.node(g, target, fuel)
        except OutOfTime:  # comes again at the next look, in each chart that is left
            self.ended = self.ended or "time"
            return _nothing()
        return Outcome(found.lower, found.upper, chain(steps, found.step), found.empty, found.open)

    def node(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        if any(p.is_constant() for p in g.signs):
            return Outcome(None, None, {"op": "empty"}, empty=True)
        leaf = monomial_leaf(g) or rank_leaf(g)
        if leaf is not None:
            return leaf
        bound = (saddle_leaf(g) if self.saddles else None) or self.bounded(g, target)
        if bound is not None:
            return bound
        if any(i not in g.occurs for i in g.role):
            reduced, ratios, step = g.free()
            if len(reduced.role) < len(g.role):
                return self.product(reduced, ratios, step, target, fuel)
        if not any(g.k.values()):
            blocks = g.blocks()
            covered = set().union(*blocks)
            if len(blocks) > 1 and all(Generator(p).occurs <= covered for p in g.signs):
                return self.sum(g, blocks, fuel)
        key, order = labelling(g)
        seen = None if g.signs else self.look_up(g, key, order, target)
        if seen is not None:
            return seen
        if self.failed.get(key, -1) >= fuel or self.expired or is_tall(g):
            return self.give_up(g)
        found = self.branch(g, target, fuel)
        self.remember(g, key, order, target, found)
        if found.open:
            self.failed[key] = max(fuel, self.failed.get(key, -1))
        return found

    def branch(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        if g.unit_variables:
            found = self.to_one(g, target, fuel)
            if found is not None:
                return found
        if g.params or g.unit_variables:
            wanted = splitting_polynomials(g)
            for q in wanted:
                found = self.split(g, q, target, fuel)
                if found is not None:
                    return found
            for q in itertools.chain.from_iterable(singular_values(g, q) for q in wanted):
                found = self.split(g, q, target, fuel)
                if found is not None:
                    return found
            found = self.last_resort(g, target, fuel)
            if found is not None:
                return found
        if fuel <= 0 or self.expired:
            return self.give_up(g)
        return self.blow_up(g, target, fuel)

    def last_resort(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome | None:
        """Another splitting of the stratum before a blow-up; a search for one germ has none."""
        return None

    def probe(self, g: Germs, target: RLCT | None, most: int) -> Outcome | None:
        """An attempt with a limited number of charts; None where a family is below the floor."""
        usual, self.horizon = self.most_nodes, 10
        self.most_nodes = min(self.nodes + most, usual or self.nodes + most)
        self.failed.clear()
        try:
            return self.solve(g, target, self.horizon)
        except _Lower:
            return None
        finally:
            self.most_nodes, self.floor = usual, None
            if self.ended == "nodes" and (usual is None or self.nodes < usual):
                self.ended = ""

    def by_fewer(self, g: Germs) -> Outcome:
        """Bounds from few charts; and where these are not all, from fewer generators.

        A smaller ideal bounds (λ, m) below: the generators of lowest degrees may have what some
        chart shows to be an upper bound for all of them.
        """
        best = self.probe(g, None, _FIRST)
        assert best is not None
        order = sorted(range(len(g.gens)), key=lambda j: (g.gens[j].poly.total_degree(), j))
        for n in range(1, len(order)):
            upper = best.upper
            if upper is None or best.open == 0 or self.expired:
                break
            keep = sorted(order[:n])
            self.floor = upper
            less = g.but(gens=tuple(g.gens[i] for i in keep))
            found = self.probe(less.normal(), upper, _FEWER)
            if found is not None and found.lower is not None:
                step = {"op": "subideal", "keep": keep, "cases": [found.step]}
                best = joined(Outcome(min(found.lower, upper), None, step, open=best.open), best)
            if found is not None and found.open:
                break  # with more generators it will not be easier
        return best

    # -- closing ------------------------------------------------------------------------------

    def look_up(
        self, g: Germs, key: Any, order: tuple[int, ...], target: RLCT | None
    ) -> Outcome | None:
        """What is proved of the family, if it is all, or enough for the target."""
        for other, other_order, ident, outcome, full in self.memo.get(key, ()):
            if (other.names, other.field) != (g.names, g.field):
                continue
            if not full and (target is None or outcome.lower is None or outcome.lower < target):
                continue
            s = signs(g, order, other, other_order)
            if s is not None:
                self.shared += 1
                names = {
                    g.names[i]: [g.names[j], s[i]]
                    for i, j in zip(order, other_order, strict=True)
                    if i != g.symbol
                }
                step = {"op": "see", "step": ident, "map": names}
                return Outcome(outcome.lower, outcome.upper, step, outcome.empty, outcome.open)
        return None

    def bounded(self, g: Germs, target: RLCT | None) -> Outcome | None:
        """Close a family whose Jacobian, or whose monomials, show that it cannot dominate the
        target."""
        if target is None:
            return None
        smooth = rank_bound(g, target)
        if smooth is not None:
            return smooth
        keep = [i for i, f in enumerate(g.gens) if monomial_of(g, f) is not None]
        if not keep:
            return None
        leaf = monomial_leaf(g.but(gens=tuple(g.gens[i] for i in keep)).normal())
        if leaf is None or leaf.lower is None or leaf.lower < target:
            return None
        step = {"op": "subideal", "keep": keep, "cases": [leaf.step]}
        return Outcome(leaf.lower, None, step)

    def give_up(self, g: Germs) -> Outcome:
        """Leave a family open: the term ideal's upper bound, and what lower bound there is."""
        shown = [str(f.poly) if len(f.poly) <= 40 else f"{len(f.poly)} terms" for f in g.gens[:4]]
        self.frontier.append("(" + ", ".join(shown) + (", …)" if len(g.gens) > 4 else ")"))
        keep = [i for i, f in enumerate(g.gens) if monomial_of(g, f) is not None]
        cases: list[Step] = []
        lower = upper = None
        if keep:
            leaf = monomial_leaf(g.but(gens=tuple(g.gens[i] for i in keep)).normal())
            if leaf is not None and leaf.lower is not None:
                lower = leaf.lower
                cases.append({"op": "subideal", "keep": keep, "cases": [leaf.step]})
        smooth = rank_bound(g)
        if (
            smooth is not None
            and smooth.lower is not None
            and (lower is None or lower < smooth.lower)
        ):
            lower, cases = smooth.lower, [smooth.step]
        check_time()
        top = terms_leaf(g)
        if top is not None:
            upper = top.upper
            cases.append(top.step)
        if not cases:
            return _nothing()
        step = cases[0] if len(cases) == 1 else {"op": "both", "cases": cases}
        return Outcome(lower, upper, step, open=1)

    # -- rules --------------------------------------------------------------------------------

    def product(
        self, reduced: Germs, ratios: list[Fraction], step: Step, target: RLCT | None, fuel: int
    ) -> Outcome:
        below = None
        if target is not None and all(r > target.value for r in ratios):
            below = target
        inner = self.solve(reduced, below, fuel)
        step = {**step, "cases": [inner.step]}
        if inner.empty:
            if not ratios:
                return Outcome(None, None, step, empty=True)
            value = RLCT(min(ratios), ratios.count(min(ratios)))
            # under sign conditions the stratum would have to be shown to have points
            return Outcome(value, None if reduced.signs else value, step)
        lower, upper = inner.lower, inner.upper
        for ratio in ratios:
            lower = None if lower is None else lower.meet(RLCT(ratio, 1))
            upper = None if upper is None else upper.meet(RLCT(ratio, 1))
        return Outcome(lower, upper, step, open=inner.open)

    def sum(self, g: Germs, blocks: list[set[int]], fuel: int) -> Outcome:
        families, step = g.sum(blocks)
        floor, self.floor = self.floor, None
        parts = [self.solve(f, None, fuel) for f in families]
        self.floor = floor
        step = {**step, "cases": [p.step for p in parts]}
        if any(p.empty for p in parts):
            return Outcome(None, None, step, empty=True)

        def total(values: list[RLCT | None]) -> RLCT | None:
            known = [v for v in values if v is not None]
            return sum(known[1:], known[0]) if len(known) == len(values) else None

        return Outcome(
            total([p.lower for p in parts]),
            total([p.upper for p in parts]),
            step,
            open=sum(p.open for p in parts),
        )

    def cover(
        self,
        families: Sequence[Germs],
        step: Step,
        target: RLCT | None,
        fuel: int,
        alike: bool = False,
    ) -> Outcome:
        """Solve the strata of a cover in turn; the best value found is the target of the rest."""
        outcomes = []
        for f in families:
            found = (self.solve_chart if alike else self.solve)(f, target, fuel)
            outcomes.append(found)
            if found.upper is not None and (target is None or found.upper < target):
                if self.floor is not None and found.upper < self.floor:
                    raise _Lower
                target = found.upper
        return least(outcomes, step)

    def to_one(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome | None:
        """Set a unit variable to ±1 where a grading allows it."""
        basis = gradings(g, with_units=True)
        order = sorted(g.role)
        for i in g.unit_variables:
            n = order.index(i)
            able = [b for b in basis if b[n]]
            if able:
                b = min(able, key=lambda b: (b[n] % 2 == 0, sum(map(abs, b))))
                common = gcd(*b)
                weights = {j: w // common for j, w in zip(order, b, strict=True)}
                families, step = g.dehomogenise(i, weights)
                return self.cover(families, step, target, fuel)
        return None

    def split(self, g: Germs, q: Poly, target: RLCT | None, fuel: int) -> Outcome | None:
        """Split the stratum into q = 0 and q ≠ 0, q irreducible in the parameters."""
        occurs = Generator(q).occurs - {g.symbol}
        if len(occurs) == 1 and len(q) == 1:
            (i,) = occurs
            families, step = g.split(i)
            return self.cover(families, step, target, fuel)
        changed = self.as_coordinate(g, q)
        if changed is not None:
            g, steps, i = changed
            families, step = g.split(i)
            found = self.cover(families, step, target, fuel)
            return Outcome(
                found.lower, found.upper, chain(steps, found.step), found.empty, found.open
            )
        for i in sorted(occurs):
            if g.role[i] == PARAM and not g.is_free(i):
                families, step = g.split(i)
                return self.cover(families, step, target, fuel)
        return self.split_nonlinear(g, q, target, fuel)

    def as_coordinate(self, g: Germs, q: Poly) -> tuple[Germs, list[Step], int] | None:
        """q becomes a parameter in place of a variable in which it is linear: of those that can be
        replaced, the one that leaves the generators nearest to monomials."""
        degrees = g.degrees(q)
        best: tuple[tuple[bool, int, int], Germs, list[Step]] | None = None
        for i in sorted(Generator(q).occurs - {g.symbol}):
            relaxed = g.role[i] == UNIT
            if degrees[i] != 1 or not (g.is_free(i) or relaxed):
                continue
            parts = g.coefficients(Generator(q), i)
            c, r = parts[1], parts.get(0, g.context.constant(0))
            if not g.is_unit(c):
                continue
            moved, steps = g, []
            if relaxed:
                moved, step = moved.relax(i)
                steps.append(step)
            moved, step = moved.change(i, g.variables[i] - r, c)
            key = (relaxed, moved.cost, i)
            if best is None or key < best[0]:
                best = (key, moved, [*steps, step])
        return None if best is None else (best[1], best[2], best[0][2])

    def split_nonlinear(self, g: Germs, q: Poly, target: RLCT | None, fuel: int) -> Outcome | None:
        """q without a real zero is a unit; where q = 0 is smooth, a generator's factor is a
        coordinate."""
        definite = self.without_zero(g, q, target, fuel)
        if definite is not None:
            return definite
        exists = sign_change(g, q)
        for f in lifts(g, q):
            for by in transversals(g, f):
                evidence = smooth_locus(g, f, by, self.patience)
                if evidence is not None:
                    return self.locus(g, f, q, by, {**evidence, "exists": exists}, target, fuel)
        return self.at_roots(g, q, target, fuel)

    def without_zero(self, g: Germs, q: Poly, target: RLCT | None, fuel: int) -> Outcome | None:
        """q becomes a known unit where it is proved to have no real zero."""
        evidence = self.definite(g, q)
        if not isinstance(evidence, dict):
            return None
        moved, step = g.assume_unit(q, evidence)
        found = self.solve(moved, target, fuel)
        return Outcome(
            found.lower, found.upper, {**step, "then": found.step}, found.empty, found.open
        )

    def definite(self, g: Germs, q: Poly) -> Any:
        """Evidence that q has no zero on the stratum, or something else."""
        return g.no_common_zero([q], self.patience)

    def at_roots(self, g: Germs, q: Poly, target: RLCT | None, fuel: int) -> Outcome | None:
        """A parameter is an irrational root of q, or not: the germs there have coefficients in a
        number field."""
        if g.field is not None or len(Generator(q).occurs) != 1 or q.total_degree() > _DEGREE:
            return None
        (i,) = Generator(q).occurs
        steps: list[Step] = []
        if g.role[i] == UNIT:
            g, step = g.relax(i)
            steps.append(step)
        families, step = g.roots(i, q)
        found = self.cover(families, step, target, fuel)
        return Outcome(found.lower, found.upper, chain(steps, found.step), found.empty, found.open)

    def locus(
        self,
        g: Germs,
        f: Poly,
        q: Poly,
        by: list[int],
        evidence: Step,
        target: RLCT | None,
        fuel: int,
    ) -> Outcome:
        """Solve the strata f = 0 and f ≠ 0; the first bounds above where real points are proved."""
        value = g.at_stratum(f)
        here = Generator(q).occurs
        able = here | set(by)  # a unit in further variables may bind those that go on
        near = [u for u in g.units if Generator(u).occurs & able]
        if any(g.symbol in Generator(p).occurs for p in (value, *near)):
            variables = Generator(value).occurs - {g.symbol}
            near = [u for u in near if Generator(u).occurs & (able - {g.symbol})]
            prime = len(variables) == 1 and all(
                Generator(u).occurs <= here | {g.symbol}
                and g.field is not None
                and g.field.coprime(value, u, *variables)
                for u in near
            )
        else:
            prime = (
                Generator(value).occurs == here
                and [e for _, e in factor(value)[1]] == [1]
                and all(Generator(u).occurs <= able and q.gcd(u).is_constant() for u in near)
            )
        if not prime:
            evidence = {**evidence, "exists": None}
        families, step = g.locus(f, by, evidence)
        on = self.solve(families[0], None, fuel)
        used = families[0].occurs | {i for i, e in families[0].k.items() if e}
        if evidence["exists"] is None or g.signs or (here - {*by, g.symbol}) & used:
            on.upper = None
        if on.upper is not None and (target is None or on.upper < target):
            target = on.upper
        return least([on, self.solve(families[1], target, fuel)], step)

    # -- blow-ups -------------------------------------------------------------------------------

    def blow_up(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        upper = terms_leaf(g)
        if (
            upper is not None
            and upper.upper is not None
            and (target is None or upper.upper < target)
        ):
            target = upper.upper
        # all but those that are generators themselves, which every centre must contain
        alone = {i for f in g.gens if len(f.poly) == 1 and len(f.occurs) == 1 for i in f.occurs}
        fibre = self.fibre - alone if is_linear(g, self.fibre) else frozenset()
        candidates = centres(g)
        # where the ideal is linear in a fibre, the base alone is blown up if that can be
        base = [c for c in candidates if not any(i in fibre for group in c for i, _ in group)]
        if fibre:
            inner = [
                c for c in centres(core(g)) if not any(i in self.fibre for p in c for i, _ in p)
            ]
            base = inner or base
        scored: list[tuple[int, int, int, int, list[list[tuple[int, int]]]]] = []
        for groups in base or candidates:
            costs = []
            for chart in {c.group: c for c in reversed(g.charts(groups))}.values():
                simple, _ = simplify(g.chart(groups, chart), self.is_late)
                costs.append(
                    simple.cost + 3 * len([i for i in simple.params if i in simple.occurs])
                )
                if self.expired:
                    return self.give_up(g)
            size = sum(map(len, groups))
            scored.append((max(costs), size, sum(costs), len(scored), groups))
        scored.sort(key=lambda s: s[:4])
        best: Outcome | None = None
        order = [groups for *_, groups in scored]
        if order and len({w for group in order[0] for _, w in group}) > 1 and len(order[0]) <= 4:
            # where another variable is set to 1 the points may be rational
            turned = [[*order[0][n:], *order[0][:n]] for n in range(1, len(order[0]))]
            order[1:1] = turned
        tries = 3 if fuel >= self.horizon - 2 else 2 if fuel >= self.horizon - 5 else 1
        for groups in order[:tries]:
            alike = any(len(group) > 1 for group in groups)
            charts, step = g.blow_up(groups, symmetries(g, groups) if alike and not g.signs else ())
            self.blow_ups += 1
            found = self.cover(charts, step, target, fuel - 1, alike)
            if best is None or tighter(found, best):
                best = found
            if found.open == 0 or self.expired:
                break
        if best is None:
            return self.give_up(g)
        if (
            upper is not None
            and upper.upper is not None
            and (best.upper is None or upper.upper < best.upper)
        ):
            step = {"op": "both", "cases": [best.step, upper.step]}
            best = Outcome(best.lower, upper.upper, step, open=best.open)
        return best


def is_tall(g: Germs) -> bool:
    """True if some coefficient has more bits than numbers have in a proof to be read."""
    return any(c.height_bits() > _BITS for f in g.gens for c in f.poly.coeffs())


def core(g: Germs) -> Germs:
    """The generators that are no monomials, without their monomial factors."""
    rest = [f for f in g.gens if monomial_of(g, f) is None]
    return g.but(gens=tuple(Generator(f.poly / g.monomial(f.content)) for f in rest))


def linear_fibre(g: Germs) -> frozenset[int]:
    """The variables in which all generators are linear forms, if that is so for one set of alike
    variables: then the others alone may be blown up until the ideal is monomial."""
    classes = colour_classes(g)
    if len(classes) > 6:
        return frozenset()
    found = [
        chosen
        for size in range(1, len(classes))
        for parts in itertools.combinations(classes, size)
        if is_linear(g, chosen := frozenset(itertools.chain(*parts)))
    ]
    return found[0] if len(found) == 1 else frozenset()


def is_linear(g: Germs, fibre: frozenset[int]) -> bool:
    """True if every term has exactly one of the variables."""
    return bool(fibre) and all(
        sum(e for i, e in t if i in fibre) == 1 for t in iterate_terms(g.gens)
    )
