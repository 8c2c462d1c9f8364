"""Gradings of a family, and the move that takes parameters to 0 by one of them."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from operator import mul

import flint

from singularity_lab.algebra.linear import nullspace, solve_lp
from singularity_lab.exact.engine.germs import PARAM, UNIT, Generator, GermMove, Germs


def gradings(g: Germs, with_units: bool) -> list[list[int]]:
    """A basis of the integer weights for which every generator (and known unit) is
    quasi-homogeneous.

    Vectors over sorted(role).
    """
    order = sorted(g.role)
    place = {i: n for n, i in enumerate(order)}
    rows: set[tuple[int, ...]] = set()
    conditions = [Generator(u) for u in (*g.units, *g.signs)] if with_units else []
    polys = [*g.gens, *conditions]
    still = g.fixed if g.field is None else g.fixed | {g.symbol}  # numbers, and a table's symbol
    rows |= {tuple(int(i == n) for i in order) for n in still if n in place}
    for f in polys:
        first = f.terms[0][0]
        for t, _ in f.terms[1:]:
            row = [0] * len(order)
            for i, e in first:
                row[place[i]] += e
            for i, e in t:
                row[place[i]] -= e
            rows.add(tuple(row))
    return nullspace(_independent(sorted(rows)), len(order))


def _independent(rows: list[tuple[int, ...]]) -> list[list[int]]:
    """Rows of the reduced echelon form: the same nullspace with fewer rows."""
    if len(rows) <= 1:
        return [list(r) for r in rows]
    matrix, _, rank = flint.fmpz_mat([list(r) for r in rows]).rref()
    return [[int(matrix[i, j]) for j in range(matrix.ncols())] for i in range(rank)]


def contract(g: Germs) -> GermMove | None:
    """Parameters that a positive dilation moves to 0 become local: as many as one grading
    allows."""
    in_units = frozenset().union(*(Generator(u).occurs for u in (*g.units, *g.signs)))
    wanted = [i for i in g.params if i not in in_units]
    if not wanted:
        return None
    unused = [i for i in wanted if i not in g.occurs]
    if unused and any(g.k.get(i) for i in unused):
        return g.contract(dict.fromkeys((i for i in unused if g.k.get(i)), 1))
    wanted = [i for i in wanted if i in g.occurs]
    if not wanted:
        return None
    order = sorted(g.role)
    place = {i: n for n, i in enumerate(order)}
    basis = gradings(g, with_units=False)
    fixed = [i for i in order if g.role[i] == UNIT or (g.role[i] == PARAM and i not in wanted)]
    basis = _kernel(basis, [place[i] for i in fixed])
    basis = [b for b in basis if any(b)]
    if not basis:
        return None
    columns = [[b[place[i]] for b in basis] for i in wanted]
    if not any(any(c) for c in columns):
        return None
    combination = _most_positive(columns)
    if combination is None:
        return None
    total = [
        sum((x * b[n] for x, b in zip(combination, basis, strict=True)), Fraction(0))
        for n in range(len(order))
    ]
    scale = lcm(*(t.denominator for t in total))
    weights = [int(t * scale) for t in total]
    common = gcd(*weights) or 1
    return g.contract({i: weights[place[i]] // common for i in order if weights[place[i]]})


def _kernel(basis: list[list[int]], places: list[int]) -> list[list[int]]:
    """The combinations of the basis that vanish at the given places."""
    if not basis or not places:
        return basis
    rows = [[b[p] for b in basis] for p in places]
    rows = [r for r in rows if any(r)]
    if not rows:
        return basis
    return [
        [sum(c * b[n] for c, b in zip(combo, basis, strict=True)) for n in range(len(basis[0]))]
        for combo in nullspace(rows, len(basis))
    ]


def _most_positive(columns: list[list[int]]) -> list[Fraction] | None:
    """x with ⟨column, x⟩ ≥ 0 for all columns and > 0 for as many as possible; None if for none.

    The linear program: maximise Σ s with ⟨column, x⟩ = s + t, 0 ≤ s ≤ 1, t ≥ 0.
    """
    n, m = len(columns[0]), len(columns)
    guess = _perceptron([c for c in columns if any(c)], n)
    if guess is not None:
        return guess
    if n * m > 60:
        return _guess_positive(columns)
    rows, rhs = [], []
    for j, column in enumerate(columns):
        # x⁺ (n), x⁻ (n), s (m), t (m), slack of s ≤ 1 (m)
        rows.append([*column, *(-c for c in column), *_at(j, m, -1), *_at(j, m, -1), *_at(j, m, 0)])
        rhs.append(0)
        rows.append([0] * (2 * n) + [*_at(j, m, 1), *_at(j, m, 0), *_at(j, m, 1)])
        rhs.append(1)
    solution = solve_lp([0] * (2 * n) + [1] * m + [0] * (2 * m), rows, rhs)
    if solution is None or solution.value == 0:
        return None
    return [solution.x[i] - solution.x[n + i] for i in range(n)]


def _perceptron(columns: list[list[int]], n: int) -> list[Fraction] | None:
    """x with ⟨column, x⟩ > 0 for all columns by Rosenblatt's rule, if it comes to rest soon."""
    x = [sum(c[k] for c in columns) for k in range(n)]
    for _ in range(200):
        wrong = next((c for c in columns if sum(map(mul, c, x)) <= 0), None)
        if wrong is None:
            return [Fraction(v) for v in x]
        x = [v + c for v, c in zip(x, wrong, strict=True)]
    return None


def _guess_positive(columns: list[list[int]]) -> list[Fraction] | None:
    """The same by floating point, rounded to rationals and kept only if it is exactly right."""
    from scipy.optimize import linprog

    n, m = len(columns[0]), len(columns)
    # −⟨column, x⟩ + s ≤ 0, 0 ≤ s ≤ 1
    matrix = [[-c for c in column] + _at(j, m, 1) for j, column in enumerate(columns)]
    bounds = [(-100, 100)] * n + [(0, 1)] * m
    found = linprog([0] * n + [-1] * m, A_ub=matrix, b_ub=[0] * m, bounds=bounds, method="highs")
    if not found.success:
        return None
    x = [Fraction(float(v)).limit_denominator(64) for v in found.x[:n]]
    values = [sum(c * v for c, v in zip(column, x, strict=True)) for column in columns]
    return x if all(v >= 0 for v in values) and any(v > 0 for v in values) else None


def _at(j: int, m: int, value: int) -> list[int]:
    return [value if i == j else 0 for i in range(m)]
