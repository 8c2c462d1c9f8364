"""The table of a calibration in a terminal: proved λ and m, each device's reading, coverage and
error."""

from __future__ import annotations

from collections.abc import Sequence

from singularity_lab.calibration.measurement import Measurement
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.summaries import Summary, percent
from singularity_lab.cli.shell import print_table

_ERROR = {
    "target bias": "a bias of the device",
    "discretisation": "the step, or the mixing",
    "Monte Carlo": "Monte Carlo noise",
}


def print_calibration(found: Calibration) -> None:
    """Print the rows, then the summary by multiplicity, the ledger and the controls."""
    several = len(found.seeds) > 1
    columns = [("row", "left"), ("d", "right"), ("λ", "right"), ("m", "right")]
    columns += [("device", "left"), ("reading [interval]", "left"), ("covered", "right")]
    columns += [("error", "right"), ("P(m)", "right"), ("CPU s", "right"), ("outcome", "left")]
    lines: list[tuple[object, ...]] = []
    for row in found.rows:
        truth = found.truths[row.id]
        head: tuple[object, ...] = (row.id, row.dimension, truth, truth.multiplicity or "?")
        for arm, _ in found.arms:
            members = found.of(row.id, arm)
            if members:
                lines.append((*head, arm, *_cells(members)))
                head = ("", "", "", "")
    print_table(columns, lines, title="Proved and measured" + " (means over seeds)" * several)
    print_table(
        [("class", "left"), ("device", "left"), ("rows", "right"), ("bias", "right"),
         ("RMSE", "right"), ("median |error|", "right"), ("worst row", "left"),
         ("coverage of claimed intervals", "left"), ("m right", "right"), ("CPU s", "right")],
        [_summary(s) for kind in ("all", "multiplicity") for s in found.per_class(kind)],
        title="Errors relative to λ",
    )  # fmt: skip
    if found.ledger:
        print_table(
            [("row", "left"), ("λ", "right"), ("target/λ", "right"), ("target bias", "right"),
             ("discretisation", "right"), ("noise of one", "right"), ("its error is", "left")],
            [
                (line.row, f"{line.exact:.4g}", f"{line.target / line.exact:.2f}",
                 f"{line.target_bias:+.4f}", f"{line.discretisation:+.4f}",
                 f"±{line.spread:.4f}", _ERROR[line.dominant])
                for line in found.ledger
            ],
            title="Ledger of the SGLD estimator: where its error comes from",
        )  # fmt: skip
    if found.controls:
        print_table(
            [("row", "left"), ("device", "left"), ("kept as", "left"), ("λ", "right"),
             ("mean", "right"), ("covered", "right"), ("verdict", "left")],
            [
                (line.row, line.arm, "control" if line.control else "device",
                 f"{line.exact:.4g}", f"{line.mean:.3f} ± {line.error:.3f}",
                 f"{line.covered}/{line.seeds}", "fails" if line.fails else "passes")
                for line in found.controls
            ],
            title="Negative controls: the coordinate samplers must fail",
        )  # fmt: skip


def _cells(members: Sequence[Measurement]) -> tuple[object, ...]:
    answered = [m for m in members if m.value is not None]
    if not answered:
        return ("–", "–", "–", "–", "–", members[0].outcome)
    first = answered[0]
    value = sum(m.value for m in answered if m.value is not None) / len(answered)
    text = f"{value:.4f}"
    if len(answered) == 1 and first.low is not None and first.high is not None:
        text += f" [{first.low:.4f}, {first.high:.4f}]"
    judged = [m.covered for m in members if m.covered is not None]
    covered = "–" if not judged else f"{sum(judged)}/{len(judged)}"
    if len(judged) == 1:
        covered = "yes" if judged[0] else "no"
    errors = [m.relative_error for m in answered if m.relative_error is not None]
    m = first.multiplicity
    p = "–" if m is None or not first.probabilities else f"m={m}: {first.probabilities[m]:.2f}"
    seconds = [m.cpu_seconds for m in answered if m.cpu_seconds is not None]
    outcomes = sorted({m.outcome for m in members})
    return (
        text,
        covered,
        percent(sum(errors) / len(errors) if errors else None),
        p,
        f"{sum(seconds) / len(seconds):.1f}" if seconds else "–",
        ", ".join(outcomes),
    )


def _summary(s: Summary) -> tuple[object, ...]:
    def size(x: float | None) -> str:
        return "–" if x is None else f"{100 * x:.1f} %"

    interval = s.coverage_interval
    coverage = "–"
    if s.coverage is not None and interval is not None:
        low, high = interval
        coverage = f"{s.covered}/{s.intervals} ({100 * low:.0f}–{100 * high:.0f} %)"
    return (
        s.group,
        s.arm,
        s.rows,
        percent(s.relative_bias),
        size(s.relative_rmse),
        size(s.median_error),
        f"{s.worst[0]} {percent(s.worst[1], 0)}" if s.worst else "–",
        coverage,
        f"{s.m_right}/{s.m_judged}" if s.m_judged else "–",
        "–" if s.cpu_seconds is None else f"{s.cpu_seconds:.1f}",
    )
