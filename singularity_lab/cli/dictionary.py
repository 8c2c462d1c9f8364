"""``singlab dictionary``: build, check, measure, runs, ideas, list, show, compare, search, export,
phases, functions; and ``singlab find``."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from singularity_lab.cli import option_values
from singularity_lab.cli.options import Cluster, Jobs, Json
from singularity_lab.cli.shell import (
    BAD_INPUT,
    INTERRUPTED,
    UNDECIDED,
    note,
    print_json,
    print_table,
    progress_bar,
    say_error,
)
from singularity_lab.system.counting import counted
from singularity_lab.system.stopwatch import Stopwatch

if TYPE_CHECKING:
    from singularity_lab.dictionary.query import Hit

NEW_ROWS = (
    "singlab catalog search looks in the catalog, and singlab dictionary build --out DIR takes its "
    "new rows into a dictionary of yours, which find, show and the others read with --from DIR"
)
KEEP_EVERY = 10.0  # CPU seconds of readings between two writings of the table

app = typer.Typer(help="The dictionary: all that is known of every row, as five tables.")

From = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="A dictionary; the package's own if absent."),
]
Query = Annotated[
    list[str],
    typer.Argument(
        metavar="QUERY…",
        help="Words, an id, λ=5/12, 5.9±0.3, d:2..4, family:…, tag:…, or polynomials.",
    ),
]


Limit = Annotated[
    int,
    typer.Option("--limit", metavar="N", min=0, help="Rows printed at most; 0 for all."),
]


def _tables(folder: Path | None) -> Any:
    from singularity_lab.dictionary.tables import read_tables, shipped

    return shipped() if folder is None else read_tables(folder)


@app.command()
def build(
    families: Annotated[
        str, typer.Option("--families", metavar="A,B", help="Only these families; all if absent.")
    ] = "",
    ids: Annotated[
        str, typer.Option("--ids", metavar="A,B", help="Only these rows; all if absent.")
    ] = "",
    limit: Annotated[
        float, typer.Option("--limit", metavar="SECONDS", help="CPU seconds for one cell.")
    ] = 5.0,
    total: Annotated[
        float | None,
        typer.Option(
            "--total",
            metavar="SECONDS",
            help="CPU seconds for all new cells; those not reached then say so. 0: ask nothing.",
        ),
    ] = None,
    jobs: Jobs = 2,
    cluster: Cluster = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where the tables go; the package's own folder."),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal",
            metavar="FILE",
            help="Cells computed already, kept one by one; in the user's cache if absent. "
            "A build from nothing needs --fresh and a new file.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask every cell, also those that the tables have.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the tables from the catalog, its certificates and the public functions.

    Every cell that is computed is kept at once: interrupt the build at any time, the same command
    goes on. With --total it ends by itself, and goes on likewise. What the tables on file answer,
    those in OUT and the package's, is taken over, so that a build without changes computes nothing.
    Readings on file are kept where the row is in the new tables and its germ is the same.
    """
    from singularity_lab.catalog.load import entries, load
    from singularity_lab.catalog.paths import in_package
    from singularity_lab.catalog.truth import cache_folder
    from singularity_lab.dictionary.build import VERSION_OF_CLASSES
    from singularity_lab.dictionary.build import build as make
    from singularity_lab.dictionary.classes import clashes
    from singularity_lab.dictionary.journal import Journal
    from singularity_lab.dictionary.known import nameless_runs, read_stamp, write_stamp
    from singularity_lab.dictionary.schema import blanks, counts
    from singularity_lab.dictionary.tables import (
        is_dictionary,
        read_tables,
        shipped,
        shipped_folder,
        stored_readings,
        write_tables,
    )
    from singularity_lab.errors import BadInput
    from singularity_lab.system.files import made_folder

    partial = bool(families or ids)
    if out is None and (in_package() or partial or os.environ.get("SINGLAB_CATALOG")):
        raise BadInput(
            "--out: a folder is needed: the dictionary of the package holds all rows of its own "
            "catalog, and that of an installed package is not written to"
        )
    folder = shipped_folder() if out is None else made_folder(out, "--out")
    if ids:
        rows = [load(i.strip()) for i in ids.split(",")]
    elif families:
        rows = [e for f in families.split(",") for e in entries(family=f.strip())]
    else:
        rows = entries()
    path = journal or (cache_folder().parent / "dictionary" / "cells.jsonl")
    stored = stored_readings(folder)
    own = [read_tables(folder)] if is_dictionary(folder) else []
    before = [(t, None if fresh else read_stamp(folder)) for t in own]
    if folder.resolve() != shipped_folder().resolve():
        before.append((shipped(), None if fresh else read_stamp(shipped_folder())))
    watch = Stopwatch()
    try:
        with progress_bar() as progress:

            def advance(done: int, total: int, last: str) -> None:
                progress("cells", done, total, last)

            made = make(
                rows,
                Journal(path),
                limit,
                jobs,
                total=total,
                cluster=cluster,
                readings=nameless_runs(stored) if own else stored,
                before=before,
                progress=advance,
            )
    except KeyboardInterrupt:
        note(f"interrupted: what was computed is in {path}; the same command goes on")
        raise typer.Exit(INTERRUPTED) from None
    wrong = [*blanks(made.tables), *clashes(made.tables.strata)]
    sizes = write_tables(made.tables, folder)
    write_stamp(folder, limit, VERSION_OF_CLASSES)
    read_tables(folder)
    document = {
        "folder": str(folder),
        "rows": len(made.tables.rows),
        "strata": len(made.tables.strata),
        "certificates": len(made.tables.certificates),
        "readings": len(made.tables.readings),
        "edges": len(made.tables.edges),
        "germs_computed": made.germs,
        "seconds_of_cells": round(made.seconds, 1),
        "seconds": round(watch.seconds, 1),
        "bytes": sum(sizes.values()),
        "counts": counts(made.tables),
        "problems": wrong,
    }
    if as_json:
        print_json(document)
    else:
        print(f"{made.tables}; {document['bytes']} bytes in {folder}")
        _print_counts(made.tables)
    if wrong:
        say_error(f"{counted(len(wrong), 'problem')}, the first: {wrong[0]}")
        raise typer.Exit(BAD_INPUT)


@app.command()
def check(
    ids: Annotated[
        list[str],
        typer.Argument(metavar="ID…", help="Rows.", autocompletion=option_values.complete_row),
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="NAME", help="Only this column; repeatable."),
    ] = None,
    limit: Annotated[
        float, typer.Option("--limit", metavar="SECONDS", help="CPU seconds for one cell.")
    ] = 20.0,
    folder: From = None,
) -> None:
    """Compute cells again and compare them with the table.

    Ends with exit code 3 where a cell that had a value does not come out again.
    """
    from singularity_lab.dictionary.columns import GROUPS
    from singularity_lab.dictionary.look import lookup
    from singularity_lab.dictionary.recompute import agree, group_again
    from singularity_lab.errors import BadInput

    known = [c for group in GROUPS for c in group.columns]
    for name in columns or []:
        if name not in known:
            raise BadInput(f"--column: one of {', '.join(known)} is needed, received {name!r}")
    tables = _tables(folder)
    differ = 0
    for id in ids:
        page = lookup(id, tables)
        for group in GROUPS:
            asked = [c for c in group.columns if not columns or c in columns]
            fresh = group_again(id, asked[0], limit) if asked else {}
            for column in asked:
                same = agree(page.cell(column), fresh[column])
                differ += not same
                print(f"{id}  {column}: {'agrees' if same else 'DIFFERS'}: {fresh[column]}")
    if differ:
        say_error(f"{differ} cells differ from the table")
        raise typer.Exit(UNDECIDED)


@app.command()
def measure(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID…", help="Rows; family:NAME for those of a family."),
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="The proved rows that have no reading yet.")
    ] = False,
    total: Annotated[
        float | None,
        typer.Option("--total", metavar="SECONDS", help="CPU seconds of all; the same goes on."),
    ] = None,
    device: Annotated[str, typer.Option("--device", metavar="NAME")] = "volume",
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Seeds 0 … N − 1.")] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the device; repeatable."),
    ] = None,
    evaluations: Annotated[
        float | None, typer.Option("--evaluations", metavar="N", help="Limit of each reading.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="A dictionary; the package's own if absent."),
    ] = None,
) -> None:
    """Read rows with a device and add the readings to the table, failures too.

    One that is there already (row, device, settings, seed) is made again and replaced. Interrupt at
    any time: what was read is kept.
    """
    from singularity_lab.catalog.load import entries, load
    from singularity_lab.catalog.paths import in_package
    from singularity_lab.dictionary.measured import refresh_measured
    from singularity_lab.dictionary.readings import read_row, rows_to_read, with_readings
    from singularity_lab.dictionary.tables import (
        shipped_folder,
        stored_readings,
        write_readings,
    )
    from singularity_lab.errors import BadInput

    if out is None and in_package():
        raise BadInput("--out: a folder is needed: an installed package is not written to")
    if seeds < 1:
        raise BadInput(f"--seeds: at least one is needed, received {seeds}")
    if bool(ids) == missing:
        raise BadInput("ID: rows are needed, or --missing, and not both")
    folder = out or shipped_folder()
    rows = [load(row.id) for row in rows_to_read(_tables(folder))] if missing else []
    for name in ids or []:
        family = name.removeprefix("family:")
        rows += entries(family=family) if family != name else [load(name)]
    given = option_values.settings(settings or [])
    lines, kept = stored_readings(folder), 0.0
    watch = Stopwatch()
    try:
        for row, seed in product(rows, range(seeds)):
            if total is not None and watch.seconds >= total:
                print(f"{total:g} CPU seconds are spent: the same command goes on")
                break
            line = read_row(row, device, seed, given, evaluations=evaluations)
            lines = with_readings(lines, [line])
            told = f"{line.value} [{line.low}, {line.high}]  {line.outcome}"
            print(f"{row.id}  seed {seed}  {told}", flush=True)
            if watch.seconds - kept > KEEP_EVERY:
                write_readings(lines, folder)
                kept = watch.seconds
    finally:
        write_readings(lines, folder)
        refresh_measured(folder)


@app.command()
def runs(
    files: Annotated[list[Path], typer.Argument(help="Files of JSON lines, a reading each.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="A dictionary; the package's own if absent."),
    ] = None,
) -> None:
    """Add training runs: their readings, and an edge from each run to the row it was trained into.

    A line has run, model, step, n, value, low, high, outcome, stratum and row. A run that is there
    already is replaced.
    """
    from singularity_lab.catalog.paths import in_package
    from singularity_lab.dictionary.runs import read_runs, with_runs
    from singularity_lab.dictionary.tables import shipped_folder, write_tables
    from singularity_lab.errors import BadInput

    if out is None and in_package():
        raise BadInput("--out: a folder is needed: an installed package is not written to")
    tables = _tables(out)
    for file in files:
        tables = with_runs(tables, read_runs(file))
    write_tables(tables, out or shipped_folder())
    for edge in tables.edges:
        if edge.kind == "trained into":
            print(f"{edge.source} → {edge.target}: {edge.evidence}")


@app.command()
def ideas(folder: From = None, as_json: Json = False) -> None:
    """List the twenty ideas: claim, figure, command, what fails, what is open."""
    from dataclasses import asdict

    from singularity_lab.dictionary.ideas import ideas as listed

    found = listed(_tables(folder))
    if as_json:
        print_json([asdict(idea) for idea in found])
        return
    for idea in found:
        print(f"{idea.number}. {idea.title} ({idea.strength}): {idea.claim}")
        for name in ("figure", "command", "fails", "open"):
            print(f"   {name}: {getattr(idea, name)}")


def _print_counts(tables: Any) -> None:
    from singularity_lab.dictionary.schema import STATUSES, counts

    lines = [
        (table, column, *(found[s] for s in STATUSES))
        for table, columns in counts(tables).items()
        for column, found in columns.items()
    ]
    heads = [("table", "left"), ("column", "left"), *((s, "right") for s in STATUSES)]
    print_table(heads, lines)


@app.command("list")
def list_(
    table: Annotated[str, typer.Argument(help="rows, strata, certificates, readings, edges.")] = "",
    folder: From = None,
    as_json: Json = False,
) -> None:
    """List the lines of a table; without one, the cells of every column by their status."""
    import msgspec

    from singularity_lab.dictionary.schema import TABLES, cells, counts
    from singularity_lab.errors import BadInput

    tables = _tables(folder)
    if not table:
        if as_json:
            print_json(counts(tables))
        else:
            print(tables)
            _print_counts(tables)
        return
    if table not in TABLES:
        raise BadInput(f"table: one of {', '.join(TABLES)} is needed, received {table!r}")
    records = getattr(tables, table)
    if as_json:
        print_json(msgspec.to_builtins(records))
        return
    for record in records:
        shown = dict(cells(record))
        names = zip(record.__struct_fields__, record.__struct_encode_fields__, strict=True)
        values = [
            str(shown[spelt] if spelt in shown else getattr(record, name))[:60]
            for name, spelt in names
        ][:12]
        print("  ".join(values))


@app.command()
def show(
    id: Annotated[
        str,
        typer.Argument(metavar="ID", help="The row.", autocompletion=option_values.complete_row),
    ],
    folder: From = None,
    as_json: Json = False,
) -> None:
    """Show everything that is known of a row, each cell with its state and its reason."""
    from singularity_lab.dictionary.look import lookup

    page = lookup(id, _tables(folder))
    if as_json:
        print_json(page.to_json())
    else:
        print(page)


@app.command()
def compare(
    first: Annotated[
        str,
        typer.Argument(metavar="ID", help="A row.", autocompletion=option_values.complete_row),
    ],
    second: Annotated[
        str,
        typer.Argument(metavar="ID", help="Another.", autocompletion=option_values.complete_row),
    ],
    folder: From = None,
    as_json: Json = False,
) -> None:
    """Compare two rows column by column: where they differ, and which is the more singular."""
    from singularity_lab.dictionary.look import compare as side_by_side

    found = side_by_side(first, second, _tables(folder))
    if as_json:
        print_json(found.to_json())
    else:
        print(found)


@app.command()
def search(query: Query, folder: From = None, limit: Limit = 40, as_json: Json = False) -> None:
    """Search the rows by what you have: a word, an id, λ, a reading, or polynomials."""
    _search(_joined(query), folder, limit, as_json)


def _joined(query: list[str]) -> str:
    """The query of several words: generators one by one, as `rlct` takes them, or words."""
    expressions = len(query) > 1 and all(any(sign in word for sign in "*^+") for word in query)
    return (", " if expressions else " ").join(query)


def _search(query: str, folder: Path | None, limit: int, as_json: bool) -> None:
    from singularity_lab.dictionary.query import doubts, unknown_words, why_none
    from singularity_lab.dictionary.query import find as look

    tables = _tables(folder)
    hits = look(query, tables)
    if doubtful := doubts(query):
        note(doubtful)
    if as_json:
        print_json([_hit(h) for h in hits])
        return
    if not hits:
        told = why_none(query, tables)
        if told:
            print("\n".join(told))
        else:
            for word, near in unknown_words(query, tables).items():
                print(f"no row has {word!r}" + (f"; perhaps {', '.join(near)}" if near else ""))
        print(f"not in the dictionary: {query[:60]!r}; {NEW_ROWS}")
        return
    heads = [("id", "left"), ("title", "left"), ("d", "right"), ("λ", "right"), ("m", "right"),
             ("", "left")]  # fmt: skip
    shown = hits[: limit or None]
    print_table(
        heads,
        [(h.row.id, h.row.title, h.row.d, h.stratum.lam, h.stratum.m, h.why) for h in shown],
    )
    if len(shown) < len(hits):
        print(f"{len(shown)} of {len(hits)} rows; --limit 0 prints all")
    else:
        print(counted(len(hits), "row"))


def _hit(hit: Hit) -> dict[str, Any]:
    """A row that was found, as JSON values: what it is, K and where, (λ, m)."""
    from singularity_lab.dictionary.look import germ_words

    row, line = hit.row, hit.stratum
    loss, at = germ_words(row) or ("", "")
    return {
        "id": row.id,
        "title": row.title,
        "family": row.family,
        "d": row.d,
        "loss": loss,
        "at": at,
        "lambda": str(line.lam),
        "m": str(line.m),
        "class_id": str(line.class_id),
        "distance": hit.distance,
        "why": hit.why,
    }


def find(query: Query, folder: From = None, limit: Limit = 40, as_json: Json = False) -> None:
    """Find rows by what you have: a word, an id, λ, a reading, or polynomials.

    `singlab find transformer`, `singlab find 'λ<1 d:2..4'`, `singlab find 5.9±0.3`,
    `singlab find 'u^3 + v^2'` (the germ at 0, up to renaming, signs and proved moves).
    """
    _search(_joined(query), folder, limit, as_json)


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")],
    kind: Annotated[
        str, typer.Option("--format", help="json, csv or parquet (flat columns for the latter).")
    ] = "parquet",
    folder: From = None,
    as_json: Json = False,
) -> None:
    """Write the five tables for other programs, one file each."""
    from singularity_lab.dictionary.tables import export as write

    files = write(_tables(folder), out, kind)
    if as_json:
        print_json([{"file": str(f), "bytes": f.stat().st_size} for f in files])
    else:
        for file in files:
            print(f"{file}  {file.stat().st_size} bytes")


@app.command()
def phases(
    source: Annotated[str, typer.Argument(help="A row, a model_id, or the name of a program.")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="strata, functions or machine.")
    ] = None,
    singular: Annotated[
        str, typer.Option("--singular-values", metavar="A,B", help="Of the truth; all 1 if absent.")
    ] = "",
    reading: Annotated[
        str, typer.Option("--reading", metavar="λ±E", help="Place a reading, such as 5.9±0.3.")
    ] = "",
    n: Annotated[float | None, typer.Option("--n", help="Which is lowest at n samples.")] = None,
    folder: From = None,
    as_json: Json = False,
) -> None:
    """Show the phases of a model: L, λ, m, the sample sizes n* where one overtakes another."""
    import re

    from singularity_lab.dictionary.model_phases import phases as ask
    from singularity_lab.errors import BadInput

    values: list[Any] | None = [v.strip() for v in singular.split(",")] if singular else None
    found = ask(source, kind, singular_values=values, tables=_tables(folder))  # type: ignore[arg-type]
    place = None
    if reading:
        match = re.fullmatch(r"([0-9.]+)(?:±|\+-|\+/-)([0-9.]+)", reading.strip())
        if match is None:
            raise BadInput(f"--reading: such as 5.9±0.3, received {reading[:40]!r}")
        place = found.place(float(match[1]), float(match[2]))
    if as_json:
        document = found.to_json()
        if n is not None:
            document["at"] = [{"name": p.name, "F": f} for p, f in found.at(n)]
        if place is not None:
            document["place"] = str(place).splitlines()
        print_json(document)
        return
    print(found)
    if n is not None:
        print(found.lead(n))
    if place is not None:
        print(place)


@app.command()
def functions(
    program: Annotated[str, typer.Argument(help="A program of the library, or a file.")],
    steps: Annotated[int | None, typer.Option("--steps", help="For clocked machines.")] = None,
    budget: Annotated[float, typer.Option("--budget", metavar="SECONDS")] = 60.0,
    as_json: Json = False,
) -> None:
    """List the functions that a program's machine computes: complexity by volume and by counting.

    λ_E is the least over the codes of a function; bits are −log₂ of the share of codes.
    """
    from singularity_lab.programs.census import program_functions

    census = program_functions(program, steps, budget=budget)
    if as_json:
        print_json(census.to_json())
    else:
        print(census)


def register(root: typer.Typer) -> None:
    """Add the group and the command ``find``."""
    root.add_typer(app, name="dictionary", rich_help_panel="Look up")
    root.command(rich_help_panel="Look up")(find)
