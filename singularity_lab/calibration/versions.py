"""The version of a device: a hash of all the code that its readings depend on, and of no other.

For a device of this package, its own file and what that imports from this package, followed to the
end (the import closure); for an outside estimator, its file, the files beside it that it imports,
and the version of its distribution. Docstrings and comments do not count: code is compared as a
syntax tree.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["closure", "of_function", "of_module"]

_LAB = "singularity_lab"
# What stands between a device and its reading whatever it imports itself.
_HARNESS = (
    "spectroscopes.measuring",
    "calibration.worker",
    "calibration.estimators",
    "catalog.loss",
)


def of_module(name: str) -> str:
    """The version of a device of this package. name: of the module in which it stands.

    >>> of_module("singularity_lab.spectroscopes.devices.hessian") == of_module(
    ...     "singularity_lab.spectroscopes.devices.llc")
    False
    """
    root = Path(__file__).parents[1]
    harness = {file for name in _HARNESS if (file := _file(root, name)) is not None}
    return _digest(closure(_LAB, root, name.removeprefix(f"{_LAB}.")) | harness)


def of_function(function: Any, file: str) -> str:
    """The version of an outside estimator. file: its source, "" for one that was typed in."""
    inner = getattr(function, "run", getattr(function, "function", function))
    path = Path(file) if file else None
    if path is None or not path.is_file():
        return hashlib.sha256(repr(_code(getattr(inner, "__code__", None))).encode()).hexdigest()
    top = str(getattr(inner, "__module__", "")).partition(".")[0]
    package = getattr(sys.modules.get(top), "__path__", None)
    root = Path(next(iter(package))) if package else path.parent
    prefix = top if package else ""
    relative = ".".join(path.resolve().with_suffix("").relative_to(root.resolve()).parts)
    try:
        version = importlib.metadata.version(top)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        version = ""
    return _digest(closure(prefix, root.resolve(), relative), version)


def _code(code: Any) -> Any:
    """What a function computes, when there is no file to read."""
    if code is None:
        return None
    inner = tuple(_code(c) if hasattr(c, "co_code") else repr(c) for c in code.co_consts)
    return code.co_code, inner, code.co_names, code.co_varnames


def closure(prefix: str, root: Path, start: str) -> set[Path]:
    """The files below ``root`` that a module reaches by imports, function-level ones included.

    prefix: the name of the package at ``root``, "" for modules that lie side by side there.
    start: the module, relative to it. Names that are computed are not followed.
    """
    found: set[Path] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        file = _file(root, name)
        if file is None or file in found:
            continue
        found.add(file)
        todo += _imports(file, prefix, name)
    return found


def _file(root: Path, name: str) -> Path | None:
    base = root.joinpath(*name.split(".")) if name else root
    for file in (base.with_suffix(".py"), base / "__init__.py"):
        if file.is_file():
            return file
    return None


@lru_cache(maxsize=4096)
def _tree(file: Path, _stamp: tuple[int, int]) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _parsed(file: Path) -> ast.Module:
    stat = file.stat()
    return _tree(file, (stat.st_mtime_ns, stat.st_size))


def _imports(file: Path, prefix: str, name: str) -> Iterator[str]:
    """The modules that a file imports from its own package, relative to it."""
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _inside(alias.name, prefix)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                up = package[: len(package) - node.level + 1]
                bases = [".".join([*up, *filter(None, [node.module])])]
            else:
                bases = list(_inside(node.module or "", prefix))
            for base in bases:
                yield base
                yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)


def _inside(name: str, prefix: str) -> Iterator[str]:
    if not prefix:
        yield name
    elif name.startswith(f"{prefix}."):
        yield name.removeprefix(f"{prefix}.")


def _digest(files: set[Path], *more: str) -> str:
    digest = hashlib.sha256("\n".join(more).encode())
    for file in sorted(files):
        digest.update(f"{file.name}\n{_meaning(file)}".encode())
    return digest.hexdigest()


def _meaning(file: Path) -> str:
    """A file without docstrings and comments."""
    stat = file.stat()
    return _without_docstrings(file, (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=4096)
def _without_docstrings(file: Path, _stamp: tuple[int, int]) -> str:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            node.body = body[1:] or [ast.Pass()]
    return ast.dump(tree)
