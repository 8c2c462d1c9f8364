"""The rule of last resort: weighted blow-ups, in the order of the complexity of their charts."""

from __future__ import annotations

import itertools

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.centres import Groups, centres
from singularity_lab.exact.engine.generator_moves import monomial_of
from singularity_lab.exact.engine.germs import Generator, Germs, iterate_terms
from singularity_lab.exact.engine.leaves import terms_leaf
from singularity_lab.exact.engine.limits import FIBRE_CLASSES, TRIES, TURNED
from singularity_lab.exact.engine.outcome import SearchOutcome, both, tighter
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.engine.simplify import simplify
from singularity_lab.exact.engine.symmetry import colour_classes, symmetries


def blow_up(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """The best outcome of the blow-ups of a few centres, and the bound of the terms."""
    if fuel <= 0 or search.expired:
        return None
    top = terms_leaf(g)
    upper = None if top is None else top.upper
    if upper is not None and (target is None or upper < target):
        target = upper
    order = by_complexity(search, g)
    if order is None:
        return None
    depth = search.horizon - fuel
    tries = next((n for made, n in TRIES if depth <= made), 1)
    best: SearchOutcome | None = None
    for groups in order[:tries]:
        alike = any(len(group) > 1 for group in groups)
        charts, step = g.blow_up(groups, symmetries(g, groups) if alike and not g.signs else ())
        search.blow_ups += 1
        found = search.cover(charts, step, target, fuel - 1, alike)
        if best is None or tighter(found, best):
            best = found
        if found.open == 0 or search.expired:
            break
    if best is None or top is None or upper is None:
        return best
    if best.upper is None or upper < best.upper:
        best = SearchOutcome(best.lower, upper, both(best.step, top.step), open=best.open)
    return best


def by_complexity(search: Search, g: Germs) -> list[Groups] | None:
    """The candidate centres, the one first whose worst simplified chart is nearest to monomials;
    None where a limit ends the search meanwhile."""
    scored: list[tuple[int, int, int, int, Groups]] = []
    for groups in candidates(g, search.fibre):
        costs = []
        for chart in {c.group: c for c in reversed(g.charts(groups))}.values():
            simple, _ = simplify(g.chart(groups, chart), search.is_late)
            costs.append(simple.cost + 3 * len([i for i in simple.params if i in simple.occurs]))
            if search.expired:
                return None
        size = sum(map(len, groups))
        scored.append((max(costs), size, sum(costs), len(scored), groups))
    scored.sort(key=lambda s: s[:4])
    order = [groups for *_, groups in scored]
    if order and len({w for group in order[0] for _, w in group}) > 1 and len(order[0]) <= TURNED:
        # where another variable is set to 1 the points may be rational
        order[1:1] = [[*order[0][n:], *order[0][:n]] for n in range(1, len(order[0]))]
    return order


def candidates(g: Germs, fibre: frozenset[int]) -> list[Groups]:
    """The candidate centres: where the ideal is linear in a fibre, those in the base alone, if
    there are any."""
    found = centres(g)
    # all but those that are generators themselves, which every centre must contain
    alone = {i for f in g.gens if len(f.poly) == 1 and len(f.occurs) == 1 for i in f.occurs}
    inner = fibre - alone if is_linear(g, fibre) else frozenset()
    if not inner:
        return found
    return in_base(centres(core(g)), fibre) or in_base(found, inner) or found


def in_base(listed: list[Groups], fibre: frozenset[int]) -> list[Groups]:
    """The centres that have no variable of the fibre."""
    return [c for c in listed if not any(i in fibre for group in c for i, _ in group)]


def core(g: Germs) -> Germs:
    """The generators that are no monomials, without their monomial factors."""
    rest = [f for f in g.gens if monomial_of(g, f) is None]
    return g.but(gens=tuple(Generator(f.poly / g.monomial(f.content)) for f in rest))


def linear_fibre(g: Germs) -> frozenset[int]:
    """The variables in which all generators are linear forms, if that is so for one set of alike
    variables: then the others alone may be blown up until the ideal is monomial."""
    classes = colour_classes(g)
    if len(classes) > FIBRE_CLASSES:
        return frozenset()
    found = [
        chosen
        for size in range(1, len(classes))
        for parts in itertools.combinations(classes, size)
        if is_linear(g, chosen := frozenset(itertools.chain(*parts)))
    ]
    return found[0] if len(found) == 1 else frozenset()


def is_linear(g: Germs, fibre: frozenset[int]) -> bool:
    """Whether every term has exactly one of the variables."""
    return bool(fibre) and all(
        sum(e for i, e in t if i in fibre) == 1 for t in iterate_terms(g.gens)
    )
