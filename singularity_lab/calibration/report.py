"""The report of a calibration: one HTML file that needs nothing else, neither network nor scripts.

A first paragraph says what one sees; then figures, the table of all rows, errors by class, the
ledger of the SGLD estimator, volume curves, and how it was done. Every number of a figure is in a
table too.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import math
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from singularity_lab.calibration.comparison import (
    CostPoint,
    cost_curve,
    coverage_curve,
    leaderboard,
    pairs,
)
from singularity_lab.calibration.comparison import classes as by_class
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.findings import Findings
from singularity_lab.calibration.flags import Flag, flags
from singularity_lab.calibration.measurement import Measurement
from singularity_lab.calibration.summaries import CLASSES, Summary, percent
from singularity_lab.pictures import measurements
from singularity_lab.pictures.style import colours_and_markers, device_in
from singularity_lab.spectroscopes.registry import known
from singularity_lab.system.counting import counted
from singularity_lab.system.extras import plain, pyplot, require
from singularity_lab.system.files import write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["render", "what_one_sees", "write"]

_LINES = 1500  # of the table of rows; the rest is in the tables beside the page
_POINTS = 2000  # beyond so many, figures show a point for each row and device
_CURVES = 4  # volume curves shown, of rows with as many different m as there are


def write(calibration: Findings, path: str | Path) -> Path:
    """Render the report into a file, whose folder is made where it is missing."""
    return write_text(path, render(calibration))


def render(calibration: Findings, found: Sequence[Flag] | None = None) -> str:
    """The report as HTML text. found: the findings of the harness, where they are known. Raises
    BadInput when Jinja or Matplotlib is not installed."""
    require("report", "jinja2", "matplotlib")
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["percent"] = percent
    environment.filters["number"] = _number
    environment.filters["share"] = _share
    environment.filters["anchor"] = _anchor
    found = flags(calibration) if found is None else found
    places = leaderboard(calibration)
    shown, left = _rows_shown(calibration)
    text = files(__package__).joinpath("report.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        c=calibration,
        sees=what_one_sees(calibration),
        figures=_figures(calibration),
        curves=_curves(calibration),
        rows=[_row(calibration, r.id) for r in shown],
        left=left,
        places=places,
        flags=found,
        pairs=[p for p in pairs(calibration) if p.better + p.worse + p.ties] if places[1:] else [],
        honest=[(kind, by_class(calibration, kind)) for kind in ("multiplicity", "dimension")],
        costs=cost_curve(calibration),
        worst=_worst(calibration),
        classes=[(kind, calibration.per_class(kind)) for kind in CLASSES if kind != "family"],
        families=[("family", calibration.per_class("family"))],
        ranks=calibration.rank_fidelity(),
        versions=_versions(calibration),
        seeds=_seeds(calibration),
        used={label: _settings(calibration, label) for label, _ in calibration.arms},
        scopes={
            label: known()[label].scope if label in known() else "" for label, _ in calibration.arms
        },
        proved=sum(t.rlct is not None for t in calibration.truths.values()),
        proof_seconds=sum(t.seconds for t in calibration.truths.values()),
    )


def _rows_shown(calibration: Findings) -> tuple[list[CalibrationRow], int]:
    """The rows of the page, and how many it leaves out: beyond _ROWS the worst of each arm stay."""
    rows = list(calibration.rows)
    most = max(1, _LINES // max(1, len(calibration.arms)))
    if len(rows) <= most:
        return rows, 0
    errors: dict[str, float] = {}
    for m in calibration.measurements:
        if m.relative_error is not None:
            errors[m.row.id] = max(errors.get(m.row.id, 0.0), abs(m.relative_error))
    worst = sorted(rows, key=lambda r: -errors.get(r.id, math.inf))[:most]
    kept = {r.id for r in worst}
    return [r for r in rows if r.id in kept], len(rows) - most


def _worst(calibration: Findings) -> list[tuple[str, str, float]]:
    """The rows behind the largest errors of the figures: arm, row, mean relative error."""
    found = []
    for s in calibration.per_class("all"):
        if s.worst is not None:
            found.append((s.arm, *s.worst))
    return found


def _share(x: float | None) -> str:
    """A share in per cent; no reading at all is an infinite error."""
    if x is None or math.isnan(x):
        return "–"
    return "none" if math.isinf(x) else f"{100 * x:.1f} %"


def _anchor(row: str) -> str:
    """The anchor of a row in the page."""
    return "row-" + hashlib.sha256(row.encode()).hexdigest()[:10]


# -- the first paragraph ---------------------------------------------------------------------------


def what_one_sees(calibration: Findings) -> list[str]:
    """The findings in sentences: how much is proved, how right each arm is (the best first), and
    why not."""
    probes = sum(row.is_probe for row in calibration.rows)
    if probes:
        calibration = _without_probes(calibration)
    proved = sum(t.rlct is not None for t in calibration.truths.values())
    count = len(calibration.rows)
    first = (
        f"λ and m of all {counted(count, 'row')} are proved, with certificates that verify."
        if proved == count
        else f"λ and m are proved for {proved} of {counted(count, 'row')}; "
        "the others have proved bounds."
    )
    sentences = [first]
    overall = sorted(
        (s for s in calibration.per_class("all") if s.median_error is not None),
        key=lambda s: s.median_error or 0.0,
    )
    sentences += [_arm_sentence(calibration, s) for s in overall]
    silent = [s.arm for s in calibration.per_class("all") if s.median_error is None]
    sentences += [f"{arm} gave no reading that can be judged." for arm in silent]
    if worst := _largest_bias(calibration):
        sentences.append(worst)
    if probes:
        sentences.append(
            f"In these sentences, the leaderboard and the classes the harness's own "
            f"{counted(probes, 'probe')} count nothing; the table of rows has them."
        )
    return sentences


def _without_probes(calibration: Findings) -> Findings:
    rows = tuple(row for row in calibration.rows if not row.is_probe)
    return dataclasses.replace(
        calibration,
        rows=rows,
        truths={row.id: calibration.truths[row.id] for row in rows},
        measurements=tuple(m for m in calibration.measurements if not m.row.is_probe),
    )


def _arm_sentence(calibration: Findings, s: Summary) -> str:
    summary = known()[s.arm].summary if s.arm in known() else ""
    name = f"{s.arm} ({summary})" if summary else s.arm
    text = f"{name}: median error {100 * (s.median_error or 0):.1f} % of λ"
    if s.worst is not None:
        text += f", at worst {percent(s.worst[1], 0)} ({s.worst[0]})"
    if s.intervals_all:  # of all readings: those that are claimed may be a few of many
        text += (
            f"; {s.readings} readings gave {s.intervals_all} intervals that can be judged, and "
            f"{s.covered_all} of the {s.intervals_all} intervals contain λ"
        )
    if s.m_judged:
        text += f"; m is right in {s.m_right} of {s.m_judged}"
    if s.ok < s.readings:
        text += f"; {s.readings - s.ok} of {s.readings} readings carry a warning or failed"
    return text + "."


def _largest_bias(calibration: Findings) -> str:
    """A target bias told as what it is: of the row that has most seeds, its target known by
    quadrature."""
    biased = [line for line in calibration.ledger if line.dominant == "target bias"]
    if not biased:
        return ""
    line = max(
        biased,
        key=lambda x: (x.target_by == "quadrature", x.seeds, abs(x.target_bias) / x.exact),
    )
    how = "computed by quadrature" if line.target_by == "quadrature" else "sampled exactly"
    return (
        f"The SGLD estimator is biased by construction, most where m > 1: on {line.row} (m = "
        f"{line.multiplicity}) its target itself, {how}, is {line.target / line.exact:.2f} λ at "
        f"n = {line.n:g}, γ = {line.gamma:g}, while the noise of a reading is "
        f"±{line.spread / line.exact:.2f} λ. This is a bias of the device: "
        "more samples do not help."
    )


# -- figures
# ------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure for the page. source: a data URI; alt: what it shows, for who cannot see it."""

    name: str
    source: str
    alt: str
    caption: str


def _draw(name: str, alt: str, caption: str, figure: Figure) -> Drawing:
    plt = pyplot()

    buffer = io.BytesIO()
    # A fixed salt and no date: the same calibration gives the same bytes.
    with plt.rc_context({"svg.hashsalt": "singularity_lab", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    return Drawing(name, f"data:image/svg+xml;base64,{data}", alt, caption)


def _figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def _figures(calibration: Findings) -> dict[str, Drawing]:
    found = {}
    arms = [arm for arm, _ in calibration.arms]
    points = [p for p in calibration.points() if p["exact"] > 0]
    if len(points) > _POINTS:
        points = _first_seeds(points)
    if points:
        found["scatter"] = _draw(
            "scatter",
            "Scatter plot of readings against proved λ; on the diagonal a device is right.",
            "Readings against proved λ, with their intervals. On the diagonal a device is right. "
            "Empty triangles on the lower edge are readings of 0 or less.",
            _figure_of(measurements.calibration(points, arms=arms)),
        )
        found["errors"] = _draw(
            "errors",
            "Relative error of each reading, row by row.",
            "Relative errors row by row, of the first seed. Readings off by more than 60 % stand "
            "at the edge, with their error beside them.",
            _figure_of(measurements.errors_by_row(_first_seeds(points), arms=arms)),
        )
    bars = [
        {
            "arm": s.arm,
            "group": s.group,
            "covered": s.covered,
            "intervals": s.intervals,
            "low": s.coverage_interval[0],
            "high": s.coverage_interval[1],
            "level": s.level,
        }
        for kind in ("all", "multiplicity")
        for s in calibration.per_class(kind)
        if s.coverage_interval is not None
    ]
    if bars:
        found["coverage"] = _draw(
            "coverage",
            "Bars: the share of claimed intervals that contain λ, by multiplicity and device.",
            "How often the intervals that a device claims (outcome ok) contain λ. Thin lines: 95 % "
            "Clopper–Pearson intervals. Dashed: what the intervals promise.",
            _figure_of(measurements.coverage(bars, arms=arms)),
        )
    if costs := [c for c in cost_curve(calibration) if c.spent and math.isfinite(c.error)]:
        found["cost"] = _draw(
            "cost",
            "Median error of each device against the evaluations that it took.",
            "The median error over rows, against the median number of evaluations of K and ∇K, "
            "with bars to the upper decile. Further left and down is better.",
            _cost_figure(costs, arms),
        )
    by_arm: dict[str, list[Measurement]] = {arm: [] for arm, _ in calibration.arms}
    for m in calibration.measurements:
        by_arm[m.arm].append(m)
    curves = {arm: curve for arm in by_arm if (curve := coverage_curve(by_arm[arm]))}
    if curves:
        found["levels"] = _draw(
            "levels",
            "Coverage at five levels of the devices that give a distribution.",
            "Coverage at five levels, of the devices that give P(m), and so a distribution; bars "
            "are 95 % over rows. On the diagonal an interval means what it says.",
            _levels_figure(curves, arms),
        )
    if calibration.ledger:
        lines = [line.to_dict() for line in calibration.ledger]
        found["ledger"] = _draw(
            "ledger",
            "Bars: target bias and discretisation error of the SGLD estimator, row by row.",
            "The SGLD estimator's error in its parts. The blue bar is there whatever the "
            "sampler does.",
            _figure_of(measurements.ledger(lines)),
        )
    return found


def _cost_figure(costs: Sequence[CostPoint], arms: Sequence[str]) -> Figure:
    figure, ax = pyplot().subplots(figsize=(6.4, 4), layout="constrained")
    colours = colours_and_markers([c.arm for c in costs], arms)
    for arm in dict.fromkeys(device_in(c.arm) for c in costs):
        own = sorted((c for c in costs if device_in(c.arm) == arm), key=lambda c: c.spent or 0.0)
        x = [c.spent for c in own]
        y = [100 * max(c.error, 1e-4) for c in own]
        up = [
            100 * c.decile - b if math.isfinite(c.decile) else 0.0
            for c, b in zip(own, y, strict=True)
        ]
        ax.errorbar(
            x, y, [[0.0] * len(up), [max(0.0, u) for u in up]], marker="o", label=plain(arm),
            color=colours[own[0].arm][0],
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="evaluations", ylabel="median error, % of λ")
    ax.legend(fontsize="small")
    return figure


def _levels_figure(curves: dict[str, list[dict[str, Any]]], arms: Sequence[str]) -> Figure:
    figure, ax = pyplot().subplots(figsize=(4.8, 4.4), layout="constrained")
    ax.plot([0.4, 1], [0.4, 1], color="0.6", linestyle="--", linewidth=1)
    style = colours_and_markers(list(curves), arms)
    for arm, curve in curves.items():
        colour, marker = style[arm]
        x, y = [c["level"] for c in curve], [c["coverage"] for c in curve]
        bands = [c["band"] or (c["coverage"], c["coverage"]) for c in curve]
        low = [max(0.0, c - b[0]) for c, b in zip(y, bands, strict=True)]
        high = [max(0.0, b[1] - c) for c, b in zip(y, bands, strict=True)]
        ax.errorbar(x, y, [low, high], marker=marker, color=colour, label=plain(arm), capsize=2)
    ax.set(xlabel="level of the interval", ylabel="share that contains λ", ylim=(0, 1.02))
    ax.legend(fontsize="small")
    return figure


def _first_seeds(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One point for each row and arm: the first seed's, with its interval (the table has all)."""
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for p in points:
        first.setdefault((p["label"], p["arm"]), p)
    return list(first.values())


def _curves(calibration: Findings) -> list[Drawing]:
    """What the volume device saw, of a few rows with proved (λ, m): as many different m as there
    are."""
    by_m: dict[int, Measurement] = {}
    others: list[Measurement] = []
    for m in calibration.measurements:
        exact = m.truth.rlct
        if m.arm != "volume" or not m.has_reading or exact is None or exact.value == 0:
            continue
        if exact.multiplicity in by_m:
            others.append(m)
        else:
            by_m[exact.multiplicity] = m
    found = []
    for m in [*(by_m[k] for k in sorted(by_m)), *others][:_CURVES]:
        exact, seen = m.truth.rlct, m.reading.diagnostics
        if exact is None or "log_v" not in seen:
            continue
        ax = measurements.volume_curve(
            seen["x"],
            seen["log_v"],
            error=seen["log_v_error"],
            models=[
                {
                    "x": seen["fitted_x"],
                    "log_volume": seen["fitted_log_v"],
                    "label": f"its model, m = {m.multiplicity}",
                }
            ],
            exact=(exact.value, exact.multiplicity),
            title=m.row.id,
        )
        alt = f"Curve of the volume device on {m.row.id}, from which it reads λ = {m.value:.3g}."
        caption = (
            f"{m.row.id}: proved λ = {exact.value}, m = {exact.multiplicity}; "
            f"read λ = {m.value:.4g}, m = {m.multiplicity}."
        )
        found.append(_draw(f"curve-{m.row.id}", alt, caption, _figure_of(ax)))
    return found


# -- tables
# -------------------------------------------------------------------------------------------


def _row(calibration: Findings, row: str) -> dict[str, Any]:
    cells = []
    for arm, _ in calibration.arms:
        members = calibration.of(row, arm)
        if members:
            cells.append(_cell(arm, members))
    truth = calibration.truths[row]
    subject = next(r for r in calibration.rows if r.id == row)
    return {
        "id": row,
        "family": subject.family.replace("_", " "),
        "dimension": subject.dimension,
        "truth": truth,
        "cells": cells,
    }


def _cell(arm: str, members: Sequence[Measurement]) -> dict[str, Any]:
    """One arm on one row: a single reading with its interval, several as mean and count."""
    answered = [m for m in members if m.value is not None]
    values = [m.value for m in answered if m.value is not None]
    errors = [m.relative_error for m in answered if m.relative_error is not None]
    judged = [m.covered for m in members if m.covered is not None]
    with_m = [m for m in members if m.probabilities]
    seconds = [m.cpu_seconds for m in members if m.cpu_seconds is not None]
    points = [m.evaluations + (m.gradients or 0) for m in members if m.evaluations is not None]
    outcomes = list(dict.fromkeys(m.outcome for m in members))
    first = answered[0] if answered else members[0]
    true = first.truth.multiplicity
    return {
        "arm": arm,
        "seeds": len(members),
        "value": sum(values) / len(values) if values else None,
        "low": first.low if answered and len(members) == 1 else None,
        "high": first.high if answered and len(members) == 1 else None,
        "covered": sum(judged) if judged else None,
        "judged": len(judged),
        "error": sum(errors) / len(errors) if errors else None,
        "m": with_m[0].multiplicity if with_m else None,
        "p": None
        if not with_m or true is None
        else sum((m.probabilities or {}).get(true, 0.0) for m in with_m) / len(with_m),
        "seconds": median(seconds) if seconds else None,
        "evaluations": median(points) if points else None,
        "outcome": ", ".join(outcomes),
        "reason": next((m.reason for m in members if m.reason), ""),
        "ok": all(m.ok for m in members),
    }


def _seeds(calibration: Findings) -> tuple[int, int]:
    """The fewest and the most seeds that an arm has on a row where it was measured."""
    counts = Counter((m.row.id, m.arm) for m in calibration.measurements)
    return min(counts.values(), default=0), max(counts.values(), default=0)


def _number(x: float | None, digits: int = 4) -> str:
    """A number of so many significant digits, or an en dash."""
    if x is None:
        return "–"
    return f"{x:.{digits}g}".replace("-", "−")


def _settings(calibration: Findings, arm: str) -> dict[str, Any]:
    """The settings of an arm's first reading, defaults included."""
    for m in calibration.measurements:
        if m.arm == arm and m.has_reading:
            return {k: v for k, v in m.reading.settings.items() if v is not None}
    return {}


def _versions(calibration: Findings) -> dict[str, str]:
    for m in calibration.measurements:
        if m.has_reading:
            return dict(m.reading.versions)
    return {}
