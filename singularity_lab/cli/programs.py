"""``singlab program list``, ``show``, ``rlct``, ``census``, ``trace``, ``hessian``, ``check``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from singularity_lab.cli.options import Json
from singularity_lab.system.counting import counted
from singularity_lab.system.extras import pyplot, require
from singularity_lab.system.files import replacing, write_text

app = typer.Typer(help="Programs as singularities: λ of codes and faces, zero sets, syndromes.")

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A program of the library, or a .txt file with one.")
]
StepsOption = Annotated[
    int | None, typer.Option("--steps", "-T", metavar="T", help="Steps; the program's own if none.")
]
SemanticsOption = Annotated[
    str, typer.Option("--semantics", help="exact, naive or staged; λ depends on it.")
]
ChartOption = Annotated[
    str,
    typer.Option("--chart", help="corner, corner:ALPHA, amplitude or open; λ depends on it."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="CHOICE=OPTION", help="Another code; may be repeated."),
]
FaceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--face", metavar="CHOICE=OPTION,OPTION", help="Allowed options of a face; repeatable."
    ),
]
Tape = Annotated[
    str | None,
    typer.Option("--tape", metavar="ENTRIES", help="Order of the code tape (staged): Br,Ba,…"),
]
BudgetOption = Annotated[
    float, typer.Option("--budget", metavar="SECONDS", help="Seconds; bounds when they are over.")
]


def _pairs(items: list[str] | None, option: str) -> dict[str, str]:
    from singularity_lab.errors import BadInput

    found = {}
    for item in items or []:
        name, sign, value = item.partition("=")
        if not sign or not name or not value:
            raise BadInput(f"{option}: CHOICE=OPTION is needed, received {item!r}")
        if name.strip() in found:
            raise BadInput(f"{option}: {name.strip()} is given twice")
        found[name.strip()] = value.strip()
    return found


def _faces(items: list[str] | None, code: list[str] | None) -> dict[str, frozenset[str]]:
    from singularity_lab.errors import BadInput

    found = {}
    for name, value in _pairs(items, "--face").items():
        if name in _pairs(code, "--set"):
            raise BadInput(f"--face: {name} has its option by --set already")
        found[name] = frozenset(option.strip() for option in value.split(","))
    return found


def _found(name: str, tape: str | None) -> Any:
    """The program, with another order of the code tape if one is asked for."""
    from dataclasses import replace

    from singularity_lab.errors import BadInput
    from singularity_lab.programs.by_name import find_any
    from singularity_lab.programs.machines.machines import Program
    from singularity_lab.programs.machines.turing import TuringMachine

    p = find_any(name)
    if tape is None:
        return p
    if not isinstance(p, Program) or not isinstance(p.machine, TuringMachine):
        raise BadInput(f"tape: only a Turing machine has a code tape, received {name!r}")
    return replace(p, machine=replace(p.machine, tape=tuple(tape.replace(",", " ").split())))


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option("--kind", help="Machines of this kind.")] = None,
    as_json: Json = False,
) -> None:
    """List the library: machines with a code and the inputs that judge it, and real programs."""
    from singularity_lab.cli.shell import print_json, print_table
    from singularity_lab.errors import BadInput
    from singularity_lab.programs.by_name import program_list

    rows = [r for r in program_list() if kind in (None, r["kind"])]
    if not rows:
        kinds = sorted({r["kind"] for r in program_list()})
        raise BadInput(f"kind: one of {', '.join(kinds)} is needed, received {kind!r}")
    if as_json:
        print_json(rows)
        return
    print_table(
        [("name", "left"), ("kind", "left"), ("d", "right"), ("T", "right"), ("inputs", "right"),
         ("computes", "left")],
        [(r["name"], r["kind"], r["dimension"], "–" if r["steps"] is None else r["steps"],
          r["inputs"], r["function"]) for r in rows],
    )  # fmt: skip
    print(counted(len(rows), "program"))


@app.command()
def show(name: Name) -> None:
    """Print a program as text, which a file may hold."""
    from singularity_lab.programs.by_name import find_any

    print(find_any(name).to_text(), end="")


@app.command()
def rlct(
    name: Name,
    steps: StepsOption = None,
    semantics: SemanticsOption = "exact",
    chart: ChartOption = "corner",
    set_: Set = None,
    face: FaceOption = None,
    tape: Tape = None,
    budget: BudgetOption = 60.0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the program certificate to this file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """λ and m of a program at its code, another code or a face, with certificates.

    Where the seconds do not suffice it prints the bounds so far, and ends with exit code 3.
    """
    from singularity_lab.cli.shell import UNDECIDED, note, print_json
    from singularity_lab.errors import Undecided
    from singularity_lab.programs.answers import program_rlct

    try:
        result = program_rlct(
            _found(name, tape), steps, semantics, chart, code=_pairs(set_, "--set") or None,
            support=_faces(face, set_) or None, budget=budget,
        )  # fmt: skip
    except Undecided as error:
        if as_json:
            print_json(error.bounds.to_json())
        else:
            print(error.bounds)
        raise typer.Exit(UNDECIDED) from None
    if out is not None:
        write_text(out, json.dumps(result.program_certificate, indent=1) + "\n")
        note(f"program certificate written to {out}")
    if as_json:
        print_json(result.to_json())
        return
    print(result)
    if result.hitting is not None:
        weights = (f"{n}: {v}" for n, v in result.hitting.weights.items())
        print("weights of the blow-up:", ", ".join(weights))
        packed = (f"{result.hitting.monomial(s)}: {y}" for s, y in result.hitting.dual)
        print("packed syndromes:", ", ".join(packed))


@app.command()
def census(
    name: Name,
    steps: StepsOption = None,
    semantics: SemanticsOption = "exact",
    chart: ChartOption = "corner",
    faces: Annotated[
        bool, typer.Option("--faces", help="Count (λ, m) over all faces, by dimension.")
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="Draw components and faces into this file (svg, png, pdf)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """All solving codes, the zero set W0 as a complex, and λ of its components."""
    from singularity_lab.cli.shell import note, print_json
    from singularity_lab.programs.answers import program_census

    if picture is not None:
        require("picture", "matplotlib")  # before anything is counted
        _picture_suffix(picture)
    found = program_census(name, steps, semantics, chart)
    document = found.to_json()
    if picture is not None:
        _draw(found, picture)
        note(f"picture written to {picture}")
    if faces:
        document["faces"] = _face_counts(found)
    if as_json:
        print_json(document)
        return
    print(found)
    for row in document.get("faces", []):
        inside = ", ".join(f"({c['lambda_E']}, {c['multiplicity']}): {c['faces']}"
                           for c in row["values"])  # fmt: skip
        print(f"faces of dimension {row['dimension']}: {inside}")


def _picture_suffix(file: Path) -> None:
    from singularity_lab.errors import BadInput

    if file.suffix not in (".svg", ".png", ".pdf"):
        raise BadInput(f"picture: a file .svg, .png or .pdf is needed, received {file}")


def _draw(found: Any, file: Path) -> None:
    """The component graph beside λ over the faces."""
    import matplotlib

    matplotlib.use("Agg")
    plt = pyplot()

    figure, (left, right) = plt.subplots(1, 2, figsize=(14, 5.5))
    found.plot(left)
    found.plot_faces(right)
    with replacing(file) as part:
        figure.savefig(part)
    plt.close(figure)


def _face_counts(found: Any) -> list[dict[str, Any]]:
    rows = []
    for k, level in enumerate(found.faces):
        counts: dict[Any, int] = {}
        for face in level:
            value = found.rlct(face)
            counts[value] = counts.get(value, 0) + 1
        rows.append(
            {
                "dimension": k,
                "values": [
                    {"lambda_E": str(v.value), "multiplicity": v.multiplicity, "faces": n}
                    for v, n in sorted(counts.items())
                ],
            }
        )
    return rows


@app.command()
def trace(
    name: Name,
    steps: StepsOption = None,
    semantics: SemanticsOption = "exact",
    set_: Set = None,
    face: FaceOption = None,
    tape: Tape = None,
    as_json: Json = False,
) -> None:
    """Each minimal syndrome with what it comes from: which wrong step, on which input."""
    from singularity_lab.cli.shell import print_json
    from singularity_lab.programs.trace import program_trace

    found = program_trace(
        _found(name, tape), steps, semantics, code=_pairs(set_, "--set") or None,
        support=_faces(face, set_) or None,
    )  # fmt: skip
    if as_json:
        print_json(
            [
                {
                    "syndrome": t.syndrome,
                    "input": t.input,
                    "target": t.target,
                    "output": t.output,
                    "steps": list(t.steps),
                    "run": [list(s) for s in t.run],
                    "wrong": [{"step": k, "choice": c, "option": o} for k, c, o in t.wrong],
                }
                for t in found
            ]
        )
        return
    print("\n".join(map(str, found)))


@app.command()
def hessian(
    name: Name,
    steps: StepsOption = None,
    semantics: SemanticsOption = "exact",
    set_: Set = None,
    tape: Tape = None,
    budget: BudgetOption = 20.0,
    as_json: Json = False,
) -> None:
    """The potential H at a code: its polynomial, Hessian and rank, and the syndromes it counts.

    Below them λ of H in both charts: corner, W as a manifold with corners, and open, which ignores
    the corner. Each has the seconds of --budget, after which its bounds are printed.
    """
    from singularity_lab.cli.shell import print_json
    from singularity_lab.errors import BadInput, Undecided
    from singularity_lab.programs.answers import program_rlct
    from singularity_lab.programs.machines.machines import Program
    from singularity_lab.programs.potential import potential
    from singularity_lab.system.deadline import TimeLimit

    p = _found(name, tape)
    if not isinstance(p, Program):
        raise BadInput(f"program: {name} has real parameters and no codes (rlct takes it)")
    code = _pairs(set_, "--set") or None
    found = None
    with TimeLimit(budget):
        found = potential(p, steps, semantics, code)
    if found is None:
        raise Undecided(f"budget: H has more terms than {budget:g} s suffice for")
    document, lines = found.to_json(), [str(found)]
    for chart in ("corner", "open"):
        try:
            r = program_rlct(p, steps, semantics, chart, code=code, budget=budget)
            told = {"lambda_H": str(r.lambda_H), "multiplicity": r.multiplicity}
            lines.append(f"chart {chart}: lambda_H = {r.lambda_H}, m = {r.multiplicity}")
        except Undecided as error:
            known = error.bounds.to_json()
            told = {key: known[key] for key in ("lower", "upper", "reason")}
            lines.append(f"chart {chart}: {error.bounds}")
        except BadInput as error:  # e_x has too many terms
            told = {"reason": str(error)}
            lines.append(f"chart {chart}: not asked: {error}")
        document[chart] = told
    if as_json:
        print_json(document)
        return
    print("\n".join(lines))


@app.command()
def check(
    file: Annotated[
        Path,
        typer.Argument(
            help="A program certificate as --out writes it, or the answer of rlct --json."
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option("--program", metavar="NAME", help="The program that it should be about."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Replay a program certificate. Exit code 2 when it does not hold.

    Of an answer of ``program rlct --json`` both certificates are replayed, the ideal of the one is
    derived from the program's text in the other, and all that it says is compared with them.
    """
    from singularity_lab.algebra.input_limits import limited_json
    from singularity_lab.cli.shell import BAD_INPUT, print_json, say_error
    from singularity_lab.errors import BadInput, CertificateError
    from singularity_lab.programs.check import replay_program
    from singularity_lab.system.files import read_text

    document = limited_json(read_text(file, "file"), "file")
    if not isinstance(document, dict):
        raise BadInput(f"file: {file} is no certificate")
    if document.get("program_certificate", document) is None:
        raise BadInput("file: an answer with bounds alone, which has no program certificate")
    try:
        claim, about = replay_program(document, name)
    except CertificateError as error:
        if as_json:
            print_json({"verified": False, "error": str(error)})
        say_error(f"the certificate is rejected: {error}")
        raise typer.Exit(BAD_INPUT) from None
    if as_json:
        print_json({"verified": True, **claim, "about": about})
        return
    told = claim["lambda_E"] or claim["lambda_H"]
    sign = "lambda_E" if claim["lambda_E"] else "lambda_H"
    print(f"verified: {sign} = {told}, m = {claim['multiplicity']}")
    print(f"of {about}")
