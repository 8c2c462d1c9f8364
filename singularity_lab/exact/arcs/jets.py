"""Jet schemes J_m = {arcs modulo t^(m+1) in f = 0}: dimension, top components, contact orders.

Mustaţă 2001, 2002; Ein, Lazarsfeld and Mustaţă 2004; Howald 2001 and Yuen 2007 for monomials.

Arcs are cut into strata by the orders v_i of their coordinates, of codimension |v|. On a stratum
x_i = t^(v_i)·(unit arc), and f = t^m(v)·(f_v(leading coefficients) + t·…), where f_v is the part
of f that v minimises:

- m(v) ≥ m + 1: the stratum lies in J_m;
- f_v has no zero in the torus: it does not meet J_m;
- f_v = 0 is smooth there (Newton nondegeneracy, Hensel): the arcs of J_m have codimension
  |v| + m + 1 − m(v), and as many components as {f_v = 0}; likewise for several generators whose
  initial forms are a smooth complete intersection;
- f = ∏ f_i^(e_i): the same with orders m_i(v) + l_i of the factors, where the f_(i,v) with l_i > 0
  are a smooth complete intersection, and Σ e_i·(m_i(v) + l_i) ≥ m + 1;
- otherwise, where an initial form has a factor s − c for a monomial s, and c is rational: that
  factor is a unit, or s = c + s' where s' has order ≥ 1, and the same is asked again (the strict
  transform in the chart of a weighted blow-up; Newton's algorithm on arcs).

The strata are disjoint, irreducible up to the components counted, and constructible, so the least
codimension is that of J_m, and its top components are counted by those strata that attain it. Where
the recursion ends without an answer, its lower bound for the codimension decides whether that
matters; if it does, and the ideal is quasi-homogeneous, the contact loci of the engine's charts at
0 decide (:mod:`singularity_lab.exact.arcs.contact`): a dilation moves every point there. If no
locus over the singular places of the charts is as large as the arcs of the smooth part, these alone
are on top, one component for each of the zero set. A Gröbner basis of the equations, within a
budget, is the independent check. The complex threshold is min codim J_m/(m + 1) (Mustaţă 2002,
Theorem 0.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from fractions import Fraction
from functools import cached_property
from typing import Any

from msgspec import UNSET, UnsetType

from singularity_lab.algebra.doubtful_names import doubts_of
from singularity_lab.algebra.linear import solve_lp
from singularity_lab.algebra.polynomial import Ideal, PointLike, Polynomial
from singularity_lab.algebra.problem import GermLike, LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.arcs.components import GroundField, hypersurface_components
from singularity_lab.exact.arcs.contact import ArcField, ContactLoci, contact_loci
from singularity_lab.exact.arcs.equations import groebner_codimension, jet_equations
from singularity_lab.exact.arcs.stratification import ArcStratum, StateSearch
from singularity_lab.exact.arcs.substitution import ArcState
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.system.cuts import is_over
from singularity_lab.system.deadline import TimeLimit, require_seconds, time_left
from singularity_lab.system.documents import Record
from singularity_lab.system.notebooks import table
from singularity_lab.system.scalars import integer
from singularity_lab.system.stopwatch import Stopwatch

_UNWIND = 0.3  # CPU seconds after the budget for what the strata so far leave open
_SHARE = 0.5  # of the budget for the strata; the rest is for the contact loci


class JetsDocument(Record, frozen=True, kw_only=True):
    """What ``singlab jets --json`` prints, field by field; lists over orders begin at J_0."""

    generators: tuple[str, ...]
    label: str | UnsetType = UNSET
    variables: tuple[str, ...]
    order: int
    field: GroundField
    fibre: bool
    method: str
    dimensions: tuple[int, ...]
    codimensions: tuple[int, ...]
    top_components: tuple[int | None, ...]
    pure: tuple[bool | None, ...]
    mustata: str
    attained_at: tuple[int, ...]
    divisors: tuple[tuple[int, ...], ...]
    strata: tuple[tuple[ArcStratum, ...], ...]
    seconds: float
    checked: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Jets:
    """Dimensions and top components of J_0, …, J_order of an ideal.

    field: C, R or Q. Over R: of the real jets, components with real points; over Q: of the scheme,
    so that conjugate components count once. fibre: whether only jets at the point are meant.
    method: ``weights``, ``monomial``, ``stratification``, ``charts`` or ``contact loci``. strata:
    for each m those of least codimension, none where the charts decided. checked: the orders at
    which a Gröbner basis of the equations (modulo 32003 with Singular) gave the same codimension.
    notes: what is missing.
    """

    ideal: Ideal
    field: GroundField
    order: int
    fibre: bool
    method: str
    codimensions: tuple[int, ...]
    top_components: tuple[int | None, ...]
    strata: tuple[tuple[ArcStratum, ...], ...]
    seconds: float = dataclass_field(compare=False)
    notes: tuple[str, ...] = ()
    checked: tuple[int, ...] = ()
    label: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return self.ideal.variables

    @cached_property
    def dimensions(self) -> tuple[int, ...]:
        """dim J_m for m = 0 … order (of the fibre over the point, if that is meant)."""
        n = len(self.variables)
        return tuple(n * (m + 1) - c for m, c in enumerate(self.codimensions))

    @property
    def pure(self) -> tuple[bool, ...]:
        """Where purity is proved: one equation, and the dimension is the least that it allows.

        J_m of one equation has components of dimension ≥ (n − 1)(m + 1); its fibre over a point of
        multiplicity e ≥ 1 is cut out by m + 1 − e equations. There the top components are all.
        """
        n = len(self.variables)
        if len(self.ideal.generators) > 1:
            return tuple(False for _ in self.dimensions)
        e = self.ideal.generators[0].order
        least = [
            n * m - max(0, m + 1 - e) if self.fibre else (n - 1) * (m + 1)
            for m in range(self.order + 1)
        ]
        return tuple(d == low for d, low in zip(self.dimensions, least, strict=True))

    @cached_property
    def mustata(self) -> Fraction:
        """min codim J_m/(m + 1) over the orders computed: an upper bound of the complex threshold.

        Over R an upper bound of 2λ (docs/singularity-theory.md, "Jets"). For the fibre it has no
        such meaning.
        """
        return min(Fraction(c, m + 1) for m, c in enumerate(self.codimensions))

    @property
    def attained_at(self) -> tuple[int, ...]:
        """The orders m at which the minimum is attained."""
        return tuple(
            m for m, c in enumerate(self.codimensions) if Fraction(c, m + 1) == self.mustata
        )

    @property
    def divisors(self) -> tuple[tuple[int, ...], ...]:
        """Weights v of toric divisors that compute the minimum: |v|/m(v) equals it."""
        found = {
            s.weights
            for m in self.attained_at
            for s in self.strata[m]
            if s.contact and Fraction(sum(s.weights), s.contact) == self.mustata
        }
        return tuple(sorted(found))

    def equations(self, m: int) -> tuple[Polynomial, ...]:
        """The equations of J_m in the coefficients x_0, …, x_m of each coordinate arc."""
        return jet_equations(self.ideal, m)

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values; fractions and polynomials are text."""
        return JetsDocument(
            generators=tuple(str(g) for g in self.ideal.generators),
            label=self.label or UNSET,
            variables=tuple(self.variables),
            order=self.order,
            field=self.field,
            fibre=self.fibre,
            method=self.method,
            dimensions=tuple(self.dimensions),
            codimensions=tuple(self.codimensions),
            top_components=tuple(self.top_components),
            pure=tuple(self.pure),
            mustata=str(self.mustata),
            attained_at=self.attained_at,
            divisors=self.divisors,
            strata=tuple(tuple(row) for row in self.strata),
            seconds=round(self.seconds, 4),
            checked=tuple(self.checked),
            notes=tuple(self.notes),
        ).plain()

    def __str__(self) -> str:
        what = "fibre over 0 of J_m" if self.fibre else "J_m"
        ideal = f"{self.label}: {self.ideal}" if self.label else f"{self.ideal}"
        head = f"{what} of {ideal} over {self.field} ({self.method}, {self.seconds:.2f} s)"
        lines = [head, "  m  dim  codim  top components"]
        for m, (d, c, k) in enumerate(
            zip(self.dimensions, self.codimensions, self.top_components, strict=True)
        ):
            lines.append(f"  {m:<2} {d:>4} {c:>6}  {'not counted' if k is None else k}")
        if not self.fibre:
            name = "2*lambda" if self.field == "R" else "lct"
            at = ", ".join(map(str, self.attained_at[:4]))
            lines.append(f"  min codim/(m + 1) = {self.mustata} at m = {at}: {name} <= it")
        if self.checked:
            lines.append(f"  Gröbner bases agree at m = {', '.join(map(str, self.checked))}")
        lines += [f"  note: {n}" for n in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        what = "Fibre over 0 of J_m" if self.fibre else "J_m"
        of = f"{self.label}: {self.ideal}" if self.label else f"{self.ideal}"
        counts = ("not counted" if k is None else k for k in self.top_components)
        lines = zip(range(self.order + 1), self.dimensions, self.codimensions, counts, strict=True)
        name = "2λ" if self.field == "R" else "lct"
        at = ", ".join(map(str, self.attained_at[:4]))
        least = "" if self.fibre else f"min codim/(m + 1) = {self.mustata} at m = {at}: {name} ≤ it"
        notes = [least, f"method: {self.method}", *self.notes]
        heads = ("m", "dim", "codim", "top components")
        return table(f"{what} of {of} over {self.field}", heads, lines, filter(None, notes))

    def plot(self, ax: Any = None) -> Any:
        """The staircase of codim J_m with the line (m + 1)·min codim/(m + 1) below it."""
        from singularity_lab.pictures.singularities import jet_staircase

        return jet_staircase(self.codimensions, self.mustata, ax=ax)


def jets(
    generators: Certificate | GermLike,
    order: int = 6,
    variables: str | Iterable[str] | None = None,
    *,
    field: GroundField = "C",
    fibre: bool = False,
    at: PointLike | None = None,
    near: bool = False,
    budget: float = 60.0,
    check: float = 0.0,
) -> Jets:
    """Return the dimensions and numbers of top components of the jet schemes J_0, …, J_order of an
    ideal.

    generators: an ideal, or a local problem or a row, whose point is then moved to 0; prior and
    constraints do not enter, and ``notes`` say so. Of a certificate its germ is meant, and no other
    one is searched for where contact loci are read.
    field: over which. fibre: only the jets at a point (``at``, the origin unless given); otherwise
    all jets in affine space are meant. Where these are not decided, the contact loci of the
    engine's certificate near the point answer instead, if they are (method ``contact loci``).
    near: only the jets whose point is in a small neighbourhood of the point: those of the germ,
    which λ is of. Where a dilation contracts the zero set to the point they are all; else contact
    loci decide, which count no components. It needs field R or C.
    budget: CPU seconds. check: CPU seconds for each Gröbner basis of the equations, from order 0 on
    until one does not end; a codimension that differs is an AssertionError (over C and Q only;
    there is no such check over R). Raises Undecided (with the orders decided so far as ``bounds``)
    where the stratification ends without an answer, BadInput for an order < 0, OutOfScope for the
    zero ideal.

    >>> r = jets("x^2 - y^3", order=6)
    >>> r.dimensions, r.top_components, r.method
    ((1, 2, 3, 4, 5, 7, 8), (1, 2, 2, 2, 2, 1, 1), 'weights')
    >>> r.mustata, r.attained_at, r.divisors
    (Fraction(5, 6), (5,), ((3, 2),))
    """
    watch = Stopwatch()
    whole = integer(order)
    if whole is None or whole < 0:
        raise BadInput(f"order: an integer >= 0 is needed, received {order!r}")
    order = whole
    if field not in ("C", "R", "Q"):
        raise BadInput(f"field: C, R or Q, received {field!r}")
    if near and (fibre or check or field == "Q"):
        raise BadInput("near: not with fibre, check or the field Q")
    require_seconds(budget)
    codimensions: list[int] = []
    found: Jets | None = None
    with TimeLimit(budget + _UNWIND, watch):
        found = _jets(
            generators, order, variables, field, fibre, at, near, budget, check, codimensions
        )
    if found is not None:
        return replace(found, checked=_checked(found, check)) if check else found
    raise Undecided(
        f"jets: order {len(codimensions)} is not decided within {budget} CPU seconds; "
        f"codimensions before: {codimensions}",
        tuple(codimensions),
    )


def _jets(
    generators: Certificate | GermLike,
    order: int,
    variables: str | Iterable[str] | None,
    field: GroundField,
    fibre: bool,
    at: PointLike | None,
    near: bool,
    budget: float,
    check: float,
    codimensions: list[int],
) -> Jets:
    """:func:`jets` without its limit; ``codimensions`` is filled on the way."""
    watch = Stopwatch()
    asked = generators.germ if isinstance(generators, Certificate) else generators
    problem = LocalProblem.of(asked, variables, at=at)
    ideal = problem.ideal
    if any(problem.point):
        ideal = ideal.translate(problem.rational_point)
    live = [g for g in ideal.generators if not g.is_zero]
    if not live:
        raise OutOfScope("jets: the zero ideal (all jets)")
    ideal = Ideal(ideal.variables, tuple(live))
    if fibre and any(g({}) for g in live):
        raise OutOfScope("jets: the ideal does not vanish at the point, the fibre is empty")
    if any(g.is_constant for g in live):
        raise OutOfScope("jets: the unit ideal has no jets")
    if check and field == "R":
        raise BadInput("check: Gröbner bases see the field C or Q, not R")
    if near and not is_graded(ideal):
        source = _own_certificate(generators, problem)
        loci = _near_the_point(problem, ideal, source, order, field, budget - watch.seconds)
        if loci is None:
            raise Undecided(f"jets of {ideal} near the point: the contact loci are not decided")
        return replace(loci, seconds=watch.seconds)
    share = 1.0 if fibre or check else _SHARE
    search = StateSearch(field, min(share, 0.8) * budget - watch.seconds)
    state = ArcState.of(ideal, fibre)
    monomial = all(len(g.flint) == 1 for g in live)
    counts: list[int | None] = []
    strata: list[tuple[ArcStratum, ...]] = []
    charts: _Charts | None = None
    for m in range(order + 1):
        answer = None
        with TimeLimit(share * budget, watch):  # ends what does not look at its deadline
            answer = search.solve(state, (m + 1,) * len(live), None)
        best: int | None = None
        low: int | None = 0
        reason = "the budget is spent"
        if answer is not None:
            best, low, reason = answer.best, answer.undecided, answer.reason
        if best is None and low is None:
            raise OutOfScope(f"jets: {ideal} has no points over {field}")
        if answer is None or best is None or (low is not None and low < best):
            if charts is None and not fibre:
                proof = _own_certificate(generators, problem)
                charts = _Charts.of(ideal, proof, order, field, max(time_left(), 0.1))
            found = charts.at(m) if charts is not None else None
            if found is not None:
                codimensions.append(found[0])
                counts.append(found[1])
                strata.append(())
                continue
            known = f"codim J_{m} >= {low}" + ("" if best is None else f" and <= {best}")
            if not fibre and not check and not is_graded(ideal):  # its charts were read above
                source = _own_certificate(generators, problem)
                left = budget - watch.seconds
                loci = _near_the_point(problem, ideal, source, order, field, left)
                if loci is not None:
                    return replace(loci, seconds=watch.seconds)
            raise Undecided(
                f"jets of {ideal}: order {m} is not decided ({reason}); {known}; "
                f"codimensions before: {codimensions}",
                tuple(codimensions),
            )
        codimensions.append(best)
        pieces = tuple(sorted(answer.pieces, key=lambda s: s.weights))
        parts = [s.components for s in pieces]
        unsure = low == best or None in parts
        counts.append(None if unsure else sum(p for p in parts if p is not None))
        strata.append(pieces)
    method = "monomial" if monomial else "stratification" if search.recursed else "weights"
    notes = [] if None not in counts else [f"components not counted: {search.reason}"]
    if () in strata:
        method = "charts"
        where = ", ".join(str(m) for m, row in enumerate(strata) if not row)
        notes = [f"orders {where} from the charts of the resolution at 0"]
        if None in counts:
            notes.append("components not counted where exceptional divisors matter")
    return Jets(
        ideal,
        field,
        order,
        fibre,
        method,
        tuple(codimensions),
        tuple(counts),
        tuple(strata),
        watch.seconds,
        tuple(notes + _what_is_meant(problem, ideal, fibre)),
        label=problem.label,
    )


def _what_is_meant(problem: LocalProblem, ideal: Ideal, fibre: bool) -> list[str]:
    """What of a problem with a point of its own the jets of its ideal do not say."""
    notes = [told] if (told := doubts_of(problem)) else []
    if not problem.flat:
        notes.append(f"of the ideal alone: {problem.describe_density()} do not enter")
    if problem.convention == "loss":
        notes.append("of the loss K itself: the least codim/(m + 1) bounds lambda, not 2*lambda")
    if not fibre and (problem.label or any(problem.point)) and not is_graded(ideal):
        notes.append("of the whole zero set: worse points than this one count as well")
    return notes


def _own_certificate(source: Certificate | GermLike, problem: LocalProblem) -> Certificate | None:
    """The source, where it is a certificate whose charts say what the jets of its ideal are: of an
    ideal, without a prior or a constraint at the point."""
    if not isinstance(source, Certificate):
        return None
    plain = problem.flat and problem.convention == "ideal" and problem.over is None
    return source if plain else None


def _near_the_point(
    problem: LocalProblem,
    ideal: Ideal,
    source: Certificate | None,
    order: int,
    over: GroundField,
    seconds: float,
) -> Jets | None:
    """Codimensions of the jets that lie near the point, from the charts of a certificate.

    ideal: of the germ, moved to 0. source: a certificate of it; one is searched for without it.
    None where some order is not decided.
    """
    if is_over(0, seconds):
        return None
    arcs: ArcField = "R" if over == "R" else "C"
    try:
        loci = contact_loci(source or ideal, order, field=arcs, budget=seconds)
    except (Undecided, OutOfScope):
        return None
    codimensions = [c for c in loci.codimensions if c is not None and c.denominator == 1]
    if len(codimensions) <= order:
        return None
    notes = ["near the point only, from the charts of the certificate; components not counted"]
    return Jets(
        ideal,
        over,
        order,
        False,
        "contact loci",
        tuple(map(int, codimensions)),
        (None,) * (order + 1),
        ((),) * (order + 1),
        loci.seconds,
        tuple(notes + [n for n in _what_is_meant(problem, ideal, True)]),
        label=problem.label,
    )


def _checked(result: Jets, budget: float) -> tuple[int, ...]:
    """The orders at which a Gröbner basis ends within the budget; an error where it differs."""
    agreed = []
    for m, codimension in enumerate(result.codimensions):
        found = groebner_codimension(result.ideal, m, fibre=result.fibre, budget=budget)
        if found is None:
            break
        if found != codimension:
            raise AssertionError(f"jets of {result.ideal}: order {m}: {codimension}, not {found}")
        agreed.append(m)
    return tuple(agreed)


# -- the charts of the resolution, for quasi-homogeneous ideals --------------------------------


@dataclass(frozen=True)
class _Charts:
    """Contact loci at 0 of a quasi-homogeneous ideal, and the components of its zero set.

    components: of a hypersurface over the field; None for other ideals, or if not decided.
    """

    loci: ContactLoci
    components: int | None

    @classmethod
    def of(
        cls, ideal: Ideal, source: Certificate | None, order: int, over: GroundField, seconds: float
    ) -> _Charts | None:
        if is_over(0, seconds) or not is_graded(ideal):
            return None
        arcs: ArcField = "R" if over == "R" else "C"
        try:
            loci = contact_loci(
                source or LocalProblem.build(ideal), order, field=arcs, budget=seconds
            )
        except Undecided:
            return None
        number = None
        if len(ideal.generators) == 1:
            number = hypersurface_components(ideal.generators[0], over)
        return cls(loci, number)

    def at(self, m: int) -> tuple[int, int | None] | None:
        """(codim J_m, its top components or None) where it is decided."""
        found = self.loci.codimensions[m]
        if found is None or found.denominator != 1:
            return None
        special = self.loci.exceptional[m]
        ordinary = found == m + 1 and (special is None or special > found)
        return int(found), self.components if ordinary else None


def is_graded(ideal: Ideal) -> bool:
    """Whether weights > 0 make each generator quasi-homogeneous: a dilation contracts to 0.

    >>> is_graded(Ideal.parse(["x^2 - y^3"])), is_graded(Ideal.parse(["x^2 - y^3 + x*y"]))
    (True, False)
    """
    n = len(ideal.variables)
    rows = []
    for g in ideal.generators:
        first, *rest = g.support()
        rows += [tuple(x - y for x, y in zip(a, first, strict=True)) for a in rest]
    # w = 1 + u, u ≥ 0, with ⟨row, w⟩ = 0 for all rows
    return not rows or solve_lp([0] * n, rows, [-sum(row) for row in rows]) is not None
