"""The table ``rows``: what a row of the catalog declares, in flat columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.consistency import listing
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import complete, families
from singularity_lab.catalog.store import row_key
from singularity_lab.catalog.titles import aliases, title
from singularity_lab.dictionary.schema import Cell, Row
from singularity_lab.exact.proof.certificate import problem_to_json
from singularity_lab.programs.catalog_rows import Declared, declared

_NO_PROGRAM = Cell.not_applicable("the row is no program")
PENDING = Cell.unknown("classes are not computed yet")


def digest(document: Any) -> str:
    """SHA-256 of a document's canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def model_id(entry: Entry) -> str:
    """One name for all rows of one model: the same builder at the same arguments, the same
    polynomials up to the point, the same program at the same number of steps.

    >>> from singularity_lab.catalog.load import load
    >>> model_id(load("rrr-1-1-2-r0")) == model_id(load("rrr-1-1-2-r0-a0b1"))
    True
    """
    program = declared().get(entry.id)
    if program is not None:
        said: Any = [program.program, program.steps, program.semantics, program.chart]
        return "program-" + digest(said)[:10]
    if entry.builder:
        said = [entry.builder, complete(entry.builder, entry.parameters)]
        return f"{entry.builder}-{digest(said)[:10]}"
    fields = ("vars", "ideal", "prior", "nonnegative", "box", "convention")
    return "ideal-" + digest([getattr(entry, f) for f in fields])[:10]


def germ_columns(problem: LocalProblem | None) -> dict[str, Any]:
    """The columns that spell a germ; empty texts and lists for a loss that is no polynomial."""
    names = ("variables", "generators", "convention", "point", "prior", "box")
    if problem is None:
        empty: dict[str, Any] = {"variables": [], "generators": [], "convention": ""}
        return empty | {"point": {}, "prior": {}, "box": {}}
    document = problem_to_json(problem)
    return {name: document[name] for name in names}


def program_cells(program: Declared | None) -> dict[str, Cell]:
    """Semantics, chart, inputs and loss of a program; ``not applicable`` for other rows."""
    if program is None:
        return dict.fromkeys(("semantics", "chart", "inputs", "loss_form"), _NO_PROGRAM)
    return {
        "semantics": Cell.of(program.semantics),
        "chart": Cell.of(program.chart),
        "inputs": Cell.of(list(program.inputs)),
        "loss_form": Cell.of("NLL: λ is λ_E; the squared error has λ_H = λ_E/2 and the same m"),
    }


def make_rows(entries: Iterable[Entry]) -> list[Row]:
    """The lines of the table, in the order of the entries."""
    entries = list(entries)
    truths = {t["id"]: t for t in listing(entries)}
    return [_row(entry, truths[entry.id]) for entry in entries]


def _row(entry: Entry, truth: Mapping[str, Any]) -> Row:
    family = families()[entry.family]
    model = entry.model()
    place = entry.stratum()
    words, computed = title(entry)
    program = program_cells(declared().get(entry.id))
    return Row(
        id=entry.id,
        title=words,
        title_computed=computed,
        aliases=aliases(entry),
        family=entry.family,
        family_title=family.title,
        builder=entry.builder,
        parameters=complete(entry.builder, entry.parameters) if entry.builder else {},
        model_id=model_id(entry),
        at=place.name if place is not None else "point",
        description=place.description if place is not None else "",
        d=truth["dimension"],
        statement=model.statement,
        **germ_columns(entry.problem() if entry.polynomial else None),
        semantics=program["semantics"],
        chart=program["chart"],
        inputs=program["inputs"],
        loss_form=program["loss_form"],
        tags=list(entry.tags),
        note=entry.note,
        claims=truth["claims"],
        scope=entry.scope,
        status=truth["status"],
        class_id=PENDING,
        content=row_key(entry),
    )
