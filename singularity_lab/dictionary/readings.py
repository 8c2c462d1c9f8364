"""The table ``readings``: what devices measured at rows, beside the λ that was proved.

A device sees the loss of a row and never its value. Failures stay in the table, with the device's
own word for them. A reading of ``llc`` or one of its kin is no λ but the local learning coefficient
estimate at one n, so that it is not held against λ; see docs/devices.md.
"""

from __future__ import annotations

import inspect
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from singularity_lab.algebra.invariants import Bounds
from singularity_lab.calibration.versions import of_module
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.store import bounds_of
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.dictionary.schema import Cell, ReadingLine, Row, Tables
from singularity_lab.errors import SingularityLabError

LEVEL = 0.9  # of an interval that does not say it
EARLIER = "by an earlier version of the device"
CODE = 16  # digits of the hash of a device's code
NO_LAMBDA = "no λ is claimed: an estimate at one n"


def reading_line(
    row: str,
    reading: Mapping[str, Any],
    bounds: Bounds,
    *,
    stratum: str = "point",
    version: str = "",
) -> ReadingLine:
    """The line of a reading.

    reading: with the keys device, seed, settings (those that were given), value, low, high,
    multiplicity, outcome, reason, cpu_seconds, evaluations, claims_lambda; perhaps level, code,
    limit (of evaluations), and orders, a mapping {variable: (order, standard error)}. bounds: what
    is proved of λ.
    version: of the device, in words, where another version made the reading.

    >>> taken = {"device": "volume", "seed": 0, "settings": {}, "value": 0.42, "low": 0.4,
    ...     "high": 0.45, "multiplicity": {"1": 0.9, "2": 0.1}, "outcome": "ok", "reason": "",
    ...     "cpu_seconds": 3.0, "evaluations": 10, "claims_lambda": True}
    >>> line = reading_line("ade-a2", taken, ground_truth("ade-a2", 0).bounds)
    >>> str(line.exact), line.inside.value, line.command
    ('5/12', True, 'singlab measure volume ade-a2 --seed 0')
    """
    none = Cell.unknown(f"no number: {reading['outcome']}")
    number = {
        name: Cell.of(value) if _finite(value := reading[name]) else none
        for name in ("value", "low", "high")
    }
    low, high = bounds.lower, bounds.upper
    exact = Cell.unknown("λ is not proved")
    if low is not None and high is not None and low.value == high.value:
        exact = Cell.of(str(low.value))
    elif low is not None or high is not None:
        below, above = (None if side is None else str(side.value) for side in (low, high))
        exact = Cell.between(below, above, "proved bounds")
    inside = Cell.not_applicable(NO_LAMBDA)
    if reading["claims_lambda"]:
        inside = Cell.unknown("there is no interval, or no proved λ")
        if exact.status == "value" and number["low"] is not none and number["high"] is not none:
            assert low is not None
            at = float(low.value)
            inside = Cell.of(bool(reading["low"] <= at <= reading["high"]))
    chances = reading["multiplicity"]
    settings = dict(reading["settings"])
    note = "; ".join(text for text in (reading["reason"], version) if text)
    return ReadingLine(
        row_id=row,
        stratum_id=stratum,
        run_id="",
        step=-1,
        device=reading["device"],
        settings=settings,
        seed=reading["seed"],
        n=int(settings.get("n", 0)),
        value=number["value"],
        low=number["low"],
        high=number["high"],
        level=str(reading.get("level", LEVEL)),
        multiplicity=Cell.of({str(m): p for m, p in chances.items()})
        if chances
        else Cell.no_device(f"{reading['device']} does not speak of m here"),
        orders=_orders(reading),
        outcome=reading["outcome"],
        note=note,
        exact=exact,
        inside=inside,
        cost=reading["cpu_seconds"],
        evaluations=reading["evaluations"],
        command=_command(row, reading["device"], reading["seed"], settings, reading.get("limit")),
        code=reading.get("code", ""),
    )


def _orders(reading: Mapping[str, Any]) -> Cell:
    """The orders of the coordinates, to four digits, or why there are none."""
    orders = reading.get("orders")
    if orders is None:
        return Cell.no_device("this reading did not look at the samples")
    if not orders:
        return Cell.unknown("too few levels for a slope")
    return Cell.of({name: [round(x, 4) for x in pair] for name, pair in orders.items()})


def _finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _command(
    row: str, device: str, seed: int, settings: Mapping[str, Any], limit: float | None
) -> str:
    """What takes the reading again in a shell, within the evaluations that it had."""
    words = ["singlab", "measure", device, row, "--seed", str(seed)]
    if limit is not None:
        words += ["--evaluations", f"{limit:g}"]
    for name, value in settings.items():
        words += ["--set", f"{name}={value}"]
    return shlex.join(words)


def read_row(
    entry: Entry,
    device: str,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    *,
    evaluations: float | None = None,
) -> ReadingLine:
    """Point a device at a row, and return the line of its reading.

    With ``volume`` the orders of the coordinates are read off the same samples, in a box that
    reaches no further than halfway to the other strata that the model names (:func:`reach`).
    settings: of the device. evaluations: a limit. Raises BadInput for an unknown device or setting.

    >>> from singularity_lab.catalog.load import load
    >>> line = read_row(load("nc-1-1"), "hessian")
    >>> line.value.value, line.exact.value, line.inside.value
    (0.0, '1/2', False)
    """
    from singularity_lab.catalog.loss import loss
    from singularity_lab.spectroscopes import measure
    from singularity_lab.spectroscopes.directions import measured_orders
    from singularity_lab.spectroscopes.meter import Budget

    given = dict(settings or {})
    near = reach(entry) if device == "volume" else None
    if near is not None:
        given.setdefault("half_width", near)
    seen = loss(entry)
    orders = None
    if device == "volume":
        budget = Budget.of(None, evaluations)
        r, found_orders = measured_orders(seen, seed=seed, budget=budget, **given)
        pairs = zip(found_orders.values, found_orders.errors, strict=True)
        orders = dict(zip(entry.problem().variables, pairs, strict=False))
    else:
        r = measure(device, seen, seed=seed, evaluations=evaluations, **given)
    e = r.estimate
    found = {
        "device": r.device,
        "seed": seed,
        "settings": given,
        "value": e.value,
        "low": e.low,
        "high": e.high,
        "level": e.level,
        "multiplicity": r.multiplicity,
        "orders": orders,
        "outcome": str(r.outcome),
        "reason": r.reason,
        "cpu_seconds": round(r.cost.cpu_seconds, 2),
        "evaluations": r.cost.evaluations + r.cost.gradients,
        "claims_lambda": "lambda" in r.estimates,
        "code": device_code(device),
        "limit": evaluations,
    }
    stratum = entry.stratum()
    name = stratum.name if stratum is not None else "point"
    bounds = bounds_of(ground_truth(entry, 0).certificates)
    return reading_line(entry.id, found, bounds, stratum=name)


WIDTH = 0.5  # half of the side of the box in which `volume` reads


def reach(entry: Entry) -> float | None:
    """Return half the distance from the point of a row to the other strata that its model names
    (the largest difference of a coordinate), where this is less than the device's own half width;
    None where the device reads near the point as it is, and at the deepest stratum, which has the
    least λ of all.

    A stratum may lie near one at which λ is less; the germ is the same in every small box.

    >>> from singularity_lab.catalog.load import load
    >>> reach(load("gauss-2-1d-far")), reach(load("ade-a2"))
    (0.125, None)
    """
    own = entry.stratum()
    if own is None or own.deepest or not entry.polynomial:
        return None
    far = [
        max(abs(x - y) for x, y in zip(own.point, other.point, strict=True))
        for other in entry.model().strata
        if other.point != own.point
    ]
    least = min(far, default=None)
    return None if least is None or least >= 2 * WIDTH else float(least) / 2


def _key(line: ReadingLine) -> tuple[Any, ...]:
    settings = tuple(sorted((k, repr(v)) for k, v in line.settings.items()))
    return line.row_id, line.device, settings, line.seed, line.run_id, line.step


def with_readings(old: Sequence[ReadingLine], new: Iterable[ReadingLine]) -> list[ReadingLine]:
    """The old lines, those that were read again replaced, and the new ones after them."""
    found = {_key(line): line for line in old}
    found.update((_key(line), line) for line in new)
    return list(found.values())


LARGEST = 30  # parameters up to which every proved row is to have a reading
CALIBRATED = ("volume", "anneal")  # devices whose intervals claim λ


@lru_cache
def device_code(device: str) -> str:
    """The first digits of the hash of a device's code; empty for one that is not of this package.

    >>> device_code("hessian") == device_code("volume"), device_code("another")
    (False, '')
    """
    from singularity_lab.spectroscopes.registry import find_device

    try:
        module = inspect.getmodule(find_device(device).run)
    except SingularityLabError:
        return ""
    name = "" if module is None else module.__name__
    return of_module(name)[:CODE] if name.startswith("singularity_lab.") else ""


def claims(line: ReadingLine) -> bool:
    """Whether a reading claims λ, and is not marked as one by an earlier version of the device."""
    return line.device in CALIBRATED and EARLIER not in line.note


def rows_to_read(tables: Tables) -> list[Row]:
    """The rows that still need a reading: proved, of at most 30 parameters, one for each germ up to
    renaming and signs; those of few parameters first, and programs before others of more than ten.
    """
    own = {line.row_id: line for line in tables.strata if line.on_file}
    have = {own[r.row_id].germ_id.value for r in tables.readings if claims(r)}
    wanted: dict[str, Row] = {}
    for row in tables.rows:
        line = own[row.id]
        germ = line.germ_id.value if line.germ_id.status == "value" else None
        if line.lam.status == "value" and row.d <= LARGEST and germ not in {None, *have}:
            wanted.setdefault(str(germ), row)

    def rank(row: Row) -> tuple[bool, int]:
        return row.d > 10 and "program" not in row.tags, row.d

    return sorted(wanted.values(), key=rank)
