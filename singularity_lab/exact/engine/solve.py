"""The front door of the proof arm: λ and m of a germ, or what is proved of them, with certificates.

Routes, in order: the zero ideal; a loss that is a sum of squares, by the ideal of these; a smooth
point, by one minor of the Jacobian; the Newton polyhedron (monomial and nondegenerate ideals,
Howald 2001, Varchenko 1976, Lin 2011); the chart tree. Every value comes with a certificate that
has been verified.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypedDict, Unpack, overload

from singularity_lab.algebra import maps
from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.parsing import written
from singularity_lab.algebra.polynomial import Ideal, PointLike
from singularity_lab.algebra.problem import Convention, Germ, GermLike, LocalProblem, Over
from singularity_lab.algebra.rings import Rational
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, Undecided, shown
from singularity_lab.exact.engine.analytic_answer import solve_analytic
from singularity_lab.exact.engine.bounds import better, bracket, first_bounds, monomial_ideal, prove
from singularity_lab.exact.engine.coordinates import shorter_problem
from singularity_lab.exact.engine.everywhere import resolve_everywhere, typed_squares
from singularity_lab.exact.engine.families import tabulate
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.leaves import smooth_germ
from singularity_lab.exact.engine.losses import sum_of_squares
from singularity_lab.exact.engine.outcome import chain
from singularity_lab.exact.engine.parameter_tables import Table, with_symbol
from singularity_lab.exact.engine.products import factors_of, resolve_product
from singularity_lab.exact.engine.resolution import Resolution, resolve_germ
from singularity_lab.exact.engine.result import Result
from singularity_lab.exact.engine.saddles import saddle_leaf
from singularity_lab.exact.engine.strata import DomainStratum, bound_by_points, strata
from singularity_lab.exact.proof.branches import Both, Squares
from singularity_lab.exact.proof.certificate import Certificate, Kind, Script
from singularity_lab.exact.proof.leaves import Zero
from singularity_lab.exact.proof.verify import negative_somewhere, replay, starting_family, verify
from singularity_lab.system.counting import counted
from singularity_lab.system.cuts import is_over
from singularity_lab.system.deadline import TimeLimit, require_seconds
from singularity_lab.system.stopwatch import Stopwatch

# A search ends with its budget; what is found is verified within OVERRUN · budget + GRACE seconds.
OVERRUN, GRACE = 1.1, 0.9
_HINT = (
    "K is not seen to be a sum of squares: where it is one, K typed as that sum, or its squares as "
    "the generators of an ideal, may be decided sooner"
)
_TESTED = "K >= 0 was tested along arcs and at points, not proved: the value is that of |K|"
_AT_A_SADDLE = "critical point at which f changes its sign, Hessian of rank >= 2"
_CHARTS_OF_A_SADDLE = 1.0  # CPU seconds
_LARGE = 4_000  # terms times variables of a germ whose first bounds come before the search


class Options(TypedDict, total=False):
    """The keywords of :func:`rlct` besides ``parameters``."""

    at: PointLike | None
    prior: Mapping[str, Rational | str] | None
    nonnegative: str | Iterable[str]
    box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None
    convention: Convention
    over: Over | None
    budget: float | None
    nodes: int | None
    memory: float | None
    progress: Callable[[int], None] | None


@overload
def rlct(
    generators: GermLike,
    variables: str | Iterable[str] | None = None,
    *,
    parameters: None = None,
    **options: Unpack[Options],
) -> Result: ...


@overload
def rlct(
    generators: GermLike,
    variables: str | Iterable[str] | None = None,
    *,
    parameters: str,
    **options: Unpack[Options],
) -> Table: ...


def rlct(
    generators: GermLike,
    variables: str | Iterable[str] | None = None,
    *,
    parameters: str | None = None,
    at: PointLike | None = None,
    prior: Mapping[str, Rational | str] | None = None,
    nonnegative: str | Iterable[str] = (),
    box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None = None,
    convention: Convention = "ideal",
    over: Over | None = None,
    freeze: str | Iterable[str] | Mapping[str, Rational | str] = (),
    budget: float | None = 60.0,
    nodes: int | None = None,
    memory: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Result | Table:
    """Return what is proved of the learning coefficient λ and its multiplicity m of a germ of K:
    (λ, m) exactly, or bounds.

    generators: expressions f1, …, fk (text, Polynomial, Ideal), a LocalProblem or a row of the
    catalog, which bring their own point, prior and constraints; K = Σ fᵢ². With
    ``convention="loss"`` one expression K ≥ 0 itself, with "two-sided" |f| for one f that may
    change sign, such as L − L(w*) at a saddle. at: the point (the origin unless given), its
    coordinates rational or real algebraic, such as "sqrt(2)" or "root(t^3 - 2, 1, 2)".
    prior: exponents τ of a prior ∏|wᵢ|^τᵢ. nonnegative: variables, and polynomials with independent
    differentials, that are ≥ 0; box: intervals of variables. over: "R^d", or
    intervals (low, high) of variables, the others being real: the least (λ, m) over all zeros of K
    there instead of that at a point, with ``strata``. It is the least over points: for volumes near
    {K = 0} it speaks on compact sets only. freeze: variables that keep their coordinate of the
    point, or values by name: the restricted coefficient, of K in the remaining variables.
    parameters: the name of a symbol t that is no variable: a
    :class:`~singularity_lab.exact.engine.parameter_tables.Table` is returned, with (λ, m) on each
    of the points and intervals of t where it is one. Expressions with exp, log, sqrt, sin, cos,
    tanh, sigmoid, softplus, … and division are read as well, near a point. budget: CPU seconds;
    nodes: charts; memory: MiB by which the process may grow; None for no limit. progress: called
    with the number of charts.

    The answer is exact with a verified certificate, or two-sided bounds with two: also when a limit
    or a first Ctrl-C ends the search.

    Raises BadInput for what cannot be read and for a loss that takes negative values, OutOfScope
    where K does not vanish at the point, or nowhere on the domain.

    >>> r = rlct("x^2 - y^3")
    >>> r.value, r.multiplicity
    (Fraction(5, 12), 1)
    >>> rlct(["a*b", "a*c"], variables="a b c").rlct
    RLCT(value=Fraction(1, 2), multiplicity=1)
    >>> print(rlct(["a*b", "a*c"], at={"a": 1}, freeze={"a": 1}).rlct)  # b and c move
    (1, 1)
    >>> print(rlct("(x^2 - 2)^2 - y^3", at={"x": "sqrt(2)"}).rlct)
    (5/12, 1)
    >>> r = rlct("(x - 1)*(y^2 - x^3)", over="R^d")
    >>> print(*r.strata[:2], sep="\\n")
    (5/12, 1) on {x = 0, y = 0, x - 1 != 0} at x = 0, y = 0
    (1/2, 2) on {x - 1 = 0, y + 1 = 0} at x = 1, y = -1

    Reference: Watanabe 2009, *Algebraic Geometry and Statistical Learning Theory*, Definition 2.8,
    Theorem 6.7.
    """
    require_seconds(budget)
    for name, limit, unit in (("nodes", nodes, "charts"), ("memory", memory, "MiB")):
        if limit is not None and not limit > 0:
            raise BadInput(f"{name}: {unit} > 0 are needed, received {limit!r}")
    watch = Stopwatch()
    limits: dict[str, Any] = {"nodes": nodes, "memory": memory, "progress": progress}
    variables, parameters, at, prior, nonnegative, box, over, freeze = map(
        written, (variables, parameters, at, prior, nonnegative, box, over, freeze)
    )
    if parameters is not None:
        _check_unfrozen(freeze, "a table")
        options = dict(prior=prior, nonnegative=nonnegative, box=box, convention=convention)
        problem = with_symbol(generators, variables, parameters, at=at, over=over, **options)
        with TimeLimit(None if budget is None else OVERRUN * budget + GRACE, watch):
            return tabulate(
                problem, parameters, budget, lambda p, left: rlct(p, budget=left, **limits)
            )
        raise Undecided(f"rlct: nothing is proved within {budget} CPU seconds")
    typed = AnalyticProblem.of(
        generators,
        variables,
        at=at,
        prior=prior,
        nonnegative=nonnegative,
        box=box,
        convention=convention,
        over=over,
    )
    if typed is not None:
        _check_unfrozen(freeze, "functions")
        return _analytic(typed, watch, budget, limits)
    asked: _Question | None = None
    with TimeLimit(None if budget is None else OVERRUN * budget + GRACE, watch):
        problem = LocalProblem.of(
            generators,
            variables,
            at=at,
            prior=prior,
            nonnegative=nonnegative,
            box=box,
            convention=convention,
            over=over,
        )
        if freeze:
            problem = problem.frozen(freeze)
        if problem.over is not None:
            return _everywhere(problem, watch, budget, nodes, memory, progress)
        asked = _Question(problem, problem.localize(algebraic=True), watch, budget, limits)
        _check_vanishes(problem, asked.germ)
        for route in _ROUTES:
            found = route(asked)
            if found is not None:
                return found
    known = None if asked is None else asked.known  # also where the time has run out
    if known is None:
        raise Undecided(
            f"rlct: nothing is proved within {budget} CPU seconds: the germ is too large",
            Bounds(None, None),
        )
    return replace(known, seconds=watch.seconds)


@dataclass
class _Question:
    """A germ with its limits, and what the routes have found so far."""

    problem: LocalProblem
    germ: Germ
    watch: Stopwatch
    budget: float | None
    limits: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    known: Result | None = None  # bounds
    others: list[Result] = field(default_factory=list)  # bounds by another form of K
    squared: bool = False  # K is seen to be a sum of squares

    @property
    def large(self) -> bool:
        """True if first bounds come before the search."""
        terms = sum(len(g.flint) for g in self.germ.generators)
        return terms * len(self.germ.variables) > _LARGE

    def left(self, share: float = 1.0) -> float | None:
        """A share of what is left of the budget, in CPU seconds; None for no limit."""
        if self.budget is None:
            return None
        return max(share * (self.budget - self.watch.seconds), 0.05)

    def proved(self, step: Script, value: RLCT, method: str) -> Result:
        """The exact answer by a script, once it is verified."""
        return prove(self.problem, step, value, method, self.watch, self.notes)


def _zero(asked: _Question) -> Result | None:
    """K = 0 near the point."""
    if any(not g.is_zero for g in asked.germ.generators):
        return None
    return asked.proved(Zero().encode(), RLCT(Fraction(0), 1), "K is identically 0")


def _squares_as_typed(asked: _Question) -> Result | None:
    """The ideal of the squares that a loss is typed as, or completed to."""
    return _squares(asked, matrix=False)


def _loss_is_nonnegative(asked: _Question) -> Result | None:
    """No answer: a loss with negative values is refused."""
    asked.notes += _check_loss(asked.problem)
    return None


def _monomials(asked: _Question) -> Result | None:
    """A large monomial ideal: one linear program."""
    lengths = [len(g.flint) for g in asked.germ.generators]
    if not asked.large or max(lengths) > 1 or asked.germ.field:
        return None
    with TimeLimit(None if asked.budget is None else 0.9 * asked.budget, asked.watch):
        return asked.proved(*monomial_ideal(asked.germ), "monomial ideal, linear program")
    return None


def _smooth(asked: _Question) -> Result | None:
    """A smooth point, by one minor of the Jacobian."""
    smooth = smooth_germ(Germs.of(asked.germ))
    if smooth is None or smooth.lower is None or asked.germ.convention != "ideal":
        return None
    method = f"smooth point, rank {2 * smooth.lower.value} of the Jacobian"
    return asked.proved(smooth.step, smooth.lower, method)


def _bounds_of_a_large_germ(asked: _Question) -> Result | None:
    """No answer yet: bounds before a search that may not end."""
    if asked.large:
        asked.known = first_bounds(
            asked.problem, asked.germ, asked.left(), asked.watch, asked.notes
        )
    return None


def _newton(asked: _Question) -> Result | None:
    """The Newton polyhedron of a small germ that is no monomial ideal."""
    terms = [sum(1 for _ in g.terms()) for g in asked.germ.generators]
    many = max(terms) == 1 or len(asked.germ.variables) > 6 or sum(terms) > 40
    if many or asked.germ.field:
        return None
    from singularity_lab.exact.engine.newton import NewtonFailure, newton_step

    found = newton_step(asked.germ, budget=1.0, limit=300)
    if isinstance(found, NewtonFailure):
        asked.notes += (f"Newton polyhedron: {found.reason}",)
        return None
    step, value = found
    faces = counted(len(step["faces"]), "compact face")
    method = f"Newton polyhedron, {step['criterion']} on {faces} besides the vertices"
    return asked.proved(step, value, method)


def _size(found: Any) -> str:
    """Blow-ups and charts of a search, counted."""
    return f"{counted(found.blow_ups, 'blow-up')}, {counted(found.nodes, 'chart')}"


def _chart_tree(asked: _Question) -> Result | None:
    """The resolution: the answer, or what is known in the end."""
    problem, germ, notes = asked.problem, asked.germ, asked.notes
    saddle = None if problem.convention == "two-sided" else saddle_leaf(Germs.of(germ))
    # A resolution says more than the one step of a saddle, which is there where it takes long.
    left = asked.left() if saddle is None else min(_CHARTS_OF_A_SADDLE, asked.left() or math.inf)
    found = resolve_germ(
        germ, budget=left, saddles=problem.convention == "two-sided", **asked.limits
    )
    if saddle is not None and saddle.lower is not None and found.open:
        value = RLCT((2 if problem.is_power_one else 1) * saddle.lower.value, 1)
        return asked.proved(saddle.step, value, _AT_A_SADDLE)
    scale = 2 if problem.is_power_one else 1
    lower, upper = (v and RLCT(scale * v.value, v.multiplicity) for v in (found.lower, found.upper))
    method = (
        "monomial ideal, linear program" if found.blow_ups == 0 else f"resolution, {_size(found)}"
    )
    if found.step.get("op") == "saddle":
        method = _AT_A_SADDLE
    still_open = _still_open(found, "charts")
    if not found.open and (lower is None or lower != upper):
        still_open = "each chart is closed, some by bounds that do not meet"
    exact = lower is not None and lower == upper
    known = asked.known or first_bounds(
        problem, germ, asked.budget, asked.watch, notes, apart=not exact
    )
    known = replace(known, method=method, notes=(*notes, still_open), open_charts=found.frontier)
    asked.known = known
    if lower is not None and lower == upper:
        unverified = "a proof was found, and there was no time to verify it"
        asked.known = replace(known, notes=(*notes, unverified))
        try:
            return asked.proved(found.step, lower, method)
        except CertificateError as error:  # a fault of the engine: what is not verified
            rejected = f"the verifier rejects the engine's proof: {error}"
            known = replace(known, notes=(*notes, rejected, still_open))
    known = bracket(known, found.step, lower, upper)
    for other in asked.others:
        known = better(known, other)
    asked.known = known
    return None


def _product(asked: _Question) -> Result | None:
    """A product with long powers, resolved factor by factor."""
    factors = factors_of(asked.problem)
    found = None if factors is None else resolve_product(asked.problem, factors, asked.left(0.5))
    if factors is None or found is None:
        return None
    step, value = found
    if asked.problem.is_power_one:
        value = RLCT(2 * value.value, value.multiplicity)
    return asked.proved(step, value, f"resolution of a product, {counted(len(factors), 'factor')}")


def _squares(asked: _Question, matrix: bool = True) -> Result | None:
    """A loss K = Σ c·q² by the ideal of the q, which may also be read off a Gram matrix.

    An ideal that stays open within half of the budget leaves the rest to K itself.
    """
    problem = asked.problem
    if problem.convention != "loss" or asked.squared:
        return None
    seconds = 2.0 if asked.budget is None else asked.budget / 4
    found = sum_of_squares(problem.ideal.generators[0], seconds, matrix=matrix)
    if found is None:
        asked.notes += (_HINT,) if matrix else ()
        return None
    asked.squared = True
    ideal = replace(
        problem,
        ideal=Ideal(problem.ideal.variables, tuple(q for _, q in found)),
        convention="ideal",
    )
    inner = rlct(ideal, budget=asked.left(0.5), **asked.limits)
    whole = asked.germ.generators[0].flint
    half = {i: e // 2 for i, e in maps.content(whole).items()}
    factor = maps.monomial(whole.context(), half)
    roots = [q.flint / factor for q in ideal.localize(algebraic=True).generators]
    listed = tuple((str(c), str(q)) for (c, _), q in zip(found, roots, strict=True))
    count = f"{len(found)} square" + ("s" if len(found) > 1 else "")
    return _carried(
        asked,
        inner,
        lambda proof: Squares(squares=(listed,), cases=[proof]).encode(),
        f"sum of {count}, {inner.method}",
    )


def _shorter(asked: _Question) -> Result | None:
    """The germ in other coordinates, or as a slice of a product, where these are found: what stays
    open there within half of the budget is left to the germ as it is."""
    found = None
    with TimeLimit(asked.left(0.25)):
        found = shorter_problem(asked.problem, asked.germ)
    if found is None:
        return None
    shorter, steps = found
    inner = rlct(shorter, budget=asked.left(0.5), **asked.limits)
    return _carried(
        asked, inner, lambda proof: chain(steps, proof), f"other coordinates, {inner.method}"
    )


def _carried(
    asked: _Question, inner: Result, proof: Callable[[Script], Script], method: str
) -> Result | None:
    """The answer about another form of K, carried back to K: returned where it is exact, else kept
    for the end."""
    problem = asked.problem
    proved = tuple(
        Certificate(problem, c.kind, c.claim, proof(c.proof)) for c in inner.certificates
    )
    try:
        for certificate in proved:
            verify(certificate)
    except CertificateError as error:  # a fault of the engine
        asked.notes += (f"the verifier rejects the engine's proof: {error}",)
        return None
    seconds = asked.watch.seconds
    found = replace(inner, problem=problem, certificates=proved, method=method, seconds=seconds)
    if not found.exact:
        asked.others.append(found)
        return None
    return found


_ROUTES: tuple[Callable[[_Question], Result | None], ...] = (
    _zero,
    _squares_as_typed,
    _loss_is_nonnegative,
    _product,
    _monomials,
    _smooth,
    _bounds_of_a_large_germ,
    _newton,
    _shorter,
    _squares,  # a Gram matrix takes longer
    _chart_tree,
)


def _check_unfrozen(freeze: Any, what: str) -> None:
    if freeze:
        raise OutOfScope(f"freeze: not with {what}: put in the values of these variables")


def _analytic(
    problem: AnalyticProblem, watch: Stopwatch, budget: float | None, limits: Mapping[str, Any]
) -> Result:
    """What is proved of expressions with functions, by polynomials of the same size."""
    with TimeLimit(None if budget is None else OVERRUN * budget + GRACE, watch):
        answer = solve_analytic(problem, budget, lambda p, left: rlct(p, budget=left, **limits))
        claims = {c.kind: c.claim for c in answer.certificates}
        exact = claims.get("exact")
        bounds = Bounds(claims.get("lower", exact), claims.get("upper", exact))
        seconds = watch.seconds
        return Result(problem, bounds, answer.certificates, answer.method, seconds, answer.notes)
    raise Undecided(f"rlct: nothing is proved within {budget} CPU seconds", Bounds(None, None))


def _everywhere(
    problem: LocalProblem,
    watch: Stopwatch,
    budget: float | None,
    nodes: int | None,
    memory: float | None,
    progress: Callable[[int], None] | None,
) -> Result:
    """The least (λ, m) over a domain."""
    gens = problem.ideal.generators
    notes = _check_loss_over(problem) if problem.convention == "loss" else ()
    if all(g.is_zero for g in gens):
        zero = RLCT(Fraction(0), 1)
        return prove(problem, Zero().encode(), zero, "K is identically 0", watch, notes)
    attempts = resolve_everywhere(
        problem, budget=budget, nodes=nodes, memory=memory, progress=progress
    )
    best: Result | None = None
    for found, empty in attempts:
        if empty and replay(starting_family(problem), found.step).empty:
            raise OutOfScope("over: K has no real zero there, so lambda is infinite (proved)")
        result = _over_domain(problem, found, watch, budget, notes)
        if best is None or _says_more(result, best):
            best = result
        late = budget is not None and is_over(watch.seconds, budget)
        if best.exact or found.ended == "interrupted" or late:
            break
    assert best is not None
    return replace(best, seconds=watch.seconds)


def _says_more(result: Result, other: Result) -> bool:
    """Whether one result says more than another."""

    def known(r: Result) -> tuple[bool, bool, RLCT, RLCT]:
        low, high = r.bounds.lower, r.bounds.upper
        none = RLCT(Fraction(0), 1)
        opposite = none if high is None else RLCT(1 / (1 + high.value), 1)
        return r.exact, low is not None, low or none, opposite

    return known(result) > known(other)


def _over_domain(
    problem: LocalProblem,
    found: Resolution,
    watch: Stopwatch,
    budget: float | None,
    notes: tuple[str, ...],
) -> Result:
    """The verified result of one search over a domain."""
    scale = 2 if problem.is_power_one else 1
    method = f"everywhere, {_size(found)}"
    if found.open:
        notes = (*notes, _still_open(found, "strata or charts"))
    proved = _verified(problem, found, scale)
    notes = (*notes, *(f"the verifier rejects the engine's proof: {e}" for e in proved.pop("", [])))
    seconds = 5.0 if budget is None else budget / 4
    listed = strata(next(iter(proved.values())), seconds) if proved else ()
    if proved and "exact" not in proved:
        proved = _with_points(problem, found, proved, listed, scale)
    sides = {kind: c.claim for kind, c in proved.items()}
    exact = sides.get("exact")
    bounds = Bounds(sides.get("lower", exact), sides.get("upper", exact))
    seconds = watch.seconds
    return Result(
        problem, bounds, tuple(proved.values()), method, seconds, notes, listed, found.frontier
    )


def _verified(problem: LocalProblem, found: Resolution, scale: int) -> dict[Any, Any]:
    """The certificates of a search over a domain, by kind; under "" why others are refused."""
    wanted: dict[Kind, RLCT | None] = {"lower": found.lower, "upper": found.upper}
    if found.exact:
        wanted = {"exact": found.lower}
    proved: dict[Any, Any] = {}
    for kind, value in wanted.items():
        if value is None:
            continue
        claim = RLCT(scale * value.value, value.multiplicity)
        certificate = Certificate(problem, kind, claim, found.step)
        try:
            verify(certificate)
        except CertificateError as error:
            proved.setdefault("", []).append(error)
            continue
        proved[kind] = certificate
    return proved


def _with_points(
    problem: LocalProblem,
    found: Resolution,
    proved: dict[Any, Certificate],
    listed: tuple[DomainStratum, ...],
    scale: int,
) -> dict[Any, Certificate]:
    """The same with a better upper bound, or the exact value, by the germ at a point."""
    above = proved["upper"].claim if "upper" in proved else None
    better = bound_by_points(problem, listed, above)
    if better is None:
        return proved
    claim, point = better
    whole = proved.get("lower")
    new = Certificate(problem, "upper", claim, point)
    if whole is not None and whole.claim == claim:
        step = Both(cases=[whole.proof, point]).encode()
        new = Certificate(problem, "exact", claim, step)
    try:
        verify(new)
    except CertificateError:
        return proved
    return {"exact": new} if new.kind == "exact" else {**proved, "upper": new}


def _still_open(found: Resolution, what: str) -> str:
    """How much is open at the end of a search, why it ended, and two of the charts."""
    ended = f" (ended by: {found.ended})" if found.ended else ""
    if not found.ended and found.frontier:
        ended = f" (no move is left: {found.frontier[-1].why})"
    some = "; ".join(dict.fromkeys(_in_short(chart.family) for chart in found.frontier[-2:]))
    return f"{found.open} {what} are open{ended}" + (f", for example {some}" if some else "")


def _in_short(text: str) -> str:
    """A text of at most 160 characters."""
    return text if len(text) <= 160 else f"{text[:120]} … {text[-30:]}"


def _check_loss_over(problem: LocalProblem) -> tuple[str, ...]:
    """Raise where a loss is negative at some point of the domain."""
    if where := negative_somewhere(problem, starting_family(problem)):
        raise BadInput(
            f"loss: K >= 0 on the domain is needed, but K < 0 {where}; for K = f^2 use the ideal "
            "convention, for |f| two-sided"
        )
    return () if typed_squares(problem) is not None else (_TESTED,)


def _check_vanishes(problem: LocalProblem, germ: Germ) -> None:
    """Raise OutOfScope where K does not vanish at the point."""
    field = germ.field
    values: list[Any]
    if field is None:
        values = [maps.constant_term(g.flint) for g in germ.generators]
    else:
        inside = range(len(germ.variables))
        values = [field.sign(maps.at_zero(g.flint, inside)) for g in germ.generators]
    if any(v != 0 for v in values):
        at = ", ".join(
            f"{n} = {shown(c)}" for n, c in zip(problem.variables, problem.point, strict=True)
        )
        said = ""
        if field is None:
            total = values[0] if problem.is_power_one else sum(v * v for v in values)
            said = f": K = {shown(total)} there"
        place = f"at the point ({shown(at)})" if at else "anywhere"
        raise OutOfScope(f"K does not vanish {place}{said}, so lambda is infinite")


def _check_loss(problem: LocalProblem) -> tuple[str, ...]:
    """Raise BadInput for a loss with negative values near the point."""
    if problem.convention != "loss":
        return ()
    if where := negative_somewhere(problem, starting_family(problem)):
        raise BadInput(
            f"loss: K >= 0 near the point is needed, but K < 0 {where} from it; for K = f^2 use "
            "the ideal convention, for |f| two-sided"
        )
    return (_TESTED,)
