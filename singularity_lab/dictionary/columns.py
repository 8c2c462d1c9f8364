"""The exact columns of the table ``strata``: each group of cells by one public function, within a
limit.

A group is asked of a germ and its stored certificates, and answers with cells for all of its
columns, whatever happens: a question that has no sense is ``not applicable`` with the reason that
the function gave, one that was not decided ``unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import msgspec

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.store import bounds_of
from singularity_lab.dictionary.schema import Cell
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.arcs.contact import ContactLoci, contact_loci
from singularity_lab.exact.arcs.jets import jets
from singularity_lab.exact.classification.matrix_factorisation import ade
from singularity_lab.exact.classification.path import along
from singularity_lab.exact.classification.singularity import singularity
from singularity_lab.exact.classification.triviality import smooth_codimension, triviality
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.resolutions.divisors import divisors_of
from singularity_lab.exact.zeta_functions.density import volume_expansion
from singularity_lab.exact.zeta_functions.zeta import zeta
from singularity_lab.system.cuts import count_cuts, cuts
from singularity_lab.system.deadline import TimeLimit

SMOOTH = "λ = codimension/2 is proved: the zero set is smooth"
ORDER = 6  # of jets and contact loci
DIVISORS = 60  # that a cell lists at most
Cells = dict[str, Cell]


@dataclass(frozen=True)
class Question:
    """A germ with the certificates on file, and the CPU seconds for one group of cells."""

    problem: LocalProblem
    certificates: tuple[Certificate, ...]
    limit: float

    @property
    def proofs(self) -> tuple[Certificate, ...]:
        """The certificates on file, or what a search within the limit proves: made once."""
        if self.certificates:
            return self.certificates
        found, cut = self._searched
        count_cuts(cut)
        return found

    @cached_property
    def _searched(self) -> tuple[tuple[Certificate, ...], int]:
        before = cuts()
        found = rlct(self.problem, budget=self.limit).certificates
        return found, cuts() - before

    @cached_property
    def smooth(self) -> int | None:
        """The codimension of the zero set where the certificates show that it is smooth."""
        bounds = bounds_of(self.certificates)
        return smooth_codimension(self.problem, bounds.lower) if bounds.exact else None

    @property
    def real_loci(self) -> ContactLoci | Undecided:
        """The contact loci over R from the proofs, for K those of the ideal (K), or why there are
        none: made once, for two groups."""
        found, cut = self._real_loci
        count_cuts(cut)
        return found

    @cached_property
    def _real_loci(self) -> tuple[ContactLoci | Undecided, int]:
        before = cuts()
        found = self._read_loci()
        return found, cuts() - before

    def _read_loci(self) -> ContactLoci | Undecided:
        source: Any = self.proofs[-1] if self.proofs else self.problem
        if self.problem.is_power_one:
            source = replace(self.problem, convention="ideal")
        with TimeLimit(1.2 * self.limit):
            try:
                return contact_loci(source, ORDER, field="R", budget=self.limit)
            except Undecided as error:
                return error
        return Undecided(f"not decided within {1.2 * self.limit:g} CPU seconds")


@dataclass(frozen=True)
class ColumnGroup:
    """Columns that one function fills.

    version: raised when its answers change. command, python: for a reader who wants to see a cell
    again, with ``{id}`` for the row. outside: the cell of what the function has no answer to:
    ``not applicable`` where the question has no sense, ``no device`` where only the means are
    missing.
    """

    name: str
    columns: tuple[str, ...]
    answer: Callable[[Question], Cells]
    version: int
    command: str
    python: str
    outside: Callable[[str], Cell] = Cell.not_applicable

    def cells(self, question: Question) -> Cells:
        """A cell for every column of the group."""
        most = 1.5 * question.limit + 0.4  # functions end by themselves at the limit, or soon after
        before = cuts()
        try:
            with TimeLimit(most) as hard:
                found = self.answer(question)
                cut = cuts() > before
                answers = {c: found.get(c) or Cell.unknown("no answer") for c in self.columns}
                return {c: cell.marked(cut) for c, cell in answers.items()}
        except (OutOfScope, BadInput) as error:
            return dict.fromkeys(self.columns, self.outside(_said(error)))
        except Undecided as error:
            return dict.fromkeys(self.columns, Cell.unknown(_said(error)).marked(cuts() > before))
        except Exception as error:  # a fault of one cell must not end the build of all others
            why = f"the function failed: {type(error).__name__}: {_said(error)}"
            return dict.fromkeys(self.columns, Cell.unknown(why))
        why = f"not decided within {most:g} CPU seconds" if hard.expired else "interrupted"
        return dict.fromkeys(self.columns, Cell.unknown(why).marked(True))


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 240 else text[:239] + "…"


# -- the groups ------------------------------------------------------------------------------------


def value_cells(certificates: Sequence[Certificate]) -> Cells:
    """λ, m and the digests of the proofs."""
    bounds = bounds_of(certificates)
    if not certificates:
        nothing = Cell.unknown("no certificate on file")
        return dict.fromkeys(("lambda", "m", "certificate"), nothing)
    digests = Cell.of([c.digest() for c in certificates])
    low, high = bounds.lower, bounds.upper
    if bounds.exact and low is not None:
        return {
            "lambda": Cell.of(str(low.value), "certificate"),
            "m": Cell.of(low.multiplicity, "certificate"),
            "certificate": digests,
        }
    sides = [None if side is None else str(side.value) for side in (low, high)]
    if low is not None and high is not None and low.value == high.value:
        value = Cell.of(str(low.value), "certificates of both bounds")
        # in the order of (λ, m) a lower bound has the larger m
        m = Cell.between(str(high.multiplicity), str(low.multiplicity), "m is not decided")
        return {"lambda": value, "m": m, "certificate": digests}
    return {
        "lambda": Cell.between(sides[0], sides[1], "proved bounds"),
        "m": Cell.unknown("λ is not decided"),
        "certificate": digests,
    }


def _values(question: Question) -> Cells:
    if question.certificates:
        return value_cells(question.certificates)
    route = "a search whose certificate verified; none is on file"
    cells = value_cells(question.proofs)
    cells["certificate"] = Cell.unknown(route)
    return {
        name: msgspec.structs.replace(cell, route=route) if cell.status == "value" else cell
        for name, cell in cells.items()
    }


def _divisors(question: Question) -> Cells:
    certificates = question.proofs
    found = divisors_of(certificates[-1])
    kept = sorted(found, key=lambda d: (not d.carries, d.ratio, d.k))
    value = [d.to_json() for d in kept[:DIVISORS]]
    certificate = certificates[-1]
    route = f"charts of the {certificate.kind} certificate"
    if len(kept) > DIVISORS:
        route += f"; the first {DIVISORS} of {len(kept)}"
    if not value:
        return {"divisors": Cell.not_applicable(f"no divisor in the {route}")}
    return {"divisors": Cell.of(value, route)}


def _jets(question: Question) -> Cells:
    """The jets of the germ, those near the point: of a smooth zero set by its codimension, by
    strata of arcs where a dilation contracts all to the point, else by contact loci over C of the
    certificate, or over R. The whole zero set bounds their codimensions from below."""
    if question.smooth is not None:
        value = _smooth_jets(question.smooth, len(question.problem.variables))
        return {"jets": Cell.of(value, SMOOTH)}
    certificate = question.proofs[-1] if question.proofs else None
    source = certificate or question.problem
    try:
        found = jets(source, ORDER, near=True, budget=question.limit)
        return {"jets": Cell.of(_jets_value(found), found.method)}
    except Undecided as error:
        real = _real_jets(question)
        if real is not None:
            reason = f"; over C not decided: {_said(error)}"
            return {"jets": Cell.of(real, f"contact loci over R{reason}")}
        part, reason = list(error.bounds or ()), _said(error)
        if not part:
            part, more = _whole_jets(source, question.limit)
            reason += more
        if not part:
            raise
        return {"jets": Cell("bounds", value={"codimensions": part}, reason=reason)}


def _whole_jets(source: Any, seconds: float) -> tuple[list[int], str]:
    """The codimensions of the jets of the whole zero set, and what they say of the germ."""
    try:
        known = list(jets(source, ORDER, budget=seconds).codimensions)
    except Undecided as error:
        known = list(error.bounds or ())
    return known, "; those of the whole zero set, which are no larger, are given"


def _smooth_jets(codimension: int, d: int) -> dict[str, Any]:
    """Jets near a point at which the zero set is smooth: bundles of affine spaces over it."""
    known = [codimension * (m + 1) for m in range(ORDER + 1)]
    return _jets_cell("C", "smooth", known, d, components=1)


def _jets_cell(
    field: str, method: str, known: Sequence[int], d: int, components: int | None
) -> dict[str, Any]:
    """The cell of jets whose codimensions are all known."""
    least = min(Fraction(c, m + 1) for m, c in enumerate(known))
    return {
        "order": ORDER,
        "field": field,
        "method": method,
        "codimensions": known,
        "dimensions": [d * (m + 1) - c for m, c in enumerate(known)],
        "components": [components] * (ORDER + 1),
        "threshold": str(least),
        "attained": [m for m, c in enumerate(known) if Fraction(c, m + 1) == least],
    }


def _real_jets(question: Question) -> dict[str, Any] | None:
    """The codimensions of the real arcs near the point, from the certificate; None where they are
    not all decided, and where the certificate is of more than the ideal."""
    problem = question.problem
    if not problem.flat or problem.is_power_one:
        return None
    loci = question.real_loci
    if isinstance(loci, Undecided):
        return None
    known = [int(c) for c in loci.codimensions if c is not None and c.denominator == 1]
    if len(known) <= ORDER:
        return None
    return _jets_cell("R", "contact loci", known, len(problem.variables), components=None)


def _jets_value(found: Any) -> dict[str, Any]:
    return {
        "order": found.order,
        "field": found.field,
        "method": found.method,
        "codimensions": list(found.codimensions),
        "dimensions": list(found.dimensions),
        "components": list(found.top_components),
        "threshold": str(found.mustata),
        "attained": list(found.attained_at),
    }


def _contact(question: Question) -> Cells:
    if question.smooth is not None:
        known = [str(question.smooth * (m + 1)) for m in range(ORDER + 1)]
        sides = {"lower": known, "upper": known, "decided": [True] * len(known)}
        return {"contact": Cell.of({"order": ORDER, "field": "R", **sides}, SMOOTH)}
    found = question.real_loci
    if isinstance(found, Undecided):
        raise found
    route = "a certificate of the ideal (K)" if question.problem.is_power_one else "certificate"
    decided = list(found.decided)
    value = {
        "order": found.order,
        "field": found.field,
        "lower": [None if c is None else str(c) for c in found.lower],
        "upper": [None if c is None else str(c) for c in found.upper],
        "decided": decided,
    }
    if all(decided):
        return {"contact": Cell.of(value, route)}
    reason = f"{decided.count(False)} of {len(decided)} codimensions are not decided"
    return {"contact": Cell("bounds", value=value, reason=reason, route=route)}


def _zeta(question: Question) -> Cells:
    found = zeta(question.problem, budget=question.limit)
    document: dict[str, Any] = {"candidates": [[str(c.pole), c.order] for c in found.candidates]}
    if found.topological is None:
        reason = "; ".join(found.notes) or "no topological zeta function"
        return {"zeta": Cell("bounds", value=document, reason=reason)}
    document |= {
        "topological": str(found.topological),
        "poles": [[str(p), k] for p, k, _ in found.poles or ()],
    }
    return {"zeta": Cell.of(document, "Newton polyhedron or resolution graph")}


TYPE_COLUMNS = (
    "type", "corank", "milnor", "tjurina", "modality", "spectrum", "c_hat", "central_charge",
    "factorisation", "unfolding",
)  # fmt: skip


def _type(question: Question) -> Cells:
    s = singularity(question.problem, budget=question.limit)
    cells = {
        "type": Cell.of(s.type),
        "corank": Cell.of(s.corank),
        "milnor": Cell.of(s.milnor),
        "tjurina": Cell.of(s.tjurina),
        "modality": Cell.unknown("not decided, see the notes of singularity()")
        if s.modality is None
        else Cell.of(s.modality),
        "unfolding": Cell.of([str(b) for b in s.tjurina_basis.monomials()]),
    }
    if s.spectrum is None:
        cells["spectrum"] = Cell.unknown("no theorem here gives it: " + "; ".join(s.notes[-1:]))
    else:
        cells["spectrum"] = Cell.of([str(a) for a in s.spectrum])
    if s.weights is None:
        none = Cell.not_applicable("no weights: the germ is not quasi-homogeneous as recognised")
        cells["c_hat"] = cells["central_charge"] = none
    else:
        cells["c_hat"] = Cell.of(str(s.c_hat), "weights")
        cells["central_charge"] = Cell.of(str(s.central_charge), "3ĉ")
    kind = s.kind
    if kind.simple:
        pairs = ade(kind.series, kind.milnor)  # each is multiplied out when it is made
        cells["factorisation"] = Cell.of(
            {"letter": kind.series, "rank": kind.milnor, "count": len(pairs),
             "sizes": [pair.size for pair in pairs]},
            "φψ = f·I, multiplied out",
        )  # fmt: skip
    else:
        cells["factorisation"] = Cell.not_applicable("listed for the simple types A, D, E only")
    return cells


def _adjacencies(question: Question) -> Cells:
    """What the germ becomes at the origin when one monomial of its versal unfolding is on.

    λ along the path is that of the ideal (f + s·e) with a flat density: a K that is given itself
    would change sign on the path, and a wall or a prior makes another λ.
    """
    if question.problem.is_power_one:
        return _no_path("K is given itself; f + s·e changes sign")
    if not question.problem.flat:
        return _no_path("a wall or a prior is at the point; types and λ along a path know none")
    s = singularity(question.problem, budget=question.limit)
    f = s.f
    found = []
    for monomial in s.tjurina_basis.monomials():
        if monomial.variables != f.variables or monomial.order < 2:
            continue
        (near,) = along(f"{f} + s_*({monomial})", "s_", [1], budget=question.limit).points
        found.append(
            {
                "monomial": str(monomial),
                "type": near.type,
                "milnor": near.milnor,
                "lambda": None if near.value is None else str(near.value),
                "m": near.multiplicity,
            }
        )
    if not found:
        none = "no monomial of order 2 or more in its versal unfolding: 0 does not stay singular"
        return _no_path(none)
    return {"adjacencies": Cell.of(found, "types and λ of f + e for the monomials e, proved")}


def _no_path(why: str) -> Cells:
    return {"adjacencies": Cell.not_applicable(why)}


def _volume(question: Question) -> Cells:
    found = volume_expansion(question.problem, digits=10, budget=question.limit)
    value = {
        "lambda": str(found.exponent),
        "m": found.multiplicity,
        "constant": found.constant,
        "error": found.error,
        "complete": found.complete,
        "terms": [[str(t.exponent), t.power, t.coefficient] for t in found.terms],
    }
    return {"volume": Cell.of(value, found.method)}


def _stratum(question: Question) -> Cells:
    """The dimension of the stratum along which the germ is the same."""
    bounds = bounds_of(question.certificates)
    found = triviality(question.problem, bounds.lower if bounds.exact else None)
    d = found.dimension
    if found.exact:
        return {
            "dimension": Cell.of(found.lower, found.above),
            "codimension": Cell.of(d - found.lower, "d − dimension"),
        }
    why = f"{found.below}; {found.above}"
    return {
        "dimension": Cell.between(str(found.lower), str(found.upper), why),
        "codimension": Cell.between(str(d - found.upper), str(d - found.lower), why),
    }


_CHECK = "singlab dictionary check {id} --column "
_ONE = 'python -c "import singularity_lab as s; print(s.%s)"'
_AGAIN = 'from singularity_lab.dictionary.recompute import again; again("{id}", "%s")'

GROUPS: tuple[ColumnGroup, ...] = (
    ColumnGroup("value", ("lambda", "m", "certificate"), _values, 1,
          "singlab catalog show {id}", 'ground_truth("{id}")'),
    ColumnGroup("divisors", ("divisors",), _divisors, 4, _CHECK + "divisors", _AGAIN % "divisors"),
    ColumnGroup("contact", ("contact",), _contact, 2,
          _ONE % "contact_loci('{id}', 6)", 'contact_loci("{id}", 6)', Cell.no_device),
    ColumnGroup("jets", ("jets",), _jets, 3,
          "singlab jets {id} --order 6 --near", 'jets("{id}", 6, near=True)'),
    ColumnGroup("zeta", ("zeta",), _zeta, 1, "singlab zeta {id}", 'zeta("{id}")'),
    ColumnGroup("type", TYPE_COLUMNS, _type, 1, "singlab singularity {id}", 'singularity("{id}")'),
    ColumnGroup("adjacencies", ("adjacencies",), _adjacencies, 2,
          _CHECK + "adjacencies", _AGAIN % "adjacencies"),
    ColumnGroup("stratum", ("dimension", "codimension"), _stratum, 2,
          _CHECK + "{column}", _AGAIN % "{column}"),
    ColumnGroup("volume", ("volume",), _volume, 1,
          _ONE % "volume_expansion('{id}')", 'volume_expansion("{id}")', Cell.no_device),
)  # fmt: skip


def commands(
    group: ColumnGroup, row: str, cell: Cell | None = None, column: str = ""
) -> dict[str, str]:
    """``shell`` and ``python``: what computes a group of cells of a row again.

    cell: of the group's first column; jets over R are those of the contact loci, and those of a
    smooth zero set follow from its codimension. column: of the group; its first if empty.

    >>> commands(GROUPS[3], "ade-a2")["shell"]
    'singlab jets ade-a2 --order 6 --near'
    """
    shell, python = group.command, group.python
    jets = cell.value if group.name == "jets" and cell and cell.status == "value" else {}
    if cell is not None and cell.route.startswith(SMOOTH):
        imported = "from singularity_lab.dictionary.recompute import smooth; "
        python = imported + 'smooth("{id}")'
        shell = f"python -c '{imported}print(smooth(\"{{id}}\"))'"
    elif jets.get("field") == "R":
        shell = _ONE % "contact_loci('{id}', 6)"
        python = 'contact_loci("{id}", 6)'
    named = {"{id}": row, "{column}": column or group.columns[0]}
    for mark, text in named.items():
        shell, python = shell.replace(mark, text), python.replace(mark, text)
    return {"shell": shell, "python": python}


def carrying(cell: Cell) -> list[Mapping[str, Any]]:
    """The divisors of a cell ``divisors`` that carry λ."""
    return [d for d in cell.value or [] if d["carries"]] if cell.status == "value" else []


def sides(cell: Cell) -> tuple[Fraction | None, Fraction | None]:
    """The lower and upper side of a cell of λ or m, equal for a value; None where not known."""
    if cell.status == "value":
        exact = Fraction(str(cell.value))
        return exact, exact
    low, high = cell.lower, cell.upper
    return (None if low is None else Fraction(low)), (None if high is None else Fraction(high))
