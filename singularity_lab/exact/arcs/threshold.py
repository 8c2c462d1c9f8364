"""The complex log canonical threshold of a germ: where it follows from the real one or from a
Newton polyhedron that is nondegenerate over C; else bounds.

For one f, lct(f) ≤ 2λ, where λ is that of K = f² (Saito 2007): real points are among the complex
ones. Howald (2003): if f and its logarithmic derivatives have no common zero in the complex torus
on any compact face, lct(f) = min(1, μ), μ the least ⟨1, v⟩ over weights v ≥ 0 with ⟨v, a⟩ ≥ 1 on
the polyhedron, and lct(f) = μ where f is a monomial times a unit; for several generators without a
common zero there, lct = μ. The term ideal bounds above always, as does 1/e for a factor of
multiplicity e through the point that is no coordinate; 1/order bounds below, and so does the
threshold of the restriction to a coordinate subspace (Demailly and Kollár 2000, Proposition 2.2).
lct(f^k) = lct(f)/k. Plane curves are all decided, by their initial forms in adapted coordinates,
and initial forms bound below in more variables (:mod:`~singularity_lab.exact.arcs.initial_forms`).
Where the steps of the real proof hold over C, its charts tell contact loci there, and lct is the
infimum of codim {ord ≥ p}/p (Mustaţă 2002).

Pairs: a boundary Σ bᵢ·{xᵢ = 0} with bᵢ < 1 is the prior ∏|xᵢ|^(−bᵢ): the cost of xᵢ is 1 − bᵢ. A
divisor on a smooth subvariety x₁ = g(x₂, …) is f with x₁ eliminated, in the other variables.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from singularity_lab.algebra import maps
from singularity_lab.algebra.doubtful_names import doubts_of
from singularity_lab.algebra.factoring import factor_if_quick
from singularity_lab.algebra.linear import covering_lp
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import PointLike, Polynomial
from singularity_lab.algebra.problem import Germ, GermLike, LocalProblem
from singularity_lab.algebra.rings import Rational, ring
from singularity_lab.errors import OutOfScope, SingularityLabError, Undecided
from singularity_lab.exact.arcs.contact import LociReader
from singularity_lab.exact.arcs.initial_forms import bound_below, curve_threshold
from singularity_lab.exact.engine.answer_documents import ResultDocument
from singularity_lab.exact.engine.result import Result
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.verify import starting_family
from singularity_lab.exact.zeros.torus import has_zero, logarithmic_derivatives
from singularity_lab.system.deadline import TimeLimit, require_seconds
from singularity_lab.system.documents import Record
from singularity_lab.system.stopwatch import Stopwatch

_FACES = 300
_SUBSPACES = 60  # of each dimension, that are tried


class ThresholdDocument(Record, frozen=True):
    """A complex threshold as a document, fractions as text; lct: None where only bounds are
    proved. real: the answer about the real germ."""

    status: str
    lct: str | None
    lower: str
    upper: str
    reason: str
    real: ResultDocument
    seconds: float


def complex_rates(certificate: Certificate, order: int = 6) -> tuple[Fraction, Fraction | None]:
    """Return bounds of the complex threshold from contact loci: lct = inf codim {ord ≥ p}/p over
    all p ≥ 1 (Mustaţă 2002, Corollary 0.2). Below is the slope that the charts of a verified
    certificate keep over C, above the least ratio up to ``order``, None where none is known.

    Raises Undecided where a step is proved over R only, OutOfScope at an irrational point.

    >>> minors = ["x*z - y^2", "y*w - z^2", "x*w - y*z"]
    >>> print(*complex_rates(rlct(minors).certificate))
    2 2
    """
    problem = certificate.germ
    problem.localize()
    curve = LociReader(order, "C").read(starting_family(problem), certificate.proof)
    ratios = [c / p for p, c in enumerate(curve.upper) if p and c is not None]
    return curve.slope or Fraction(0), min(ratios, default=None)


@dataclass(frozen=True)
class Threshold:
    """What is proved of a complex log canonical threshold.

    lower, upper: bounds, equal where it is proved. reason: why. real: the answer of ``rlct`` for
    the same germ, whose certificate proves the real side. seconds: CPU time.
    """

    lower: Fraction
    upper: Fraction
    reason: str
    real: Result
    seconds: float

    @property
    def exact(self) -> bool:
        """Whether both bounds agree."""
        return self.lower == self.upper

    @property
    def value(self) -> Fraction:
        """The threshold; raises Undecided where only bounds are proved."""
        if not self.exact:
            raise Undecided(f"lct: {self.lower} <= lct <= {self.upper}; {self.reason}")
        return self.lower

    def document(self) -> ThresholdDocument:
        """The bounds, the reason, and the answer about the real germ."""
        return ThresholdDocument(
            status="exact" if self.exact else "bounds",
            lct=str(self.lower) if self.exact else None,
            lower=str(self.lower),
            upper=str(self.upper),
            reason=self.reason,
            real=self.real.document(),
            seconds=round(self.seconds, 4),
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()

    def __str__(self) -> str:
        found = f"lct = {self.lower}" if self.exact else f"{self.lower} <= lct <= {self.upper}"
        bounds = self.real.bounds
        scale = 1 if self.real.problem.is_power_one else 2
        real = f"{scale * bounds.upper.value}" if bounds.upper else "?"
        sign = "=" if self.real.exact else "<="
        said = f"{found} over C ({self.reason}); the real threshold 2 lambda {sign} {real}"
        told = doubts_of(self.real.problem)
        return f"{said}\n  {told}" if told else said


def lct(
    generators: GermLike,
    variables: str | Iterable[str] | None = None,
    *,
    at: PointLike | None = None,
    prior: Mapping[str, Rational | str] | None = None,
    budget: float | None = 60.0,
) -> Threshold:
    """Return what is proved of the complex log canonical threshold of a germ: its value, or bounds.

    generators: one polynomial f, or the generators of an ideal, as :func:`rlct` takes them; at: a
    rational point. prior: boundary coefficients b of the variables, with the sign changed: −b. A
    divisor on a smooth subvariety is given by eliminating a variable. budget: CPU seconds.

    Raises BadInput for what cannot be read, OutOfScope where f does not vanish at the point.

    >>> print(lct("x^2 - y^3").value, lct("x^2 + y^2 + z^2").value)
    5/6 1
    >>> print(lct("y*(x^2 + y^2 + z^2)^2").upper, rlct("y*(x^2 + y^2 + z^2)^2").value)
    1/2 3/10

    Reference: Howald 2003, *Multiplier ideals of sufficiently general polynomials*; Saito 2007, *On
    real log canonical thresholds*.
    """
    require_seconds(budget)
    watch = Stopwatch()
    problem = LocalProblem.of(generators, variables, at=at, prior=prior)
    if problem.inequalities or not all(i == (None, None) for i in problem.box):
        raise OutOfScope("lct: complex space has no walls; give no constraints")
    germ = problem.localize()
    for g in germ.generators:
        if value := g({}):
            raise OutOfScope(
                f"lct: {'f' if len(germ.generators) == 1 else 'a generator'} is {value} at the "
                "point, not 0, so lct is infinite"
            )
    real = rlct(problem, budget=None if budget is None else 0.7 * budget)
    live = [g for g in germ.generators if not g.is_zero]
    if not live:
        raise OutOfScope("lct: the zero polynomial")
    costs = [t + 1 for t in germ.prior]
    support = sorted({tuple(map(int, a)) for g in live for a in g.support()})
    scale = 1 if problem.is_power_one else 2
    order = min(map(sum, support))
    lower = min(Fraction(1), *costs) / order
    tops = [(covering_lp(costs, support).value, "the term ideal")]
    if real.bounds.upper is not None:
        tops.append((scale * real.bounds.upper.value, "the real threshold 2 lambda"))
    if len(live) == 1:
        factors = factor_if_quick(live[0].flint)[1]
        through = [
            int(e)
            for p, e in factors
            if not (p.is_constant() or maps.constant_term(p) or _is_coordinate(p))
        ]  # of a coordinate, whose cost need not be 1, the term ideal tells
        if through:
            most = max(through)
            tops.append((Fraction(1, most), f"a factor of multiplicity {most}"))
    upper, name = min(tops, key=lambda t: t[0])
    reason = f"order {order} below, {name} above"
    rank = _rank(live)
    if all(t == 0 for t in germ.prior) and rank == len(live):
        lower, upper, reason = Fraction(rank), Fraction(rank), f"a smooth point, rank {rank}"
    elif lower < upper:
        with TimeLimit(None if budget is None else max(0.3 * budget, 0.5)):
            if _nondegenerate(live):
                lower = upper = min(_howald(live, tops[0][0]), upper)
                reason = "a Newton polyhedron that is nondegenerate over C"
            elif (found := _of_curve(germ, live)) is not None:
                lower, upper, reason = found, found, "a plane curve in adapted coordinates"
            elif not any(germ.prior):
                if len(live) == 1:
                    least, weights = bound_below(live[0])
                    if least > lower:
                        told = ", ".join(map(str, weights))
                        lower = least
                        reason = f"the initial form for the weights {told} below, {name} above"
                if lower < upper:
                    lower, upper, reason = _of_contact_loci(real, lower, upper, reason)
                if lower < upper:
                    lower, reason = _from_below(live, lower, upper, reason, name)
    return Threshold(lower, upper, reason, real, watch.seconds)


def _howald(gens: list[Polynomial], mu: Fraction) -> Fraction:
    """The threshold of what is nondegenerate over C, μ that of its term ideal."""
    return mu if len(gens) > 1 or _is_monomial(gens[0]) else min(mu, Fraction(1))


def _of_contact_loci(
    real: Result, lower: Fraction, upper: Fraction, reason: str
) -> tuple[Fraction, Fraction, str]:
    """The bounds, and why, with those of the contact loci over C that the charts of the real proof
    show, where its steps hold over C."""
    for certificate in real.certificates:
        if certificate.germ.is_power_one or certificate.proof.get("op") == "zero":
            continue
        try:
            slope, ratio = complex_rates(certificate)
        except (OutOfScope, Undecided):
            continue
        if slope > lower or (ratio is not None and ratio < upper):
            lower = max(lower, slope)
            upper = upper if ratio is None else min(upper, ratio)
            reason = "the contact loci over C in the charts of the real proof"
    return lower, upper, reason


def _from_below(
    gens: list[Polynomial], lower: Fraction, upper: Fraction, reason: str, above: str
) -> tuple[Fraction, str]:
    """A better lower bound by the best restriction to a coordinate subspace, and why."""
    base, power = _root(gens)
    for fixed, mu in _restrictions(base, power):
        if mu <= lower or lower == upper:
            break
        part = _restricted(base, fixed)
        value = _howald(part, mu * power) / power
        if value > lower and _nondegenerate(part):
            where = " = ".join(fixed) + " = 0" if fixed else "all of the space"
            lower, reason = value, f"the restriction to {where} below, {above} above"
    return lower, reason


def _of_curve(germ: Germ, gens: list[Polynomial]) -> Fraction | None:
    """The threshold of a plane curve; None for what is none, or has a boundary."""
    plane = len(gens) == 1 and len(germ.variables) == 2 and not any(germ.prior)
    return curve_threshold(gens[0]) if plane else None


def _root(gens: list[Polynomial]) -> tuple[list[Polynomial], int]:
    """g and k for one f = unit·g^k near the origin, g without repeated factors; else f and 1."""
    if len(gens) > 1:
        return gens, 1
    context = ring(gens[0].variables)
    factors = factor_if_quick(gens[0].flint)[1]
    through = [(p, int(e)) for p, e in factors if not maps.constant_term(p)]
    powers = {e for _, e in through}
    if len(powers) != 1:
        return gens, 1
    product = context.constant(1)
    for p, _ in through:
        product = product * p
    return [Polynomial(gens[0].variables, product)], powers.pop()


def _restrictions(gens: list[Polynomial], power: int) -> list[tuple[tuple[str, ...], Fraction]]:
    """Variables that are set to 0, with the threshold of the term ideal of what is left over the
    power, the largest first."""
    names = gens[0].variables
    out = []
    for size in range(len(names)):
        for fixed in itertools.islice(itertools.combinations(range(len(names)), size), _SUBSPACES):
            exponents = {tuple(map(int, a)) for g in gens for a in g.support()}
            support = sorted(a for a in exponents if not any(a[i] for i in fixed))
            if support and any(map(any, support)):
                mu = covering_lp([Fraction(1)] * len(names), support).value
                out.append((tuple(names[i] for i in fixed), mu / power))
    return sorted(out, key=lambda t: -t[1])


def _restricted(gens: list[Polynomial], fixed: tuple[str, ...]) -> list[Polynomial]:
    """The generators with variables set to 0, those that vanish left out."""
    parts = [g.substitute(dict.fromkeys(fixed, 0)) for g in gens]
    return [p for p in parts if not p.is_zero]


def _is_coordinate(p: Any) -> bool:
    """Whether a factor is a multiple of one variable."""
    return len(p) == 1 and int(p.total_degree()) == 1


def _is_monomial(f: Polynomial) -> bool:
    """Whether f is a monomial times a unit: then no divisor but the coordinates lies in f = 0."""
    exponents = [tuple(map(int, a)) for a in f.support()]
    return tuple(map(min, zip(*exponents, strict=True))) in exponents


def _rank(gens: list[Polynomial]) -> int:
    """The rank of the differentials at the origin."""
    import flint

    names = gens[0].variables
    rows = []
    for g in gens:
        linear = {tuple(map(int, a)): c for a, c in g.terms() if sum(a) == 1}
        row = [Fraction(0)] * len(names)
        for a, c in linear.items():
            row[a.index(1)] = c
        rows.append([flint.fmpq(c.numerator, c.denominator) for c in row])
    return int(flint.fmpq_mat(rows).rank())


def _nondegenerate(gens: list[Polynomial]) -> bool:
    """Whether no compact face has a common zero in the complex torus: of f and its logarithmic
    derivatives, or of several generators."""
    support = sorted({tuple(map(int, a)) for g in gens for a in g.support()})
    context = ring(gens[0].variables)
    try:
        faces = NewtonPolyhedron.of(support, _FACES).compact_faces(_FACES)
    except SingularityLabError:
        return False
    for face in faces:
        if len(face) == 1:
            continue
        parts = []
        for g in gens:
            terms = {a: c for a, c in g.flint.to_dict().items() if tuple(map(int, a)) in face}
            parts.append(Polynomial(g.variables, context.from_dict(terms)))
        polys = [p for p in parts if not p.is_zero]
        if len(gens) == 1:
            polys += logarithmic_derivatives(parts[0])
        if has_zero(polys) is not False:
            return False
    return True
