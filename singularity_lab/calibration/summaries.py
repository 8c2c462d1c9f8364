"""Summaries of measurements by row and by class, and how their numbers are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from singularity_lab.calibration.measurement import NUMBERS, Measurement
from singularity_lab.calibration.statistics import clopper_pearson


@dataclass(frozen=True)
class Summary:
    """A group of measurements of one arm.

    rows, readings: how many; answered: with a value; ok: with an outcome that claims its interval.
    bias, rmse: of the readings themselves, None for a group with several λ. The other errors are
    relative to λ: mean, root mean square, median and upper decile of the absolute value, and the
    worst row by its mean. covered of intervals: over the ok readings; covered_all of intervals_all:
    over every reading with an interval. m_right of m_judged; brier: mean. cpu_seconds, evaluations
    (K and ∇K): medians.
    """

    arm: str
    group: str
    rows: int
    readings: int
    answered: int
    ok: int
    bias: float | None
    rmse: float | None
    relative_bias: float | None
    relative_rmse: float | None
    median_error: float | None
    decile_error: float | None
    worst: tuple[str, float] | None
    level: float | None
    covered: int
    intervals: int
    covered_all: int
    intervals_all: int
    m_right: int
    m_judged: int
    brier: float | None
    cpu_seconds: float | None
    evaluations: float | None

    @property
    def coverage(self) -> float | None:
        """The share of claimed intervals that contain λ."""
        return self.covered / self.intervals if self.intervals else None

    @property
    def coverage_interval(self) -> tuple[float, float] | None:
        """95 % Clopper–Pearson interval of the coverage (readings taken as independent)."""
        return clopper_pearson(self.covered, self.intervals) if self.intervals else None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        out = {name: getattr(self, name) for name in self.__dataclass_fields__}
        interval = self.coverage_interval
        return out | {
            "worst": list(self.worst) if self.worst else None,
            "coverage": self.coverage,
            "coverage_interval": list(interval) if interval else None,
        }


def summarise(arm: str, group: str, members: Sequence[Measurement]) -> Summary:
    """The summary of a group of measurements of one arm."""
    table = np.array([m.numbers for m in members]).T
    said = {name: column[~np.isnan(column)] for name, column in zip(NUMBERS, table, strict=True)}
    relative = said["relative_error"]
    truths = {id(m.truth): m.truth for m in members}  # few: a fraction is slow to hash
    one = len({t.value for t in truths.values()}) == 1
    by_row: dict[str, list[float]] = {}
    for m, x in zip(members, table[NUMBERS.index("relative_error")].tolist(), strict=True):
        if not math.isnan(x):
            by_row.setdefault(m.row.id, []).append(x)
    means = {row: float(np.mean(xs)) for row, xs in by_row.items()}
    covered, ok, level = (table[NUMBERS.index(name)] for name in ("covered", "ok", "level"))
    judged = ~np.isnan(covered)
    claimed = judged & (ok == 1)
    levels = np.unique(level[claimed if claimed.any() else judged])
    absolute = np.abs(relative)
    bias, rmse = _mean(said["error"]), _mean(said["error"] ** 2)
    square = _mean(relative**2)
    return Summary(
        arm=arm,
        group=group,
        rows=len({m.row.id for m in members}),
        readings=len(members),
        answered=sum(m.value is not None for m in members),
        ok=int(ok.sum()),
        bias=bias if one else None,
        rmse=math.sqrt(rmse) if rmse is not None and one else None,
        relative_bias=_mean(relative),
        relative_rmse=None if square is None else math.sqrt(square),
        median_error=float(np.median(absolute)) if len(relative) else None,
        decile_error=float(np.quantile(absolute, 0.9)) if len(relative) else None,
        worst=max(means.items(), key=lambda item: abs(item[1])) if means else None,
        level=float(levels[0]) if len(levels) == 1 and not np.isnan(levels[0]) else None,
        covered=int(covered[claimed].sum()),
        intervals=int(claimed.sum()),
        covered_all=int(covered[judged].sum()),
        intervals_all=int(judged.sum()),
        m_right=int(said["multiplicity_right"].sum()),
        m_judged=len(said["multiplicity_right"]),
        brier=_mean(said["brier"]),
        cpu_seconds=_median(said["cpu_seconds"]),
        evaluations=_median(said["points"]),
    )


def _mean(column: np.ndarray) -> float | None:
    return float(np.mean(column)) if len(column) else None


def _median(column: np.ndarray) -> float | None:
    return float(np.median(column)) if len(column) else None


def _multiplicity_class(m: Measurement) -> str:
    found = m.truth.multiplicity
    return "m open" if found is None else f"m = {found}" if found < 3 else "m ≥ 3"


def _dimension_class(m: Measurement) -> str:
    for low, high in ((1, 2), (3, 4), (5, 10)):
        if m.row.dimension <= high:
            return f"d = {low}–{high}"
    return "d > 10"


# Group headings in reports, with the class of a measurement; the sort key keeps dimensions in
# order.
CLASSES: dict[str, Callable[[Measurement], str]] = {
    "all": lambda m: "all rows",
    "multiplicity": _multiplicity_class,
    "dimension": _dimension_class,
    "family": lambda m: m.row.family,
}
ORDER = ("m = 1", "m = 2", "m ≥ 3", "m open", "d = 1–2", "d = 3–4", "d = 5–10", "d > 10")


def reading_text(members: Sequence[Measurement]) -> str:
    """The reading of a row in a table cell: value and interval, or how it failed; of several seeds
    the mean, and over how many."""
    if not members:
        return "not measured"
    values = [m.value for m in members if m.value is not None]
    first = next((m for m in members if m.value is not None), members[0])
    if first.value is None:
        return first.outcome
    text = f"{sum(values) / len(values):.4g}"
    if len(members) > 1:
        missing = "" if len(values) == len(members) else f" of {len(members)}"
        text += f" over {len(values)}{missing} seeds"
    elif first.low is not None and first.high is not None:
        text += f" [{first.low:.4g}, {first.high:.4g}]"
    other = list(dict.fromkeys(m.outcome for m in members if not m.ok))
    return f"{text} ({', '.join(other)})" if other else text


def percent(x: float | None, digits: int = 1) -> str:
    """A signed percentage, or an en dash.

    >>> percent(-0.2175), percent(None), percent(-1e-9)
    ('−21.8 %', '–', '0.0 %')
    """
    if x is None:
        return "–"
    text = f"{100 * x:+.{digits}f}"
    if float(text) == 0:
        text = text[1:]
    return text.replace("-", "−") + " %"
