"""The ordered rules of the search: those that close a family or take it apart at little cost, and
the lists that a search at a point works through."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine import stratum_cuts
from singularity_lab.exact.engine.blow_ups import blow_up
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.engine.leaves import (
    monomial_bound,
    monomial_leaf,
    rank_bound,
    rank_leaf,
)
from singularity_lab.exact.engine.limits import LONG_UNIT
from singularity_lab.exact.engine.outcome import SearchOutcome
from singularity_lab.exact.engine.reductions import (
    completed_squares,
    slice_of_product,
    sum_of_squares,
)
from singularity_lab.exact.engine.saddles import saddle_leaf
from singularity_lab.exact.engine.search import Rules, Search
from singularity_lab.exact.proof.leaves import Empty

# -- closing ---------------------------------------------------------------------------------------


def no_point(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """A stratum on which a constant would have to be positive that is not has no point."""
    if any(p.is_constant() for p in g.signs):
        return SearchOutcome(None, None, Empty().encode(), empty=True)
    return None


def smooth_generators(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """Several generators that are coordinates; a single one is made a coordinate by a move."""
    return rank_leaf(g) if len(g.gens) > 1 else None


def long_unit(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """One long generator that is a monomial times a unit: neither divided nor written."""
    if len(g.gens) > 1 or not g.gens or len(g.gens[0].poly) < LONG_UNIT:
        return None
    return monomial_leaf(g)


def monomial_ideal(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """(λ, m) of monomials times units."""
    return monomial_leaf(g)


def coordinates(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """(r/2, 1) of r generators that are coordinates."""
    return rank_leaf(g)


def indefinite_hessian(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """(1/2, 1) at a critical point where f changes its sign: its charts are then not resolved."""
    return saddle_leaf(g)


def enough_differentials(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """A family whose Jacobian shows that it cannot lie below the target."""
    return None if target is None else rank_bound(g, target)


def enough_monomials(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """A family whose monomials show that it cannot lie below the target."""
    bound = None if target is None else monomial_bound(g)
    if bound is None or target is None or bound.lower is None or bound.lower < target:
        return None
    return bound


# -- taking apart ----------------------------------------------------------------------------------


def free_variables(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """The family without the variables that do not occur in the ideal: the product rule."""
    if all(i in g.occurs for i in g.role):
        return None
    reduced, ratios, step = g.free()
    if len(reduced.role) == len(g.role):
        return None
    below = target if target is not None and all(r > target.value for r in ratios) else None
    inner = search.solve(reduced, below, fuel)
    step = {**step, "cases": [inner.step]}
    if inner.empty:
        if not ratios:
            return SearchOutcome(None, None, step, empty=True)
        value = RLCT(min(ratios), ratios.count(min(ratios)))
        # under sign conditions the stratum would have to be shown to have points
        return SearchOutcome(value, None if reduced.signs else value, step)
    lower, upper = _meet(inner.lower, ratios), _meet(inner.upper, ratios)
    return SearchOutcome(lower, upper, step, open=inner.open)


def _meet(value: RLCT | None, ratios: list[Fraction]) -> RLCT | None:
    for ratio in ratios:
        value = None if value is None else value.meet(RLCT(ratio, 1))
    return value


def sum_of_blocks(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """Generators in separate variables: the sum rule."""
    if any(g.k.values()):
        return None
    blocks = g.blocks()
    covered = set().union(*blocks)
    if len(blocks) < 2 or not all(Generator(p).occurs <= covered for p in g.signs):
        return None
    families, step = g.sum(blocks)
    floor, search.floor = search.floor, None
    parts = [search.solve(f, None, fuel) for f in families]
    search.floor = floor
    step = {**step, "cases": [p.step for p in parts]}
    if any(p.empty for p in parts):
        return SearchOutcome(None, None, step, empty=True)
    lower, upper = _total([p.lower for p in parts]), _total([p.upper for p in parts])
    return SearchOutcome(lower, upper, step, open=sum(p.open for p in parts))


def _total(values: list[RLCT | None]) -> RLCT | None:
    known = [v for v in values if v is not None]
    return sum(known[1:], known[0]) if len(known) == len(values) else None


# -- the lists -------------------------------------------------------------------------------------

SPLITTING = (
    stratum_cuts.at_a_variable,
    stratum_cuts.at_a_coordinate,
    stratum_cuts.at_a_bound_variable,
    stratum_cuts.without_zero,
    stratum_cuts.at_a_smooth_locus,
    stratum_cuts.at_roots,
)

# With the leaf of saddles: a chart that ends there is not resolved, and contact loci cannot be read
# off it.
SADDLES = Rules(
    first=(smooth_generators, long_unit),
    direct=(
        no_point,
        monomial_ideal,
        coordinates,
        indefinite_hessian,
        enough_differentials,
        enough_monomials,
        sum_of_blocks,
        free_variables,
    ),
    branching=(
        slice_of_product,
        stratum_cuts.unit_to_one,
        completed_squares,
        stratum_cuts.cut_stratum,
        sum_of_squares,
        stratum_cuts.cut_by_coefficients,
        blow_up,
    ),
    splitting=SPLITTING,
)

# A resolution: each chart is monomial or smooth in the end.
RESOLVING = replace(SADDLES, direct=tuple(r for r in SADDLES.direct if r is not indefinite_hessian))
