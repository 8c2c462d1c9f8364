"""The main job: prove the rows of the tour, measure them blind, take the known bias apart, write
the report.

Three arms: the field's SGLD estimator (``llc``, the baseline), ``volume`` (the flagship), and
Hessian rank over 2 (the naive control); ``llc-mala`` samples the baseline's target without
discretisation error, for the ledger. The negative controls are measured beside, on their own row.
``volume`` goes less deep here than by default, in half as many runs: its intervals are wider.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from singularity_lab.calibration.controls import run_controls
from singularity_lab.calibration.design import Arm, plan
from singularity_lab.calibration.ledger import ledger
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.run import Progress, run_plans

__all__ = ["ARMS", "TAG", "run"]

TAG = "demo"
ARMS = ("llc", "volume", "hessian")
SETTINGS = {"volume": {"depth": 60.0, "replicates": 8}}  # by default 150 and 16
SEEDS = (0,)
# Rows on which the ledger gets more seeds, so that its Monte Carlo part is the spread over seeds:
# K = (w1 w2)^2 with m = 2, whose target at n = 10^4, γ = 1 is 0.78 λ, and two with m = 1.
LEDGER_ROWS = ("nc-1-1", "nc-1-2", "bp-2-3")
LEDGER_SEEDS = (1, 2, 3)
LEDGER_DIMENSION = 4  # the ledger is kept up to here; MALA costs as much as the baseline


def run(out: str | Path, *, workers: int = 2, progress: Progress | None = None) -> Calibration:
    """Carry it out into the folder ``out``: tables, certificates, ``report.html``."""
    from singularity_lab.catalog.load import entries

    rows = entries(tags=TAG)
    small = [row for row in rows if row.dimension <= LEDGER_DIMENSION]
    found = run_plans(
        [
            plan([Arm(name, SETTINGS.get(name, {})) for name in ARMS], rows, SEEDS),
            plan("llc-mala", small, SEEDS),
            plan(("llc", "llc-mala"), [r for r in rows if r.id in LEDGER_ROWS], LEDGER_SEEDS),
        ],
        out,
        workers,
        progress,
    )
    found = ledger(found, [row for row in found.rows if row.dimension <= LEDGER_DIMENSION])
    kept = run_controls(1, Path(out) / "controls", workers=workers, progress=progress)
    found = dataclasses.replace(found, controls=kept.controls)
    found.save(out)
    found.report(Path(out) / "report.html")
    return found
