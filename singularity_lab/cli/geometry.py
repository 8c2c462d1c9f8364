"""``singlab newton``, ``resolve``, ``plot``: what a geometer looks at beside a proof."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from singularity_lab.cli.proving import (
    At,
    Expressions,
    Json,
    Seconds,
    Vars,
    germ,
    note_doubts,
)
from singularity_lab.cli.shell import ExpressionCommand, note, print_json, print_table
from singularity_lab.errors import BadInput
from singularity_lab.system.files import replacing

_PANEL = "Prove"


class Picture(StrEnum):
    """What ``plot`` draws."""

    NEWTON = "newton"
    TREE = "tree"
    GRAPH = "graph"
    ZEROS = "zeros"
    BODY = "body"
    JETS = "jets"


def newton(
    expressions: Expressions = None,
    variables: Vars = None,
    at: At = None,
    budget: Seconds = 60.0,
    as_json: Json = False,
) -> None:
    """Newton polyhedron of f1, f2, …: vertices, facets, and the value that it gives alone.

    The ray of 1 + the exponents of the prior enters the polyhedron at t: λ ≤ 1/(2t) for K = Σ f²,
    and the last line says whether the generators are proved nondegenerate, and the (λ, m) that
    this proves.
    """
    from singularity_lab.algebra.doubtful_names import doubts_of
    from singularity_lab.algebra.problem import LocalProblem
    from singularity_lab.exact.engine.newton import newton_polyhedron
    from singularity_lab.system.stopwatch import Stopwatch

    watch = Stopwatch()
    generators, point = germ(_needed(expressions), variables, at)
    problem = LocalProblem.of(generators, variables, at=point)
    doubtful = doubts_of(problem)
    found = newton_polyhedron(problem, budget=budget)
    ray = tuple(1 + e for e in problem.localize(algebraic=True).prior)
    t, hit = found.distance(ray), found.hit_facets(ray)
    bound = None if not t else 1 / t if problem.is_power_one else 1 / (2 * t)
    facets = [(f.normal, f.value, bool(hit >> j & 1)) for j, f in enumerate(found.facets)]
    proved, said = (None, "") if bound is None else _nondegenerate(problem, budget, watch)
    if as_json:
        print_json(
            {
                "vertices": [list(v) for v in found.vertices],
                "facets": [{"normal": list(w), "value": h, "hit": on} for w, h, on in facets],
                "distance": str(t),
                "direction": list(map(str, ray)),
                "hit_face": sorted(map(list, found.hit_face(ray))),
                "bound": None if bound is None else str(bound),
                "nondegenerate": said,
                "lambda": None if proved is None else str(proved.value),
                "multiplicity": None if proved is None else proved.multiplicity,
                "notes": [doubtful] if doubtful else [],
            }
        )
        return
    print(found)
    print_table(
        [("weights", "left"), ("least value", "right"), ("hit by the ray", "left")],
        [(w, h, "yes" if on else "") for w, h, on in facets if h],
    )
    if bound is not None:
        direction = ", ".join(map(str, ray)) if len(ray) < 9 or set(ray) != {1} else "1, ..., 1"
        formula = "1/t" if problem.is_power_one else "1/(2t)"
        print(f"the ray of ({direction}) enters it at t = {t}: lambda <= {formula} = {bound}")
        alone = "" if proved is None else f": lambda = {proved.value}, m = {proved.multiplicity}"
        print(f"nondegenerate: {said}{alone}")
    if doubtful:
        print(doubtful)


def _nondegenerate(problem: Any, budget: float, watch: Any) -> tuple[Any, str]:
    """The (λ, m) that nondegeneracy proves, verified, or None; and the criterion, or why not."""
    from singularity_lab.errors import OutOfScope
    from singularity_lab.exact.engine.bounds import prove
    from singularity_lab.exact.engine.newton import NewtonFailure, newton_step
    from singularity_lab.system.counting import counted
    from singularity_lab.system.deadline import TimeLimit

    germ = problem.localize(algebraic=True)
    if germ.field:
        return None, "not asked where coefficients are irrational"
    with TimeLimit(max(budget - watch.seconds, 0.05)):
        try:
            found = newton_step(germ, max(budget - watch.seconds, 0.05) / 2)
        except OutOfScope as error:
            return None, f"not asked: {error}"
        if isinstance(found, NewtonFailure):
            return None, f"not proved: {found.reason}"
        step, value = found
        said = f"{step['criterion']} on {counted(len(step['faces']), 'compact face')}"
        said += " besides the vertices"
        return prove(problem, step, value, said, watch, ()).rlct, said
    return None, f"not decided within {budget:g} CPU seconds"


def resolve(
    expression: Annotated[
        str, typer.Argument(metavar="EXPR|ROW", help="f of two variables, or the id of a row.")
    ],
    variables: Vars = None,
    at: At = None,
    budget: Seconds = 60.0,
    as_json: Json = False,
) -> None:
    """Least embedded resolution of a plane curve f = 0: its exceptional divisors, who meets whom.

    Along a divisor f vanishes to order N and dx∧dy to order ν − 1; the least ν/N, the curve itself
    with 1 over its exponent among them, is lct(f), and λ of K = f² is half of it or more. E^2 is
    the self-intersection. Of germs in more variables, or of several polynomials, `explain` tells
    the blow-ups of the proof, and `plot tree` draws them.
    """
    from singularity_lab.exact.resolutions.dual_graph import resolution_graph

    generators, point = germ([expression], variables, at)
    if isinstance(generators, list):
        generators = generators[0]
    found = resolution_graph(generators, variables, at=point, budget=budget)
    if as_json:
        print_json(
            {
                "divisors": [
                    {"number": e.number, "N": e.N, "nu": e.nu, "self": e.self_intersection}
                    for e in found.divisors
                ],
                "edges": [list(edge) for edge in found.edges],
                "strict": [
                    {"divisor": s.divisor, "exponent": s.exponent, "branches": s.branches,
                     "real": s.real}
                    for s in found.strict
                ],
                "notes": [found.doubts] if found.doubts else [],
            }
        )  # fmt: skip
    else:
        print(found)


def plot(
    what: Annotated[Picture, typer.Argument(help="Which picture.")],
    expressions: Expressions = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="An image: .svg, .png or .pdf.")
    ] = Path("plot.svg"),
    variables: Vars = None,
    at: At = None,
    size: Annotated[
        float,
        typer.Option("--size", help="zeros, body: from −SIZE to SIZE around the point."),
    ] = 1.0,
    budget: Seconds = 60.0,
) -> None:
    """Draw a Newton polyhedron, a proof tree, a resolution graph, jets, zeros, or where K ≤ ε."""
    from singularity_lab.system.extras import pyplot, require

    require("plot", "matplotlib")
    if out.suffix not in (".svg", ".png", ".pdf"):
        raise BadInput(f"--out: a name in .svg, .png or .pdf is needed, received {out.name!r}")
    if not 0 < size < math.inf:
        raise BadInput(f"--size: a number > 0 is needed, received {size:g}")
    if not out.parent.is_dir():
        raise BadInput(f"--out: there is no folder {out.parent}")
    import matplotlib as mpl

    mpl.use("Agg")
    generators, point = germ(_needed(expressions), variables, at)
    axes = _draw(what, generators, variables, point, budget, size)
    with replacing(out) as part:
        axes.figure.savefig(part, bbox_inches="tight")
    pyplot().close(axes.figure)
    if what is Picture.ZEROS and axes.get_title():
        note(axes.get_title())
    note_doubts(generators, variables)
    note(f"picture: {out}")


def _draw(
    what: Picture, generators: Any, variables: str | None, point: Any, budget: float, size: float
) -> Any:
    if what is Picture.NEWTON:
        from singularity_lab.exact.engine.newton import newton_polyhedron

        return newton_polyhedron(generators, variables, at=point, budget=budget).plot()
    if what is Picture.TREE:
        from singularity_lab.exact.engine.solve import rlct
        from singularity_lab.exact.proof.tree import proof_tree
        from singularity_lab.pictures.proofs import plot_tree

        return plot_tree(proof_tree(rlct(generators, variables, at=point, budget=budget)))
    if what is Picture.JETS:
        from singularity_lab.exact.arcs.jets import jets

        return jets(generators, 6, variables, at=point, budget=budget).plot()
    if what is Picture.GRAPH:
        from singularity_lab.exact.resolutions.dual_graph import resolution_graph

        one = generators[0] if isinstance(generators, list) else generators
        if isinstance(generators, list) and len(generators) > 1:
            raise BadInput(f"EXPR: graph is drawn of one polynomial, received {len(generators)}")
        return resolution_graph(one, variables, at=point, budget=budget).plot()
    from singularity_lab.algebra.problem import LocalProblem
    from singularity_lab.pictures.singularities import body, displacements, zero_set

    problem = LocalProblem.of(generators, variables, at=point)
    polynomials = problem.localize().generators
    labels = displacements(problem.variables, problem.point)
    if what is Picture.BODY:
        return body(polynomials, size=size, power_one=problem.is_power_one, labels=labels)
    if len(polynomials) != 1:
        raise BadInput(f"EXPR: zeros are drawn of one polynomial, received {len(polynomials)}")
    return zero_set(polynomials[0], size=size, labels=labels)


def _needed(expressions: list[str] | None) -> list[str]:
    if not expressions:
        raise BadInput("EXPR: at least one expression is needed")
    return expressions


def register(app: typer.Typer) -> None:
    """Add the three commands."""
    for command in (newton, resolve, plot):
        app.command(cls=ExpressionCommand, rich_help_panel=_PANEL)(command)
