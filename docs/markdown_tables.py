"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def markdown(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """A table in Markdown, pipes escaped."""
    heads = list(heads)
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for row in rows:
        lines.append("| " + " | ".join(str(c).replace("|", "\\|") for c in row) + " |")
    return lines
