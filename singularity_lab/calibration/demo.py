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
SEEDS = (0,)
# Rows on which the ledger gets more seeds, so that its Monte Carlo part is the spread over seeds:
# K = (w1 w2)^2 with m = 2, whose target at n = 10^4, γ = 1 is 0.78 λ, and two with m = 1.
LEDGER_ROWS = ("nc-1-1", "nc-1-2", "bp-2-3")
LEDGER_SEEDS = (1, 2, 3)


def run(out: str | Path, *, workers: int = 2, progress: Progress | None = None) -> Calibration:
    """Carry it out into the folder ``out``: tables, certificates, ``report.html``."""
    from singularity_lab.catalog.load import entries

    rows = entries(tags=TAG)
    found = calibrate(ARMS, rows, SEEDS, out=out, workers=workers, progress=progress)
    repeated = calibrate(
        ("llc", "llc-mala"),
        [row for row in rows if row.id in LEDGER_ROWS],
        LEDGER_SEEDS,
        out=out,
        workers=workers,
        progress=progress and _renamed(progress),
    )
    found = dataclasses.replace(found, measurements=(*found.measurements, *repeated.measurements))
    found = ledger(found)
    found.save(out)
    found.report(Path(out) / "report.html")
    return found


def _renamed(progress: Progress) -> Progress:
    """The second run under a name of its own."""

    def show(what: str, done: int, total: int, last: str) -> None:
        if what == "measuring":
            progress("repeating for the ledger", done, total, last)

    return show
