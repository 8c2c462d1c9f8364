"""Public names of a package that are imported on first use, stated once: in the stub beside it."""

from __future__ import annotations

import ast
from pathlib import Path


def homes(file: str) -> dict[str, str]:
    """The module of each public name of a package, as the stub beside its file imports them.

    file: the ``__file__`` of the package, whose stub has lines ``from MODULE import NAME as NAME``.
    """
    stub = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
    froms = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module or "" for node in froms for alias in node.names}
