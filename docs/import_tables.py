"""The lists of imports in architecture.md, made of the source.

    python docs/import_tables.py

writes them between the marks; a test says when they are out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).with_name("architecture.md")
ROOT = Path(__file__).resolve().parents[1]
LAB = "singularity_lab"
sys.path.insert(0, str(ROOT / "tests"))

from import_graph import Graph, import_graph, reach, sources, under  # noqa: E402

WITHIN = ("exact",)  # folders whose own folders are listed
DRAWING = {"plot", "_repr_html_"}  # functions whose imports are left out


def graph(folder: Path = ROOT / LAB) -> Graph:
    """The imports of the package, without those of functions that draw."""
    return import_graph(sources(folder), lazy=DRAWING, named=False)


def room(module: str) -> str:
    """The folder of a module: ``exact/proof``, ``algebra``; the module itself at the root."""
    parts = module.split(".")[1:]
    deep = 2 if parts and parts[0] in WITHIN else 1
    return "/".join(parts[:deep]) if parts else "the flat face"


def folders(found: Graph) -> str:
    """A table of the folders, in an order in which each imports from those above it alone."""
    edges: dict[str, set[str]] = {}
    for module, targets in found.items():
        here = edges.setdefault(room(module), set())
        inside = (t for t in targets if under(t, LAB) and t not in (LAB, f"{LAB}.exact"))
        here |= {room(t) for t in inside}
    edges = {a: b - {a} for a, b in edges.items() if a != "exact"}
    lines = ["| folder | imports from |", "|---|---|"]
    for name in in_order(edges):
        lines.append(f"| `{name}` | {', '.join(f'`{t}`' for t in sorted(edges[name])) or '–'} |")
    return "\n".join(lines)


def in_order(edges: dict[str, set[str]]) -> Iterator[str]:
    """The names, each after those that it imports; raises ValueError where there is a circle."""
    left = dict(sorted(edges.items()))
    while left:
        ready = [name for name, targets in left.items() if not targets & left.keys()]
        if not ready:
            raise ValueError(f"folders import one another in a circle: {', '.join(left)}")
        yield ready[0]
        del left[ready[0]]


def reading(found: Graph) -> list[str]:
    """The modules that run when a certificate is verified: what a sceptic reads."""
    start = f"{LAB}.exact.proof.verify"
    mine = {start, *(m for m in reach(found, start) if under(m, LAB))}
    return sorted(mine - {LAB})


def lines_of(modules: list[str], folder: Path = ROOT) -> int:
    """How many lines the modules have."""
    total = 0
    for module in modules:
        path = folder.joinpath(*module.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        total += len(file.read_text(encoding="utf-8").splitlines())
    return total


def verifier(found: Graph) -> str:
    """A list of what a sceptic reads, by folder."""
    by_room: dict[str, list[str]] = {}
    for module in reading(found):
        by_room.setdefault(room(module), []).append(module.rpartition(".")[2])
    return "\n".join(f"- `{name}`: {', '.join(modules)}" for name, modules in by_room.items())


def page(text: str) -> str:
    """The page with the lists as they are now."""
    found = graph()
    for mark, made in (("FOLDERS", folders(found)), ("VERIFIER", verifier(found))):
        start, end = f"<!-- {mark} -->", f"<!-- end {mark} -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}\n\n{made}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
