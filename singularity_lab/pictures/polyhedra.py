"""Newton polyhedra, fans and bases of monomials, drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from singularity_lab.algebra.polyhedra import Exponent, NewtonPolyhedron, Number
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.pictures.style import BLUE, COLOURS, GREY, ORANGE, drawing_axes, sized_axes
from singularity_lab.system.extras import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
        raise OutOfScope(f"fan: dimension 2 or 3 can be drawn, received {n}")
    ax = drawing_axes(ax)
    if n == 2:
        ends = [(r[0] / sum(r), r[1] / sum(r)) for r in rays]
        for x, y in ends:
            ax.plot([0, x], [0, y], color=BLUE)
    else:  # barycentric coordinates
        ends = [((r[1] + r[2] / 2) / sum(r), r[2] * 0.75**0.5 / sum(r)) for r in rays]
        for cone in cones:
            for i in cone:
                for j in cone:
                    if i < j:
                        ax.plot(*zip(ends[i], ends[j], strict=True), color=GREY, lw=0.7)
        ax.plot(*zip(*ends, strict=True), "o", color=BLUE, ms=4)
    for ray, (x, y) in zip(rays, ends, strict=True):
        ax.annotate(str(ray), (x, y), textcoords="offset points", xytext=(4, 4), fontsize=8)
    ax.set_aspect("equal")
    ax.margins(0.15)
    return ax


def monomial_basis(basis: Sequence[tuple[int, ...]], names: Sequence[str], ax: Any = None) -> Any:
    """The exponents of a basis of monomials, in 1, 2 or 3 variables.

    >>> ax = monomial_basis([(0, 0), (1, 0), (0, 1)], ("x", "y"))
    >>> ax.get_xlabel()
    'x'
    """
    n = len(names)
    if n not in (1, 2, 3):
        raise OutOfScope(f"monomial basis: 1 to 3 variables can be drawn, received {n}")
    ax = drawing_axes(ax, "3d" if n == 3 else None)
    points = [(*a, 0) if n == 1 else a for a in basis]
    if points:
        ax.plot(*zip(*points, strict=True), "o", color=BLUE)
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

    >>> from singularity_lab.algebra.polyhedra import NewtonPolyhedron
    >>> ax = newton_polyhedron(NewtonPolyhedron.of([(3, 0, 0), (0, 3, 0), (0, 0, 3), (1, 1, 1)]))
    >>> ax.get_title()
    'hit at t = 1'
    """
    if polyhedron.dimension == 2:
        return newton_polygon(polyhedron.support, ax=ax)
    if polyhedron.dimension != 3:
        raise OutOfScope(f"newton_polyhedron: dimension {polyhedron.dimension} cannot be drawn")
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

    ax = drawing_axes(ax, "3d")
    hit = polyhedron.hit_face()
    for face in polyhedron.compact_faces():
        corners = [a for a in face if a in polyhedron.vertices]
        colour = ORANGE if face == hit else BLUE
        if len(corners) > 2 and len(face) > 2:
            ring = _around(corners)
            ax.add_collection3d(
                Poly3DCollection([ring], facecolor=colour, edgecolor=BLUE, alpha=0.25)
            )
        elif len(corners) == 2:
            width = 3.0 if face == hit else 1.0
            ax.plot(*zip(*corners, strict=True), color=colour, lw=width)
    ax.scatter(*zip(*polyhedron.support, strict=True), color=BLUE, s=18)
    t = polyhedron.distance()
    ax.plot(*[[0, 1.5 * float(t)]] * 3, "--", color=GREY)
    ax.scatter(*[[float(t)]] * 3, color=ORANGE, marker="*", s=90)
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


# -- the Newton polygon ---------------------------------------------------------------------------


def newton_polygon(
    points: Sequence[Sequence[int]],
    ax: Axes | None = None,
    *,
    shift: Sequence[Any] = (0, 0),
    names: Sequence[str] = ("x", "y"),
) -> Axes:
    """The Newton polygon of exponents in the plane, the ray that meets its boundary, and the face
    it hits.

    points: exponents (a, b) of the terms; the polygon is their convex hull plus the quadrant.
    shift: exponents τ of the prior; the ray is t·(1 + τ), and where it leaves the complement of the
    polygon, 1/t is the complex threshold of the term ideal (2λ of K = Σ fᵢ² when the ideal is
    nondegenerate). Raises BadInput for exponents that are not pairs, or for the exponent 0 (the
    ideal is then a unit).

    >>> ax = newton_polygon([(2, 0), (0, 3)])
    >>> ax.get_title()
    'hit at t = 6/5'
    """
    from fractions import Fraction

    exponents = sorted({(int(a), int(b)) for a, b in _pairs(points)})
    if (0, 0) in exponents:
        raise BadInput("points: the exponent (0, 0) is a unit; there is no polygon to draw")
    corners = _lower_hull(exponents)
    direction = tuple(1 + Fraction(s) for s in shift)
    t, (first, second) = _hit(corners, (direction[0], direction[1]))

    ax = sized_axes(ax, 5.0, 4.6)
    top = max(max(a for a, _ in exponents), max(b for _, b in exponents)) + 1.5
    top = max(top, float(t * max(direction)) + 1)
    outline = [(corners[0][0], top), *corners, (top, corners[-1][1])]
    ax.fill(
        *zip(*outline, (top, top), strict=True),
        color=COLOURS[5],
        alpha=0.18,
        lw=0,
        label="Newton polygon",
    )
    ax.plot(*zip(*outline, strict=True), color=COLOURS[0], lw=1.3)
    ends = [(min(float(a), top), min(float(b), top)) for a, b in (first, second)]
    if first == second:
        ax.plot(
            *ends[0], "s", ms=10, mfc="none", color=COLOURS[1], label="face that is hit: a vertex"
        )
    else:
        ax.plot(*zip(*ends, strict=True), color=COLOURS[1], lw=3.2, label="face that is hit")
    ax.plot(*zip(*exponents, strict=True), "o", color=COLOURS[0], ms=5, label="exponents")
    far = top / float(max(direction))
    ax.plot(
        [0, far * float(direction[0])],
        [0, far * float(direction[1])],
        ls="--",
        lw=1,
        color="0.3",
        label="ray" if not any(shift) else "ray of the prior",
    )
    at = (float(t * direction[0]), float(t * direction[1]))
    ax.plot(*at, "*", ms=12, color=COLOURS[1], zorder=5)
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.set_aspect("equal")
    ax.set_xlabel(f"exponent of {names[0]}")
    ax.set_ylabel(f"exponent of {names[1]}")
    ax.set_title(f"hit at t = {t}", fontsize="medium")
    from matplotlib.ticker import MaxNLocator

    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.2)
    ax.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return ax


def _pairs(points: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    out = []
    for p in points:
        if len(p) != 2 or any(int(e) != e or e < 0 for e in p):
            raise BadInput(f"points: pairs of integers >= 0 are needed, received {tuple(p)!r}")
        out.append((int(p[0]), int(p[1])))
    if not out:
        raise BadInput("points: at least one exponent is needed, received none")
    return out


def _lower_hull(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Vertices of conv(points) + quadrant, from upper left to lower right (Andrew's scan)."""
    hull: list[tuple[int, int]] = []
    for p in sorted(points):
        if hull and p[1] >= hull[-1][1]:  # dominated
            continue
        while len(hull) >= 2:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (p[1] - y0) - (y1 - y0) * (p[0] - x0) > 0:
                break
            hull.pop()
        hull.append(p)
    return hull


def _hit(
    corners: Sequence[tuple[int, int]], direction: tuple[Any, Any]
) -> tuple[Any, tuple[tuple[Any, Any], tuple[Any, Any]]]:
    """Smallest t with t·direction in the polygon, and the ends (∞ too) of the smallest face
    there."""
    from fractions import Fraction

    dx, dy = direction
    supports = [((1, 0), corners[0][0]), ((0, 1), corners[-1][1])]
    for (x0, y0), (x1, y1) in pairwise(corners):
        normal = (y0 - y1, x1 - x0)
        supports.append((normal, normal[0] * x0 + normal[1] * y0))
    t = max(Fraction(c) / (a * dx + b * dy) for (a, b), c in supports)
    at = (t * dx, t * dy)
    if at in corners:
        return t, (at, at)
    for first, second in pairwise(corners):
        inside = first[0] <= at[0] <= second[0]
        flat = (second[0] - first[0]) * (at[1] - first[1]) == (second[1] - first[1]) * (
            at[0] - first[0]
        )
        if inside and flat:
            return t, (first, second)
    if at[0] == corners[0][0]:  # on the vertical ray, which is unbounded
        return t, (corners[0], (at[0], math.inf))
    return t, (corners[-1], (math.inf, at[1]))


def polyhedron_with_ray(
    polyhedron: NewtonPolyhedron,
    ax: Axes | None = None,
    *,
    direction: Sequence[Number] | None = None,
    names: Sequence[str] | None = None,
) -> Axes:
    """Axes with a Newton polyhedron in the plane or in space: its support, compact faces, the ray
    of a direction and the face that it hits; :meth:`NewtonPolyhedron.plot` says more."""
    n = polyhedron.dimension
    if n not in (2, 3):
        raise OutOfScope(f"plot: dimension 2 or 3 is needed, received {n}")
    labels = tuple(names) if names is not None else ("x", "y", "z")[:n]
    if len(labels) != n:
        raise BadInput(f"names: {n} names are needed, received {labels}")
    if ax is None:
        plt = pyplot()

        figure = plt.figure(figsize=(5.2, 4.8), layout="constrained")
        ax = figure.add_subplot(projection="3d" if n == 3 else None)
    ray, t = polyhedron.ray(direction), polyhedron.distance(direction)
    point = [float(t * x) for x in ray]
    top = 1.15 * max(*(e for a in polyhedron.vertices for e in a), *point) + 0.5
    hit = polyhedron.hit_face(direction)
    if n == 2:
        _draw_plane(polyhedron, ax, top)
    else:
        _draw_space(polyhedron, ax, top, hit)
    corners = [a for a in polyhedron.vertices if a in hit]
    style: dict[str, Any] = {"color": "#D55E00", "lw": 3, "ms": 5}
    ax.plot(
        *zip(*corners, strict=True),
        "s-" if len(corners) == 2 else "s",
        label="hit face",
        **style,
    )
    for i in range(n):  # an unbounded face goes on along the axes that its facets allow
        if not polyhedron.hit_facets(direction) & polyhedron.bounding_facets[i]:
            for a in corners:
                end = [top if j == i else e for j, e in enumerate(a)]
                ax.plot(*zip(a, end, strict=True), "-", **style)
    shown = [a for a in polyhedron.support if max(a) <= top]
    ax.plot(*zip(*shown, strict=True), "o", color="#0072B2", ms=4, label="exponents")
    far = top / max(map(float, ray))
    ax.plot(*([0, far * float(x)] for x in ray), "--", color="0.3", lw=1, label="ray")
    ax.plot(*([c] for c in point), "*", color="#D55E00", ms=13, zorder=6)
    for name, label in zip("xyz", labels, strict=False):
        getattr(ax, f"set_{name}label")(f"exponent of {label}")
        getattr(ax, f"set_{name}lim")(0, top)
    ax.set_title(f"distance {t}", fontsize="medium")
    ax.legend(fontsize="small", loc="upper right")
    return ax


def _draw_plane(polyhedron: NewtonPolyhedron, ax: Any, top: float) -> None:
    corners = sorted(polyhedron.vertices)
    outline = [(corners[0][0], top), *corners, (top, corners[-1][1])]
    ax.fill(*zip(*outline, (top, top), strict=True), color="#56B4E9", alpha=0.18, lw=0)
    ax.plot(*zip(*outline, strict=True), color="#0072B2", lw=1.3)
    ax.set_aspect("equal")


def _draw_space(
    polyhedron: NewtonPolyhedron, ax: Any, top: float, hit: frozenset[Exponent]
) -> None:
    from mpl_toolkits.mplot3d.art3d import (
        Line3DCollection,
        Poly3DCollection,
    )

    def polygon(normal: Exponent, face: Iterable[Exponent]) -> list[Exponent]:
        corners = [a for a in polyhedron.vertices if a in face]
        centre = [sum(c) / len(corners) for c in zip(*corners, strict=True)]
        return _about(corners, centre, normal)

    for facet in polyhedron.facets:
        face = [
            a
            for a in polyhedron.vertices
            if sum(w * e for w, e in zip(facet.normal, a, strict=True)) == facet.value
        ]
        if all(facet.normal) and len(face) >= 3:
            colour = "#D55E00" if set(face) <= hit else "#56B4E9"
            shape = [polygon(facet.normal, face)]
            ax.add_collection3d(
                Poly3DCollection(shape, facecolor=colour, edgecolor="#0072B2", alpha=0.4)
            )
    edges = [
        [a for a in polyhedron.vertices if a in face]
        for face in polyhedron.compact_faces()
        if sum(a in face for a in polyhedron.vertices) == 2
    ]
    ax.add_collection3d(Line3DCollection(edges, colors="#0072B2", linewidths=1.2))
    for v in polyhedron.vertices:  # the unbounded edges
        for i in range(3):
            if _is_edge(polyhedron, v, i):
                end = [top if j == i else e for j, e in enumerate(v)]
                ax.plot(*zip(v, end, strict=True), color="#0072B2", lw=0.8, ls=":")
    ax.view_init(elev=22, azim=38)


def _is_edge(polyhedron: NewtonPolyhedron, vertex: Exponent, axis: int) -> bool:
    """Is vertex + R≥0·axis an edge of Γ?"""
    common = [
        f.normal
        for j, f in enumerate(polyhedron.facets)
        if polyhedron.incidence[vertex] >> j & 1 and not f.normal[axis]
    ]
    return any(
        any(u[i] * v[j] != u[j] * v[i] for i in range(3) for j in range(3))
        for u in common
        for v in common
    )


def _about(
    corners: Sequence[Exponent], centre: Sequence[float], normal: Exponent
) -> list[Exponent]:
    """The corners of a convex polygon in space in the order of their angle about the normal."""
    from math import atan2

    u = [c - m for c, m in zip(corners[0], centre, strict=True)]
    v = [
        normal[1] * u[2] - normal[2] * u[1],
        normal[2] * u[0] - normal[0] * u[2],
        normal[0] * u[1] - normal[1] * u[0],
    ]
    square = sum(w * w for w in normal) ** 0.5

    def angle(a: Exponent) -> float:
        d = [c - m for c, m in zip(a, centre, strict=True)]
        return atan2(
            sum(x * y for x, y in zip(d, v, strict=True)) / square,
            sum(x * y for x, y in zip(d, u, strict=True)),
        )

    return sorted(corners, key=angle)
