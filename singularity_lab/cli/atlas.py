"""``singlab atlas``: build the page of the dictionary, serve it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from singularity_lab.cli.shell import note, print_json, progress_bar

app = typer.Typer(help="The dictionary as a page that works offline: build it, serve it.")

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write.")]
TablesOption = Annotated[
    Path | None,
    typer.Option(
        "--tables",
        "--from",
        metavar="DIR",
        help="Tables of singlab dictionary build; the package's if none.",
    ),
]
RunOption = Annotated[
    list[Path] | None,
    typer.Option("--run", metavar="FILE", help="A trajectory of singlab track to show; repeat."),
]

MachineOption = Annotated[
    list[str] | None,
    typer.Option("--machine", metavar="NAME", help="A program whose census is shown; repeat."),
]


@app.command()
def build(
    out: Out = Path("out/atlas"),
    tables: TablesOption = None,
    run: RunOption = None,
    machine: MachineOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON on stdout, and nothing else there.")
    ] = False,
) -> None:
    """Write the page into a folder: open index.html there by double-click, or serve it."""
    from singularity_lab.atlas import MACHINES
    from singularity_lab.atlas import build as write
    from singularity_lab.atlas.contradictions import gaps
    from singularity_lab.dictionary.tables import read_tables, shipped

    found = shipped() if tables is None else read_tables(tables)
    with progress_bar() as progress:
        files = write(out, found, runs=run or (), machines=machine or MACHINES, progress=progress)
    for gap in gaps(found):
        note(gap)
    size = sum(files.values())
    if as_json:
        print_json({"folder": str(out), "bytes": size, "files": files})
        return
    print(f"{out / 'index.html'}: {len(found.rows)} rows, {len(files)} files, {size / 1e6:.1f} MB")


@app.command()
def serve(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A built atlas; one is built if none.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="0: a free one.")] = 8765,
) -> None:
    """Serve the page on this machine alone, until Ctrl-C."""
    import tempfile

    from singularity_lab.atlas import build as write
    from singularity_lab.atlas import serve as start

    with tempfile.TemporaryDirectory() as made:
        if folder is None:
            folder = Path(made) / "atlas"
            note("building the atlas")
            with progress_bar() as progress:
                write(folder, progress=progress)
        with start(folder, port) as server:
            print(f"http://127.0.0.1:{server.server_port}/", flush=True)
            server.serve_forever()
