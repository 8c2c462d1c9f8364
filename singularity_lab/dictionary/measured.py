"""The measured columns of ``strata``: what devices read at the germ, beside what is proved of it.

``reading`` is the one calibrated reading of λ that the cell stands for, ``llc`` the estimates at
several n, ``valuation`` the orders of the coordinates where the samples lie, held against the
divisors that carry λ. All three come from the table ``readings``, and nothing is measured here. Of
germs that are equal up to renaming and signs one is read, and the cells of the others name its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from singularity_lab.dictionary.columns import carrying
from singularity_lab.dictionary.concepts import scaled_weights
from singularity_lab.dictionary.readings import LARGEST, WIDTH, claims
from singularity_lab.dictionary.schema import Cell, ReadingLine, Row, StratumLine
from singularity_lab.dictionary.tables import is_dictionary, read_tables, write_tables

COLUMNS = ("reading", "llc", "valuation")
NOT_READ = Cell.unknown("not read within the time of this dictionary")
LATER = Cell.unknown("measured columns are filled from the table of readings")
SHOWN = 12  # tied divisors that a cell lists at most
ERRORS, BIAS = 3.0, 0.05  # standard errors, and a bias at finite depth, within which orders agree


@dataclass(frozen=True)
class Comparison:
    """Measured orders beside the divisors that carry λ.

    divisors: those with weights of the germ's own coordinates, K of order 1. nearest: the point of
    the polytope of their weights that is nearest to the measured orders, by variable. furthest: the
    largest difference; within: whether each is at most 3 standard errors + 0.05. spanned: how many
    of them are affinely independent: where λ has the multiplicity m, m divisors that meet carry it,
    and fewer than m do not tell where samples lie.
    """

    divisors: tuple[Mapping[str, Any], ...]
    nearest: Mapping[str, float]
    furthest: float
    within: bool
    spanned: int


def compare(
    orders: Mapping[str, Sequence[float]], divisors: Iterable[Mapping[str, Any]]
) -> Comparison | None:
    """Hold orders {variable: (order, error)} against divisors; None where none has weights of the
    coordinates themselves.

    Several divisors that carry λ tie: samples spread over the polytope of their weights, and any
    point of it agrees.

    >>> tied = [{"k": 2, "weights": {"x": "1"}, "chart": 0}, {"k": 2, "weights": {"y": "1"},
    ...     "chart": 0}]
    >>> found = compare({"x": (0.26, 0.01), "y": (0.24, 0.01)}, tied)
    >>> len(found.divisors), found.within, round(found.furthest, 9)
    (2, True, 0.0)
    >>> compare({"x": (0.5, 0.01), "y": (0.5, 0.01)}, tied).within
    False
    """
    from scipy.optimize import nnls

    names = list(orders)
    own = tuple(d for d in divisors if d["chart"] == 0 and set(d["weights"]) <= set(names))
    if not own:
        return None
    scaled = [scaled_weights(d) for d in own]
    corners = np.array([[float(w.get(v, 0)) for v in names] for w in scaled])
    values, errors = np.array([orders[v] for v in names], dtype=float).T
    heavy = 1e3  # makes the shares add up to 1
    shares, _ = nnls(np.vstack([corners.T, np.full(len(own), heavy)]), np.append(values, heavy))
    nearest = shares @ corners / shares.sum()
    off = np.abs(values - nearest)
    within = bool((off <= ERRORS * errors + BIAS).all())
    spanned = int(np.linalg.matrix_rank(np.hstack([corners, np.ones((len(own), 1))])))
    return Comparison(
        own, dict(zip(names, nearest.tolist(), strict=True)), float(off.max()), within, spanned
    )


def _best(lines: Iterable[ReadingLine]) -> ReadingLine | None:
    """The reading that a cell stands for: of the device as it is now, in the smallest box, one that
    succeeded, one that looked at the samples, the first seed."""

    def rank(line: ReadingLine) -> tuple[bool, float, bool, bool, int]:
        return (
            not claims(line),
            min(WIDTH, float(line.settings.get("half_width", WIDTH))),
            line.outcome != "ok",
            line.orders.status != "value",
            line.seed,
        )

    claiming = [line for line in lines if line.inside.status != "not applicable"]
    return min(claiming, key=rank, default=None)


def _reading_cell(line: ReadingLine) -> Cell:
    if line.value.status != "value":
        return Cell.unknown(f"{line.device}: {line.outcome}: {line.note or 'no number'}"[:240])
    value = {
        "row": line.row_id,
        "device": line.device,
        "seed": line.seed,
        "settings": line.settings,
        "value": line.value.value,
        "low": line.low.value,
        "high": line.high.value,
        "level": line.level,
        "inside": line.inside.value if line.inside.status == "value" else None,
        "outcome": line.outcome,
    }
    return Cell.of(value, line.note)


def _llc_cell(lines: Iterable[ReadingLine]) -> Cell:
    found = sorted(
        (r for r in lines if r.n and r.device.startswith("llc") and r.value.status == "value"),
        key=lambda r: (r.device, r.n, r.seed),
    )
    if not found:
        return Cell.unknown("no local learning coefficient was estimated at this row")
    value = [
        {"device": r.device, "n": r.n, "value": r.value.value, "low": r.low.value,
         "high": r.high.value, "outcome": r.outcome}
        for r in found
    ]  # fmt: skip
    return Cell.of(value, f"row {found[0].row_id}; each at one n: no λ is claimed")


def _valuation_cell(line: ReadingLine, divisors: Cell, m: Cell) -> Cell:
    """The orders of a reading held against the divisors of the row that was read, m of its λ."""
    if line.orders.status != "value":
        return msgspec.structs.replace(line.orders, reason=f"{line.device}: {line.orders.reason}")
    orders = line.orders.value
    value: dict[str, Any] = {"row": line.row_id, "orders": orders, "outcome": line.outcome}
    found = compare(orders, carrying(divisors))
    if found is None:
        return Cell.of(
            value | {"divisors": [], "tied": 0, "within": None},
            "no divisor that carries λ has weights of the coordinates: nothing to compare with",
        )
    shown = [
        {
            "k": d["k"],
            "h": d["h"],
            "weights": {v: str(w) for v, w in scaled_weights(d).items() if w},
        }
        for d in found.divisors[:SHOWN]
    ]
    value |= {"divisors": shown, "tied": len(found.divisors)}
    if m.status != "value" or found.spanned < int(m.value):
        told = (
            f"{found.spanned} of the {m.value} that meet have" if m.value else "m is not decided:"
        )
        why = f"{told} weights of the coordinates: too few to judge by"
        return Cell.of(value | {"within": None}, why)
    value |= {
        "nearest": {v: round(x, 4) for v, x in found.nearest.items()},
        "furthest": round(found.furthest, 4),
        "within": found.within,
    }
    tie = f"{len(found.divisors)} divisors tie: " if len(found.divisors) > 1 else ""
    return Cell.of(value, f"{tie}slopes of log|coordinate| in log ε beside the weights")


def _why_not(line: StratumLine, row: Row) -> Cell | None:
    """Why a stratum is to have no reading; None where it is to have one."""
    if not row.generators:
        return Cell.not_applicable("no λ is proved here for a reading to be held against")
    if row.d > LARGEST:
        return Cell.no_device(
            f"{row.d} parameters: one reading a row is taken up to {LARGEST}, where the device "
            "was calibrated"
        )
    if line.lam.status != "value":
        return Cell.not_applicable("λ is not decided, so that no reading can be held against it")
    if not line.on_file:
        return Cell.no_device("devices are pointed at rows, and no row stands at this stratum")
    return None


def with_measurements(
    lines: Sequence[StratumLine], rows: Sequence[Row], readings: Iterable[ReadingLine]
) -> list[StratumLine]:
    """The lines of ``strata`` with their measured columns.

    A line that has readings of its own shows them; else those of a germ that is the same up to
    renaming and signs, and says so; else why there are none.
    """
    by_row: dict[str, list[ReadingLine]] = {}
    for reading in readings:
        if not reading.run_id:
            by_row.setdefault(reading.row_id, []).append(reading)
    known = {row.id: row for row in rows}
    own: dict[tuple[str, str], dict[str, Cell]] = {}
    of_germ: dict[str, dict[str, Cell]] = {}
    for line in lines:
        found = _cells(line, by_row.get(line.row_id, []) if line.on_file else [])
        own[line.row_id, line.stratum_id] = found
        if line.germ_id.status == "value":
            shared = of_germ.setdefault(line.germ_id.value, {})
            for name, cell in found.items():
                if cell.status == "value":
                    shared.setdefault(name, _of_another(cell, line.row_id))
    filled = []
    for line in lines:
        here = own[line.row_id, line.stratum_id]
        shared = of_germ.get(str(line.germ_id.value), {})
        why = _why_not(line, known[line.row_id])
        why = why and why.marked(line.lam.cut)
        cells: dict[str, Cell] = {}
        for name in COLUMNS:
            best = here.get(name)
            if best is None or best.status != "value":
                best = shared.get(name) or why or best
            cells[name] = best or NOT_READ
        filled.append(msgspec.structs.replace(line, **cells))
    return filled


def _cells(line: StratumLine, readings: Sequence[ReadingLine]) -> dict[str, Cell]:
    if not readings:
        return {}
    cells = {"llc": _llc_cell(readings)}
    best = _best(readings)
    if best is not None:
        cells["reading"] = _reading_cell(best)
        cells["valuation"] = _valuation_cell(best, line.divisors, line.m)
    return cells


def _of_another(cell: Cell, row: str) -> Cell:
    why = f"read at row {row}, whose germ is the same up to renaming and signs"
    return msgspec.structs.replace(cell, route=f"{cell.route}; {why}" if cell.route else why)


def refresh_measured(folder: Path) -> None:
    """Fill the measured columns of a folder's tables anew from its readings; nothing to do where
    there are readings alone."""
    if not is_dictionary(folder):
        return
    tables = read_tables(folder)
    tables.strata = with_measurements(tables.strata, tables.rows, tables.readings)
    write_tables(tables, folder)
