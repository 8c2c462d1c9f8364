"""The ``singlab`` command: proofs, the catalog, measurements and calibration from a terminal.

Exit codes: 0 done, 1 a fault that is not one of the input (a proof of the laboratory's own that
does not verify, what ``doctor`` finds broken, a damaged store, an unforeseen error, a reader of
stdout that went away), 2 bad input (of a batch: at least one item), 3 undecided, 130 interrupted.
Errors of the user are one line on stderr, ``error: …``. With ``--json`` stdout holds JSON and
nothing else; progress goes to stderr.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from singularity_lab.cli import (
    atlas,
    catalog,
    dictionary,
    doctor,
    geometry,
    measuring,
    proving,
    singularity,
    tracking,
)
from singularity_lab.cli import programs as program_commands
from singularity_lab.cli.shell import INTERRUPTED, Laboratory

__all__ = ["app", "main"]

app = typer.Typer(
    name="singlab",
    cls=Laboratory,
    help="A laboratory for singular models: proved learning coefficients, calibrated instruments.",
    epilog="Exit codes: 0 done, 1 a fault or damage, 2 bad input, 3 undecided, 130 interrupted.",
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        import singularity_lab

        print(f"singlab {singularity_lab.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def singlab(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """A laboratory for singular models: proved learning coefficients, calibrated instruments."""
    if context.invoked_subcommand is None:
        print(context.get_help())


proving.add_to(app)
app.add_typer(catalog.app, name="catalog", rich_help_panel="Look up")
app.add_typer(program_commands.app, name="program", rich_help_panel="Look up")
dictionary.register(app)
app.add_typer(atlas.app, name="atlas", rich_help_panel="Look up")
singularity.register(app)
geometry.register(app)
measuring.add_to(app)
tracking.add_to(app)
doctor.register(app)


def main() -> None:
    """Run the command line and exit with its code."""
    code = app(prog_name="singlab", standalone_mode=False)
    if code == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # one more would spoil the exit code
    sys.exit(code)
