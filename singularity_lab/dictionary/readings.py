"""The table ``readings``: what devices measured at rows, beside the λ that was proved.

A device sees the loss of a row and never its value. Failures stay in the table, with the device's
own word for them. A reading of ``llc`` or one of its kin is no λ but the local learning coefficient
estimate at one n, so that it is not held against λ; see docs/devices.md.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from singularity_lab.algebra.invariants import Bounds
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.store import bounds_of
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.dictionary.schema import Cell, ReadingLine

LEVEL = 0.9  # of an interval that does not say it
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
    multiplicity, outcome, reason, cpu_seconds, evaluations, claims_lambda; perhaps level. bounds:
    what is proved of λ. version: of the device, in words, where another version made the reading.

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
        outcome=reading["outcome"],
        note=note,
        exact=exact,
        inside=inside,
        cost=reading["cpu_seconds"],
        evaluations=reading["evaluations"],
        command=_command(row, reading["device"], reading["seed"], settings),
    )


def _finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _command(row: str, device: str, seed: int, settings: Mapping[str, Any]) -> str:
    """What takes the reading again in a shell."""
    words = ["singlab", "measure", device, row, "--seed", str(seed)]
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

    settings: of the device. evaluations: a limit. Raises BadInput for an unknown device or setting.

    >>> from singularity_lab.catalog.load import load
    >>> line = read_row(load("nc-1-1"), "hessian")
    >>> line.value.value, line.exact.value, line.inside.value
    (0.0, '1/2', False)
    """
    from singularity_lab.catalog.loss import loss
    from singularity_lab.spectroscopes import measure

    given = dict(settings or {})
    r = measure(device, loss(entry), seed=seed, evaluations=evaluations, **given)
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
        "outcome": str(r.outcome),
        "reason": r.reason,
        "cpu_seconds": round(r.cost.cpu_seconds, 2),
        "evaluations": r.cost.evaluations + r.cost.gradients,
        "claims_lambda": "lambda" in r.estimates,
    }
    stratum = entry.stratum()
    name = stratum.name if stratum is not None else "point"
    bounds = bounds_of(ground_truth(entry, 0).certificates)
    return reading_line(entry.id, found, bounds, stratum=name)


def _key(line: ReadingLine) -> tuple[Any, ...]:
    settings = tuple(sorted((k, repr(v)) for k, v in line.settings.items()))
    return line.row_id, line.device, settings, line.seed, line.run_id, line.step


def with_readings(old: Sequence[ReadingLine], new: Iterable[ReadingLine]) -> list[ReadingLine]:
    """The old lines, those that were read again replaced, and the new ones after them."""
    found = {_key(line): line for line in old}
    found.update((_key(line), line) for line in new)
    return list(found.values())
