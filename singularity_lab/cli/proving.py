"""``singlab rlct``, ``lct``, ``explain`` and ``verify``: the proof arm."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from singularity_lab.cli import option_values, verifying
from singularity_lab.cli.batch import run_batch
from singularity_lab.cli.options import Json
from singularity_lab.cli.shell import UNDECIDED, ExpressionCommand, note, print_json
from singularity_lab.errors import BadInput

if TYPE_CHECKING:
    from singularity_lab.exact.engine.result import Result


class ConventionOption(StrEnum):
    """What the expressions stand for."""

    IDEAL = "ideal"
    LOSS = "loss"
    TWO_SIDED = "two-sided"


Expressions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="EXPR…|ROW",
        help="Polynomials f1 f2 …: K = f1² + f2² + …; or the id of a row of the catalog.",
        show_default=False,
    ),
]
Vars = Annotated[
    str | None, typer.Option("--vars", help="Variables in order: 'a b c'.", show_default=False)
]
At = Annotated[
    str | None,
    typer.Option(
        "--at", help="The point: 'x=1,y=0', '1,0' or 'x=sqrt(2)'.", show_default="the origin"
    ),
]
Nonnegative = Annotated[
    str | None,
    typer.Option("--nonnegative", help="Variables or polynomials that are >= 0: 'x,1-x-y'."),
]
Prior = Annotated[
    str | None, typer.Option("--prior", help="Exponents of a prior |x|^1·|y|^(-1/2): 'x=1,y=-1/2'.")
]
Box = Annotated[
    str | None, typer.Option("--box", help="Intervals: 'x=0:1,y=:2'; they matter at their walls.")
]
Over = Annotated[
    str | None,
    typer.Option(
        "--over",
        help="R^d, or intervals 'x=0:1,y=0:': the least over all zeros of K there, with strata.",
    ),
]
As = Annotated[
    ConventionOption,
    typer.Option(
        "--as",
        help="ideal: K is the sum of squares; loss: one expression, K itself; two-sided: "
        "|f|, f being one expression that may change sign.",
    ),
]
Parameters = Annotated[
    str | None,
    typer.Option(
        "--parameters", help="A symbol that is no variable: the table of (λ, m) over its values."
    ),
]
Seconds = Annotated[float, typer.Option("--budget", metavar="SECONDS", help="CPU seconds.")]


def arguments(
    expressions: list[str] | None,
    variables: str | None,
    at: str | None,
    nonnegative: str | None,
    prior: str | None,
    box: str | None,
    convention: ConventionOption,
    over: str | None = None,
) -> dict[str, Any]:
    """The keyword arguments of ``rlct`` and ``explain`` from the options."""
    if not expressions:
        raise BadInput("EXPR: at least one expression is needed (or --batch FILE)")
    generators, point = germ(expressions, variables, at)
    return {
        "generators": generators,
        "variables": variables,
        "at": point,
        "nonnegative": nonnegative or (),
        "prior": option_values.prior(prior),
        "box": option_values.box(box),
        "convention": convention.value,
        "over": option_values.box(over, "--over")
        if over and (":" in over or "=" in over)
        else over,
    }


def germ(expressions: list[str], variables: str | None, at: str | None) -> tuple[Any, Any]:
    """The generators and the point that the words name, or the germ of a row, and no point."""
    from singularity_lab.catalog.lookup import find_row, germ_of

    texts = [e.strip() for e in expressions]
    row = find_row(texts, variables)
    if row is None:
        return texts, option_values.point(at)
    if at is not None and row.polynomial and at in {s.name for s in row.model().strata}:
        return germ_of(row, at), None
    return germ_of(row, option_values.point(at)), None


def note_doubts(generators: Any, variables: str | None) -> None:
    """Say on stderr how the names of expressions were read, where something else may be meant."""
    from singularity_lab.algebra.doubtful_names import doubts_of
    from singularity_lab.algebra.problem import LocalProblem
    from singularity_lab.errors import SingularityLabError

    with contextlib.suppress(SingularityLabError):  # functions are read elsewhere
        if told := doubts_of(LocalProblem.of(generators, variables)):
            note(told)


def rlct(
    expressions: Expressions = None,
    variables: Vars = None,
    at: At = None,
    nonnegative: Nonnegative = None,
    prior: Prior = None,
    box: Box = None,
    over: Over = None,
    parameters: Parameters = None,
    convention: As = ConventionOption.IDEAL,
    budget: Seconds = 60.0,
    certificate: Annotated[
        Path | None,
        typer.Option(
            "--certificate",
            metavar="FILE",
            help="Write the proof here; of bounds there are two, FILE.lower and FILE.upper.",
        ),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            "--batch",
            metavar="FILE",
            help="A JSON list of {id, vars, generators, point, nonnegative, prior}; - is stdin. "
            "A bad item is an error line; the exit code is then 2, after all others.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove λ and m of K at a point, or bounds on them.

    Several expressions generate an ideal, K = Σ fᵢ²; the answer prints which K it speaks of. An
    expression that begins with a minus sign is read as one.
    """
    if batch is not None:
        if expressions or certificate or parameters is not None:
            raise BadInput(
                "--batch: takes no expressions, no --certificate and no --parameters beside it"
            )
        raise typer.Exit(run_batch(batch, budget, as_json))
    given = arguments(expressions, variables, at, nonnegative, prior, box, convention, over)
    if certificate is not None and not certificate.parent.is_dir():
        raise BadInput(f"--certificate: there is no folder {certificate.parent}")
    from singularity_lab.exact.engine.solve import rlct as prove

    if parameters is not None:
        _tabulate(given, parameters, budget, certificate, as_json)
        return
    result = prove(given.pop("generators"), budget=budget, **given)
    written = [] if certificate is None else _save(result, certificate)
    if as_json:
        print_json(result.to_json())
    else:
        print(result)
    for path in written:
        note(f"certificate: {path}")
    if not result.exact:
        raise typer.Exit(UNDECIDED)


def _tabulate(
    given: dict[str, Any], parameter: str, budget: float, certificate: Path | None, as_json: bool
) -> None:
    """Print the table over the values of a symbol."""
    import json

    from singularity_lab.algebra.analytic_problem import AnalyticProblem
    from singularity_lab.algebra.problem import LocalProblem
    from singularity_lab.exact.engine.solve import rlct as prove
    from singularity_lab.system.files import replacing

    if isinstance(given["generators"], LocalProblem | AnalyticProblem):
        raise BadInput(
            "--parameters: the germ of a row has no free symbol; give the expressions with the "
            f"symbol {parameter!r} in them"
        )
    table = prove(given.pop("generators"), parameters=parameter, budget=budget, **given)
    if certificate is not None:
        with replacing(certificate) as part:
            part.write_text(json.dumps(table.document, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json(table.to_json())
    else:
        print(table)
    if certificate is not None:
        note(f"certificate: {certificate}")
    if not table.exact:
        raise typer.Exit(UNDECIDED)


def _save(result: Result, path: Path) -> list[Path]:
    if result.exact:
        return [result.certificate.save(path)]
    return [
        c.save(path.with_name(f"{path.stem}.{c.kind}{path.suffix}")) for c in result.certificates
    ]


# -- lct ----------------------------------------------------------------------------------------


def lct(
    expressions: Expressions = None,
    variables: Vars = None,
    at: At = None,
    prior: Prior = None,
    budget: Seconds = 60.0,
    as_json: Json = False,
) -> None:
    """The complex log canonical threshold of f, or bounds on it.

    Pairs: a boundary coefficient b of x = 0 is the prior x=-b. A divisor on a smooth subvariety
    is f with one variable eliminated.
    """
    if not expressions:
        raise BadInput("EXPR: at least one expression is needed")
    generators, point = germ(expressions, variables, at)
    from singularity_lab.exact.arcs.threshold import lct as find

    found = find(generators, variables, at=point, prior=option_values.prior(prior), budget=budget)
    if as_json:
        print_json(found.to_json())
    else:
        print(found)
    if not found.exact:
        raise typer.Exit(UNDECIDED)


# -- explain ------------------------------------------------------------------------------------


def explain(
    expressions: Expressions = None,
    variables: Vars = None,
    at: At = None,
    nonnegative: Nonnegative = None,
    prior: Prior = None,
    box: Box = None,
    over: Over = None,
    convention: As = ConventionOption.IDEAL,
    budget: Seconds = 60.0,
    as_json: Json = False,
) -> None:
    """Say which theorem decides λ and m, and why the others do not."""
    given = arguments(expressions, variables, at, nonnegative, prior, box, convention, over)
    from singularity_lab.exact.engine.explain import explain as tell

    story = tell(given.pop("generators"), budget=budget, **given)
    if as_json:
        print_json({"explanation": str(story), "result": story.result.to_json()})
    else:
        print(story)
    if not story.result.exact:
        raise typer.Exit(UNDECIDED)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    panel = "Prove"
    app.command(cls=ExpressionCommand, rich_help_panel=panel)(rlct)
    app.command(cls=ExpressionCommand, rich_help_panel=panel)(lct)
    app.command(cls=ExpressionCommand, rich_help_panel=panel)(explain)
    app.command(rich_help_panel=panel)(verifying.verify)
