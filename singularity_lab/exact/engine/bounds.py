"""Bounds that need no search, and how better ones replace them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from singularity_lab.algebra import maps
from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.linear import covering_lp
from singularity_lab.algebra.problem import Germ, LocalProblem
from singularity_lab.errors import CertificateError
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.leaves import optimum, terms_leaf
from singularity_lab.exact.engine.result import Result
from singularity_lab.exact.engine.rules import RESOLVING
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.proof.branches import Blowup, Subideal
from singularity_lab.exact.proof.certificate import Certificate, Script
from singularity_lab.exact.proof.leaves import Monomial, Order
from singularity_lab.exact.proof.verify import verify
from singularity_lab.system.deadline import TimeLimit
from singularity_lab.system.stopwatch import Stopwatch

_APART, _NODES = 1.0, 300  # CPU seconds and charts for generators without common variables
_MANY = 400  # generators
_TERMS_LP = 1.2  # CPU seconds at least: the chart of the origin, which comes else, takes longer


def prove(
    problem: LocalProblem,
    step: Script,
    value: RLCT,
    method: str,
    watch: Stopwatch,
    notes: tuple[str, ...],
) -> Result:
    """The result of a script that proves a value exactly; watch: runs since the beginning.

    Raises CertificateError where the verifier refuses it.
    """
    certificate = Certificate(problem, "exact", value, step)
    verify(certificate)
    seconds = watch.seconds
    return Result(problem, Bounds(value, value), (certificate,), method, seconds, notes)


def monomial_ideal(germ: Germ) -> tuple[Script, RLCT]:
    """The leaf of an ideal of many monomials, without the engine's moves."""
    rows = []
    for g in germ.generators:
        if not g.is_zero:
            row = [0] * len(germ.variables)
            for i, e in maps.content(g.flint).items():
                row[i] = e
            rows.append(tuple(row))
    solution = covering_lp([h + 1 for h in germ.prior], rows)
    scale = 2 if germ.convention == "loss" else 1
    step = optimum(Monomial, germ.variables, solution)
    return step, RLCT(scale * solution.value / 2, 1 + solution.face_dimension)


def first_bounds(
    problem: LocalProblem,
    germ: Germ,
    budget: float | None,
    watch: Stopwatch,
    notes: tuple[str, ...],
    apart: bool = True,
) -> Result:
    """Both sides, verified, from the order, from generators without common variables (if asked
    for), and from the terms: or, where the linear program of the terms takes more than a fourth of
    the budget, from the blow-up of the origin."""
    low = Certificate(problem, "lower", _order_bound(problem, germ), Order().encode())
    verify(low)
    found = None
    with TimeLimit(_APART if budget is None else min(budget / 4, _APART)):
        found = _apart_bound(problem, germ) if apart else None
    if found is not None and found.claim > low.claim:
        low = found
    high = None
    with TimeLimit(None if budget is None else max(budget / 4, _TERMS_LP)):
        step, top = _terms_bound(germ)
        high = Certificate(problem, "upper", top, step)
        verify(high)
    if high is None:
        step, top = _origin_bound(germ)
        high = Certificate(problem, "upper", top, step)
        verify(high)
    seconds = watch.seconds
    bounds = Bounds(low.claim, high.claim)
    notes = (*notes, "bounds from the order and the terms alone (ended by: time)")
    return Result(problem, bounds, (low, high), "order and terms", seconds, notes)


def bracket(known: Result, step: Script, lower: RLCT | None, upper: RLCT | None) -> Result:
    """The bounds known and those of the engine, where these are better and hold.

    Of equal claims the shorter proof stays: the engine's may be long.
    """
    problem = known.problem
    low, high = known.certificates
    better = lower is not None and lower > low.claim, upper is not None and upper < high.claim
    try:
        if better[0] and lower is not None:
            mine = Certificate(problem, "lower", lower, step)
            verdict = verify(mine)
            low = mine
            if better[1] and upper is not None and verdict.upper and verdict.upper <= upper:
                high = Certificate(problem, "upper", upper, step)
        elif better[1] and upper is not None:
            mine = Certificate(problem, "upper", upper, step)
            verify(mine)
            high = mine
    except CertificateError as error:
        note = f"the verifier rejects the engine's proof: {error}"
        known = replace(known, notes=(*known.notes, note))
    return replace(known, bounds=Bounds(low.claim, high.claim), certificates=(low, high))


def better(known: Result, other: Result) -> Result:
    """The better bounds of two results for one K."""
    (low, high), (other_low, other_high) = known.certificates, other.certificates
    low = other_low if other_low.claim > low.claim else low
    high = other_high if other_high.claim < high.claim else high
    return replace(known, bounds=Bounds(low.claim, high.claim), certificates=(low, high))


def _apart_bound(problem: LocalProblem, germ: Germ) -> Certificate | None:
    """The lower bound of some generators no two of which have a variable in common: theirs add."""
    g = Germs.of(germ)
    if any(g.k.values()) or not 2 <= len(g.gens) <= _MANY:
        return None
    keep, used = list[int](), set[int]()
    for j in sorted(range(len(g.gens)), key=lambda j: (_order(g, j), len(g.gens[j].poly), j)):
        own = g.gens[j].occurs - {g.symbol}
        if not own & used:
            keep.append(j)
            used |= own
    if len(keep) < 2:
        return None
    keep.sort()
    fewer = g.but(gens=tuple(g.gens[j] for j in keep)).normal()
    search = Search.within(RESOLVING, _APART, nodes=_NODES)
    found = search.deepened(_APART, lambda: (None, lambda depth: search.solve(fewer, None, depth)))
    if found.lower is None:
        return None
    step = Subideal(keep=tuple(keep), cases=[search.lemmas.assemble(found.step)]).encode()
    scale = 2 if problem.is_power_one else 1
    claim = RLCT(scale * found.lower.value, found.lower.multiplicity)
    certificate = Certificate(problem, "lower", claim, step)
    try:
        verify(certificate)
    except CertificateError:
        return None
    return certificate


def _order(g: Germs, j: int) -> int:
    return min(sum(e for i, e in t if i != g.symbol) for t, _ in g.gens[j].terms)


def _terms_bound(germ: Germ) -> tuple[Script, RLCT]:
    """The upper bound of the term ideal."""
    from singularity_lab.exact.engine.newton import term_ideal_bound

    return term_ideal_bound(germ) if germ.field is None else _terms_over_field(germ)


def _terms_over_field(germ: Germ) -> tuple[Script, RLCT]:
    """The bound of the term ideal, which does not depend on the coefficients."""
    found = terms_leaf(Germs.of(germ))
    assert found is not None
    assert found.upper is not None
    scale = 2 if germ.convention == "loss" else 1
    return found.step, RLCT(scale * found.upper.value, found.upper.multiplicity)


def _origin_bound(germ: Germ) -> tuple[Script, RLCT]:
    """The upper bound of one divisor, the exceptional one of the origin: (n + Σ τ)/(2·order)."""
    g = Germs.of(germ)
    groups = [[(i, 1)] for i in g.locals]
    first, *others = g.charts(groups)
    found = terms_leaf(g.chart(groups, first))
    assert found is not None
    assert found.upper is not None
    step = Blowup(
        groups=tuple(((g.names[i], 1),) for i in g.locals),
        cases=[found.step, *(None for _ in others)],
    ).encode()
    scale = 2 if germ.convention == "loss" else 1
    return step, RLCT(scale * found.upper.value, found.upper.multiplicity)


def _order_bound(problem: LocalProblem, germ: Germ) -> RLCT:
    """λ ≥ (1 + min(0, τ))/(2·order), since lct ≥ 1/order (restriction to a line)."""
    n = len(germ.variables)  # a number field has a symbol after them
    order = min(sum(a[:n]) for g in germ.generators for a in g.support())
    least = min([Fraction(0), *germ.prior])
    scale = 2 if problem.is_power_one else 1
    return RLCT(scale * (1 + least) / (2 * order), len(germ.variables))
