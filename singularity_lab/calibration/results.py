"""The result of a calibration, with the page and the picture that tell it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from singularity_lab.calibration.findings import Findings
from singularity_lab.calibration.measurement import Measurement
from singularity_lab.calibration.report import write
from singularity_lab.calibration.summaries import percent, reading_text
from singularity_lab.calibration.verdict import verdict
from singularity_lab.system.counting import counted
from singularity_lab.system.lines import shortened


def spent(arm: str, members: Sequence[Measurement]) -> str:
    """What the readings of an arm cost, as a sentence."""
    points = sum(m.points or 0 for m in members)
    seconds = sum(m.cpu_seconds or 0.0 for m in members)
    evaluations = f"{points:,} evaluation{'s' * (points != 1)} of K or ∇K"
    return f"{arm}: {counted(len(members), 'reading')} took {evaluations} and {seconds:.2f} CPU s."


@dataclass(frozen=True)
class Calibration(Findings):
    """Arms read against rows whose truth is proved. Prints as the table; ``report(path)`` writes
    the page."""

    @property
    def verdict(self) -> str:
        """In words: for each arm and class whether it is right, and what the harness has found."""
        return verdict(self)

    def report(self, path: str | Path) -> Path:
        """Write the page that tells all this: one HTML file that needs nothing else."""
        return write(self, path)

    def plot(self, ax: Any = None) -> Any:
        """Reading against exact λ, with intervals. Returns the matplotlib axes."""
        from singularity_lab.pictures import measurements

        return measurements.calibration(self.points(), ax, [arm for arm, _ in self.arms])

    def __str__(self) -> str:
        lines = [f"{'row':26} {'λ':>7} {'m':>2}  {'device':10} {'reading [interval]':32} error"]
        for s in self.per_row():
            truth = self.truths[s.group]
            m = truth.multiplicity or "?"
            lines.append(
                f"{s.group[:26]:26} {truth!s:>7} {m!s:>2}  {s.arm[:10]:10} "
                f"{reading_text(self.of(s.group, s.arm)):32} {percent(s.relative_bias)}"
            )
        if said := self._said():
            lines += ["", *said]
        return "\n".join(lines)

    def _said(self) -> list[str]:
        """The lines below the table: set of rows, verdict, cost, and why readings are missing."""
        silent: dict[tuple[str, str], list[str]] = {}
        for m in self.measurements:
            told = self.row_set and not m.row.is_probe  # by the verdict
            if m.value is None and m.reason and not told:
                silent.setdefault((m.arm, m.reason), []).append(m.row.id)
        lines = [f"rows: {self.row_set}"] if self.row_set else []
        lines += self.verdict.splitlines()
        lines += [
            spent(arm, members)
            for arm, _ in self.arms
            if (members := [m for m in self.measurements if m.arm == arm])
        ]
        for (arm, reason), rows in silent.items():
            first = list(dict.fromkeys(rows))
            more = f" and {len(first) - 3} more" if len(first) > 3 else ""
            lines.append(f"{arm} on {', '.join(first[:3])}{more}: {shortened(reason, 300)}")
        return lines

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
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        return table + "".join(f"<p>{html.escape(line)}</p>" for line in self._said())
