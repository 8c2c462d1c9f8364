"""The tests as a mirror of the package: which modules have behaviour, and which have no test file.

A module has behaviour where a function or a method of it computes: its body has a statement besides
its docstring that is no ``pass``, no ``...`` and no ``raise``. Records without methods, tables of
constants, protocols and packages' ``__init__`` have none.
"""

from __future__ import annotations

from pathlib import Path

from source_facts import facts


def unasked(package: Path, tests: Path) -> list[str]:
    """The modules with behaviour that no test file of their name, in the folder of their folder's
    name, asks about: it is not there, or has no test."""
    found = []
    for file in sorted(package.rglob("*.py")):
        module = file.relative_to(package)
        if file.name.startswith("__") or not facts(file.read_text(encoding="utf-8")).computes:
            continue
        namesake = tests / module.parent / f"test_{file.name}"
        if not namesake.is_file() or not facts(namesake.read_text(encoding="utf-8")).tests:
            found.append(module.as_posix())
    return found
