"""``singlab rlct``, ``explain`` and ``verify``: the proof arm."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from singularity_lab.algebra import limits
from singularity_lab.cli import words
from singularity_lab.cli.shell import (
    BAD_INPUT,
    UNDECIDED,
    ExpressionCommand,
    note,
    print_json,
    progress_bar,
    say_error,
)
from singularity_lab.errors import BadInput, CertificateError, SingularityLabError, quoted

if TYPE_CHECKING:
    from singularity_lab.exact.certificate import Certificate
    from singularity_lab.exact.solve import Result


class Convention(StrEnum):
    """What the expressions stand for."""

    IDEAL = "ideal"
    LOSS = "loss"


Expressions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="EXPR…", help="Polynomials f1 f2 …: K = f1² + f2² + …", show_default=False
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
    str | None, typer.Option("--nonnegative", help="Variables that are >= 0: 'x,y'.")
]
Prior = Annotated[
    str | None, typer.Option("--prior", help="Exponents of a prior |x|^1·|y|^(-1/2): 'x=1,y=-1/2'.")
]
Box = Annotated[
    str | None, typer.Option("--box", help="Intervals: 'x=0:1,y=:2'; they matter at their walls.")
]
As = Annotated[
    Convention,
    typer.Option("--as", help="ideal: K is the sum of squares; loss: one expression, K itself."),
]
Seconds = Annotated[float, typer.Option("--budget", metavar="SECONDS", help="CPU seconds.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else there.")]


def arguments(
    expressions: list[str] | None,
    variables: str | None,
    at: str | None,
    nonnegative: str | None,
    prior: str | None,
    box: str | None,
    convention: Convention,
) -> dict[str, Any]:
    """The keyword arguments of ``rlct`` and ``explain`` from the options."""
    if not expressions:
        raise BadInput("EXPR: at least one expression is needed (or --batch FILE)")
    return {
        "generators": [e.strip() for e in expressions],
        "variables": variables,
        "at": words.point(at),
        "nonnegative": nonnegative or (),
        "prior": words.prior(prior),
        "box": words.box(box),
        "convention": convention.value,
    }


def rlct(
    expressions: Expressions = None,
    variables: Vars = None,
    at: At = None,
    nonnegative: Nonnegative = None,
    prior: Prior = None,
    box: Box = None,
    convention: As = Convention.IDEAL,
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
            help="A JSON list of {id, vars, generators, point, nonnegative, prior}; - is stdin.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove λ and m of K at a point, or bounds on them.

    Several expressions generate an ideal, K = Σ fᵢ²; the answer prints which K it speaks of. An
    expression that begins with a minus sign is read as one.
    """
    if batch is not None:
        if expressions or certificate:
            raise BadInput("--batch: takes no expressions and no --certificate beside it")
        _batch(batch, budget, as_json)
        return
    given = arguments(expressions, variables, at, nonnegative, prior, box, convention)
    if certificate is not None and not certificate.parent.is_dir():
        raise BadInput(f"--certificate: there is no folder {certificate.parent}")
    from singularity_lab.exact.solve import rlct as prove

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


def _save(result: Result, path: Path) -> list[Path]:
    if result.exact:
        return [result.certificate.save(path)]
    return [
        c.save(path.with_name(f"{path.stem}.{c.kind}{path.suffix}")) for c in result.certificates
    ]


# -- batches
# ------------------------------------------------------------------------------------------

_KNOWN = ("id", "vars", "generators", "point", "nonnegative", "prior", "box", "as", "budget")


def _batch(source: str, budget: float, as_json: bool) -> None:
    items = _read_batch(source)
    with progress_bar() as progress:
        for number, item in enumerate(items):
            name = item.get("id", number) if isinstance(item, Mapping) else number
            progress("proving", number, len(items), str(name))
            line = _batch_line(name, item, budget)
            if as_json:
                print_json(line)
            else:
                print(f"{name}: {line.get('text') or 'error: ' + line['error']}", flush=True)
        progress("proving", len(items), len(items), "")


def _read_batch(source: str) -> list[Any]:
    if source == "-":
        text = sys.stdin.read(limits.BYTES + 1)
    else:
        text = limits.read_text(source, "--batch")
    items = limits.read_json(text, "--batch", exact=True)  # 0.5 is 1/2, and not the float
    if not isinstance(items, list):
        raise BadInput(
            f"--batch: a list of problems is needed, {source} holds a {type(items).__name__}"
        )
    return items


def _batch_line(name: Any, item: Any, budget: float) -> dict[str, Any]:
    """The answer to one problem; whatever is wrong with it is said in its own line."""
    from singularity_lab.exact.solve import rlct as prove

    try:
        given, ignored = _problem_of(item, budget)
        result = prove(given.pop("generators"), **given)
    except RecursionError:
        return {"id": name, "status": "error", "error": "an expression is nested too deeply"}
    except SingularityLabError as error:
        return {"id": name, "status": "error", "error": " ".join(str(error).split())}
    line = {"id": name, **result.to_json(), "text": str(result).splitlines()[0]}
    return line | ({"ignored": ignored} if ignored else {})


def _problem_of(item: Any, budget: float) -> tuple[dict[str, Any], list[str]]:
    """Arguments of ``rlct`` from an item, and the fields that it does not know.

    A field that looks like a misspelt known one is an error: to pass over ``nonegative`` would
    answer another question.
    """
    from difflib import get_close_matches

    if not isinstance(item, Mapping):
        raise BadInput(f"item: an object is needed, received {type(item).__name__}")
    ignored = [k for k in item if k not in _KNOWN]
    for key in ignored:
        near = get_close_matches(key, _KNOWN, n=1, cutoff=0.8)
        if near:
            raise BadInput(f"{key}: unknown field; perhaps {near[0]}")
    generators = item.get("generators")
    if isinstance(generators, str):
        generators = [generators]
    if not isinstance(generators, list) or not all(isinstance(g, str) for g in generators):
        raise BadInput(
            f"generators: a list of expressions is needed, received {quoted(generators)}"
        )
    for key, kinds in (("vars", (str, list)), ("nonnegative", (str, list)), ("point", (dict, list)),
                       ("prior", (dict, list)), ("box", (dict,)), ("as", (str,))):  # fmt: skip
        if item.get(key) is not None and not isinstance(item[key], kinds):
            raise BadInput(f"{key}: received {quoted(item[key])}")
    names = item.get("vars")
    prior = item.get("prior")
    if isinstance(prior, list):
        order = names.replace(",", " ").split() if isinstance(names, str) else names
        if order is None or len(order) != len(prior):
            raise BadInput("prior: a list needs vars, and as many exponents")
        prior = dict(zip(order, prior, strict=True))
    box = item.get("box") or {}
    for name, side in box.items():
        if not isinstance(side, list) or len(side) != 2:
            raise BadInput(f"box[{name}]: [low, high] is needed, received {quoted(side)}")
    limit = item.get("budget", budget)
    try:
        limit = None if limit is None else float(limit)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"budget: seconds are needed, received {quoted(limit)}") from None
    return {
        "generators": generators,
        "variables": names,
        "at": item.get("point"),
        "nonnegative": item.get("nonnegative") or (),
        "prior": prior,
        "box": {n: (s[0], s[1]) for n, s in box.items()} or None,
        "convention": item.get("as") or "ideal",
        "budget": limit,
    }, ignored


# -- explain, verify
# ---------------------------------------------------------------------------------


def explain(
    expressions: Expressions = None,
    variables: Vars = None,
    at: At = None,
    nonnegative: Nonnegative = None,
    prior: Prior = None,
    box: Box = None,
    convention: As = Convention.IDEAL,
    budget: Seconds = 60.0,
    as_json: Json = False,
) -> None:
    """Say which theorem decides λ and m, and why the others do not."""
    given = arguments(expressions, variables, at, nonnegative, prior, box, convention)
    from singularity_lab.exact.solve import explain as tell

    story = tell(given.pop("generators"), budget=budget, **given)
    if as_json:
        print_json({"explanation": str(story), "result": story.result.to_json()})
    else:
        print(story)
    if not story.result.exact:
        raise typer.Exit(UNDECIDED)


def verify(
    file: Annotated[
        str,
        typer.Argument(
            metavar="CERT",
            help="A certificate, of a program or a germ, or the JSON answer of singlab rlct or "
            "program rlct; - is stdin.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Replay a proof with the independent verifier and print what it proves.

    A program certificate, or an answer of program rlct, is replayed as program check does. A
    certificate that does not verify ends with exit code 2 and the step that fails.
    """
    from singularity_lab.exact.certificate import Certificate
    from singularity_lab.exact.solve import describe_loss
    from singularity_lab.exact.verify import verify as replay
    from singularity_lab.programs import FORMAT, replay_program

    for document in _certificates(file):
        started = time.process_time()
        if document.get("program_certificate") is not None or document.get("format") == FORMAT:
            try:
                value, about = replay_program(document)
            except CertificateError as error:
                if as_json:
                    print_json({"verified": False, "where": error.where, "error": str(error)})
                say_error(f"the certificate is rejected: {error}")
                raise typer.Exit(BAD_INPUT) from None
            seconds = time.process_time() - started
            if as_json:
                print_json({"verified": True, "kind": "exact", **value, "loss": about,
                            "seconds": round(seconds, 4)})  # fmt: skip
            else:
                told = ", ".join(f"{k} = {v}" for k, v in value.items() if v is not None)
                print(f"proved: {told} for {about} ({seconds:.2f} s)")
            continue
        try:
            certificate: Certificate = Certificate.from_json(document)
            replay(certificate)
        except CertificateError as error:
            if as_json:
                print_json({"verified": False, "where": error.where, "error": str(error)})
            say_error(f"the certificate is rejected: {error}")
            raise typer.Exit(BAD_INPUT) from None
        seconds = time.process_time() - started
        claim, loss = certificate.claim, describe_loss(certificate.problem)
        steps = sum(1 for _ in certificate.steps())
        if as_json:
            print_json(
                {
                    "verified": True,
                    "kind": certificate.kind,
                    "lambda": str(claim.value),
                    "multiplicity": claim.multiplicity,
                    "loss": loss,
                    "steps": steps,
                    "seconds": round(seconds, 4),
                }
            )
        else:
            sign = {"exact": "=", "lower": "⪰", "upper": "⪯"}[certificate.kind]
            print(f"proved: (lambda, m) {sign} {claim} for {loss} ({steps} steps, {seconds:.2f} s)")


def _certificates(file: str) -> Iterator[Mapping[str, Any]]:
    """The certificate documents in a file: one, or those of an answer of ``singlab rlct
    --json``."""
    text = sys.stdin.read(limits.BYTES + 1) if file == "-" else limits.read_text(file, "CERT")
    document = limits.read_json(text, "CERT")
    if not isinstance(document, Mapping):
        raise BadInput(f"CERT: {file} holds a {type(document).__name__}, not a certificate")
    if document.get("program_certificate") is not None or {"program", "digest"} <= set(document):
        yield document  # of a program, or an answer about one: its parts belong together
        return
    inside = document.get("certificate")
    if isinstance(inside, Mapping) and "format" not in inside:
        yield from inside.values()
    else:
        yield document if inside is None else inside


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    panel = "Prove"
    app.command(cls=ExpressionCommand, rich_help_panel=panel)(rlct)
    app.command(cls=ExpressionCommand, rich_help_panel=panel)(explain)
    app.command(rich_help_panel=panel)(verify)
