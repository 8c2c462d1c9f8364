"""The tables put together: declared columns from the catalog, computed ones from the journal."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.store import CertificateStore, problem_key, shipped
from singularity_lab.dictionary.classes import Membership, cells_of
from singularity_lab.dictionary.columns import GROUPS, Cells, sides, value_cells
from singularity_lab.dictionary.concepts import probe_cell
from singularity_lab.dictionary.journal import Journal
from singularity_lab.dictionary.measured import COLUMNS as MEASURED
from singularity_lab.dictionary.measured import LATER
from singularity_lab.dictionary.network_strata import NO_RANKS, orbit_cells
from singularity_lab.dictionary.rows import make_rows, model_id
from singularity_lab.dictionary.schema import Cell, CertificateLine, Row, StratumLine
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.models.model import Stratum

_FIELD = {"lambda": "lam"}
NO_GERM = "the loss is no polynomial: it has no exact germ"
_COPIED = ("lambda", "m", "certificate")  # what a germ shares with one that has other names
COPIED = "up to renaming and signs"  # how the route of such a cell ends
NOT_REACHED = "not reached in this build"
SHARED = ("contact", "jets", "volume")  # groups that are the same for both, and asked once


@dataclass(frozen=True)
class Place:
    """A stratum of a model: a row's own, or one that no row stands at (then ``stratum`` is it and
    ``entry`` the first row of the model)."""

    entry: Entry
    stratum: Stratum | None
    on_file: bool

    @property
    def name(self) -> str:
        """The name of the stratum; ``point`` without one."""
        return self.stratum.name if self.stratum is not None else "point"

    @cached_property
    def problem(self) -> LocalProblem | None:
        """The germ there; None for a loss that is no polynomial."""
        if not self.entry.polynomial:
            return None
        if self.on_file or self.stratum is None:
            return self.entry.problem()
        return self.entry.model().problem(self.stratum.name)

    @cached_property
    def key(self) -> str:
        """The name of the germ in a journal; empty without one."""
        return "" if self.problem is None else problem_key(self.problem)


def places(entries: Iterable[Entry]) -> list[Place]:
    """All strata that the rows and their models name: the rows' own first, in their order."""
    entries = list(entries)
    own = [Place(e, e.stratum(), True) for e in entries]
    taken: dict[str, set[str]] = {}
    first: dict[str, Entry] = {}
    for place in own:
        model = model_id(place.entry)
        first.setdefault(model, place.entry)
        taken.setdefault(model, set()).add(place.name)
    more = [
        Place(entry, stratum, False)
        for model, entry in first.items()
        if entry.builder and entry.polynomial
        for stratum in entry.model().strata
        if stratum.name not in taken[model]
    ]
    return own + more


def first_germs(members: Mapping[str, Membership]) -> dict[str, str]:
    """Key of a germ → key of the first one that it equals up to renaming and signs."""
    first: dict[str, str] = {}
    return {key: first.setdefault(member.germ_id, key) for key, member in members.items()}


def computed(journal: Journal, key: str, head: str = "", named: str = "") -> Cells:
    """The cells of all groups for a germ; ``unknown`` where the journal has none.

    head: the key of the first germ that it equals up to renaming and signs, which answers for both
    in the groups that are shared; named: what to call that germ.
    """
    cells: Cells = {}
    for group in GROUPS:
        line = journal.best(key, group.name)
        route = ""
        if head != key and group.name in SHARED:
            other = journal.best(head, group.name)
            if other is not None and other.version == group.version:
                line, route = other, f"the germ of {named} {COPIED}"
        for column in group.columns:
            if line is not None and line.version == group.version:
                cell = line.cells[column]
                both = f"{cell.route}; {route}" if cell.route and route else cell.route or route
                cells[column] = msgspec.structs.replace(cell, route=both)
            else:
                cells[column] = Cell.unknown(NOT_REACHED)
    return cells


def filed(problem: LocalProblem) -> Cells:
    """λ, m and certificate as the store has them now, which may know more than when the journal
    was written; empty where it has none of the germ."""
    found = shipped().document(problem)
    if found is None:
        return {}
    return value_cells([Certificate.from_json(c) for c in found["certificates"]])


def _where(place: Place) -> Cells:
    """Where a stratum is, and its loss."""
    problem = place.problem
    if problem is None:
        where: Any = place.entry.at or "minimum"
    else:
        pairs = zip(problem.variables, problem.point, strict=True)
        where = {n: str(c) for n, c in pairs if c} or "origin"
    return {"where": Cell.of(where), "loss": Cell.of("0")}


def _constant_cell(cells: Cells) -> Cell:
    """V(ε): not applicable where the germ is the same along a stratum, and so is its volume."""
    cell, size = cells["volume"], sides(cells["dimension"])[0]
    if cell.status == "value" or not size:
        return cell
    return Cell.not_applicable(
        f"the germ is the same along a stratum of dimension {size} or more: V(ε) grows with the "
        "neighbourhood, and has no constant of its own"
    )


def _line(place: Place, cells: Cells) -> StratumLine:
    columns: dict[str, Any] = {_FIELD.get(name, name): cell for name, cell in cells.items()}
    return StratumLine(
        row_id=place.entry.id,
        stratum_id=place.name,
        model_id=model_id(place.entry),
        on_file=place.on_file,
        problem=place.key,
        **columns,
    )


def _on_file(cells: Cells) -> bool:
    """Whether λ and m are those of a certificate that is kept."""
    return all(cells[column].status == "value" for column in _COPIED)


def make_strata(
    listed: Sequence[Place], journal: Journal, members: Mapping[str, Membership]
) -> list[StratumLine]:
    """The lines of ``strata``, in the order of the places.

    members: the class of each germ, by its key. A germ that was not decided takes λ, m and the
    certificate from one that is the same up to renaming and signs, and says so; so does a germ of
    which no certificate is on file.
    """
    known: dict[str, tuple[str, Cells]] = {}
    heads = first_germs(members)
    names: dict[str, str] = {}
    every = []
    for place in listed:
        problem = place.problem
        if problem is None:
            none = Cell.not_applicable(NO_GERM)
            cells = {c: none for group in GROUPS for c in group.columns}
            cells["probes"] = none
        else:
            own = f"row {place.entry.id}" + ("" if place.on_file else f", stratum {place.name}")
            names.setdefault(place.key, own)
            head = heads.get(place.key, place.key)
            cells = computed(journal, place.key, head, names.get(head, "")) | filed(problem)
            cut = cells["divisors"].cut or cells["lambda"].cut
            cells["probes"] = probe_cell(place.entry, problem, cells).marked(cut)
        cells |= _where(place) | {"ranks": NO_RANKS}
        cells |= orbit_cells(place.entry, problem) or {}
        cells["volume"] = _constant_cell(cells)
        cells |= dict.fromkeys(MEASURED, LATER)
        cells |= cells_of(members.get(place.key), NO_GERM)
        every.append(cells)
        germ = cells["germ_id"]
        if germ.status == "value" and cells["lambda"].status == "value":
            first = known.setdefault(germ.value, (place.entry.id, cells))
            if not _on_file(first[1]) and _on_file(cells):
                known[germ.value] = place.entry.id, cells
    for cells in every:
        germ = cells["germ_id"]
        if germ.status != "value" or germ.value not in known:
            continue
        row, other = known[germ.value]
        open_still = cells["lambda"].status != "value"
        if open_still or (_on_file(other) and not _on_file(cells)):
            for column in _COPIED:
                route = f"the germ of row {row} {COPIED}"
                cells[column] = msgspec.structs.replace(other[column], route=route)
    return [_line(place, cells) for place, cells in zip(listed, every, strict=True)]


def rows_with_classes(entries: Iterable[Entry], lines: Sequence[StratumLine]) -> list[Row]:
    """The lines of ``rows``, each with the class of its own stratum."""
    classes = {line.row_id: line.class_id for line in lines if line.on_file}
    return [msgspec.structs.replace(row, class_id=classes[row.id]) for row in make_rows(entries)]


def make_certificates(
    entries: Iterable[Entry], store: CertificateStore | None = None
) -> list[CertificateLine]:
    """The certificates of the rows' germs, each once, in the order of the rows."""
    store = store or shipped()
    lines: dict[str, CertificateLine] = {}
    for entry in entries:
        if not entry.polynomial:
            continue
        problem = entry.problem()
        path = store.path(problem)
        if not path.exists():
            continue
        data = path.read_bytes()
        for document in json.loads(gzip.decompress(data))["certificates"]:
            certificate = Certificate.from_json(document)
            digest = certificate.digest()
            if digest in lines:
                lines[digest].rows.append(entry.id)
                continue
            steps = list(certificate.steps())
            lines[digest] = CertificateLine(
                digest=digest,
                kind=certificate.kind,
                problem=problem_key(problem),
                value=str(certificate.claim.value),
                multiplicity=certificate.claim.multiplicity,
                bytes=len(data),
                path=str(path.relative_to(store.folder.parent)),
                steps=len(steps),
                theorems=sorted({str(s["op"]) for s in steps}),
                rows=[entry.id],
            )
    return list(lines.values())
