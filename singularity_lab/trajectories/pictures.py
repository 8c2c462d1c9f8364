"""The picture of a trajectory: loss above, readings with intervals below, over steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from singularity_lab.errors import BadInput, quoted
from singularity_lab.system.extras import plain

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe & Ito 2008
_MARKERS = ("o", "s", "^", "D", "v", "P")


def draw(
    path: Any,
    axes: Any,
    changes: Iterable[Any],
    ladder: Mapping[str, float] | Sequence[float],
    *,
    log_steps: bool = False,
) -> Any:
    """Draw a Trajectory into two axes (new ones when None) and return them."""
    changes = list(changes) if isinstance(changes, Iterable) else [changes]
    for change in changes:
        if not all(hasattr(change, name) for name in ("step", "low", "high")):
            raise BadInput(f"changes: expected those of change_points, received {quoted(change)}")
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(
            2, 1, sharex=True, figsize=(7.2, 5.4), layout="constrained", height_ratios=(1, 1.7)
        )[1]
    above, below = axes
    first = {r.step: r for r in path.rows}
    losses = [(s, r.loss) for s, r in sorted(first.items()) if math.isfinite(r.loss)]
    if losses:
        above.plot(*zip(*losses, strict=True), color="0.25", lw=1.2, marker=".", ms=4)
        if min(y for _, y in losses) > 0:
            above.set_yscale("log")
    above.set_ylabel("loss")

    sizes: Sequence[float | None] = path.sizes or (None,)
    for k, n in enumerate(sizes):
        colour, marker = _COLOURS[k % len(_COLOURS)], _MARKERS[k % len(_MARKERS)]
        rows = [r for r in path.rows if math.isfinite(r.value) and (n is None or r.n == n)]
        for good in (True, False):
            some = [r for r in rows if r.ok is good]
            if not some:
                continue
            label = None if n is None else f"n = {n:g}"
            label = label if good else f"{label}, not ok" if label else "not ok"
            ends = [(r.value - r.low, r.high - r.value) for r in some]
            finite = [all(math.isfinite(x) for x in e) for e in ends]
            bars = [[e[i] if f else 0.0 for e, f in zip(ends, finite, strict=True)] for i in (0, 1)]
            below.errorbar(
                [r.step for r in some], [r.value for r in some], yerr=bars, fmt=marker, ms=4,
                lw=1.2, color=colour if good else "0.65", mfc=None if good else "none",
                label=label,
            )  # fmt: skip
    failed = sorted({r.step for r in path.rows if not math.isfinite(r.value)})
    if failed:
        below.plot(
            failed, [0.02] * len(failed), "x", color="0.4", label="no reading",
            transform=below.get_xaxis_transform(),
        )  # fmt: skip
    named = ladder if isinstance(ladder, Mapping) else {f"{v:g}": v for v in ladder}
    for name, value in named.items():
        below.axhline(value, color="0.5", lw=0.8, ls="--", zorder=0)
        below.annotate(
            name, (1, value), xycoords=("axes fraction", "data"), xytext=(3, 0),
            textcoords="offset points", va="center", fontsize="small", color="0.35",
            annotation_clip=True,
        )  # fmt: skip
    for change in changes:
        for ax in (above, below):
            ax.axvspan(change.low, change.high, color=_COLOURS[4], alpha=0.2, lw=0)
            ax.axvline(change.step, color=_COLOURS[4], lw=1)
    if log_steps:
        _logarithmic(below, sorted(first))
    # Readings that are wild would hide the others.
    seen = [x for r in path.rows if r.ok for x in (r.low, r.high) if math.isfinite(x)]
    seen += list(named.values())
    if seen:
        margin = 0.08 * (max(seen) - min(seen)) + 1e-9
        below.set_ylim(min(seen) - margin, max(seen) + margin)
    below.set_xlabel("step")
    below.set_ylabel("reading, with interval")
    below.grid(alpha=0.25)
    if below.get_legend_handles_labels()[0]:
        below.legend(fontsize="small")
    above.set_title(plain(path.sentence()), fontsize="small", wrap=True)
    return axes


def _logarithmic(ax: Any, steps: Sequence[float]) -> None:
    """Steps on a logarithmic axis, linear from the least step to the least above 0 where some are
    not above 0, which then is the left edge."""
    if not steps or steps[0] > 0:
        ax.set_xscale("log")
        return
    above = [s for s in steps if s > 0]
    ax.set_xscale("symlog", linthresh=above[0] if above else 1.0)
    ax.autoscale_view(scaley=False)
    ax.set_xlim(left=steps[0])
