"""Training runs as the trajectory view shows them: from the table of readings, and from files that
``Trajectory.to_json`` wrote."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from singularity_lab.dictionary.schema import Cell, ReadingLine, Tables
from singularity_lab.errors import BadInput

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def run_pages(tables: Tables, files: Sequence[tuple[str, Any]] = ()) -> dict[str, dict[str, Any]]:
    """The record of each run by its name: title, rows in the order of steps, and the ladder of
    exact values it may be read against.

    Raises BadInput for a file that is no trajectory.
    """
    found: dict[str, dict[str, Any]] = {}
    of_run: dict[tuple[str, int], list[ReadingLine]] = defaultdict(list)
    for reading in tables.readings:
        if reading.run_id:
            of_run[reading.run_id, reading.n].append(reading)
    into: dict[str, list[dict[str, str]]] = defaultdict(list)
    for edge in tables.edges:
        if edge.kind == "trained into":
            into[edge.source].append({"target": edge.target, "evidence": edge.evidence})
    for (run, n), readings in of_run.items():
        name = f"{run}, n = {n}" if n else run
        ordered = sorted(readings, key=lambda r: r.step)
        rows = [_row(r) for r in ordered]
        ladder = sorted({str(r.exact.value) for r in ordered if r.exact.status == "value"})
        found[_slug(name)] = {
            "title": name,
            "device": ordered[0].device,
            "about": ordered[0].note,
            "rows": rows,
            "ladder": [{"name": "exact", "value": value} for value in ladder],
            "into": into[run],
        }
    for name, document in files:
        found[_slug(name)] = _trajectory(name, document)
    return found


def _slug(name: str) -> str:
    return "-".join(_NAME.findall(name)) or "run"


def _number(cell: Cell) -> float | None:
    return float(cell.value) if cell.status == "value" else None


def _row(r: ReadingLine) -> dict[str, Any]:
    return {
        "step": r.step,
        "loss": r.settings.get("loss"),
        "value": _number(r.value),
        "low": _number(r.low),
        "high": _number(r.high),
        "outcome": r.outcome,
        "reason": "",
        "row_id": r.row_id,
        "stratum_id": r.stratum_id,
        "probes": r.settings.get("probes", {}),
    }


def _trajectory(name: str, document: Any) -> dict[str, Any]:
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(r, dict) and "step" in r for r in rows):
        raise BadInput(f"runs: {name} is no trajectory as singlab track --out FILE.json writes one")
    kept = ("step", "loss", "value", "low", "high", "outcome", "reason", "probes", "n")
    return {
        "title": name,
        "device": document.get("device", ""),
        "about": document.get("about", ""),
        "rows": [{k: row.get(k) for k in kept} for row in rows],
        "ladder": [],
        "into": [],
    }
