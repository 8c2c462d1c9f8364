"""How far jets reach by strata of arcs and by Gröbner bases, in CPU seconds of one run.

    python benchmarks/jets.py [--budget SECONDS]

For each ideal: the order asked for by strata with its time, and the largest order that a Gröbner
basis of the equations decides within the budget (Singular if it is installed, else flint's naive
algorithm). Both must agree where both answer.
"""

from __future__ import annotations

import argparse
import resource
import time

from singularity_lab.exact.arcs.equations import groebner_codimension
from singularity_lab.exact.arcs.jets import jets

CASES = [
    ("cusp", ["x^2 - y^3"], 11),
    ("branch with two pairs", ["(y^2 - x^3)^2 - x^5*y"], 25),
    ("curve (t^3, t^4, t^5)", ["y^2 - x*z", "x^2*y - z^2", "x^3 - y*z"], 8),
    ("Whitney umbrella", ["x^2 - y^2*z"], 12),
    ("xyz", ["x*y*z"], 12),
    ("seven planes", ["(x^2 - y^2)*(x^2 - z^2)*(y^2 - z^2)*z"], 6),
    ("2 x 3 minors", ["a*e - b*d", "a*f - c*d", "b*f - c*e"], 5),
    ("E8 surface", ["x^2 + y^3 + z^5"], 31),
]


def children() -> float:
    """CPU seconds of ended subprocesses."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, default=20.0, help="seconds for each basis")
    budget = parser.parse_args().budget
    print(f"{'ideal':24} {'order':>5} {'strata s':>9}   {'basis to':>8} {'last s':>7}")
    for name, generators, order in CASES:
        result = jets(generators, order)
        reached, last = -1, 0.0
        for m in range(order + 1):
            before = children() + time.process_time()
            found = groebner_codimension(result.ideal, m, budget=budget)
            if found is None:
                break
            assert found == result.codimensions[m], (name, m)
            reached, last = m, children() + time.process_time() - before
        print(f"{name:24} {order:>5} {result.seconds:>9.2f}   {reached:>8} {last:>7.2f}")


if __name__ == "__main__":
    main()
