"""What tests ask of the source of a module, taken from one pass over its syntax tree.

A tree is many times as large as what is read of it, so the facts are kept and the tree is not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

DOTTED = re.compile(r"\w+(?:\.\w+)+")
COMPUTED = "<computed at run time>"
CALLS = {"import_module": "call", "__import__": "call", "importorskip": "skip"}


@dataclass(frozen=True)
class Import:
    """``from base import name``, or ``import base`` where the name is "".

    level: the dots of a relative import. within: the functions around it. how: "import", "from",
    "text" for a text that may be the name of a module, "call" for import_module and __import__,
    "skip" for importorskip.
    """

    base: str
    name: str
    level: int
    within: frozenset[str]
    how: str
    known: str = ""  # by which name the module uses it


@dataclass
class Facts:
    """The facts of one source.

    private: pairs of names (a, _b) of the expressions ``a._b``. classes, aliases: public ones at
    the top. computes: whether a function of it does. tests: the functions at the top named
    ``test_...``. docstrings: of the module and of what is public in it, by name.
    """

    imports: list[Import] = field(default_factory=list)
    private: list[tuple[str, str]] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    computes: bool = False
    tests: list[str] = field(default_factory=list)
    docstrings: list[tuple[str, str | None]] = field(default_factory=list)


@cache
def facts(source: str) -> Facts:
    """The facts of a source, read once in each process."""
    tree, found = ast.parse(source), Facts()
    _walk(tree, frozenset(), found)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name[0] != "_":
            found.classes.append(node.name)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found.tests.append(node.name)
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found.aliases += [n for n in names if n[0].isupper() and not n.isupper()]
    found.docstrings += [("", ast.get_docstring(tree)), *_public(tree, "")]
    return found


def facts_of(folder: Path) -> dict[str, Facts]:
    """The facts of each module in a folder, by its path there."""
    return {
        file.relative_to(folder).as_posix(): facts(file.read_text(encoding="utf-8"))
        for file in sorted(folder.rglob("*.py"))
    }


def _walk(node: ast.AST, within: frozenset[str], found: Facts) -> None:
    """Add what a node and the nodes below it say."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            found.computes = found.computes or not all(map(_idle, node.body))
            if isinstance(node, ast.FunctionDef):
                within = within | {node.name}
        case ast.Import():
            for alias in node.names:
                found.imports.append(Import(alias.name, "", 0, within, "import"))
        case ast.ImportFrom():
            for alias in node.names:
                known = alias.asname or alias.name
                found.imports.append(
                    Import(node.module or "", alias.name, node.level, within, "from", known)
                )
        case ast.Constant(value=str(text)):
            if DOTTED.fullmatch(module := text.partition(":")[0]):
                found.imports.append(Import(module, "", 0, within, "text"))
            return
        case ast.Call() if how := CALLS.get(_name(node.func)):
            match node.args:
                case [ast.Constant(value=str(base)), *_]:
                    found.imports.append(Import(base, "", 0, within, how))
                case _:
                    found.imports.append(Import(COMPUTED, "", 0, within, how))
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            if name.startswith("_") and not name.startswith("__"):
                found.private.append((owner, name))
            return
        case ast.Name():
            return
    for child in ast.iter_child_nodes(node):
        _walk(child, within, found)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _idle(statement: ast.stmt) -> bool:
    """Whether a statement of a function says that it does nothing here."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)  # a docstring, or ...
    return isinstance(statement, ast.Pass | ast.Raise)


def _public(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, str | None]]:
    """(name, docstring) of public functions and classes, and of their methods; of an overloaded
    function what is run, not its signatures."""
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if child.name.startswith("_") or "overload" in map(ast.unparse, child.decorator_list):
                continue
            yield prefix + child.name, ast.get_docstring(child)
            if isinstance(child, ast.ClassDef):
                yield from _public(child, f"{prefix}{child.name}.")
