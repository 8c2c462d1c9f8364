"""The result of a calibration, with the page and the picture that tell it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from singularity_lab.calibration.findings import Findings
from singularity_lab.calibration.report import write


@dataclass(frozen=True)
class Calibration(Findings):
    """Arms read against rows whose truth is proved. Prints as the table; ``report(path)`` writes
    the page."""

    def report(self, path: str | Path) -> Path:
        """Write the page that tells all this: one HTML file that needs nothing else."""
        return write(self, path)

    def plot(self, ax: Any = None) -> Any:
        """Reading against exact λ, with intervals. Returns the matplotlib axes."""
        from singularity_lab.pictures import measurements

        return measurements.calibration(self.points(), ax)
