"""One row of the dictionary with everything that is known of it, and its relations."""

from __future__ import annotations

import difflib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from singularity_lab.dictionary.columns import GROUPS, commands
from singularity_lab.dictionary.schema import (
    Cell,
    CertificateLine,
    Edge,
    ReadingLine,
    Row,
    StratumLine,
    Tables,
    cells,
)
from singularity_lab.dictionary.tables import shipped
from singularity_lab.errors import BadInput
from singularity_lab.system.documents import Record

LISTED = 12


class PageDocument(Record, frozen=True):
    """A page as a document. commands: by column, what computes its cell again."""

    row: Row
    stratum: StratumLine
    certificates: tuple[CertificateLine, ...]
    readings: tuple[ReadingLine, ...]
    edges: tuple[Edge, ...]
    commands: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Page:
    """What the dictionary knows of one row.

    stratum: the line of its own point. certificates: those the line points to. edges: in both
    directions.
    """

    row: Row
    stratum: StratumLine
    certificates: tuple[CertificateLine, ...]
    readings: tuple[ReadingLine, ...]
    edges: tuple[Edge, ...]

    @property
    def id(self) -> str:
        """The id of the row."""
        return self.row.id

    @property
    def cells(self) -> dict[str, Cell]:
        """Every cell of the row's stratum, and of the row, by its column."""
        return {**dict(cells(self.row)), **dict(cells(self.stratum))}

    def cell(self, column: str) -> Cell:
        """The cell of a column. Raises BadInput for an unknown one."""
        known = self.cells
        if column not in known:
            raise BadInput(f"column: one of {', '.join(known)} is needed, received {column!r}")
        return known[column]

    @property
    def divisors(self) -> list[Mapping[str, Any]]:
        """The divisors, those that carry λ first; empty where they are not known."""
        value = self.stratum.divisors.value
        return list(value) if self.stratum.divisors.status == "value" else []

    def commands(self, column: str) -> dict[str, str]:
        """``shell`` and ``python``: what computes a cell of the stratum again; empty for a column
        that no function of its own fills."""
        for group in GROUPS:
            if column in group.columns:
                first = self.cells[group.columns[0]]
                loss = self.row.convention == "loss"
                return commands(group, self.id, first, column, loss=loss)
        return {}

    def to_json(self) -> dict[str, Any]:
        """The records that the page is made of, as JSON values."""
        return PageDocument(
            row=self.row,
            stratum=self.stratum,
            certificates=self.certificates,
            readings=self.readings,
            edges=self.edges,
            commands={c: k for c in self.cells if (k := self.commands(c))},
        ).plain()

    def __str__(self) -> str:
        row = self.row
        lines = [f"{row.id}: {row.title}", f"  {row.statement}; d = {row.d}; {row.status}"]
        if row.generators:
            shown = ", ".join(row.generators[:LISTED])
            more = f", … ({len(row.generators)} in all)" if len(row.generators) > LISTED else ""
            lines.append(f"  {row.convention}: ({shown}{more})")
        lines += [f"  {name}: {_short(str(cell))}" for name, cell in self.cells.items()]
        lines += [f"  claim: {claim}" for claim in row.claims]
        lines += [
            f"  measured: {r.device} {r.value} [{r.low}, {r.high}] {r.outcome}"
            for r in self.readings
        ]
        lines += [f"  {e.kind}: {e.source} → {e.target}: {_short(e.evidence)}" for e in self.edges]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        row = self.row
        table = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(cell.status)}</td>"
            f"<td>{html.escape(_short(str(cell)))}</td></tr>"
            for name, cell in self.cells.items()
        )
        edges = "".join(
            f"<li>{html.escape(f'{e.kind}: {e.source} → {e.target}: {_short(e.evidence)}')}</li>"
            for e in self.edges[:LISTED]
        )
        readings = "".join(
            f"<li>{html.escape(f'{r.device} {r.value} [{r.low}, {r.high}] {r.outcome}')}</li>"
            for r in self.readings
        )
        generators = html.escape(", ".join(row.generators[:LISTED]))
        return (
            f"<div><h4>{html.escape(row.title)} <code>{html.escape(row.id)}</code></h4>"
            f"<p>{html.escape(row.statement)}<br><code>({generators})</code></p>"
            "<table><tr><th>column</th><th>status</th><th>cell</th></tr>"
            f"{table}</table><ul>{readings}</ul><ul>{edges}</ul></div>"
        )


def _short(text: str, width: int = 200) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def lookup(id: str, tables: Tables | None = None) -> Page:
    """Return everything that the dictionary knows of a row.

    tables: a dictionary; the shipped one if absent. Raises BadInput for an unknown id, with the
    nearest ones.

    >>> page = lookup("ade-a2")
    >>> str(page.stratum.lam), page.divisors[0]["weights"], str(page.cell("type"))
    ('5/12', {'x': 3, 'y': 2}, 'A2')
    """
    tables = tables or shipped()
    row = next((r for r in tables.rows if r.id == id), None)
    if row is None:
        near = difflib.get_close_matches(str(id)[:100], [r.id for r in tables.rows], n=3)
        hint = f"; perhaps {', '.join(near)}" if near else ""
        raise BadInput(f"id: the dictionary has no row {str(id)[:80]!r}{hint}")
    line = next(s for s in tables.strata if s.row_id == id and s.on_file)
    digests = line.certificate.value if line.certificate.status == "value" else []
    return Page(
        row,
        line,
        tuple(c for c in tables.certificates if c.digest in digests),
        tuple(r for r in tables.readings if r.row_id == id),
        tuple(e for e in tables.edges if id in (_row(e.source), _row(e.target))),
    )


def _row(end: str) -> str:
    return end.partition("#")[0]


def same_class(id: str, tables: Tables | None = None, *, exact: bool = False) -> list[str]:
    """Return the ids of the rows with the germ of a row, itself among them.

    exact: only up to renaming and signs; else up to the moves that the verifier replays too. Rows
    of one class have one (λ, m); rows that share (λ, m) need not be of one class.
    Raises BadInput for an unknown id.

    >>> "bp-2-3" in same_class("ade-a2")
    True
    """
    tables = tables or shipped()
    wanted = lookup(id, tables).stratum
    cell = wanted.germ_id if exact else wanted.class_id
    if cell.status != "value":
        return [id]
    return [
        line.row_id
        for line in tables.strata
        if line.on_file and (line.germ_id if exact else line.class_id).value == cell.value
    ]


def neighbours(id: str, tables: Tables | None = None) -> list[Edge]:
    """Return the edges at a row, in both directions, each with its kind and its evidence.

    Raises BadInput for an unknown id.

    >>> sorted({e.kind for e in neighbours("ade-a3")})
    ['adjacency', 'class']
    """
    return list(lookup(id, tables).edges)
