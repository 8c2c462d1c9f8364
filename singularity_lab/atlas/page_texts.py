"""What the pages say besides the tables: the glossary, and the commands that make each value."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from singularity_lab.dictionary.columns import GROUPS
from singularity_lab.dictionary.columns import commands as commands_of
from singularity_lab.dictionary.schema import Row, StratumLine

_GLOSSARY = Path(__file__).resolve().parent / "glossary.toml"


@cache
def glossary() -> dict[str, dict[str, str]]:
    """Each word of the pages that explains itself: its title, a text, what others call it.

    >>> glossary()["multiplicity"]["title"]
    'Multiplicity m'
    """
    return tomllib.loads(_GLOSSARY.read_text(encoding="utf-8"))


def commands(row: Row, own: StratumLine | None) -> dict[str, dict[str, str]]:
    """The commands behind a row's cells by group of columns, in a shell and in Python; first those
    that prove, verify and load. own: the line of the row's own point.

    The dictionary names them, and its test runs them.
    """
    found = {
        "verify": {
            "shell": f"singlab catalog check {row.id} --no-twin",
            "python": f"from singularity_lab import ground_truth, verify; "
            f'[verify(c) for c in ground_truth("{row.id}", 0).certificates]',
        },
        "load": {
            "shell": f"singlab dictionary show {row.id} --json",
            "python": f'from singularity_lab.dictionary import lookup; lookup("{row.id}")',
        },
    }
    for group in GROUPS:
        name = "lam" if group.columns[0] == "lambda" else group.columns[0]
        cell = None if own is None else getattr(own, name)
        found.setdefault(group.name, commands_of(group, row.id, cell))
    return found
