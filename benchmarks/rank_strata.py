"""Every rank stratum of two-layer linear networks up to a size, proved: a table that goes on where
it stopped.

    python benchmarks/rank_strata.py [--size 6] [--table benchmarks/rank_strata.csv]
        [--seconds 400]

One of each pair of transposed strata is proved as it stands, without the normal form, which is
compared afterwards. A line of the table has the sizes M, N, H, the ranks r, a, b, (λ, m), the CPU
seconds, the digest of the certificate, and whether it is the least of its M, N, H, r. What is in
the table is not proved again; ``--seconds`` ends a run after so many CPU seconds.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog.rank_strata import RankStratum, normal_form, strata
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build

FIELDS = ("inputs", "outputs", "hidden", "rank", "rank_a", "rank_b")
COLUMNS = (*FIELDS, "lambda", "multiplicity", "seconds", "certificate")


def read(table: Path) -> dict[RankStratum, dict[str, str]]:
    """What is proved so far, by stratum."""
    if not table.is_file():
        return {}
    with table.open(newline="") as file:
        return {RankStratum(*(int(r[f]) for f in FIELDS)): r for r in csv.DictReader(file)}


def proved(stratum: RankStratum, budget: float = 60.0) -> dict[str, str]:
    """The line of a stratum; λ is empty where it is open."""
    started = time.process_time()
    sizes = {f: getattr(stratum, f) for f in FIELDS[:4]}
    model = build("reduced_rank_regression", **sizes)
    found = rlct(model.problem(stratum.name), budget=budget)
    line = {f: str(getattr(stratum, f)) for f in FIELDS}
    line |= {"lambda": "", "multiplicity": "", "certificate": ""}
    if found.exact:
        line |= {"lambda": str(found.value), "multiplicity": str(found.multiplicity)}
        line["certificate"] = found.certificate.digest()[:16]
    return line | {"seconds": f"{time.process_time() - started:.2f}"}


def write(table: Path, lines: dict[RankStratum, dict[str, str]]) -> None:
    """The whole table in order, the least of each M, N, H, r marked."""
    values = {s: value(line) for s, line in lines.items()}
    least: dict[tuple[int, ...], list[RLCT]] = defaultdict(list)
    for s, v in values.items():
        if v is not None:
            least[s.inputs, s.outputs, s.hidden, s.rank].append(v)
            least[s.outputs, s.inputs, s.hidden, s.rank].append(v)
    part = table.with_suffix(".part")
    with part.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow((*COLUMNS, "least"))
        for s in sorted(lines):
            those = least[s.inputs, s.outputs, s.hidden, s.rank]
            mark = "least" if values[s] is not None and values[s] == min(those) else ""
            out.writerow([*(lines[s][c] for c in COLUMNS), mark])
    part.replace(table)


def value(line: dict[str, str]) -> RLCT | None:
    """(λ, m) of a line; None where it is open."""
    if not line["lambda"]:
        return None
    return RLCT(Fraction(line["lambda"]), int(line["multiplicity"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=6)
    parser.add_argument("--table", type=Path, default=Path(__file__).with_suffix(".csv"))
    parser.add_argument("--seconds", type=float, help="CPU seconds of this run")
    options = parser.parse_args()
    wanted = sorted({s.canonical for s in strata(options.size)})
    lines = read(options.table)
    started = time.process_time()
    for n, s in enumerate(s for s in wanted if s not in lines):
        if options.seconds is not None and time.process_time() - started > options.seconds:
            break
        lines[s] = proved(s)
        if n % 10 == 9:
            write(options.table, lines)
    write(options.table, lines)
    mine = [s for s in wanted if s in lines]
    exact = [s for s in mine if value(lines[s]) is not None]
    agree = [s for s in exact if value(lines[s]) == normal_form(s)]
    seconds = [float(lines[s]["seconds"]) for s in mine]
    print(
        f"{len(wanted)} strata up to transposition, {len(mine)} tried, {len(exact)} exact, "
        f"{len(agree)} equal to the normal form; {sum(seconds):.0f} CPU s, "
        f"the slowest {max(seconds):.2f}"
    )


if __name__ == "__main__":
    main()
