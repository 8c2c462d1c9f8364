"""CPU seconds of the exact engine: each answer proved, verified, and compared with what papers say.

    OMP_NUM_THREADS=1 python benchmarks/bench_engine.py [GROUP …] [--repeat 3] [--limit 20]
        [--json FILE] [--truth FOLDER] [--list]

Groups: exact (the rows of ``exact.json`` in the folder of truth tables, if it is there), rrr4
(every reduced-rank regression with sizes ≤ 4), rrr5, rrr6, rrr8, deep, tanh, hard; ``quick`` (the
default) is all of them without rrr8. A row is the median of ``--repeat`` runs, of one run where
that takes longer than 10 s. Memories of earlier runs are emptied before each.

The engine sees generators and a point, nothing else. Closed formulas are compared afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.formulas import aoyagi_2024, aoyagi_watanabe_2005
from singularity_lab.exact.solve import rlct
from singularity_lab.exact.verify import verify
from singularity_lab.models import build

# Rows of exact.json that a public system also solves, in seconds there; the others are ours alone.
SOLVED_BY_OTHERS = 0.5
OURS = 10.0


@dataclass(frozen=True)
class Row:
    """A problem with its target in CPU seconds, and what a paper says."""

    group: str
    name: str
    problem: LocalProblem
    target: float
    expected: RLCT | None = None


@dataclass(frozen=True)
class Measured:
    group: str
    name: str
    variables: int
    target: float
    seconds: float
    verifying: float
    answer: str
    exact: bool
    expected: str
    agrees: bool | None
    kilobytes: float
    runs: list[float] = field(default_factory=list)


# -- the problems ----------------------------------------------------------------------------------


def exact_rows(truth: Path | None) -> Iterator[Row]:
    """The table of ideals of increasing difficulty, where it is at hand."""
    if truth is None:
        return
    for row in json.loads((truth / "exact.json").read_text()):
        others = [s for s in row["lct_confirmed_by"] if not s.startswith("jets")]
        yield Row(
            "exact",
            row["id"],
            LocalProblem.build(row["generators"], row["vars"]),
            SOLVED_BY_OTHERS if others else OURS,
            RLCT(Fraction(row["rlct"]), row["m"]),
        )


def deepest(name: str, **parameters: Any) -> LocalProblem:
    """A builder's ideal at its deepest stratum."""
    model = build(name, **parameters)
    stratum = next(s for s in model.strata if s.deepest)
    return LocalProblem.build(model.ideal, at=stratum.point)


def reduced_rank(group: str, outputs: int, inputs: int, hidden: int, rank: int, t: float) -> Row:
    return Row(
        group,
        f"{outputs}×{inputs}, H = {hidden}, r = {rank}",
        deepest(
            "reduced_rank_regression", inputs=inputs, outputs=outputs, hidden=hidden, rank=rank
        ),
        t,
        aoyagi_watanabe_2005(inputs, outputs, hidden, rank),
    )


def rrr4() -> Iterator[Row]:
    """All sizes up to 4; swapping inputs and outputs transposes the ideal, so outputs ≥ inputs."""
    for outputs in range(1, 5):
        for inputs in range(1, outputs + 1):
            for hidden in range(1, 5):
                for rank in range(min(outputs, inputs, hidden) + 1):
                    yield reduced_rank("rrr4", outputs, inputs, hidden, rank, 3.0)


def rrr(size: int, target: float) -> Iterator[Row]:
    for rank in range(size + 1):
        yield reduced_rank(f"rrr{size}", size, size, size, rank, target)


def deep() -> Iterator[Row]:
    cases = [([2] * 4, 5), ([2] * 5, 5), ([2] * 6, 5), ([3] * 4, 5), ([3] * 5, 30), ([4] * 4, 120)]
    for widths, target in cases:
        problem = deepest("deep_linear", widths=widths, rank=0)
        name = "-".join(map(str, widths))
        yield Row("deep", name, problem, float(target), aoyagi_2024(widths, 0))


def tanh() -> Iterator[Row]:
    """Σ_i a_i b_i^(2j − 1) for j = 1, …, H: H tanh units, one input, one output, truth 0."""
    for units in range(1, 7):
        generators = [
            " + ".join(f"a{i}*b{i}^{2 * j - 1}" for i in range(1, units + 1))
            for j in range(1, units + 1)
        ]
        names = [f"{c}{i}" for i in range(1, units + 1) for c in "ab"]
        yield Row(
            "tanh",
            f"{units} units",
            LocalProblem.build(generators, names),
            20.0 if units <= 4 else 180.0,
            _tanh_formula(units),
        )


def _tanh_formula(units: int) -> RLCT:
    """Aoyagi and Watanabe 2005: λ = (H + i² + i)/(4i + 2), i = ⌊√H⌋; m = 2 iff i² = H."""
    i = int(units**0.5)
    return RLCT(Fraction(units + i * i + i, 4 * i + 2), 2 if i * i == units else 1)


def hard() -> Iterator[Row]:
    motzkin = "x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2"
    swallowtail = "16*a^4*c - 4*a^3*b^2 - 128*a^2*c^2 + 144*a*b^2*c - 27*b^4 + 256*c^3"
    yield Row("hard", "Motzkin", LocalProblem.build(motzkin), 20.0, RLCT(Fraction(1, 4), 1))
    yield Row("hard", "swallowtail", LocalProblem.build(swallowtail), 20.0, RLCT(Fraction(3, 8), 1))


def rows(groups: list[str], truth: Path | None) -> Iterator[Row]:
    sources = {
        "exact": lambda: exact_rows(truth),
        "rrr4": rrr4,
        "rrr5": lambda: rrr(5, 5.0),
        "rrr6": lambda: rrr(6, 20.0),
        "rrr8": lambda: rrr(8, 120.0),
        "deep": deep,
        "tanh": tanh,
        "hard": hard,
    }
    for group in groups:
        yield from sources[group]()


GROUPS = ["exact", "rrr4", "rrr5", "rrr6", "rrr8", "deep", "tanh", "hard"]
QUICK = [g for g in GROUPS if g != "rrr8"]


# -- measuring -------------------------------------------------------------------------------------


def forget() -> None:
    """Empty every memory that the package keeps between calls."""
    for name, module in list(sys.modules.items()):
        if name.startswith("singularity_lab"):
            for value in list(vars(module).values()):
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()


def measure(row: Row, limit: float, repeat: int) -> Measured:
    runs: list[float] = []
    while len(runs) < repeat and not (runs and runs[0] > 10):
        forget()
        started = time.process_time()
        result = rlct(row.problem, budget=limit)
        runs.append(time.process_time() - started)
        if not result.exact:
            break
    forget()
    started = time.process_time()
    for certificate in result.certificates:
        verify(certificate)
    verifying = time.process_time() - started
    value = result.rlct if result.exact else None
    written = sum(len(json.dumps(c.to_json())) for c in result.certificates)
    return Measured(
        row.group,
        row.name,
        len(row.problem.variables),
        row.target,
        statistics.median(runs),
        verifying,
        str(value) if value is not None else str(result.bounds),
        result.exact,
        str(row.expected) if row.expected is not None else "",
        None if value is None or row.expected is None else value == row.expected,
        written / 1000,
        runs,
    )


# -- tables ----------------------------------------------------------------------------------------


def line(m: Measured) -> str:
    verdict = {True: "agrees", False: f"**{m.expected}**", None: "open" if not m.exact else "—"}
    seconds = f"{m.seconds:.2f}"
    if not (m.exact and m.seconds <= m.target):
        seconds = f"**{seconds}**"
    return (
        f"| {m.name} | {m.variables} | {m.answer} | {seconds} | {m.target:g} | "
        f"{m.verifying:.3f} | {m.kilobytes:.1f} | {verdict[m.agrees]} |"
    )


HEAD = "| problem | d | (λ, m) | CPU s | target | verify s | kB | reference |\n" + "|---" * 8 + "|"


def summary(measured: list[Measured]) -> str:
    out = ["| group | rows | exact | agree | in target | total s | slowest s | verify/search |"]
    out.append("|---" * 8 + "|")
    for group in dict.fromkeys(m.group for m in measured):
        mine = [m for m in measured if m.group == group]
        ratio = statistics.median(m.verifying / max(m.seconds, 1e-9) for m in mine)
        slowest = max(mine, key=lambda m: m.seconds)
        out.append(
            f"| {group} | {len(mine)} | {sum(m.exact for m in mine)} | "
            f"{sum(m.agrees is True for m in mine)} | "
            f"{sum(m.exact and m.seconds <= m.target for m in mine)} | "
            f"{sum(m.seconds for m in mine):.1f} | {slowest.seconds:.2f} ({slowest.name}) | "
            f"{100 * ratio:.0f} % |"
        )
    return "\n".join(out)


def truth_folder(given: str | None) -> Path | None:
    named = given or os.environ.get("SINGLAB_TRUTH")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "truth"
    return folder if (folder / "exact.json").is_file() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}, quick")
    parser.add_argument("--only", default="", help="rows whose name contains this text")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, default=20.0, help="CPU seconds for one search")
    parser.add_argument("--truth", help="the folder of truth tables")
    parser.add_argument("--json", help="also write the measurements to this file")
    parser.add_argument("--list", action="store_true", help="list the rows and stop")
    options = parser.parse_args()
    groups = options.groups or ["quick"]
    unknown = [g for g in groups if g not in (*GROUPS, "quick")]
    if unknown:
        parser.error(f"group: one of {', '.join(GROUPS)}, quick is needed, received {unknown[0]}")
    groups = list(
        dict.fromkeys(g for name in groups for g in (QUICK if name == "quick" else [name]))
    )
    truth = truth_folder(options.truth)
    if "exact" in groups and truth is None:
        print("exact: no truth tables here (set SINGLAB_TRUTH); left out\n")
    measured: list[Measured] = []
    for row in rows(groups, truth):
        if options.only not in row.name:
            continue
        if options.list:
            print(f"{row.group}: {row.name} ({len(row.problem.variables)} variables)")
            continue
        if not measured or measured[-1].group != row.group:
            print(f"\n### {row.group}\n\n{HEAD}")
        measured.append(measure(row, options.limit, options.repeat))
        print(line(measured[-1]), flush=True)
    if measured:
        print(f"\n### summary\n\n{summary(measured)}")
        print(
            f"\nCPU seconds, median of {options.repeat} runs, {options.limit:g} s a search at most."
        )
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(m) for m in measured], indent=1) + "\n")


if __name__ == "__main__":
    main()
