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
from typing import Any

import msgspec

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.store import bounds_of
from singularity_lab.dictionary.schema import Cell
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.arcs.contact import contact_loci
from singularity_lab.exact.arcs.jets import jets
from singularity_lab.exact.classification.matrix_factorisation import ade
from singularity_lab.exact.classification.path import along
from singularity_lab.exact.classification.singularity import singularity
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.resolutions.divisors import divisors_of
from singularity_lab.exact.zeta_functions.density import volume_expansion
from singularity_lab.exact.zeta_functions.zeta import zeta
from singularity_lab.system.deadline import TimeLimit

ORDER = 6  # of jets and contact loci
DIVISORS = 60  # that a cell lists at most
Cells = dict[str, Cell]


@dataclass(frozen=True)
class Question:
    """A germ with the certificates on file, and the CPU seconds for one group of cells."""

    problem: LocalProblem
    certificates: tuple[Certificate, ...]
    limit: float


@dataclass(frozen=True)
class Group:
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
        try:
            with TimeLimit(most) as hard:
                found = self.answer(question)
                return {c: found.get(c) or Cell.unknown("no answer") for c in self.columns}
        except (OutOfScope, BadInput) as error:
            return dict.fromkeys(self.columns, self.outside(_said(error)))
        except Undecided as error:
            return dict.fromkeys(self.columns, Cell.unknown(_said(error)))
        except Exception as error:  # a fault of one cell must not end the build of all others
            why = f"the function failed: {type(error).__name__}: {_said(error)}"
            return dict.fromkeys(self.columns, Cell.unknown(why))
        why = f"not decided within {most:g} CPU seconds" if hard.expired else "interrupted"
        return dict.fromkeys(self.columns, Cell.unknown(why))


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
    found = rlct(question.problem, budget=question.limit)
    route = "a search whose certificate verified; none is on file"
    cells = value_cells(found.certificates)
    cells["certificate"] = Cell.unknown(route)
    return {
        name: msgspec.structs.replace(cell, route=route) if cell.status == "value" else cell
        for name, cell in cells.items()
    }


def _divisors(question: Question) -> Cells:
    certificates = question.certificates
    if not certificates:
        certificates = rlct(question.problem, budget=question.limit).certificates
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
    try:
        found = jets(question.problem, ORDER, budget=question.limit)
        return {"jets": Cell.of(_jets_value(found), found.method)}
    except Undecided as error:
        part = list(error.bounds or ())
        if not part:
            raise
        reason = _said(error)
        return {"jets": Cell("bounds", value={"codimensions": part}, reason=reason)}


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
    problem = question.problem
    route = "certificate"
    source: Any = question.certificates[-1] if question.certificates else problem
    if problem.is_power_one:
        source = replace(problem, convention="ideal")
        route = "a certificate of the ideal (K)"
    found = contact_loci(source, ORDER, field="R", budget=question.limit)
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
    """What the germ becomes at the origin when one monomial of its versal unfolding is on."""
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
        return {"adjacencies": Cell.not_applicable(none)}
    return {"adjacencies": Cell.of(found, "types and λ of f + e for the monomials e, proved")}


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


GROUPS: tuple[Group, ...] = (
    Group("value", ("lambda", "m", "certificate"), _values, 1,
          "singlab catalog show {id}", 'ground_truth("{id}")'),
    Group("divisors", ("divisors",), _divisors, 2,
          "singlab dictionary show {id} --json", 'lookup("{id}").divisors'),
    Group("jets", ("jets",), _jets, 1, "singlab jets {id} --order 6", 'jets("{id}", 6)'),
    Group("contact", ("contact",), _contact, 1,
          'python -c "import singularity_lab as s; print(s.contact_loci(\'{id}\', 6))"',
          'contact_loci("{id}", 6)', Cell.no_device),
    Group("zeta", ("zeta",), _zeta, 1, "singlab zeta {id}", 'zeta("{id}")'),
    Group("type", TYPE_COLUMNS, _type, 1, "singlab singularity {id}", 'singularity("{id}")'),
    Group("adjacencies", ("adjacencies",), _adjacencies, 1,
          "singlab singularity {id}", 'singularity("{id}").unfolding()'),
    Group("volume", ("volume",), _volume, 1,
          'python -c "import singularity_lab as s; print(s.volume_expansion(\'{id}\'))"',
          'volume_expansion("{id}")', Cell.no_device),
)  # fmt: skip


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
