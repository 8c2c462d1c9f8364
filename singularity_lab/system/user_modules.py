"""Devices and losses that people write themselves, named ``module:function``; one rule for both.

The module is looked for in the current folder, and loaded from there by its path; else it is
imported from the installed environment. The current folder is never on the import path before
anything else: a ``random.py`` there is that module for whoever asks for ``random:function``, and
for nobody else. While the module itself is loaded, its folder stands at the end of the import path,
so that it may import its neighbours.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from singularity_lab.errors import BadInput

__all__ = ["find", "is_found", "path_without_here", "safe_path"]


def find(path: str, what: str) -> Any:
    """The object that ``module:function`` names. what: what messages call it.

    Raises BadInput for what cannot be imported, whatever the module itself raises.

    >>> find("math:sqrt", "loss")(4)
    2.0
    """
    module, colon, name = path.partition(":")
    if not (colon and module and name):
        raise BadInput(f"{what}: the form module:function is needed, received {path[:80]!r}")
    try:
        found: Any = _module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:
        why = " ".join(str(error).split())[:200]
        top = module.partition(".")[0]
        if isinstance(error, ModuleNotFoundError) and error.name == top:
            raise BadInput(
                f"{what}: {path[:80]!r} cannot be imported: there is no {top}.py in {os.getcwd()}, "
                "and no installed module of this name"
            ) from None
        raise BadInput(
            f"{what}: {path[:80]!r} cannot be imported: {type(error).__name__}: {why}"
        ) from None
    return found


def is_found(path: str) -> bool:
    """Whether there is a module for ``module:function``, here or installed; nothing is loaded.

    >>> is_found("math:sqrt"), is_found("no_such_module:f")
    (True, False)
    """
    top = path.partition(":")[0].partition(".")[0]
    importlib.invalidate_caches()
    return PathFinder.find_spec(top, [os.getcwd()]) is not None or _is_elsewhere(top)


def path_without_here() -> list[str]:
    """The import path of this process without the current folder, absolute."""
    here = os.getcwd()
    return [os.path.abspath(p) for p in sys.path if p and not _same(p, here)]


@contextlib.contextmanager
def safe_path() -> Iterator[None]:
    """Processes that are started in the block do not have the current folder on their path."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("PYTHONSAFEPATH", None)
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _same(a: str, b: str) -> bool:
    return os.path.realpath(a) == os.path.realpath(b)


def _module(name: str) -> ModuleType:
    here = os.getcwd()
    importlib.invalidate_caches()  # the file may be younger than the last look into its folder
    top, _, rest = name.partition(".")
    spec = PathFinder.find_spec(top, [here])
    elsewhere = _is_elsewhere(top)
    if spec is None or (spec.origin is None and elsewhere):  # a folder of data has no origin
        return importlib.import_module(name)
    # A name that the environment has too stays the environment's: the neighbour gets another.
    own = f"{top}__in_this_folder" if elsewhere else top
    with _neighbours(here):
        if not _is_loaded(own, spec):
            _load(own, spec)
        return importlib.import_module(f"{own}.{rest}" if rest else own)


def _is_elsewhere(top: str) -> bool:
    """True if the standard library or the installed environment has a module of that name."""
    if top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return True
    return PathFinder.find_spec(top, path_without_here()) is not None


def _is_loaded(name: str, spec: ModuleSpec) -> bool:
    """True if the module of that name is the one in this folder."""
    module = sys.modules.get(name)
    if module is None:
        return False
    if spec.origin is None:
        return True
    file = getattr(module, "__file__", None)
    return file is not None and _same(file, spec.origin)


def _load(name: str, found: ModuleSpec) -> None:
    spec: ModuleSpec | None = found
    if found.origin is not None:
        folders = found.submodule_search_locations
        spec = importlib.util.spec_from_file_location(
            name,
            Path(found.origin),
            submodule_search_locations=None if folders is None else list(folders),
        )
    if spec is None:
        raise ImportError(f"{found.origin} is no module of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        if spec.loader is not None:
            spec.loader.exec_module(module)
    except BaseException:  # the user's own code: a module that is half run is not kept
        sys.modules.pop(name, None)
        raise


@contextlib.contextmanager
def _neighbours(folder: str) -> Iterator[None]:
    """The folder at the very end of the import path, for the length of the block."""
    sys.path.append(folder)
    try:
        yield
    finally:
        for i in reversed(range(len(sys.path))):
            if sys.path[i] == folder:
                del sys.path[i]
                break
