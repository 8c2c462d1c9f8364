"""A calibration in words: for each arm and class, whether it is right and what its intervals are
worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

from singularity_lab.calibration.comparison import members_by_arm, row_errors, share_with_band
from singularity_lab.calibration.findings import Findings
from singularity_lab.calibration.flags import flags
from singularity_lab.calibration.measurement import Measurement
from singularity_lab.calibration.summaries import CLASSES, percent
from singularity_lab.system.counting import counted
from singularity_lab.system.lines import shortened

__all__ = ["tolerance", "verdict"]

# |error|/λ that counts as right, fixed by design: up to ten parameters, and above.
_RIGHT = {1: (0.01, 0.03), 2: (0.02, 0.05), 3: (0.04, 0.08)}
_NEAR = 5.0  # times as much is near
_FAR = 0.1  # of λ: no median error above it is near, whatever the tolerance


def tolerance(multiplicity: int | None, dimension: int) -> float:
    """The relative error that counts as right at this m and this many parameters.

    >>> tolerance(2, 4), tolerance(5, 30)
    (0.02, 0.08)
    """
    return _RIGHT[min(multiplicity or 3, 3)][dimension > 10]


def verdict(calibration: Findings) -> str:
    """Lines of text: a sentence for each arm and class of m, then what the harness has found."""
    lines = []
    for arm, members in members_by_arm(calibration).items():
        groups: dict[str, list[Measurement]] = {}
        for m in members:
            groups.setdefault(CLASSES["multiplicity"](m), []).append(m)
        lines += [
            f"{arm}, {name} ({_rows(groups[name])}): {_class(groups[name])}"
            for name in sorted(groups)
        ]
    lines += [f"! {flag}" for flag in flags(calibration)]
    return "\n".join(lines)


def _rows(members: Sequence[Measurement]) -> str:
    return counted(len({m.row.id for m in members}), "row")


def _class(members: Sequence[Measurement]) -> str:
    """One class of one arm."""
    errors = row_errors(members)
    by_row = {m.row.id: m for m in members}
    if not errors:
        return "no row with a proved λ > 0"
    right = [
        error <= tolerance(by_row[row].truth.multiplicity, by_row[row].row.dimension)
        for row, error in errors.items()
    ]
    near = [
        error <= _NEAR * tolerance(by_row[row].truth.multiplicity, by_row[row].row.dimension)
        for row, error in errors.items()
    ]
    ordered = sorted(errors.values())
    middle = ordered[(len(ordered) - 1) // 2]
    word = "wrong"
    if sum(right) * 2 > len(right):
        word = "right"
    elif sum(near) * 2 > len(near) and middle <= _FAR:
        word = "near"
    silent = sum(m.value is None for m in members)
    if silent == len(members):
        reason = next((m.reason for m in members if m.reason), "")
        return f"silent in all {counted(silent, 'reading')}" + (
            f": {shortened(reason, 300)}" if reason else ""
        )
    text = f"{word}: {sum(right)} of {len(right)} rows within tolerance"
    if math.isfinite(middle):
        worst = max((r for r in errors if math.isfinite(errors[r])), key=lambda r: errors[r])
        signed = next(m for m in members if m.row.id == worst and m.relative_error is not None)
        text += (
            f", median error {100 * middle:.1f} % of λ, "
            f"at worst {percent(signed.relative_error, 0)} ({worst})"
        )
    if silent:
        reason = next((m.reason for m in members if m.value is None and m.reason), "")
        text += f"; silent in {silent} of {len(members)} readings"
        text += f" ({shortened(reason, 120)})" if reason else ""
    return text + "; " + _intervals(members) + "."


def _intervals(members: Sequence[Measurement]) -> str:
    covered, of, band = share_with_band(members, "covered")
    if not of:
        return "no intervals"
    levels = {m.level for m in members if m.covered is not None}
    at = f" at {levels.pop():.0%}" if len(levels) == 1 else ""
    text = f"{covered} of all {of} intervals{at} contain λ"
    if band is not None:
        text += f" ({100 * band[0]:.0f}–{100 * band[1]:.0f} % over rows)"
    return text
