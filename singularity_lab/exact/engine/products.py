"""Products of powers, resolved factor by factor: the powers are never written out."""

from __future__ import annotations

import itertools
from dataclasses import replace

from singularity_lab.algebra import maps
from singularity_lab.algebra.algebraic import AlgebraicNumber
from singularity_lab.algebra.expression import Expression
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.centres import Groups, centres
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.outcome import SearchOutcome, nothing, tighter
from singularity_lab.exact.engine.parameters import Poly, special_values, splitting_polynomials
from singularity_lab.exact.engine.rules import RESOLVING, SPLITTING, no_point
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.engine.stratum_cuts import at_roots, unit_to_one
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.system.deadline import TimeLimit, check_time

_TERMS = 60  # of an expanded generator, from which its factors are resolved
_DEPTH, _TRIES = 16, 2  # of blow-ups, one in the other; of centres


def factors_of(problem: LocalProblem) -> list[tuple[Poly, int]] | None:
    """The irreducible factors of the one generator with exponents, at the point, where it is typed
    as a product with powers and long when it is expanded; None elsewhere. At an irrational point
    those of any product: over a number field the powers could not be found again.

    >>> problem = LocalProblem.build("x^9*(x^2 - y^2)^80*(y - 1)^80")
    >>> [(str(p), e) for p, e in factors_of(problem)]
    [('x', 9), ('x + y', 80), ('x - y', 80), ('y - 1', 80)]
    """
    gens = problem.ideal.generators
    if len(gens) == 1 and any(isinstance(c, AlgebraicNumber) for c in problem.point):
        return _over_field(problem)
    if len(gens) != 1 or len(gens[0].flint) < _TERMS or not gens[0].typed:
        return None
    _, typed = Expression.of(gens[0]).factors()
    if sum(e for _, e in typed) < 2:
        return None
    found: dict[str, tuple[Poly, int]] = {}
    for expression, e in typed:
        there = replace(
            problem,
            ideal=Ideal(problem.variables, (expression.polynomial,)),
            convention="ideal",
        )
        for p, n in factor(there.localize().generators[0].flint)[1]:
            p = p / p.leading_coefficient()
            known = found.get(str(p), (p, 0))[1]
            found[str(p)] = (p, known + e * int(n))
    return sorted(found.values(), key=lambda q: (len(q[0]), q[0].total_degree(), str(q[0])))


def _over_field(problem: LocalProblem) -> list[tuple[Poly, int]] | None:
    """The rational factors of the one generator, moved to an irrational point."""
    names, found = problem.ideal.variables, list[tuple[Poly, int]]()
    (f,) = problem.ideal.generators
    parts = [(p, int(e)) for p, e in factor(f.flint)[1]] if problem.numbers == () else []
    if sum(e for _, e in parts) < 2:
        return None
    for p, e in parts:
        there = replace(problem, ideal=Ideal(names, (Polynomial(names, p),)), convention="ideal")
        found.append((there.localize(algebraic=True).generators[0].flint, e))
    return sorted(found, key=lambda q: (len(q[0]), q[0].total_degree(), str(q[0])))


def resolve_product(
    problem: LocalProblem, factors: list[tuple[Poly, int]], budget: float | None
) -> tuple[Script, RLCT] | None:
    """A proof of (λ, m) of K = ∏ f_i^(2·e_i) at the point, with its script; None where the search
    does not end within the budget.

    >>> problem = LocalProblem.build("(x^2 - y^3)^80")
    >>> resolve_product(problem, factors_of(problem), None)[1]
    RLCT(value=Fraction(1, 192), multiplicity=1)
    """
    search = Search.within(PRODUCTS, budget, horizon=_DEPTH)
    with TimeLimit(budget):
        g = Germs.of(problem.localize(algebraic=True))
        rest = []
        for p, e in factors:
            content = {i: d for i, d in maps.content(p).items() if i != g.symbol}
            left = p / g.monomial(content)
            if not g.is_constant(left):
                rest.append((left, e))
        if not rest:
            return None
        product, step = g.product(rest)
        found = search.solve(product, None, _DEPTH)
        if found.open == 0 and found.lower is not None and found.lower == found.upper:
            return search.lemmas.assemble({**step, "cases": [found.step]}), found.lower
    return None


def factor_by_factor(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """The outcome for a product, which no other rule knows: the strata of its parameters, a factor
    that is a coordinate, then blow-ups of what all factors vanish on."""
    if not g.exponents:
        return None
    rules = (no_point, unit_to_one, _cut, _coordinate, _blow_up)
    return search.first_of(rules, g, target, fuel) or nothing()


def _cut(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """The stratum cut along a polynomial that decides how the factors look; not over a field."""
    if not g.params and not g.unit_variables:
        return None
    wanted = splitting_polynomials(g)
    for q in itertools.chain(wanted, special_values(g, wanted)):
        for split in SPLITTING:
            found = None if split is at_roots else split(search, g, q, target, fuel)
            if found is not None:
                return found
    return None


def _coordinate(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """A factor that is smooth in a variable of its own, as this coordinate."""
    for j, f in enumerate(g.gens):
        others = frozenset().union(*(h.occurs for h in g.gens if h is not f))
        for i in sorted(f.occurs & set(g.locals) - others):
            if g.is_free(i) and g.is_unit(f.poly.derivative(i)) and g.at_stratum(f.poly).is_zero():
                moved, step = g.coordinate(j, i)
                return search.solve(moved, target, fuel).after(step)
    return None


def _blow_up(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    if fuel <= 0 or search.expired:
        return None
    best: SearchOutcome | None = None
    for groups in _centres(g)[:_TRIES]:
        charts, step = g.blow_up(groups)
        search.blow_ups += 1
        found = search.cover(charts, step, target, fuel - 1)
        if best is None or tighter(found, best):
            best = found
        if found.open == 0 or search.expired:
            break
    return best


def _centres(g: Germs) -> list[Groups]:
    """Centres of the factors, those first whose charts are nearest to monomials."""
    listed: list[Groups] = []
    for gens in (g.gens, *((f,) for f in g.gens)):
        for groups in centres(g.but(gens=gens, exponents=())):
            if groups not in listed:
                listed.append(groups)
    used = [[(i, 1)] for i in g.locals if i in g.occurs]
    if len(used) > 1 and not any(_weights(c) == _weights(used) for c in listed):
        listed.append(used)
    scored = []
    for n, groups in enumerate(listed):
        check_time()
        costs = [_cost(g.chart(groups, c)) for c in g.charts(groups)]
        scored.append((max(costs), sum(costs), n, groups))
    return [groups for *_, groups in sorted(scored, key=lambda s: s[:3])]


def _cost(g: Germs) -> int:
    """How far the factors are from units."""
    return sum(f.cost + 1 for f in g.gens) if g.exponents else 0


def _weights(groups: Groups) -> dict[int, int]:
    return {i: w for group in groups for i, w in group}


PRODUCTS = replace(RESOLVING, first=(factor_by_factor, *RESOLVING.first))
