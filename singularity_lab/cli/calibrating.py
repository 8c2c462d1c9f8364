"""``singlab calibrate run|resume|status|report|compare``: sweeps that a file describes, in a store;
and ``singlab calibrate key``, the answer key of the catalog."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from singularity_lab.cli.options import Cluster, Json, Workers
from singularity_lab.cli.shell import (
    DEFECT,
    INTERRUPTED,
    UNDECIDED,
    note,
    print_json,
    print_table,
    progress_bar,
    say_error,
)
from singularity_lab.errors import BadInput
from singularity_lab.system import extras

if TYPE_CHECKING:
    from singularity_lab.calibration.results import Calibration

StoreFolder = Annotated[
    Path, typer.Option("--store", metavar="DIR", help="The folder that keeps everything.")
]


class interruption:
    """Ctrl-C ends a run with the word where its finished work is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is KeyboardInterrupt:
            if (self.folder / "plans.json").is_file():
                note(f"finished measurements are kept in {self.folder}; the same command goes on")
            else:
                note("interrupted before anything was measured; the same command begins again")
            raise typer.Exit(INTERRUPTED)


def run(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The sweep, a TOML file.")],
    store: StoreFolder,
    workers: Workers = 2,
    cluster: Cluster = "",
) -> None:
    """Measure what a sweep asks for and the store lacks; then write the report into DIR."""
    from singularity_lab.calibration.sweep_file import read_sweep, sweep_plans

    extras.require("calibrate", "torch")
    with interruption(store):
        plans, title = sweep_plans(read_sweep(plan), store)
    _measure(plans, store, workers, cluster, title)


def resume(store: StoreFolder, workers: Workers = 2, cluster: Cluster = "") -> None:
    """Go on with everything that a store was asked for.

    Estimators of one's own are looked for in the current folder, and then in the one in which the
    run was started.
    """
    from singularity_lab.calibration.archive import plans

    extras.require("calibrate", "torch")
    with _where_estimators_are(store) as store:
        _measure(plans(store), store, workers, cluster, "")


@contextlib.contextmanager
def _where_estimators_are(store: Path) -> Iterator[Path]:
    """The store, in the folder where its run was started if an estimator is not found here."""
    from singularity_lab.calibration.archive import began_in
    from singularity_lab.system.user_modules import is_found

    began, own = began_in(store)
    missing = [name for name in own if not is_found(name)]
    if not missing or began is None or began == Path.cwd():
        yield store
        return
    if not began.is_dir():
        module = missing[0].partition(":")[0]
        raise BadInput(
            f"device: {missing[0]!r}: there is no module {module} in {Path.cwd()}, and the folder "
            f"in which the run was started is not there: {began}"
        )
    note(f"{missing[0]} is looked for in {began}, where the run was started")
    if catalog := os.environ.get("SINGLAB_CATALOG"):
        os.environ["SINGLAB_CATALOG"] = os.path.abspath(catalog)
    store = store.absolute()
    with contextlib.chdir(began):
        yield store


def _measure(plans: list[Any], store: Path, workers: int, cluster: str, title: str) -> None:
    from singularity_lab.calibration.run import run_plans

    with interruption(store), progress_bar() as progress:
        found = run_plans(plans, store, workers, progress, title, cluster, "store")
    _report(store, store, as_json=False)
    if all(m.value is None for m in found.measurements):
        say_error("no device gave a reading; status and report say why")
        raise typer.Exit(UNDECIDED)


def status(store: StoreFolder, as_json: Json = False) -> None:
    """How much of what a store was asked for is measured, and how it ended."""
    from singularity_lab.calibration.archive import plans
    from singularity_lab.calibration.record_store import RecordStore

    extras.require("status", "torch")
    wanted = {t.key: t.arm.label for p in plans(store, as_stored=True) for t in p.tasks()}
    place = RecordStore(store, "store")
    found = {r["key"]: r for r in place.records(("key", "outcome", "cpu_seconds"))}
    arms: dict[str, dict[str, Any]] = {}
    for key, arm in wanted.items():
        line = arms.setdefault(
            arm, {"planned": 0, "measured": 0, "cpu_seconds": 0.0, "outcomes": {}}
        )
        line["planned"] += 1
        if key in found and found[key]["outcome"] != "died":
            line["measured"] += 1
            line["cpu_seconds"] += found[key]["cpu_seconds"] or 0.0
        if key in found:
            outcome = found[key]["outcome"]
            line["outcomes"][outcome] = line["outcomes"].get(outcome, 0) + 1
    if as_json:
        print_json({"arms": arms, "damaged": list(place.damaged)})
    else:
        columns = [
            ("device", "left"),
            ("measured", "right"),
            ("CPU s", "right"),
            ("outcomes", "left"),
        ]
        lines = [
            (
                arm,
                f"{x['measured']} of {x['planned']}",
                f"{x['cpu_seconds']:.0f}",
                ", ".join(f"{n} {o}" for o, n in sorted(x["outcomes"].items())),
            )
            for arm, x in arms.items()
        ]
        print_table(columns, lines, title=f"{store}")
    _end(place.damaged)


def report(
    store: StoreFolder,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where to; the store unless given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write report.html, report.md and the tables as Parquet from what is in a store."""
    _report(store, out or store, as_json)


def _report(store: Path, out: Path, as_json: bool) -> None:
    extras.require("report", "torch", "jinja2", "matplotlib")
    from singularity_lab.calibration.archive import open_store
    from singularity_lab.calibration.record_store import RecordStore
    from singularity_lab.calibration.report_files import write_all

    found = open_store(store)
    written = write_all(found, out)
    if as_json:
        print_json({"written": [str(p) for p in written], **_summary(found)})
    else:
        from singularity_lab.calibration.report_files import headline

        print(headline(found))
        for path in written:
            print(f"report: {path}")
    _end(RecordStore(store, "store").damaged)


def _summary(found: Calibration) -> dict[str, Any]:
    import dataclasses
    import math

    from singularity_lab.calibration.comparison import leaderboard
    from singularity_lab.calibration.flags import flags

    places = [dataclasses.asdict(p) for p in leaderboard(found)]
    for place in places:  # JSON has no infinity
        for name, value in place.items():
            if isinstance(value, float) and not math.isfinite(value):
                place[name] = None
        if place["band"] and not all(map(math.isfinite, place["band"])):
            place["band"] = None
    return {"leaderboard": places, "flags": [dataclasses.asdict(f) for f in flags(found)]}


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A store.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another store.")],
    as_json: Json = False,
) -> None:
    """What differs between two stores, device by device, on the rows that both have."""
    from singularity_lab.calibration.archive import open_store
    from singularity_lab.calibration.report_files import differences, paired

    extras.require("compare", "torch")
    stores = open_store(first), open_store(second)
    lines = differences(*stores)
    labels = [[arm for arm, _ in store.arms] for store in stores]
    if not lines:
        raise BadInput(
            f"compare: {first} and {second} have no device with a row in common: "
            f"{', '.join(labels[0])}; {', '.join(labels[1])}"
        )
    pairs = paired(*stores)
    alone = [
        [arm for arm in arms if arm not in {pair[k] for pair in pairs}]
        for k, arms in enumerate(labels)
    ]
    if as_json:
        print_json({"devices": lines, "alone": dict(zip("AB", alone, strict=True))})
        return
    columns = [("device", "left"), ("rows", "right"), ("A better", "right"), ("B better", "right")]
    columns += [("p", "right"), ("median error A", "right"), ("B", "right"), ("verdict", "left")]
    print_table(
        columns,
        [
            (
                x["arm"], x["rows"], x["first_better"], x["second_better"], f"{x['p']:.3g}",
                _percent(x["first_error"]), _percent(x["second_error"]), x["verdict"],
            )
            for x in lines
        ],
        title=f"A = {first}, B = {second}",
    )  # fmt: skip
    for store, arms in zip("AB", alone, strict=True):
        if arms:
            print(f"in {store} alone: {', '.join(arms)}")


def key(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write into.")],
) -> None:
    """Write the catalog's answer key: Parquet, a data card and Croissant metadata."""
    import singularity_lab
    from singularity_lab.catalog.answer_key import write_answer_key
    from singularity_lab.catalog.consistency import listing
    from singularity_lab.catalog.export import with_model
    from singularity_lab.catalog.load import entries

    rows = entries()
    table = [with_model(r, t) for r, t in zip(rows, listing(rows), strict=True)]
    for path in write_answer_key(table, out, singularity_lab.__version__):
        print(f"written: {path}")


def _percent(x: float | None) -> str:
    return "none" if x is None else f"{100 * x:.2f} %"


def _end(damaged: tuple[str, ...]) -> None:
    """The exit code says that a part of the store could not be read."""
    if damaged:
        note(f"damaged: {', '.join(damaged)}; the rest is reported")
        raise typer.Exit(DEFECT)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (run, resume, status, report, compare, key):
        app.command()(command)
