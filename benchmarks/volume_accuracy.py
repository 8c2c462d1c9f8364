"""Accuracy of the device ``volume`` on a development set: bias, RMSE, coverage, P(m), per loss.

    OMP_NUM_THREADS=1 python benchmarks/volume_accuracy.py [--seeds 10] [--only NAME] [--json FILE]

The losses are written by exponents of their generators, with (λ, m) from the stated formula. These
are the losses that the device was tuned on; accuracy on losses not used here is the business of the
calibration.
"""

from __future__ import annotations

import argparse
import json
import math
from fractions import Fraction as F
from itertools import pairwise

from singularity_lab.spectroscopes import Domain, PolynomialLoss, measure


def _product(
    names: list[tuple[int, int]], dim: int
) -> list[tuple[list[int], list[tuple[int, ...]]]]:
    """Monomial pairs a_i b_j as generators."""
    rows = [tuple(int(k in pair) for k in range(dim)) for pair in names]
    return [([1], [row]) for row in rows]


def _matrix_chain(sizes: list[int]) -> list[tuple[list[int], list[tuple[int, ...]]]]:
    """Entries of a product of matrices of the given sizes: a deep linear network at zero."""
    offsets, dim = [], 0
    for a, b in pairwise(sizes):
        offsets.append(dim)
        dim += a * b
    out = []
    for i in range(sizes[0]):
        for j in range(sizes[-1]):
            paths = [[i]]
            for s in sizes[1:-1]:
                paths = [[*p, k] for p in paths for k in range(s)]
            rows = []
            for p in paths:
                p = [*p, j]
                row = [0] * dim
                for layer, (a, b) in enumerate(pairwise(p)):
                    row[offsets[layer] + a * sizes[layer + 1] + b] = 1
                rows.append(tuple(row))
            out.append(([1] * len(rows), rows))
    return out


def _compose(generators, maps, dim):
    """Generators after the substitution w_i = maps[i], where maps are {exponents: coefficient}."""

    def times(p, q):
        out = {}
        for e, a in p.items():
            for f, b in q.items():
                key = tuple(x + y for x, y in zip(e, f, strict=True))
                out[key] = out.get(key, 0) + a * b
        return out

    result = []
    for coefficients, rows in generators:
        total: dict = {}
        for c, row in zip(coefficients, rows, strict=True):
            term = {(0,) * dim: c}
            for i, power in enumerate(row):
                for _ in range(power):
                    term = times(term, maps[i])
            for e, a in term.items():
                total[e] = total.get(e, 0) + a
        result.append((list(total.values()), list(total)))
    return result


CUSP = [([1, -1], [(2, 0), (0, 3)])]
BENT = [
    {(1, 0): 1, (0, 1): F(7, 10), (0, 2): F(1, 2), (1, 1): F(1, 5)},
    {(0, 1): 1, (1, 0): F(-2, 5), (1, 1): F(3, 10), (2, 0): F(1, 5)},
]

# name: (generators, λ, m, formula)
DEVELOPMENT = {
    "w1^2*w2^2": ([([1], [(1, 1)])], F(1, 2), 2, "normal crossing"),
    "w1^2*w2^4": ([([1], [(1, 2)])], F(1, 4), 1, "normal crossing"),
    "(w1*w2*w3)^2": ([([1], [(1, 1, 1)])], F(1, 2), 3, "normal crossing"),
    "w1^4+w2^6": ([([1], [(2, 0)]), ([1], [(0, 3)])], F(5, 12), 1, "sum of 1/(2a)"),
    "(w1^2-w2^3)^2": (CUSP, F(5, 12), 1, "weights (3, 2), degree 6: 5/6 halved"),
    "bent cusp": (_compose(CUSP, BENT, 2), F(5, 12), 1, "the cusp after a change of coordinates"),
    "steep cusp": ([([1, -100], [(2, 0), (0, 3)])], F(5, 12), 1, "the cusp, coordinates scaled"),
    "D4": ([([1, -1], [(2, 1), (0, 3)])], F(1, 3), 1, "three lines: 2/3 halved"),
    "sphere": ([([1], [(1, 0, 0)]), ([1], [(0, 1, 0)]), ([1], [(0, 0, 1)])], F(3, 2), 1, "d/2"),
    "cubic cone": (
        [([1, 1, 1], [(3, 0, 0), (0, 3, 0), (0, 0, 3)])], F(1, 2), 2, "cone over a smooth cubic",
    ),
    "rrr 2-1-2": (_matrix_chain([2, 1, 2]), F(1), 2, "Aoyagi–Watanabe 2005"),
    "rrr 2-2-2": (_matrix_chain([2, 2, 2]), F(3, 2), 1, "Aoyagi–Watanabe 2005"),
    "rrr 3-3-3": (_matrix_chain([3, 3, 3]), F(7, 2), 2, "Aoyagi–Watanabe 2005"),
    "deep 2-2-2-2": (_matrix_chain([2, 2, 2, 2]), F(3, 2), 3, "Aoyagi 2024"),
    "tanh, two units": (
        [
            ([1, 1], [(1, 0, 1, 0), (0, 1, 0, 1)]),
            ([1, 1], [(1, 0, 3, 0), (0, 1, 0, 3)]),
        ],
        F(2, 3), 1, "Vandermonde matrix type, Aoyagi 2010",
    ),
    "binomial 2-2": (
        [
            ([1, -1, 1], [(0, 1, 0), (1, 1, 0), (1, 0, 1)]),
            ([1, -1, 1], [(0, 2, 0), (1, 2, 0), (1, 0, 2)]),
        ],
        F(3, 4), 1, "mixture of two binomials, truth one of them; w1 in [0, 1], curved valleys",
    ),
}  # fmt: skip
DOMAINS = {"binomial 2-2": Domain((0.0, -0.5, -0.5), (1.0, 0.5, 0.5))}


def losses() -> dict[str, PolynomialLoss]:
    """The development set as losses."""
    return {
        name: PolynomialLoss.from_exponents(g, loss_id=name, domain=DOMAINS.get(name))
        for name, (g, *_) in DEVELOPMENT.items()
    }


def run(name: str, seeds: range, **settings: object) -> dict:
    """Readings of one loss: errors relative to λ, half-widths, coverage, P of the true m, cost."""
    truth, m = float(DEVELOPMENT[name][1]), DEVELOPMENT[name][2]
    loss = losses()[name]
    out: dict = {"name": name, "lambda": truth, "m": m, "readings": []}
    for seed in seeds:
        r = measure("volume", loss, seed=seed, **settings)
        e, p = r.lambda_, dict(r.multiplicity or {})
        out["readings"].append({
            "seed": seed,
            "error": e.value / truth - 1,
            "half_width": 0.5 * (e.high - e.low) / truth,
            "covered": e.low <= truth <= e.high,
            "p_true_m": p.get(m, 0.0),
            "m_right": r.most_probable_multiplicity == m,
            "outcome": str(r.outcome),
            "cpu_seconds": r.cost.cpu_seconds,
            "evaluations": r.cost.evaluations,
        })  # fmt: skip
    return out


def summary(row: dict) -> str:
    """One line of the table; errors and half-widths in per cent of λ."""
    r = row["readings"]
    error = sorted(abs(x["error"]) for x in r)
    n = len(r)
    bias = sum(x["error"] for x in r) / n
    rmse = math.sqrt(sum(x["error"] ** 2 for x in r) / n)
    mean = {
        k: sum(float(x[k]) for x in r) / n
        for k in ("half_width", "covered", "p_true_m", "m_right", "cpu_seconds")
    }
    outcomes = {x["outcome"] for x in r}
    return (
        f"{row['name']:16s} {row['lambda']:.4f} {row['m']}  {100 * error[n // 2]:6.2f} "
        f"{100 * bias:+6.2f} {100 * rmse:6.2f} {100 * mean['half_width']:6.2f}   "
        f"{mean['covered']:.2f}  {mean['p_true_m']:.2f}  {mean['m_right']:.2f} "
        f"{mean['cpu_seconds']:6.1f}  {', '.join(sorted(outcomes))}"
    )


def main() -> None:
    """Print the table; with --json also keep every reading's errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", default="")
    arguments = parser.parse_args()
    print(
        "loss             λ      m  med|e|%  bias%  rmse%  half%  cover P(m*)  m ok  CPU s  outcome"
    )
    rows = []
    for name in DEVELOPMENT:
        if arguments.only in name:
            rows.append(run(name, range(arguments.seeds)))
            print(summary(rows[-1]), flush=True)
    every = [x for row in rows for x in row["readings"]]
    print(
        f"coverage {sum(x['covered'] for x in every) / len(every):.3f}, "
        f"m right {sum(x['m_right'] for x in every) / len(every):.3f} over {len(every)} readings"
    )
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(rows, file)


if __name__ == "__main__":
    main()
