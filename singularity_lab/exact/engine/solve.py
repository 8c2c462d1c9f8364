"""The front door of the proof arm: λ and m of a germ, or what is proved of them, with certificates.

Routes, in order: the zero ideal; a loss that is a sum of squares, by the ideal of these; a smooth
point, by one minor of the Jacobian; the Newton polyhedron (monomial and nondegenerate ideals,
Howald 2001, Varchenko 1976, Lin 2011); the chart tree. Every value comes with a certificate that
has been verified.
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypedDict, Unpack, overload

from singularity_lab.algebra import maps
from singularity_lab.algebra.analytic import AnalyticProblem, Problem
from singularity_lab.algebra.invariants import RLCT, Bounded, Bounds
from singularity_lab.algebra.linear import covering_lp
from singularity_lab.algebra.polynomial import Ideal, Point
from singularity_lab.algebra.problem import Convention, Generators, Germ, LocalProblem, Over
from singularity_lab.algebra.rings import Rational
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, Undecided, shown
from singularity_lab.exact.engine.coordinates import shorter_problem
from singularity_lab.exact.engine.everywhere import resolve_everywhere
from singularity_lab.exact.engine.families import tabulate
from singularity_lab.exact.engine.functions import solve_analytic
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.leaves import optimum, smooth_germ, terms_leaf
from singularity_lab.exact.engine.losses import sum_of_squares
from singularity_lab.exact.engine.outcome import chain
from singularity_lab.exact.engine.products import factors_of, resolve_product
from singularity_lab.exact.engine.resolution import Resolution, resolve_germ
from singularity_lab.exact.engine.search import OpenChart
from singularity_lab.exact.engine.strata import Stratum, strata
from singularity_lab.exact.engine.tables import Table, with_symbol
from singularity_lab.exact.proof.branches import Blowup, Squares
from singularity_lab.exact.proof.certificate import Certificate, Kind, Script
from singularity_lab.exact.proof.leaves import Monomial, Order, Zero
from singularity_lab.exact.proof.verify import negative_somewhere, replay, starting_family, verify
from singularity_lab.system.deadline import TimeLimit, require_seconds

# A search ends with its budget; what is found is verified within OVERRUN · budget + GRACE seconds.
OVERRUN, GRACE = 1.1, 0.9
_HINT = (
    "K is not seen to be a sum of squares: where it is one, K typed as that sum, or its squares as "
    "the generators of an ideal, may be decided sooner"
)
_TESTED = "K >= 0 was tested along arcs and at points, not proved: the value is that of |K|"
_LINE = 2_000  # characters of a loss that an answer prints
_LARGE = 4_000  # terms times variables of a germ whose first bounds come before the search


@dataclass(frozen=True)
class Result(Bounded):
    """What is proved of the germ of K: (λ, m) exactly, or bounds on both sides.

    method: the route that proved it. seconds: CPU time of the search and of verification.
    certificates: one (exact), or those of the lower and of the upper bound. notes: why other
    routes failed. strata: of a problem over a domain, those of the least (λ, m) first; else none.
    open_charts: where the search stopped, with the rules that had no outcome there.
    """

    problem: Problem
    bounds: Bounds
    certificates: tuple[Certificate, ...]
    method: str
    seconds: float
    notes: tuple[str, ...] = ()
    strata: tuple[Stratum, ...] = ()
    open_charts: tuple[OpenChart, ...] = field(default=(), compare=False)

    def _open(self) -> str:
        return f"not decided: {self.bounds}; {'; '.join(self.notes)}"

    @property
    def certificate(self) -> Certificate:
        """The proof of the exact value; raises Undecided where there is none."""
        _ = self.rlct
        return self.certificates[0]

    def plot(self, ax: Any = None) -> Any:
        """The proof tree as a picture; see :func:`~singularity_lab.pictures.proofs.plot_tree`."""
        from singularity_lab.exact.proof.tree import proof_tree
        from singularity_lab.pictures.proofs import plot_tree

        return plot_tree(proof_tree(self), ax)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values, fractions as text; ``lower`` and ``upper`` are objects with
        ``lambda`` and ``multiplicity``."""

        def pair(value: RLCT | None) -> dict[str, Any] | None:
            if value is None:
                return None
            return {"lambda": str(value.value), "multiplicity": value.multiplicity}

        certificates = [c.to_json() for c in self.certificates]
        return {
            "status": "exact" if self.exact else "bounds",
            "loss": describe_loss(self.problem),
            **({"label": self.problem.label} if self.problem.label else {}),
            "lambda": str(self.value) if self.exact else None,
            "multiplicity": self.multiplicity if self.exact else None,
            "lower": pair(self.bounds.lower),
            "upper": pair(self.bounds.upper),
            "method": self.method,
            "seconds": round(self.seconds, 4),
            "notes": list(self.notes),
            **({"strata": [s.to_json() for s in self.strata]} if self.strata else {}),
            "certificate": certificates[0]
            if self.exact
            else {c.kind: d for c, d in zip(self.certificates, certificates, strict=True)},
        }

    def __str__(self) -> str:
        loss = self._loss()
        if self.exact:
            return (
                f"lambda = {self.value}, m = {self.multiplicity} for {loss} "
                f"({self.method}; certificate verified; {self.seconds:.2f} s)"
                + self._doubled()
                + "".join(f"\n  {s}" for s in self.strata)
            )
        why = "\n  " + "\n  ".join(self.notes) if self.notes else ""
        how = f"{self.method}; both sides certified; {self.seconds:.2f} s"
        strata = "".join(f"\n  {s}" for s in self.strata)
        return f"{self.bounds} for {loss} ({how}){why}{strata}"

    def _doubled(self) -> str:
        """2λ in words, where K is the square of one f."""
        problem = self.problem
        if problem.convention != "ideal" or isinstance(problem, AnalyticProblem):
            return ""
        if len(problem.ideal.generators) != 1:
            return ""
        return f"\n  2 lambda = {2 * self.value}: the real threshold of |f|, at least lct(f) over C"

    def _loss(self) -> str:
        """What the answer is about, in a line that can be read: the JSON has all of it."""
        label = f"{self.problem.label}: " if self.problem.label else ""
        loss = describe_loss(self.problem)
        if len(loss) > _LINE:
            loss = f"{loss[: _LINE // 2]} … {loss[-_LINE // 4 :]} ({len(loss)} characters)"
        return label + loss

    def _repr_html_(self) -> str:
        head = (
            f"λ = <b>{self.value}</b>, m = <b>{self.multiplicity}</b>"
            if self.exact
            else html.escape(str(self.bounds)).replace("lambda", "λ")
        )
        return (
            f"<div>{head} for <code>{html.escape(self._loss())}</code>"
            f"<br><small>{html.escape(self.method)}, certificate verified, "
            f"{self.seconds:.2f} s</small></div>"
        )


def describe_loss(problem: Problem) -> str:
    """The loss K that an answer is about, in words."""
    names = problem.variables
    if isinstance(problem, AnalyticProblem):
        gens = list(problem.texts)
    else:
        gens = [str(g) for g in problem.ideal.generators]
    if problem.convention == "loss":
        loss = f"K = {gens[0]}"
    elif problem.convention == "two-sided":
        loss = f"K = |{gens[0]}|"
    else:
        shown = [f"({g})^2" for g in gens[:4]] + (
            [f"... ({len(gens)} squares)"] if len(gens) > 4 else []
        )
        loss = "K = " + " + ".join(shown)
    at = ", ".join(f"{n} = {c}" for n, c in zip(names, problem.point, strict=True) if c)
    text = f"{loss} at {at or 'the origin'}"
    box = problem.box
    if problem.over is not None:
        text, box = f"{loss}, the least over all points of R^{len(names)}", problem.over
    tau = "*".join(f"|{n}|^{t}" for n, t in zip(names, problem.prior, strict=True) if t)
    if tau:
        text += f", prior {tau}"
    walls = [
        f"{'' if low is None else f'{low} <= '}{n}{'' if high is None else f' <= {high}'}"
        for n, (low, high) in zip(names, box, strict=True)
        if (low, high) != (None, None)
    ]
    return text + (f", {', '.join(walls)}" if walls else "")


class Options(TypedDict, total=False):
    """The keywords of :func:`rlct` besides ``parameters``."""

    at: Point | None
    prior: Mapping[str, Rational | str] | None
    nonnegative: str | Iterable[str]
    box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None
    convention: Convention
    over: Over | None
    freeze: str | Iterable[str] | Mapping[str, Rational | str]
    budget: float | None
    nodes: int | None
    memory: float | None
    progress: Callable[[int], None] | None


@overload
def rlct(
    generators: Generators,
    variables: str | Iterable[str] | None = None,
    *,
    parameters: None = None,
    **options: Unpack[Options],
) -> Result: ...


@overload
def rlct(
    generators: Generators,
    variables: str | Iterable[str] | None = None,
    *,
    parameters: str,
    **options: Unpack[Options],
) -> Table: ...


def rlct(
    generators: Generators,
    variables: str | Iterable[str] | None = None,
    *,
    parameters: str | None = None,
    at: Point | None = None,
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
    prior: exponents τ of a prior ∏|wᵢ|^τᵢ. nonnegative, box: constraints. over: "R^d", or
    intervals (low, high) of variables, the others being real: the least (λ, m) over all zeros of K
    there instead of that at a point, with ``strata``. It is the least over points: for volumes near
    {K = 0} it speaks on compact sets only. freeze: variables that keep their coordinate of the
    point, or values by name: the restricted coefficient, of K in the remaining variables.
    parameters: the name of a symbol t that is no variable: a
    :class:`~singularity_lab.exact.engine.tables.Table` is returned, with (λ, m) on each of the
    points and intervals of t where it is one. Expressions with exp, log, sqrt, sin, cos, tanh,
    sigmoid, softplus, … and division are read as well, near a point. budget: CPU seconds;
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
    _check_limits(nodes, memory)
    started = time.process_time()
    limits: dict[str, Any] = {"nodes": nodes, "memory": memory, "progress": progress}
    given: dict[str, Any] = {
        "at": at,
        "prior": prior,
        "nonnegative": nonnegative,
        "box": box,
        "over": over,
    }
    given["convention"] = convention
    known: Result | None = None
    other = _other_question(generators, variables, parameters, freeze, given, budget, limits)
    if other is not None:
        return other
    with TimeLimit(None if budget is None else OVERRUN * budget + GRACE, started):
        problem = LocalProblem.of(generators, variables, **given)
        problem = problem.frozen(freeze) if freeze else problem
        if problem.over is not None:
            return _everywhere(problem, started, budget, nodes, memory, progress)
        germ = problem.localize(algebraic=True)
        _check_vanishes(problem, germ)
        if all(g.is_zero for g in germ.generators):
            zero = RLCT(Fraction(0), 1)
            return _prove(problem, Zero().encode(), zero, "K is identically 0", started, ())
        squared, notes = _squares_route(problem, germ, budget, started, limits, matrix=False)
        if squared is not None and squared.exact:
            return squared
        notes += _check_loss(problem)
        product = None if germ.field else _product_route(problem, budget, started, notes)
        if product is not None:
            return product
        lengths = [len(g.flint) for g in germ.generators]
        large = sum(lengths) * len(germ.variables) > _LARGE
        if large and max(lengths) == 1 and not germ.field:
            with TimeLimit(None if budget is None else 0.9 * budget, started):
                how = "monomial ideal, linear program"
                return _prove(problem, *_monomial_ideal(germ), how, started, notes)
        smooth = smooth_germ(Germs.of(germ))
        if smooth is not None and smooth.lower is not None and germ.convention == "ideal":
            method = f"smooth point, rank {2 * smooth.lower.value} of the Jacobian"
            return _prove(problem, smooth.step, smooth.lower, method, started, notes)
        if large:
            left = None if budget is None else budget - (time.process_time() - started)
            known = _first_bounds(problem, germ, left, started, notes)
        newton, note = (None, ()) if germ.field else _newton_route(problem, germ, started, notes)
        if newton is not None:
            return newton
        moved = _shorter_route(problem, germ, budget, started, limits)
        if moved is not None and moved.exact:
            return moved
        if squared is None:  # a Gram matrix takes longer
            squared, hint = _squares_route(problem, germ, budget, started, limits)
            if squared is not None and squared.exact:
                return squared
            notes += hint
        notes = (*notes, *note)
        spent = time.process_time() - started
        found = resolve_germ(
            germ,
            budget=None if budget is None else max(budget - spent, 0.05),
            nodes=nodes,
            memory=memory,
            progress=progress,
            saddles=problem.convention == "two-sided",
        )
        scale = 2 if problem.is_power_one else 1
        lower, upper = (
            v and RLCT(scale * v.value, v.multiplicity) for v in (found.lower, found.upper)
        )
        method = (
            "monomial ideal, linear program"
            if found.blow_ups == 0
            else f"resolution, {found.blow_ups} blow-ups, {found.nodes} charts"
        )
        if found.step.get("op") == "saddle":
            method = "critical point with an indefinite Hessian of rank >= 3"
        still_open = _still_open(found, "charts")
        if not found.open and (lower is None or lower != upper):
            still_open = "each chart is closed, some by bounds that do not meet"
        known = known or _first_bounds(problem, germ, budget, started, notes)
        notes_left = (*notes, still_open)
        known = replace(known, method=method, notes=notes_left, open_charts=found.frontier)
        if lower is not None and lower == upper:
            unverified = "a proof was found, and there was no time to verify it"
            known = replace(known, notes=(*notes, unverified))
            try:
                return _prove(problem, found.step, lower, method, started, notes)
            except CertificateError as error:  # a fault of the engine: what is not verified
                rejected = f"the verifier rejects the engine's proof: {error}"
                known = replace(known, notes=(*notes, rejected, still_open))
        known = _bracket(known, found.step, lower, upper)
        for other in (squared, moved):
            if other is not None:
                known = _better(known, other)
    if known is None:
        raise Undecided(
            f"rlct: nothing is proved within {budget} CPU seconds: the germ is too large",
            Bounds(None, None),
        )
    return replace(known, seconds=time.process_time() - started)


def _other_question(
    generators: Any,
    variables: Any,
    parameters: str | None,
    freeze: Any,
    given: dict[str, Any],
    budget: float | None,
    limits: Mapping[str, Any],
) -> Result | Table | None:
    """The answer where a table is asked for, or functions are typed; None for a polynomial germ."""
    started = time.process_time()
    if parameters is not None:
        _no_freeze(freeze, "a table")
        return _table(generators, variables, parameters, given, started, budget, limits)
    typed = AnalyticProblem.of(generators, variables, **given)
    if typed is None:
        return None
    _no_freeze(freeze, "functions")
    return _analytic(typed, started, budget, limits)


def _check_limits(nodes: int | None, memory: float | None) -> None:
    for name, limit, unit in (("nodes", nodes, "charts"), ("memory", memory, "MiB")):
        if limit is not None and not limit > 0:
            raise BadInput(f"{name}: {unit} > 0 are needed, received {limit!r}")


def _table(
    generators: Any,
    variables: Any,
    parameter: str,
    given: dict[str, Any],
    started: float,
    budget: float | None,
    limits: Mapping[str, Any],
) -> Table:
    """The table over the values of a symbol."""
    problem = with_symbol(generators, variables, parameter, **given)
    with TimeLimit(None if budget is None else OVERRUN * budget + GRACE, started):
        return tabulate(problem, parameter, budget, lambda p, left: rlct(p, budget=left, **limits))
    raise Undecided(f"rlct: nothing is proved within {budget} CPU seconds")


def _no_freeze(freeze: Any, what: str) -> None:
    if freeze:
        raise OutOfScope(f"freeze: not with {what}: put the values of these variables yourself")


def _analytic(
    problem: AnalyticProblem, started: float, budget: float | None, limits: Mapping[str, Any]
) -> Result:
    """What is proved of expressions with functions, by polynomials of the same size."""
    with TimeLimit(None if budget is None else OVERRUN * budget + GRACE, started):
        answer = solve_analytic(problem, budget, lambda p, left: rlct(p, budget=left, **limits))
        claims = {c.kind: c.claim for c in answer.certificates}
        exact = claims.get("exact")
        bounds = Bounds(claims.get("lower", exact), claims.get("upper", exact))
        seconds = time.process_time() - started
        return Result(problem, bounds, answer.certificates, answer.method, seconds, answer.notes)
    raise Undecided(f"rlct: nothing is proved within {budget} CPU seconds", Bounds(None, None))


def _product_route(
    problem: LocalProblem, budget: float | None, started: float, notes: tuple[str, ...]
) -> Result | None:
    """The result of a product with long powers, resolved factor by factor; None for other germs."""
    factors = factors_of(problem)
    if factors is None:
        return None
    spent = time.process_time() - started
    left = None if budget is None else max((budget - spent) / 2, 0.05)
    found = resolve_product(problem, factors, left)
    if found is None:
        return None
    step, value = found
    if problem.is_power_one:
        value = RLCT(2 * value.value, value.multiplicity)
    how = f"resolution of a product, {len(factors)} factors"
    return _prove(problem, step, value, how, started, notes)


def _squares_route(
    problem: LocalProblem,
    germ: Germ,
    budget: float | None,
    started: float,
    limits: Mapping[str, Any],
    *,
    matrix: bool = True,
) -> tuple[Result | None, tuple[str, ...]]:
    """What is proved of a loss K = Σ c·q² by the ideal of the q, and what to say where
    K is not seen to be one.

    An ideal that stays open within half of the budget leaves the rest to K itself.
    """
    if problem.convention != "loss":
        return None, ()
    seconds = 2.0 if budget is None else budget / 4
    found = sum_of_squares(problem.ideal.generators[0], seconds, matrix=matrix)
    if found is None:
        return None, (_HINT,) if matrix else ()
    ideal = replace(
        problem,
        ideal=Ideal(problem.variables, tuple(q for _, q in found)),
        convention="ideal",
    )
    spent = time.process_time() - started
    left = None if budget is None else max((budget - spent) / 2, 0.05)
    inner = rlct(ideal, budget=left, **limits)
    half = {i: e // 2 for i, e in maps.content(germ.generators[0].flint).items()}
    factor = maps.monomial(germ.generators[0].flint.context(), half)
    roots = [q.flint / factor for q in ideal.localize(algebraic=True).generators]
    listed = tuple((str(c), str(q)) for (c, _), q in zip(found, roots, strict=True))
    proved = []
    for c in inner.certificates:
        step = Squares(squares=(listed,), cases=[c.proof]).encode()
        proved.append(Certificate(problem, c.kind, c.claim, step))
    try:
        for certificate in proved:
            verify(certificate)
    except CertificateError as error:
        return None, (f"the verifier rejects the sum of squares: {error}",)
    count = f"{len(found)} square" + ("s" if len(found) > 1 else "")
    return (
        replace(
            inner,
            problem=problem,
            certificates=tuple(proved),
            method=f"sum of {count}, {inner.method}",
            seconds=time.process_time() - started,
        ),
        (),
    )


def _shorter_route(
    problem: LocalProblem,
    germ: Germ,
    budget: float | None,
    started: float,
    limits: Mapping[str, Any],
) -> Result | None:
    """What is proved of the germ in other coordinates, or as a slice of a product, where these are
    found: what stays open there within half of the budget is left to the germ as it is."""
    found = shorter_problem(problem, germ)
    if found is None:
        return None
    shorter, steps = found
    spent = time.process_time() - started
    left = None if budget is None else max((budget - spent) / 2, 0.05)
    inner: Result = rlct(shorter, budget=left, **limits)
    proved = [
        Certificate(problem, c.kind, c.claim, chain(steps, c.proof)) for c in inner.certificates
    ]
    for certificate in proved:
        verify(certificate)
    return replace(
        inner,
        problem=problem,
        certificates=tuple(proved),
        method=f"other coordinates, {inner.method}",
        seconds=time.process_time() - started,
    )


def _everywhere(
    problem: LocalProblem,
    started: float,
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
        return _prove(problem, Zero().encode(), zero, "K is identically 0", started, notes)
    found, empty = resolve_everywhere(
        problem, budget=budget, nodes=nodes, memory=memory, progress=progress
    )
    if empty and replay(starting_family(problem), found.step).empty:
        raise OutOfScope("over: K has no real zero there, so lambda is infinite (proved)")
    scale = 2 if problem.is_power_one else 1
    method = f"everywhere, {found.blow_ups} blow-ups, {found.nodes} charts"
    if found.open:
        notes = (*notes, _still_open(found, "strata or charts"))
    certificates, sides = [], dict[str, RLCT]()
    wanted: dict[Kind, RLCT | None] = {"lower": found.lower, "upper": found.upper}
    if found.exact:
        wanted = {"exact": found.lower}
    for kind, value in wanted.items():
        if value is None:
            continue
        claim = RLCT(scale * value.value, value.multiplicity)
        certificate = Certificate(problem, kind, claim, found.step)
        try:
            verify(certificate)
        except CertificateError as error:
            notes = (*notes, f"the verifier rejects the engine's proof: {error}")
            continue
        certificates.append(certificate)
        sides[kind] = claim
    exact = sides.get("exact")
    bounds = Bounds(sides.get("lower", exact), sides.get("upper", exact))
    listed = strata(certificates[0], 5.0 if budget is None else budget / 4) if certificates else ()
    seconds = time.process_time() - started
    proved = tuple(certificates)
    return Result(problem, bounds, proved, method, seconds, notes, listed, found.frontier)


def _still_open(found: Resolution, what: str) -> str:
    """How much is open at the end of a search, why it ended, and two of the charts."""
    ended = f" (ended by: {found.ended})" if found.ended else ""
    some = "; ".join(chart.family for chart in found.frontier[-2:])
    return f"{found.open} {what} are open{ended}" + (f", for example {some}" if some else "")


def _check_loss_over(problem: LocalProblem) -> tuple[str, ...]:
    """Raise where a loss is negative at some point of the domain."""
    if where := negative_somewhere(problem, starting_family(problem)):
        raise BadInput(
            f"loss: K >= 0 on the domain is needed, but K < 0 {where}; for K = f^2 use the ideal "
            "convention, for |f| two-sided"
        )
    return (_TESTED,)


def _newton_route(
    problem: LocalProblem, germ: Germ, started: float, notes: tuple[str, ...]
) -> tuple[Result | None, tuple[str, ...]]:
    """The Newton polyhedron of a small germ that is not a monomial ideal; or why it does not
    decide."""
    terms = [sum(1 for _ in g.terms()) for g in germ.generators]
    if max(terms) == 1 or len(germ.variables) > 6 or sum(terms) > 40:
        return None, ()
    from singularity_lab.exact.engine.newton import NewtonFailure, newton_step

    found = newton_step(germ, budget=1.0, limit=300)
    if isinstance(found, NewtonFailure):
        return None, (f"Newton polyhedron: {found.reason}",)
    step, value = found
    faces = len(step["faces"])
    method = f"Newton polyhedron, {step['criterion']} on {faces} compact faces besides the vertices"
    return _prove(problem, step, value, method, started, notes), ()


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


def _prove(
    problem: LocalProblem,
    step: Script,
    value: RLCT,
    method: str,
    started: float,
    notes: tuple[str, ...],
) -> Result:
    certificate = Certificate(problem, "exact", value, step)
    verify(certificate)
    seconds = time.process_time() - started
    return Result(problem, Bounds(value, value), (certificate,), method, seconds, notes)


def _monomial_ideal(germ: Germ) -> tuple[Script, RLCT]:
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


def _first_bounds(
    problem: LocalProblem,
    germ: Germ,
    budget: float | None,
    started: float,
    notes: tuple[str, ...],
) -> Result:
    """Both sides, verified, from the order and the terms: or, where the linear program of the terms
    takes more than a fourth of the budget, from the blow-up of the origin."""
    low = Certificate(problem, "lower", _order_bound(problem, germ), Order().encode())
    verify(low)
    high = None
    with TimeLimit(None if budget is None else max(budget / 4, 0.2)):
        step, top = _terms_bound(germ)
        high = Certificate(problem, "upper", top, step)
        verify(high)
    if high is None:
        step, top = _origin_bound(germ)
        high = Certificate(problem, "upper", top, step)
        verify(high)
    seconds = time.process_time() - started
    bounds = Bounds(low.claim, high.claim)
    notes = (*notes, "bounds from the order and the terms alone (ended by: time)")
    return Result(problem, bounds, (low, high), "order and terms", seconds, notes)


def _bracket(known: Result, step: Script, lower: RLCT | None, upper: RLCT | None) -> Result:
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


def _better(known: Result, other: Result) -> Result:
    """The better bounds of two results for one K."""
    (low, high), (other_low, other_high) = known.certificates, other.certificates
    low = other_low if other_low.claim > low.claim else low
    high = other_high if other_high.claim < high.claim else high
    return replace(known, bounds=Bounds(low.claim, high.claim), certificates=(low, high))


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
