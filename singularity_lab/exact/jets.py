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
0 decide (:mod:`singularity_lab.exact.contact`): a dilation moves every point there. If no locus
over the singular places of the charts is as large as the arcs of the smooth part, these alone are
on top, one component for each of the zero set. A Gröbner basis of the equations, within a budget,
is the independent check. The complex threshold is min codim J_m/(m + 1) (Mustaţă 2002, Theorem
0.1).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from fractions import Fraction
from functools import cached_property, lru_cache
from math import ceil, comb
from typing import Any, Literal

import flint
import numpy as np

from singularity_lab.algebra.evidence import count_roots, univariate
from singularity_lab.algebra.linear import covering_lp, solve_lp
from singularity_lab.algebra.polynomial import Ideal, Point, Polynomial, fraction
from singularity_lab.algebra.problem import Generators, LocalProblem
from singularity_lab.algebra.real import Zero, no_common_zero
from singularity_lab.deadline import TimeLimit, check_time, require_seconds, time_left
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact import torus
from singularity_lab.exact.contact import ContactLoci, contact_loci
from singularity_lab.exact.oracles import NotInstalled, OutOfBudget, Singular

Field = Literal["C", "R", "Q"]
_LIMIT = 4_000_000  # orders v on one level
_UNWIND = 0.3  # CPU seconds after the budget for what the strata so far leave open


@dataclass(frozen=True)
class Stratum:
    """Arcs with coordinate orders v: a piece of J_m of the given codimension.

    weights: v, where the entry m + 1 stands for all orders ≥ m + 1. contact: the order m(v) of the
    ideal on it, before conditions on leading coefficients; min(m(v), m + 1). components: over the
    field; None where they are not counted. deeper: orders of new coordinates s' = s − c, in words.
    """

    weights: tuple[int, ...]
    codimension: int
    contact: int
    components: int | None
    deeper: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "weights": list(self.weights),
            "codimension": self.codimension,
            "contact": self.contact,
            "components": self.components,
            "deeper": list(self.deeper),
        }


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
    field: Field
    order: int
    fibre: bool
    method: str
    codimensions: tuple[int, ...]
    top_components: tuple[int | None, ...]
    strata: tuple[tuple[Stratum, ...], ...]
    seconds: float = dataclass_field(compare=False)
    notes: tuple[str, ...] = ()
    checked: tuple[int, ...] = ()
    label: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
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

        Over R an upper bound of 2λ (MATH §2.7). For the fibre it has no such meaning.
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

    @cached_property
    def contact_orders(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """For each m the orders v of the coordinates along the strata of least codimension."""
        return tuple(tuple(s.weights for s in row) for row in self.strata)

    def equations(self, m: int) -> tuple[Polynomial, ...]:
        """The equations of J_m in the coefficients x_0, …, x_m of each coordinate arc."""
        return jet_equations(self.ideal, m)

    def to_json(self) -> dict[str, Any]:
        return {
            "generators": [str(g) for g in self.ideal.generators],
            **({"label": self.label} if self.label else {}),
            "variables": list(self.variables),
            "order": self.order,
            "field": self.field,
            "fibre": self.fibre,
            "method": self.method,
            "dimensions": list(self.dimensions),
            "codimensions": list(self.codimensions),
            "top_components": list(self.top_components),
            "pure": list(self.pure),
            "mustata": str(self.mustata),
            "attained_at": list(self.attained_at),
            "divisors": [list(v) for v in self.divisors],
            "strata": [[s.to_json() for s in row] for row in self.strata],
            "seconds": round(self.seconds, 4),
            "checked": list(self.checked),
            "notes": list(self.notes),
        }

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

    def plot(self, ax: Any = None) -> Any:
        """The staircase of codim J_m with the line (m + 1)·min codim/(m + 1) below it."""
        from singularity_lab.exact.pictures import jet_staircase

        return jet_staircase(self.codimensions, self.mustata, ax=ax)


def jets(
    generators: Generators,
    order: int = 6,
    variables: str | Iterable[str] | None = None,
    *,
    field: Field = "C",
    fibre: bool = False,
    at: Point | None = None,
    budget: float = 60.0,
    check: float = 0.0,
) -> Jets:
    """Dimensions and numbers of top components of the jet schemes J_0, …, J_order of an ideal.

    generators: an ideal, or a local problem or a row, whose point is then moved to 0; prior and
    constraints do not enter, and ``notes`` say so.
    field: over which. fibre: only the jets at a point (``at``, the origin unless given); otherwise
    all jets in affine space are meant. Where these are not decided, the contact loci of the
    engine's certificate near the point answer instead, if they are (method ``contact loci``).
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
    started = time.process_time()
    if not isinstance(order, int) or isinstance(order, bool) or order < 0:
        raise BadInput(f"order: an integer >= 0 is needed, received {order!r}")
    if field not in ("C", "R", "Q"):
        raise BadInput(f"field: C, R or Q, received {field!r}")
    require_seconds(budget)
    codimensions: list[int] = []
    found: Jets | None = None
    with TimeLimit(budget + _UNWIND, started):
        found = _jets(generators, order, variables, field, fibre, at, budget, check, codimensions)
    if found is not None:
        return replace(found, checked=_checked(found, check)) if check else found
    raise Undecided(
        f"jets: order {len(codimensions)} is not decided within {budget} CPU seconds; "
        f"codimensions before: {_shortened(codimensions)}",
        tuple(codimensions),
    )


def _shortened(codimensions: Sequence[int]) -> str:
    """The list, or its last ten."""
    if len(codimensions) <= 20:
        return str(list(codimensions))
    return "…, " + ", ".join(map(str, codimensions[-10:]))


def _jets(
    generators: Generators,
    order: int,
    variables: str | Iterable[str] | None,
    field: Field,
    fibre: bool,
    at: Point | None,
    budget: float,
    check: float,
    codimensions: list[int],
) -> Jets:
    """:func:`jets` without its limit; ``codimensions`` is filled on the way."""
    started = time.process_time()
    problem = LocalProblem.of(generators, variables, at=at)
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
    search = _Search(field, started + 0.8 * budget)  # the rest is for the contact loci
    state = _State.of(ideal, fibre)
    monomial = all(len(g.flint) == 1 for g in live)
    counts: list[int | None] = []
    strata: list[tuple[Stratum, ...]] = []
    charts: _Charts | None = None
    for m in range(order + 1):
        answer = search.solve(state, (m + 1,) * len(live), None)
        low = answer.undecided
        if answer.best is None and low is None:
            raise OutOfScope(f"jets: {ideal} has no points over {field}")
        if answer.best is None or (low is not None and low < answer.best):
            if charts is None and not fibre:
                charts = _Charts.of(ideal, order, field, max(time_left(), 0.1))
            found = charts.at(m) if charts is not None else None
            if found is not None:
                codimensions.append(found[0])
                counts.append(found[1])
                strata.append(())
                continue
            known = f"codim J_{m} >= {low}" + (
                "" if answer.best is None else f" and <= {answer.best}"
            )
            left = started + budget - time.process_time()
            near = None if fibre or check else _near_the_point(problem, ideal, order, field, left)
            if near is not None:
                return replace(near, seconds=time.process_time() - started)
            raise Undecided(
                f"jets of {ideal}: order {m} is not decided ({answer.reason}); {known}; "
                f"codimensions before: {_shortened(codimensions)}",
                tuple(codimensions),
            )
        codimensions.append(answer.best)
        pieces = tuple(sorted(answer.pieces, key=lambda s: s.weights))
        parts = [s.components for s in pieces]
        unsure = low == answer.best or None in parts
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
        time.process_time() - started,
        tuple(notes + _what_is_meant(problem, ideal, fibre)),
        label=problem.label,
    )


def _what_is_meant(problem: LocalProblem, ideal: Ideal, fibre: bool) -> list[str]:
    """What of a problem with a point of its own the jets of its ideal do not say."""
    notes = []
    if not problem.flat:
        notes.append(f"of the ideal alone: {problem.describe_density()} do not enter")
    if problem.convention == "loss":
        notes.append("of the loss K itself: the least codim/(m + 1) bounds lambda, not 2*lambda")
    if not fibre and (problem.label or any(problem.point)) and not _graded(ideal):
        notes.append("of the whole zero set: worse points than this one count as well")
    return notes


def _near_the_point(
    problem: LocalProblem, ideal: Ideal, order: int, over: Field, seconds: float
) -> Jets | None:
    """Codimensions of the jets that lie near the point, from the charts of a certificate.

    ideal: of the germ, moved to 0. None where some order is not decided.
    """
    if seconds <= 0:
        return None
    try:
        loci = contact_loci(ideal, order, field="R" if over == "R" else "C", budget=seconds)
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
    def of(cls, ideal: Ideal, order: int, over: Field, seconds: float) -> _Charts | None:
        if seconds <= 0 or not _graded(ideal):
            return None
        try:
            loci = contact_loci(
                LocalProblem.build(ideal), order, field="R" if over == "R" else "C", budget=seconds
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


def _graded(ideal: Ideal) -> bool:
    """Whether weights > 0 make each generator quasi-homogeneous: a dilation contracts to 0."""
    n = len(ideal.variables)
    rows = []
    for g in ideal.generators:
        first, *rest = g.support()
        rows += [tuple(x - y for x, y in zip(a, first, strict=True)) for a in rest]
    # w = 1 + u, u ≥ 0, with ⟨row, w⟩ = 0 for all rows
    return not rows or solve_lp([0] * n, rows, [-sum(row) for row in rows]) is not None


def hypersurface_components(f: Polynomial, over: Field) -> int | None:
    """The irreducible components of {f = 0}, over R those with real points dense in them.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> [hypersurface_components(parse("x*(x^2 + y^2)"), k) for k in ("C", "R", "Q")]
    [3, 1, 2]
    """
    total: int | None = 0
    for q, _ in f.factor()[1]:
        if any(max(a[i] for a in q.support()) == 1 for i in range(len(q.variables))):
            here: int | None = 1  # A·x + B without common factor: a graph where A ≠ 0
        else:
            here = torus.components(q).over(over)
        total = None if total is None or here is None else total + here
    return total


# -- the stratification -----------------------------------------------------------------------


@dataclass(frozen=True)
class _State:
    """Arcs (t, x) with x_i of order ≥ low_i, or of order 0 (a unit), and conditions on them.

    The generators are products of the factors: generator j is ∏ factor_i^(powers[j][i]). The
    factors are in the ring (t, *names); low_i is None for a unit. away: polynomials in the same
    ring that must have order 0.
    """

    names: tuple[str, ...]
    factors: tuple[Polynomial, ...]
    powers: tuple[tuple[int, ...], ...]
    low: tuple[int | None, ...]
    away: tuple[Polynomial, ...] = ()
    depth: int = 0

    @classmethod
    def of(cls, ideal: Ideal, fibre: bool) -> _State:
        """The generators split into their irreducible factors over Q."""
        names = ideal.variables
        time_name = next(c for c in ("t", "_t", "tt", "time_") if c not in names)
        split = [g.factor()[1] for g in ideal.generators]
        factors = tuple(dict.fromkeys(q for row in split for q, _ in row))
        powers = tuple(tuple(dict(row).get(q, 0) for q in factors) for row in split)
        rings = tuple(q.in_ring((time_name, *names)) for q in factors)
        return cls(names, rings, powers, (int(fibre),) * len(names))

    @cached_property
    def exponents(self) -> list[np.ndarray]:
        """For each factor, then for each of ``away``, the exponents of its terms, t first."""
        return [
            np.array(sorted(g.support()), dtype=np.int64).reshape(-1, 1 + len(self.names))
            for g in (*self.factors, *self.away)
        ]

    def form(self, g: Polynomial, v: np.ndarray) -> Polynomial:
        """The initial form at t = 1 for the weights v."""
        orders = {a: a[0] + int(np.dot(v, a[1:])) for a in g.support()}
        least = min(orders.values())
        return Polynomial.from_terms(
            {a[1:]: c for a, c in g.terms() if orders[a] == least}, self.names
        )


@dataclass
class _Answer:
    """The least codimension found with its pieces, and the least lower bound left open."""

    best: int | None = None
    pieces: list[Stratum] = dataclass_field(default_factory=list)
    undecided: int | None = None
    reason: str = ""

    def add(self, piece: Stratum) -> None:
        if self.best is None or piece.codimension < self.best:
            self.best, self.pieces = piece.codimension, [piece]
        elif piece.codimension == self.best:
            self.pieces.append(piece)

    def leave(self, bound: int, reason: str) -> None:
        if self.undecided is None or bound < self.undecided:
            self.undecided, self.reason = bound, reason


@dataclass(frozen=True)
class _Verdict:
    """What the initial forms of a stratum say.

    pieces: sets S of factors whose forms have common zeros in the torus, as a smooth complete
    intersection, with its number of components (None: not counted). roots: irreducible forms in
    one monomial that are units on the pieces; their zeros are looked at in new coordinates. open:
    why something is left open, or "".
    """

    pieces: tuple[tuple[tuple[int, ...], int | None], ...]
    roots: tuple[Polynomial, ...] = ()
    open: str = ""


class _Search:
    """The recursion over states, within a CPU budget, with the verdicts remembered."""

    def __init__(self, over: Field, deadline: float) -> None:
        self.over: Field = over
        self.deadline = deadline
        self.recursed = False
        self.reason = ""
        self.verdicts: dict[Any, _Verdict] = {}

    def solve(self, state: _State, demand: tuple[int, ...], bound: int | None) -> _Answer:
        """The least codimension of {ord g_j ≥ demand_j}; bound: larger ones are of no interest."""
        cap = max(demand)
        reach = cap + sum(low or 0 for low in state.low)
        if bound is not None:
            reach = min(reach, bound)
        while True:
            check_time()
            answer = self.level(state, demand, reach, cap)
            enough = answer.best
            if answer.undecided is not None and enough is not None:
                enough = min(answer.undecided, enough)
            if enough is not None and enough <= reach:
                return answer
            most = cap * sum(low is not None for low in state.low)
            if reach >= most or (bound is not None and reach >= bound):
                return answer
            reach = min(most, 2 * reach, bound if bound is not None else most)

    def level(self, state: _State, demand: tuple[int, ...], reach: int, cap: int) -> _Answer:
        """All strata with |v| ≤ reach."""
        answer = _Answer()
        orders = _orders(state, reach, cap)
        if orders is None:
            answer.leave(1, f"more than {_LIMIT} orders of coordinates")
            return answer
        contact = np.empty((len(orders), len(state.exponents)), dtype=np.int64)
        masks: list[np.ndarray] = []
        for j, rows in enumerate(state.exponents):
            values = orders @ rows[:, 1:].T + rows[:, 0]
            contact[:, j] = values.min(axis=1)
            masks.append(np.packbits(values == contact[:, j : j + 1], axis=1))
        count = len(state.factors)
        if state.away:  # they must not vanish at t = 0
            good = (contact[:, count:] == 0).all(axis=1)
            orders, contact = orders[good], contact[good]
            masks = [m[good] for m in masks]
        cost = orders.sum(axis=1)
        reached = contact[:, :count] @ np.array(state.powers, dtype=np.int64).T
        need = np.maximum(np.array(demand) - reached, 0)
        live = need > 0
        used = live @ (np.array(state.powers) > 0)  # factors that occur in a live generator
        blocks = [live.astype(np.uint8)]
        blocks += [m * used[:, j : j + 1] for j, m in enumerate(masks[:count])]
        keys = np.concatenate([*blocks, *masks[count:]], axis=1).astype(np.uint8)
        patterns: dict[bytes, list[int]] = {}
        for i in np.argsort(cost, kind="stable"):
            patterns.setdefault(keys[i].tobytes(), []).append(int(i))
        pending: list[tuple[int, _Verdict]] = []
        for members in patterns.values():
            first = members[0]
            if time.process_time() > self.deadline:  # those that follow have no smaller cost
                answer.leave(int(cost[first]), "the budget is spent")
                break
            verdict = self.verdict(state, orders[first], live[first])
            rows, back = np.unique(need[members], axis=0, return_inverse=True)
            back = back.reshape(-1)
            for chosen, components in verdict.pieces:
                extra = [
                    _least(tuple(map(int, row)), state.powers, chosen) if row.any() else (0, 1)
                    for row in rows
                ]
                totals = cost[members] + np.array([e for e, _ in extra])[back]
                least = int(totals.min())
                if answer.best is not None and least > answer.best:
                    continue
                for position in np.flatnonzero(totals == least):
                    i = members[int(position)]
                    ways = extra[int(back[position])][1]
                    low = min(cap, int(reached[i].min()))
                    weights = tuple(int(x) for x in orders[i])
                    number = None if components is None else ways * components
                    answer.add(Stratum(weights, least, low, number))
            if verdict.roots or verdict.open:
                pending += [(i, verdict) for i in members]
        pending.sort(key=lambda item: int(cost[item[0]]))
        for i, verdict in pending:
            at_least = int(cost[i]) + 1
            if answer.best is not None and at_least > answer.best:
                break
            if time.process_time() > self.deadline:
                answer.leave(at_least, "the budget is spent")
                break
            if verdict.open:
                answer.leave(at_least, verdict.open)
            low = min(cap, int(reached[i].min()))
            self.refine(state, need[i], orders[i], verdict.roots, low, answer)
        return answer

    def verdict(self, state: _State, v: np.ndarray, live: np.ndarray) -> _Verdict:
        """The verdict on a stratum; generators that are not live are satisfied already."""
        if not live.any():
            return _Verdict((((), 1),))  # a nonempty open part of the torus
        rows = tuple(row for row, alive in zip(state.powers, live, strict=True) if alive)
        used = [i for i in range(len(state.factors)) if any(row[i] for row in rows)]
        forms = {i: state.form(state.factors[i], v) for i in used}
        away = tuple(h for h in (state.form(g, v) for g in state.away) if len(h.flint) > 1)
        key = (rows, tuple(forms.items()), away)
        if key not in self.verdicts:
            self.verdicts[key] = self.judge(rows, forms, away)
        return self.verdicts[key]

    def judge(
        self,
        rows: tuple[tuple[int, ...], ...],
        forms: dict[int, Polynomial],
        away: tuple[Polynomial, ...],
    ) -> _Verdict:
        """Sets S of forms with common zeros that touch each generator, until all are smooth.

        A set whose common zeros are no smooth complete intersection is made smaller: an
        irreducible factor in one monomial of one of its forms becomes a unit, its zeros go to
        ``roots``.
        """
        roots: list[Polynomial] = []
        forms = {i: self.real_part(f) for i, f in forms.items()}
        while True:
            candidates = [i for i, f in forms.items() if len(f.flint) > 1]
            pieces: list[tuple[tuple[int, ...], int | None]] = []
            bad: tuple[tuple[int, ...], str] | None = None
            if len(candidates) > 14:
                return _Verdict((), tuple(roots), f"{len(candidates)} factors on one stratum")
            for size in range(1, len(candidates) + 1):
                for chosen in itertools.combinations(candidates, size):
                    if not all(any(row[i] for i in chosen) for row in rows):
                        continue
                    parts = [forms[i] for i in chosen]
                    smooth, components = self.intersection(parts, [*roots, *away])
                    if smooth is None:
                        names = " = ".join(map(str, parts))
                        bad = (chosen, f"{names} = 0 in the torus is not smooth of codim {size}")
                        break
                    if smooth and components != 0:
                        pieces.append((chosen, components))
                if bad is not None:
                    break
            if bad is None:
                return _Verdict(tuple(pieces), tuple(roots))
            chosen, reason = bad
            inside: dict[Polynomial, int] = {}
            for i in chosen:
                for q, e in forms[i].factor()[1]:
                    if len(q.flint) > 1 and _may_be_adjoined(q):
                        inside[q] = max(inside.get(q, 0), e) + 1
            if not inside:
                return _Verdict(tuple(pieces), tuple(roots), reason)
            q = max(
                inside, key=lambda p: (_is_linear(p), _is_binary(p), inside[p], -p.degree, str(p))
            )
            roots.append(q)
            forms = {i: _without(f, q) for i, f in forms.items()}

    def real_part(self, f: Polynomial) -> Polynomial:
        """Over R, f without the factors that have no zero in the real torus (units there)."""
        if self.over != "R" or len(f.flint) == 1:
            return f
        for q, _ in f.factor()[1]:
            if len(q.flint) > 1:
                domain = dict.fromkeys(q.variables, "nonzero")
                if isinstance(no_common_zero([q], domain, 1.0), dict):  # type: ignore[arg-type]
                    f = _without(f, q)
        return f

    def intersection(
        self, parts: Sequence[Polynomial], guard: Sequence[Polynomial]
    ) -> tuple[bool | None, int | None]:
        """(True, components) smooth of the right codimension; (False, 0) empty; (None, …) else.

        All is meant in the torus where the polynomials of ``guard`` do not vanish.
        """
        names = parts[0].variables
        if len(parts) > 1 and self.over == "R":
            domain = dict.fromkeys(names, "nonzero")
            if isinstance(no_common_zero(parts, domain, 1.0), dict):  # type: ignore[arg-type]
                return False, 0
        parts = [_without_common(p, guard) for p in parts]
        if any(len(p.flint) == 1 for p in parts):
            return False, 0
        whole = torus.has_zero(parts)
        if whole is False:
            return False, 0
        if guard and len(parts) > 1 and _has_zero_off(parts, guard) is False:
            return False, 0
        if len(parts) > len(names):
            minors: list[Polynomial] | None = None
        else:
            rows = [torus.logarithmic_derivatives(p) for p in parts]
            minors = [
                _determinant([[row[c] for c in columns] for row in rows])
                for columns in itertools.combinations(range(len(names)), len(parts))
            ]
        everywhere = minors is not None and torus.has_zero([*parts, *minors]) is False
        if everywhere or len(parts) == 1:
            smooth_here = everywhere
            if not everywhere:
                smooth_here = _has_zero_off([*parts, *(minors or [])], guard) is False
            if not smooth_here:
                return None, None
            count = _count_intersection(parts, self.over)
            if len(parts) > 1 and count is not None and guard:
                # no component may lie where the guard vanishes
                for h in guard:
                    apart, _ = self.intersection([*parts, h], [])
                    if apart is None:
                        count = None
            if count is None:
                self.reason = " = ".join(map(str, parts)) + " = 0 in the torus"
            return (count != 0, count)
        if guard and minors is not None and _has_zero_off([*parts, *minors], guard) is False:
            self.reason = " = ".join(map(str, parts)) + " = 0 in the torus"
            return True, None
        return None, None

    def refine(
        self,
        state: _State,
        need: np.ndarray,
        v: np.ndarray,
        roots: Sequence[Polynomial],
        low: int,
        answer: _Answer,
    ) -> None:
        """New coordinates at the zeros of forms in one monomial, and the recursion there."""
        base = int(v.sum())
        weights = tuple(int(x) for x in v)
        if roots and state.depth > 12:
            answer.leave(base + 1, "too many coordinate changes")
            return
        for number, q in enumerate(roots):
            self.recursed = True
            form = torus.lattice_form([q])
            if form.rank > 1:
                self.refine_on(state, need, v, roots[:number], q, low, answer)
                continue
            p = univariate(form.polys[0], "t1")
            if p.degree() > 1 and self.over == "R" and not count_roots(p, "nonzero"):
                continue
            before = [h for h in roots[:number] if torus.has_zero([h, q]) is not False]
            deeper = _transform(state, need, v, form, p, before)
            demand = tuple(int(x) for x in need if x)
            graph = 0
            s_text = _monomial(form, state.names)
            if p.degree() > 1:
                # the graph of s' = p(s) is one more equation, of codimension max(demand)
                graph = max(demand)
                demand = (*demand, graph)
                label = f"{deeper.names[0]} = p(s), s = {s_text}, p = {p}"
            else:
                label = f"{deeper.names[0]} = {s_text} - {fraction(-p[0] / p[1])}"
            self.follow(deeper, demand, graph, weights, label, low, answer)

    def refine_on(
        self,
        state: _State,
        need: np.ndarray,
        v: np.ndarray,
        before: Sequence[Polynomial],
        q: Polynomial,
        low: int,
        answer: _Answer,
    ) -> None:
        """A new coordinate s = q along a smooth hypersurface q = 0 of the torus, as a graph."""
        base = int(v.sum())
        if state.depth >= 3:  # the torus keeps its dimension, so the forms only grow
            answer.leave(base + 1, f"{q} = 0 after {state.depth} changes of coordinates")
            return
        if self.over == "R":
            domain = dict.fromkeys(q.variables, "nonzero")
            if not isinstance(no_common_zero([q], domain, 1.0), Zero):  # type: ignore[arg-type]
                answer.leave(base + 1, f"real zeros of {q} are not decided")
                return
        near = [h for h in before if torus.has_zero([h, q]) is not False]
        deeper = _adjoin(state, need, v, q, near)
        graph = int(need.max())
        demand = (*(int(x) for x in need if x), graph)
        weights = tuple(int(x) for x in v)
        self.follow(deeper, demand, graph, weights, f"{deeper.names[0]} = {q}", low, answer)

    def follow(
        self,
        deeper: _State,
        demand: tuple[int, ...],
        graph: int,
        weights: tuple[int, ...],
        label: str,
        low: int,
        answer: _Answer,
    ) -> None:
        """Solve in the new coordinates; graph: the codimension of the equation that defines s."""
        base = sum(weights)
        rest = None if answer.best is None else answer.best - base + graph
        found = self.solve(deeper, demand, rest)
        for piece in found.pieces:
            orders = ", ".join(
                f"ord {n} = {w}"
                for n, w, least in zip(deeper.names, piece.weights, deeper.low, strict=True)
                if least is not None
            )
            deep = (f"{label}, {orders}", *piece.deeper)
            total = base + piece.codimension - graph
            answer.add(Stratum(weights, total, low, piece.components, deep))
        if found.undecided is not None:
            answer.leave(max(base + 1, base + found.undecided - graph), found.reason)


def _is_linear(q: Polynomial) -> bool:
    """Whether a form in one monomial s is c·(s − root)."""
    return torus.lattice_form([q]).polys[0].degree == 1


def _is_binary(q: Polynomial) -> bool:
    """Whether a form is a polynomial in one monomial."""
    return torus.lattice_form([q]).rank == 1


def _may_be_adjoined(q: Polynomial) -> bool:
    """Whether q can be a new coordinate: in one monomial, or smooth with a unit as a leading term.

    The leading coefficient in one torus coordinate must be a monomial, to write all in powers of q.
    """
    if _is_binary(q):
        return True
    return torus.is_smooth(q) is True and _leading_variable(torus.lattice_form([q])) is not None


def _leading_variable(form: torus.LatticeForm) -> tuple[int, int] | None:
    """(i, d): the leading coefficient of t_i^d is a monomial; of least d. None if there is none."""
    (p,) = form.polys
    found = []
    for i in range(form.rank):
        top = max(a[i] for a in p.support())
        if sum(a[i] == top for a in p.support()) == 1:
            found.append((top, i))
    return (min(found)[1], min(found)[0]) if found else None


def _without(f: Polynomial, q: Polynomial) -> Polynomial:
    """f divided by q as often as it goes."""
    value, rest = divmod(f.flint, q.flint)
    while rest.is_zero():
        f = Polynomial(f.variables, value)
        value, rest = divmod(f.flint, q.flint)
    return f


def _without_common(f: Polynomial, guard: Sequence[Polynomial]) -> Polynomial:
    """f without the factors that it shares with polynomials that do not vanish."""
    for h in guard:
        common = f.flint.gcd(h.flint)
        while not common.is_constant():
            f = Polynomial(f.variables, f.flint / common)
            common = f.flint.gcd(h.flint)
    return f


def _has_zero_off(polys: Sequence[Polynomial], guard: Sequence[Polynomial]) -> bool | None:
    """Common zeros in the torus where no polynomial of the guard vanishes."""
    if not guard:
        return torus.has_zero(polys)
    names = polys[0].variables
    extra = next(c for c in ("u", "_u", "uu", "unit_") if c not in names)
    product = Polynomial.from_terms({(*(0,) * len(names), 1): 1}, (*names, extra))
    for h in guard:
        product = product * h.in_ring((*names, extra))
    one = product - Polynomial.constant(1, (*names, extra))
    return torus.has_zero([*(p.in_ring((*names, extra)) for p in polys if not p.is_zero), one])


@lru_cache(maxsize=8192)
def _least(
    needs: tuple[int, ...], powers: tuple[tuple[int, ...], ...], chosen: tuple[int, ...]
) -> tuple[int, int]:
    """(least Σ l_i, number of minimisers) over l_i ≥ 1, i in S, with Σ powers[j][i]·l_i ≥ needs_j.

    >>> _least((5,), ((2, 1),), (0,)), _least((4,), ((1, 1),), (0, 1))
    ((3, 1), (4, 3))
    """
    rows = [(n, [p[i] for i in chosen]) for n, p in zip(needs, powers, strict=True) if n > 0]
    best: list[int] = [sum(n for n, _ in rows) + len(chosen), 0]

    def walk(at: int, left: tuple[int, ...], total: int) -> None:
        if total > best[0]:
            return
        if at == len(chosen):
            if all(n <= 0 for n in left):
                if total < best[0]:
                    best[0], best[1] = total, 0
                best[1] += 1
            return
        most = max(
            [1, *(-(-n // row[at]) for n, (_, row) in zip(left, rows, strict=True) if row[at])]
        )
        for value in range(1, most + 1):
            rest = tuple(n - row[at] * value for n, (_, row) in zip(left, rows, strict=True))
            walk(at + 1, rest, total + value)

    walk(0, tuple(n for n, _ in rows), 0)
    return best[0], best[1]


def _orders(state: _State, reach: int, cap: int) -> np.ndarray | None:
    """All v with low_i ≤ v_i ≤ cap (0 for units) and |v| ≤ reach; None if they are too many."""
    free = [i for i, low in enumerate(state.low) if low is not None]
    lows = [int(state.low[i] or 0) for i in free]
    slack = reach - sum(lows)
    if slack < 0:
        return np.empty((0, len(state.names)), dtype=np.int64)
    if comb(slack + len(free), len(free)) > _LIMIT:
        return None
    rows = np.zeros((1, 0), dtype=np.int64)
    used = np.zeros(1, dtype=np.int64)
    for low in lows:
        steps = np.arange(0, min(slack, cap - low) + 1)
        grid = used[:, None] + steps[None, :]
        keep = grid <= slack
        i, j = np.nonzero(keep)
        rows = np.concatenate([rows[i], (low + steps[j])[:, None]], axis=1)
        used = grid[i, j]
    full = np.zeros((len(rows), len(state.names)), dtype=np.int64)
    full[:, free] = rows
    return full


def _transform(
    state: _State,
    need: np.ndarray,
    v: np.ndarray,
    form: torus.LatticeForm,
    p: flint.fmpq_poly,
    away: Sequence[Polynomial],
) -> _State:
    """x = t^v·(units), units in torus coordinates y = x^U, near the zeros of p(y_1), p irreducible.

    For p = y_1 − c the coordinate is s = y_1 − c, of order ≥ 1. Otherwise y_1 stays as a unit, s of
    order ≥ 1 is added, with the equation s = p(y_1), and everything is written in powers of p. Each
    factor is divided by its power of t; terms of order ≥ max(need) are dropped.
    """
    n = len(state.names)
    linear = p.degree() == 1
    units = tuple(f"y{state.depth + 1}_{i}" for i in range(2 if linear else 1, n + 1))
    names = (f"s{state.depth + 1}", *units)
    time_name = state.factors[0].variables[0]
    rows = tuple(row for row, left in zip(state.powers, need, strict=True) if left)
    kept = [i for i in range(len(state.factors)) if any(row[i] for row in rows)]
    horizon = int(need.max())
    monic = p / p.coeffs()[-1]
    digits: dict[int, list[list[flint.fmpq]]] = {}

    def expand(e: int) -> list[list[flint.fmpq]]:
        """y_1^e = Σ_k (coefficients of degree < deg p)·p^k."""
        if e not in digits:
            value = flint.fmpq_poly([0] * e + [1])
            found = []
            while value:
                value, rest = divmod(value, monic)
                found.append(rest.coeffs())
            digits[e] = found
        return digits[e]

    def moved(g: Polynomial) -> Polynomial:
        orders = {a: a[0] + int(np.dot(v, a[1:])) for a in g.support()}
        least = min(orders.values())
        image: dict[tuple[int, ...], Fraction] = {}
        for a, c in g.terms():
            if orders[a] - least < horizon:
                y = (sum(a[1 + i] * form.matrix[i][k] for i in range(n)) for k in range(n))
                key = (orders[a] - least, *y)
                image[key] = image.get(key, Fraction(0)) + c
        shift = [min(y[1 + k] for y in image) for k in range(n)]
        terms: dict[tuple[int, ...], Fraction] = {}
        for power, c in image.items():
            rest = tuple(power[2 + k] - shift[1 + k] for k in range(n - 1))
            for k, row in enumerate(expand(power[1] - shift[0])):
                for i, b in enumerate(row):
                    place = (power[0], k, *rest) if linear else (power[0], k, i, *rest)
                    terms[place] = terms.get(place, Fraction(0)) + c * fraction(b)
        return Polynomial.from_terms({a: c for a, c in terms.items() if c}, (time_name, *names))

    guards = list(state.away)
    guards += [h.in_ring((time_name, *state.names)) for h in away]
    factors = [moved(state.factors[i]) for i in kept]
    powers = [tuple(row[i] for i in kept) for row in rows]
    if not linear:
        zeros = (0,) * (n - 1)
        graph = {(0, 0, i, *zeros): fraction(b) for i, b in enumerate(monic.coeffs()) if b != 0}
        graph[(0, 1, 0, *zeros)] = Fraction(-1)
        factors.append(Polynomial.from_terms(graph, (time_name, *names)))
        powers = [(*row, 0) for row in powers] + [(*(0,) * len(kept), 1)]
    return _State(
        names,
        tuple(factors),
        tuple(powers),
        (1, *(None,) * len(units)),
        tuple(moved(h) for h in guards),
        state.depth + 1,
    )


def _adjoin(
    state: _State,
    need: np.ndarray,
    v: np.ndarray,
    q: Polynomial,
    away: Sequence[Polynomial],
) -> _State:
    """x = t^v·(units), units in torus coordinates y = x^U, with s = q(y) of order ≥ 1 added.

    All y stay units. With L·y_i^d the leading term of q in y_i, y_i^d = (s − (q − L·y_i^d))/L is
    used until no power ≥ d is left: everything is then in powers of s. Terms of order ≥ max(need)
    are dropped; factors are taken up to units.
    """
    form = torus.lattice_form([q])
    leading = _leading_variable(form)
    assert leading is not None
    at, top = leading
    n = len(state.names)
    units = tuple(f"y{state.depth + 1}_{i}" for i in range(1, n + 1))
    names = (f"s{state.depth + 1}", *units)
    time_name = state.factors[0].variables[0]
    rows = tuple(row for row, left in zip(state.powers, need, strict=True) if left)
    kept = [i for i in range(len(state.factors)) if any(row[i] for row in rows)]
    horizon = int(need.max())
    plain = {(*a, *(0,) * (n - form.rank)): c for a, c in form.polys[0].terms()}
    head = next(a for a in plain if a[at] == top)
    scale = plain[head]
    # y^head = (s − Σ others)/scale, as shifts of exponents
    tail = [
        (tuple(x - y for x, y in zip(a, head, strict=True)), -c / scale)
        for a, c in plain.items()
        if a != head
    ]
    back = tuple(-x for x in head)

    def reduced(terms: dict[tuple[int, ...], Fraction]) -> dict[tuple[int, ...], Fraction]:
        """Keys (t, s, y_1, …): no power of y_at outside 0 … top − 1."""
        done: dict[tuple[int, ...], Fraction] = {}
        while terms:
            key = max(terms, key=lambda k: k[2 + at])
            c = terms.pop(key)
            if not c:
                continue
            if key[2 + at] < top:
                done[key] = done.get(key, Fraction(0)) + c
                continue
            t, k, *y = key
            moves = [(k + 1, back, Fraction(1) / scale), *((k, shift, b) for shift, b in tail)]
            for power, shift, b in moves:
                image = (t, power, *(x + z for x, z in zip(y, shift, strict=True)))
                terms[image] = terms.get(image, Fraction(0)) + c * b
        return {a: c for a, c in done.items() if c}

    def moved(g: Polynomial) -> Polynomial:
        orders = {a: a[0] + int(np.dot(v, a[1:])) for a in g.support()}
        least = min(orders.values())
        image: dict[tuple[int, ...], Fraction] = {}
        for a, c in g.terms():
            if orders[a] - least < horizon:
                y = tuple(sum(a[1 + i] * form.matrix[i][k] for i in range(n)) for k in range(n))
                key = (orders[a] - least, 0, *y)
                image[key] = image.get(key, Fraction(0)) + c
        floor = min(a[2 + at] for a in image)
        terms = reduced(
            {(*a[: 2 + at], a[2 + at] - floor, *a[3 + at :]): c for a, c in image.items()}
        )
        low = [min(a[2 + k] for a in terms) for k in range(n)]
        return Polynomial.from_terms(
            {(a[0], a[1], *(x - b for x, b in zip(a[2:], low, strict=True))): c
             for a, c in terms.items()},
            (time_name, *names),
        )  # fmt: skip

    guards = [*state.away, *(h.in_ring((time_name, *state.names)) for h in away)]
    factors = [moved(state.factors[i]) for i in kept]
    powers = [tuple(row[i] for i in kept) for row in rows]
    graph = {(0, 0, *a): c for a, c in plain.items()}
    graph[(0, 1, *(0,) * n)] = Fraction(-1)
    factors.append(Polynomial.from_terms(graph, (time_name, *names)))
    powers = [(*row, 0) for row in powers] + [(*(0,) * len(kept), 1)]
    return _State(
        names,
        tuple(factors),
        tuple(powers),
        (1, *(None,) * n),
        tuple(moved(h) for h in guards),
        state.depth + 1,
    )


def _monomial(form: torus.LatticeForm, names: Sequence[str]) -> str:
    """The torus coordinate t1 = ∏ x^w, where U⁻¹ has the first column of coordinates."""
    # exponents a ↦ a·U: the function t1 has exponent w with w·U = e_1
    inverse = torus.inverse_matrix(form.matrix)
    w = inverse[0]
    up = "*".join(f"{v}^{e}" if e > 1 else v for v, e in zip(names, w, strict=True) if e > 0)
    down = "*".join(f"{v}^{-e}" if e < -1 else v for v, e in zip(names, w, strict=True) if e < 0)
    return (up or "1") + (f"/({down})" if down else "")


def _determinant(m: list[list[Polynomial]]) -> Polynomial:
    if len(m) == 1:
        return m[0][0]
    total = m[0][0] * 0
    for j in range(len(m)):
        minor = _determinant([row[:j] + row[j + 1 :] for row in m[1:]])
        total = total + m[0][j] * minor * (-1) ** j
    return total


def _count_intersection(forms: Sequence[Polynomial], over: Field) -> int | None:
    """Components of a smooth complete intersection in the torus, by rational roots of binomials."""
    if len(forms) == 1:
        if len(forms[0].flint) == 1:
            return 0
        return torus.components(forms[0]).over(over)
    for j, f in enumerate(forms):
        form = torus.lattice_form([f])
        if form.rank != 1:
            continue
        total = 0
        p = univariate(form.polys[0], "t1")
        for q, _ in p.factor()[1]:
            if q.degree() == 1 and q[0] == 0:
                continue
            if q.degree() > 1:
                number = {"C": int(q.degree()), "Q": 1, "R": count_roots(q, "nonzero")}[over]
                if number and not _is_graph([*forms[:j], *forms[j + 1 :]]):
                    return None
                total += number
                continue
            root = fraction(-q[0] / q[1])
            n = len(f.variables)
            rest = []
            for g in (*forms[:j], *forms[j + 1 :]):
                terms: dict[tuple[int, ...], Fraction] = {}
                for a, c in g.terms():
                    y = [sum(a[i] * form.matrix[i][k] for i in range(n)) for k in range(n)]
                    key = tuple(y[1:])
                    terms[key] = terms.get(key, Fraction(0)) + c * root ** y[0]
                low = [min(a[k] for a in terms) for k in range(n - 1)]
                rest.append(
                    Polynomial.from_terms(
                        {
                            tuple(x - s for x, s in zip(a, low, strict=True)): c
                            for a, c in terms.items()
                            if c
                        },
                        tuple(f"y{k + 1}" for k in range(1, n)),
                    )
                )
            if any(g.is_zero for g in rest):
                return None
            part = _count_intersection(rest, over)
            if part is None:
                return None
            total += part
        return total
    return None


def _is_graph(forms: Sequence[Polynomial]) -> bool:
    """Whether one equation, in the torus, is that of a graph A·y = B with A a monomial."""
    if len(forms) != 1:
        return False
    (f,) = forms
    for i in range(len(f.variables)):
        degrees = [a[i] for a in f.support()]
        if max(degrees) - min(degrees) == 1 and degrees.count(max(degrees)) == 1:
            return True
    return False


# -- equations and Gröbner bases --------------------------------------------------------------


def jet_equations(ideal: Ideal, m: int) -> tuple[Polynomial, ...]:
    """Equations of J_m: the coefficients of t^0, …, t^m of g(Σ x_k t^k), for each generator g.

    >>> for e in jet_equations(Ideal.parse("x^2 - y^3"), 1): print(e)
    x_0^2 - y_0^3
    2*x_0*x_1 - 3*y_0^2*y_1
    """
    if m < 0:
        raise BadInput(f"m: an integer >= 0 is needed, received {m}")
    names = tuple(f"{v}_{k}" for v in ideal.variables for k in range(m + 1))
    time_name = next(c for c in ("t", "_t", "tt", "time_") if c not in names)
    full = (time_name, *names)
    images: dict[str, Polynomial] = {}
    for i, v in enumerate(ideal.variables):
        images[v] = Polynomial.from_terms(
            {(k, *(int(j == i * (m + 1) + k) for j in range(len(names)))): 1 for k in range(m + 1)},
            full,
        )
    found = []
    for g in ideal.generators:
        total = Polynomial.constant(0, full)
        for a, c in g.terms():
            product = Polynomial.constant(c, full)
            for v, e in zip(ideal.variables, a, strict=True):
                for _ in range(e):
                    product = _truncate(product * images[v], m)
            total = total + product
        rows: dict[int, dict[tuple[int, ...], Fraction]] = {k: {} for k in range(m + 1)}
        for a, c in total.terms():
            rows[a[0]][a[1:]] = c
        found += [Polynomial.from_terms(rows[k], names) for k in range(m + 1)]
    return tuple(found)


def _truncate(p: Polynomial, m: int) -> Polynomial:
    kept = {a: c for a, c in p.flint.to_dict().items() if a[0] <= m}
    return Polynomial(p.variables, p.flint.context().from_dict(kept))


def monomial_threshold(ideal: Ideal) -> Fraction:
    """lct of the ideal of all terms, by the linear program of Howald 2001: at least lct(I).

    >>> monomial_threshold(Ideal.parse(["x^2", "y^3"]))
    Fraction(5, 6)
    """
    support = sorted({a for g in ideal.generators for a in g.support()})
    return covering_lp([Fraction(1)] * len(ideal.variables), support).value


def groebner_codimension(
    ideal: Ideal, m: int, *, fibre: bool = False, budget: float = 20.0
) -> int | None:
    """codim J_m from a Gröbner basis of its equations, as an independent check; None beyond limits.

    With a Singular binary (on PATH, or of passagemath-singular) modulo 32003 within the budget of
    CPU seconds; without one by flint's naive Buchberger algorithm over Q within size limits.

    >>> groebner_codimension(Ideal.parse("x*y"), 2)
    3
    """
    equations = [e for e in jet_equations(ideal, m) if not e.is_zero]
    if fibre:
        zero = {f"{v}_0": Fraction(0) for v in ideal.variables}
        equations = [e.substitute(zero) for e in equations]
        names = equations[0].variables
        equations += [
            Polynomial.from_terms({tuple(int(v == n) for n in names): 1}, names) for v in zero
        ]
        equations = [e for e in equations if not e.is_zero]
    names = equations[0].variables
    oracle = Singular(seconds=2 * budget + 5, cpu=max(1, ceil(budget)))
    try:
        found: int | None = oracle.dimension(Ideal(names, tuple(equations)), 32003)
    except (NotInstalled, OutOfBudget):
        found = _flint_dimension(equations)
    return None if found is None else len(names) - found


def _flint_dimension(equations: Sequence[Polynomial]) -> int | None:
    names = equations[0].variables
    context = flint.fmpz_mpoly_ctx.get(names, flint.Ordering.degrevlex)
    integral = []
    for p in equations:
        scale = 1
        for _, c in p.terms():
            scale *= c.denominator
        integral.append(context.from_dict({a: int(c * scale) for a, c in p.terms()}))
    basis: Any
    basis, finished = flint.fmpz_mpoly_vec(integral, context).buchberger_naive(
        limits=(200, 400, 4_000)
    )
    if not finished:
        return None
    supports = [
        frozenset(i for i, e in enumerate(basis[k].monoms()[0]) if e) for k in range(len(basis))
    ]
    # the largest set of variables that contains no leading monomial's support
    smallest = len(names)

    def hit(chosen: frozenset[int]) -> None:
        nonlocal smallest
        if len(chosen) >= smallest:
            return
        missed = next((s for s in supports if not s & chosen), None)
        if missed is None:
            smallest = len(chosen)
            return
        for i in missed:
            hit(chosen | {i})

    hit(frozenset())
    return len(names) - smallest
