"""The table ``edges``: relations of rows, each with the reason that makes it one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import complete
from singularity_lab.catalog.quiver_strata import NetworkStratum, closure_edges
from singularity_lab.dictionary.assemble import Place
from singularity_lab.dictionary.network_strata import network_stratum, network_widths
from singularity_lab.dictionary.rows import model_id
from singularity_lab.dictionary.schema import Cell, Edge, Row, StratumLine
from singularity_lab.models.mixture_strata import MixtureStratum, closure_steps, strata_of
from singularity_lab.programs.catalog_rows import declared


def stratum_key(place: Place) -> str:
    """The name of a stratum in an edge: the row's id, with ``#stratum`` where it is no row."""
    return place.entry.id if place.on_file else f"{place.entry.id}#{place.name}"


def make_edges(
    entries: Sequence[Entry],
    rows: Sequence[Row],
    strata: Sequence[StratumLine],
    listed: Sequence[Place],
) -> list[Edge]:
    """All edges, in the order of their kinds."""
    every = [
        *_closure(listed, strata),
        *_classes(strata),
        *_adjacency(strata, rows),
        *_transposition(entries),
        *_same_function(entries),
    ]
    return list({(e.source, e.target, e.kind): e for e in every}.values())


def _closure(listed: Iterable[Place], strata: Iterable[StratumLine]) -> Iterator[Edge]:
    """Rank strata by their ranks, those of mixtures by the components that share a place or have
    weight 0; elsewhere the stratum that a model calls its deepest, below those along which the germ
    is the same in more dimensions."""
    dimensions = {_line_key(line): line.dimension for line in strata}
    models: dict[str, list[Place]] = {}
    for place in listed:
        if place.stratum is not None and place.entry.builder:
            models.setdefault(model_id(place.entry), []).append(place)
    for places in models.values():
        entry = places[0].entry
        parameters = complete(entry.builder, entry.parameters)
        widths = network_widths(entry.builder, parameters)
        if widths is not None:
            yield from _by_ranks(places, widths)
            continue
        types = strata_of(entry.builder, parameters)
        if types:
            yield from _by_types(places, types, parameters.get("dimension", 1))
            continue
        for deep in places:
            if deep.stratum is None or not deep.stratum.deepest:
                continue
            for other in places:
                if other is deep:
                    continue
                jump = _jump(dimensions.get(stratum_key(deep)), dimensions.get(stratum_key(other)))
                if jump != 0:  # else both lie on one stratum of equal germs
                    why = f"{deep.name} is the deepest stratum of the model"
                    edge = stratum_key(deep), stratum_key(other)
                    yield Edge(*edge, "closure", jump or 0, why)


def _line_key(line: StratumLine) -> str:
    return line.row_id if line.on_file else f"{line.row_id}#{line.stratum_id}"


def _jump(low: Cell | None, high: Cell | None) -> int | None:
    """The difference of two dimensions; None where one of them is not decided."""
    if low is None or high is None or not low.status == high.status == "value":
        return None
    return int(high.value) - int(low.value)


def _by_ranks(places: Sequence[Place], widths: tuple[int, ...]) -> Iterator[Edge]:
    known: dict[int, Place] = {}
    networks: list[NetworkStratum] = []
    for place in places:
        problem = place.problem
        assert problem is not None
        network = network_stratum(widths, problem.rational_point)
        if network not in networks:
            known[len(networks)] = place
            networks.append(network)
    for low, high in closure_edges(networks):
        a, b = networks.index(low), networks.index(high)
        jump = high.orbit_dimension - low.orbit_dimension
        why = f"ranks of all partial products: {low.name} ≤ {high.name}"
        yield Edge(stratum_key(known[a]), stratum_key(known[b]), "closure", jump, why)


def _by_types(
    places: Sequence[Place], types: Sequence[MixtureStratum], space: int
) -> Iterator[Edge]:
    known = {place.name: place for place in reversed(places)}
    for low, high in closure_steps(types):
        one, other = known.get(low.name), known.get(high.name)
        if one is None or other is None:
            continue
        joined = low.joined < high.joined
        what = "a weight goes to 0" if joined else "a component of weight 0 comes to the truth"
        jump = high.dimension(space) - low.dimension(space)
        yield Edge(stratum_key(one), stratum_key(other), "closure", jump, f"in the limit {what}")


def _classes(strata: Iterable[StratumLine]) -> Iterator[Edge]:
    """Each row of a class with the first one."""
    first: dict[str, StratumLine] = {}
    for line in strata:
        if not line.on_file or line.class_id.status != "value":
            continue
        head = first.setdefault(line.class_id.value, line)
        if head is line:
            continue
        fine = head.germ_id.value == line.germ_id.value
        how = "renaming and signs" if fine else "proved moves"
        yield Edge(line.row_id, head.row_id, "class", 1, f"{how}: {line.class_id.route}")


def _adjacency(strata: Iterable[StratumLine], rows: Iterable[Row]) -> Iterator[Edge]:
    """From a germ to the row of the type that it becomes: as many variables, the same (λ, m)."""
    size = {row.id: row.d for row in rows}
    simple = {row.id for row in rows if row.builder == "ade"}
    lines = [line for line in strata if line.on_file and line.type.status == "value"]
    of_type: dict[tuple[str, int, str, int], str] = {}
    for line in lines:
        if line.row_id in simple and line.m.status == "value":
            kind = (line.type.value, size[line.row_id], line.lam.value, line.m.value)
            of_type.setdefault(kind, line.row_id)
    for line in lines:
        found = line.adjacencies.value if line.adjacencies.status == "value" else []
        for near in found:
            kind = (near["type"], size[line.row_id], near["lambda"], near["m"])
            target = of_type.get(kind)
            if target is None or target == line.row_id or near["milnor"] is None:
                continue
            drop = int(line.milnor.value) - int(near["milnor"])
            if drop <= 0:
                continue
            path = f"λ {line.lam.value} → {near['lambda']}"
            why = f"{line.type.value} + s·{near['monomial']} is {near['type']}; {path}"
            yield Edge(line.row_id, target, "adjacency", drop, why)


def _transposition(entries: Iterable[Entry]) -> Iterator[Edge]:
    """Two-layer linear networks x ↦ BAx and x ↦ AᵀBᵀx."""
    found: dict[tuple[int, ...], str] = {}
    for entry in entries:
        place = entry.stratum()
        if entry.builder == "reduced_rank_regression" and place is not None:
            p = entry.parameters
            a, b = (int(x) for x in place.name[1:].split("b"))
            key = (p["inputs"], p["outputs"], p["hidden"], p["rank"], a, b)
            found.setdefault(key, entry.id)
    for (m, n, h, r, a, b), name in found.items():
        other = found.get((n, m, h, r, b, a))
        if other is not None and other != name and name < other:
            why = "(A, B) ↦ (Bᵀ, Aᵀ) carries one loss to the other"
            yield Edge(name, other, "transposition", 1, why)


def _same_function(entries: Iterable[Entry]) -> Iterator[Edge]:
    """Programs that compute one function, with the first of them."""
    programs = declared()
    first: dict[str, str] = {}
    for entry in entries:
        said = programs.get(entry.id)
        if said is None or not said.function:
            continue
        head = first.setdefault(said.function, entry.id)
        if head != entry.id:
            yield Edge(entry.id, head, "same function", 1, said.function)
