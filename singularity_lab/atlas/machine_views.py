"""What the machine view shows: the zero set of a program as a complex, its codes, and which runs go
wrong at each component."""

from __future__ import annotations

from typing import Any

from singularity_lab.atlas.pages import machine_ladder
from singularity_lab.dictionary.model_phases import machine_phases
from singularity_lab.errors import SingularityLabError
from singularity_lab.programs.answers import program_census
from singularity_lab.programs.census import program_functions
from singularity_lab.programs.trace import program_trace
from singularity_lab.programs.zeroset import ZeroSet

# Small machines whose census takes seconds.
MACHINES = (
    "detectA-mini",
    "detectA-mini-retry",
    "xor-4nand-shared",
    "xor-4nand-separate",
    "parity-automaton-padded-3",
    "contains11-automaton-3",
    "contains11-automaton-2",
    "register-copy",
    "parity3-automaton",
    "parity3-tree-separate",
)
SYNDROMES = 60  # of a component, at most
CODES = 5_000  # of a machine whose functions are listed
SECONDS = 30.0


def machine_page(name: str) -> dict[str, Any]:
    """The record of one machine, from ``program_census`` and ``program_trace``.

    >>> page = machine_page("xor-4nand-shared")
    >>> page["solutions"], [c["lambda_E"] for c in page["components"]]
    (2, ['7/2', '4'])
    """
    w0 = program_census(name)
    p = w0.program
    graph = w0.component_graph()
    page: dict[str, Any] = {
        **w0.to_json(),
        "title": f"{name}: {p.function}" if p.function else name,
        "summary": p.summary,
        "function": p.function,
        "cases": len(p.cases),
        "choices": [{"name": c.name, "options": list(c.options)} for c in p.free],
        "start": {c.name: p.code[c.name] for c in p.free},
        "edges": [
            {
                "a": a,
                "b": b,
                "dimension": data["dimension"],
                "lambda_E": str(data["lambda_E"]),
                "multiplicity": data["multiplicity"],
            }
            for a, b, data in graph.edges(data=True)
        ],
        "solutions_by_code": _codes(w0),
        "command": f"singlab program census {name}",
        **_functions(name, p.codes),
    }
    for component, record in zip(w0.components, page["components"], strict=True):
        record["support"] = {n: list(o) for n, o in component.support.items()}
        support = {n: frozenset(o) for n, o in component.support.items()}
        traces = program_trace(name, None, w0.semantics, support=support)
        record["traces"] = [_trace(t) for t in traces[:SYNDROMES]]
        record["syndromes"] = len(traces)
    return page


def _functions(name: str, codes: int) -> dict[str, Any]:
    """Every function of the machine with its two complexities, or why they are not listed."""
    if codes > CODES:
        return {"functions": [], "no_functions": f"{codes:,} codes, more than {CODES:,} are listed"}
    try:
        census = program_functions(name, budget=SECONDS)
    except SingularityLabError as error:
        return {"functions": [], "no_functions": str(error)}
    found = census.to_json()
    return {
        "functions": found["functions"],
        "inputs": found["inputs"],
        "no_functions": "",
        "ladder": machine_ladder(machine_phases(name, census)),
    }


def machine_phases_page(name: str, page: dict[str, Any]) -> dict[str, Any] | None:
    """The functions of a machine's page as a page of phases; None where they are not listed."""
    if "ladder" not in page:
        return None
    return {
        "model_id": name,
        "title": f"functions of the machine of {name}",
        "statement": page["summary"],
        "strata": [],
        "edges": [],
        "functions": page.pop("ladder"),
    }


def _trace(trace: Any) -> dict[str, Any]:
    return {
        "syndrome": trace.syndrome,
        "input": trace.input,
        "target": trace.target,
        "output": trace.output,
        "steps": list(trace.steps),
    }


def _codes(w0: ZeroSet) -> dict[str, list[Any]]:
    """Each solving code, as the places of its options, with (λ_E, m) there and the components that
    hold it."""
    found = {}
    for vertex in w0.faces[0]:
        value = w0.rlct(vertex)
        places = "".join(f"{mask.bit_length() - 1:x}" for mask in vertex)
        inside = [
            i
            for i, c in enumerate(w0.components)
            if all(x & y == x for x, y in zip(vertex, c.face, strict=True))
        ]
        found[places] = [str(value.value), value.multiplicity, inside]
    return found
