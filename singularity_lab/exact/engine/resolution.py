"""λ and m by resolution of singularities, with a proof script: the chart tree of a germ.

A family of germs is simplified, then closed by a leaf (monomial ideal, bound), split by the sum and
product rules, cut along parameters, or blown up (:mod:`~singularity_lab.exact.engine.rules`, in
this order). What is still open at the end of the budget leaves two-sided bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import Germ
from singularity_lab.exact.engine.blow_ups import linear_fibre
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.leaves import rank_bound
from singularity_lab.exact.engine.limits import FEWER_CHARTS, FIRST_CHARTS
from singularity_lab.exact.engine.outcome import SearchOutcome, joined
from singularity_lab.exact.engine.rules import RESOLVING, SADDLES
from singularity_lab.exact.engine.search import OpenChart, Search
from singularity_lab.exact.engine.smooth_parts import before_elimination
from singularity_lab.exact.proof.branches import Subideal
from singularity_lab.exact.proof.certificate import Script

_LAST = 20  # open charts that a resolution names


@dataclass(frozen=True)
class Resolution:
    """The result of the search: bounds with their scripts, and what the search did.

    open: how many charts are; frontier: the last of them. ended: what ended a search that left
    charts open: time, nodes, memory, interrupted, or nothing.
    """

    lower: RLCT | None
    upper: RLCT | None
    step: Script
    nodes: int
    blow_ups: int
    shared: int
    open: int
    frontier: tuple[OpenChart, ...] = ()
    ended: str = ""

    @classmethod
    def of(cls, search: Search, found: SearchOutcome) -> Resolution:
        """The outcome of a search with its script assembled."""
        return cls(
            found.lower,
            found.upper,
            search.lemmas.assemble(found.step),
            search.nodes,
            search.blow_ups,
            search.lemmas.shared,
            found.open,
            tuple(search.frontier[-_LAST:]) if found.open else (),
            search.ended if found.open else "",
        )

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
    rules = SADDLES if saddles else RESOLVING
    search = Search.within(rules, budget, nodes=nodes, memory=memory, progress=progress)

    def begin() -> tuple[SearchOutcome | None, Callable[[int], SearchOutcome]]:
        g = Germs.of(germ)
        search.fibre = linear_fibre(g)
        known = by_fewer(search, g) if search.fibre else before_elimination(search, g)
        return known, lambda n: search.solve(g, None, n)

    best = search.deepened(budget, begin)
    if best.open:
        smooth = rank_bound(Germs.of(germ))
        if smooth is not None:
            best = joined(SearchOutcome(smooth.lower, None, smooth.step, open=best.open), best)
    return Resolution.of(search, best)


def by_fewer(search: Search, g: Germs) -> SearchOutcome:
    """Bounds from few charts; and where these are not all, from fewer generators.

    A smaller ideal bounds (λ, m) below: the generators of lowest degrees may have what some chart
    shows to be an upper bound for all of them.
    """
    best = search.probe(g, None, FIRST_CHARTS)
    assert best is not None
    order = sorted(range(len(g.gens)), key=lambda j: (g.gens[j].poly.total_degree(), j))
    for n in range(1, len(order)):
        upper = best.upper
        if upper is None or best.open == 0 or search.expired:
            break
        keep = tuple(sorted(order[:n]))
        search.floor = upper
        less = g.but(gens=tuple(g.gens[i] for i in keep))
        found = search.probe(less.normal(), upper, FEWER_CHARTS)
        if found is not None and found.lower is not None:
            step = Subideal(keep=keep, cases=[found.step]).encode()
            best = joined(SearchOutcome(min(found.lower, upper), None, step, open=best.open), best)
        if found is not None and found.open:
            break  # with more generators it will not be easier
    return best
