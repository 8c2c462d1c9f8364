"""Docstrings say |w|^τ and x*y in plain text, where reStructuredText would read markup.

Examples and other literal blocks are printed as they stand: their outputs too.
"""

from __future__ import annotations

import re
from typing import Any

# Literals, roles, and emphasis: its stars stand at the ends of words, unlike those of a product.
_KEPT = re.compile(
    r"(``.*?``|:\w+:`.*?`|(?<![^\s(])\*\*\w.*?\w\*\*(?!\w)"
    r"|(?<![^\s(])\*\w(?:[\w ]*\w)?\*(?!\w))"
)


def escaped(lines: list[str]) -> list[str]:
    """The lines of a docstring with | and * escaped, but for markup, examples and literal blocks.

    An example runs from >>> to the next empty line. A literal block is what is indented below a
    line that ends with ::

    >>> escaped(["a*b with *words* in it", ">>> f()", "x*y*z", "", "a*b"])
    ['a\\\\*b with *words* in it', '>>> f()', 'x*y*z', '', 'a\\\\*b']
    """
    out = []
    example = False
    literal: int | None = None  # the indentation of the line that announced the block
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            example = False
        elif literal is not None and indent <= literal:
            literal = None
        example = example or line.lstrip().startswith(">>>")
        if example or literal is not None:
            out.append(line)
            continue
        if line.rstrip().endswith("::"):
            literal = indent
        parts = _KEPT.split(line)
        parts[::2] = [re.sub(r"([|*])", r"\\\1", part) for part in parts[::2]]
        out.append("".join(parts))
    return out


def _plain(app: Any, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = escaped(lines)


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", _plain)
