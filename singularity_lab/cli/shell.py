"""What all commands share: how errors end, where progress goes, expressions that begin with a minus
sign."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_SHOWN = 10  # errors of a group
SHARES = 1000  # of how many a share is told, where nothing is counted
DONE, DEFECT, BAD_INPUT, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130

# Typer carries its own copy of Click, or imports it, by version: the class has one name in both.
_UsageError: type[Any] = next(
    c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException"
)


def say_error(message: object) -> None:
    """One line on stderr: ``error: …``."""
    note("error: " + " ".join(str(message).split()))


def note(message: str) -> None:
    """A remark on stderr, which leaves stdout to the answer."""
    with contextlib.suppress(OSError):  # nowhere to say it: the exit code is left
        print(message, file=sys.stderr, flush=True)


def print_json(document: Any) -> None:
    """One line of JSON on stdout, at once."""
    print(json.dumps(document, allow_nan=False), flush=True)


class Laboratory(TyperGroup):
    """The command group: user errors end in one line and an exit code, never in a traceback."""

    def main(  # type: ignore[override]
        self,
        args: Any = None,
        prog_name: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; errors of the laboratory become one line and an exit code."""
        if sys.stderr is None:  # closed by whoever calls; nothing is lost but remarks
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - open as long as the process
        if sys.stdout is None:
            say_error("the standard output is closed: there is nowhere to print the answer")
            sys.exit(BAD_INPUT)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        code = self._run(args, prog_name, extra)
        try:
            sys.stdout.flush()
        except OSError as error:
            code = _unwritten(error)
        if standalone_mode:
            sys.exit(code)
        return code

    def _run(self, args: Any, prog_name: str | None, extra: dict[str, Any]) -> int:
        from singularity_lab.errors import CertificateError, SingularityLabError, Undecided
        from singularity_lab.system.extras import hint

        try:
            found = super().main(args=args, prog_name=prog_name, standalone_mode=False, **extra)
        except _UsageError as error:
            say_error(_with_hint(error.format_message()))
            return BAD_INPUT
        except Undecided as error:
            say_error(error)
            return UNDECIDED
        except CertificateError as error:  # `verify` answers for those of users
            say_error(f"the engine's own proof does not verify; please report this: {error}")
            return DEFECT
        except SingularityLabError as error:
            say_error(error)
            return BAD_INPUT
        except RecursionError:
            say_error("Python's stack does not hold this computation; please report this")
            return DEFECT
        except UnicodeDecodeError as error:
            say_error(f"a file is not a text in UTF-8: {error}")
            return BAD_INPUT
        except MemoryError:
            say_error("the problem does not fit into memory")
            return BAD_INPUT
        except OSError as error:
            if error.filename is None:
                return _unwritten(error)
            say_error(f"{error.strerror}: {error.filename}")
            return BAD_INPUT
        except ExceptionGroup as group:  # of rows that were worked on one by one
            for wrong in group.exceptions[:_SHOWN]:
                of = "; ".join(getattr(wrong, "__notes__", ()))
                said = wrong.strerror if isinstance(wrong, OSError) else wrong
                where = getattr(wrong, "filename", None) or ""
                say_error(": ".join(str(part) for part in (of, said, where) if part))
            if len(group.exceptions) > _SHOWN:
                note(f"and {len(group.exceptions) - _SHOWN} more")
            known = (SingularityLabError, OSError)
            return BAD_INPUT if all(isinstance(e, known) for e in group.exceptions) else DEFECT
        except ImportError as error:
            if error.name is None or error.name.startswith("singularity_lab"):
                raise
            say_error(f"{error.name} is needed and not installed: {hint(error.name)}")
            return BAD_INPUT
        except (KeyboardInterrupt, typer.Abort):
            found = INTERRUPTED
        if found == INTERRUPTED:
            note("interrupted")
        return found if isinstance(found, int) else DONE


def _unwritten(error: OSError) -> int:
    """The exit code where a stream could not be written: what it holds cannot be had any more."""
    if isinstance(error, BrokenPipeError):
        code = DEFECT  # the reader went away: it knows
    else:
        say_error(f"cannot write the answer: {error.strerror or error}")
        code = BAD_INPUT
    with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


_ELSEWHERE = {"--variables": "--vars", "--convention": "--as"}  # what Python calls them

_COMMANDS = {  # what others are called
    "llc": "`singlab measure llc-hmc` reads a row or an expression, `singlab track` checkpoints "
    "of a network, llc(model, data) in Python one network",
    "sweep": "sweep(model, data) in Python scans epsilon, gamma and n of the SGLD estimator alone; "
    "`singlab calibrate run` measures many rows",
    "phases": "`singlab dictionary phases`",
    "lookup": "`singlab dictionary show`",
    "find": "`singlab find`, or `singlab dictionary search`",
    "search": "`singlab find`, or `singlab dictionary search`",
    "show": "`singlab catalog show` or `singlab dictionary show`",
    "list": "`singlab catalog list` or `singlab devices`",
    "prove": "`singlab rlct` proves an expression, `singlab catalog prove` rows of the catalog",
    "version": "`singlab --version`",
    "help": "`singlab --help`, and --help after a command",
}


def _with_hint(message: str) -> str:
    for option, meant in _ELSEWHERE.items():
        if message.startswith(f"No such option: {option}"):
            return f"No such option: {option}. Did you mean {meant}?"
    if message.startswith("No such option") and "Possible" not in message:
        return f"{message} (an expression that begins with -- goes after a word -- of its own)"
    extra = re.match(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", message)
    if extra:
        return (
            f"one word is read here, received {extra[1]} too (an expression with blanks stands in "
            "quotes, and a germ has one polynomial)"
        )
    word = re.match(r"No such command '(\w+)'", message)
    if word and word[1] in _COMMANDS:
        return f"No such command {word[1]!r}: {_COMMANDS[word[1]]}"
    return message


class ExpressionCommand(TyperCommand):
    """A command whose arguments are expressions: ``-x^2`` is one, and no option.

    No command here has options of one dash but ``-h``, so every other word with one leading dash is
    an expression. A blank in front hides the dash from the parser of options; reading ignores
    blanks.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, where an expression that begins with a minus is no option."""
        marked = [
            f" {a}" if re.match(r"-[^-]", a) and a not in ctx.help_option_names else a for a in args
        ]
        return super().parse_args(ctx, marked)


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int, str], None]]:
    """A progress bar on stderr, or a line every 10 seconds and later every tenth of the time where
    that is no terminal: call it with (what, done, of how many, the last one)."""
    if not sys.stderr.isatty():
        from singularity_lab.system.pace import Pace

        pace = Pace()

        def tell(what: str, done: int, total: int, last: str) -> None:
            if pace.due():
                many = f"{done / total:.0%}" if total == SHARES else f"{done} of {total}"
                rest = f", {last}" if last else ""
                note(f"{what}: {many} after {pace.watch.wall:.0f} s{rest}")

        yield tell
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[last]}"),
        console=Console(stderr=True),
    ) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int, last: str) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, last="")
            bar.update(tasks[what], completed=done, total=total, last=last.replace("[", r"\["))

        yield show


def print_table(
    columns: list[tuple[str, str]], rows: list[tuple[Any, ...]], title: str = ""
) -> None:
    """A table on stdout. columns: (heading, left or right)."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    wide = None if sys.stdout.isatty() else 160
    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for heading, side in columns:
        table.add_column(heading, justify=side, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(Text("–" if c is None else str(c)) for c in row))
    Console(width=wide).print(table)
