"""The import graph of a package, read from its source with ``ast``: nothing is executed.

A module imports another when a statement anywhere in its source says so: at top level, inside a
function, or under ``TYPE_CHECKING``. A text that is the name of a module of the package, alone or
as ``module:function``, counts too: registries load by such names. ``import_module`` and
``__import__`` of anything but a text are an edge to ``COMPUTED``. Importing ``a.b.c`` also runs the
packages ``a.b`` and ``a``, so these are edges as well, save the root package: every import runs
the root, whose own names are lazy (tests/test_package.py checks that they are). Importing the root
itself, or one of its lazy names, is an edge to the root, hence to all that it offers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import networkx
from source_facts import facts

Graph = dict[str, set[str]]  # module -> the modules that it imports, of the package or not
Path_ = tuple[str, ...]  # from a module to one that it may not reach, import by import


def sources(folder: Path) -> dict[str, str]:
    """Dotted name -> source of each module of the package in ``folder`` (with ``.__init__``); the
    source of a stub is added to that of its module."""
    found: dict[str, str] = {}
    for file in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        name = ".".join((folder.name, *file.relative_to(folder).with_suffix("").parts))
        text = file.read_text(encoding="utf-8")
        found[name] = f"{found[name]}\n{text}" if name in found else text
    return found


def import_graph(
    modules: Mapping[str, str], lazy: Collection[str] = (), named: bool = True
) -> Graph:
    """The graph of one package, given the sources of its modules as ``sources`` names them.

    lazy: names of functions whose imports are left out. named: whether texts that name modules
    count.
    """
    names = {name.removesuffix(".__init__") for name in modules}
    root = min(names, key=len)
    graph: Graph = {}
    for file, source in modules.items():
        name = file.removesuffix(".__init__")
        package = name if file.endswith(".__init__") else name.rpartition(".")[0]
        edges = set()
        for base, attribute in _imports(source, package, names, lazy, named):
            target = f"{base}.{attribute}" if f"{base}.{attribute}" in names else base
            edges |= {target} | ({*_packages_of(target)} & names - {root})
        graph[name] = edges - {name}
    return graph


def circles(modules: Mapping[str, str], lazy: Collection[str] = ()) -> list[list[str]]:
    """Sets of two or more modules that import one another in a circle, each sorted.

    Imports inside functions count, save in those named in ``lazy``. That a module runs the packages
    that it lies in is no import: a package may offer the names of its own modules. Registries load
    by name what knows them, so texts do not count.
    """
    graph = import_graph(modules, lazy, named=False)
    edges = networkx.DiGraph()
    for module, targets in graph.items():
        edges.add_edges_from((module, t) for t in targets if t in graph and not under(module, t))
    return sorted(sorted(c) for c in networkx.strongly_connected_components(edges) if len(c) > 1)


def private_crossings(modules: Mapping[str, str]) -> list[Path_]:
    """(module, other, name) for each private name that a module takes from another one."""
    names = {name.removesuffix(".__init__") for name in modules}
    found = []
    for file, source in modules.items():
        read, known = facts(source), {}
        for one in read.imports:
            if one.how == "from" and one.base in names:
                known[one.known] = f"{one.base}.{one.name}"
                if one.name.startswith("_") and not one.name.startswith("__"):
                    found.append((file, one.base, one.name))
        for owner, name in read.private:
            if (module := known.get(owner)) in names:
                found.append((file, module, name))
    return found


def reach(graph: Graph, start: str) -> dict[str, Path_]:
    """Everything that ``start`` imports, directly or not, each with a shortest path to it."""
    paths: dict[str, Path_] = {start: (start,)}
    queue = [start]
    for module in queue:
        for target in sorted(graph.get(module, ())):
            if target not in paths:
                paths[target] = (*paths[module], target)
                queue.append(target)
    del paths[start]
    return paths


def forbidden(graph: Graph, start: str, targets: Collection[str]) -> list[Path_]:
    """Paths by which modules under ``start`` reach modules under one of ``targets``.

    The root as a target means the root alone, for everything is under it.
    """
    root = min(graph, key=len)
    return [
        path
        for module in sorted(graph)
        if under(module, start)
        for target, path in reach(graph, module).items()
        if any(target == t or (t != root and under(target, t)) for t in targets)
    ]


def out_of_order(graph: Graph, order: Mapping[str, Collection[str]]) -> list[Path_]:
    """Direct imports that the order of layers does not allow.

    order: layer -> the other layers that it may import. The layer of ``root.x.y`` is ``x``, that of
    the root itself is ``""``. Raises KeyError for a module whose layer has no place in the order.
    """
    root = min(graph, key=len)

    def layer(module: str) -> str:
        return module.removeprefix(root).removeprefix(".").partition(".")[0]

    return [
        (module, target)
        for module in sorted(graph)
        for target in sorted(graph[module])
        if under(target, root) and layer(target) not in {layer(module), *order[layer(module)]}
    ]


def under(module: str, package: str) -> bool:
    """Is this the package or a module inside it?"""
    return module == package or module.startswith(f"{package}.")


def _imports(
    source: str,
    package: str,
    names: Collection[str],
    lazy: Collection[str],
    named: bool,
) -> Iterator[tuple[str, str]]:
    """(a.b, c) for ``from a.b import c``, (a.b, "") for ``import a.b``, relative ones resolved."""
    root = package.partition(".")[0]
    for one in facts(source).imports:
        if not one.within.isdisjoint(lazy):
            continue
        if one.how == "from":
            above = package.split(".")[: len(package.split(".")) + 1 - one.level]
            yield (".".join(filter(None, [*above, one.base])) if one.level else one.base), one.name
        elif one.how == "text":
            if named and one.base in names and one.base != root:
                yield one.base, ""
        elif one.how != "skip":
            yield one.base, ""


def _packages_of(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:k]) for k in range(1, len(parts)))
