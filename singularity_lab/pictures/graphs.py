"""Dual graphs of resolutions and graphs of adjacencies, drawn."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from singularity_lab.errors import OutOfScope
from singularity_lab.pictures.style import BLUE, GREY, ORANGE, drawing_axes


def adjacency_graph(graph: Any, ax: Any = None) -> Any:
    """The graph of :func:`unfolding.adjacencies`, μ from left to right.

    >>> from singularity_lab.exact.classification.unfolding import adjacencies
    >>> ax = adjacency_graph(adjacencies(5))
    >>> sorted(t.get_text() for t in ax.texts)
    ['A1', 'A2', 'A3', 'A4', 'A5', 'D4', 'D5']
    """
    from matplotlib.patches import FancyArrowPatch

    ax = drawing_axes(ax)
    rows = {"A": 0, "D": 1, "E": 2}
    at = {v: (graph.nodes[v]["milnor"], rows[v[0]]) for v in graph}
    for big, small in graph.edges:
        arrow = FancyArrowPatch(
            at[big],
            at[small],
            arrowstyle="->",
            color=GREY,
            mutation_scale=10,
            shrinkA=11,
            shrinkB=11,
        )
        ax.add_patch(arrow)
    for v, (x, y) in at.items():
        ax.text(x, y, v, ha="center", va="center", color=BLUE, fontsize=11)
    ax.set_xlim(0.5, max(x for x, _ in at.values()) + 0.5)
    ax.set_ylim(-0.6, 2.6)
    ax.set_xlabel("μ")
    ax.set_yticks([])
    return ax


def dual_graph(graph: Any, ax: Any = None) -> Any:
    """A dual graph: circles with (N, ν), strict transforms as squares, the least ν/N in orange.

    graph: a networkx graph whose nodes carry N, nu, label and strict (dual_graph module).

    >>> from singularity_lab.exact.resolutions.dual_graph import resolution_graph
    >>> ax = dual_graph(resolution_graph("x^2 - y^3").graph())
    >>> sorted(t.get_text() for t in ax.texts)
    ['(2, 2)', '(3, 3)', '(6, 5)', 'f']
    """
    import networkx

    ax = drawing_axes(ax)
    if not graph:
        raise OutOfScope("dual graph: no divisors")
    forest = networkx.is_forest(graph)
    place = networkx.planar_layout(graph) if forest else networkx.spring_layout(graph, seed=1)
    if len(graph) > 2:
        place = networkx.kamada_kawai_layout(graph, pos=place)
    least = min(Fraction(d["nu"]) / d["N"] for _, d in graph.nodes(data=True))
    for a, b in graph.edges:
        ax.plot(*zip(place[a], place[b], strict=True), color=GREY, lw=1.0, zorder=1)
    for v, data in graph.nodes(data=True):
        x, y = place[v]
        hit = Fraction(data["nu"]) / data["N"] == least
        ax.plot(
            [x], [y], "s" if data["strict"] else "o", ms=9, zorder=2,
            color=ORANGE if hit else BLUE,
        )  # fmt: skip
        ax.annotate(data["label"], (x, y), textcoords="offset points", xytext=(6, 7), fontsize=8)
    ax.margins(0.2)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(f"divisors (N, ν); least ν/N = {least}", fontsize="medium")
    return ax
