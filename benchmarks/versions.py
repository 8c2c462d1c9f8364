"""Two checkouts of the laboratory on the same rows, in turn: CPU seconds, and whether they agree.

    git worktree add ../before COMMIT
    python benchmarks/versions.py ../before . --truth FOLDER [--tables exact …] [--rounds 5]

Cold: a process for one question, ``singlab rlct 'x^2+y^3'``, and one for all rows of the tables
``exact.json`` (or those named) in a folder of truth tables. Warm: the rows once more in that
process. Seconds are those of the operating system, user and system together; each round runs every
question in the first checkout, then in the second. Each ratio is the median over the rounds of the
second to the first in the same round. Modules are compiled before the first round. Prints the rows
whose answers differ; exit status 1 where one does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ONE = ["-m", "singularity_lab.cli", "rlct", "x^2+y^3"]
ROWS = """
import json, resource, sys
from fractions import Fraction
from singularity_lab import rlct
from singularity_lab.errors import Undecided

def asked(row):
    point = row.get("point") or {}
    names = row["vars"]
    domain = row.get("domain") or {}
    walls = [n for n, (low, _) in domain.items() if Fraction(str(low)) == 0]
    prior = (row.get("params") or {}).get("prior_exponents")
    found = rlct(
        [g.replace("**", "^") for g in row["generators"]],
        names,
        at=point if isinstance(point, dict) else dict(zip(names, point)),
        nonnegative=[*row.get("nonnegative", ()), *walls],
        prior=dict(zip(names, prior)) if prior else None,
        budget=LIMIT,
    )
    try:
        return f"{found.value}, {found.multiplicity}"
    except Undecided:
        return "undecided"

def seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

rows = [r for table in sys.argv[1:] for r in json.load(open(table)) if r.get("generators")]
answers = {r["id"]: asked(r) for r in rows}
begun = seconds()
for r in rows:
    asked(r)
print(json.dumps({"answers": answers, "warm": seconds() - begun}))
"""


@dataclass(frozen=True)
class Asked:
    """A process that has ended: its output and the CPU seconds that it took."""

    output: str
    seconds: float


def ask(checkout: Path, arguments: list[str]) -> Asked:
    """Run Python in a checkout; raises CalledProcessError where it fails."""
    where = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    where |= {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=where, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Asked(done.stdout, used)


def ratios(seconds: list[tuple[float, float]]) -> str:
    """The medians of both, and the median of the ratios with the least and the largest."""
    first, second = (statistics.median(side) for side in zip(*seconds, strict=True))
    found = sorted(b / a for a, b in seconds)
    middle = statistics.median(found)
    return f"{first:.3f} s, {second:.3f} s: {middle:.3f} ({found[0]:.3f} to {found[-1]:.3f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--truth", type=Path, default=Path("../shared/truth"))
    parser.add_argument("--tables", nargs="+", default=["exact"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=60.0, help="CPU seconds a row")
    given = parser.parse_args()
    sides = (given.first.resolve(), given.second.resolve())
    tables = [str((given.truth / f"{name}.json").resolve()) for name in given.tables]
    asked = ["-c", ROWS.replace("LIMIT", repr(given.limit)), *tables]
    for side in sides:
        ask(side, ONE)
    answers: list[dict[str, str]] = [{}, {}]
    times: dict[str, list[tuple[float, float]]] = {"one question": [], "rows": [], "warm": []}
    for _ in range(given.rounds):
        one = [ask(side, ONE) for side in sides]
        rows = [ask(side, asked) for side in sides]
        read = [json.loads(r.output) for r in rows]
        answers = [r["answers"] for r in read]
        times["one question"].append((one[0].seconds, one[1].seconds))
        times["rows"].append((rows[0].seconds - read[0]["warm"], rows[1].seconds - read[1]["warm"]))
        times["warm"].append((read[0]["warm"], read[1]["warm"]))
    print(f"{len(answers[0])} rows of {', '.join(given.tables)}, {given.rounds} rounds")
    for name, pairs in times.items():
        kind = "warm, the rows again" if name == "warm" else f"cold, {name}"
        print(f"{kind}: {ratios(pairs)}")
    differ = [i for i in answers[0] if answers[0][i] != answers[1].get(i)]
    for i in differ:
        print(f"{i}: {answers[0][i]} before, {answers[1].get(i)} now")
    print(f"{len(answers[0]) - len(differ)} answers are the same, {len(differ)} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
