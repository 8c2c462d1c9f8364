"""The main job: prove the rows of the tour, measure them blind, take the known bias apart, write the report.

Three arms: the field's SGLD estimator (``llc``, the baseline), ``volume`` (the flagship), and Hessian rank over 2
(the naive control); ``llc-mala`` samples the baseline's target without discretisation error, for the ledger.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from singularity_lab.calibration.ledger import ledger
from singularity_lab.calibration.run import Progress, calibrate
from singularity_lab.calibration.score import Calibration

__all__ = ["ARMS", "TAG", "run"]

TAG = "demo"
ARMS = ("llc", "llc-mala", "volume", "hessian")
SEEDS = (0, 1)
# Rows on which the ledger gets more seeds: K = (w1 w2)^2, whose target at n = 10^4, γ = 1 is 0.78 λ,
# and two with m = 1. Its Monte Carlo part is the spread over seeds.
LEDGER_ROWS = ("nc-1-1", "nc-1-2", "bp-2-3")
LEDGER_SEEDS = (2, 3, 4, 5)


def run(
    out: str | Path, *, workers: int = 2, progress: Progress | None = None
) -> Calibration:
    """Carry it out into the folder ``out``: tables, certificates, ``report.html``."""
    from singularity_lab.catalog.load import entries

    rows = entries(tags=TAG)
    found = calibrate(ARMS, rows, SEEDS, out=out, workers=workers, progress=progress)
    extra = calibrate(
        ("llc", "llc-mala"),
        [row for row in rows if row.id in LEDGER_ROWS],
        LEDGER_SEEDS,
        out=out,
        workers=workers,
        progress=progress,
    )
    found = dataclasses.replace(found, measurements=(*found.measurements, *extra.measurements))
    found = ledger(found, [row for row in found.rows if row.dimension <= 2])
    found.save(out)
    found.report(Path(out) / "report.html")
    return found
