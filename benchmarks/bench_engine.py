"""CPU seconds of the exact engine: each answer proved, verified, and compared with what papers say.

    OMP_NUM_THREADS=1 python benchmarks/bench_engine.py [GROUP …] [--repeat 3] [--limit SECONDS]
        [--json FILE] [--merge FILE …] [--docs docs/engine.md] [--truth FOLDER] [--list]

Groups: exact and literature (the rows of ``exact.json`` and ``literature.json`` in the folder of
truth tables, if it is there), rrr4 (every reduced-rank regression with sizes ≤ 4), rrr5, rrr6,
rrr8, deep, tanh, hard; all of them unless named; further, only if named, holds larger ones of up
to 600 s each. A row is the median of ``--repeat`` runs, of one run where that takes longer than
10 s. Memories of earlier runs are emptied before each. A search
may take 1.5 times its target, and 20 s at least, unless ``--limit`` says so.
``--merge`` adds what was measured before, ``--docs`` writes the tables between the marks ENGINE.

The engine sees generators and a point, nothing else. Closed formulas are compared afterwards.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.formulas import aoyagi_2024, aoyagi_watanabe_2005
from singularity_lab.catalog.load import load
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.verify import verify
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
    load: float  # processes that wanted a core, averaged over the minute before
    runs: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Verification over the search alone: ``seconds`` has one verification in it."""
        return self.verifying / max(self.seconds - self.verifying, 1e-9)


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


def literature_rows(truth: Path | None) -> Iterator[Row]:
    """What papers say of ideals, at the points they say it of."""
    if truth is None:
        return
    for row in json.loads((truth / "literature.json").read_text()):
        if not row.get("generators"):
            continue
        names, point = row["vars"], row.get("point") or {}
        domain = row.get("domain") or {}
        walls = [n for n, (low, _) in domain.items() if Fraction(str(low)) == 0]
        prior = (row.get("params") or {}).get("prior_exponents")
        problem = LocalProblem.build(
            [g.replace("**", "^") for g in row["generators"]],
            names,
            at=point if isinstance(point, dict) else dict(zip(names, point, strict=True)),
            nonnegative=[*row.get("nonnegative", ()), *walls],
            prior=dict(zip(names, prior, strict=True)) if prior else None,
        )
        expected = RLCT(Fraction(row["lambda"]), row["m"])
        yield Row("literature", row["id"], problem, OURS, expected)


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
    """All sizes up to 4, every rank."""
    for outputs, inputs, hidden in itertools.product(range(1, 5), repeat=3):
        for rank in range(min(outputs, inputs, hidden) + 1):
            yield reduced_rank("rrr4", outputs, inputs, hidden, rank, 3.0)


def rrr(size: int, target: float, largest: int | None = None) -> Iterator[Row]:
    for rank in range((size if largest is None else largest) + 1):
        yield reduced_rank(f"rrr{size}", size, size, size, rank, target)


def deep() -> Iterator[Row]:
    cases = [([2] * 4, 5), ([2] * 5, 5), ([2] * 6, 5), ([3] * 4, 5), ([3] * 5, 30), ([4] * 4, 120)]
    for widths, target in cases:
        problem = deepest("deep_linear", widths=widths, rank=0)
        name = "-".join(map(str, widths))
        yield Row("deep", name, problem, float(target), aoyagi_2024(widths, 0))


def tanh_units(group: str, units: int, target: float) -> Row:
    """Σ_i a_i b_i^(2j − 1) for j = 1, …, H: H tanh units, one input, one output, truth 0."""
    generators = [
        " + ".join(f"a{i}*b{i}^{2 * j - 1}" for i in range(1, units + 1))
        for j in range(1, units + 1)
    ]
    names = [f"{c}{i}" for i in range(1, units + 1) for c in "ab"]
    problem = LocalProblem.build(generators, names)
    return Row(group, f"{units} units", problem, target, _tanh_formula(units))


def tanh() -> Iterator[Row]:
    for units in range(1, 7):
        yield tanh_units("tanh", units, 20.0 if units <= 4 else 180.0)


def _tanh_formula(units: int) -> RLCT:
    """Aoyagi and Watanabe 2005: λ = (H + i² + i)/(4i + 2), i = ⌊√H⌋; m = 2 iff i² = H."""
    i = int(units**0.5)
    return RLCT(Fraction(units + i * i + i, 4 * i + 2), 2 if i * i == units else 1)


def hard() -> Iterator[Row]:
    motzkin = "x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2"
    swallowtail = "16*a^4*c - 4*a^3*b^2 - 128*a^2*c^2 + 144*a*b^2*c - 27*b^4 + 256*c^3"
    yield Row("hard", "Motzkin", LocalProblem.build(motzkin), 20.0, RLCT(Fraction(1, 4), 1))
    yield Row("hard", "swallowtail", LocalProblem.build(swallowtail), 20.0, RLCT(Fraction(3, 8), 1))


# Rows of the catalog that had bounds only on 28 November 2026.
OPEN_ROWS = (
    "binomial-3-2",
    "binomial-3-4",
    "rbm-3-3",
    "discriminant-5",
    "gauss-4-1d",
    "gauss-4-1d-true2",
    "gauss-4-1d-true3",
    "gauss-4-1d-signed",
    "poisson-4",
    "modular-2",
)


def two_tanh_layers(orders: int = 4) -> LocalProblem:
    """Σ_k c_k tanh(Σ_j b_kj tanh(a_j x)), two units in each layer, truth 0: its first odd orders.

    The coefficients of x, x³, … in the Taylor series, as polynomials in the weights, at 0.
    """
    series = [Fraction(1), Fraction(-1, 3), Fraction(2, 15), Fraction(-17, 315), Fraction(62, 2835)]
    names = ("a1", "a2", "b11", "b12", "b21", "b22", "c1", "c2")
    weight = {n: parse(n, names) for n in names}
    zero = parse("0", names)

    def times(p: list[Polynomial], q: list[Polynomial]) -> list[Polynomial]:
        out = [zero] * len(p)
        for i, j in itertools.product(range(len(p)), repeat=2):
            if i + j < len(p):
                out[i + j] = out[i + j] + p[i] * q[j]
        return out

    def activated(p: list[Polynomial]) -> list[Polynomial]:
        """tanh of x·p(x²), without the factor x again; p by powers of x²."""
        out, power, square = [zero] * len(p), p, [zero, *times(p, p)][: len(p)]
        for t in series[: len(p)]:
            out = [f + g * t for f, g in zip(out, power, strict=True)]
            power = times(power, square)
        return out

    first = [activated([weight[f"a{j}"], *[zero] * (orders - 1)]) for j in (1, 2)]
    outputs = [zero] * orders
    for k in (1, 2):
        inner = [weight[f"b{k}1"] * p + weight[f"b{k}2"] * q for p, q in zip(*first, strict=True)]
        outputs = [f + weight[f"c{k}"] * g for f, g in zip(outputs, activated(inner), strict=True)]
    return LocalProblem.build(outputs)


def further() -> Iterator[Row]:
    """Larger problems, with what papers say where they do."""
    limit = 600.0
    for units in (8, 9, 10):
        yield tanh_units("further", units, limit)
    for size in (10, 12):
        yield reduced_rank("further", size, size, size, 0, limit)
    for widths in ([5] * 4, [3] * 6):
        name = "-".join(map(str, widths))
        problem = deepest("deep_linear", widths=widths, rank=0)
        yield Row("further", name, problem, limit, aoyagi_2024(widths, 0))
    for size in (2, 3):
        model = build("tensor_decomposition", dims=[size] * 3, rank=3)
        names = model.ideal.variables
        one = {n: 1 for n in names if n in ("a11", "b11", "c11")}
        unit = LocalProblem.build(
            [g - g(tuple(Fraction(one.get(n, 0)) for n in names)) for g in model.ideal.generators],
            names,
            at=one,
        )
        name = f"{size}×{size}×{size}, three terms, truth of rank one"
        yield Row("further", name, unit, limit)
    yield Row("further", "tanh, layers 1-2-2-1", two_tanh_layers(), limit)
    grid = [[1, x, y] for x in range(-2, 3) for y in range(-2, 3)]
    units = [[1, "1/3", 1, "1/7"], [-1, "-1/5", "1/3", 1], [2, "1/7", -1, "1/9"]]
    units.append([1, "2/7", "2/9", -1])
    relu = build("relu_data_network", points=grid, units=units, output_bias="1/2")
    regular = RLCT(Fraction(13, 2), 1)  # 17 parameters, 4 scalings
    yield Row("further", "ReLU 2-4-1 on 25 points", relu.problem(), limit, regular)
    for row in OPEN_ROWS:
        yield Row("further", row, load(row).problem(), limit)


def rows(groups: list[str], truth: Path | None) -> Iterator[Row]:
    sources = {
        "exact": lambda: exact_rows(truth),
        "literature": lambda: literature_rows(truth),
        "rrr4": rrr4,
        "rrr5": lambda: rrr(5, 5.0),
        "rrr6": lambda: rrr(6, 20.0),
        "rrr8": lambda: rrr(8, 120.0, 0),
        "deep": deep,
        "tanh": tanh,
        "hard": hard,
        "further": further,
    }
    for group in groups:
        yield from sources[group]()


GROUPS = ["exact", "rrr4", "rrr5", "rrr6", "rrr8", "deep", "tanh", "hard", "literature"]
LARGE = ["further"]


# -- measuring -------------------------------------------------------------------------------------


def forget() -> None:
    """Empty every memory that the package keeps between calls."""
    for clear in _memories(len(sys.modules)):
        clear()


@lru_cache(maxsize=1)
def _memories(modules: int) -> list[Callable[[], None]]:
    """What empties them, for so many modules loaded: looking for it each time would push the
    engine out of the processor's memories too."""
    inside = [m for name, m in list(sys.modules.items()) if name.startswith("singularity_lab")]
    values = [v for module in inside for v in vars(module).values()]
    return [v.cache_clear for v in values if callable(getattr(v, "cache_clear", None))]


def measure(row: Row, limit: float | None, repeat: int) -> Measured:
    if limit is None:
        limit = max(20.0, 1.5 * row.target)
    runs: list[float] = []
    while len(runs) < repeat and not (runs and runs[0] > 10):
        forget()
        started = time.process_time()
        result = rlct(row.problem, budget=limit)
        runs.append(time.process_time() - started)
        if not result.exact:
            break
    checks = []
    for _ in runs:
        forget()
        started = time.process_time()
        for certificate in result.certificates:
            verify(certificate)
        checks.append(time.process_time() - started)
    value = result.rlct if result.exact else None
    written = sum(len(json.dumps(c.to_json())) for c in result.certificates)
    return Measured(
        row.group,
        row.name,
        len(row.problem.variables),
        row.target,
        statistics.median(runs),
        statistics.median(checks),
        str(value) if value is not None else str(result.bounds),
        result.exact,
        str(row.expected) if row.expected is not None else "",
        None if value is None or row.expected is None else value == row.expected,
        written / 1000,
        os.getloadavg()[0],
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
        ratio = statistics.median(m.ratio for m in mine)
        slowest = max(mine, key=lambda m: m.seconds)
        out.append(
            f"| {group} | {len(mine)} | {sum(m.exact for m in mine)} | "
            f"{sum(m.agrees is True for m in mine)} | "
            f"{sum(m.exact and m.seconds <= m.target for m in mine)} | "
            f"{sum(m.seconds for m in mine):.1f} | {slowest.seconds:.2f} ({slowest.name}) | "
            f"{100 * ratio:.0f} % |"
        )
    return "\n".join(out)


def docs(measured: list[Measured]) -> str:
    """The section of the docs between the marks."""
    by_group = {g: [m for m in measured if m.group == g] for g in GROUPS}
    loads = sorted(m.load for m in measured)
    ratio = statistics.median(m.ratio for m in measured)
    slow = [m.ratio for m in measured if m.seconds >= 0.1]
    cores = os.cpu_count()
    out = [
        "CPU seconds of one process, the median of three runs; of one run where it takes longer",
        "than 10 s. The time is that of the search and of the verification that follows it;",
        "*verify* is the replay of the certificate alone. The",
        f"machine was shared: {loads[0]:.0f} to {loads[-1]:.0f} processes wanted its {cores}",
        "cores, which lengthens CPU times too. Targets are those that the project set itself; what",
        "misses one is bold. *Reference*: the truth table, or the formula of a paper, looked at",
        "after the answer.",
        "",
        summary(measured),
        "",
        f"Verification takes {100 * ratio:.1f} % of the search alone on the median row,",
        f"{100 * statistics.median(slow):.0f} % on the median of the {len(slow)} rows that",
        "take 0.1 s or more.",
    ]
    titles = {
        "exact": "Ideals of increasing difficulty (`exact.json`):",
        "rrr5": "Reduced-rank regression, 5×5 (Aoyagi and Watanabe 2005), at the deepest point:",
        "rrr6": "6×6:",
        "rrr8": "8×8:",
        "deep": "Deep linear networks, truth 0 (Aoyagi 2024):",
        "tanh": "tanh units, truth 0, $\\sum_i a_i b_i^{2j-1}$ for $j = 1, \\dots, H$:",
        "hard": "Two with nonlinear strata:",
    }
    for group, title in titles.items():
        if by_group[group]:
            out += ["", title, "", HEAD, *map(line, by_group[group])]
    if four := by_group["rrr4"]:
        slowest = max(four, key=lambda m: m.seconds)
        out += [
            "",
            f"Of all {len(four)} regressions with sizes ≤ 4, every rank,",
            f"{sum(m.exact for m in four)} are exact and",
            f"{sum(m.agrees is True for m in four)} equal to a formula (Aoyagi, Watanabe 2005), in",
            f"{sum(m.seconds for m in four):.1f} s together; the slowest takes",
            f"{slowest.seconds:.2f} s ({slowest.name}).",
        ]
    if papers := by_group["literature"]:
        exact = sum(m.exact for m in papers)
        right = sum(m.agrees is True for m in papers)
        out += [
            "",
            f"Of {len(papers)} values in papers whose generators are known {exact} are decided",
            f"({100 * exact / len(papers):.1f} %), {right} as the paper says.",
        ]
        rest = [m for m in papers if m.agrees is not True]
        out += ["", HEAD, *map(line, rest)] if rest else []
    out += ["", "`benchmarks/bench_engine.py` makes these tables; `--list` shows its rows."]
    return "\n".join(out)


def write_docs(file: Path, measured: list[Measured]) -> None:
    text = file.read_text()
    start, end = "<!-- ENGINE -->", "<!-- end ENGINE -->"
    before, rest = text.split(start)
    after = rest.split(end)[1]
    file.write_text(f"{before}{start}\n\n{docs(measured)}\n\n{end}{after}")


def truth_folder(given: str | None) -> Path | None:
    named = given or os.environ.get("SINGLAB_TRUTH")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "truth"
    return folder if (folder / "exact.json").is_file() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS + LARGE)}"
    )
    parser.add_argument("--only", default="", help="rows whose name contains this text")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, help="CPU seconds for one search")
    parser.add_argument("--truth", help="the folder of truth tables")
    parser.add_argument("--json", help="also write the measurements to this file")
    parser.add_argument("--merge", nargs="*", default=[], help="files of earlier measurements")
    parser.add_argument("--docs", type=Path, help="write the tables between the marks of this file")
    parser.add_argument("--list", action="store_true", help="list the rows and stop")
    options = parser.parse_args()
    earlier = [Measured(**m) for f in options.merge for m in json.loads(Path(f).read_text())]
    groups = options.groups or ([] if earlier else GROUPS)
    unknown = [g for g in groups if g not in GROUPS + LARGE]
    if unknown:
        parser.error(f"group: one of {', '.join(GROUPS + LARGE)} is needed, received {unknown[0]}")
    truth = truth_folder(options.truth)
    if {"exact", "literature"} & set(groups) and truth is None:
        print("exact, literature: no truth tables here (set SINGLAB_TRUTH); left out\n")
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
        print(f"\nCPU seconds, median of {options.repeat} runs.")
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(m) for m in measured], indent=1) + "\n")
    if options.docs:
        new = {(m.group, m.name) for m in measured}
        kept = [m for m in earlier if (m.group, m.name) not in new]
        write_docs(options.docs, [*kept, *measured])


if __name__ == "__main__":
    main()
