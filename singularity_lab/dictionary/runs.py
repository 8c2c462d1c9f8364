"""Training runs in the dictionary: readings by step, and the edge ``trained into``.

A run comes as a file of JSON lines, one for each reading: run, model, step, n, value, low, high,
outcome, stratum (the one that the reading names, null where it names none) and row (of that stratum
in the catalog, null where it has none); perhaps device, level and loss. Readings along a run are
estimates at one n, so that they are not held against λ; the row that they name is a name by
nearness.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from singularity_lab.dictionary.readings import LEVEL, NO_LAMBDA
from singularity_lab.dictionary.schema import Cell, Edge, ReadingLine, StratumLine, Tables
from singularity_lab.errors import BadInput


class RunLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reading along a run, as a line of a file.

    >>> line = RunLine("r0", "net", 10, 1e4, 5.1, 4.9, 5.3, "ok", "rank 0", "rrr-4-4-3-r0")
    >>> line.device
    'not told'
    """

    run: str
    model: str
    step: int
    n: float
    value: float | None
    low: float | None
    high: float | None
    outcome: str
    stratum: str | None
    row: str | None
    device: str = "not told"
    level: float = LEVEL
    loss: float | None = None


def read_runs(file: str | Path) -> list[RunLine]:
    """The lines of a file. Raises BadInput for one that is none, with its number."""
    path = Path(file)
    try:
        texts = path.read_bytes().splitlines()
    except OSError as error:
        raise BadInput(f"file: one of runs is needed, received {path.name}: {error}") from None
    decoder = msgspec.json.Decoder(RunLine)
    found = []
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            found.append(decoder.decode(text))
        except msgspec.MsgspecError as error:
            raise BadInput(f"file: {path.name}, line {number}: {error}") from None
    return found


def run_readings(lines: Iterable[RunLine], strata: Sequence[StratumLine]) -> list[ReadingLine]:
    """The readings of runs. Raises BadInput for a row that the dictionary does not have."""
    own = {line.row_id: line for line in strata if line.on_file}
    return [_reading(line, own) for line in lines]


def _reading(line: RunLine, own: dict[str, StratumLine]) -> ReadingLine:
    none = Cell.unknown(f"no number: {line.outcome}")

    def number(value: float | None) -> Cell:
        return none if value is None else Cell.of(value)

    exact = Cell.not_applicable("the reading names no stratum")
    if line.row is not None:
        if line.row not in own:
            raise BadInput(f"row: the dictionary has no row {line.row[:80]!r} (run {line.run})")
        exact = own[line.row].lam
    elif line.stratum is not None:
        exact = Cell.no_device("the stratum that the reading names has no row")
    settings: dict[str, object] = {"n": line.n}
    if line.loss is not None:
        settings["loss"] = line.loss
    return ReadingLine(
        row_id=line.row or "",
        stratum_id=line.stratum or "",
        run_id=line.run,
        step=line.step,
        device=line.device,
        settings=settings,
        seed=-1,
        n=int(line.n),
        value=number(line.value),
        low=number(line.low),
        high=number(line.high),
        level=str(line.level),
        multiplicity=Cell.no_device("a reading along a run does not speak of m"),
        orders=Cell.no_device("this reading did not look at the samples"),
        outcome=line.outcome,
        note=line.model,
        exact=exact,
        inside=Cell.not_applicable(NO_LAMBDA),
        cost=0.0,
        evaluations=0,
        command="",
        code="",
    )


def trained_edges(readings: Iterable[ReadingLine]) -> list[Edge]:
    """An edge from each run to the row that its last believed reading names, at the largest n.

    The evidence tells that reading, and the strata that the run passed.
    """
    runs: dict[str, list[ReadingLine]] = {}
    for r in readings:
        if r.run_id and r.row_id and r.outcome == "ok":
            runs.setdefault(r.run_id, []).append(r)
    edges = []
    for name, found in runs.items():
        n = max(r.n for r in found)
        path = sorted((r for r in found if r.n == n), key=lambda r: r.step)
        last = path[-1]
        passed = list(dict.fromkeys(r.stratum_id for r in path))
        told = f"{last.value} [{last.low}, {last.high}] at step {last.step:,}, n = {n:,}"
        way = f"; it passed {', '.join(passed)}" if len(passed) > 1 else ""
        why = f"{last.note}: the last reading, {told}, names {last.stratum_id}{way}"
        edges.append(Edge(name, last.row_id, "trained into", 1, why))
    return edges


def with_runs(tables: Tables, lines: Iterable[RunLine]) -> Tables:
    """Tables with the readings and edges of runs; those of a run that they had are replaced."""
    new = run_readings(lines, tables.strata)
    again = {r.run_id for r in new}
    readings = [r for r in tables.readings if r.run_id not in again] + new
    edges = [e for e in tables.edges if e.kind != "trained into"] + trained_edges(readings)
    return msgspec.structs.replace(tables, readings=readings, edges=edges)
