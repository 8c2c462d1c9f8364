"""``singlab jets``, ``zeta`` and ``singularity``: jet schemes, poles, types of singularities."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from typing import Annotated

import typer

from singularity_lab.cli.proving import At, Json, Seconds, Vars, germ
from singularity_lab.cli.shell import ExpressionCommand, print_json
from singularity_lab.errors import BadInput
from singularity_lab.system.stopwatch import Stopwatch

_PANEL = "Prove"


class FieldOption(StrEnum):
    """Fields of the components of jet schemes."""

    C = "C"
    R = "R"
    Q = "Q"


Expressions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="EXPR…|ROW",
        help="Generators f1 f2 … of the ideal, or the id of a row of the catalog.",
        show_default=False,
    ),
]
ExpressionArgument = Annotated[
    str, typer.Argument(metavar="EXPR|ROW", help="A polynomial f, or the id of a row.")
]


def jets(
    expressions: Expressions = None,
    order: Annotated[int, typer.Option("--order", metavar="M", help="J_0, …, J_M.")] = 6,
    variables: Vars = None,
    at: At = None,
    over: Annotated[
        FieldOption, typer.Option("--field", help="Of which components are counted.")
    ] = FieldOption.C,
    fibre: Annotated[bool, typer.Option("--fibre", help="Only the jets at the point.")] = False,
    near: Annotated[
        bool, typer.Option("--near", help="Only the jets near the point: those of the germ.")
    ] = False,
    budget: Seconds = 60.0,
    check: Annotated[
        float,
        typer.Option("--check", metavar="SECONDS", help="CPU seconds for each Gröbner basis."),
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Dimensions and numbers of top components of the jet schemes of f1 = f2 = … = 0."""
    if not expressions:
        raise BadInput("EXPR: at least one expression is needed")
    from singularity_lab.exact.arcs.jets import jets as stratify

    generators, point = germ(expressions, variables, at)
    result = stratify(
        generators,
        order,
        variables,
        field=over.value,
        fibre=fibre,
        at=point,
        near=near,
        budget=budget,
        check=check,
    )
    if as_json:
        print_json(result.to_json())
    else:
        print(result)


def zeta(
    expression: ExpressionArgument,
    variables: Vars = None,
    at: At = None,
    budget: Seconds = 60.0,
    as_json: Json = False,
) -> None:
    """Candidate poles and topological zeta function of f; V(ε) of K = f² with its constant."""
    from singularity_lab.errors import OutOfScope, Undecided
    from singularity_lab.exact.zeta_functions.density import volume_expansion
    from singularity_lab.exact.zeta_functions.zeta import zeta as newton_zeta

    generators, point = germ([expression], variables, at)
    watch = Stopwatch()
    result = newton_zeta(generators, variables, at=point, budget=budget)
    with contextlib.suppress(Undecided):
        _ = result.real_poles  # they come first
    left = max(budget - watch.seconds, 0.1 * budget)
    volume, why = None, ""
    try:
        volume = volume_expansion(generators, variables, at=point, budget=left)
    except (OutOfScope, Undecided) as error:
        why = str(error)
    if as_json:
        data = result.to_json()
        data["volume"] = None if volume is None else volume.to_json()
        if why:
            data["notes"].append(why)
        print_json(data)
    else:
        print(result)
        print(f"  {volume}" if volume is not None else f"  note: {why}")


def singularity(
    expression: ExpressionArgument,
    variables: Vars = None,
    at: At = None,
    budget: Seconds = 60.0,
    as_json: Json = False,
) -> None:
    """Corank, Milnor and Tjurina numbers, Arnold's type, spectrum, weights and charges of f = 0."""
    from singularity_lab.exact.classification.singularity import singularity as invariants

    generators, point = germ([expression], variables, at)
    result = invariants(generators, variables, at=point, budget=budget)
    if as_json:
        print_json(result.to_json())
    else:
        print(result)


def register(app: typer.Typer) -> None:
    """Add the three commands."""
    for command in (jets, zeta, singularity):
        app.command(cls=ExpressionCommand, rich_help_panel=_PANEL)(command)
