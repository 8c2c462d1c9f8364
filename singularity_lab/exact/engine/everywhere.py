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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from singularity_lab.algebra import maps
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem, RationalInterval
from singularity_lab.algebra.rings import to_fmpq
from singularity_lab.exact.engine.germs import LOCAL, PARAM, Generator, Germs
from singularity_lab.exact.engine.limits import DERIVATIVES, DOMAIN_PATIENCE
from singularity_lab.exact.engine.losses import sum_of_squares
from singularity_lab.exact.engine.outcome import SearchOutcome, least
from singularity_lab.exact.engine.parameters import Poly, special_values, splitting_polynomials
from singularity_lab.exact.engine.resolution import Resolution
from singularity_lab.exact.engine.rules import SADDLES
from singularity_lab.exact.engine.search import Rules, Search
from singularity_lab.exact.engine.stratum_cuts import as_unit, without_zero
from singularity_lab.exact.proof import everywhere as domain
from singularity_lab.exact.proof.branches import Squares


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


def cell(g: Germs, i: int, piece: RationalInterval, end: bool) -> Germs:
    """The family on a cell of variable i, as :func:`proof.everywhere.cell` has it."""
    numerator, denominator = domain.coordinate(g.names, i, piece, end)
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


def end_cell(g: Germs, i: int, end: Fraction, high: bool) -> Germs:
    """The family where variable i is at an end of its interval, as :func:`proof.everywhere.at_end`
    has it."""
    s = g.variables[i]
    value = (-s if high else s) + to_fmpq(end)
    power = value ** g.k.get(i, 0)
    return g.but(
        gens=tuple(Generator(power * g.compose(f.poly, {i: value})) for f in g.gens),
        k={j: e for j, e in g.k.items() if j != i},
        role={**g.role, i: LOCAL},
        positive=g.positive | {i},
        h=g.h if end == 0 else {j: e for j, e in g.h.items() if j != i},
    ).normal()


_LEADING, _CUTS = 3, 6  # coefficients of coefficients, and how many of these

# -- rules of a search over a domain ---------------------------------------------------------------


def without_zero_by_signs(
    search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """What signs make definite is no coordinate: it is a unit before it is tried as one."""
    if len(q) < 2 or not Generator(q).occurs & g.positive - {g.symbol}:
        return None
    return without_zero_alone(search, g, q, target, fuel) or without_zero(
        search, g, q, target, fuel
    )


def without_zero_alone(
    search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """Units may distract: what the signs of the variables prove without them comes first."""
    if not g.units:
        return None
    evidence = g.no_common_zero([q], search.patience, alone=True)
    return as_unit(search, g, q, evidence, target, fuel)


def cut_by_leading_factors(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """Cut along the factors of the coefficient of a variable in which a condition is linear; where
    that cannot be, along those of their own coefficients."""
    return _cut_by_leading(search, g, target, fuel, [i for i in g.role if g.is_free(i)])


def cut_by_leading_units(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """The same for unit variables that are > 0."""
    return _cut_by_leading(search, g, target, fuel, [*g.unit_variables])


def _cut_by_leading(
    search: Search, g: Germs, target: RLCT | None, fuel: int, able: Sequence[int]
) -> SearchOutcome | None:
    wanted = conditions(g)
    for _ in range(_LEADING):
        inner: list[Poly] = []
        for q in wanted:
            degrees = g.degrees(q)
            for i in sorted(Generator(q).occurs & set(able) - {g.symbol}):
                if degrees[i] == 1:
                    factors = factor(g.coefficients(Generator(q), i)[1])[1]
                    changing = [p for p, _ in factors if not p.is_constant() and not g.is_unit(p)]
                    found = search.cut(g, changing, target, fuel)
                    if found is not None:
                        return found
                    inner += changing
        wanted = inner[:_CUTS]
    return None


def cut_by_variables(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """Where nothing else is left, and no variable is local: a parameter is 0 or not."""
    if g.locals or not g.params:
        return None
    used = frozenset[int]().union(*(Generator(q).occurs for q in conditions(g)))
    return search.cut(g, (g.variables[i] for i in g.params if i in used), target, fuel)


def cut_by_derivatives(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """Cut along factors of derivatives of conditions, those that divide most derivatives first."""
    counts: dict[str, tuple[int, Poly]] = {}
    for q in conditions(g):
        for i in sorted(Generator(q).occurs - {g.symbol}):
            for p, _ in factor(q.derivative(i))[1]:
                if not p.is_constant() and not g.is_unit(p):
                    counts[str(p)] = (counts.get(str(p), (0, p))[0] + 1, p)
    listed = sorted(
        counts.values(), key=lambda c: (-c[0], c[1].total_degree(), len(c[1]), str(c[1]))
    )
    return search.cut(g, (p for _, p in listed[:DERIVATIVES]), target, fuel)


def conditions(g: Germs) -> list[Poly]:
    """The polynomials that decide how the family looks, where its stratum can be cut."""
    return splitting_polynomials(g) if g.params or g.unit_variables else []


def cut_domain(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """The domain is cut as long as it can be before a germ is looked at, so that each leaf of the
    splitting is a stratum."""
    if fuel < search.horizon or search.expired:
        return None
    signed = g.positive - {g.symbol}  # in a box signs exclude zeros; that comes later
    if not g.params and (signed or not g.unit_variables):
        return None
    wanted = splitting_polynomials(g)
    for i in sorted(g.params):  # the monomial factor of K
        if g.k.get(i):
            wanted.insert(0, g.variables[i])
    found = search.cut(g, itertools.chain(wanted, special_values(g, wanted)), None, fuel)
    return found or (search.first_of(_LAST, g, None, fuel) if wanted else None)


_LAST = (
    cut_by_leading_factors,
    cut_by_derivatives,
    cut_by_leading_units,
    cut_by_variables,
)

# A search over a domain: other ways to cut it before it is blown up.
DOMAIN = replace(
    SADDLES,
    branching=(*SADDLES.branching[:-1], *_LAST, SADDLES.branching[-1]),
    splitting=(
        without_zero_by_signs,
        *itertools.takewhile(lambda split: split is not without_zero, SADDLES.splitting),
        without_zero_alone,
        *itertools.dropwhile(lambda split: split is not without_zero, SADDLES.splitting),
    ),
)

# The same, stratum by stratum.
STRATA = replace(DOMAIN, first=(cut_domain, *DOMAIN.first))


# -- the search ------------------------------------------------------------------------------------


def resolve_everywhere(
    problem: LocalProblem,
    *,
    budget: float | None = None,
    nodes: int | None = None,
    memory: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[Resolution, bool]]:
    """Searches for a proof of the least (λ, m) over the domain of a problem, one after the other;
    with each whether the proof says that there is no zero of K. The limits are those of
    :func:`resolution.resolve_germ`.
    """

    def resolve(
        rules: Rules, seconds: float | None, *, comparing: bool = False, relaxed: bool = False
    ) -> tuple[Resolution, bool]:
        search = Search.within(
            rules,
            seconds,
            nodes=nodes,
            memory=memory,
            progress=progress,
            patience=DOMAIN_PATIENCE,
            comparing=comparing,
        )
        begin = _attempt(search, problem, relaxed)
        found = search.deepened(seconds, lambda: (None, begin))
        return Resolution.of(search, found), found.empty

    assert problem.over is not None
    bounded = any(pair != (None, None) for pair in problem.over)
    yield resolve(STRATA, budget and budget / (3 if bounded else 2))
    if bounded:
        yield resolve(STRATA, budget and budget / 4, relaxed=True)
    yield resolve(DOMAIN, budget and budget / 4, comparing=True)


def _attempt(
    search: Search, problem: LocalProblem, relaxed: bool
) -> Callable[[int], SearchOutcome]:
    """How to solve the cells of a domain to some depth; relaxed: those with all real values in
    place of what lies between the ends."""
    g = all_germs(problem)
    assert problem.over is not None
    intervals = [(i, pair) for i, pair in enumerate(problem.over) if pair != (None, None)]
    squares = typed_squares(problem)
    solve = open_over if relaxed else over
    return lambda depth: solve(search, g, squares, intervals, None, depth)


Squared = list[tuple[Fraction, Poly]]


def typed_squares(problem: LocalProblem) -> Squared | None:
    """The pairs (c, q) with K = Σ c·q² of a loss that is typed so, or completed to such a sum."""
    if problem.convention != "loss":
        return None
    found = sum_of_squares(problem.ideal.generators[0], 0.5, matrix=False)
    return None if found is None else [(c, q.flint) for c, q in found]


def in_cell(
    squares: Squared, names: tuple[str, ...], i: int, piece: RationalInterval, end: bool
) -> Squared:
    """The squares in a cell of variable i, times the power of the denominator that K gets."""
    numerator, denominator = domain.coordinate(names, i, piece, end)
    most = max(int(q.degrees()[i]) for _, q in squares)
    return [
        (
            c,
            maps.pull_back(q, i, numerator, denominator)
            * denominator ** (most - int(q.degrees()[i])),
        )
        for c, q in squares
    ]


def of_squares(
    search: Search, g: Germs, squares: Squared | None, target: RLCT | None, fuel: int
) -> SearchOutcome:
    """The family of a cell, by the ideal of the squares where its generator is their sum."""
    whole = None if squares is None else _roots(g, squares)
    if whole is None:
        return search.solve(g, target, fuel)
    doubled = target and RLCT(2 * target.value, target.multiplicity)
    inner = g.but(gens=tuple(Generator(q) for _, q in whole), k={i: e // 2 for i, e in g.k.items()})
    found = search.solve(inner.normal(), doubled, fuel)
    step = Squares(squares=(tuple((str(c), str(q)) for c, q in whole),), cases=[found.step])
    lower, upper = (v and RLCT(v.value / 2, v.multiplicity) for v in (found.lower, found.upper))
    return SearchOutcome(lower, upper, step.encode(), found.empty, found.open)


def _roots(g: Germs, squares: Squared) -> Squared | None:
    """The squares without the monomial factor of the family, if its generator is their sum."""
    if len(g.gens) != 1 or any(e % 2 for e in g.k.values()):
        return None
    root = g.monomial({i: e // 2 for i, e in g.k.items()})
    parts = [(c, divmod(q, root)) for c, q in squares]
    if any(not rest.is_zero() for _, (_, rest) in parts):
        return None
    roots = [(c, q) for c, (q, _) in parts if not q.is_zero()]
    total = sum((q * q * to_fmpq(c) for c, q in roots), g.context.constant(0))
    return roots if total == g.gens[0].poly else None


def over(
    search: Search,
    g: Germs,
    squares: Squared | None,
    intervals: Sequence[tuple[int, RationalInterval]],
    target: RLCT | None,
    fuel: int,
) -> SearchOutcome:
    """The cells of the intervals, then each cell's family."""
    if not intervals:
        return of_squares(search, g, squares, target, fuel)
    (i, interval), *left = intervals
    outcomes = []
    for piece, end in domain.cut(interval, bool(g.h.get(i))):
        inside = None if squares is None else in_cell(squares, g.names, i, piece, end)
        found = over(search, cell(g, i, piece, end), inside, left, target, fuel)
        outcomes.append(found)
        if found.upper is not None and (target is None or found.upper < target):
            target = found.upper
    return least(outcomes, domain.Interval(var=g.names[i]).encode())


def open_over(
    search: Search,
    g: Germs,
    squares: Squared | None,
    intervals: Sequence[tuple[int, RationalInterval]],
    target: RLCT | None,
    fuel: int,
) -> SearchOutcome:
    """The same with all real values in place of those between the ends of an interval: a bound
    below, but for the ends."""
    if not intervals:
        return of_squares(search, g, squares, target, fuel)
    (i, (low, high)), *left = intervals
    between = open_over(search, g, squares, left, target, fuel)
    between.upper = None
    outcomes = [between]
    for end in (low, high):
        if end is not None:
            s = g.variables[i]
            image = {i: (-s if end == high else s) + to_fmpq(end)}
            inside = squares and [(c, g.compose(q, image)) for c, q in squares]
            family = end_cell(g, i, end, end == high)
            outcomes.append(open_over(search, family, inside, left, target, fuel))
    return least(outcomes, domain.Interval(var=g.names[i], open=True).encode())
