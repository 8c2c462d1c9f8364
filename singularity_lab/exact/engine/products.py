"""Products of powers, resolved factor by factor: the powers are never written out."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

from singularity_lab.algebra import maps
from singularity_lab.algebra.expression import Expression
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.centres import centres
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.engine.outcome import Outcome, tighter
from singularity_lab.exact.engine.parameters import Poly, singular_values, splitting_polynomials
from singularity_lab.exact.engine.resolution import Search
from singularity_lab.exact.proof.certificate import Step
from singularity_lab.system.deadline import OutOfTime, TimeLimit, check_time, clock

_TERMS = 60  # of an expanded generator, from which its factors are resolved
_DEPTH, _TRIES = 16, 2  # of blow-ups, one in the other; of centres

Centre = list[list[tuple[int, int]]]


def factors_of(problem: LocalProblem) -> list[tuple[Poly, int]] | None:
    """The irreducible factors of the one generator with exponents, at the point, where it is typed
    as a product with powers and long when it is expanded; None elsewhere.

    >>> problem = LocalProblem.build("x^9*(x^2 - y^2)^80*(y - 1)^80")
    >>> [(str(p), e) for p, e in factors_of(problem)]
    [('x', 9), ('x - y', 80), ('x + y', 80), ('y - 1', 80)]
    """
    gens = problem.ideal.generators
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


def resolve_product(
    problem: LocalProblem, factors: list[tuple[Poly, int]], budget: float | None
) -> tuple[Step, RLCT] | None:
    """A proof of (λ, m) of K = ∏ f_i^(2·e_i) at the point, with its script; None where the search
    does not end within the budget.

    >>> problem = LocalProblem.build("(x^2 - y^3)^80")
    >>> resolve_product(problem, factors_of(problem), None)[1]
    RLCT(value=Fraction(1, 192), multiplicity=1)
    """
    search = Factored(deadline=None if budget is None else clock() + budget)
    with TimeLimit(budget):
        g = Germs.of(problem.localize())
        rest = []
        for p, e in factors:
            content = maps.content(p)
            left = p / g.monomial(content)
            if not left.is_constant():
                rest.append((left, e))
        if not rest:
            return None
        product, step = g.product(rest)
        found = search.solve(product, None, _DEPTH)
        if found.open == 0 and found.lower is not None and found.lower == found.upper:
            return search.assemble({**step, "cases": [found.step]}), found.lower
    return None


class Factored(Search):
    """The search for products; what is no product any more is resolved as any other germ."""

    def solve(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        if not g.exponents:
            return super().solve(g, target, fuel)
        self.nodes += 1
        try:
            check_time()
            return self.factors(g, target, fuel)
        except OutOfTime:
            self.ended = self.ended or "time"
            return _open()

    def factors(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        """The strata of the parameters, then blow-ups of what all factors vanish on."""
        if any(p.is_constant() for p in g.signs):
            return Outcome(None, None, {"op": "empty"}, empty=True)
        if g.unit_variables:
            found = self.to_one(g, target, fuel)
            if found is not None:
                return found
        if g.params or g.unit_variables:
            wanted = splitting_polynomials(g)
            values = (v for q in wanted for v in singular_values(g, q))
            for q in itertools.chain(wanted, values):
                found = self.split(g, q, target, fuel)
                if found is not None:
                    return found
        smooth = _coordinate(g)
        if smooth is not None:
            moved, step = smooth
            found = self.solve(moved, target, fuel)
            return replace(found, step={**step, "then": found.step})
        if fuel <= 0 or self.expired:
            return _open()
        return self.blow_up(g, target, fuel)

    def at_roots(self, g: Germs, q: Poly, target: RLCT | None, fuel: int) -> Outcome | None:
        """No product lies over a number field."""
        return None if g.exponents else super().at_roots(g, q, target, fuel)

    def blow_up(self, g: Germs, target: RLCT | None, fuel: int) -> Outcome:
        if not g.exponents:
            return super().blow_up(g, target, fuel)
        best: Outcome | None = None
        for groups in self.order(g)[:_TRIES]:
            charts, step = g.blow_up(groups)
            self.blow_ups += 1
            found = self.cover(charts, step, target, fuel - 1)
            if best is None or tighter(found, best):
                best = found
            if found.open == 0 or self.expired:
                break
        return best or _open()

    def order(self, g: Germs) -> list[Centre]:
        """Centres of the factors, those first whose charts are nearest to monomials."""
        listed: list[Centre] = []
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


def _coordinate(g: Germs) -> tuple[Germs, Step] | None:
    """A factor that is smooth in a variable of its own, as this coordinate."""
    for j, f in enumerate(g.gens):
        others = frozenset().union(*(h.occurs for h in g.gens if h is not f))
        for i in sorted(f.occurs & set(g.locals) - others):
            if g.is_free(i) and g.is_unit(f.poly.derivative(i)) and g.at_stratum(f.poly).is_zero():
                return g.coordinate(j, i)
    return None


def _cost(g: Germs) -> Fraction:
    """How far the factors are from units."""
    return Fraction(sum(Generator(f.poly).cost + 1 for f in g.gens)) if g.exponents else Fraction(0)


def _weights(groups: Centre) -> dict[int, int]:
    return {i: w for group in groups for i, w in group}


def _open() -> Outcome:
    return Outcome(None, None, {"op": "open"}, open=1)
