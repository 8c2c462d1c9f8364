"""The phases of a row's model, from the dictionary and the catalog."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from singularity_lab.algebra.invariants import Bounds
from singularity_lab.algebra.rings import Rational
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import complete, entries, families, load
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.dictionary.columns import sides
from singularity_lab.dictionary.network_strata import network_widths
from singularity_lab.dictionary.phases import Kind, Phase, Phases, truncation_losses
from singularity_lab.dictionary.schema import Row, StratumLine, Tables
from singularity_lab.dictionary.tables import chosen
from singularity_lab.errors import BadInput
from singularity_lab.models.mixture_strata import nearest_single, strata_of
from singularity_lab.models.polygons import polygon_loss, polygon_signature, polygon_value
from singularity_lab.programs.catalog_rows import declared
from singularity_lab.programs.census import FunctionCensus, program_functions
from singularity_lab.programs.library import program, program_names
from singularity_lab.system.counting import counted

NOT_TWO_SIDED = (
    "λ is that of the distance to the truncation at its deepest stratum, not of the two-sided germ "
    "at the saddle"
)
LARGEST_POLYGON = 13
NAMED = (
    "Strata that the model names; all lie in the zero set, so that L = 0. "
    "Where no edge is drawn, the closure order is not known here."
)
MIXED = (
    "All strata of the zero set, up to the order of the components: p+z are p components with "
    "weight and z of weight 0 at one component of the truth, far those of weight 0 elsewhere. "
    "Edges: the closure order. All have L = 0."
)
_Pair = tuple[Fraction, int] | None


def phases(
    source: str,
    kind: Kind | None = None,
    *,
    singular_values: list[Rational | str] | None = None,
    tables: Tables | str | Path | None = None,
    budget: float | None = 20.0,
) -> Phases:
    """Return the phases of the model of a row: its strata, or the functions it passes through.

    source: the id of a row, a model_id, the name of a program, or ``superposition-N`` for N
    features in the plane. kind: ``strata`` of the zero set; ``functions``, for linear networks: the
    truncations of their truth diag(σ), where σ are the singular_values (all 1 unless given), for
    the toy model of superposition the polygons, for mixtures of Gaussians the nearest law of one
    component; ``machine``, for programs: the functions of their machine. Without it: ``machine``
    for the name of a program, ``strata`` for a row, else ``functions``. budget: CPU seconds for a
    value that is not on file.
    Raises BadInput for an unknown source, and for a kind that the model does not have.

    >>> table = phases("rrr-4-4-3-r3", "functions")
    >>> [str(p.value) for p in table.phases]
    ['5', '6', '7', '15/2']
    >>> print(table.place(5.9, 0.3))
    5.9 ± 0.3 meets rank 1 (λ = 6)
    then rank 2 (λ = 7), which is below rank 1 at every n
    then rank 3 (λ = 15/2), which is below rank 1 at every n
    """
    if source in program_names() and kind in (None, "machine"):
        return _machine(source, budget)
    if kind not in (None, "strata", "functions", "machine"):
        raise BadInput(f"kind: strata, functions or machine, received {kind!r}")
    tables = chosen(tables)
    rows = [r for r in tables.rows if source in (r.id, r.model_id)]
    features = re.fullmatch(r"superposition-([0-9]{1,3})", str(source))
    if features and (kind == "functions" or (kind is None and not rows)):
        return polygon_phases(int(features[1]))
    if not rows:
        raise BadInput(f"source: no row, model or program {str(source)[:80]!r}")
    if kind == "machine":
        said = declared().get(rows[0].id)
        if said is None or said.program not in program_names():
            raise BadInput(f"kind: {rows[0].id} is no program of the library")
        return _machine(said.program, budget)
    if kind == "functions":
        if rows[0].builder == "gaussian_mixture":
            return _mixture_functions(rows[0], budget)
        return _functions(rows[0], singular_values, budget)
    return _strata(rows[0].model_id, tables)


def _strata(model: str, tables: Tables) -> Phases:
    lines = [s for s in tables.strata if s.model_id == model]
    rows = {r.id: r for r in tables.rows if r.model_id == model}
    title = next(iter(rows.values())).statement
    names = {f"{s.row_id}#{s.stratum_id}": s.stratum_id for s in lines}
    names |= {s.row_id: _name(s) for s in lines if s.on_file}
    found = [
        Phase(
            _name(s),
            Fraction(s.loss.value) if s.loss.status == "value" else Fraction(0),
            *_pairs(s),
            row=s.row_id if s.on_file else "",
            dimension=s.dimension.value if s.dimension.status == "value" else None,
            note=str(s.ranks) if s.ranks.status == "value" else "",
        )
        for s in lines
    ]
    found.sort(key=lambda p: (p.upper is None, p.upper[0] if p.upper else 0))
    edges = tuple(
        (names[e.source], names[e.target])
        for e in tables.edges
        if e.kind == "closure" and e.source in names and e.target in names
    )
    first = next(iter(rows.values()))
    types = strata_of(first.builder, first.parameters)
    argument = MIXED if types else NAMED
    return Phases(model, title, "strata", tuple(found), edges, argument)


def _name(line: StratumLine) -> str:
    """The stratum's name; the row's id too where several rows stand at points without a name."""
    plain = line.stratum_id not in ("point", "origin")
    return line.stratum_id if plain else f"{line.stratum_id} ({line.row_id})"


def _pairs(line: StratumLine) -> tuple[_Pair, _Pair]:
    low, high = sides(line.lam)
    fewest, most = sides(line.m)
    # in the order of (λ, m) the larger m is the smaller pair
    lower = None if low is None else (low, int(most) if most is not None else 1)
    upper = None if high is None else (high, int(fewest) if fewest is not None else 1)
    return lower, upper


def _of_bounds(bounds: Bounds) -> tuple[_Pair, _Pair]:
    low, high = bounds.lower, bounds.upper
    return (
        None if low is None else (low.value, low.multiplicity),
        None if high is None else (high.value, high.multiplicity),
    )


def truncations(id: str) -> list[Entry]:
    """Return the rows of the truncations of a linear network's truth, of rank 0, 1, …: each the
    deepest stratum of the same network with a truth of that rank; none for another model.

    Raises BadInput for an unknown id.

    >>> [entry.id for entry in truncations("rrr-4-4-3-r3")]
    ['rrr-4-4-3-r0', 'rrr-4-4-3-r1', 'rrr-4-4-3-r2', 'rrr-4-4-3-r3']
    >>> truncations("ade-a2")
    []
    """
    entry = load(id)
    parameters = complete(entry.builder, entry.parameters) if entry.builder else {}
    if network_widths(entry.builder, parameters) is None:
        return []
    return [_with_rank(entry, k) for k in range(parameters["rank"] + 1)]


def _functions(row: Row, given: list[Any] | None, budget: float | None) -> Phases:
    rungs = truncations(row.id)
    if not rungs:
        raise BadInput(
            "kind: functions are known of linear networks, of the toy model of superposition and "
            f"of Gaussian mixtures; {row.id} is none"
        )
    parameters = complete(rungs[0].builder, rungs[0].parameters)
    widths, rank = network_widths(rungs[0].builder, parameters) or (), len(rungs) - 1
    losses = truncation_losses(given if given is not None else [1] * rank, rank)
    found = []
    for k, at in enumerate(rungs):
        truth = ground_truth(at, budget)
        name = f"rank {k}"
        note = f"the germ at the deepest point of a truth of rank {k}"
        found.append(Phase(name, losses[k], *_of_bounds(truth.bounds), row=at.id, note=note))
    shown = ", ".join(map(str, given)) if given is not None else "all 1"
    argument = f"Truncations of the truth, with singular values {shown}; {NOT_TWO_SIDED}."
    title = f"linear network {'-'.join(map(str, widths))}, truth of rank {rank}"
    edges = tuple((f"rank {k}", f"rank {k + 1}") for k in range(rank))
    return Phases(row.model_id, title, "functions", tuple(found), edges, argument)


def polygon_phases(features: int) -> Phases:
    """Return the functions of the toy model of superposition with so many features in the plane:
    k of them at a regular k-gon where the loss is critical, the others at 0.

    Raises BadInput unless 3 <= features <= 13.

    >>> found = polygon_phases(5)
    >>> [(p.name, str(p.value), round(float(p.loss), 4)) for p in found.phases][2:]
    [('2 opposite', '5/2', 0.2), ('3-gon', '7/2', 0.1333), ('4-gon', '9/2', 0.0667), \
('5-gon', '9/2', 0.0535)]
    """
    if not 3 <= features <= LARGEST_POLYGON:
        raise BadInput(
            f"features: 3 <= features <= {LARGEST_POLYGON} is needed, received {features}"
        )
    found = []
    for k in range(features + 1):
        pair = polygon_value(k, features), 1
        name = ("nothing", "1 feature", "2 opposite")[k] if k < 3 else f"{k}-gon"
        found.append(
            Phase(name, polygon_loss(k, features), pair, pair, note=_critical(k, features))
        )
    found.sort(key=lambda phase: -float(phase.loss))
    argument = (
        "Regular polygons, at which L is critical; λ is proved by hand "
        "(singularity_lab.models.polygons), that of the distance to the function near the polygon, "
        "not of the two-sided germ at a saddle. Other critical points are not listed."
    )
    title = f"toy model of superposition, {features} features in the plane, L = E|x - ReLU(W'Wx)|^2"
    return Phases(f"superposition-{features}", title, "functions", tuple(found), (), argument)


def _critical(k: int, features: int) -> str:
    """What kind of critical point a polygon is, where the Hessian says it."""
    if k != features:
        return f"{k} of {features} features; the others are 0, where the loss has a kink"
    if k == 4:
        return "the square is at a kink of the loss, which is 0 there"
    if k % 4 == 0:
        return "right angles: at a kink of the loss"
    more, less = polygon_signature(k)
    return f"Hessian with {more} positive and {less} negative pivots at least"


def _mixture_functions(row: Row, budget: float | None) -> Phases:
    """The nearest law of one component, and the truth: L of the first is the least value of the
    row's K on the laws with all components at one place, a polynomial in it."""
    parameters = row.parameters
    r, components = parameters["true_components"], parameters["components"]
    if r < 2:
        raise BadInput(f"kind: the truth of {row.id} has one component, no function has a loss > 0")
    place, loss = nearest_single(components, r)
    found = []
    for k, value in ((1, loss), (r, Fraction(0))):
        entry = _generated(row.builder, parameters | {"true_components": k})
        pairs = _of_bounds(ground_truth(entry, budget).bounds)
        name = counted(k, "component")
        note = f"all components at {float(place):.6g} on the line of the truth" if k == 1 else ""
        found.append(Phase(name, value, *pairs, row=entry.id, note=note))
    between = (
        "; laws of more components than one and fewer than the truth are not here: their L is "
    )
    between = between + "not known" if r > 2 else ""
    argument = (
        "L is that of the row's K, a distance of moments up to a fixed order, at the nearest law; "
        f"λ that of the distance to it at its deepest stratum{between}."
    )
    return Phases(row.model_id, row.statement, "functions", tuple(found), (), argument)


def _with_rank(entry: Entry, rank: int) -> Entry:
    """The deepest stratum of the same network with a truth of another rank."""
    return _generated(entry.builder, dict(entry.parameters) | {"rank": rank})


def _generated(builder: str, parameters: dict[str, Any]) -> Entry:
    """The row of a builder at its first stratum: of the family that its name is, where the catalog
    has that; else one that is on no file, without an id."""
    family = families().get(builder)
    if family is not None and family.model == builder:
        (row,) = entries(builder, grid=False, **parameters)
        return row
    return Entry("", builder=builder, parameters=parameters)


def _machine(name: str, budget: float | None) -> Phases:
    census = program_functions(name, budget=None if budget is None else 10 * budget)
    return machine_phases(name, census)


def machine_phases(name: str, census: FunctionCensus) -> Phases:
    """Return the functions of a program's machine as phases, those of largest loss first.

    name: of the program. census: its functions (``program_functions``).

    >>> found = machine_phases("xor-4nand-shared", program_functions("xor-4nand-shared"))
    >>> [(str(p.loss), str(p.value)) for p in found.phases if not p.loss]
    [('0', '7/4')]
    """
    p = program(name)
    mass = sum((c.weight for c in p.cases), Fraction(0))
    found = []
    for f in census.functions:
        wrong = sum(
            (c.weight for c, out in zip(p.cases, f.outputs, strict=True) if out != c.target),
            Fraction(0),
        )
        pair = (f.least.value / 2, f.least.multiplicity)
        title = " ".join(f.outputs) + (f" ({f.name})" if f.name else "")
        note = f"{f.codes} of {census.codes} codes"
        # the squared distance of two laws on one output each is 2
        found.append(Phase(title, 2 * wrong / mass, pair, pair, note=note))
    found.sort(key=lambda phase: -float(phase.loss))
    argument = (
        "All functions that some code computes; L = Σ q‖f − y‖², λ = λ_H of the codes of largest "
        "volume. Frequencies of gradient descent are not ordered by λ."
    )
    title = f"machine of {name}, T = {census.steps}"
    return Phases(name, title, "machine", tuple(found), (), argument)
