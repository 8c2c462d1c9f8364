"""Phases of a model: its strata or the functions it passes through, with their free energies, and
the sample sizes where one overtakes another.

For n samples a phase of loss L above the best has, near it,

    F(n) = n·L + λ·log n − (m − 1)·log log n + O(1)

(Watanabe 2009, Theorem 6.7). Between two phases the terms of order 1 are not known here: where the
difference is below :data:`CLOSE`, nothing is said. There are three kinds of phases:

- ``strata``: the strata of the zero set {K = 0} of one model. All have L = 0, so that the least
  (λ, m) is ahead for all large n; the closure order says which stratum borders on which.
- ``functions``: the functions a model passes through, each with its own germ: (λ, m) of
  {K_g = 0} for K_g = the distance to the function g, and L = the loss of g. For linear networks
  with truth diag(σ_1, …, σ_r): the truncations of rank k = 0 … r, L_k = Σ_{i>k} σ_i². This is the
  volume of the parameters that compute nearly g. It is *not* the pair of the two-sided germ
  |L − L_k| at the saddle, which is (1, 1) where the Hessian is indefinite of rank 3 or more.
  For the toy model of superposition: k features at a regular k-gon, the others at 0, with L an
  algebraic number (:mod:`singularity_lab.models.polygons`). For mixtures of Gaussians with a truth
  of r components: the nearest law of one component, and the truth.
- ``machine``: the functions that the codes of a machine compute, L = the squared error of the
  function, λ = λ_H = λ_E/2 (:func:`singularity_lab.programs.census.program_functions`).
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from singularity_lab.algebra.algebraic import Number
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput
from singularity_lab.system.documents import Record

Kind = Literal["strata", "functions", "machine"]
CLOSE = 3.0  # a lead below this is of the size of the terms that are left out
LARGEST = 1e12  # samples, beyond which no crossing is looked for


class PhasePair(Record, frozen=True, rename={"value": "lambda"}):
    """λ as text, and m."""

    value: str
    m: int


class PhaseDocument(Record, frozen=True, rename={"loss": "L"}):
    """A phase as a document."""

    name: str
    loss: str
    lower: PhasePair | None
    upper: PhasePair | None
    row: str
    dimension: int | None
    note: str


class CrossingDocument(Record, frozen=True, rename={"plain_n": "plain"}):
    """A sample size where the lowest phase changes."""

    before: str
    after: str
    n: float
    plain_n: float | None


class PhasesDocument(Record, frozen=True):
    """The phases of a model as a document."""

    model: str
    title: str
    kind: Kind
    phases: tuple[PhaseDocument, ...]
    edges: tuple[tuple[str, str], ...]
    crossings: tuple[CrossingDocument, ...]
    argument: str


@dataclass(frozen=True)
class Phase:
    """One phase. loss: L, an algebraic number where it is irrational. lower, upper: (λ, m) as
    proved, equal where exact; None where nothing is proved. row: the row of the catalog with the
    certificate, empty where there is none."""

    name: str
    loss: Number
    lower: tuple[Fraction, int] | None
    upper: tuple[Fraction, int] | None
    row: str = ""
    dimension: int | None = None
    note: str = ""

    @property
    def exact(self) -> bool:
        """Whether (λ, m) is proved."""
        return self.lower is not None and self.lower == self.upper

    @property
    def value(self) -> Fraction | None:
        """λ where it is proved."""
        return self.lower[0] if self.exact and self.lower is not None else None

    def free_energy(self, n: float) -> float | None:
        """n·L + λ·log n − (m − 1)·log log n for n > e; None where (λ, m) is not proved."""
        if not self.exact or self.lower is None:
            return None
        return _energy(self.loss, self.lower, n)

    def document(self) -> PhaseDocument:
        """The phase as a document, fractions as text."""

        def pair(side: tuple[Fraction, int] | None) -> PhasePair | None:
            return None if side is None else PhasePair(value=str(side[0]), m=side[1])

        return PhaseDocument(
            name=self.name,
            loss=str(self.loss),
            lower=pair(self.lower),
            upper=pair(self.upper),
            row=self.row,
            dimension=self.dimension,
            note=self.note,
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()


def _energy(loss: Number, pair: tuple[Fraction, int], n: float) -> float:
    log = math.log(n)
    return n * float(loss) + float(pair[0]) * log - (pair[1] - 1) * math.log(log)


@dataclass(frozen=True)
class Crossing:
    """The sample size n at which the free energies of two phases agree: below it ``before`` is
    lower, above it ``after``. plain: without the term in log log n, None where that has none."""

    before: str
    after: str
    n: float
    plain: float | None

    def document(self) -> CrossingDocument:
        """The crossing as a document."""
        return CrossingDocument(before=self.before, after=self.after, n=self.n, plain_n=self.plain)

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()


@dataclass(frozen=True)
class PhasePosition:
    """Where a reading lies among the phases. met: those whose λ lies in the interval, the nearest
    to the reading first; next: those of less loss that come after the first of them, by loss."""

    reading: float
    error: float
    met: tuple[Phase, ...]
    next: tuple[tuple[Phase, Crossing | None], ...]

    def __str__(self) -> str:
        shown = f"{self.reading:g} ± {self.error:g}"
        if not self.met:
            return f"{shown} meets no phase"
        first = self.met[0]
        lines = [f"{shown} meets " + ", ".join(f"{p.name} (λ = {p.value})" for p in self.met)]
        for phase, crossing in self.next:
            when = _when(first, phase, crossing)
            lines.append(f"then {phase.name} (λ = {phase.value}), which {when}")
        if not self.next:
            lines.append(f"nothing on file has less loss than {first.name}")
        return "\n".join(lines)


def _when(first: Phase, later: Phase, crossing: Crossing | None) -> str:
    """From which n on a phase of less loss is below the one where a reading lies."""
    if crossing is not None:
        return f"overtakes {first.name} at n = {crossing.n:.4g}"
    ends = later.free_energy(LARGEST), first.free_energy(LARGEST)
    if ends[0] is not None and ends[1] is not None and ends[0] < ends[1]:
        return f"is below {first.name} at every n"
    return f"does not overtake {first.name} up to n = {LARGEST:g}"


@dataclass(frozen=True)
class Phases:
    """The phases of one model. edges: the closure order, pairs of names (deeper, shallower) with
    nothing between; argument: why these are all, or what is left out."""

    model: str
    title: str
    kind: Kind
    phases: tuple[Phase, ...]
    edges: tuple[tuple[str, str], ...] = ()
    argument: str = ""

    def phase(self, name: str) -> Phase:
        """The phase of a name. Raises BadInput for an unknown one."""
        for phase in self.phases:
            if phase.name == name:
                return phase
        known = ", ".join(p.name for p in self.phases)
        raise BadInput(f"name: no phase {name!r}; known: {known}")

    def at(self, n: float) -> list[tuple[Phase, float]]:
        """The phases with their free energies at n samples, the lowest first; those whose (λ, m)
        is not proved are left out.

        Raises BadInput unless n > e.
        """
        if not n > math.e:
            raise BadInput(f"n: a number of samples > e is needed, received {n}")
        found = [(p, f) for p in self.phases if (f := p.free_energy(n)) is not None]
        return sorted(found, key=lambda t: t[1])

    def lead(self, n: float) -> str:
        """Which phase is lowest at n, in a sentence; too close to call below a lead of 3."""
        ranked = self.at(n)
        if not ranked:
            return "no phase has a proved (λ, m)"
        if len(ranked) == 1:
            return f"At n = {n:g} {ranked[0][0].name} is the only phase with a proved (λ, m)."
        (one, low), (two, high) = ranked[:2]
        if high - low < CLOSE:
            return f"At n = {n:g} {one.name} and {two.name} are too close to call."
        return f"At n = {n:g} {one.name} is lowest, by {high - low:.1f} over {two.name}."

    def crossings(self) -> list[Crossing]:
        """The sample sizes where the lowest phase changes, in ascending order."""
        proved = [p for p in self.phases if p.exact]
        found = []
        for i, one in enumerate(proved):
            for other in proved[:i]:
                for crossing in crossing_sizes(one, other):
                    rest = [
                        f
                        for p in proved
                        if p not in (one, other) and (f := p.free_energy(crossing.n)) is not None
                    ]
                    here = one.free_energy(crossing.n)
                    if here is not None and all(f >= here for f in rest):
                        found.append(crossing)
        return sorted(found, key=lambda c: c.n)

    def place(self, reading: float, error: float) -> PhasePosition:
        """Where a reading of λ with an error (half the width of its interval) lies, and what comes
        next.

        Raises BadInput for an error < 0.
        """
        if not error >= 0:
            raise BadInput(f"error: a number >= 0 is needed, received {error}")
        met = [
            p for p in self.phases if p.value is not None and abs(float(p.value) - reading) <= error
        ]
        met.sort(key=lambda p: abs(float(p.value or 0) - reading))
        following: list[tuple[Phase, Crossing | None]] = []
        if met:
            first = met[0]
            later = [p for p in self.phases if p.exact and float(p.loss) < float(first.loss)]
            for phase in sorted(later, key=lambda p: -float(p.loss)):
                sizes = [c for c in crossing_sizes(first, phase) if c.after == phase.name]
                following.append((phase, sizes[-1] if sizes else None))
        return PhasePosition(reading, error, tuple(met), tuple(following))

    def to_json(self) -> dict[str, Any]:
        """Phases, edges and crossings as JSON values."""
        return PhasesDocument(
            model=self.model,
            title=self.title,
            kind=self.kind,
            phases=tuple(p.document() for p in self.phases),
            edges=self.edges,
            crossings=tuple(c.document() for c in self.crossings()),
            argument=self.argument,
        ).plain()

    def __str__(self) -> str:
        lines = [f"{self.title} ({self.kind})"]
        for p in self.phases:
            if p.exact and p.lower is not None:
                value = f"λ = {p.lower[0]!s:6} m = {p.lower[1]}"
            else:
                low, high = (str(s[0]) if s else "?" for s in (p.lower, p.upper))
                value = f"λ in [{low}, {high}]"
            lines.append(f"  L = {float(p.loss):<8g} {value}  {p.name}  {p.row}".rstrip())
        lines += [f"  n* = {c.n:.4g}: {c.before} → {c.after}" for c in self.crossings()]
        return "\n".join([*lines, *([self.argument] if self.argument else [])])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td>{html.escape(str(c))}</td>"
                for c in (
                    p.name,
                    p.loss if isinstance(p.loss, Fraction) else f"{float(p.loss):.6g}",
                    p.lower[0] if p.exact and p.lower else "bounds",
                    p.lower[1] if p.exact and p.lower else "",
                    p.row,
                )
            )
            + "</tr>"
            for p in self.phases
        )
        head = "".join(f"<th>{c}</th>" for c in ("phase", "L", "λ", "m", "row"))
        crossings = "; ".join(
            f"{html.escape(c.before)} → {html.escape(c.after)} at n = {c.n:.4g}"
            for c in self.crossings()
        )
        return (
            f"<div><b>{html.escape(self.title)}</b> ({self.kind})<table><tr>{head}</tr>{rows}"
            f"</table>{crossings}<br><small>{html.escape(self.argument)}</small></div>"
        )


def crossing_sizes(one: Phase, other: Phase) -> list[Crossing]:
    """All n in (e, 10¹²) at which two proved phases have equal free energies, in ascending order.

    The roots of n·ΔL + Δλ·log n − Δm·log log n are found by signs on a grid of 1/40 decade and
    then by bisection to 12 digits; two roots within one cell of the grid would be missed.

    >>> a = Phase("rank 0", Fraction(1, 10), (Fraction(1), 1), (Fraction(1), 1))
    >>> b = Phase("rank 1", Fraction(0), (Fraction(3, 2), 1), (Fraction(3, 2), 1))
    >>> [(c.before, c.after, round(c.n, 6)) for c in crossing_sizes(a, b)]
    [('rank 0', 'rank 1', 12.713207)]
    """
    if one.lower is None or other.lower is None or not (one.exact and other.exact):
        return []
    first, second = one.lower, other.lower

    def gap(n: float) -> float:
        return _energy(one.loss, first, n) - _energy(other.loss, second, n)

    def plain_gap(n: float) -> float:
        return gap(n) + (first[1] - second[1]) * math.log(math.log(n))

    found = []
    for low, high in _changes(gap):
        n = _bisect(gap, low, high)
        before, after = (one, other) if gap(low) < 0 else (other, one)
        plain = None
        if first[1] != second[1]:
            roots = [_bisect(plain_gap, a, b) for a, b in _changes(plain_gap)]
            plain = min(roots, key=lambda r: abs(math.log(r / n)), default=None)
        found.append(Crossing(before.name, after.name, n, plain))
    return found


def _changes(gap: Any) -> list[tuple[float, float]]:
    """The cells of the grid in which the sign changes."""
    start = math.log10(math.e) + 1e-6
    steps = int((math.log10(LARGEST) - start) * 40)
    grid = [10 ** (start + k / 40) for k in range(steps + 1)]
    values = [gap(n) for n in grid]
    cells = []
    for k in range(steps):
        if values[k] * values[k + 1] < 0:
            cells.append((grid[k], grid[k + 1]))
    return cells


def _bisect(gap: Any, low: float, high: float) -> float:
    sign = gap(low) > 0
    for _ in range(60):
        middle = math.sqrt(low * high)
        if (gap(middle) > 0) == sign:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def truncation_losses(values: Sequence[Rational | str], rank: int) -> list[Fraction]:
    """L_k = Σ_{i>k} σ_i² for k = 0 … rank, of singular values σ_1 ≥ … ≥ σ_rank > 0.

    Raises BadInput for another number of them, and for values that are not > 0 and descending.

    >>> truncation_losses([2, 1], 2)
    [Fraction(5, 1), Fraction(1, 1), Fraction(0, 1)]
    """
    sigma = [fraction(v, "singular values") for v in values]
    if len(sigma) != rank:
        raise BadInput(f"singular values: {rank} are needed, received {len(sigma)}")
    if any(s <= 0 for s in sigma) or sigma != sorted(sigma, reverse=True):
        raise BadInput(f"singular values: > 0 and descending, received {list(map(str, sigma))}")
    return [sum((s * s for s in sigma[k:]), Fraction(0)) for k in range(rank + 1)]
