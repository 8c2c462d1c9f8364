"""One row of the dictionary with everything that is known of it, and its relations."""

from __future__ import annotations

import difflib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from singularity_lab.dictionary.columns import GROUPS, commands
from singularity_lab.dictionary.query import find
from singularity_lab.dictionary.recompute import plain
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
from singularity_lab.dictionary.tables import chosen
from singularity_lab.dictionary.words import plain as in_plain_words
from singularity_lab.errors import BadInput, SingularityLabError, quoted
from singularity_lab.system.documents import Record

LISTED = 12
SOME = 5  # ids of a name that several rows have
QUERY = 100  # characters of a name that are looked at
FIRST = ("lambda", "m")  # columns that a page begins with


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
                return commands(group, self.id, self.cells[group.columns[0]], column)
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
        lines += [f"  {told}" for told in germ_words(row)]
        known, silent = self._told()
        lines += [f"  {name}: {_short(_told_cell(cell))}" for name, cell in known.items()]
        lines += [f"  claim: {claim}" for claim in row.claims]
        lines += [
            f"  measured: {r.device} {r.value} [{r.low}, {r.high}] {r.outcome}"
            for r in self.readings
        ]
        lines += [f"  {e.kind}: {e.source} → {e.target}: {_short(e.evidence)}" for e in self.edges]
        lines += [f"  not applicable: {', '.join(names)} ({why})" for why, names in silent.items()]
        return "\n".join(lines)

    def _told(self) -> tuple[dict[str, Cell], dict[str, list[str]]]:
        """The cells by column, λ and m first; and the columns without sense here, by the reason."""
        every = self.cells
        order = sorted(every, key=lambda name: name not in FIRST)
        silent: dict[str, list[str]] = {}
        for name in order:
            if every[name].status == "not applicable":
                silent.setdefault(every[name].reason.removeprefix(f"{name}: "), []).append(name)
        return {n: every[n] for n in order if every[n].status != "not applicable"}, silent

    def _repr_html_(self) -> str:
        row = self.row
        known, silent = self._told()
        table = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(cell.status)}</td>"
            f"<td>{html.escape(_short(_told_cell(cell)))}</td></tr>"
            for name, cell in known.items()
        )
        table += "".join(
            f"<tr><td>{html.escape(', '.join(names))}</td><td>not applicable</td>"
            f"<td>{html.escape(why)}</td></tr>"
            for why, names in silent.items()
        )
        edges = "".join(
            f"<li>{html.escape(f'{e.kind}: {e.source} → {e.target}: {_short(e.evidence)}')}</li>"
            for e in self.edges[:LISTED]
        )
        readings = "".join(
            f"<li>{html.escape(f'{r.device} {r.value} [{r.low}, {r.high}] {r.outcome}')}</li>"
            for r in self.readings
        )
        germ = "".join(f"<br><code>{html.escape(told)}</code>" for told in germ_words(row))
        return (
            f"<div><h4>{html.escape(row.title)} <code>{html.escape(row.id)}</code></h4>"
            f"<p>{html.escape(row.statement)}{germ}</p>"
            "<table><tr><th>column</th><th>status</th><th>cell</th></tr>"
            f"{table}</table><ul>{readings}</ul><ul>{edges}</ul></div>"
        )


def _told_cell(cell: Cell) -> str:
    """A cell as text, marked where a time limit cut it."""
    return f"{cell}{' (cut by a time limit)' if cell.cut else ''}"


def germ_words(row: Row) -> list[str]:
    """What is measured and where, in two lines: K, and the point with prior and box; empty for a
    loss that is no polynomial.

    >>> germ_words(lookup("ade-a2").row)
    ['K = (y^3 + x^2)^2', 'at 0']
    >>> germ_words(lookup("fa-2-1-l0").row)[1]
    'at p1 = 1, p2 = 1, else 0; on p1 ≥ 0, p2 ≥ 0'
    """
    if not row.generators:
        return []
    listed = row.generators[:LISTED]
    if row.convention == "loss":
        told = " + ".join(listed)
    else:
        told = " + ".join(f"{g}^2" if g in row.variables else f"({g})^2" for g in listed)
    if len(row.generators) > LISTED:
        told += f" + … ({len(row.generators)} squares in all)"
    at = [f"{name} = {value}" for name, value in row.point.items() if value != "0"]
    rest = ["else 0"] if 0 < len(at) < len(row.variables) else []
    where = ["at " + (", ".join(at + rest) or "0")]
    prior = [f"|{name}|{_power(e)}" for name, e in row.prior.items() if e != "0"]
    if prior:
        where.append("prior " + "·".join(prior))
    walls = [_wall(name, low, high) for name, (low, high) in row.box.items()]
    if walls:
        where.append("on " + ", ".join(walls))
    return [f"K = {told}", "; ".join(where)]


def _power(exponent: str) -> str:
    if exponent == "1":
        return ""
    return f"^{exponent}" if exponent.isdigit() else f"^({exponent})"


def _wall(name: str, low: str | None, high: str | None) -> str:
    if high is None:
        return f"{name} ≥ {low}"
    return f"{name} ≤ {high}" if low is None else f"{low} ≤ {name} ≤ {high}"


def _short(text: str, width: int = 200) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def lookup(id: str, tables: Tables | str | Path | None = None) -> Page:
    """Return everything that the dictionary knows of a row.

    id: of a row, or the title or an alias that one row alone has. tables: a dictionary; the shipped
    one if absent. Raises BadInput for an unknown id, with the nearest ones, and for a name of
    several rows, with their ids.

    >>> page = lookup("ade-a2")
    >>> str(page.stratum.lam), page.divisors[0]["weights"], str(page.cell("type"))
    ('5/12', {'x': 3, 'y': 2}, 'A2')
    >>> lookup("simple plane curve singularity A_2").id
    'ade-a2'
    """
    tables = chosen(tables)
    row = _called(id, tables)
    line = next(s for s in tables.strata if s.row_id == row.id and s.on_file)
    digests = line.certificate.value if line.certificate.status == "value" else []
    return Page(
        row,
        line,
        tuple(c for c in tables.certificates if c.digest in digests),
        tuple(r for r in tables.readings if r.row_id == row.id),
        tuple(e for e in tables.edges if row.id in (_row(e.source), _row(e.target))),
    )


def _called(name: str, tables: Tables) -> Row:
    """The row of that id, or the one row of that title or alias."""
    rows = tables.rows
    word = in_plain_words(str(name)[:QUERY])
    for test in (
        lambda r: r.id == name,
        lambda r: word == in_plain_words(r.title),
        lambda r: word in map(in_plain_words, (*r.aliases, r.family_title)),
    ):
        found = [r for r in rows if test(r)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(r.id for r in found[:SOME])
            more = f" and {len(found) - SOME} more (find)" if len(found) > SOME else ""
            raise BadInput(
                f"id: {len(found)} rows are called {quoted(name)}: {ids}{more}; give one id"
            )
    near = difflib.get_close_matches(str(name)[:QUERY], [r.id for r in rows], n=3)
    try:
        near = near or [hit.row.id for hit in find(str(name)[:QUERY], tables)][:SOME]
    except SingularityLabError:  # what is no query has no candidates
        near = []
    hint = f"; perhaps {', '.join(near)}" if near else ""
    raise BadInput(f"id: the dictionary has no row {quoted(name)}{hint}")


def _row(end: str) -> str:
    return end.partition("#")[0]


class ComparedCell(Record, frozen=True):
    """A column of two rows. differs: None where one of them has no value."""

    column: str
    first: Cell
    second: Cell
    differs: bool | None


@dataclass(frozen=True)
class RowComparison:
    """Two rows side by side. same_class: one germ up to proved moves; None where a row has no germ.
    columns: those of which one row at least has a value or bounds."""

    first: Page
    second: Page
    same_class: bool | None
    columns: tuple[ComparedCell, ...]

    @property
    def verdict(self) -> str:
        """Which germ is the more singular, in a sentence."""
        names = self.first.id, self.second.id
        if self.same_class:
            return f"one germ: both are of class {self.first.stratum.class_id.value}"
        one, other = _pair(self.first.stratum), _pair(self.second.stratum)
        if one is None or other is None:
            return "(λ, m) is not decided of both"
        (a, m), (b, k) = one, other
        if (a, m) == (b, k):
            return f"the same (λ, m) = ({a}, {m}), but not known to be one germ"
        more = names[0] if (a, -m) < (b, -k) else names[1]
        return f"λ {a} and {b}, m {m} and {k}: {more} is the more singular, at these points"

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "first": self.first.id,
            "second": self.second.id,
            "same_class": self.same_class,
            "verdict": self.verdict,
            "columns": [c.plain() for c in self.columns],
        }

    def __str__(self) -> str:
        lines = [f"{self.first.id} and {self.second.id}: {self.verdict}"]
        for page in (self.first, self.second):
            told = " ".join(germ_words(page.row))
            lines.append(f"  {page.id}: {page.row.title}; {told}")
        for c in self.columns:
            mark = "differs" if c.differs else "the same" if c.differs is False else "open"
            if c.differs is False:
                lines.append(f"  {c.column}: {mark}: {_short(str(c.first))}")
            else:
                lines.append(
                    f"  {c.column}: {mark}: {_short(str(c.first))} | {_short(str(c.second))}"
                )
        return "\n".join(lines)


_OWN = {"where", "certificate", "probes", "reading", "llc", "valuation", "germ_id"}


def compare(first: str, second: str, tables: Tables | str | Path | None = None) -> RowComparison:
    """Return two rows side by side, column by column, with which is the more singular.

    Columns that speak of names of variables alone, and readings, are left to the rows' own pages.
    Raises BadInput for an unknown id.

    >>> compare("ade-a2", "ade-a4").verdict
    'λ 5/12 and 7/20, m 1 and 1: ade-a4 is the more singular, at these points'
    >>> compare("ade-a2", "bp-2-3").same_class
    True
    """
    tables = chosen(tables)
    a, b = lookup(first, tables), lookup(second, tables)
    found = []
    for name, one in dict(cells(a.stratum)).items():
        other = b.cell(name)
        known = [c.status in ("value", "bounds") for c in (one, other)]
        if name in _OWN or not any(known):
            continue
        decided = one.status == other.status == "value"
        differs = plain(one.value) != plain(other.value) if decided else None
        found.append(ComparedCell(column=name, first=one, second=other, differs=differs))
    ids = a.stratum.class_id, b.stratum.class_id
    same = ids[0].value == ids[1].value if all(c.status == "value" for c in ids) else None
    return RowComparison(a, b, same, tuple(found))


def _pair(line: StratumLine) -> tuple[Fraction, int] | None:
    if line.lam.status == line.m.status == "value":
        return Fraction(str(line.lam.value)), int(line.m.value)
    return None


def same_class(
    id: str, tables: Tables | str | Path | None = None, *, exact: bool = False
) -> list[str]:
    """Return the ids of the rows with the germ of a row, itself among them.

    exact: only up to renaming and signs; else up to the moves that the verifier replays too. Rows
    of one class have one (λ, m); rows that share (λ, m) need not be of one class.
    Raises BadInput for an unknown id.

    >>> "bp-2-3" in same_class("ade-a2")
    True
    """
    tables = chosen(tables)
    page = lookup(id, tables)
    wanted = page.stratum
    cell = wanted.germ_id if exact else wanted.class_id
    if cell.status != "value":
        return [page.id]
    return [
        line.row_id
        for line in tables.strata
        if line.on_file and (line.germ_id if exact else line.class_id).value == cell.value
    ]


def neighbours(id: str, tables: Tables | str | Path | None = None) -> list[Edge]:
    """Return the edges at a row, in both directions, each with its kind and its evidence.

    Raises BadInput for an unknown id.

    >>> sorted({e.kind for e in neighbours("ade-a3")})
    ['adjacency', 'class']
    """
    return list(lookup(id, tables).edges)
