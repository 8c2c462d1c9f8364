"""Contact loci {ord ≥ p} of an ideal from the charts of its resolution. Ein, Lazarsfeld and
Mustaţă 2004, Theorem A; Denef and Loeser 1999 (change of variables); Yasuda 2004 (twisted arcs).

Arcs near the point lift to the charts of the proof tree of a certificate. In a chart with
K = ∏|x|^(2k)·Σ f² and prior·Jacobian ∏|x|^h, the arcs with orders v of the coordinates have
codimension Σ (h + 1)·v, and a contact order that the chart shows; so

    codim {ord ≥ p} = min Σ (h_i + 1)·v_i  over v ≥ 0 with  ⟨v, k⟩ + min_a ⟨v, a⟩ ≥ p

in a monomial chart, plus p − contact where the strict transform is smooth and transversal. Over
strata and charts it is the least, over the blocks of the sum rule it adds, and for a factor that
the product rule splits off it is the least over p = p' + p''.

What is exact and what is a bound. The least over integers v is an upper bound in every chart, and
a lower bound where no weight above the chart exceeds 1. In the chart x = t^w of a weighted blow-up
arcs have orders in Z/w; there the lower bound is p·min (h + 1)/k, that is 2λ·p, rounded up where
the codimension is an integer. Charts closed by a bound keep it.

The field. Certificates are proofs over R: moves like (x² + y²) → (x², y²), and forms without real
zeros, keep the contact orders of real arcs only. Over C each such step is decided again, by
Gröbner bases; where that fails, nothing is claimed over C.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil, lcm
from typing import Any, Literal

import flint
from msgspec import UNSET, UnsetType

from singularity_lab.algebra import maps
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.linear import covering_lp
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import PointLike, Polynomial
from singularity_lab.algebra.problem import GermLike, LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.arcs.integer_programs import integer_program
from singularity_lab.exact.classification.singularity_spectrum import nondegenerate
from singularity_lab.exact.proof.branches import (
    Blowup,
    Both,
    Dehomogenise,
    Free,
    Locus,
    Product,
    Roots,
    Split,
    Squares,
    Subideal,
    Sum,
)
from singularity_lab.exact.proof.certificate import Certificate, Script
from singularity_lab.exact.proof.charts import charts, representatives
from singularity_lab.exact.proof.family import KINDS, LOCAL, PARAM, UNIT, Family
from singularity_lab.exact.proof.leaves import Empty, Monomial, Newton, Rank, Terms
from singularity_lab.exact.proof.moves import Dominant, Nonvanishing, SplitTerms
from singularity_lab.exact.proof.moves import Generators as OtherGenerators
from singularity_lab.exact.proof.step import Branch, Families, Leaf, Move, Step, Verdict
from singularity_lab.exact.proof.verify import Walk, starting_family, verify
from singularity_lab.exact.zeros import torus
from singularity_lab.exact.zeros.decide import no_common_zero
from singularity_lab.exact.zeros.find import FoundZero
from singularity_lab.system.deadline import TimeLimit, require_seconds, time_left
from singularity_lab.system.documents import Record
from singularity_lab.system.notebooks import table
from singularity_lab.system.scalars import integer
from singularity_lab.system.stopwatch import Stopwatch

ArcField = Literal["R", "C"]
_LIMITS = (60, 400, 2_000)


class ContactDocument(Record, frozen=True, kw_only=True):
    """Codimensions of contact loci as a document; None for infinity and for no bound."""

    generators: tuple[str, ...]
    label: str | UnsetType = UNSET
    field: ArcField
    lower: tuple[str | None, ...]
    upper: tuple[str | None, ...]
    exceptional: tuple[str | None, ...]
    seconds: float


@dataclass(frozen=True)
class ContactLoci:
    """Codimensions of {ord ≥ p}, p = 1 … order + 1, among the arcs near a point.

    lower, upper: certified bounds, None for infinity and for "no bound"; equal where decided.
    exceptional: a lower bound for the arcs that meet an exceptional divisor or another singular
    place of a chart: where it exceeds the codimension, those of least codimension are the arcs in
    the smooth part of the zero set. field: of the arcs. certificate: whose charts were read.
    """

    problem: LocalProblem
    field: ArcField
    lower: tuple[Fraction | None, ...]
    upper: tuple[Fraction | None, ...]
    exceptional: tuple[Fraction | None, ...]
    certificate: Certificate
    seconds: float

    @property
    def order(self) -> int:
        return len(self.lower) - 1

    @property
    def decided(self) -> tuple[bool, ...]:
        """Whether each codimension is known, by order."""
        return tuple(
            low is not None and low == high
            for low, high in zip(self.lower, self.upper, strict=True)
        )

    @property
    def codimensions(self) -> tuple[Fraction | None, ...]:
        """The codimension of {ord ≥ m + 1}, m = 0 … order; None where it is not decided."""
        return tuple(
            low if known else None for low, known in zip(self.lower, self.decided, strict=True)
        )

    @cached_property
    def minimum(self) -> Fraction | None:
        """The least codim/p over the p that are decided: an upper bound of 2λ, of lct over C."""
        ratios = [c / p for p, c in enumerate(self.codimensions, 1) if c is not None]
        return min(ratios, default=None)

    def document(self) -> ContactDocument:
        """The codimensions as a document, fractions as text."""

        def texts(values: Iterable[Fraction | None]) -> tuple[str | None, ...]:
            return tuple(None if v is None else str(v) for v in values)

        return ContactDocument(
            generators=tuple(str(g) for g in self.problem.ideal.generators),
            label=self.problem.label or UNSET,
            field=self.field,
            lower=texts(self.lower),
            upper=texts(self.upper),
            exceptional=texts(self.exceptional),
            seconds=round(self.seconds, 4),
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()

    def __str__(self) -> str:
        label = f"{self.problem.label}: " if self.problem.label else ""
        ideal = f"{label}{self.problem.ideal}"
        lines = [f"contact loci of {ideal} near the point over {self.field}"]
        for p, (low, high) in enumerate(zip(self.lower, self.upper, strict=True), 1):
            known = f"= {low}" if low == high else f">= {low}, <= {'?' if high is None else high}"
            lines.append(f"  codim {{ord >= {p}}} {known if low is not None else 'is infinite'}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        label = f"{self.problem.label}: " if self.problem.label else ""
        title = f"Contact loci of {label}{self.problem.ideal} near the point over {self.field}"
        lines = []
        for p, (low, high) in enumerate(zip(self.lower, self.upper, strict=True), 1):
            told = low if low == high else f"{low} … {'?' if high is None else high}"
            lines.append((f"ord ≥ {p}", "infinite" if low is None else told))
        return table(title, ("arcs", "codimension"), lines)

    def plot(self, ax: Any = None) -> Any:
        """The staircase of the decided codimensions, with min codim/p."""
        from singularity_lab.pictures.singularities import jet_staircase

        if self.minimum is None:
            raise OutOfScope("contact loci: no order is decided, nothing to draw")
        known = [c for c in self.codimensions if c is not None]
        if len(known) < len(self.codimensions):
            raise OutOfScope("contact loci: not all orders are decided")
        return jet_staircase([ceil(c) for c in known], self.minimum, ax=ax)


def contact_loci(
    generators: Certificate | GermLike,
    order: int = 6,
    variables: str | Iterable[str] | None = None,
    *,
    field: ArcField = "R",
    at: PointLike | None = None,
    budget: float = 30.0,
) -> ContactLoci:
    """Return the codimensions of {ord_I ≥ p}, p ≤ order + 1, near a point, from a certificate's
    charts.

    generators: an ideal, a local problem or a row with its prior, or a certificate that is there
    already; of a loss K the ideal (K) is meant. budget: CPU seconds; a search ends early enough for
    the charts to be read. Raises BadInput for another field or an order < 0, OutOfScope for the
    zero ideal, Undecided over C where a step is proved over R only, and where the budget does not
    suffice.

    >>> loci = contact_loci("a*(e*i-f*h)-b*(d*i-f*g)+c*(d*h-e*g)", 3, field="C")
    >>> [str(c) for c in loci.codimensions]
    ['1', '2', '3', '4']
    """
    watch = Stopwatch()
    if field not in ("R", "C"):
        raise BadInput(f"field: R or C, received {field!r}")
    whole = integer(order)
    if whole is None or whole < 0:
        raise BadInput(f"order: an integer >= 0 is needed, received {order!r}")
    order = whole
    require_seconds(budget)
    with TimeLimit(1.15 * budget + 1.2):
        if isinstance(generators, Certificate):
            certificate = generators
        else:
            from singularity_lab.exact.engine.solve import rlct

            problem = replace(LocalProblem.of(generators, variables, at=at), convention="ideal")
            problem.localize()  # OutOfScope for irrational points, before the search
            left = min(budget, time_left())
            certificate = rlct(problem, budget=max(0.8 * left, 0.1)).certificates[0]
        return _read(certificate, order, field, watch)
    raise Undecided(f"contact loci: not decided within {budget} CPU seconds")


def _read(certificate: Certificate, order: int, field: ArcField, watch: Stopwatch) -> ContactLoci:
    """The contact loci that the charts of a certificate give."""
    problem = certificate.germ
    if problem.over is not None:
        raise OutOfScope("contact loci: those at one point are read, not over a domain")
    verify(certificate)
    problem.localize()  # OutOfScope for irrational points
    if problem.is_power_one:
        raise BadInput("generators: an ideal is needed, not a loss")
    if certificate.proof.get("op") == "zero":
        raise OutOfScope("contact loci: the zero ideal (all arcs)")
    curve = LociReader(order + 1, field).read(starting_family(problem), certificate.proof)
    return ContactLoci(
        problem,
        field,
        curve.lower[1:],
        curve.upper[1:],
        curve.special[1:],
        certificate,
        watch.seconds,
    )


# -- curves p ↦ codimension -----------------------------------------------------------------------

_Bound = Fraction | None


@dataclass(frozen=True)
class _Curve:
    """Bounds at p = 0, 1, …: None is infinity below, and no bound above.

    slope: codim ≥ slope·p for every rational p, also along arcs in roots of t; None: infinite for
    p > 0. special: a lower bound for the arcs in special position.
    """

    lower: tuple[_Bound, ...]
    upper: tuple[_Bound, ...]
    special: tuple[_Bound, ...]
    slope: _Bound

    @classmethod
    def empty(cls, size: int) -> _Curve:
        nothing = (Fraction(0), *(None,) * size)
        return cls(nothing, (Fraction(0), *(None,) * size), nothing, None)

    @classmethod
    def above(cls, slope: Fraction, size: int) -> _Curve:
        line = tuple(slope * p for p in range(size + 1))
        return cls(line, (Fraction(0), *(None,) * size), line, slope)


def _low(*values: _Bound) -> _Bound:
    """The least; None is infinity."""
    known = [v for v in values if v is not None]
    return min(known) if known else None


def _plus(a: _Bound, b: _Bound) -> _Bound:
    return None if a is None or b is None else a + b


def _least(curves: Sequence[_Curve]) -> _Curve:
    """The union of strata."""
    columns = zip(*(c.lower for c in curves), strict=True)
    uppers = zip(*(c.upper for c in curves), strict=True)
    specials = zip(*(c.special for c in curves), strict=True)
    return _Curve(
        tuple(_low(*c) for c in columns),
        tuple(_low(*c) for c in uppers),
        tuple(_low(*c) for c in specials),
        _low(*(c.slope for c in curves)),
    )


class _RealOnly(Exception):
    """A step that is proved over R only."""


class LociReader(Walk[_Curve]):
    """Reads the curve of each family of a verified script."""

    def __init__(self, size: int, over: ArcField) -> None:
        super().__init__()
        self.size = size
        self.over = over

    def read(self, family: Family, script: Script) -> _Curve:
        try:
            return self.start(family, script)
        except _RealOnly as error:
            raise Undecided(f"contact loci over C: {error}; over R they are known") from None

    def skipped(self, family: Family) -> _Curve | None:
        """Charts at irrational points are not read."""
        return None if family.field is None else self.unknown()

    def unknown(self) -> _Curve:
        return _Curve.above(Fraction(0), self.size)

    def move(self, family: Family, step: Move) -> None:
        """Raise unless a move keeps the contact orders of complex arcs."""
        if self.over == "R":
            return
        if isinstance(step, OtherGenerators):
            if any(isinstance(operation, SplitTerms) for operation in step.do):
                raise _RealOnly("a sum of terms of one sign is split into its terms")
        elif isinstance(step, Dominant):
            raise _RealOnly("terms that do not cancel dominate a generator")
        elif isinstance(step, Nonvanishing):
            self.need_empty(family, [family.at_stratum(family.read(step.poly))])

    def enter(self, moves: Sequence[Move], family: Family, step: Step, where: str) -> None:
        if self.over == "C" and family.signs:
            raise _RealOnly("a stratum is cut out by signs")

    def need_empty(self, family: Family, polys: Sequence[Any]) -> None:
        """Raise unless the polynomials are proved to have no common complex zero."""
        if _no_complex_zero(family, polys) is not True:
            shown = " = ".join(str(p) for p in polys)
            raise _RealOnly(f"{shown} = 0 has no real point")

    def combined(
        self, family: Family, step: Branch, families: Families, cases: list[_Curve]
    ) -> _Curve:
        if isinstance(step, Blowup):
            pairs = zip(cases, _chart_weights(family, step), strict=True)
            return _least([c if w == 1 else self.twisted(family, c) for c, w in pairs])
        if isinstance(step, Locus):
            if self.over == "C":
                self.complex_locus(family, step)
            probe = RLCT(Fraction(1), 1)
            shown = families[1]([Verdict(probe, probe), Verdict(empty=True)]).upper is not None
            on, off = cases
            return _least([on if shown else self.without_upper(on), off])
        if isinstance(step, Roots) and self.over == "C":
            raise _RealOnly(f"complex roots of {step.poly} are no stratum of the proof")
        if isinstance(step, Split | Dehomogenise | Roots):
            return _least(cases)
        if isinstance(step, Product):  # the orders of the factors are in k, with the exponents
            return cases[0]
        if isinstance(step, Subideal):
            return self.without_upper(cases[0])
        if isinstance(step, Squares):
            return self.squared(cases[0])
        if isinstance(step, Both):
            return self.both(cases)
        if isinstance(step, Sum):
            return self.sum(cases)
        if isinstance(step, Free):
            return self.free(family, cases[0])
        return self.unknown()

    def squared(self, inner: _Curve) -> _Curve:
        """|f| ≍ Σ q²: twice the order of the q along a real arc."""
        if self.over == "C":
            raise _RealOnly("a sum of squares is of the size of these")
        lower, upper, special = (
            tuple(values[(p + 1) // 2] for p in range(self.size + 1))
            for values in (inner.lower, inner.upper, inner.special)
        )
        return _Curve(lower, upper, special, None if inner.slope is None else inner.slope / 2)

    def complex_locus(self, family: Family, step: Locus) -> None:
        """Raise unless what a locus needs over R holds over C: smooth, the rest a unit."""
        f, by = family.read(step.poly), step.by
        q = family.at_stratum(f)
        self.need_empty(
            family, [q, *(family.at_stratum(f.derivative(family.index(x))) for x in by)]
        )
        for g in family.gens:
            rest = maps.strip(g, f)
            if family.occurs(rest) & set(by):
                self.need_empty(family, [q, family.at_stratum(rest)])

    def without_upper(self, curve: _Curve) -> _Curve:
        """The curve with its lower bounds alone."""
        nothing: tuple[_Bound, ...] = (Fraction(0), *(None,) * self.size)
        return _Curve(curve.lower, nothing, curve.lower, curve.slope)

    def twisted(self, family: Family, curve: _Curve) -> _Curve:
        """A chart x = t^w, w > 1: arcs lift to roots of t, so that the slope bounds below."""
        if curve.slope is None:
            return curve
        whole = all(h.denominator == 1 for h in family.h.values())
        values = [curve.slope * p for p in range(self.size + 1)]
        line = tuple(Fraction(ceil(v)) if whole else v for v in values)
        return _Curve(line, curve.upper, line, curve.slope)

    def both(self, curves: Sequence[_Curve]) -> _Curve:
        """Two proofs about one family: the better bound of each order."""
        one, two = curves

        def high(a: _Bound, b: _Bound) -> _Bound:
            return None if a is None or b is None else max(a, b)

        return _Curve(
            tuple(high(a, b) for a, b in zip(one.lower, two.lower, strict=True)),
            tuple(_low(a, b) for a, b in zip(one.upper, two.upper, strict=True)),
            tuple(high(a, b) for a, b in zip(one.special, two.special, strict=True)),
            high(one.slope, two.slope),
        )

    def sum(self, curves: Sequence[_Curve]) -> _Curve:
        """Cont^{≥p}(I + J) = Cont^{≥p}(I) × Cont^{≥p}(J) in disjoint variables."""
        total = curves[0]
        for other in curves[1:]:
            lower = tuple(_plus(a, b) for a, b in zip(total.lower, other.lower, strict=True))
            upper = tuple(_plus(a, b) for a, b in zip(total.upper, other.upper, strict=True))
            total = _Curve(lower, upper, lower, _plus(total.slope, other.slope))
        return total

    def free(self, family: Family, inner: _Curve) -> _Curve:
        """K = ∏ x^k·K': the least over the orders v of x and the rest of p."""
        gone = set(family.role) - family.occurs(*family.gens, *family.units, *family.signs)
        factors = [
            (family.k[n], family.cost(n), bool(family.h.get(n))) for n in family.k if n in gone
        ]
        exact = not family.signs
        curve = inner
        for k, cost, exceptional in factors:
            curve = self.times(curve, k, cost, exceptional, exact)
        return curve

    def times(
        self, curve: _Curve, k: int, cost: Fraction, exceptional: bool, exact: bool
    ) -> _Curve:
        """The curve of x^k·K' from that of K': the least over the orders v of x."""
        lower, upper, special = [], [], []
        for p in range(self.size + 1):
            best: tuple[_Bound, _Bound, _Bound] = (None, None, None)
            for v in range(-(-p // k) + 1):
                rest = max(0, p - k * v)
                here = curve.special[rest] if v == 0 else curve.lower[rest]
                if v and not exceptional and k == 1 and rest == 0:
                    # at smooth points of x = 0 unless one more order is positive, at cost >= 1
                    here = Fraction(1) if cost >= 1 else Fraction(0)
                best = (
                    _low(best[0], _plus(curve.lower[rest], v * cost)),
                    _low(best[1], _plus(curve.upper[rest], v * cost) if exact else None),
                    _low(best[2], _plus(here, v * cost)),
                )
            lower.append(best[0])
            upper.append(best[1])
            special.append(best[2])
        if not exact:
            upper[0] = Fraction(0)
        return _Curve(tuple(lower), tuple(upper), tuple(special), _low(curve.slope, cost / k))

    # -- leaves

    def leaf(self, family: Family, step: Leaf) -> _Curve:
        if isinstance(step, Empty):
            return _Curve.empty(self.size)
        if isinstance(step, Monomial):
            return self.monomial(family)
        if isinstance(step, Newton):
            return self.newton(family, step)
        if isinstance(step, Terms):
            return self.terms(family)
        if isinstance(step, Rank):
            return self.rank(family, step)
        verdict = step.replay(family)
        if verdict.empty:
            return _Curve.empty(self.size)
        return _Curve.above(2 * verdict.lower.value if verdict.lower else Fraction(0), self.size)

    def monomial(self, family: Family) -> _Curve:
        contents = [family.content(f) for f in family.gens]
        clean = [
            c
            for f, c in zip(family.gens, contents, strict=True)
            if family.is_unit(family.without(f, c))
        ]
        names = family.of_role(LOCAL, PARAM)
        rows = [tuple(e.get(n, 0) + family.k.get(n, 0) for n in names) for e in clean]
        used = set(family.k).union(*clean)
        zero = set(map(family.index, used))
        real = not family.signs and not any(maps.at_zero(u, zero).is_zero() for u in family.units)
        return self.program(family, names, rows, real, smooth=None, single=len(clean) == 1)

    def rank(self, family: Family, step: Rank) -> _Curve:
        """Generators that are coordinates: the contact loci of a linear subspace."""
        names = step.vars
        rows = [tuple(int(x == y) for y in names) for x in names]
        exact = step.replay(family).upper is not None
        curve = self.program(family, names, rows, exact, None, single=False)
        return curve if exact else self.without_upper(curve)

    def newton(self, family: Family, step: Newton) -> _Curve:
        """The curve of a nondegenerate germ, from its Newton polyhedron."""
        names = family.of_role(LOCAL)
        gens = [Polynomial(family.names, f).in_ring(tuple(names)) for f in family.gens]
        support = sorted({a for g in gens for a in g.support()})
        rows = [
            tuple(e + family.k.get(n, 0) for e, n in zip(a, names, strict=True)) for a in support
        ]
        if self.over == "R":
            smooth = gens[0] if step.criterion == "transversal" else None
        elif len(gens) == 1:
            if nondegenerate(gens[0]) is not True:
                raise _RealOnly(f"{gens[0]} is nondegenerate over R only")
            smooth = gens[0]
        else:
            for face in NewtonPolyhedron.of(support).compact_faces():
                parts = [
                    Polynomial.from_terms({a: c for a, c in g.terms() if a in face}, g.variables)
                    for g in gens
                ]
                if torus.has_zero([p for p in parts if not p.is_zero]) is not False:
                    raise _RealOnly("a face ideal has complex zeros in the torus")
            smooth = None
        return self.program(family, names, rows, not family.signs, smooth, single=False)

    def terms(self, family: Family) -> _Curve:
        """The ideal of all terms contains the ideal: its contact loci are smaller."""
        names = family.of_role(LOCAL)
        where = [family.names.index(n) for n in names]
        added = [family.k.get(n, 0) for n in names]
        rows = {
            tuple(int(a[i]) + k for i, k in zip(where, added, strict=True))
            for f in family.gens
            for a in f.monoms()
        }
        found = self.program(family, names, sorted(rows), not family.signs, None, single=False)
        line = _Curve.above(Fraction(0), self.size)
        return _Curve(line.lower, found.upper, line.special, Fraction(0))

    def program(
        self,
        family: Family,
        names: Sequence[str],
        rows: Sequence[tuple[int, ...]],
        real: bool,
        smooth: Polynomial | None,
        single: bool,
    ) -> _Curve:
        """min Σ (h + 1)·v + e over integers with ⟨row, v⟩ + e ≥ p; e = 0 without ``smooth``."""
        if any(not any(row) for row in rows):
            return _Curve.empty(self.size)
        rows = [r for r in rows if not any(s != r and _below(s, r) for s in rows)]
        costs = [family.cost(n) for n in names]
        kept = [i for i in range(len(names)) if any(row[i] for row in rows)]
        costs = [costs[i] for i in kept]
        table = [tuple(row[i] for i in kept) for row in rows]
        hidden = [bool(family.h.get(names[i])) for i in kept]
        slope = covering_lp(costs, table).value
        if smooth is not None:
            slope = min(slope, Fraction(1))
        lower: list[_Bound] = [Fraction(0)]
        upper: list[_Bound] = [Fraction(0)]
        special: list[_Bound] = [Fraction(0)]
        for p in range(1, self.size + 1):
            found = integer_program(costs, table, p, smooth is not None)
            if found is None:
                lower.append(slope * p)
                upper.append(None)
                special.append(slope * p)
                continue
            cost, v, e = found
            lower.append(cost)
            high: _Bound = cost if real else None
            if e and (not real or not self.has_zero(smooth, family, names, kept, v)):
                plain = integer_program(costs, table, p, False)
                high = plain[0] if real and plain is not None else None
            upper.append(high)
            special.append(self.special(costs, table, p, smooth is not None, hidden, single, slope))
        return _Curve(tuple(lower), tuple(upper), tuple(special), slope)

    def has_zero(
        self,
        f: Polynomial | None,
        family: Family,
        names: Sequence[str],
        kept: Sequence[int],
        v: Sequence[int],
    ) -> bool:
        """Whether the initial form of f has a zero in the torus of the field (proved)."""
        assert f is not None
        weight = [0] * len(names)
        for i, w in zip(kept, v, strict=True):
            weight[i] = w
        orders = {a: sum(w * e for w, e in zip(weight, a, strict=True)) for a in f.support()}
        least = min(orders.values())
        form = Polynomial.from_terms(
            {a: c for a, c in f.terms() if orders[a] == least}, f.variables
        )
        if self.over == "C":
            return torus.has_zero([form]) is True
        domain = {n: KINDS[UNIT, n in family.positive] for n in names}
        return isinstance(no_common_zero([form], domain, 1.0), FoundZero)

    def special(
        self,
        costs: Sequence[Fraction],
        rows: Sequence[tuple[int, ...]],
        p: int,
        smooth: bool,
        hidden: Sequence[bool],
        single: bool,
        slope: Fraction,
    ) -> _Bound:
        """The least codimension off the smooth points of the zero set outside the divisors.

        Ordinary arcs: v = 0 with f smooth; or one coordinate, not exceptional, that divides K
        once, and no other order.
        """
        best: _Bound = None
        n = len(costs)
        for i in range(n):
            ordinary = single and not hidden[i] and rows[0][i] == 1
            starts = [tuple(int(j == i) for j in range(n))]
            if ordinary:  # with a second order
                starts = [tuple(int(j in (i, k)) for j in range(n)) for k in range(n) if k != i]
            for start in starts:
                found = integer_program(costs, rows, p, smooth, start)
                best = _low(best, slope * p if found is None else found[0])
        return best


def _below(a: Sequence[int], b: Sequence[int]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True))


def _chart_weights(family: Family, step: Blowup) -> list[int]:
    """The weight w of the chart x = ±t^w of each case of a blow-up, in the verifier's order."""
    symmetries = [family.check_same(family, s) for s in step.symmetries or ()]
    chosen = representatives(charts(step.groups, family.positive), symmetries)
    return [c.weight for c in chosen]


def _no_complex_zero(family: Family, polys: Sequence[Any]) -> bool | None:
    """Whether polynomials in the parameters have no common zero over C on the stratum."""
    live = [p for p in polys if not p.is_zero()]
    if any(p.is_constant() for p in live):
        return True
    if not live:
        return False
    names = sorted(family.occurs(*live, *family.units))
    inverse = "inv_" + "_".join(names)
    context = flint.fmpz_mpoly_ctx.get((*names, inverse), flint.Ordering.degrevlex)
    where = [family.names.index(n) for n in names]
    nonzero = [family.gen(n) for n in names if family.role.get(n) == UNIT]
    nonzero += list(family.units)
    one = {(0,) * (len(names) + 1): 1}

    def moved(p: Any) -> Any:
        terms = {
            (*(int(a[i]) for i in where), 0): Fraction(int(c.p), int(c.q))
            for a, c in p.to_dict().items()
        }
        common = lcm(*(c.denominator for c in terms.values()))
        return context.from_dict({a: int(c * common) for a, c in terms.items()})

    product = context.from_dict({(*(0,) * len(names), 1): 1})
    for u in nonzero:
        product = product * moved(u)
    ideal = [*(moved(p) for p in live), product - context.from_dict(one)]
    basis: Any
    basis, finished = flint.fmpz_mpoly_vec(ideal, context).buchberger_naive(limits=_LIMITS)
    members = [basis[i] for i in range(len(basis))]
    if any(p.is_constant() and not p.is_zero() for p in members):
        return True
    return False if finished else None
