"""What a calibration is written as: the page, the same in Markdown, and its tables as Parquet; and
what differs between two of them."""

from __future__ import annotations

import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from singularity_lab.calibration.comparison import (
    Standing,
    classes,
    leaderboard,
    members_by_arm,
    row_errors,
)
from singularity_lab.calibration.flags import Flag, flags
from singularity_lab.calibration.ledger import every_ledger
from singularity_lab.calibration.report import render
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.statistics import sign_test
from singularity_lab.calibration.summaries import Summary
from singularity_lab.system.counting import counted
from singularity_lab.system.extras import installed
from singularity_lab.system.files import made_folder, replacing, write_text
from singularity_lab.system.lines import shortened

__all__ = ["differences", "headline", "markdown", "write_all"]

SIGNIFICANT = 0.05
_SHARES = ("answered", "with interval", "ok")


def write_all(calibration: Calibration, folder: str | Path) -> list[Path]:
    """Write ``report.html``, ``report.md`` and, with DuckDB, ``rows.parquet`` and
    ``classes.parquet``; their paths."""
    folder = made_folder(folder, "out")
    if not calibration.ledger:
        calibration = every_ledger(calibration)
    found = flags(calibration)
    written = [
        write_text(folder / "report.html", render(calibration, found)),
        write_text(folder / "report.md", markdown(calibration, found)),
    ]
    if installed("duckdb"):
        rows = [s.to_dict() | _truth(calibration, s.group) for s in calibration.per_row()]
        written.append(write_parquet(folder / "rows.parquet", rows))
        written.append(write_parquet(folder / "classes.parquet", classes(calibration)))
    return written


def _truth(calibration: Calibration, row: str) -> dict[str, Any]:
    truth = calibration.truths[row]
    return {"lambda": None if truth.value is None else str(truth.value), "m": truth.multiplicity}


def write_parquet(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """Write plain JSON objects with the same keys as one Parquet file."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "lines.jsonl"
        source.write_text(
            "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines),
            encoding="utf-8",
        )
        with replacing(path) as part, duckdb.connect() as connection:
            target = str(part.resolve()).replace("'", "''")
            connection.execute(
                "COPY (SELECT * FROM read_json(?, format = 'newline_delimited', sample_size = -1)) "
                f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)",
                [str(source)],
            )
    return path


def headline(calibration: Calibration, findings: int | None = None) -> str:
    """A line for each arm that silence and a spent budget do not flatter: of *all* readings, how
    many gave an interval, how many of these contain λ, how all ended, and why one gave no value.
    findings: how many the harness has."""
    parts = []
    for p in leaderboard(calibration):
        given = round(p.with_interval * p.readings)
        text = f"{p.arm}: {counted(p.readings, 'reading')} of {counted(p.rows, 'row')}, "
        text += f"{given} with an interval"
        if p.intervals and p.coverage_band is not None:
            low, high = p.coverage_band
            at = "" if p.level is None else f" at {p.level:.0%}"
            text += f", of which {p.covered} of {p.intervals}{at} contain λ"
            text += f" ({100 * low:.0f}–{100 * high:.0f} % over rows)"
        parts.append(f"{text}; {_ends(calibration, p.arm)}.")
    if findings:
        parts.append(f"{counted(findings, 'finding')} of the harness.")
    return "\n".join(parts) if parts else "Nothing was measured."


def _ends(calibration: Calibration, arm: str) -> str:
    """How the readings of an arm on the rows of the set ended, and the first reason for none."""
    members = members_by_arm(calibration)[arm]
    ends = Counter(m.outcome for m in members)
    words = [f"{ends.pop('ok', 0)} ok", *(f"{n} {end}" for end, n in sorted(ends.items()))]
    why = next((m.reason for m in members if m.value is None and m.reason), "")
    return ", ".join(words) + (f" ({shortened(why.rstrip('.'), 200)})" if why else "")


def markdown(calibration: Calibration, found: Sequence[Flag] | None = None) -> str:
    """The report as Markdown: headline, leaderboard, findings, classes, rows. found: the findings,
    where they are known."""
    found = flags(calibration) if found is None else found
    lines = ["# Calibration", ""]
    if calibration.row_set:
        lines += [f"Rows: {calibration.row_set}.", ""]
    lines += [f"- {line}" for line in headline(calibration, len(found)).splitlines()]
    lines += ["", "## Leaderboard", ""]
    lines += _table(
        [
            "place",
            "device",
            "median error of λ",
            "95 % over rows",
            "answered",
            "with interval",
            "ok",
        ],
        [
            [p.place, p.arm, _percent(p.error), _band(p.band), *map(_percent, _shares(p))]
            for p in leaderboard(calibration)
        ],
    )
    lines += ["", "## Findings of the harness", ""]
    lines += [f"- {flag}" for flag in found] or ["None."]
    for kind in ("multiplicity", "dimension"):
        known = {(s.group, s.arm): s for s in calibration.per_class(kind)}
        lines += ["", f"## By {kind}", ""]
        lines += _table(
            ["class", "device", "readings", *_SHARES[1:], "median error of λ",
             "bias", "RMSE", "all intervals cover", "over rows", "m identified",
             "right of these"],
            [
                [c["class"], c["arm"], c["readings"], _percent(c["with_interval"]),
                 _percent(c["ok"]), *_errors(known.get((c["class"], c["arm"]))),
                 f"{c['covered']} of {c['intervals']}", _band(c["band"]),
                 _percent(c["identified"]), _percent(c["identified_right"])]
                for c in classes(calibration, kind)
            ],
        )  # fmt: skip
    lines += ["", "## Rows", ""]
    lines += _table(
        ["row", "λ", "m", "device", "readings", "bias", "RMSE", "median error", "covered"],
        [
            [s.group, calibration.truths[s.group],
             calibration.truths[s.group].multiplicity or "open", s.arm, s.readings,
             _percent(s.relative_bias), _percent(s.relative_rmse), _percent(s.median_error),
             f"{s.covered_all} of {s.intervals_all}"]
            for s in calibration.per_row()
        ],
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def _errors(s: Summary | None) -> tuple[str, str, str]:
    """The median error, bias and RMSE of a class, relative to λ."""
    found = (None,) * 3 if s is None else (s.median_error, s.relative_bias, s.relative_rmse)
    return _percent(found[0]), _percent(found[1]), _percent(found[2])


def _shares(p: Standing) -> tuple[float, float, float]:
    return p.answered, p.with_interval, p.ok


def _percent(x: float | None) -> str:
    if x is None or math.isnan(x):
        return "–"
    return "none" if math.isinf(x) else f"{100 * x:.1f} %".replace("-", "−")


def _band(band: Sequence[float] | None) -> str:
    return "–" if band is None else f"{_percent(band[0])} to {_percent(band[1])}"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        lines.append("| " + " | ".join(str(c).replace("|", "\\|") for c in row) + " |")
    return lines


def differences(first: Calibration, second: Calibration) -> list[dict[str, Any]]:
    """Two calibrations, device by device, on the rows that both measured with it. A device is the
    same in both where its label is, or else its name and all its settings.

    Each line: arm, rows in common, rows on which either has the smaller median |error|, p of the
    two-sided sign test, the median errors over these rows (None where most have no reading), and a
    verdict, which names what differs between the runs.
    """
    found = []
    for arm, other in paired(first, second):
        a = row_errors([m for m in first.measurements if m.arm == arm])
        b = row_errors([m for m in second.measurements if m.arm == other])
        same = [r for r in a if r in b and first.truths[r].bounds == second.truths[r].bounds]
        moved = [r for r in a if r in b and r not in same]
        if not same and not moved:
            continue
        better, worse = sum(a[r] < b[r] for r in same), sum(a[r] > b[r] for r in same)
        p = sign_test(better, worse)
        verdict = "no difference" if not better + worse else "not told apart"
        if p < SIGNIFICANT:
            verdict = "A is better" if better > worse else "B is better"
        if unlike := _unlike(first, second, arm, other):
            verdict += f"; unlike in {', '.join(unlike)}"
        if moved:
            verdict += f"; left out, as their truths differ: {', '.join(moved)}"
        found.append({
            "arm": arm,
            "rows": len(same),
            "first_better": better,
            "second_better": worse,
            "p": p,
            "first_error": _median(a[r] for r in same),
            "second_error": _median(b[r] for r in same),
            "verdict": verdict,
        })  # fmt: skip
    return found


def paired(first: Calibration, second: Calibration) -> list[tuple[str, str]]:
    """The labels of each device that two calibrations share, first those that are spelt alike: a
    label names the settings that vary in its own sweep alone."""
    alike = [(arm, arm) for arm, _ in first.arms if arm in dict(second.arms)]
    taken = {arm for arm, _ in alike}
    left = [
        {
            (arm.partition(" ")[0], json.dumps(dict(settings), sort_keys=True, default=str)): arm
            for arm, settings in c.arms
            if arm not in taken
        }
        for c in (first, second)
    ]
    return alike + [(arm, left[1][key]) for key, arm in left[0].items() if key in left[1]]


def _unlike(first: Calibration, second: Calibration, arm: str, other: str) -> list[str]:
    """In what two runs of one device are no repetition of each other: settings, evaluations."""
    settings = dict(first.arms)[arm], dict(second.arms)[other]
    names = sorted({*settings[0], *settings[1]})
    found = [n for n in names if settings[0].get(n) != settings[1].get(n)]
    allowed = [
        {m.allowed for m in c.measurements if m.arm == label}
        for c, label in ((first, arm), (second, other))
    ]
    return found + (["evaluations allowed"] if allowed[0] != allowed[1] else [])


def _median(errors: Iterable[float]) -> float | None:
    ordered = sorted(errors)
    middle = ordered[(len(ordered) - 1) // 2] if ordered else math.inf
    return middle if math.isfinite(middle) else None
