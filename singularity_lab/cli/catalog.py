"""``singlab catalog list``, ``show`` and ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from singularity_lab.cli.shell import BAD_INPUT, print_json, print_table, progress_bar, say_error

if TYPE_CHECKING:
    from singularity_lab.catalog.entry import Entry

app = typer.Typer(help="The rows: models at points, and what papers claim of them.")

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else there.")]
Family = Annotated[str | None, typer.Option("--family", help="Rows of this family.")]
Tag = Annotated[
    list[str] | None, typer.Option("--tag", help="Rows with this tag; may be repeated.")
]
Budget = Annotated[
    float,
    typer.Option(
        "--budget",
        metavar="SECONDS",
        help="CPU seconds to prove a row that is not proved yet; 0: only what is stored.",
    ),
]


def _choose(family: str | None, tag: list[str] | None) -> list[Entry]:
    from singularity_lab.catalog.load import entries

    return entries(family=family, tags=tag or [])


@app.command("list")
def list_(
    family: Family = None, tag: Tag = None, budget: Budget = 0.2, as_json: Json = False
) -> None:
    """List rows with what is proved of them; proofs are kept, so that the next list is quick.

    Status: proved, bracketed (by proved bounds), cited (a paper states it), disputed, unknown.
    """
    from singularity_lab.truth import ground_truth

    found = []
    chosen = _choose(family, tag)
    with progress_bar() as progress:
        for number, entry in enumerate(chosen):
            progress("proving", number, len(chosen), entry.id)
            found.append(ground_truth(entry, budget))
        progress("proving", len(chosen), len(chosen), "")
    if as_json:
        print_json(
            [{**truth.to_json(), "tags": list(truth.entry.tags)} for truth in found],
        )
        return
    print_table(
        [("id", "left"), ("family", "left"), ("d", "right"), ("λ", "right"), ("m", "right"),
         ("status", "left")],
        [
            (t.entry.id, t.entry.family, t.entry.dimension, _value(t.to_json()),
             t.to_json()["multiplicity"], t.status)
            for t in found
        ],
    )  # fmt: skip
    counts: dict[str, int] = {}
    for truth in found:
        counts[truth.status] = counts.get(truth.status, 0) + 1
    print(f"{len(found)} rows: " + ", ".join(f"{n} {s}" for s, n in sorted(counts.items())))


def _value(truth: dict[str, Any]) -> str:
    if truth["lambda"] is not None:
        return str(truth["lambda"])
    low, high = truth["lower"], truth["upper"]
    return f"[{low['lambda'] if low else 0}, {high['lambda'] if high else '∞'}]"


@app.command()
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="The row.")],
    budget: Budget = 60.0,
    as_json: Json = False,
) -> None:
    """Show a row: its model, its germ, what is proved, and what papers claim."""
    from singularity_lab.catalog.entry import to_toml
    from singularity_lab.catalog.load import load
    from singularity_lab.exact.certificate import problem_to_json
    from singularity_lab.exact.solve import describe_loss
    from singularity_lab.truth import ground_truth

    entry = load(id)
    truth = ground_truth(entry, budget)
    if as_json:
        document = truth.to_json() | {
            "title": entry.title,
            "tags": list(entry.tags),
            "note": entry.note,
            "problem": problem_to_json(entry.problem()),
        }
        print_json(document)
        return
    print(to_toml(entry))
    print(f"\n{entry}\n{describe_loss(entry.problem())}\n{truth}")


@app.command()
def check(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Rows; all of them if none.")
    ] = None,
    twin: Annotated[
        bool, typer.Option("--twin/--no-twin", help="Compare torch twins with the polynomials.")
    ] = True,
    budget: Budget = 0.0,
    as_json: Json = False,
) -> None:
    """Check rows: sources, claims against proofs, torch twins. Exit code 2 when one has a
    problem."""
    from singularity_lab.catalog.checks import check_catalog
    from singularity_lab.catalog.load import entries
    from singularity_lab.truth import checker

    total, done = len(ids or entries()), 0
    with progress_bar() as progress:

        def advance(row: Any) -> None:
            nonlocal done
            done += 1
            progress("checking", done, total, row.id)

        found = check_catalog(ids or None, twin=twin, truth=checker(budget), progress=advance)
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
        wrong = sum(bool(r.problems) for r in found.rows)
        say_error(f"{wrong} of {len(found.rows)} rows have problems")
        raise typer.Exit(BAD_INPUT)
