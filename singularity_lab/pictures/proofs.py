"""Proof trees, drawn."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import networkx

from singularity_lab.errors import OutOfScope
from singularity_lab.exact.proof.step import short
from singularity_lab.exact.proof.tree import ProofNode
from singularity_lab.system.extras import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# -- the picture -----------------------------------------------------------------------------------


_FILL = {
    "leaf": "#E8F3EC",
    "branch": "#FFFFFF",
    "see": "#E3EEF7",
    "bound": "#F1F1F1",
    "open": "#FBE6DC",
}


def plot_tree(tree: networkx.DiGraph, ax: Axes | None = None, limit: int = 120) -> Axes:
    """Return axes on which a proof tree is drawn from left to right, one box for each chart.

    A box has the case, the germ, the step, what is proved, and the divisors (k, h, candidate);
    those that reach λ of the chart are marked ●. Neighbours with the same proof, proved before,
    share a box. Orange outlines: charts where (λ, m) of the germ is attained. Fill: green leaves,
    blue for proofs used again, grey for bounds, red for what is open. Raises OutOfScope for more
    than ``limit`` nodes.

    >>> from singularity_lab.exact.proof.tree import proof_tree
    >>> from singularity_lab.exact.engine.solve import rlct
    >>> tree = proof_tree(rlct("x^2 - y^3"))
    >>> len(plot_tree(tree).texts) == len(tree)
    True
    """
    if len(tree) > limit:
        raise OutOfScope(f"plot_tree: {len(tree)} nodes, more than {limit}; read the text instead")
    runs = _runs(tree)
    tree = tree.subgraph(runs)
    charts: dict[int, ProofNode] = {n: tree.nodes[n]["chart"] for n in tree}
    labels = {n: _box(run, charts[n]) for n, run in runs.items()}
    lines = {n: len(label) for n, label in labels.items()}
    depth, top = _layout(tree, lines)
    columns = max(depth.values()) + 1
    widths = [
        max(max(map(len, labels[n])) for n in tree if depth[n] == column) + 6
        for column in range(columns)
    ]
    left = [sum(widths[:column]) for column in range(columns)]
    rows = max(top[n] + lines[n] for n in tree) + 1
    if ax is None:
        plt = pyplot()

        size = (max(4.0, 0.0535 * sum(widths)), max(2.0, 0.135 * rows))
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    for parent, child in tree.edges:
        right = left[depth[parent]] + max(map(len, labels[parent]))
        start = (right, top[parent] + lines[parent] / 2)
        end = (left[depth[child]] - 0.6, top[child] + lines[child] / 2)
        middle = end[0] - 1.6
        hot = charts[parent].critical and charts[child].critical
        ax.plot(
            (start[0], middle, middle, end[0]),
            (start[1], start[1], end[1], end[1]),
            color="#D55E00" if hot else "0.65",
            lw=1.4 if hot else 0.7,
            zorder=2 if hot else 1,
        )
    for number, chart in charts.items():
        ax.text(
            left[depth[number]],
            top[number],
            "\n".join(labels[number]),
            family="monospace",
            fontsize=6,
            va="top",
            ha="left",
            linespacing=1.25,
            bbox={
                "boxstyle": "round,pad=0.25",
                "facecolor": _FILL[_style(chart)],
                "edgecolor": "#D55E00" if chart.critical else "0.6",
                "linewidth": 1.4 if chart.critical else 0.6,
            },
            zorder=3,
        )
    ax.set_xlim(-1.5, sum(widths))
    ax.set_ylim(rows, -1.5)
    ax.set_axis_off()
    ax.set_title(str(tree.graph["certificate"]), fontsize="small")
    return ax


def _style(chart: ProofNode) -> str:
    if chart.op == "see":
        return "see"
    if chart.op == "open":
        return "open"
    if chart.op in ("subideal", "order", "terms"):
        return "bound"
    return "leaf" if chart.op in ("monomial", "newton", "rank", "empty", "zero") else "branch"


def _runs(tree: networkx.DiGraph) -> dict[int, list[int]]:
    """The nodes to draw; behind each the neighbours whose proof is the same one, proved before."""
    charts: dict[int, ProofNode] = {n: tree.nodes[n]["chart"] for n in tree}
    runs = {0: [0]}
    for n in tree:
        last = -1
        for child in sorted(tree.successors(n)):
            mine = charts[child]
            alike = (
                last >= 0
                and mine.same_as is not None
                and (mine.same_as, mine.critical) == (charts[last].same_as, charts[last].critical)
                and not tree.out_degree(child)
                and not tree.out_degree(last)
            )
            if alike:
                runs[last].append(child)
            else:
                last, runs[child] = child, [child]
    return runs


def _box(run: Sequence[int], chart: ProofNode, width: int = 30) -> list[str]:
    """The lines of a box."""
    number = f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0])
    again = f" = {chart.same_as}" if chart.same_as is not None else ""
    more = f" and {len(run) - 1} more" if len(run) > 1 else ""
    lines = [f"{number}{again}  {short(chart.case, width - 4)}{more}"]
    lines.append(short(chart.germ, width + 6))
    lines += textwrap.wrap(chart.words, width, max_lines=2, placeholder=" …")
    reaching = set(map(id, chart.reaching))
    seen = [f"{'●' if id(d) in reaching else '·'} {d}" for d in chart.divisors]
    lines += [short(line, width + 6) for line in seen[:3]]
    if len(seen) > 3:
        lines.append(f"  and {len(seen) - 3} more")
    return [*lines, chart.verdict]


def _layout(
    tree: networkx.DiGraph, lines: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, float]]:
    """Depths, and tops: a parent is in the middle of its subtree, boxes do not overlap."""
    depth = {0: 0}
    for n in networkx.topological_sort(tree):
        for child in tree.successors(n):
            depth[child] = depth[n] + 1
    span: dict[int, float] = {}
    for n in reversed(list(networkx.topological_sort(tree))):
        below = sum(span[c] for c in tree.successors(n))
        span[n] = max(lines[n] + 1.2, below)
    top: dict[int, float] = {}
    start = {0: 0.0}
    for n in networkx.topological_sort(tree):
        top[n] = start[n] + (span[n] - lines[n] - 1.2) / 2
        children = sorted(tree.successors(n))
        place = start[n] + (span[n] - sum(span[c] for c in children)) / 2
        for child in children:
            start[child] = place
            place += span[child]
    return depth, top
