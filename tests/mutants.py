"""The checks of the verifier, one by one, and verifiers that lack one of them.

A check is a call of ``need``, ``_require`` or ``_need``, a call of another checker, a guard that
raises, or a part of an ``and`` that a bound rests on. It goes by the name of its function and its
own text, so that a table of checks outlives moves of code between files.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

# Each imports only those before it, besides modules that check nothing.
ORDER = (
    "algebra.hypotheses",
    "exact.hypotheses",
    "algebra.linear",
    "algebra.evidence",
    "algebra.algebraic",
    "algebra.duality",
    "algebra.face_lattice",
    "algebra.faces",
    "algebra.charts",
    "algebra.matrices",
    "exact.family",
    "exact.verify",
)
MODULES = tuple(
    f"singularity_lab.{name}"
    for name in ORDER
    if importlib.util.find_spec(f"singularity_lab.{name}") is not None
)
CHECKERS = {"need", "_require", "_need", "_unit_block", "check_zero", "check_no_zero", "check_same"}
# modules that do more than check: only these functions of theirs are part of the verifier
ONLY = {
    "singularity_lab.algebra.linear": {"check_covering"},
    "singularity_lab.algebra.algebraic": {"check_roots"},
}
# what a function decides by a condition and not by a refusal
DECISIONS = {
    "_locus": {"real", "prime", "loose"},
    "_dehomogenise": {"reflected", "one_side"},
    "_monomial": {"real"},
    "charts": {"two_sided"},
    "has_point": {"bad"},
}


def checks(source: str, module: str) -> Iterator[tuple[str, ast.AST, str]]:
    """Each check of a module: its key, the node, and how it is switched off."""
    counted: dict[str, int] = {}

    def key(function: str, text: str) -> str:
        name = f"{function}: {' '.join(text.split())}"
        counted[name] = counted.get(name, 0) + 1
        return name if counted[name] == 1 else f"{name} #{counted[name]}"

    def walk(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST, str]]:
        for child in ast.iter_child_nodes(node):
            inside = function
            if isinstance(child, ast.FunctionDef):
                inside = child.name
            wanted = module not in ONLY or inside in ONLY[module]
            if wanted and isinstance(child, ast.Expr) and isinstance(child.value, ast.Call):
                called = child.value.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if name in CHECKERS:
                    yield key(inside, ast.unparse(child.value)), child, "pass"
            guards = isinstance(child, ast.If) and isinstance(child.body[-1], ast.Raise)
            if wanted and guards and inside not in CHECKERS - {"check_zero", "_need"}:
                yield key(inside, f"if {ast.unparse(child.test)}: raise"), child, "else"
            if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
                target, value = child.targets[0].id, child.value
                if target in DECISIONS.get(inside, ()) and isinstance(value, ast.BoolOp):
                    for part in value.values:
                        text = f"{target} without {ast.unparse(part)}"
                        yield key(inside, text), part, str(isinstance(value.op, ast.And))
            if isinstance(child, ast.keyword) and child.arg is None:
                continue
            yield from walk(child, inside)

    yield from walk(ast.parse(source), "module")


@cache
def _source(module: str) -> str:
    path = importlib.import_module(module).__file__
    assert path is not None
    with open(path, encoding="utf-8") as file:
        return file.read()


@cache
def listed() -> dict[str, str]:
    """{check: module} of all checks."""
    found: dict[str, str] = {}
    for module in MODULES:
        for name, _, _ in checks(_source(module), module):
            if name in ("_need: if not condition: raise", "_require: if not truth: raise"):
                continue
            assert name not in found, name
            found[name] = module
    return found


@cache
def _compiled(source: str, name: str) -> Any:
    return compile(source, f"<{name}>", "exec")


class _Off(ast.NodeTransformer):
    def __init__(self, place: tuple[int, int, int, int], how: str) -> None:
        self.place, self.how = place, how

    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt]:
        at = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        end = (getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0))
        if (*at, *end) == self.place:
            if self.how == "pass" and isinstance(node, ast.Expr):
                return ast.copy_location(ast.Pass(), node)
            if self.how == "else" and isinstance(node, ast.If):
                # the condition is still evaluated: it may name what is used below (:=)
                return [ast.copy_location(ast.Expr(node.test), node), *node.orelse]
            if self.how in ("True", "False") and isinstance(node, ast.expr):
                return ast.copy_location(ast.Constant(self.how == "True"), node)
        return self.generic_visit(node)


def without(check: str | None = None, **replaced: str) -> SimpleNamespace:
    """The modules of a verifier that lacks one check (None: of the verifier as it is), as a
    namespace by their last names; nothing else is changed, and other importers see the real ones.

    replaced: {module's last name: another source of it}.
    """
    module = None if check is None else listed()[check]
    kept = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}
    made: dict[str, ModuleType] = {}
    try:
        for name in MODULES:
            package, _, last = name.rpartition(".")
            source = replaced.get(last) or _source(name)
            code: Any = _compiled(source, name)
            if name == module:
                tree: ast.AST = ast.parse(source)
                ((node, how),) = [(n, h) for k, n, h in checks(source, name) if k == check]
                where = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
                tree = ast.fix_missing_locations(_Off(where, how).visit(tree))
                code = compile(tree, f"<{last} without {check}>", "exec")
            new = ModuleType(name)
            new.__package__ = package
            sys.modules[name] = made[name] = new
            setattr(sys.modules[package], last, new)
            exec(code, new.__dict__)
    finally:
        for name in MODULES:
            sys.modules.pop(name, None)
            package, _, last = name.rpartition(".")
            if name in kept:
                sys.modules[name] = kept[name]
                setattr(sys.modules[package], last, kept[name])
    return SimpleNamespace(**{name.rpartition(".")[2]: new for name, new in made.items()})
