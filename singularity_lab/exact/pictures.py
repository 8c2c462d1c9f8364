"""Pictures of singularities: real curves and surfaces, jet staircases, unfolding paths.

Each function draws into the given matplotlib axes, or new ones, and returns them. Matplotlib is
imported on the first call. Nothing is decided from a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.errors import OutOfScope
from singularity_lab.extras import pyplot

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "0.5"


def _axes(ax: Any, projection: str | None = None) -> Any:
    if ax is not None:
        return ax
    plt = pyplot()

    figure = plt.figure(figsize=(6.4, 4.8), layout="constrained")
    return figure.add_subplot(projection=projection)


def zero_set(f: Polynomial, ax: Any = None, size: float = 1.0, title: str = "") -> Any:
    """The real curve f = 0 in [−size, size]², or the surface in [−size, size]³ as level curves.

    Raises OutOfScope for other numbers of variables.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> ax = zero_set(parse("x^2 - y^3"))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x', 'y')
    """
    import numpy as np

    n = len(f.variables)
    if n not in (2, 3):
        raise OutOfScope(f"zero_set: 2 or 3 variables can be drawn, {f} has {n}")
    ticks = np.linspace(-size, size, 401 if n == 2 else 121)
    first, second = np.meshgrid(ticks, ticks)
    if n == 2:
        ax = _axes(ax)
        values = _evaluate(f, [first, second])
        ax.contourf(first, second, values > 0, levels=[-0.5, 0.5, 1.5], colors=["1.0", "0.93"])
        if values.min() < 0 < values.max():
            ax.contour(first, second, values, levels=[0.0], colors=[_BLUE], linewidths=1.6)
        ax.plot(0, 0, "o", color=_ORANGE, ms=5)
        ax.set_aspect("equal")
    else:
        ax = _axes(ax, "3d")
        for height in np.linspace(-size, size, 25):
            for axis in range(3):
                grids = [first, second]
                grids.insert(axis, np.full_like(first, height))
                values = _evaluate(f, grids)
                if values.min() < 0 < values.max():
                    _level_curve(ax, values, ticks, axis, float(height))
        ax.scatter([0], [0], [0], color=_ORANGE, s=20)
        ax.set_zlabel(f.variables[2])
    ax.set_xlabel(f.variables[0])
    ax.set_ylabel(f.variables[1])
    if title:
        ax.set_title(title)
    return ax


def _level_curve(ax: Any, values: Any, ticks: Any, axis: int, height: float) -> None:
    """The zero curve of a slice, as lines in space."""
    import numpy as np
    from contourpy import contour_generator

    segments: Any = contour_generator(ticks, ticks, values).lines(0.0)
    for segment in segments:
        columns = [segment[:, 0], segment[:, 1]]
        columns.insert(axis, np.full(len(segment), height))
        ax.plot(*columns, color=_BLUE, lw=0.5, alpha=0.6)


def _evaluate(f: Polynomial, grids: Sequence[Any]) -> Any:
    import numpy as np

    total = np.zeros_like(grids[0])
    for a, c in f.terms():
        term = np.full_like(grids[0], float(c))
        for grid, e in zip(grids, a, strict=True):
            term = term * grid**e
        total = total + term
    return total


def jet_staircase(codimensions: Sequence[int], slope: Fraction, ax: Any = None) -> Any:
    """codim J_m against m + 1, above the line (m + 1)·min codim/(m + 1), which it touches.

    >>> ax = jet_staircase([1, 2, 3, 4, 5, 5], Fraction(5, 6))
    >>> ax.get_xlabel()
    'm + 1'
    """
    ax = _axes(ax)
    steps = list(range(1, len(codimensions) + 1))
    ax.step(steps, codimensions, where="mid", color=_BLUE, lw=1.4)
    ax.plot(steps, codimensions, "o", color=_BLUE, ms=4, label="codim $J_m$")
    line = [float(slope) * s for s in steps]
    ax.plot(steps, line, "--", color=_GREY, label=f"{slope} · (m + 1)")
    touching = [(s, c) for s, c in zip(steps, codimensions, strict=True) if c == slope * s]
    ax.plot(*zip(*touching, strict=True), "s", color=_ORANGE, ms=6, label="attained", ls="none")
    ax.set_xlabel("m + 1")
    ax.set_ylabel("codimension")
    ax.legend()
    return ax


def unfolding_path(points: Sequence[tuple[float, Fraction | None, str]], ax: Any = None) -> Any:
    """λ of K = F_s² at the origin against the parameter s, each point with its type.

    points: (s, λ or None where 0 is no zero, type).

    >>> ax = unfolding_path([(0.0, Fraction(3, 8), "A3"), (0.5, Fraction(5, 12), "A2")])
    >>> ax.get_ylabel()
    'λ'
    """
    ax = _axes(ax)
    drawn = [(s, float(v), kind) for s, v, kind in points if v is not None]
    ax.plot([s for s, _, _ in drawn], [v for _, v, _ in drawn], "o", color=_BLUE, ls="none")
    for s, v, kind in drawn:
        ax.annotate(kind, (s, v), textcoords="offset points", xytext=(4, 6), fontsize=9)
    ax.set_xlabel("parameter")
    ax.set_ylabel("λ")
    ax.margins(0.15)
    return ax


def adjacency_graph(graph: Any, ax: Any = None) -> Any:
    """The graph of :func:`unfolding.adjacencies`, μ from left to right.

    >>> from singularity_lab.exact.unfolding import adjacencies
    >>> ax = adjacency_graph(adjacencies(5))
    >>> sorted(t.get_text() for t in ax.texts)
    ['A1', 'A2', 'A3', 'A4', 'A5', 'D4', 'D5']
    """
    from matplotlib.patches import FancyArrowPatch

    ax = _axes(ax)
    rows = {"A": 0, "D": 1, "E": 2}
    at = {v: (graph.nodes[v]["milnor"], rows[v[0]]) for v in graph}
    for big, small in graph.edges:
        arrow = FancyArrowPatch(
            at[big],
            at[small],
            arrowstyle="->",
            color=_GREY,
            mutation_scale=10,
            shrinkA=11,
            shrinkB=11,
        )
        ax.add_patch(arrow)
    for v, (x, y) in at.items():
        ax.text(x, y, v, ha="center", va="center", color=_BLUE, fontsize=11)
    ax.set_xlim(0.5, max(x for x, _ in at.values()) + 0.5)
    ax.set_ylim(-0.6, 2.6)
    ax.set_xlabel("μ")
    ax.set_yticks([])
    return ax


def dual_graph(graph: Any, ax: Any = None) -> Any:
    """A dual graph: circles with (N, ν), strict transforms as squares, the least ν/N in orange.

    graph: a networkx graph whose nodes carry N, nu, label and strict (dual_graph module).

    >>> from singularity_lab.exact.dual_graph import resolution_graph
    >>> ax = dual_graph(resolution_graph("x^2 - y^3").graph())
    >>> sorted(t.get_text() for t in ax.texts)
    ['(2, 2)', '(3, 3)', '(6, 5)', 'f']
    """
    import networkx

    ax = _axes(ax)
    if not graph:
        raise OutOfScope("dual graph: no divisors")
    forest = networkx.is_forest(graph)
    place = networkx.planar_layout(graph) if forest else networkx.spring_layout(graph, seed=1)
    if len(graph) > 2:
        place = networkx.kamada_kawai_layout(graph, pos=place)
    least = min(Fraction(d["nu"]) / d["N"] for _, d in graph.nodes(data=True))
    for a, b in graph.edges:
        ax.plot(*zip(place[a], place[b], strict=True), color=_GREY, lw=1.0, zorder=1)
    for v, data in graph.nodes(data=True):
        x, y = place[v]
        hit = Fraction(data["nu"]) / data["N"] == least
        ax.plot(
            [x], [y], "s" if data["strict"] else "o", ms=9, zorder=2,
            color=_ORANGE if hit else _BLUE,
        )  # fmt: skip
        ax.annotate(data["label"], (x, y), textcoords="offset points", xytext=(6, 7), fontsize=8)
    ax.margins(0.2)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(f"divisors (N, ν); least ν/N = {least}", fontsize="medium")
    return ax


def fan_section(
    rays: Sequence[tuple[int, ...]], cones: Sequence[Sequence[int]], ax: Any = None
) -> Any:
    """A fan in the orthant: rays of the plane, or the section Σ w = 1 of one in dimension 3.

    >>> ax = fan_section([(1, 0), (3, 2), (0, 1)], [[0, 1], [1, 2]])
    >>> [t.get_text() for t in ax.texts]
    ['(1, 0)', '(3, 2)', '(0, 1)']
    """
    n = len(rays[0])
    if n not in (2, 3):
        raise OutOfScope(f"fan: dimension 2 or 3 can be drawn, not {n}")
    ax = _axes(ax)
    if n == 2:
        ends = [(r[0] / sum(r), r[1] / sum(r)) for r in rays]
        for x, y in ends:
            ax.plot([0, x], [0, y], color=_BLUE)
    else:  # barycentric coordinates
        ends = [((r[1] + r[2] / 2) / sum(r), r[2] * 0.75**0.5 / sum(r)) for r in rays]
        for cone in cones:
            for i in cone:
                for j in cone:
                    if i < j:
                        ax.plot(*zip(ends[i], ends[j], strict=True), color=_GREY, lw=0.7)
        ax.plot(*zip(*ends, strict=True), "o", color=_BLUE, ms=4)
    for ray, (x, y) in zip(rays, ends, strict=True):
        ax.annotate(str(ray), (x, y), textcoords="offset points", xytext=(4, 4), fontsize=8)
    ax.set_aspect("equal")
    ax.margins(0.15)
    return ax


def matrix_table(rows: Sequence[Sequence[str]], title: str, ax: Any = None) -> Any:
    """A matrix of texts, with a title.

    >>> ax = matrix_table([["x", "0"], ["0", "y"]], "a matrix")
    >>> len(ax.texts)
    4
    """
    ax = _axes(ax)
    n = max(len(row) for row in rows)
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            ax.text(j, -i, text, ha="center", va="center", color=_GREY if text == "0" else "black")
    ax.set_xlim(-0.6, n - 0.4)
    ax.set_ylim(-len(rows) + 0.4, 0.6)
    ax.plot([-0.5, -0.5], [0.5, 0.5 - len(rows)], color=_BLUE)
    ax.plot([n - 0.5, n - 0.5], [0.5, 0.5 - len(rows)], color=_BLUE)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(title, fontsize="medium")
    return ax


def monomial_basis(basis: Sequence[tuple[int, ...]], names: Sequence[str], ax: Any = None) -> Any:
    """The exponents of a basis of monomials, in 1, 2 or 3 variables.

    >>> ax = monomial_basis([(0, 0), (1, 0), (0, 1)], ("x", "y"))
    >>> ax.get_xlabel()
    'x'
    """
    n = len(names)
    if n not in (1, 2, 3):
        raise OutOfScope(f"monomial basis: 1 to 3 variables can be drawn, not {n}")
    ax = _axes(ax, "3d" if n == 3 else None)
    points = [(*a, 0) if n == 1 else a for a in basis]
    if points:
        ax.plot(*zip(*points, strict=True), "o", color=_BLUE)
    ax.set_xlabel(names[0])
    if n > 1:
        ax.set_ylabel(names[1])
    if n > 2:
        ax.set_zlabel(names[2])
    ax.set_title(f"{len(basis)} monomials", fontsize="medium")
    return ax


def newton_polyhedron(polyhedron: NewtonPolyhedron, ax: Any = None) -> Any:
    """A Newton polyhedron in 2 or 3 variables: compact faces, exponents, the face that is hit.

    Raises OutOfScope for other numbers of variables.

    >>> ax = newton_polyhedron(NewtonPolyhedron.of([(3, 0, 0), (0, 3, 0), (0, 0, 3), (1, 1, 1)]))
    >>> ax.get_title()
    'hit at t = 1'
    """
    if polyhedron.dimension == 2:
        from singularity_lab.plots import newton_polygon

        return newton_polygon(polyhedron.support, ax=ax)
    if polyhedron.dimension != 3:
        raise OutOfScope(f"newton_polyhedron: dimension {polyhedron.dimension} cannot be drawn")
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

    ax = _axes(ax, "3d")
    hit = polyhedron.hit_face()
    for face in polyhedron.compact_faces():
        corners = [a for a in face if a in polyhedron.vertices]
        colour = _ORANGE if face == hit else _BLUE
        if len(corners) > 2 and len(face) > 2:
            ring = _around(corners)
            ax.add_collection3d(
                Poly3DCollection([ring], facecolor=colour, edgecolor=_BLUE, alpha=0.25)
            )
        elif len(corners) == 2:
            width = 3.0 if face == hit else 1.0
            ax.plot(*zip(*corners, strict=True), color=colour, lw=width)
    ax.scatter(*zip(*polyhedron.support, strict=True), color=_BLUE, s=18)
    t = polyhedron.distance()
    ax.plot(*[[0, 1.5 * float(t)]] * 3, "--", color=_GREY)
    ax.scatter(*[[float(t)]] * 3, color=_ORANGE, marker="*", s=90)
    ax.set_title(f"hit at t = {t}")
    return ax


def _around(corners: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The corners of a plane convex polygon in space, in cyclic order."""
    import numpy as np

    points = np.array(corners, dtype=float)
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred)
    flat = centred @ axes[:2].T
    order = np.argsort(np.arctan2(flat[:, 1], flat[:, 0]))
    return [corners[int(i)] for i in order]


def volume_constant(expansion: Any, ax: Any = None) -> Any:
    """V(ε) of an expansion on logarithmic axes: the sum of its known terms."""
    import numpy as np

    ax = _axes(ax)
    epsilon = np.logspace(-12, -1, 60)
    values = [expansion(float(e)) for e in epsilon]
    ax.loglog(epsilon, values, color=_BLUE)
    ax.set_xlabel("ε")
    ax.set_ylabel("V(ε), all terms" if expansion.complete else "V(ε), leading term")
    return ax
