"""Negative controls: devices that must fail on their rows, and the counterpart that must not."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from singularity_lab.calibration.findings import ControlRow
from singularity_lab.calibration.ledger import mean_and_errors
from singularity_lab.calibration.results import Calibration

if TYPE_CHECKING:
    from singularity_lab.calibration.run import Progress


def controls(calibration: Calibration) -> tuple[ControlRow, ...]:
    """The lines of the control section: each arm of a calibration on each row with proved λ > 0
    that a control was pointed at.

    An arm is a control where its label is the name of a device whose record says why it fails.
    """
    from singularity_lab.spectroscopes.registry import known

    fails = {name: one.fails for name, one in known().items() if one.fails}
    lines = []
    for row in calibration.rows:
        exact = calibration.truths[row.id].value
        if not exact or not any(calibration.of(row.id, name) for name in fails):
            continue
        for arm, settings in calibration.arms:
            members = calibration.of(row.id, arm)
            found = mean_and_errors(members)
            if found is None:
                continue
            lines.append(
                ControlRow(
                    row=row.id,
                    arm=arm,
                    control=arm in fails,
                    exact=float(exact),
                    n=float(settings.get("n", math.nan)),
                    mean=found[0],
                    error=found[1],
                    covered=sum(m.covered is True for m in members),
                    seeds=len(members),
                    claimed=sum(m.ok for m in members),
                    reason=fails.get(arm, ""),
                )
            )
    return tuple(lines)


def run_controls(
    seeds: int | Iterable[int] = 1,
    out: str | Path | None = None,
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Measure the negative controls and their counterparts; the result's ``controls`` are filled
    in, and its report has their section. About 6 CPU seconds for each seed.

    seeds: integers, or how many. out: a folder that keeps the readings.
    """
    from singularity_lab.calibration.design import control_plan
    from singularity_lab.calibration.run import run_plans

    found = run_plans([control_plan(seeds)], out, workers, progress)
    return dataclasses.replace(found, controls=controls(found))
