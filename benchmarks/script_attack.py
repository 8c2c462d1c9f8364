"""Random proof scripts against the verifier: how many it accepts, and whether one proves too much.

    python benchmarks/script_attack.py [SCRIPTS] [SEED]

Prints a line for each round (a hundred new families of germs, with the truth about each by the
engine; twenty thousand scripts about them) and, in the end, one with the totals. Exit status 1 and
the scripts themselves where a false claim was accepted, or a script whose replay differs from what
the steps gave one by one. Without SCRIPTS: a million, about twenty minutes of CPU.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import mutants
import random_scripts

ROUND, ROOTS = 20_000, 100


def main(scripts: int = 1_000_000, seed: int = 1) -> int:
    verifier = mutants.without()
    done = proved = exact = 0
    steps: Counter[str] = Counter()
    bad = []
    started = time.process_time()
    number = 0
    while done < scripts:
        roots = random_scripts.pool(ROOTS, f"{seed}.{number}")
        random_scripts.pool.cache_clear()
        count = min(ROUND, scripts - done)
        found = random_scripts.attack(verifier, roots, count, f"{seed}.{number}", most=3)
        done, proved, exact = done + found.scripts, proved + found.proved, exact + found.exact
        steps += found.steps
        bad += found.false + found.wrong
        number += 1
        spent = time.process_time() - started
        print(f"{done} scripts, {proved} proved a bound, {exact} (lambda, m), {len(bad)} false, "
              f"{spent:.0f} s of CPU", flush=True)  # fmt: skip
    print("steps:", ", ".join(f"{op} {n}" for op, n in steps.most_common()))
    for root, step, why in bad:
        print(json.dumps({"family": root.data, "signs": root.signs, "false": why, "proof": step}))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
