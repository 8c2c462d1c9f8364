"""Scores: readings joined with the truth; bias, RMSE, coverage, P(m), rank fidelity and cost; per
row and per class.

For readings x₁, …, x_n of a row with proved λ: bias = mean(x) − λ, RMSE = √mean((x − λ)²),
relative errors (x − λ)/λ, coverage = the share of intervals that contain λ, with its own
Clopper–Pearson interval. Tolerances come from the truth, never from a device's own spread. Failures
stay: a reading without a value is counted, and a class is never summed up by a mean alone (median,
upper decile and worst row stand beside it).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from singularity_lab.calibration.design import Plan
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.store import Record

if TYPE_CHECKING:
    pass

__all__ = [
    "score",
]


# -- the calibration
# --------------------------------------------------------------------------------


def score(work: Plan, truths: Mapping[str, Truth], records: Mapping[str, Record]) -> Calibration:
    """Join the records of a plan (by key) with the truth (by row)."""
    found = []
    for task in work.tasks():
        record = records[task.key]
        probabilities = json.loads(record["multiplicity"] or "null")
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
                        *("evaluations", "gradients", "cpu_seconds", "reported", "allowed"),
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
