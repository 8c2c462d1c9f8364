"""Side by side in one run: the engine, Singular and Macaulay2 on the same ideals.

    OMP_NUM_THREADS=1 python benchmarks/bench_oracles.py [--limit 10] [--only TEXT] [--json FILE]

The question is the real local threshold of K = Σ f² at the origin, as 2λ, with its multiplicity m.
The systems compute complex thresholds: what they give is set against 2λ, which the engine proves
with a certificate that is verified. CPU seconds of the whole process, its start and its libraries
included, for the systems; of search and verification for the engine. Systems that are not installed
are left out (SINGLAB_SINGULAR and SINGLAB_M2 name binaries).
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.errors import BadInput
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.oracles.macaulay2 import Macaulay2
from singularity_lab.exact.oracles.singular import Singular
from singularity_lab.exact.oracles.system import OracleFailure, OutOfBudget, System

PROBLEMS: dict[str, list[str]] = {
    "cusp": ["x^2 - y^3"],
    "E6": ["x^3 + y^4"],
    "E8": ["x^3 + y^5"],
    "two Puiseux pairs": ["(y^2 - x^3)^2 - x^5*y"],
    "two cusps": ["(y^2 - x^3)*(x^2 - y^3)"],
    "five lines": ["x*y*(x - y)*(x + y)*(x - 2*y)"],
    "E8 surface": ["x^2 + y^3 + z^5"],
    "E12 surface": ["x^2 + y^3 + z^7"],
    "degenerate": ["(x + y)^2 + z^3"],
    "Whitney umbrella": ["x^2 - y^2*z"],
    "braid arrangement": ["x*y*z*(x - y)*(y - z)*(x - z)"],
    "normal crossing": ["x*y*z"],
    "definite quartic": ["x^4 + y^4 + z^4 + w^4"],
    "Saito": ["(x^2 + y^2 + z^2)^2 + x^6"],
    "double sphere": ["(x^2 + y^2 + z^2)^2"],
    "real factor": ["y*(x^2 + y^2 + z^2)^2"],
    "off the origin": ["(x^2 + 1)^3*y"],
    "square of a quadric": ["(a*b + c*d)^2"],
    "Motzkin": ["x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2"],
    "swallowtail": ["16*a^4*c - 4*a^3*b^2 - 128*a^2*c^2 + 144*a*b^2*c - 27*b^4 + 256*c^3"],
    "Howald": ["x*y^4*z^6", "x^5*y", "y^7*z", "x^8*z^8"],
    "powers": ["x^2", "y^3"],
    "space curve 3-4-5": ["y^2 - x*z", "x^2*y - z^2", "x^3 - y*z"],
    "Shibuta": ["x^3 - y^2", "y^3 - z^2"],
    "rank one 2×2": ["a*c", "a*d", "b*c", "b*d"],
    "regression 2×2, H = 2": ["a*e + b*g", "a*f + b*h", "c*e + d*g", "c*f + d*h"],
    "tanh, 2 units": ["a*b + c*d", "a*b^3 + c*d^3"],
    "quadratic net": ["p^2 + r^2", "p*q + r*s", "q^2 + s^2"],
    "determinant 3×3": ["a*(e*i - f*h) - b*(d*i - f*g) + c*(d*h - e*g)"],
}

Value = tuple[Fraction, int | None]
Limits = dict[str, Any]  # of a System


@dataclass(frozen=True)
class Tool:
    """A way to a threshold. ``one``: for a single polynomial; monomial: for monomial ideals."""

    name: str
    system: type[System]
    solve: Callable[[Ideal, Limits], Value]
    one: bool = False
    monomial: bool = False

    def applies(self, ideal: Ideal) -> bool:
        if self.monomial:
            return all(len(g.support()) == 1 for g in ideal.generators)
        return len(ideal.generators) == 1 or not self.one


@dataclass(frozen=True)
class Reading:
    problem: str
    tool: str
    value: str
    multiplicity: int | None
    seconds: float
    outcome: str  # real, other, unjudged (the engine has no exact value), late, refused


def _largest(roots: dict[Fraction, int]) -> Value:
    return -max(roots), roots[max(roots)]


def by_b_function(ideal: Ideal, limits: Limits) -> Value:
    singular = Singular(**limits)
    if len(ideal.generators) == 1:
        return _largest(singular.b_function(ideal.generators[0]))
    return _largest(singular.b_function_of_ideal(ideal))


TOOLS = [
    Tool("Singular b-function", Singular, by_b_function),
    Tool(
        "Singular spectrum",
        Singular,
        lambda i, at: (Singular(**at).lct_by_spectrum(i.generators[0]), None),
        one=True,
    ),
    Tool(
        "Singular resolve",
        Singular,
        lambda i, at: (Singular(**at).lct_by_resolution(i.generators[0]), None),
        one=True,
    ),
    Tool("M2 lct", Macaulay2, lambda i, at: (Macaulay2(**at).lct(i), None)),
    Tool(
        "M2 local b-function",
        Macaulay2,
        lambda i, at: _largest(Macaulay2(**at).local_b_function(i.generators[0])),
        one=True,
    ),
    Tool(
        "M2 MultiplierIdeals",
        Macaulay2,
        lambda i, at: (Macaulay2(**at).monomial_lct(i), None),
        monomial=True,
    ),
]


def children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ask(tool: Tool, name: str, ideal: Ideal, truth: Value | None, limit: float) -> Reading | None:
    if not tool.applies(ideal):
        return None
    started = children_seconds()
    try:
        value, m = tool.solve(ideal, {"cpu": int(limit), "seconds": 8 * limit})
    except OutOfBudget:
        return Reading(name, tool.name, "", None, children_seconds() - started, "late")
    except (OracleFailure, BadInput) as error:
        return Reading(name, tool.name, str(error), None, children_seconds() - started, "refused")
    outcome = "unjudged" if truth is None else "real" if value == truth[0] else "other"
    return Reading(name, tool.name, str(value), m, children_seconds() - started, outcome)


def cell(reading: Reading | None, limit: float) -> str:
    if reading is None:
        return "—"
    if reading.outcome == "late":
        return f"> {limit:g} s"
    if reading.outcome == "refused":
        return f"refused ({reading.seconds:.1f})"
    value = f"**{reading.value}**" if reading.outcome == "other" else reading.value
    m = f", m {reading.multiplicity}" if reading.multiplicity is not None else ""
    return f"{value}{m} ({reading.seconds:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--limit", type=float, default=10.0, help="CPU seconds a question")
    parser.add_argument("--only", default="", help="problems whose name contains this text")
    parser.add_argument("--json", help="also write the readings to this file")
    options = parser.parse_args()
    tools = [t for t in TOOLS if t.system.installed()]
    for system in (Singular, Macaulay2):
        if not system.installed():
            print(f"{system.name} is not installed: left out")
    heads = ["problem", "engine: 2λ, m (s)", *(t.name for t in tools)]
    print("\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    readings: list[Reading] = []
    proved: dict[str, Value] = {}
    for name, generators in PROBLEMS.items():
        if options.only not in name:
            continue
        ideal = Ideal.parse(generators)
        started = time.process_time()
        result = rlct(ideal, budget=options.limit)
        seconds = time.process_time() - started
        truth: Value | None = None
        shown = str(result.bounds)
        if result.exact:
            truth = proved[name] = (2 * result.value, result.multiplicity)
            shown = f"{truth[0]}, m {truth[1]}"
        answers = [ask(t, name, ideal, truth, options.limit) for t in tools]
        readings += [r for r in answers if r is not None]
        cells = [f"{shown} ({seconds:.2f})", *(cell(r, options.limit) for r in answers)]
        print("| " + " | ".join([name, *cells]) + " |", flush=True)
    print("\nBold: not the real local threshold. (s): CPU seconds.\n")
    kinds = ("real", "other", "unjudged", "late", "refused")
    heads = ["tool", "asked", "real local 2λ", "other value", *kinds[2:], "m right", "s"]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for tool in tools:
        mine = [r for r in readings if r.tool == tool.name]
        counts = [sum(r.outcome == kind for r in mine) for kind in kinds]
        with_m = [r for r in mine if r.multiplicity is not None and r.outcome == "real"]
        right = sum(r.multiplicity == proved[r.problem][1] for r in with_m)
        both = f"{right} of {len(with_m)}" if with_m else "—"
        cells = [tool.name, len(mine), *counts, both, f"{sum(r.seconds for r in mine):.0f}"]
        print("| " + " | ".join(map(str, cells)) + " |")
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(r) for r in readings], indent=1) + "\n")


if __name__ == "__main__":
    main()
