"""Zeta functions from the Newton polyhedron: candidate poles, and the topological zeta function.

Varchenko 1976; Denef and Loeser 1992, Theorem 5.3; Denef and Sargos 1989.

For f nondegenerate over C on the compact faces of its Newton polyhedron Γ, with N(v) =
min ⟨v, ·⟩ on Γ and ν(v) = |v|, the topological zeta function at 0 is

    Z(s) = Σ_{vertices τ} J_τ(s) + s/(s + 1)·Σ_{compact τ, dim τ ≥ 1} (−1)^dim τ·Vol(τ)·J_τ(s),

Vol normalised by the lattice, J_τ = Σ mult(δ)/∏ (N(v_i)·s + ν(v_i)) over the full-dimensional
simplicial cones δ = ⟨v_1, …, v_l⟩ of a subdivision of the cone dual to τ. Z(0) = 1 checks that the
cones cover the orthant. Poles are among −ν(v)/N(v) for facets of Γ, and −1. These are also the
candidates for ∫ |f|^s (Varchenko); those of ∫ K^z with K = f² are half of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import flint
from msgspec import UNSET

from singularity_lab.algebra.doubtful_names import doubts_of
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Exponent, PointLike, Polynomial
from singularity_lab.algebra.problem import HasProblem, LocalProblem
from singularity_lab.algebra.rational_function import RationalFunction
from singularity_lab.errors import Undecided
from singularity_lab.exact.classification.singularity_spectrum import nondegenerate
from singularity_lab.exact.zeta_functions.fan import DualFan, multiplicity, normalised_volume, rank
from singularity_lab.exact.zeta_functions.zeta_documents import (
    CandidateDocument,
    PoleDocument,
    ZetaDocument,
)
from singularity_lab.system.deadline import TimeLimit, check_time, require_seconds
from singularity_lab.system.notebooks import table
from singularity_lab.system.stopwatch import Stopwatch

if TYPE_CHECKING:
    from singularity_lab.exact.zeta_functions.poles import RealPole


_NO_REAL_POLES = "real poles: not computed within the budget"


@dataclass(frozen=True)
class Candidate:
    """A candidate pole −ν/N of ∫ |f|^s with an upper bound for its order.

    rays: the weights v with this ratio; () for the strict transform alone, and for divisors that
    are not toric.
    """

    pole: Fraction
    order: int
    rays: tuple[Exponent, ...]


@dataclass(frozen=True)
class Zeta:
    """Zeta functions of the germ f at 0.

    candidates: of ∫ |f|^s near 0, the largest first (those of ∫ K^z, K = f², are half of them).
    topological: Z(s) from the Newton polyhedron, or for degenerate plane curves from the resolution
    graph; None elsewhere (``notes`` say why). left: CPU seconds that ``real_poles`` may take.
    """

    f: Polynomial
    candidates: tuple[Candidate, ...]
    topological: RationalFunction | None
    seconds: float
    notes: tuple[str, ...] = ()
    label: str = ""
    left: float | None = field(default=None, compare=False, repr=False)

    @cached_property
    def poles(self) -> tuple[tuple[Fraction, int, Fraction], ...] | None:
        """Poles of Z with orders and leading Laurent coefficients; None without Z."""
        return None if self.topological is None else self.topological.poles()

    @cached_property
    def real_poles(self) -> tuple[RealPole, ...]:
        """Poles of ∫ |f|^s φ over R^n with leading Laurent coefficients, where computable.

        Raises Undecided where the budget of :func:`zeta` does not suffice.
        """
        if self._sought is None:
            raise Undecided(_NO_REAL_POLES)
        return self._sought

    @cached_property
    def _sought(self) -> tuple[RealPole, ...] | None:
        """The real poles; None where the budget did not suffice, which is found out once."""
        from singularity_lab.exact.zeta_functions.poles import real_poles

        with TimeLimit(self.left):
            return real_poles(self.f)
        return None

    def _told_real_poles(self) -> tuple[tuple[RealPole, ...], tuple[str, ...]]:
        """The real poles, and notes with what is missing."""
        if self._sought is None:
            return (), (*self.notes, _NO_REAL_POLES)
        return self._sought, self.notes

    @property
    def at_zero(self) -> Fraction | None:
        """Z(0), which is 1."""
        return None if self.topological is None else self.topological(0)

    def plot(self, ax: Any = None) -> Any:
        """The Newton polyhedron with the face that (1, …, 1) hits, in 2 or 3 variables."""
        from singularity_lab.pictures.polyhedra import newton_polyhedron

        return newton_polyhedron(NewtonPolyhedron.of(self.f.support()), ax=ax)

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values; fractions and polynomials are text."""
        real, notes = self._told_real_poles()
        return ZetaDocument(
            polynomial=str(self.f),
            label=self.label or UNSET,
            variables=tuple(self.f.variables),
            candidates=tuple(
                CandidateDocument(pole=str(c.pole), order=c.order, rays=tuple(map(tuple, c.rays)))
                for c in self.candidates
            ),
            topological=None if self.topological is None else str(self.topological),
            poles=None
            if self.poles is None
            else tuple(
                PoleDocument(pole=str(p), order=k, leading=str(c)) for p, k, c in self.poles
            ),
            real_poles=tuple(p.document() for p in real),
            at_zero=None if self.at_zero is None else str(self.at_zero),
            seconds=round(self.seconds, 4),
            notes=tuple(notes),
        ).plain()

    def __str__(self) -> str:
        real, notes = self._told_real_poles()
        label = f"{self.label}: " if self.label else ""
        lines = [f"zeta functions of {label}{self.f} at 0 ({self.seconds:.2f} s)"]
        text = ", ".join(f"{c.pole} (order <= {c.order})" for c in self.candidates)
        lines.append(f"  candidate poles of |f|^s: {text}")
        if self.topological is not None and self.poles is not None:
            lines.append(f"  topological: {self.topological}, Z(0) = {self.at_zero}")
            text = ", ".join(f"{p}" + (f" (order {k})" if k > 1 else "") for p, k, _ in self.poles)
            lines.append(f"  its poles: {text or 'none'}")
        for p in real:
            size = "" if p.order == 1 else f" of order {p.order}"
            lines.append(
                f"  real pole {p.pole}{size}, leading coefficient {p.leading:.10g} +- {p.error:.1g}"
            )
        lines += [f"  note: {n}" for n in notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        real, notes = self._told_real_poles()
        label = f"{self.label}: " if self.label else ""
        poles = {p: k for p, k, _ in self.poles or ()}
        lines = [
            (c.pole, c.order, poles.get(c.pole, "no" if self.poles is not None else "not decided"))
            for c in self.candidates
        ]
        told = [] if self.topological is None else [f"topological: {self.topological}"]
        told += [f"real pole {p.pole} of order {p.order}" for p in real]
        heads = ("candidate of |f|^s", "order at most", "topological pole of order")
        return table(f"Zeta functions of {label}{self.f} at 0", heads, lines, [*told, *notes])


def zeta(
    f: LocalProblem | HasProblem | Polynomial | str,
    variables: str | Iterable[str] | None = None,
    *,
    at: PointLike | None = None,
    budget: float | None = 60.0,
) -> Zeta:
    """Return the candidate poles and the topological zeta function of the germ of f at a point.

    f: a polynomial, or a local problem or a row with one generator; the flat density near the
    point is meant. budget: CPU seconds, None for no limit; when they are spent, the toric
    candidates are returned without the topological zeta function. Raises OutOfScope where f does
    not vanish there, or is 0, for several generators, and for a prior or constraints that are
    active at the point; Undecided where the budget does not suffice for the candidates.

    >>> z = zeta("x^2 - y^3")
    >>> print(z)
    zeta functions of x^2 - y^3 at 0 (0... s)
      candidate poles of |f|^s: -5/6 (order <= 1), -1 (order <= 1)
      topological: (4*s + 5)/((6*s + 5)*(s + 1)), Z(0) = 1
      its poles: -5/6, -1
      real pole -5/6, leading coefficient 6.635196964 +- 6e-15
    """
    require_seconds(budget)
    watch = Stopwatch()
    found: tuple[Candidate, ...] | None = None
    topological: RationalFunction | None = None
    notes: list[str] = []
    with TimeLimit(budget) as limit:
        problem = LocalProblem.of(f, variables, at=at)
        notes += [told] if (told := doubts_of(problem)) else []
        germ = problem.hypersurface("zeta", density=True)
        fan = DualFan(NewtonPolyhedron.of(germ.support()))
        found = candidates(fan)
        good = nondegenerate(germ)
        if good:
            z = _denef_loeser(fan)
            if z(0) != 1:
                raise AssertionError(f"topological zeta function: Z(0) = {z(0)}, not 1")
            topological = z
        elif len(germ.variables) == 2:
            topological, found = _of_plane_curve(germ, found, notes)
        elif good is False:
            notes.append(
                "degenerate over C on a compact face: candidates are of the toric part only"
            )
        else:
            notes.append("nondegeneracy over C is not decided: no topological zeta function")
    if found is None:
        raise Undecided(f"zeta: candidates are not found within {budget} CPU seconds")
    if limit.expired and topological is None:
        notes.append(f"candidates are of the toric part only: {budget} CPU seconds are spent")
    seconds = watch.seconds
    left = None if budget is None else max(budget - seconds, 0.05 * budget)
    return Zeta(germ, found, topological, seconds, tuple(notes), problem.label, left)


def _of_plane_curve(
    f: Polynomial, toric: tuple[Candidate, ...], notes: list[str]
) -> tuple[RationalFunction | None, tuple[Candidate, ...]]:
    """Z and the candidates from the resolution graph, where points can be followed over Q."""
    from singularity_lab.exact.resolutions.dual_graph import resolution_graph

    try:
        graph = resolution_graph(f)
    except Undecided as error:
        notes.append(f"degenerate over C, candidates are of the toric part only: {error}")
        return None, toric
    notes.append("degenerate over C on a compact face: from the resolution graph")
    poles = {d.number: d.candidate for d in graph.divisors}
    strict = [(s.divisor, -Fraction(1, s.exponent)) for s in graph.strict]
    rays: dict[Fraction, tuple[Exponent, ...]] = {c.pole: c.rays for c in toric}
    found = []
    for pole in {*poles.values(), *(p for _, p in strict)}:
        order = int(pole in poles.values() or any(p == pole for _, p in strict))
        pairs = [(poles[i], poles[j]) for i, j in graph.edges]
        pairs += [(poles[i], p) for i, p in strict]
        order = max([order, *(pair.count(pole) for pair in pairs)])
        found.append(Candidate(pole, order, rays.get(pole, ())))
    return graph.topological_zeta(), tuple(sorted(found, key=lambda c: -c.pole))


def candidates(fan: DualFan) -> tuple[Candidate, ...]:
    """The candidate poles −ν(v)/N(v) and −1, with bounds for their orders.

    The order is at most the number of rays of one cone with this ratio; at −1, one more where the
    face is no vertex, for the strict transform.
    """
    facets = [f for f in fan.polyhedron.facets if f.value]
    ratios: dict[Fraction, list[Exponent]] = {}
    for f in facets:
        ratios.setdefault(-Fraction(sum(f.normal), f.value), []).append(f.normal)
    ratios.setdefault(Fraction(-1), [])
    compact = fan.polyhedron.compact_faces()
    n = fan.polyhedron.dimension
    found = []
    for pole, rays in ratios.items():
        order = 0
        for face in compact:
            check_time()
            cone = fan.rays(fan.dual(face))
            with_ratio = [v for v in cone if v in rays]
            # a vertex: its cone; a face of positive dimension: the strict transform may pass
            strict = int(pole == -1 and len(face) > 1)
            order = max(order, min(n, rank(with_ratio) + strict))
        if order:
            found.append(Candidate(pole, order, tuple(sorted(rays))))
    return tuple(sorted(found, key=lambda c: -c.pole))


def _denef_loeser(fan: DualFan) -> RationalFunction:
    one = flint.fmpq_poly([1])
    strict = RationalFunction.of(flint.fmpq_poly([0, 1]), flint.fmpq_poly([1, 1]))
    total = RationalFunction.of(flint.fmpq_poly([0]), one)
    for face in fan.polyhedron.compact_faces():
        cone = fan.dual(face)
        part = RationalFunction.of(flint.fmpq_poly([0]), one)
        for simplex in fan.simplices(cone):
            check_time()
            bottom = one
            for v in simplex:
                bottom = bottom * flint.fmpq_poly([sum(v), fan.order(v)])
            part = part + RationalFunction.of(flint.fmpq_poly([multiplicity(simplex)]), bottom)
        dimension = fan.polyhedron.dimension - rank(fan.rays(cone))
        if dimension:
            sign = (-1) ** dimension * normalised_volume(sorted(face))
            part = part * strict * RationalFunction.of(flint.fmpq_poly([sign]), one)
        total = total + part
    return total
