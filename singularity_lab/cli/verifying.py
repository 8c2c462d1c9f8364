"""``singlab verify``: certificates from anywhere, replayed, and compared with what is said beside
them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from singularity_lab.cli.options import Json
from singularity_lab.cli.shell import BAD_INPUT, UNDECIDED, print_json, say_error
from singularity_lab.errors import BadInput, CertificateError
from singularity_lab.system.counting import counted
from singularity_lab.system.deadline import TimeLimit, require_seconds
from singularity_lab.system.files import read_json
from singularity_lab.system.stopwatch import Stopwatch

if TYPE_CHECKING:
    from singularity_lab.algebra.analytic_problem import Problem
    from singularity_lab.exact.proof.certificate import Certificate


def verify(
    file: Annotated[
        str,
        typer.Argument(
            metavar="CERT",
            help="A certificate, of a program, a germ or a table, or the JSON answer of singlab "
            "rlct or program rlct; - is stdin.",
        ),
    ],
    budget: Annotated[
        float,
        typer.Option("--budget", metavar="SECONDS", help="CPU seconds for the whole document."),
    ] = 600.0,
    as_json: Json = False,
) -> None:
    """Replay a proof with the independent verifier and print what it proves.

    A program certificate, or an answer of program rlct, is replayed as program check does; of a
    table (rlct --parameters) every cell, and a cell without a proof ends with exit code 3. A
    certificate that does not verify ends with exit code 2 and the step that fails; so does an
    answer that states another value, loss or point than its certificate. What is not replayed
    within the budget is not verified: exit code 3.
    """
    from singularity_lab.programs.program_certificate import FORMAT

    require_seconds(budget)
    document = read_json(file, "CERT", parse_constant=_no_number)
    if not isinstance(document, Mapping):
        raise BadInput(f"CERT: a certificate is needed, {file} holds a {type(document).__name__}")
    program = {"program", "digest"} <= set(document) or document.get("format") == FORMAT
    lines = None
    try:
        with TimeLimit(budget):
            if program or document.get("program_certificate") is not None:
                lines = [_program(document)]
            elif _is_table(document):
                lines = [_table(document)]
            else:
                lines = list(_germ(document))
    except Exception as error:  # a foreign document: whatever it breaks, it is not verified
        where, why = _refusal(error)
        if as_json:
            print_json({"verified": False, "where": where, "error": why})
        say_error(f"the certificate is rejected: {why}")
        raise typer.Exit(BAD_INPUT) from None
    if lines is None:
        why = f"not verified within {budget:g} CPU seconds: nothing is known of the claim"
        if as_json:
            print_json({"verified": False, "where": "", "error": why})
        say_error(why)
        raise typer.Exit(UNDECIDED)
    for data, text in lines:
        if as_json:
            print_json(data)
        else:
            print(text)
    if not all(data["verified"] for data, _ in lines):
        raise typer.Exit(UNDECIDED)


def _refusal(error: Exception) -> tuple[str, str]:
    """Where a document fails, and why, in one line."""
    if isinstance(error, CertificateError):
        return error.where, " ".join(str(error).split())
    if isinstance(error, RecursionError):
        return "", "nested too deeply"
    if isinstance(error, MemoryError):
        return "", "too large for the memory"
    why = " ".join(str(error).split())[:200]
    return "", why if isinstance(error, BadInput) else f"malformed: {type(error).__name__}: {why}"


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _program(document: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    from singularity_lab.programs.check import replay_program

    watch = Stopwatch()
    value, about = replay_program(document)
    seconds = watch.seconds
    told = ", ".join(f"{k} = {v}" for k, v in value.items() if v is not None)
    data = {"verified": True, "kind": "exact", **value, "loss": about, "seconds": round(seconds, 4)}
    return data, f"proved: {told} for {about} ({seconds:.2f} s)"


def _is_table(document: Mapping[str, Any]) -> bool:
    from singularity_lab.exact.proof.families import FORMAT

    inside = document.get("certificate", document)
    return isinstance(inside, Mapping) and inside.get("format") == FORMAT


def _table(document: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Replay every cell of a table over a symbol, and compare what an answer states with them."""
    from singularity_lab.exact.engine.parameter_tables import ParameterCell, Table
    from singularity_lab.exact.proof.families import verify_table

    watch = Stopwatch()
    certificate = document.get("certificate", document)
    found = verify_table(certificate)
    parameter = str(certificate["parameter"])
    cells = tuple(ParameterCell(parameter, *ends, value, proved) for ends, value, proved in found)
    table = Table(parameter, cells, dict(certificate), watch.seconds)
    proved = table.to_json()
    del proved["certificate"]
    if document is not certificate:
        for name in ("parameter", "status"):
            if document.get(name, proved[name]) != proved[name]:
                raise _other(name, document[name], proved[name])
        stated = document.get("cells", proved["cells"])
        if not isinstance(stated, list) or len(stated) != len(cells):
            raise _other("cells", stated, f"{len(cells)} cells")
        for i, (said, cell) in enumerate(zip(stated, proved["cells"], strict=True)):
            if not isinstance(said, Mapping):
                raise CertificateError(f"cells.{i}: an object is needed")
            for name, value in cell.items():
                if said.get(name, value) != value:
                    raise _other(f"cells.{i}.{name}", said[name], value)
    many = f"{sum(c.proved for c in cells)} of {len(cells)} cells, {table.seconds:.2f} s"
    data = {"verified": table.exact, "kind": "table", **proved}
    return data, f"{'proved' if table.exact else 'not all proved'}: {many}\n{table}"


def _germ(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Replay every certificate of a document, and compare what the document states with them."""
    from singularity_lab.exact.engine.result import describe_loss
    from singularity_lab.exact.proof.certificate import Certificate
    from singularity_lab.exact.proof.verify import verify as replay

    found: list[Certificate] = []
    lines = []
    for name, data in _certificates(document):
        watch = Stopwatch()
        certificate = Certificate.from_json(data)
        if name in ("lower", "upper", "exact") and certificate.kind != name:
            raise CertificateError(f"certificate.{name}: its claim is of kind {certificate.kind}")
        replay(certificate)
        found.append(certificate)
        seconds = watch.seconds
        claim, loss = certificate.claim, describe_loss(certificate.problem)
        steps = sum(1 for _ in certificate.steps())
        sign = {"exact": "=", "lower": "⪰", "upper": "⪯"}[certificate.kind]
        lines.append(
            (
                {
                    "verified": True,
                    "kind": certificate.kind,
                    "lambda": str(claim.value),
                    "multiplicity": claim.multiplicity,
                    "loss": loss,
                    "steps": steps,
                    "seconds": round(seconds, 4),
                },
                f"proved: (lambda, m) {sign} {claim} for {loss} "
                f"({counted(steps, 'step')}, {seconds:.2f} s)",
            )
        )
    compare(document, found)
    yield from lines


def _certificates(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The certificates of a document, each with the name that it has there; at least one.

    A document is a certificate, an answer of ``rlct --json`` or ``explain --json``, or a file of a
    store (``zcat`` of it).
    """
    if "result" in document and "certificate" not in document:
        inner = document["result"]
        if not isinstance(inner, Mapping):
            raise CertificateError("result: an object is needed")
        yield from _certificates(inner)
        return
    name = "certificates" if "certificates" in document else "certificate"
    inside = document.get(name, document)
    if isinstance(inside, Mapping) and "format" not in inside and inside is not document:
        named = list(inside.items())
    elif isinstance(inside, list):
        named = [("", c) for c in inside]
    else:
        named = [("", inside)]
    if not named:
        raise CertificateError(f"{name}: at least one certificate is needed, there is none")
    yield from named


# -- an answer against its certificates ------------------------------------------------------------


def compare(answer: Mapping[str, Any], certificates: list[Certificate]) -> None:
    """Raise CertificateError, naming the field, where an answer states what its certificates do not
    prove.

    Of the fields of an answer, those are compared that say which problem it is and what is proved;
    a field that is absent states nothing.
    """
    from singularity_lab.exact.proof.certificate import problem_to_json

    problem = certificates[0].problem
    said = problem_to_json(problem)
    if any(problem_to_json(c.problem) != said for c in certificates[1:]):
        raise CertificateError("certificate: the certificates are of different problems")
    if isinstance(answer.get("result"), Mapping):
        compare(answer["result"], certificates)
    _compare_claims(answer, certificates)
    _compare_problem(answer, problem)


def _compare_claims(answer: Mapping[str, Any], certificates: list[Certificate]) -> None:
    from singularity_lab.catalog.store import bounds_of

    bounds = bounds_of(certificates)
    exact = next((c.claim for c in certificates if c.kind == "exact"), None)
    true_status = "bounds" if exact is None else "exact"
    if answer.get("status", true_status) != true_status:
        raise _other("status", answer["status"], true_status)
    true_value = None if exact is None else exact.value
    true_m = None if exact is None else exact.multiplicity
    if "lambda" in answer and not _is_rational(answer["lambda"], true_value):
        raise _other("lambda", answer["lambda"], true_value)
    if "multiplicity" in answer and _integer(answer["multiplicity"]) != true_m:
        raise _other("multiplicity", answer["multiplicity"], true_m)
    for name, bound in (("lower", bounds.lower), ("upper", bounds.upper)):
        if name not in answer:
            continue
        stated = answer[name]
        if stated is None and bound is None:
            continue
        if not isinstance(stated, Mapping) or bound is None:
            raise _other(name, stated, bound)
        if not _is_rational(stated.get("lambda"), bound.value):
            raise _other(f"{name}.lambda", stated.get("lambda"), bound.value)
        if _integer(stated.get("multiplicity")) != bound.multiplicity:
            raise _other(f"{name}.multiplicity", stated.get("multiplicity"), bound.multiplicity)
    for name in ("text", "explanation"):
        if name in answer:
            _compare_text(name, answer[name], certificates)


def _compare_text(name: str, text: Any, certificates: list[Certificate]) -> None:
    """The sentence of an answer: its λ and m, where it is one about an exact value."""
    match = re.search(r"lambda = (\S+), m = (\d+) for", text) if isinstance(text, str) else None
    if match is None:
        return
    exact = next((c.claim for c in certificates if c.kind == "exact"), None)
    if exact is None or (match[1], match[2]) != (str(exact.value), str(exact.multiplicity)):
        raise _other(name, f"lambda = {match[1]}, m = {match[2]}", exact)


def _compare_problem(answer: Mapping[str, Any], problem: Problem) -> None:
    from singularity_lab.exact.proof.certificate import problem_from_json, problem_to_json

    true = problem_to_json(problem)
    if "loss" in answer and not same_loss(answer["loss"], problem):
        from singularity_lab.exact.engine.result import describe_loss

        raise _other("loss", answer["loss"], describe_loss(problem))
    if isinstance(answer.get("problem"), Mapping) and "format" not in answer:
        try:
            stated = problem_to_json(problem_from_json(answer["problem"]))
        except Exception:  # a foreign document: what cannot be read is another problem
            raise _other("problem", answer["problem"], true) from None
        for field, value in true.items():
            if stated[field] != value:
                raise _other(f"problem.{field}", stated[field], value)
    expressions = "functions" if "functions" in true else "generators"
    aliases = {"vars": "variables", "ideal": expressions, "as": "convention"}
    aliases["generators"] = expressions
    for name in (*true, *aliases):
        field = aliases.get(name, name)
        if name in answer:
            try:
                stated = _restated(problem, field, answer[name])
            except Exception:  # likewise
                raise _other(name, answer[name], true[field]) from None
            if stated != true[field]:
                raise _other(name, answer[name], true[field])
    walls = [n for n, (low, _) in true["box"].items() if low == "0"]
    if "nonnegative" in answer and sorted(answer["nonnegative"] or ()) != sorted(walls):
        raise _other("nonnegative", answer["nonnegative"], walls)


def _restated(problem: Problem, field: str, value: Any) -> Any:
    """A field of the problem as the answer states it, in the words of the certificate."""
    from singularity_lab.exact.proof.certificate import problem_from_json, problem_to_json

    if field == "variables" and isinstance(value, str):
        value = value.replace(",", " ").split()
    if field == "variables":
        return value
    if field in ("generators", "functions") and isinstance(value, str):
        value = [value]
    if field in ("point", "prior") and isinstance(value, list):
        value = dict(zip(problem.variables, value, strict=True))
    return problem_to_json(problem_from_json({**problem_to_json(problem), field: value}))[field]


def same_loss(stated: Any, problem: Problem) -> bool:
    """True if a description of a loss is that of the problem: the same words, or the same
    polynomial, however it is written, with the same words after it.

    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> cusp = LocalProblem.build("x^2 - y^3")
    >>> same_loss("K = (x^2 - y^3)^2 at the origin", cusp)
    True
    >>> same_loss("K = (x^2 - y^4)^2 at the origin", cusp)
    False
    """
    from singularity_lab.algebra.analytic_problem import AnalyticProblem
    from singularity_lab.algebra.polynomial import parse
    from singularity_lab.exact.engine.result import describe_loss

    true = describe_loss(problem)
    if stated == true:
        return True
    if not isinstance(stated, str) or isinstance(problem, AnalyticProblem):
        return False
    (head, at, tail), (own, _, own_tail) = stated.partition(" at "), true.partition(" at ")
    squares = r" \+ \.\.\. \(\d+ squares\)$"
    mark, own_mark = re.findall(squares, head), re.findall(squares, own)
    if not at or tail != own_tail or mark != own_mark or not head.startswith("K = "):
        return False
    try:
        texts = [re.sub(squares, "", t.removeprefix("K = ")) for t in (head, own)]
        if problem.convention == "two-sided":  # K = |f|
            if not all(t.startswith("|") and t.endswith("|") for t in texts):
                return False
            texts = [t[1:-1] for t in texts]
        one, other = (parse(text, problem.variables) for text in texts)
    except BadInput:
        return False
    return one == other


def _is_rational(stated: Any, true: Fraction | None) -> bool:
    """True if a field states this rational number; None states that there is none."""
    from singularity_lab.algebra.rings import fraction

    try:
        return (None if stated is None else fraction(stated)) == true
    except BadInput:
        return False


def _integer(value: Any) -> Any:
    return value if value is None or type(value) is int else str(value)


def _other(field: str, stated: Any, true: Any) -> CertificateError:
    shown = " ".join(str(stated).split())
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    proved = " ".join(str(true).split())
    proved = proved if len(proved) <= 80 else proved[:77] + "..."
    return CertificateError(f"the answer states {shown!r}, its certificate {proved!r}", field)
