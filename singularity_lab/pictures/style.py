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


def device_in(arm: str) -> str:
    """The name of an arm without its budget: a sweep writes ``llc @1e+06``."""
    return arm.partition(" @")[0]


def colours_and_markers(
    names: Sequence[str], among: Sequence[str] = ()
) -> dict[str, tuple[str, str]]:
    """A colour for each device and a marker for each name.

    among: all names of which these are some, in an order that is the same for every figure: then a
    device has one colour in all of them.

    >>> colours_and_markers(["b"], among=["a", "b"]) == colours_and_markers(["a", "b"])
    False
    >>> colours_and_markers(["b"], among=["a", "b"])["b"] == colours_and_markers(["a", "b"])["b"]
    True
    """
    known = in_order([*among, *names])
    devices = in_order([device_in(name) for name in known])
    return {
        name: (
            COLOURS[devices.index(device_in(name)) % len(COLOURS)],
            MARKERS[known.index(name) % len(MARKERS)],
        )
        for name in in_order(names)
    }


def in_order(names: Sequence[str]) -> list[str]:
    """The names without repetitions, in the order of their first."""
    return list(dict.fromkeys(names))
