"""Scores: readings joined with the truth; bias, RMSE, coverage, P(m), rank fidelity and cost; per
row and per class.

For readings x₁, …, x_n of a row with proved λ: bias = mean(x) − λ, RMSE = √mean((x − λ)²),
relative errors (x − λ)/λ, coverage = the share of intervals that contain λ, with its own
Clopper–Pearson interval. Tolerances come from the truth, never from a device's own spread. Failures
stay: a reading without a value is counted, and a class is never summed up by a mean alone (median,
upper decile and worst row stand beside it).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping

from singularity_lab.calibration.design import CalibrationRow, Plan, Task
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.record_store import RecordStore, StoredRecord
from singularity_lab.calibration.results import Calibration

__all__ = ["join", "score"]


# -- the calibration
# --------------------------------------------------------------------------------


def score(
    work: Plan,
    tasks: Iterable[Task],
    truths: Mapping[str, Truth],
    records: Mapping[str, StoredRecord],
    store: RecordStore | None = None,
) -> Calibration:
    """Join the records of a plan (by key) with the truth (by row).

    tasks: of the plan, as they were asked for. store: where a whole reading is asked for when it
    is not among the records.
    """
    found = []
    for task in tasks:
        fetch = None if store is None else functools.partial(store.text, task.key)
        found.append(join(task.row, truths[task.row.id], records[task.key], fetch))
    return Calibration(
        rows=work.rows,
        arms=tuple((arm.label, arm.settings) for arm in work.arms),
        seeds=work.seeds,
        truths=dict(truths),
        measurements=tuple(found),
    )


def join(
    row: CalibrationRow,
    truth: Truth,
    record: StoredRecord,
    fetch: Callable[[], str | None] | None = None,
) -> Measurement:
    """A record of a row with its truth. fetch: asked for the whole reading where it is wanted and
    the record is without it."""
    probabilities = json.loads(record["multiplicity"] or "null")
    return Measurement(
        row=row,
        arm=record["arm"],
        seed=record["seed"],
        truth=truth,
        **{
            name: record[name]
            for name in (
                *("value", "low", "high", "level", "outcome", "reason"),
                *("evaluations", "gradients", "cpu_seconds", "reported", "allowed"),
            )
        },
        probabilities=probabilities and {int(m): p for m, p in probabilities.items()},
        text=record.get("reading"),
        fetch=fetch,
    )
