"""Calibrations with one planted fault, and what the harness says of them."""

from __future__ import annotations

import random
from fractions import Fraction

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.flags import flags
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.probes import probes
from singularity_lab.calibration.report_files import markdown
from singularity_lab.calibration.results import Calibration

PLANE = LocalProblem.build(["x", "y"])
ROWS = [
    (
        CalibrationRow(f"row-{k:02}", "made up", 2 + k % 3, PLANE),
        RLCT(Fraction(1 + k % 5, 1 + k % 4), 1 + k % 3),
    )
    for k in range(40)
]


def table(answers, seeds=3):
    """A calibration of arms by name: functions (λ, m, random) → (value, half-width) or None."""
    rows = tuple(row for row, _ in ROWS)
    truths = {row.id: Truth(Bounds(v, v), "proved") for row, v in ROWS}
    found = []
    for arm, answer in answers.items():
        for row, value in ROWS:
            for seed in range(seeds):
                said = answer(value, random.Random(f"{row.id} {seed} {arm}"))
                v, h = said if said is not None else (None, None)
                found.append(
                    Measurement(
                        row, arm, seed, truths[row.id], v,
                        None if v is None else v - h, None if v is None else v + h,
                        None if v is None else 0.9, "ok" if v is not None else "failed",
                    )
                )  # fmt: skip
    return Calibration(rows, tuple((a, {}) for a in answers), tuple(range(seeds)), truths,
                       tuple(found))  # fmt: skip


SIGMA = 0.05


def right(value, generator):
    return float(value.value) + generator.gauss(0, SIGMA), 1.645 * SIGMA


def only_easy(value, generator):
    return right(value, generator) if value.multiplicity == 1 else None


SPHERE_ROW = probes([], 0)[0]


def names(calibration, arm=None):
    found = flags(calibration)
    return {f.name for f in found if arm is None or f.arm == arm}


def in_report(calibration, name):
    page = markdown(calibration)
    assert f": {name}: " in page
    return page


def probe_of(id):
    from singularity_lab.calibration.design import CalibrationRow

    return CalibrationRow.of(id)
