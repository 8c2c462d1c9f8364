"""Accuracy of the device ``volume`` on a development set: bias, RMSE, coverage, P(m), per loss.

    OMP_NUM_THREADS=1 python benchmarks/volume_accuracy.py [--seeds 10] [--only NAME] [--json FILE]

The losses are written by exponents of their generators, with (λ, m) from the stated formula. These are the losses that
the device was tuned on; accuracy on losses not used here is the business of the calibration.
"""

from __future__ import annotations

import argparse
import json
import math
from fractions import Fraction as F

from singularity_lab.spectroscopes import PolynomialLoss, measure


def _product(names: list[tuple[int, int]], dim: int) -> list[tuple[list[int], list[tuple[int, ...]]]]:
    """Monomial pairs a_i b_j as generators."""
    rows = [tuple(int(k in pair) for k in range(dim)) for pair in names]
    return [([1], [row]) for row in rows]


def _matrix_chain(sizes: list[int]) -> list[tuple[list[int], list[tuple[int, ...]]]]:
    """Entries of the product of matrices of the given sizes, all parameters free: a deep linear network at zero."""
    offsets, dim = [], 0
    for a, b in zip(sizes, sizes[1:], strict=False):
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
                for layer, (a, b) in enumerate(zip(p, p[1:], strict=False)):
                    row[offsets[layer] + a * sizes[layer + 1] + b] = 1
                rows.append(tuple(row))
            out.append(([1] * len(rows), rows))
    return out


def _compose(generators, maps, dim):
    """Generators after the substitution w_i = maps[i], polynomials as dicts {exponents: coefficient}."""

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
    "deep 2-2-2-2": (_matrix_chain([2, 2, 2, 2]), F(3, 2), 3, "Aoyagi 2024"),
    "tanh, two units": (
        [
            ([1, 1], [(1, 0, 1, 0), (0, 1, 0, 1)]),
            ([1, 1], [(1, 0, 3, 0), (0, 1, 0, 3)]),
        ],
        F(2, 3), 1, "Vandermonde matrix type, Aoyagi 2010",
    ),
}  # fmt: skip


def losses() -> dict[str, PolynomialLoss]:
    """The development set as losses."""
    return {
        name: PolynomialLoss.from_exponents(g, loss_id=name)
        for name, (g, *_) in DEVELOPMENT.items()
    }
