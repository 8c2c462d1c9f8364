"""The first lines of docstrings: each public object has one, a sentence that says what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import singularity_lab

PACKAGE = Path(singularity_lab.__file__).parent
RIDDLES = ("?", "speaks of", "speak of", "as ever", "looks on")
LONGEST = 120  # characters of a line


def public(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """(name, docstring) of a module, its public functions and classes, and their methods;
    of an overloaded function what is run, not its signatures."""

    def inside(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, str | None]]:
        for child in node.body:
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if child.name.startswith("_") or "overload" in map(
                    ast.unparse, child.decorator_list
                ):
                    continue
                yield prefix + child.name, ast.get_docstring(child)
                if isinstance(child, ast.ClassDef):
                    yield from inside(child, f"{prefix}{child.name}.")

    yield "", ast.get_docstring(tree)
    yield from inside(tree, "")


def fault(text: str) -> str:
    """What is wrong with the first sentence of a docstring; "" if nothing is."""
    sentence = text.split("\n\n")[0]
    first = " ".join(sentence.split())
    if not first.endswith((".", ":", ")", "…")):
        return "does not end with a period"
    if any(len(line) > LONGEST for line in sentence.splitlines()):
        return "has a long line"
    return next((f"says {r!r}" for r in RIDDLES if r in first), "")


def faults(trees: dict[str, ast.Module]) -> list[str]:
    """The faults of all docstrings. A method needs none where one of its name has one: it does the
    same for its class."""
    found = [(module, name, text) for module, tree in trees.items() for name, text in public(tree)]
    told = {name.rpartition(".")[2] for _, name, text in found if "." in name and text}
    lines = []
    for module, name, text in found:
        inherited = "." in name and name.rpartition(".")[2] in told
        wrong = fault(text) if text else ("" if inherited else "has no docstring")
        if wrong:
            lines.append(f"{module}: {name or 'the module'} {wrong}")
    return lines


def test_first_lines_are_sentences():
    trees = {
        str(file.relative_to(PACKAGE)): ast.parse(file.read_text(encoding="utf-8"))
        for file in PACKAGE.rglob("*.py")
    }
    assert len(trees) > 200
    assert sum(1 for tree in trees.values() for _ in public(tree)) > 2_000
    assert faults(trees) == []


def test_faults_are_seen():
    source = '''"""A module."""
def f():
    """Has it a zero?"""
def g():
    """The zeros"""
def h(): ...
def _private(): ...
class A:
    """A class."""
    def told(self):
        """The zeros."""
    def untold(self): ...
class B:
    """Another one."""
    def told(self): ...
'''
    assert faults({"m": ast.parse(source)}) == [
        "m: f does not end with a period",
        "m: g does not end with a period",
        "m: h has no docstring",
        "m: A.untold has no docstring",
    ]
    assert fault("Whether a step speaks of it.") == "says 'speaks of'"
