"""From the five tables to what the pages show: one record a row, one a model, the index, and what
is said once for all. Nothing is computed of λ here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.atlas.germ_pictures import (
    default_slice,
    germ_record,
    germ_sign,
    newton_record,
    term_variables,
)
from singularity_lab.dictionary.model_phases import NOT_TWO_SIDED, truncations
from singularity_lab.dictionary.phases import Phases
from singularity_lab.dictionary.schema import Cell, Edge, Row, StratumLine, Tables
from singularity_lab.errors import BadInput

Commands = Callable[[Row, StratumLine | None], Mapping[str, Mapping[str, str]]]
INDEX = (
    *("ids", "titles", "aliases", "families", "d", "status", "lower", "upper", "m", "tags"),
    "notes",
    *("classes", "models", "signs", "shard"),
)
NO_POLYNOMIAL = "the loss of this model is no polynomial: there is no germ to draw"


@dataclass
class Joined:
    """The tables by the keys that pages need."""

    tables: Tables
    strata: dict[str, list[StratumLine]] = field(default_factory=lambda: defaultdict(list))
    models: dict[str, list[StratumLine]] = field(default_factory=lambda: defaultdict(list))
    readings: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    edges: dict[str, list[Edge]] = field(default_factory=lambda: defaultdict(list))
    certificates: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Tables) -> Joined:
        """The tables, joined."""
        self = cls(tables)
        for line in tables.strata:
            self.strata[line.row_id].append(line)
            self.models[line.model_id].append(line)
        for reading in tables.readings:
            self.readings[reading.row_id].append(reading)
        for edge in tables.edges:
            for end in {row_of(edge.source), row_of(edge.target)}:
                self.edges[end].append(edge)
        self.certificates = {c.digest: c for c in tables.certificates}
        return self

    def own(self, row: Row) -> StratumLine | None:
        """The line of ``strata`` at the row's own point."""
        lines = self.strata[row.id]
        return next((s for s in lines if s.on_file), lines[0] if lines else None)


def row_of(end: str) -> str:
    """The id of the row that an end of an edge names: ``row`` or ``row#stratum``."""
    return end.partition("#")[0]


def sides(cell: Cell) -> tuple[str | None, str | None]:
    """The proved lower and upper side of a cell, equal for a value.

    >>> sides(Cell.of("5/12")), sides(Cell.between("1", None)), sides(Cell.unknown("no time"))
    (('5/12', '5/12'), ('1', None), (None, None))
    """
    if cell.status == "value":
        return str(cell.value), str(cell.value)
    return (cell.lower, cell.upper) if cell.status == "bounds" else (None, None)


def row_page(
    row: Row, joined: Joined, problem: LocalProblem | None, commands: Commands
) -> dict[str, Any]:
    """All that the page of one row is drawn from."""
    own = joined.own(row)
    lines = [s for s in joined.strata[row.id] if s is not own]
    germ, why = germ_record(problem) if problem is not None else (None, NO_POLYNOMIAL)
    newton, no_newton = newton_record(problem) if problem is not None else (None, NO_POLYNOMIAL)
    divisors = own.divisors.value if own is not None else None
    digests = own.certificate.value if own is not None else None
    return {
        "row": plain(row),
        "germ": germ,
        "germ_reason": why,
        "newton": newton,
        "newton_reason": no_newton,
        "slice": default_slice(
            row.variables,
            divisors if isinstance(divisors, list) else (),
            term_variables(problem) if problem is not None else (),
        ),
        "strata": [plain(s) for s in ([own] if own is not None else []) + lines],
        "certificates": [
            plain(joined.certificates[d]) for d in digests or () if d in joined.certificates
        ],
        "readings": [plain(r) for r in joined.readings[row.id]],
        "edges": [plain(e) for e in joined.edges[row.id]],
        "commands": {k: dict(v) for k, v in commands(row, own).items()},
    }


def plain(record: msgspec.Struct) -> dict[str, Any]:
    """A record of a table as JSON has it."""
    found: dict[str, Any] = msgspec.to_builtins(record)
    return found


def index(
    joined: Joined, problems: Mapping[str, LocalProblem | None], shards: Mapping[str, int]
) -> dict[str, list[Any]]:
    """The columns that search and lists need, for all rows side by side."""
    columns: dict[str, list[Any]] = {name: [] for name in INDEX}
    for row in joined.tables.rows:
        own = joined.own(row)
        low, high = sides(own.lam) if own is not None else (None, None)
        problem = problems.get(row.id)
        values = {
            "ids": row.id,
            "titles": row.title,
            "aliases": ";".join(row.aliases),
            "families": row.family,
            "d": row.d,
            "status": row.status,
            "lower": low,
            "upper": high,
            "m": int(own.m.value) if own is not None and own.m.status == "value" else None,
            "tags": " ".join(row.tags),
            "notes": row.note,
            "classes": row.class_id.value if row.class_id.status == "value" else "",
            "models": row.model_id,
            "signs": germ_sign(problem) if problem is not None else "",
            "shard": shards[row.id],
        }
        for name, value in values.items():
            columns[name].append(value)
    return columns


_PHASES = ["where", "ranks", "loss", "dimension", "codimension", "lambda", "m", "class_id"]


def model_pages(joined: Joined) -> Iterable[tuple[str, dict[str, Any]]]:
    """What the phases of each model with more than one stratum are drawn from."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in joined.tables.rows:
        rows[row.model_id].append(row)
    closure: dict[str, list[Edge]] = defaultdict(list)
    model_of = {row.id: row.model_id for row in joined.tables.rows}
    for edge in joined.tables.edges:
        if edge.kind == "closure" and row_of(edge.source) in model_of:
            closure[model_of[row_of(edge.source)]].append(edge)
    for name, lines in joined.models.items():
        if name not in rows:
            continue
        first = rows[name][0]
        ladder = _ladder(first.id, joined)
        if len(lines) < 2 and ladder is None:
            continue
        yield (
            name,
            {
                "model_id": name,
                "title": model_title(first),
                "statement": first.statement,
                "strata": [_phase(line) for line in lines],
                "edges": [plain(e) for e in closure[name]],
                "functions": ladder,
            },
        )


def _ladder(id: str, joined: Joined) -> dict[str, Any] | None:
    """The truncations of a linear network's truth as phases, whose losses are those of singular
    values that the page asks for; None for other models, and where a rung is not on file."""
    try:
        rungs = truncations(id)
    except BadInput:  # a row that the catalog has not
        return None
    found: list[dict[str, Any]] = []
    for k, entry in enumerate(rungs):
        line = next((s for s in joined.strata.get(entry.id, ()) if s.on_file), None)
        if line is None:
            return None
        found.append({"name": f"rank {k}", "row": entry.id} | _verdict(line))
    if len(found) < 2:
        return None
    argument = f"Truncations of the truth: {NOT_TWO_SIDED}."
    return {"rank": len(found) - 1, "phases": found, "argument": argument}


def _verdict(line: StratumLine) -> dict[str, Any]:
    record = plain(line)
    return {"lambda": record["lambda"], "m": record["m"]}


def machine_ladder(found: Phases) -> dict[str, Any]:
    """The functions of a machine as phases, whose losses are known."""
    listed = [
        {
            "name": p.name,
            "row": "",
            "loss": str(p.loss),
            "lambda": plain(Cell.of(str(p.value))),
            "m": plain(Cell.of(p.lower[1] if p.lower else None)),
        }
        for p in found.phases
    ]
    return {"rank": None, "phases": listed, "argument": found.argument}


def measured_page(joined: Joined) -> dict[str, Any]:
    """Every reading with a number at a row whose λ is proved, by device and n: those of runs stand
    with their runs."""
    panels: dict[tuple[str, int], dict[str, Any]] = {}
    for row in joined.tables.rows:
        own = joined.own(row)
        for r in joined.readings.get(row.id, ()):
            numbers = [c.value for c in (r.value, r.low, r.high) if c.status == "value"]
            if r.run_id or own is None or own.lam.status != "value" or len(numbers) < 3:
                continue
            name = f"{r.device}, n = {r.n:,}" if r.n else r.device
            first = {"name": name, "device": r.device, "n": r.n, "level": r.level, "lines": []}
            chances = r.multiplicity.value if r.multiplicity.status == "value" else {}
            panels.setdefault((r.device, r.n), first)["lines"].append(
                [
                    row.id,
                    row.d,
                    str(own.lam.value),
                    own.m.value if own.m.status == "value" else None,
                    *numbers,
                    int(r.inside.value) if r.inside.status == "value" else None,
                    r.outcome,
                    int(max(chances, key=chances.__getitem__)) if chances else None,
                ]
            )
    return {"panels": [panels[key] for key in sorted(panels, key=lambda k: (k[1], k[0]))]}


def model_title(row: Row) -> str:
    """A title for the model of a row: its builder and arguments, or the row's own title."""
    if not row.builder:
        return row.title or row.id
    given = ", ".join(f"{k} {_short(v)}" for k, v in row.parameters.items())
    return f"{row.family_title or row.builder}: {given}" if given else row.family_title


def _short(value: Any) -> str:
    text = "·".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 24 else text[:23] + "…"


def _phase(line: StratumLine) -> dict[str, Any]:
    record = plain(line)
    kept = {k: record[k] for k in ("row_id", "stratum_id", "model_id", "on_file")}
    return kept | {k: record[k] for k in _PHASES}


def classes(tables: Tables) -> dict[str, list[str]]:
    """The rows of each class that has more than one."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in tables.rows:
        if row.class_id.status == "value":
            found[str(row.class_id.value)].append(row.id)
    return {name: ids for name, ids in found.items() if len(ids) > 1}
