"""The front door of the proof arm: λ and m of a germ, or what is proved of them, with certificates.

Routes, in order: the zero ideal; the Newton polyhedron (monomial and nondegenerate ideals, Howald
2001, Varchenko 1976, Lin 2011); the chart tree. Every value comes with a certificate that has been
verified.
"""

from __future__ import annotations

import html
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.polynomial import Ideal, Point, Polynomial, Rational
from singularity_lab.algebra.problem import Convention, Germ, LocalProblem
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, Undecided, shown
from singularity_lab.exact.certificate import Certificate, Step
from singularity_lab.exact.germs import Germs
from singularity_lab.exact.resolution import resolve_germ, terms_leaf
from singularity_lab.exact.verify import verify

if TYPE_CHECKING:
    import networkx

Generators = LocalProblem | Ideal | Polynomial | str | Sequence[str | Polynomial]


@dataclass(frozen=True)
class Result:
    """What is proved of the germ of K: (λ, m) exactly, or bounds on both sides.

    method: the route that proved it. seconds: CPU time of the search and of verification.
    certificates: one (exact), or those of the lower and of the upper bound. notes: why other
    routes failed.
    """

    problem: LocalProblem
    bounds: Bounds
    certificates: tuple[Certificate, ...]
    method: str
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        return self.bounds.exact

    @property
    def rlct(self) -> RLCT:
        """(λ, m); raises Undecided, which carries the bounds, where they are not proved."""
        if self.bounds.lower is None or not self.exact:
            raise Undecided(f"not decided: {self.bounds}; {'; '.join(self.notes)}", self.bounds)
        return self.bounds.lower

    @property
    def value(self) -> Fraction:
        """λ; raises Undecided where only bounds are proved."""
        return self.rlct.value

    @property
    def multiplicity(self) -> int:
        """m; raises Undecided where only bounds are proved."""
        return self.rlct.multiplicity

    @property
    def certificate(self) -> Certificate:
        """The proof of the exact value; raises Undecided where there is none."""
        _ = self.rlct
        return self.certificates[0]

    def plot(self, ax: Any = None) -> Any:
        """The proof tree as a picture; see :func:`~singularity_lab.exact.tree.plot_tree`."""
        from singularity_lab.exact.tree import plot_tree, proof_tree

        return plot_tree(proof_tree(self), ax)

    def to_json(self) -> dict[str, Any]:
        """Fractions as text. ``lower`` and ``upper`` are objects with ``lambda`` and
        ``multiplicity``."""

        def pair(value: RLCT | None) -> dict[str, Any] | None:
            if value is None:
                return None
            return {"lambda": str(value.value), "multiplicity": value.multiplicity}

        certificates = [c.to_json() for c in self.certificates]
        return {
            "status": "exact" if self.exact else "bounds",
            "loss": describe_loss(self.problem),
            "lambda": str(self.value) if self.exact else None,
            "multiplicity": self.multiplicity if self.exact else None,
            "lower": pair(self.bounds.lower),
            "upper": pair(self.bounds.upper),
            "method": self.method,
            "seconds": round(self.seconds, 4),
            "notes": list(self.notes),
            "certificate": certificates[0]
            if self.exact
            else {c.kind: d for c, d in zip(self.certificates, certificates, strict=True)},
        }

    def __str__(self) -> str:
        loss = describe_loss(self.problem)
        if self.exact:
            return (
                f"lambda = {self.value}, m = {self.multiplicity} for {loss} "
                f"({self.method}; certificate verified; {self.seconds:.2f} s)"
            )
        why = "\n  " + "\n  ".join(self.notes) if self.notes else ""
        how = f"{self.method}; both sides certified; {self.seconds:.2f} s"
        return f"{self.bounds} for {loss} ({how}){why}"

    def _repr_html_(self) -> str:
        head = (
            f"λ = <b>{self.value}</b>, m = <b>{self.multiplicity}</b>"
            if self.exact
            else html.escape(str(self.bounds)).replace("lambda", "λ")
        )
        return (
            f"<div>{head} for <code>{html.escape(describe_loss(self.problem))}</code>"
            f"<br><small>{html.escape(self.method)}, certificate verified, "
            f"{self.seconds:.2f} s</small></div>"
        )


def describe_loss(problem: LocalProblem) -> str:
    """Which K the answer speaks of, in words."""
    names = problem.variables
    gens = [str(g) for g in problem.ideal.generators]
    if problem.convention == "loss":
        loss = f"K = {gens[0]}"
    else:
        shown = [f"({g})^2" for g in gens[:4]] + (
            [f"... ({len(gens)} squares)"] if len(gens) > 4 else []
        )
        loss = "K = " + " + ".join(shown)
    at = ", ".join(f"{n} = {c}" for n, c in zip(names, problem.point, strict=True) if c)
    text = f"{loss} at {at or 'the origin'}"
    tau = "*".join(f"|{n}|^{t}" for n, t in zip(names, problem.prior, strict=True) if t)
    if tau:
        text += f", prior {tau}"
    walls = [
        f"{'' if low is None else f'{low} <= '}{n}{'' if high is None else f' <= {high}'}"
        for n, (low, high) in zip(names, problem.box, strict=True)
        if (low, high) != (None, None)
    ]
    return text + (f", {', '.join(walls)}" if walls else "")


def rlct(
    generators: Generators,
    variables: str | Iterable[str] | None = None,
    *,
    at: Point | None = None,
    prior: Mapping[str, Rational | str] | None = None,
    nonnegative: str | Iterable[str] = (),
    box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None = None,
    convention: Convention = "ideal",
    budget: float | None = 60.0,
    nodes: int | None = None,
    memory: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """The real log canonical threshold λ and its multiplicity m of the germ of K at a point.

    generators: expressions f1, …, fk (text, Polynomial, Ideal or a LocalProblem); K = Σ fᵢ². With
    ``convention="loss"`` one expression K ≥ 0 itself. at: the point (the origin unless given), its
    coordinates rational or real algebraic, such as "sqrt(2)" or "root(t^3 - 2, 1, 2)".
    prior: exponents τ of a prior ∏|wᵢ|^τᵢ. nonnegative, box: constraints. budget: CPU seconds;
    nodes: charts; memory: MiB by which the process may grow; None for no limit. progress: called
    with the number of charts.

    The answer is exact with a verified certificate, or two-sided bounds with two: also when a limit
    or a first Ctrl-C ends the search.

    Raises BadInput for what cannot be read and for a loss that takes negative values, OutOfScope
    where K does not vanish at the point.

    >>> r = rlct("x^2 - y^3")
    >>> r.value, r.multiplicity
    (Fraction(5, 12), 1)
    >>> rlct(["a*b", "a*c"], variables="a b c").rlct
    RLCT(value=Fraction(1, 2), multiplicity=1)
    >>> print(rlct("(x^2 - 2)^2 - y^3", at={"x": "sqrt(2)"}).rlct)
    (5/12, 1)

    Reference: Watanabe 2009, *Algebraic Geometry and Statistical Learning Theory*, Definition 2.8,
    Theorem 6.7.
    """
    started = time.process_time()
    if isinstance(generators, LocalProblem):
        problem = generators
    else:
        problem = LocalProblem.build(
            generators,
            variables,
            at=at,
            prior=prior,
            nonnegative=nonnegative,
            box=box,
            convention=convention,
        )
    limits = (
        ("budget", budget, "CPU seconds"),
        ("nodes", nodes, "charts"),
        ("memory", memory, "MiB"),
    )
    for name, limit, unit in limits:
        if limit is not None and not limit > 0:
            raise BadInput(f"{name}: {unit} > 0 are needed, received {limit!r}")
    germ = problem.localize(algebraic=True)
    notes = _check_loss(problem, germ)
    if all(g.is_zero for g in germ.generators):
        return _prove(
            problem, {"op": "zero"}, RLCT(Fraction(0), 1), "K is identically 0", started, notes
        )
    newton, note = (None, ()) if germ.field else _newton_route(problem, germ, started, notes)
    if newton is not None:
        return newton
    notes = (*notes, *note)
    found = resolve_germ(germ, budget=budget, nodes=nodes, memory=memory, progress=progress)
    scale = 2 if problem.convention == "loss" else 1
    lower, upper = (v and RLCT(scale * v.value, v.multiplicity) for v in (found.lower, found.upper))
    method = (
        "monomial ideal, linear program"
        if found.blow_ups == 0
        else f"resolution, {found.blow_ups} blow-ups, {found.nodes} charts"
    )
    if lower is not None and lower == upper:
        try:
            return _prove(problem, found.step, lower, method, started, notes)
        except CertificateError as error:  # a fault of the engine: what is not verified is not said
            notes = (*notes, f"the verifier rejects the engine's proof: {error}")
    ended = f" (ended by: {found.ended})" if found.ended else ""
    notes = (
        *notes,
        f"{found.open} charts are open{ended}, for example {'; '.join(found.frontier[-2:])}",
    )
    return _bracket(problem, germ, found.step, lower, upper, method, started, notes)


def _newton_route(
    problem: LocalProblem, germ: Germ, started: float, notes: tuple[str, ...]
) -> tuple[Result | None, tuple[str, ...]]:
    """The Newton polyhedron of a small germ that is not a monomial ideal; or why it does not
    decide."""
    terms = [sum(1 for _ in g.terms()) for g in germ.generators]
    if max(terms) == 1 or len(germ.variables) > 6 or sum(terms) > 40:
        return None, ()
    from singularity_lab.exact.newton import NewtonFailure, newton_step

    found = newton_step(germ, budget=1.0, limit=300)
    if isinstance(found, NewtonFailure):
        return None, (f"Newton polyhedron: {found.reason}",)
    step, value = found
    faces = len(step["faces"])
    method = f"Newton polyhedron, {step['criterion']} on {faces} compact faces besides the vertices"
    return _prove(problem, step, value, method, started, notes), ()


def _check_loss(problem: LocalProblem, germ: Germ) -> tuple[str, ...]:
    """Raise where K does not vanish at the point, or is a loss with negative values near it."""
    field = germ.field

    def sign(g: Polynomial, point: Mapping[str, Fraction]) -> int:
        there = g.substitute({n: point.get(n, Fraction(0)) for n in germ.variables})
        value = there({}) if field is None else field.sign(there.flint)
        return int(value > 0) - int(value < 0)

    if any(sign(g, {}) for g in germ.generators):
        at = ", ".join(
            f"{n} = {shown(c)}" for n, c in zip(problem.variables, problem.point, strict=True)
        )
        said = ""
        if field is None:
            values = [g({}) for g in germ.generators]
            total = values[0] if problem.convention == "loss" else sum(v * v for v in values)
            said = f": K = {shown(total)} there"
        place = f"at the point ({shown(at)})" if at else "anywhere"
        raise OutOfScope(f"K does not vanish {place}{said}, so lambda is infinite")
    if problem.convention == "ideal":
        return ()
    source = random.Random(0)
    for scale in (64, 4096, 10**6):
        for _ in range(200):
            point = {
                n: Fraction(source.randint(0 if n in germ.nonnegative else -8, 8), 8 * scale)
                for n in germ.variables
            }
            if sign(germ.generators[0], point) < 0:
                where = ", ".join(f"{n} = {c}" for n, c in point.items())
                raise BadInput(
                    f"loss: K >= 0 near the point is needed, but K < 0 at ({where}) from it; "
                    "for K = f^2 use the ideal convention"
                )
    return ("K >= 0 was tested at 600 points, not proved: the value is that of |K|",)


def _prove(
    problem: LocalProblem,
    step: Step,
    value: RLCT,
    method: str,
    started: float,
    notes: tuple[str, ...],
) -> Result:
    certificate = Certificate(problem, "exact", value, step)
    verify(certificate)
    seconds = time.process_time() - started
    return Result(problem, Bounds(value, value), (certificate,), method, seconds, notes)


def _bracket(
    problem: LocalProblem,
    germ: Germ,
    step: Step,
    lower: RLCT | None,
    upper: RLCT | None,
    method: str,
    started: float,
    notes: tuple[str, ...],
) -> Result:
    """Both sides with a verified certificate each: the engine's, or else the bounds of the order
    and of the term ideal."""
    from singularity_lab.exact.newton import term_ideal_bound

    by_terms, top = term_ideal_bound(germ) if germ.field is None else _terms_over_field(germ)
    low = [Certificate(problem, "lower", _order_bound(problem, germ), {"op": "order"})]
    high = [Certificate(problem, "upper", top, by_terms)]
    if lower is not None:
        low.append(Certificate(problem, "lower", lower, step))
    if upper is not None:
        high.append(Certificate(problem, "upper", upper, step))
    # the best claim first, and of equal claims the shorter proof: the engine's may be long
    best_low = next(filter(_holds, sorted(low, key=lambda c: c.claim, reverse=True)))
    best_high = next(filter(_holds, sorted(high, key=lambda c: c.claim)))
    seconds = time.process_time() - started
    bounds = Bounds(best_low.claim, best_high.claim)
    return Result(problem, bounds, (best_low, best_high), method, seconds, notes)


def _terms_over_field(germ: Germ) -> tuple[Step, RLCT]:
    """The bound of the term ideal, which does not depend on the coefficients."""
    found = terms_leaf(Germs.of(germ))
    assert found is not None
    assert found.upper is not None
    scale = 2 if germ.convention == "loss" else 1
    return found.step, RLCT(scale * found.upper.value, found.upper.multiplicity)


def _holds(certificate: Certificate) -> bool:
    try:
        verify(certificate)
    except CertificateError:
        return False
    return True


def _order_bound(problem: LocalProblem, germ: Germ) -> RLCT:
    """λ ≥ (1 + min(0, τ))/(2·order), since lct ≥ 1/order (restriction to a line)."""
    n = len(germ.variables)  # a number field has a symbol after them
    order = min(sum(a[:n]) for g in germ.generators for a in g.support())
    least = min([Fraction(0), *germ.prior])
    scale = 2 if problem.convention == "loss" else 1
    return RLCT(scale * (1 + least) / (2 * order), len(germ.variables))


@dataclass(frozen=True)
class Explanation:
    """Which theorem applied, why others did not, and the proof as a tree.

    trees: one :func:`~singularity_lab.exact.tree.proof_tree` for each certificate of the result.
    """

    result: Result
    trees: tuple[networkx.DiGraph, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The proofs, a line for each chart and move."""
        return tuple(line for tree in self.trees for line in tree.graph["text"].splitlines())

    def __str__(self) -> str:
        notes = self.result.notes if self.result.exact else ()  # bounds tell theirs themselves
        return "\n".join((str(self.result), *notes, *self.lines))

    def plot(self, ax: Any = None) -> Any:
        """Draw the (first) tree; returns matplotlib's Axes."""
        from singularity_lab.exact.tree import plot_tree

        return plot_tree(self.trees[0], ax)


def explain(
    generators: Generators, variables: str | Iterable[str] | None = None, **options: Any
) -> Explanation:
    """The proof behind :func:`rlct`, told chart by chart; the same arguments.

    >>> print(explain("x*y").lines[1].split(";")[0])
    0 x*y: monomial ideal, optimal weight (x: 1/2, y: 1/2)
    """
    from singularity_lab.exact.tree import proof_tree

    result = rlct(generators, variables, **options)
    return Explanation(result, tuple(proof_tree(c) for c in result.certificates))
