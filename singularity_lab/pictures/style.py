"""Colours, markers and axes that all pictures share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from singularity_lab.system.extras import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.5"


def drawing_axes(ax: Any, projection: str | None = None) -> Any:
    """The axes given, or those of a new figure of the usual size."""
    if ax is not None:
        return ax
    plt = pyplot()

    figure = plt.figure(figsize=(6.4, 4.8), layout="constrained")
    return figure.add_subplot(projection=projection)


COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def sized_axes(ax: Axes | None, width: float = 6.4, height: float = 4.4) -> Axes:
    """The axes given, or those of a new figure of this size in inches."""
    if ax is not None:
        return ax
    plt = pyplot()

    new: Axes = plt.subplots(figsize=(width, height), layout="constrained")[1]
    return new


def legend_above(ax: Axes, names: Iterable[str], width: float) -> None:
    """A legend above axes, in as many columns as names of their length have room for on a figure of
    that width in inches: a wider one leaves the axes no room."""
    longest = max(map(len, names), default=0)
    columns = max(1, int(10 * width / (longest + 6)))  # of a letter's width, and the marker's
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, frameon=False)


def colours_and_markers(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """A colour and a marker for each name."""
    return {
        name: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)
    }


def in_order(names: Sequence[str]) -> list[str]:
    """The names without repetitions, in the order of their first."""
    return list(dict.fromkeys(names))
