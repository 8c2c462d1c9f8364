"""What a calibration found: its measurements, the ledger's rows, tables and files."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import numpy as np

from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.statistics import rank_correlation
from singularity_lab.calibration.summaries import CLASSES, ORDER, Summary, summarise
from singularity_lab.errors import BadInput
from singularity_lab.system.files import write_text

F = TypeVar("F", bound="Findings")
P = ParamSpec("P")
T = TypeVar("T")


def once(function: Callable[Concatenate[F, P], T]) -> Callable[Concatenate[F, P], T]:
    """The same function of findings, whose result is kept with them: findings never change, and a
    report asks for most of what is computed from them several times."""

    @wraps(function)
    def call(findings: F, *args: P.args, **named: P.kwargs) -> T:
        key = (function.__qualname__, args, tuple(sorted(named.items())))
        if key not in findings.kept:
            findings.kept[key] = function(findings, *args, **named)
        found: T = findings.kept[key]
        return found

    return call


CONTROL_TOLERANCE = 0.1  # of λ, fixed before any run: beyond it a device has failed on its row


@dataclass(frozen=True)
class LedgerRow:
    """The three parts for one row, in units of λ̂ (not relative).

    target, target_error: T and the standard error of T (0 by quadrature). target_by: quadrature or
    MALA. mala, mala_error: the mean reading of MALA chains and its standard error, as a check of T.
    mean, mean_error: mean reading of ``llc`` over seeds, and the standard error of that mean
    (mean_error: from the spread over seeds; from the spread over chains where there is one seed).
    spread: of a single reading. outcomes: what the device itself said, seed by seed.
    """

    row: str
    exact: float
    multiplicity: int | None
    n: float
    gamma: float
    target: float
    target_error: float
    target_by: str
    mala: float | None
    mala_error: float | None
    mean: float
    mean_error: float
    spread: float
    seeds: int
    outcomes: tuple[str, ...]
    arm: str = "llc"

    @property
    def target_bias(self) -> float:
        """T − λ: no sampler can remove it."""
        return self.target - self.exact

    @property
    def discretisation(self) -> float:
        """Mean reading − T: step size and lack of mixing."""
        return self.mean - self.target

    @property
    def discretisation_error(self) -> float:
        """Standard error of :attr:`discretisation`."""
        return math.hypot(self.mean_error, self.target_error)

    @property
    def dominant(self) -> str:
        """Which part rules: target bias, discretisation, or Monte Carlo.

        A part counts when it exceeds two standard errors and one per cent of λ.
        """
        floor = 0.01 * self.exact
        parts = {
            "target bias": abs(self.target_bias)
            * (abs(self.target_bias) > max(2 * self.target_error, floor)),
            "discretisation": abs(self.discretisation)
            * (abs(self.discretisation) > max(2 * self.discretisation_error, floor)),
        }
        name, size = max(parts.items(), key=lambda item: item[1])
        return name if size > 0 else "Monte Carlo"

    @property
    def cancels(self) -> bool:
        """True if the two systematic parts cancel: the reading is then right for wrong reasons."""
        first, second = self.target_bias, self.discretisation
        significant = abs(first) > max(2 * self.target_error, 0.01 * self.exact) and abs(
            second
        ) > max(2 * self.discretisation_error, 0.01 * self.exact)
        return significant and first * second < 0 and abs(first + second) < 0.5 * abs(first)

    @property
    def verdict(self) -> str:
        """One sentence for the report."""
        share = f"{self.target / self.exact:.2f} λ"
        if self.dominant == "target bias":
            sentence = (
                f"bias of the device: a perfect sampler of its target reads {share}; "
                "more or longer chains do not help"
            )
        elif self.dominant == "discretisation":
            sentence = f"the step or the mixing: the target is {share}, the chains read elsewhere"
        else:
            sentence = "within its Monte Carlo noise"
        return sentence

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, parts included."""
        return dataclasses.asdict(self) | {
            "outcomes": "; ".join(self.outcomes),
            "target_bias": self.target_bias,
            "target_over_lambda": self.target / self.exact,
            "discretisation": self.discretisation,
            "discretisation_error": self.discretisation_error,
            "monte_carlo": self.spread,
            "dominant": self.dominant,
            "cancels": self.cancels,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class ControlRow:
    """A device on the row of the controls. control: it is kept because it fails.

    exact: the proved λ. mean, error: of its readings over seeds, and the standard error of the
    mean (one seed: from its own interval). covered of seeds: intervals that contain λ. claimed: how
    many readings said ``ok``. reason: why a control fails.
    """

    row: str
    arm: str
    control: bool
    exact: float
    n: float
    mean: float
    error: float
    covered: int
    seeds: int
    claimed: int
    reason: str

    @property
    def relative_error(self) -> float:
        """(Mean reading − λ)/λ."""
        return self.mean / self.exact - 1

    @property
    def fails(self) -> bool:
        """True if the mean is further from λ than :data:`CONTROL_TOLERANCE`·λ, and than three
        standard errors."""
        return abs(self.mean - self.exact) > max(CONTROL_TOLERANCE * self.exact, 3 * self.error)

    @property
    def verdict(self) -> str:
        """``fails``, and why; ``passes``."""
        unseen = f"; it claims {self.claimed} of {self.seeds} readings" if self.fails else ""
        why = f": {self.reason}" if self.fails and self.reason else ""
        return ("fails" if self.fails else "passes") + why + unseen

    @property
    def as_expected(self) -> bool:
        """Controls fail; others pass."""
        return self.fails == self.control

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, verdict included."""
        return dataclasses.asdict(self) | {
            "relative_error": self.relative_error,
            "fails": self.fails,
            "verdict": self.verdict,
            "as_expected": self.as_expected,
        }


@dataclass(frozen=True)
class Findings:
    """Arms read against rows whose truth is proved."""

    rows: tuple[CalibrationRow, ...]
    arms: tuple[tuple[str, Mapping[str, Any]], ...]  # label, settings
    seeds: tuple[int, ...]
    truths: Mapping[str, Truth]
    measurements: tuple[Measurement, ...]
    ledger: tuple[LedgerRow, ...] = ()
    controls: tuple[ControlRow, ...] = ()
    row_set: str = ""  # the name and hash of the set that the rows are, if they are one

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What has been computed from these findings (:func:`once`)."""
        return {}

    @cached_property
    def _members(self) -> dict[tuple[str, str], list[Measurement]]:
        found: dict[tuple[str, str], list[Measurement]] = {}
        for m in self.measurements:
            found.setdefault((m.row.id, m.arm), []).append(m)
        return found

    def of(self, row: str, arm: str) -> list[Measurement]:
        """The measurements of a row by an arm."""
        return self._members.get((row, arm), [])

    @once
    def per_row(self) -> list[Summary]:
        """One summary for each row and arm, in the order of the plan."""
        return [
            summarise(arm, row.id, members)
            for row in self.rows
            for arm, _ in self.arms
            if (members := self.of(row.id, arm))
        ]

    @once
    def per_class(self, kind: str = "multiplicity") -> list[Summary]:
        """One summary for each class and arm, of all rows but the probes of the harness. kind: all,
        multiplicity, dimension or family.

        Raises BadInput for another kind.
        """
        if kind not in CLASSES:
            raise BadInput(f"kind: one of {', '.join(CLASSES)} is needed, received {kind!r}")
        groups: dict[str, dict[str, list[Measurement]]] = {}
        for m in self.measurements:
            if not m.row.is_probe:
                groups.setdefault(CLASSES[kind](m), {}).setdefault(m.arm, []).append(m)
        names = sorted(groups, key=lambda g: (ORDER.index(g) if g in ORDER else 99, g))
        return [
            summarise(arm, name, groups[name][arm])
            for name in names
            for arm, _ in self.arms
            if arm in groups[name]
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

    def joined(self, other: Findings) -> Self:
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
        """One line for each measurement: row, λ, m, device, reading, interval, whether it covers λ,
        error, outcome, cost."""
        return [m.to_dict() for m in self.measurements]

    def points(self) -> list[dict[str, Any]]:
        """What the plot draws: exact λ, reading, interval and arm of each measurement with a
        value."""
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
            for m in self.measurements
            if m.truth.value is not None and m.value is not None
        ]

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
