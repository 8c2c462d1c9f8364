"""The tests as a mirror of the package: which modules have behaviour, and which have no test file.

A module has behaviour where a function or a method of it computes: its body has a statement besides
its docstring that is no ``pass``, no ``...`` and no ``raise``. Records without methods, tables of
constants, protocols and packages' ``__init__`` have none.
"""

from __future__ import annotations

import ast
from pathlib import Path


def has_behaviour(source: str) -> bool:
    """Whether a function or a method of a module computes."""
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return any(not all(map(_idle, node.body)) for node in functions)


def _idle(statement: ast.stmt) -> bool:
    """Whether a statement of a function says that it does nothing here."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)  # a docstring, or ...
    return isinstance(statement, ast.Pass | ast.Raise)


def tests_in(source: str) -> list[str]:
    """The names of the tests of a file."""
    body = ast.parse(source).body
    return [n.name for n in body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]


def unasked(package: Path, tests: Path) -> list[str]:
    """The modules with behaviour that no test file of their name, in the folder of their folder's
    name, asks about: it is not there, or has no test."""
    found = []
    for file in sorted(package.rglob("*.py")):
        module = file.relative_to(package)
        if file.name.startswith("__") or not has_behaviour(file.read_text(encoding="utf-8")):
            continue
        namesake = tests / module.parent / f"test_{file.name}"
        if not namesake.is_file() or not tests_in(namesake.read_text(encoding="utf-8")):
            found.append(module.as_posix())
    return found
