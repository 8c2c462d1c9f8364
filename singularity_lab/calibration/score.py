"""Scores: readings joined with the truth; bias, RMSE, coverage, P(m), rank fidelity and cost; per
row and per class.

For readings x₁, …, x_n of a row with proved λ: bias = mean(x) − λ, RMSE = √mean((x − λ)²),
relative errors (x − λ)/λ, coverage = the share of intervals that contain λ, with its own
Clopper–Pearson interval. Tolerances come from the truth, never from a device's own spread. Failures
stay: a reading without a value is counted, and a class is never summed up by a mean alone (median,
upper decile and worst row stand beside it).
"""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.calibration.design import Plan, Row
from singularity_lab.calibration.store import Record
from singularity_lab.errors import BadInput
from singularity_lab.exact.certificate import Certificate
from singularity_lab.files import write_text

if TYPE_CHECKING:
    from singularity_lab.calibration.ledger import ControlRow, LedgerRow
    from singularity_lab.exact.solve import Result
    from singularity_lab.spectroscopes.base import Reading
    from singularity_lab.truth import GroundTruth

__all__ = [
    "Calibration",
    "Measurement",
    "Summary",
    "Truth",
    "clopper_pearson",
    "rank_correlation",
    "score",
]

TIE = 1e-12  # an interval [x, x] contains λ when they agree to rounding


@dataclass(frozen=True)
class Truth:
    """What is proved of a row. status: proved, bracketed, …; method: the kind of proof.

    seconds: CPU time of finding it, or of verifying what was stored.
    """

    bounds: Bounds
    status: str
    method: str = ""
    seconds: float = 0.0
    certificates: tuple[Certificate, ...] = ()

    @classmethod
    def of(cls, row: Row) -> Truth:
        """Ask the proof arm; rows of the catalog have their certificates kept by :mod:`..truth`."""
        started = time.process_time()
        found: GroundTruth | Result
        if row.entry is not None:
            from singularity_lab.truth import ground_truth

            found = ground_truth(row.entry)
            status: str = found.status
        else:
            from singularity_lab.exact.solve import rlct

            assert row.problem is not None  # a row has an entry or a problem
            found = rlct(row.problem)
            status = "proved" if found.exact else "bracketed"
        steps = sum(1 for c in found.certificates for _ in c.steps())
        return cls(
            found.bounds,
            status,
            f"certificate of {steps} steps",
            time.process_time() - started,
            found.certificates,
        )

    @property
    def rlct(self) -> RLCT | None:
        """(λ, m) where both are proved."""
        return self.bounds.lower if self.bounds.exact else None

    @property
    def value(self) -> Fraction | None:
        """λ where it is proved (m may be open)."""
        low, high = self.bounds.lower, self.bounds.upper
        return low.value if low and high and low.value == high.value else None

    @property
    def multiplicity(self) -> int | None:
        """m where it is proved."""
        return self.rlct.multiplicity if self.rlct else None

    def __str__(self) -> str:
        if self.value is not None:
            return str(self.value)
        low, high = self.bounds.lower, self.bounds.upper
        return f"[{low.value if low else 0}, {high.value if high else '∞'}]"


@dataclass(frozen=True)
class Measurement:
    """One reading, or one failure to read, beside the truth. None where there is no number."""

    row: Row
    arm: str
    seed: int
    truth: Truth
    value: float | None
    low: float | None
    high: float | None
    level: float | None
    outcome: str
    reason: str = ""
    probabilities: Mapping[int, float] | None = None  # P(m)
    evaluations: int | None = None
    gradients: int | None = None
    cpu_seconds: float | None = None
    text: str | None = field(default=None, repr=False)  # the reading as JSON

    @cached_property
    def reading(self) -> Reading:
        """The reading itself. Raises BadInput where there is none."""
        from singularity_lab.spectroscopes.base import Reading

        if self.text is None:
            raise BadInput(f"reading: {self.arm} gave none of {self.row.id}: {self.reason}")
        return Reading.from_json(self.text)

    @property
    def ok(self) -> bool:
        """Whether the device claims that its interval means what it says."""
        return self.outcome == "ok"

    @property
    def error(self) -> float | None:
        """Reading − λ."""
        exact = self.truth.value
        return None if self.value is None or exact is None else self.value - float(exact)

    @property
    def relative_error(self) -> float | None:
        """(Reading − λ)/λ; None where λ = 0."""
        exact = self.truth.value
        return None if self.error is None or not exact else self.error / float(exact)

    @property
    def covered(self) -> bool | None:
        """Is λ in the interval? False too when proved bounds lie outside it; None when it cannot be
        said."""
        if self.low is None or self.high is None:
            return None
        low, high = self.truth.bounds.lower, self.truth.bounds.upper
        slack = TIE * max(1.0, abs(self.low), abs(self.high))
        if (low and self.high < float(low.value) - slack) or (
            high and self.low > float(high.value) + slack
        ):
            return False
        return True if self.truth.value is not None else None

    @property
    def multiplicity(self) -> int | None:
        """The most probable m, or None where the device does not speak of m."""
        if not self.probabilities:
            return None
        p = self.probabilities
        return max(p, key=lambda m: (p[m], -m))

    @property
    def multiplicity_right(self) -> bool | None:
        """Is the most probable m the proved one?"""
        if self.multiplicity is None or self.truth.multiplicity is None:
            return None
        return self.multiplicity == self.truth.multiplicity

    @property
    def brier(self) -> float | None:
        """Brier score Σ (P(m) − [m is true])²: 0 is perfect, 2 is certain and wrong."""
        if not self.probabilities or self.truth.multiplicity is None:
            return None
        true = self.truth.multiplicity
        known = {**dict.fromkeys([true], 0.0), **self.probabilities}
        return sum((p - (m == true)) ** 2 for m, p in known.items())

    def to_dict(self) -> dict[str, Any]:
        """One line of the table: plain JSON."""
        m = self.truth.multiplicity
        return {
            "id": self.row.id,
            "family": self.row.family,
            "dimension": self.row.dimension,
            "status": self.truth.status,
            "lambda": str(self.truth.value) if self.truth.value is not None else None,
            "bounds": [str(b.value) if b else None for b in _sides(self.truth.bounds)],
            "multiplicity": m,
            "proof": self.truth.method,
            "device": self.arm,
            "seed": self.seed,
            "reading": self.value,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "covered": self.covered,
            "relative_error": self.relative_error,
            "most_probable_m": self.multiplicity,
            "p_true_m": None
            if not self.probabilities or m is None
            else self.probabilities.get(m, 0.0),
            "outcome": self.outcome,
            "reason": self.reason,
            "evaluations": self.evaluations,
            "gradients": self.gradients,
            "cpu_seconds": self.cpu_seconds,
        }


def _sides(bounds: Bounds) -> tuple[RLCT | None, RLCT | None]:
    return bounds.lower, bounds.upper


# -- statistics -----------------------------------------------------------------------------------


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval for a binomial proportion. Clopper & Pearson 1934.

    >>> low, high = clopper_pearson(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.555, 0.997)
    """
    from scipy.special import betaincinv

    if not 0 <= successes <= trials:
        raise BadInput(f"successes: 0 <= k <= n is needed, received {successes} of {trials}")
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    k, n = successes, trials
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Kendall's τ_b: concordant minus discordant pairs, corrected for ties; None without a pair to
    compare.

    >>> rank_correlation([1, 2, 3], [1.0, 2.5, 2.6])
    1.0
    """
    a = np.sign(np.subtract.outer(np.asarray(x, float), np.asarray(x, float)))
    b = np.sign(np.subtract.outer(np.asarray(y, float), np.asarray(y, float)))
    scale = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / scale if scale else None


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
    errors = [x for m in members if (x := m.error) is not None]
    relative = [x for m in members if (x := m.relative_error) is not None]
    one = len({m.truth.value for m in members}) == 1
    by_row: dict[str, list[float]] = {}
    for m in members:
        if (x := m.relative_error) is not None:
            by_row.setdefault(m.row.id, []).append(x)
    means = {row: float(np.mean(xs)) for row, xs in by_row.items()}
    judged = [m for m in members if m.covered is not None]
    claimed = [m for m in judged if m.ok]
    right = [x for m in members if (x := m.multiplicity_right) is not None]
    briers = [x for m in members if (x := m.brier) is not None]
    seconds = [m.cpu_seconds for m in members if m.cpu_seconds is not None]
    points = [m.evaluations + (m.gradients or 0) for m in members if m.evaluations is not None]
    levels = {m.level for m in claimed or judged}
    absolute = np.abs(relative)
    return Summary(
        arm=arm,
        group=group,
        rows=len({m.row.id for m in members}),
        readings=len(members),
        answered=sum(m.value is not None for m in members),
        ok=sum(m.ok for m in members),
        bias=float(np.mean(errors)) if errors and one else None,
        rmse=float(np.sqrt(np.mean(np.square(errors)))) if errors and one else None,
        relative_bias=float(np.mean(relative)) if relative else None,
        relative_rmse=float(np.sqrt(np.mean(np.square(relative)))) if relative else None,
        median_error=float(np.median(absolute)) if relative else None,
        decile_error=float(np.quantile(absolute, 0.9)) if relative else None,
        worst=max(means.items(), key=lambda item: abs(item[1])) if means else None,
        level=levels.pop() if len(levels) == 1 else None,
        covered=sum(bool(m.covered) for m in claimed),
        intervals=len(claimed),
        covered_all=sum(bool(m.covered) for m in judged),
        intervals_all=len(judged),
        m_right=sum(right),
        m_judged=len(right),
        brier=float(np.mean(briers)) if briers else None,
        cpu_seconds=float(np.median(seconds)) if seconds else None,
        evaluations=float(np.median(points)) if points else None,
    )


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
_ORDER = ("m = 1", "m = 2", "m ≥ 3", "m open", "d = 1–2", "d = 3–4", "d = 5–10", "d > 10")


# -- the calibration
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Calibration:
    """Arms read against rows whose truth is proved. Prints as the table; ``report(path)`` writes
    the page."""

    rows: tuple[Row, ...]
    arms: tuple[tuple[str, Mapping[str, Any]], ...]  # label, settings
    seeds: tuple[int, ...]
    truths: Mapping[str, Truth]
    measurements: tuple[Measurement, ...]
    ledger: tuple[LedgerRow, ...] = ()
    controls: tuple[ControlRow, ...] = ()

    def of(self, row: str, arm: str) -> list[Measurement]:
        """The measurements of a row by an arm."""
        return [m for m in self.measurements if m.row.id == row and m.arm == arm]

    def per_row(self) -> list[Summary]:
        """One summary for each row and arm, in the order of the plan."""
        return [
            summarise(arm, row.id, members)
            for row in self.rows
            for arm, _ in self.arms
            if (members := self.of(row.id, arm))
        ]

    def per_class(self, kind: str = "multiplicity") -> list[Summary]:
        """One summary for each class and arm. kind: all, multiplicity, dimension or family.

        Raises BadInput for another kind.
        """
        if kind not in CLASSES:
            raise BadInput(f"kind: one of {', '.join(CLASSES)} is needed, received {kind!r}")
        groups: dict[str, list[Measurement]] = {}
        for m in self.measurements:
            groups.setdefault(CLASSES[kind](m), []).append(m)
        names = sorted(groups, key=lambda g: (_ORDER.index(g) if g in _ORDER else 99, g))
        return [
            summarise(arm, name, members)
            for name in names
            for arm, _ in self.arms
            if (members := [m for m in groups[name] if m.arm == arm])
        ]

    def rank_fidelity(self) -> dict[str, float | None]:
        """Kendall's τ_b between mean reading and λ over the rows with proved λ, by arm."""
        out = {}
        for arm, _ in self.arms:
            pairs = []
            for row in self.rows:
                exact = self.truths[row.id].value
                values = [m.value for m in self.of(row.id, arm) if m.value is not None]
                if exact is not None and values:
                    pairs.append((float(exact), float(np.mean(values))))
            out[arm] = rank_correlation(*zip(*pairs, strict=True)) if pairs else None
        return out

    def joined(self, other: Calibration) -> Calibration:
        """Both runs as one: rows, arms and seeds of either, all measurements.

        Raises BadInput where an arm of one name has other settings in the other run.
        """
        arms = dict(self.arms)
        for label, settings in other.arms:
            if arms.setdefault(label, settings) != settings:
                raise BadInput(f"other: the arm {label} has other settings there")
        known = {r.id for r in self.rows}
        return dataclasses.replace(
            self,
            rows=(*self.rows, *(r for r in other.rows if r.id not in known)),
            arms=tuple(arms.items()),
            seeds=tuple(dict.fromkeys((*self.seeds, *other.seeds))),
            truths={**other.truths, **self.truths},
            measurements=(*self.measurements, *other.measurements),
            ledger=(*self.ledger, *other.ledger),
            controls=(*self.controls, *other.controls),
        )

    # -- table
    def table(self) -> list[dict[str, Any]]:
        """One line for each measurement: row, λ, m, device, reading, interval, covered?, error,
        outcome, cost."""
        return [m.to_dict() for m in self.measurements]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON: arms, table, summaries, rank fidelity, ledger."""
        return {
            "arms": [{"label": label, "settings": dict(s)} for label, s in self.arms],
            "seeds": list(self.seeds),
            "table": self.table(),
            "rows": [s.to_dict() for s in self.per_row()],
            "classes": {kind: [s.to_dict() for s in self.per_class(kind)] for kind in CLASSES},
            "rank_fidelity": self.rank_fidelity(),
            "ledger": [line.to_dict() for line in self.ledger],
            "controls": [line.to_dict() for line in self.controls],
        }

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``calibration.csv`` (the table), ``calibration.json`` (everything),
        ``ledger.csv`` and ``controls.csv``."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        written = [_csv(folder / "calibration.csv", self.table())]
        if self.ledger:
            written.append(_csv(folder / "ledger.csv", [line.to_dict() for line in self.ledger]))
        if self.controls:
            lines = [line.to_dict() for line in self.controls]
            written.append(_csv(folder / "controls.csv", lines))
        target = folder / "calibration.json"
        write_text(target, json.dumps(self.to_json(), ensure_ascii=False, indent=1) + "\n")
        return [*written, target]

    def report(self, path: str | Path) -> Path:
        """Write the page that tells all this: one HTML file that needs nothing else."""
        from singularity_lab.calibration.report import write

        return write(self, path)

    def plot(self, ax: Any = None) -> Any:
        """Reading against exact λ, with intervals. Returns the matplotlib axes."""
        from singularity_lab import plots

        return plots.calibration(scatter(self), ax)

    def __str__(self) -> str:
        lines = [f"{'row':26} {'λ':>7} {'m':>2}  {'device':10} {'reading [interval]':32} error"]
        for s in self.per_row():
            truth = self.truths[s.group]
            m = truth.multiplicity or "?"
            lines.append(
                f"{s.group[:26]:26} {truth!s:>7} {m!s:>2}  {s.arm[:10]:10} "
                f"{reading_text(self.of(s.group, s.arm)):32} {percent(s.relative_bias)}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{h}</th>" for h in ("row", "λ", "m", "device", "reading", "error"))
        body = []
        for s in self.per_row():
            truth = self.truths[s.group]
            cells = (
                s.group,
                truth,
                truth.multiplicity or "?",
                s.arm,
                reading_text(self.of(s.group, s.arm)),
                percent(s.relative_bias),
            )
            body.append(
                "<tr>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in cells) + "</tr>"
            )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def reading_text(members: Sequence[Measurement]) -> str:
    """The reading of a row in a table cell: value and interval, or how it failed; the first of
    several seeds."""
    if not members:
        return "not measured"
    first = next((m for m in members if m.value is not None), members[0])
    if first.value is None:
        return first.outcome
    text = f"{first.value:.4g}"
    if first.low is not None and first.high is not None:
        text += f" [{first.low:.4g}, {first.high:.4g}]"
    return text if first.ok else f"{text} ({first.outcome})"


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


def scatter(calibration: Calibration) -> list[dict[str, Any]]:
    """What the calibration plot draws: exact λ, reading, interval and arm of each measurement with
    a value."""
    return [
        {
            "arm": m.arm,
            "label": m.row.id,
            "exact": float(m.truth.value),
            "multiplicity": m.truth.multiplicity,
            "value": m.value,
            "low": m.low,
            "high": m.high,
        }
        for m in calibration.measurements
        if m.truth.value is not None and m.value is not None
    ]


def score(work: Plan, truths: Mapping[str, Truth], records: Mapping[str, Record]) -> Calibration:
    """Join the records of a plan (by key) with the truth (by row)."""
    found = []
    for task in work.tasks():
        record = records[task.key]
        data = json.loads(record["reading"]) if record["reading"] else {}
        probabilities = data.get("multiplicity")
        found.append(
            Measurement(
                row=task.row,
                arm=task.arm.label,
                seed=task.seed,
                truth=truths[task.row.id],
                **{
                    name: record[name]
                    for name in (
                        *("value", "low", "high", "level", "outcome", "reason"),
                        *("evaluations", "gradients", "cpu_seconds"),
                    )
                },
                probabilities=probabilities and {int(m): p for m, p in probabilities.items()},
                text=record["reading"],
            )
        )
    return Calibration(
        rows=work.rows,
        arms=tuple((arm.label, arm.settings) for arm in work.arms),
        seeds=work.seeds,
        truths=dict(truths),
        measurements=tuple(found),
    )


def _csv(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    lines = list(lines)
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(lines[0]))
    writer.writeheader()
    for line in lines:
        writer.writerow({k: _cell(v) for k, v in line.items()})
    return write_text(path, file.getvalue())


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join("" if v is None else str(v) for v in value)
    return value
