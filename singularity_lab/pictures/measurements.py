"""One plotting function per object. Each draws into the given matplotlib axes (or new ones) and
returns them.

Matplotlib is imported on the first call. The functions draw what they are given, numbers and
texts; they know nothing of proofs or devices. Colours are those of Okabe & Ito 2008, safe for
colour-blind readers, and every series has a marker of its own besides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from singularity_lab.errors import BadInput
from singularity_lab.pictures.style import (
    COLOURS,
    MARKERS,
    colours_and_markers,
    in_order,
    legend_above,
    sized_axes,
)
from singularity_lab.system.extras import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "calibration",
    "coverage",
    "errors_by_row",
    "ledger",
    "volume_curve",
]


# -- calibration
# ------------------------------------------------------------------------------------


def calibration(
    points: Sequence[Mapping[str, Any]], ax: Axes | None = None, arms: Sequence[str] = ()
) -> Axes:
    """Readings against proved λ, with intervals; on the diagonal a device is right.

    points: mappings with ``arm``, ``exact``, ``value``, ``low``, ``high`` (None where there is no
    interval). Both axes are logarithmic; readings at or below 0 stand as empty triangles on the
    lower edge. arms: all arms of the calibration, by whose order each has its colour. Raises
    BadInput for no points.

    >>> ax = calibration([{"arm": "a", "exact": 0.5, "value": 0.4, "low": 0.3, "high": 0.45}])
    >>> ax.get_xscale(), ax.get_xlabel()
    ('log', 'proved λ')
    """
    drawable = [p for p in points if p["exact"] > 0 and math.isfinite(p["value"])]
    if not drawable:
        raise BadInput("points: at least one reading of a row with proved λ > 0 is needed")
    ax = sized_axes(ax)
    style = colours_and_markers([p["arm"] for p in drawable], arms)
    exact = [p["exact"] for p in drawable]
    positive = [p["value"] for p in drawable if p["value"] > 0]
    bottom = 0.8 * min([*positive, *exact])
    low, high = 0.8 * min(exact), 1.25 * max(exact)
    ax.plot([low, high], [low, high], color="0.4", lw=1, label="reading = λ", zorder=1)
    # Arms stand side by side around the exact value, so that their intervals do not cover each
    # other.
    step = 0.012 * math.log(high / low)
    for k, (name, (colour, marker)) in enumerate(style.items()):
        shift = math.exp((k - (len(style) - 1) / 2) * step)
        own = [p for p in drawable if p["arm"] == name]
        over = [p for p in own if p["value"] > 0]
        label: str | None = plain(name)
        if over:
            _segments(
                ax,
                colour,
                [
                    ((p["exact"] * shift, max(p["low"], bottom)), (p["exact"] * shift, p["high"]))
                    for p in over
                    if p["low"] is not None and p["high"] is not None
                ],
            )
            x, y = [p["exact"] * shift for p in over], [p["value"] for p in over]
            ax.plot(x, y, marker, color=colour, ms=4.5, label=label, ls="none")
            label = None
        if x := [p["exact"] * shift for p in own if p["value"] <= 0]:
            y = [bottom] * len(x)
            ax.plot(
                x,
                y,
                "v",
                mfc="none",
                color=colour,
                label=label,
                clip_on=False,
                ls="none",
            )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("proved λ")
    ax.set_ylabel("reading, with interval")
    _decimal_ticks(ax)
    ax.grid(alpha=0.25)
    ax.legend()
    return ax


def _segments(
    ax: Axes, colour: str, ends: Sequence[tuple[tuple[float, float], tuple[float, float]]]
) -> None:
    """Intervals as one line with gaps: a line for each would take most of the time of a report."""
    if ends:
        x = [v for a, b in ends for v in (a[0], b[0], math.nan)]
        y = [v for a, b in ends for v in (a[1], b[1], math.nan)]
        ax.plot(x, y, color=colour, lw=1.2)


def _decimal_ticks(ax: Axes) -> None:
    """Readable numbers instead of powers of ten: λ spans one or two decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        axis.set_minor_formatter(NullFormatter())


def errors_by_row(
    points: Sequence[Mapping[str, Any]], ax: Axes | None = None, arms: Sequence[str] = ()
) -> Axes:
    """Relative error of each reading, one line a row, with its interval: where an arm is wrong, and
    by how much.

    points: as for :func:`calibration`, with ``label`` and ``multiplicity`` besides. Readings
    further off than the readable range stand at its edge, with their error written beside them.
    arms: as for :func:`calibration`. Raises BadInput for no points.
    """
    drawable = [p for p in points if p["exact"] > 0]
    if not drawable:
        raise BadInput("points: at least one reading of a row with proved λ > 0 is needed")
    rows = in_order([p["label"] for p in drawable])
    ax = sized_axes(ax, 8.0, 1.4 + 0.3 * len(rows))
    style = colours_and_markers([p["arm"] for p in drawable], arms)
    m_of = {p["label"]: p["multiplicity"] for p in drawable}
    limit = 60.0
    for k, (name, (colour, marker)) in enumerate(style.items()):
        ends, shown_at = [], []
        for p in (q for q in drawable if q["arm"] == name):
            y = rows.index(p["label"]) + (k - (len(style) - 1) / 2) * 0.24
            error, low, high = (
                None if v is None else 100 * (v / p["exact"] - 1)
                for v in (p["value"], p["low"], p["high"])
            )
            assert error is not None
            shown = max(-limit, min(limit, error))
            if low is not None and high is not None and abs(error) <= limit:
                ends.append(((max(low, -limit), y), (min(high, limit), y)))
            shown_at.append((shown, y))
            if abs(error) > limit:
                side = "left" if error < 0 else "right"
                ax.annotate(
                    f"{error:+.0f} %".replace("-", "−"),
                    (shown, y),
                    xytext=(6 if side == "left" else -6, 0),
                    textcoords="offset points",
                    ha=side,
                    va="center",
                    fontsize="x-small",
                    color=colour,
                )
        _segments(ax, colour, ends)
        places, heights = zip(*shown_at, strict=True)
        ax.plot(
            places,
            heights,
            marker,
            color=colour,
            ms=4.5,
            label=plain(name),
            clip_on=False,
            ls="none",
        )
    ax.axvline(0, color="0.4", lw=1)
    ax.set_yticks(range(len(rows)))
    ax.set_yticklabels([f"{plain(r)}  (m = {m_of[r] or '?'})" for r in rows], fontsize="small")
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(-limit * 1.03, limit * 1.03)
    ax.set_xlabel("(reading − λ)/λ in per cent, with interval")
    ax.grid(axis="x", alpha=0.25)
    legend_above(ax, style, 8.0)
    return ax


def coverage(
    bars: Sequence[Mapping[str, Any]], ax: Axes | None = None, arms: Sequence[str] = ()
) -> Axes:
    """Share of intervals that contain λ, by class and arm, with its binomial interval and the
    nominal level.

    bars: mappings with ``arm``, ``group``, ``covered``, ``intervals``, ``low``, ``high`` (of the
    coverage) and ``level`` (nominal, or None). arms: as for :func:`calibration`. Raises BadInput
    where no interval was claimed at all.
    """
    bars = [b for b in bars if b["intervals"]]
    if not bars:
        raise BadInput("bars: at least one group with intervals is needed")
    groups = in_order([b["group"] for b in bars])
    style = colours_and_markers([b["arm"] for b in bars], arms)
    ax = sized_axes(ax, 6.4, 3.6)
    width = 0.8 / len(style)
    for k, (name, (colour, _)) in enumerate(style.items()):
        label: str | None = plain(name)
        for b in (q for q in bars if q["arm"] == name):
            x = groups.index(b["group"]) + (k - (len(style) - 1) / 2) * width
            share = b["covered"] / b["intervals"]
            ax.bar(x, share, 0.9 * width, color=colour, alpha=0.75, label=label)
            ax.plot([x, x], [b["low"], b["high"]], color="0.2", lw=1)
            ax.annotate(
                f"{b['covered']}/{b['intervals']}",
                (x, b["high"]),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize="x-small",
                color="0.2",
            )
            label = None
    for level in sorted({b["level"] for b in bars if b["level"]}):
        ax.axhline(level, color="0.2", ls="--", lw=1)
        ax.annotate(
            f"nominal {level:.0%}",
            (1, level),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize="small",
        )
    ax.set_xticks(range(len(groups)))
    ax.set_xticklabels([plain(g) for g in groups])
    ax.set_ylim(0, 1.12)
    ax.set_ylabel("intervals that contain λ")
    legend_above(ax, style, 6.4)
    return ax


def ledger(rows: Sequence[Mapping[str, Any]], ax: Axes | None = None) -> Axes:
    """The estimator's error in its parts, relative to λ, one line a row: target bias,
    discretisation, noise.

    rows: mappings with ``row``, ``exact``, ``target_bias``, ``discretisation``,
    ``discretisation_error``, ``monte_carlo``. Raises BadInput for no rows.
    """
    if not rows:
        raise BadInput("rows: at least one row of the ledger is needed")
    ax = sized_axes(ax, 8.0, 1.4 + 0.32 * len(rows))
    for i, r in enumerate(rows):
        first = 100 * r["target_bias"] / r["exact"]
        second = 100 * r["discretisation"] / r["exact"]
        error = 100 * r["discretisation_error"] / r["exact"]
        names = ("target bias", "discretisation and mixing", "total, ± one reading's noise")
        labels: Sequence[str | None] = names if i == 0 else (None, None, None)
        ax.barh(i - 0.16, first, 0.3, color=COLOURS[0], label=labels[0])
        ax.barh(i + 0.16, second, 0.3, color=COLOURS[4], label=labels[1])
        if math.isfinite(error):
            ax.plot([second - 2 * error, second + 2 * error], [i + 0.16] * 2, color="0.2", lw=1)
        total, noise = first + second, 100 * r["monte_carlo"] / r["exact"]
        if math.isfinite(noise):
            ax.plot([total - noise, total + noise], [i, i], color=COLOURS[1], lw=1.2)
        ax.plot(total, i, MARKERS[3], color=COLOURS[1], ms=4, label=labels[2])
    ax.axvline(0, color="0.4", lw=1)
    ax.set_yticks(range(len(rows)))
    ax.set_yticklabels([plain(r["row"]) for r in rows], fontsize="small")
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel("per cent of λ")
    ax.grid(axis="x", alpha=0.25)
    ax.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize="small"
    )
    return ax


# -- the volume curve -----------------------------------------------------------------------------


def volume_curve(
    x: Sequence[float],
    log_volume: Sequence[float],
    ax: Axes | None = None,
    *,
    error: Sequence[float] | None = None,
    models: Sequence[Mapping[str, Any]] = (),
    exact: tuple[Any, int] | None = None,
    title: str = "",
) -> Axes:
    """The volume V(ε) of {K < ε} against x = −log ε.

    With the proved (λ, m) as ``exact`` the slope −λ is taken out: log V + λx tends to (m − 1) log x
    + c, flat for m = 1 and logarithmic above, which the dashed line shows (c from the deepest half
    of the curve). Without it log V itself is drawn.

    x, log_volume: as many values each; error: one standard deviation, as many, or None. models:
    fitted curves, mappings with ``x``, ``log_volume`` and ``label``. Raises BadInput for sequences
    of unequal length or fewer than two points.

    >>> x = [1.0, 2.0, 3.0, 4.0]
    >>> ax = volume_curve(x, [1 - 0.5 * u for u in x], exact=(0.5, 1))
    >>> [float(y) for y in ax.lines[0].get_ydata()]
    [1.0, 1.0, 1.0, 1.0]
    """
    sizes = {len(x), len(log_volume), len(x if error is None else error)}
    if len(sizes) > 1 or len(x) < 2:
        raise BadInput(
            "x, log_volume, error: sequences of one length of at least 2 are needed, "
            f"received lengths {sorted(sizes)}"
        )
    ax = sized_axes(ax, 5.2, 3.6)
    slope = float(exact[0]) if exact is not None else 0.0
    level = [v + slope * u for u, v in zip(x, log_volume, strict=True)]
    ax.plot(x, level, color=COLOURS[0], lw=1.2, label="measured")
    if error is not None:
        low, high = zip(*((y - e, y + e) for y, e in zip(level, error, strict=True)), strict=True)
        ax.fill_between(x, low, high, color=COLOURS[0], alpha=0.25, lw=0)
    for i, model in enumerate(models):
        lifted = [v + slope * u for u, v in zip(model["x"], model["log_volume"], strict=True)]
        colour = COLOURS[(i + 1) % len(COLOURS)]
        ax.plot(model["x"], lifted, color=colour, lw=1.2, label=plain(model["label"]))
    if exact is not None:
        m = exact[1]
        deep = [k for k, u in enumerate(x) if u >= 0.5 * max(x) and u > 1.0] or [len(x) - 1]
        shift = sum(level[k] - (m - 1) * math.log(x[k]) for k in deep) / len(deep)
        at = [u for u in x if u > 1.0]
        ax.plot(
            at,
            [(m - 1) * math.log(u) + shift for u in at],
            ls="--",
            lw=1,
            color="0.2",
            label=f"proved: λ = {exact[0]}, m = {m}",
        )
    ax.set_xlabel("x = −log ε")
    ax.set_ylabel("log V" if exact is None else f"log V + ({exact[0]}) x")
    if title:
        ax.set_title(plain(title), fontsize="medium")
    ax.grid(alpha=0.25)
    ax.legend(fontsize="small", loc="lower right")
    return ax
