"""Pictures of singularities: real curves and surfaces, jet staircases, unfolding paths.

Each function draws into the given matplotlib axes, or new ones, and returns them. Matplotlib is
imported on the first call. Nothing is decided from a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.errors import OutOfScope
from singularity_lab.pictures.style import BLUE, GREY, ORANGE, drawing_axes
from singularity_lab.system.floats import as_float


def displacements(names: Sequence[str], point: Sequence[object]) -> tuple[str, ...]:
    """What the axes of a germ that was moved from a point to 0 show, one text for each name.

    >>> from fractions import Fraction
    >>> displacements("xyz", [1, 0, Fraction(-1, 2)])
    ('x - 1', 'y', 'z + 1/2')
    """
    shown = []
    for name, c in zip(names, map(str, point), strict=True):
        sign, size = (" + ", c[1:]) if c.startswith("-") else (" - ", c)
        shown.append(name if c == "0" else f"{name}{sign}{size}")
    return tuple(shown)


def zero_set(
    f: Polynomial,
    ax: Any = None,
    size: float = 1.0,
    title: str = "",
    labels: Sequence[str] | None = None,
) -> Any:
    """The real curve f = 0 in [−size, size]², or the surface in [−size, size]³ as level curves.

    The origin is marked where f is 0 there; without a title, that of a picture without a curve
    says so. labels: of the axes; the names of the variables if absent (:func:`displacements` of a
    germ that was moved to 0). Raises OutOfScope for other numbers of variables.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> ax = zero_set(parse("x^2 - y^3"))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x', 'y')
    """
    import numpy as np

    n = len(f.variables)
    if n not in (2, 3):
        raise OutOfScope(f"zero_set: 2 or 3 variables can be drawn, {f} has {n}")
    at_origin = f((0,) * n) == 0
    crossed = False
    ticks = np.linspace(-size, size, 401 if n == 2 else 121)
    first, second = np.meshgrid(ticks, ticks)
    if n == 2:
        ax = drawing_axes(ax)
        values = _evaluate(f, [first, second])
        ax.contourf(first, second, values > 0, levels=[-0.5, 0.5, 1.5], colors=["1.0", "0.93"])
        crossed = bool(values.min() < 0 < values.max())
        if crossed:
            ax.contour(first, second, values, levels=[0.0], colors=[BLUE], linewidths=1.6)
        if at_origin:
            ax.plot(0, 0, "o", color=ORANGE, ms=5)
        ax.set_aspect("equal")
    else:
        ax = drawing_axes(ax, "3d")
        for height in np.linspace(-size, size, 25):
            for axis in range(3):
                grids = [first, second]
                grids.insert(axis, np.full_like(first, height))
                values = _evaluate(f, grids)
                if values.min() < 0 < values.max():
                    crossed = True
                    _level_curve(ax, values, ticks, axis, float(height))
        if at_origin:
            ax.scatter([0], [0], [0], color=ORANGE, s=20)
        ax.set_zlabel((labels or f.variables)[2])
    ax.set_xlabel((labels or f.variables)[0])
    ax.set_ylabel((labels or f.variables)[1])
    if not crossed and not title:
        title = f"no change of sign is seen in [-{size:g}, {size:g}]^{n}"
    if title:
        ax.set_title(title)
    return ax


def body(
    generators: Sequence[Polynomial],
    ax: Any = None,
    size: float = 1.0,
    power_one: bool = False,
    labels: Sequence[str] | None = None,
) -> Any:
    """Where K ≤ ε in [−size, size]², for ε = 10⁻¹, …, 10⁻⁵, darker for smaller ε.

    K = Σ f² of polynomials in the same two variables, or |f| where ``power_one``. Unlike the zero
    set, which may be a point, it shows where the volume is. The origin is marked where K is 0
    there. labels: of the axes; the names of the variables if absent. Raises OutOfScope for other
    numbers of variables.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> body([parse("x^2 - y^3")]).get_title()
    'K ≤ 10⁻¹, …, 10⁻⁵'
    """
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    names = generators[0].variables
    if len(names) != 2:
        raise OutOfScope(f"body: 2 variables can be drawn, {generators[0]} has {len(names)}")
    ax = drawing_axes(ax)
    ticks = np.linspace(-size, size, 601)
    first, second = np.meshgrid(ticks, ticks)
    values = sum(abs(_evaluate(f, [first, second])) ** (1 if power_one else 2) for f in generators)
    depth = -np.log10(np.maximum(values, 1e-12))
    shades = LinearSegmentedColormap.from_list("depth", ["#DCEAF4", BLUE, "#00324F"])
    levels = [1, 2, 3, 4, 5, 12]
    ax.contourf(first, second, depth, levels=levels, colors=shades(np.linspace(0, 1, 5)))
    if all(f((0, 0)) == 0 for f in generators):
        ax.plot(0, 0, "o", color=ORANGE, ms=5)
    ax.set_aspect("equal")
    ax.set_xlabel((labels or names)[0])
    ax.set_ylabel((labels or names)[1])
    ax.set_title("K ≤ 10⁻¹, …, 10⁻⁵", fontsize="medium")
    return ax


def _level_curve(ax: Any, values: Any, ticks: Any, axis: int, height: float) -> None:
    """The zero curve of a slice, as lines in space."""
    import numpy as np
    from contourpy import contour_generator

    segments: Any = contour_generator(ticks, ticks, values).lines(0.0)
    for segment in segments:
        columns = [segment[:, 0], segment[:, 1]]
        columns.insert(axis, np.full(len(segment), height))
        ax.plot(*columns, color=BLUE, lw=0.5, alpha=0.6)


def _evaluate(f: Polynomial, grids: Sequence[Any]) -> Any:
    import numpy as np

    total = np.zeros_like(grids[0])
    for a, c in f.terms():
        term = np.full_like(grids[0], as_float(c, "coefficient"))
        for grid, e in zip(grids, a, strict=True):
            term = term * grid**e
        total = total + term
    return total


def jet_staircase(codimensions: Sequence[int], slope: Fraction, ax: Any = None) -> Any:
    """codim J_m against m + 1, above the line (m + 1)·min codim/(m + 1), which it touches.

    >>> from fractions import Fraction
    >>> ax = jet_staircase([1, 2, 3, 4, 5, 5], Fraction(5, 6))
    >>> ax.get_xlabel()
    'm + 1'
    """
    ax = drawing_axes(ax)
    steps = list(range(1, len(codimensions) + 1))
    ax.step(steps, codimensions, where="mid", color=BLUE, lw=1.4)
    ax.plot(steps, codimensions, "o", color=BLUE, ms=4, label="codim $J_m$")
    line = [float(slope) * s for s in steps]
    ax.plot(steps, line, "--", color=GREY, label=f"{slope} · (m + 1)")
    touching = [(s, c) for s, c in zip(steps, codimensions, strict=True) if c == slope * s]
    ax.plot(*zip(*touching, strict=True), "s", color=ORANGE, ms=6, label="attained", ls="none")
    ax.set_xlabel("m + 1")
    ax.set_ylabel("codimension")
    ax.legend()
    return ax


def unfolding_path(points: Sequence[tuple[float, Fraction | None, str]], ax: Any = None) -> Any:
    """λ of K = F_s² at the origin against the parameter s, each point with its type.

    points: (s, λ or None where 0 is no zero, type).

    >>> from fractions import Fraction
    >>> ax = unfolding_path([(0.0, Fraction(3, 8), "A3"), (0.5, Fraction(5, 12), "A2")])
    >>> ax.get_ylabel()
    'λ'
    """
    ax = drawing_axes(ax)
    drawn = [(s, float(v), kind) for s, v, kind in points if v is not None]
    ax.plot([s for s, _, _ in drawn], [v for _, v, _ in drawn], "o", color=BLUE, ls="none")
    for s, v, kind in drawn:
        ax.annotate(kind, (s, v), textcoords="offset points", xytext=(4, 6), fontsize=9)
    ax.set_xlabel("parameter")
    ax.set_ylabel("λ")
    ax.margins(0.15)
    return ax


def matrix_table(rows: Sequence[Sequence[str]], title: str, ax: Any = None) -> Any:
    """A matrix of texts, with a title.

    >>> ax = matrix_table([["x", "0"], ["0", "y"]], "a matrix")
    >>> len(ax.texts)
    4
    """
    ax = drawing_axes(ax)
    n = max(len(row) for row in rows)
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            ax.text(j, -i, text, ha="center", va="center", color=GREY if text == "0" else "black")
    ax.set_xlim(-0.6, n - 0.4)
    ax.set_ylim(-len(rows) + 0.4, 0.6)
    ax.plot([-0.5, -0.5], [0.5, 0.5 - len(rows)], color=BLUE)
    ax.plot([n - 0.5, n - 0.5], [0.5, 0.5 - len(rows)], color=BLUE)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(title, fontsize="medium")
    return ax


def volume_constant(expansion: Any, ax: Any = None) -> Any:
    """V(ε) of an expansion on logarithmic axes: the sum of its known terms."""
    import numpy as np

    ax = drawing_axes(ax)
    epsilon = np.logspace(-12, -1, 60)
    values = [expansion(float(e)) for e in epsilon]
    ax.loglog(epsilon, values, color=BLUE)
    ax.set_xlabel("ε")
    ax.set_ylabel("V(ε), all terms" if expansion.complete else "V(ε), leading term")
    return ax
