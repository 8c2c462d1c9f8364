"""The tables put together: declared columns from the catalog, computed ones from the journal."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.store import CertificateStore, problem_key, shipped
from singularity_lab.dictionary.columns import GROUPS, Cells
from singularity_lab.dictionary.journal import Journal
from singularity_lab.dictionary.rows import PENDING, model_id
from singularity_lab.dictionary.schema import Cell, CertificateLine, StratumLine
from singularity_lab.exact.proof.certificate import Certificate

_FIELD = {"lambda": "lam"}
NO_GERM = Cell.not_applicable("the loss is no polynomial: it has no exact germ")
_LATER = Cell.unknown("not computed yet")
OTHER = ("where", "ranks", "loss", "dimension", "codimension", "probes", "class_id")


def computed(journal: Journal, key: str) -> Cells:
    """The cells of all groups for a germ; ``unknown`` where the journal has none."""
    cells: Cells = {}
    for group in GROUPS:
        line = journal.best(key, group.name)
        for column in group.columns:
            if line is not None and line.version == group.version:
                cells[column] = line.cells[column]
            else:
                cells[column] = Cell.unknown("not asked in this build")
    return cells


def stratum_line(
    entry: Entry, stratum_id: str, cells: Cells, *, model: str, on_file: bool
) -> StratumLine:
    """A line of ``strata`` from its cells."""
    columns: dict[str, Any] = {_FIELD.get(name, name): cell for name, cell in cells.items()}
    return StratumLine(
        row_id=entry.id, stratum_id=stratum_id, model_id=model, on_file=on_file, **columns
    )


def row_stratum(entry: Entry, journal: Journal) -> StratumLine:
    """The stratum at a row's own point."""
    place = entry.stratum()
    name = place.name if place is not None else "point"
    if entry.polynomial:
        problem = entry.problem()
        cells = computed(journal, problem_key(problem))
        point = {n: str(c) for n, c in zip(problem.variables, problem.point, strict=True) if c}
        cells["where"] = Cell.of(point or "origin")
        cells["loss"] = Cell.of("0")
    else:
        cells = {c: NO_GERM for group in GROUPS for c in group.columns}
        cells["where"] = Cell.of(entry.at or "minimum")
        cells["loss"] = Cell.of("0")
    for column in OTHER:
        cells.setdefault(column, PENDING if column == "class_id" else _LATER)
    return stratum_line(entry, name, cells, model=model_id(entry), on_file=True)


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
