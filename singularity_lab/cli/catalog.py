"""``singlab catalog``: list, show, search, check, prove, export, strata."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from singularity_lab.algebra.input_limits import integer
from singularity_lab.cli import option_values
from singularity_lab.cli.options import Cluster, Jobs, Json
from singularity_lab.cli.shell import (
    BAD_INPUT,
    INTERRUPTED,
    note,
    print_json,
    print_table,
    progress_bar,
    say_error,
)
from singularity_lab.errors import BadInput, quoted
from singularity_lab.system.counting import counted
from singularity_lab.system.extras import hint, installed
from singularity_lab.system.files import write_text

if TYPE_CHECKING:
    from singularity_lab.catalog.entry import Entry

app = typer.Typer(help="The rows: models at points, what is proved of them, what papers claim.")

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="Rows; all if none.")]
FamilyOption = Annotated[str | None, typer.Option("--family", help="Rows of this family.")]
Tag = Annotated[
    list[str] | None, typer.Option("--tag", help="Rows with this tag; may be repeated.")
]
Dimension = Annotated[
    str | None,
    typer.Option("--dimension", metavar="D", help="Number of parameters: 4, or 2:8, or :8."),
]
Lambda = Annotated[
    str | None, typer.Option("--lambda", metavar="λ", help="The proved λ, a fraction such as 3/2.")
]
Multiplicity = Annotated[
    int | None, typer.Option("--multiplicity", metavar="M", help="The proved m.")
]
StatusOption = Annotated[
    str | None,
    typer.Option("--status", help="proved, bracketed, cited, disputed or unknown."),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write there instead of to stdout.")
]

_STATUSES = ("proved", "bracketed", "cited", "disputed", "unknown")


def _interval(text: str | None) -> tuple[int, int | None]:
    """``4``, ``2:8``, ``2:`` or ``:8``."""
    if text is None:
        return 0, None
    match = re.fullmatch(r"([0-9]*)(:?)([0-9]*)", text.strip())
    if match is None or not (match[1] or match[3]) or (match[3] and not match[2]):
        raise BadInput(f"--dimension: expected '4', '2:8', '2:' or ':8', received {quoted(text)}")
    low = integer(match[1] or "0", "--dimension")
    if not match[2]:
        return low, low
    return low, integer(match[3], "--dimension") if match[3] else None


def _choose(
    family: str | None,
    tag: list[str] | None,
    dimension: str | None = None,
    value: str | None = None,
    multiplicity: int | None = None,
    status: str | None = None,
    text: str = "",
) -> tuple[list[Entry], list[dict[str, Any]]]:
    """The rows that fit, and their table rows."""
    from singularity_lab.algebra.rings import fraction
    from singularity_lab.catalog.consistency import listing
    from singularity_lab.catalog.export import search
    from singularity_lab.catalog.load import entries

    low, high = _interval(dimension)
    if status is not None and status not in _STATUSES:
        raise BadInput(f"--status: one of {', '.join(_STATUSES)}, received {status!r}")
    wanted = None if value is None else fraction(value, "--lambda")
    rows = entries(family=family, tags=tag or [])
    truths = {}
    for row, table in _listed(rows, listing):
        truths[row.id] = table
    rows = [row for row in rows if row.id in truths]
    found = search(
        rows,
        text,
        min_dimension=low,
        max_dimension=high,
        truths=truths,
        status=status,
        value=wanted,
        multiplicity=multiplicity,
    )
    return found, [truths[row.id] for row in found]


def _listed(
    rows: list[Entry], listing: Callable[[list[Entry]], list[dict[str, Any]]]
) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """The rows with their table rows; one that cannot be built is named and left out."""
    try:
        yield from zip(rows, listing(rows), strict=True)
    except BadInput:
        for row in rows:
            try:
                yield row, listing([row])[0]
            except BadInput as error:
                note(f"left out: {error}")


@app.command("list")
def list_(
    family: FamilyOption = None,
    tag: Tag = None,
    dimension: Dimension = None,
    value: Lambda = None,
    multiplicity: Multiplicity = None,
    status: StatusOption = None,
    as_json: Json = False,
) -> None:
    """List rows with what is proved of them, from the certificates that the catalog ships.

    Status: proved, bracketed (by proved bounds), cited (a paper states it), disputed, unknown.
    """
    _print_rows(_choose(family, tag, dimension, value, multiplicity, status)[1], as_json)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Looked for in ids, titles, tags, notes, models.")],
    family: FamilyOption = None,
    tag: Tag = None,
    dimension: Dimension = None,
    value: Lambda = None,
    multiplicity: Multiplicity = None,
    status: StatusOption = None,
    as_json: Json = False,
) -> None:
    """Search the rows for a text; the filters are those of ``list``."""
    _print_rows(_choose(family, tag, dimension, value, multiplicity, status, text)[1], as_json)


def _print_rows(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    print_table(
        [("id", "left"), ("family", "left"), ("d", "right"), ("λ", "right"), ("m", "right"),
         ("status", "left")],
        [
            (t["id"], t["family"], t["dimension"], _value(t), t["multiplicity"], t["status"])
            for t in found
        ],
    )  # fmt: skip
    print(_summary([t["status"] for t in found]))


def _summary(statuses: list[str]) -> str:
    counts = {s: statuses.count(s) for s in sorted(set(statuses))}
    inside = ", ".join(f"{n} {s}" for s, n in counts.items())
    return f"{counted(len(statuses), 'row')}: {inside or 'none'}"


def _value(truth: dict[str, Any]) -> str:
    if truth["lambda"] is not None:
        return str(truth["lambda"])
    low, high = truth["lower"], truth["upper"]
    if low and high and low["lambda"] == high["lambda"]:
        return str(low["lambda"])
    return f"[{low['lambda'] if low else 0}, {high['lambda'] if high else '∞'}]"


@app.command()
def show(
    id: Annotated[
        str,
        typer.Argument(metavar="ID", help="The row.", autocompletion=option_values.complete_row),
    ],
    budget: Annotated[
        float,
        typer.Option(
            "--budget",
            metavar="SECONDS",
            help="CPU seconds to prove a row that has no certificates; 0: only what is stored.",
        ),
    ] = 20.0,
    as_json: Json = False,
) -> None:
    """Show a row: its model, its germ, what is proved, what papers claim, what was measured."""
    from singularity_lab.catalog.entry import to_toml
    from singularity_lab.catalog.load import load
    from singularity_lab.catalog.truth import ground_truth
    from singularity_lab.errors import Undecided
    from singularity_lab.exact.engine.result import describe_loss
    from singularity_lab.exact.proof.certificate import problem_to_json
    from singularity_lab.system.deadline import TimeLimit, require_seconds

    require_seconds(budget, zero=True)
    seconds = budget or 20.0
    with TimeLimit(seconds) as limit:
        entry = load(id)
        problem = problem_to_json(entry.problem()) if entry.polynomial else None
    if limit.expired:
        raise Undecided(f"id: the row is not built within {seconds} CPU seconds")
    truth = ground_truth(entry, max(budget - (seconds - limit.left), 0.1) if budget else 0.0)
    if as_json:
        document = truth.to_json() | {
            "title": entry.title,
            "note": entry.note,
            "problem": problem,
            "readings": [str(r) for r in entry.readings],
        }
        print_json(document)
        return
    print(to_toml(entry))
    loss = describe_loss(entry.problem()) if entry.polynomial else "the loss is no polynomial"
    print(f"\n{entry}\n{loss}\n{truth}")


@app.command()
def check(
    ids: Ids = None,
    family: FamilyOption = None,
    tag: Tag = None,
    twin: Annotated[
        bool, typer.Option("--twin/--no-twin", help="Compare torch twins with the polynomials.")
    ] = True,
    jobs: Jobs = 2,
    as_json: Json = False,
) -> None:
    """Check rows without a search: schema, sources, stored certificates, claims, torch twins.

    Every certificate is verified again, and the index compared with them. Exit code 2 when a row
    has a problem.
    """
    from singularity_lab.catalog.checks import CatalogCheck
    from singularity_lab.catalog.consistency import check_in_processes
    from singularity_lab.catalog.prove import stray_files

    rows = _rows(ids, family, tag)
    if twin and not installed("torch"):
        twin = False
        note(f"torch twins are not compared: torch is not installed: {hint('torch')}")
    done = 0
    with progress_bar() as progress:

        def advance(row: Any) -> None:
            nonlocal done
            done += 1
            progress("checking", done, len(rows), row.id)

        found = check_in_processes([r.id for r in rows], twin=twin, jobs=jobs, progress=advance)
    whole = not (ids or family or tag)
    if whole and all(r.status != "broken" for r in found.rows):  # a row that cannot be built
        strays = [f"certificates of no row: {p.name}: prove again" for p in stray_files()]
        found = CatalogCheck(found.rows, (*found.problems, *strays))
    if as_json:
        print_json(
            {
                "ok": found.ok,
                "problems": list(found.problems),
                "rows": [
                    {
                        "id": r.id,
                        "family": r.family,
                        "status": r.status,
                        "problems": list(r.problems),
                    }
                    for r in found.rows
                ],
            }
        )
    else:
        print(found)
    if not found.ok:
        wrong = sum(bool(r.problems) for r in found.rows) + len(found.problems)
        say_error(f"{counted(wrong, 'problem')} in {counted(len(found.rows), 'row')}")
        raise typer.Exit(BAD_INPUT)


def _rows(ids: list[str] | None, family: str | None, tag: list[str] | None) -> list[Entry]:
    from singularity_lab.catalog.load import entries, load

    if ids and (family is not None or tag):
        raise BadInput("ids: stand alone, without --family and --tag")
    return [load(i) for i in ids] if ids else entries(family=family, tags=tag or [])


_TOLD = 10  # rows, up to which each is told


@app.command()
def prove(
    ids: Ids = None,
    family: FamilyOption = None,
    tag: Tag = None,
    budget: Annotated[
        float, typer.Option("--budget", metavar="SECONDS", help="CPU seconds for one row.")
    ] = 20.0,
    jobs: Jobs = 2,
    cluster: Cluster = "",
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="DIR", help="The store; that of the catalog if absent."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what the store has of these rows.")
    ] = False,
    index_only: Annotated[
        bool, typer.Option("--index-only", help="Search nothing; write the index again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Rebuild the certificates that lie beside the catalog.

    What is stored already is not searched again, unless with a larger budget than before. Every
    row is written when it is finished: interrupt it at any time, the same command goes on.
    """
    from singularity_lab.catalog.load import entries
    from singularity_lab.catalog.paths import in_package
    from singularity_lab.catalog.prove import prove as search_rows
    from singularity_lab.catalog.prove import stray_files, write_index
    from singularity_lab.catalog.store import CertificateStore, shipped
    from singularity_lab.system.files import made_folder

    if into is None and in_package():
        raise BadInput(
            "--into: a folder is needed: the catalog of an installed package is not written to"
        )
    rows = _rows(ids, family, tag)
    store = shipped() if into is None else CertificateStore(made_folder(into, "--into"))
    if fresh and not index_only:
        for row in rows:
            if row.polynomial:
                store.path(row.problem()).unlink(missing_ok=True)
    statuses: list[str] = []
    wrong: list[str] = []
    interrupted = False
    try:
        with progress_bar() as progress:
            searched = [] if index_only else rows
            for truth in search_rows(searched, budget, cache=store, jobs=jobs, cluster=cluster):
                statuses.append(truth.status)
                if len(rows) <= _TOLD and not as_json:
                    print(str(truth).partition("\n")[0])
                progress("proving", len(statuses), len(rows), truth.entry.id)
                wrong += [f"{truth.entry.id}: claim {c}: {why}" for c, why in truth.contradictions]
                if truth.status == "bracketed" and len(rows) > _TOLD:
                    note(f"{truth.entry.id} is bracketed: {truth.bounds}")
    except KeyboardInterrupt:
        interrupted = True
    if into is None:
        some = bool(ids or family or tag)
        if not (some or interrupted):
            for stray in stray_files():
                stray.unlink()
        write_index(entries(), store, [r.id for r in rows] if some else None)
    for line in wrong:
        say_error(line)
    if as_json:
        print_json({"rows": len(statuses), "interrupted": interrupted, "contradictions": wrong})
    else:
        print(_summary(statuses) + f", in {store.folder}")
        if new := _not_in_dictionary(rows):
            note(
                f"not in the dictionary that find reads: {', '.join(new[:_TOLD])}; singlab "
                "dictionary build --out DIR takes all rows of the catalog into one of yours, and "
                "find, show and the others read it with --from DIR"
            )
    if interrupted:
        note("what is finished is stored; the same command goes on")
        raise typer.Exit(INTERRUPTED)
    if wrong:
        raise typer.Exit(BAD_INPUT)


def _not_in_dictionary(rows: list[Entry]) -> list[str]:
    """The ids of rows that the shipped dictionary has not."""
    from singularity_lab.dictionary.tables import shipped as dictionary

    known = {row.id for row in dictionary().rows}
    return [row.id for row in rows if row.id not in known]


class Format(StrEnum):
    """What a table is written as."""

    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    markdown = "markdown"
    croissant = "croissant"
    parquet = "parquet"


@app.command()
def export(
    form: Annotated[Format, typer.Option("--format", help="The kind of text.")] = Format.json,
    out: Out = None,
    family: FamilyOption = None,
    tag: Tag = None,
    dimension: Dimension = None,
    value: Lambda = None,
    multiplicity: Multiplicity = None,
    status: StatusOption = None,
) -> None:
    """Write rows as a table for other programs; croissant is the metadata of the CSV table, and
    parquet the answer key: all rows with their certificates in one file, which --out names."""
    import singularity_lab
    from singularity_lab.catalog import export as tables
    from singularity_lab.catalog.store import shipped

    rows, found = _choose(family, tag, dimension, value, multiplicity, status)
    table = [tables.with_model(row, truth) for row, truth in zip(rows, found, strict=True)]
    if form is Format.parquet:
        if out is None or not out.parent.is_dir():
            raise BadInput("--out: parquet needs a file in a folder that is there")
        for row, line in zip(rows, table, strict=True):
            document = shipped().document(row.problem()) if row.polynomial else None
            line["documents"] = document and document["certificates"]
        note(f"written: {tables.to_parquet(table, out)}")
        return
    if form is Format.croissant:
        text = tables.to_json(tables.croissant(table, singularity_lab.__version__))
    elif form is Format.json:
        text = tables.to_json(table)
    else:
        write = {
            Format.csv: tables.to_csv,
            Format.markdown: tables.to_markdown,
            Format.jsonl: tables.to_json_lines,
        }[form]
        text = write(table)
    _write(text, out)


@app.command()
def strata(
    form: Annotated[Format, typer.Option("--format", help="The kind of text.")] = Format.markdown,
    out: Out = None,
) -> None:
    """The rank strata of two-layer linear networks up to 4 x 4 x 4, with λ and m."""
    from singularity_lab.catalog import export as tables
    from singularity_lab.catalog.consistency import listing
    from singularity_lab.catalog.rank_strata import COLUMNS, rank_strata

    table = rank_strata(listing)
    if form in (Format.croissant, Format.parquet):
        raise BadInput("--format: json, jsonl, csv or markdown; the others are of the catalog")
    if form is Format.json:
        text = tables.to_json(table)
    elif form is Format.jsonl:
        text = tables.to_json_lines(table)
    else:
        write = tables.to_csv if form is Format.csv else tables.to_markdown
        text = write(table, COLUMNS)
    _write(text, out)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        print(text, end="")
    else:
        if not out.parent.is_dir():
            raise BadInput(f"--out: there is no folder {out.parent}")
        write_text(out, text)
        note(f"written: {out}")
