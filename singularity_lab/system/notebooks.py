"""What notebooks show of a result: a heading, a small table, remarks. Texts are escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

LINES = 40  # of a table that are shown
LONGEST = 160  # characters of a cell


def cell(text: object) -> str:
    """A text for HTML, cut to a length that is read.

    >>> cell("a < b")
    'a &lt; b'
    """
    told = str(text)
    return html.escape(told if len(told) <= LONGEST else told[: LONGEST - 1] + "…")


def table(
    title: str,
    heads: Sequence[str],
    lines: Iterable[Sequence[object]],
    remarks: Iterable[str] = (),
) -> str:
    """The HTML of a result: its title in a line, a table, remarks under it in small print.

    heads: of the columns; none where there is no table. At most LINES lines are shown.

    >>> print(table("t", ["m", "dim"], [[0, 1]], ["over C"]))
    <div><b>t</b><table><tr><th>m</th><th>dim</th></tr><tr><td>0</td><td>1</td></tr></table>
    <small>over C</small></div>
    """
    listed = list(lines)
    body = ""
    if heads and listed:
        first = "".join(f"<th>{cell(h)}</th>" for h in heads)
        rest = "".join(
            "<tr>" + "".join(f"<td>{cell(c)}</td>" for c in line) + "</tr>"
            for line in listed[:LINES]
        )
        body = f"<table><tr>{first}</tr>{rest}</table>\n"
    notes = [*remarks]
    if len(listed) > LINES:
        notes.append(f"{len(listed) - LINES} more lines")
    small = "<br>".join(f"<small>{cell(note)}</small>" for note in notes)
    return f"<div><b>{cell(title)}</b>{body}{small}</div>"
