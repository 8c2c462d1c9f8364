"""Options that several commands take, each with its one help text."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else there.")]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", help="Processes.")]
Workers = Annotated[int, typer.Option("--workers", help="Worker processes; 0: this process.")]
Cluster = Annotated[
    str,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="A Dask scheduler, tcp://HOST:PORT, or local:N for N workers here.",
        show_default="none",
    ),
]
