"""The phases of a row's model, from the dictionary and the catalog."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from singularity_lab.algebra.invariants import Bounds
from singularity_lab.algebra.rings import Rational
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import complete, entries, load
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.dictionary.columns import sides
from singularity_lab.dictionary.network_strata import network_widths
from singularity_lab.dictionary.phases import Kind, Phase, Phases, truncation_losses
from singularity_lab.dictionary.schema import Row, StratumLine, Tables
from singularity_lab.dictionary.tables import chosen
from singularity_lab.errors import BadInput
from singularity_lab.programs.catalog_rows import declared
from singularity_lab.programs.census import FunctionCensus, program_functions
from singularity_lab.programs.library import program, program_names

NOT_TWO_SIDED = (
    "λ is that of the distance to the truncation at its deepest stratum, not of the two-sided germ "
    "at the saddle"
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

    source: the id of a row, a model_id, or the name of a program. kind: ``strata`` of the zero set;
    ``functions``, for linear networks: the truncations of their truth diag(σ), where σ are the
    singular_values (all 1 unless given); ``machine``, for programs: the functions of their machine.
    Without it: ``machine`` for the name of a program, ``strata`` otherwise. budget: CPU seconds for
    a value that is not on file.
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
    if not rows:
        raise BadInput(f"source: no row, model or program {str(source)[:80]!r}")
    if kind == "machine":
        said = declared().get(rows[0].id)
        if said is None or said.program not in program_names():
            raise BadInput(f"kind: {rows[0].id} is no program of the library")
        return _machine(said.program, budget)
    if kind == "functions":
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
    argument = (
        "Strata that the model names; all lie in the zero set, so that L = 0. "
        "Where no edge is drawn, the closure order is not known here."
    )
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
        raise BadInput(f"kind: functions are known of linear networks, {row.id} is none")
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


def _with_rank(entry: Entry, rank: int) -> Entry:
    """The deepest stratum of the same network with a truth of another rank."""
    (row,) = entries(entry.family.replace("rrr_strata", "reduced_rank_regression").replace(
        "deep_linear_strata", "deep_linear"
    ), grid=False, **{**entry.parameters, "rank": rank})  # fmt: skip
    return row


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
    found.sort(key=lambda phase: -phase.loss)
    argument = (
        "All functions that some code computes; L = Σ q‖f − y‖², λ = λ_H of the codes of largest "
        "volume. Frequencies of gradient descent are not ordered by λ."
    )
    title = f"machine of {name}, T = {census.steps}"
    return Phases(name, title, "machine", tuple(found), (), argument)
