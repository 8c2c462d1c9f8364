"""Figures of the shape of the package: those of today, or of another checkout.

    python docs/package_figures.py [FOLDER]

prints, as lines of a table: modules and their lengths, functions over McCabe 20, circles of imports
between modules and between folders, and what a sceptic reads (all that verifying a certificate
imports).
"""

from __future__ import annotations

import ast
import json
import statistics
import subprocess
import sys
from pathlib import Path

import import_tables
import networkx
from import_graph import circles, import_graph, private_crossings, reach, sources, under

LAB = import_tables.LAB
MCCABE = 20


def lengths(folder: Path) -> list[int]:
    """The numbers of lines of the modules of a package, sorted."""
    files = folder.rglob("*.py")
    return sorted(len(f.read_text(encoding="utf-8").splitlines()) for f in files)


def complex_functions(folder: Path, noqa: bool) -> int:
    """How many functions are over McCabe 20; noqa: without those whose line says why."""
    rule = f"lint.mccabe.max-complexity={MCCABE}"
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "C901",
        "--config",
        rule,
        "-q",
    ]
    command += ["--output-format", "json", *([] if noqa else ["--ignore-noqa"]), str(folder)]
    return len(
        json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    )


def long_functions(folder: Path) -> int:
    """How many functions have more than a hundred lines."""
    found = 0
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.end_lineno:
                found += node.end_lineno - node.lineno >= 100
    return found


def folder_circles(folder: Path) -> list[list[str]]:
    """Sets of folders that import one another in a circle, drawing left out."""
    edges = networkx.DiGraph()
    for module, targets in import_tables.graph(folder).items():
        here = import_tables.room(module)
        mine = (t for t in targets if under(t, LAB) and t not in (LAB, f"{LAB}.exact"))
        edges.add_edges_from((here, import_tables.room(t)) for t in mine)
    return [sorted(c) for c in networkx.strongly_connected_components(edges) if len(c) > 1]


def read_by_a_sceptic(folder: Path) -> list[str]:
    """The modules that verifying a certificate imports."""
    graph = import_graph(sources(folder), lazy=import_tables.DRAWING, named=False)
    start = next(m for m in sorted(graph) if m.startswith(f"{LAB}.exact") and m.endswith(".verify"))
    return sorted({start, *(m for m in reach(graph, start) if under(m, LAB))} - {LAB})


def figures(root: Path) -> dict[str, str]:
    """What there is to say of the package in a checkout, by name."""
    folder = root / LAB
    lines, modules, sceptic = lengths(folder), sources(folder), read_by_a_sceptic(folder)
    of_modules, of_folders = circles(modules, import_tables.DRAWING), folder_circles(folder)
    return {
        "modules, lines": f"{len(lines)}, {sum(lines):,}",
        "longest module": f"{lines[-1]:,}",
        "modules over 700 lines": str(sum(n > 700 for n in lines)),
        "median length, 90 % below": (
            f"{statistics.median(lines):.0f}, {lines[int(0.9 * len(lines))]}"
        ),
        "functions over McCabe 20, without a reason": (
            f"{complex_functions(folder, False)}, {complex_functions(folder, True)}"
        ),
        "functions of a hundred lines and more": str(long_functions(folder)),
        "circles of modules, modules in them": f"{len(of_modules)}, {sum(map(len, of_modules))}",
        "circles of folders, folders in them": f"{len(of_folders)}, {sum(map(len, of_folders))}",
        "private names taken from another module": str(len(private_crossings(modules))),
        "a sceptic reads: modules, lines": (
            f"{len(sceptic)}, {import_tables.lines_of(sceptic, root):,}"
        ),
    }


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else import_tables.ROOT
    for name, figure in figures(given.resolve()).items():
        print(f"| {name} | {figure} |")
