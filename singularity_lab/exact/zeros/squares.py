"""Sums of squares: Gram matrices by semidefinite programming, rounded and repaired over Q."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.algebra.univariate import SignDomain
from singularity_lab.system.floats import approximate
from singularity_lab.system.stopwatch import Stopwatch


def parity_shifts(p: Polynomial, domain: SignDomain) -> list[Exponent]:
    """Unit monomials that can make the extreme terms of p even."""
    units = [domain[v] in ("nonzero", "positive") for v in p.variables]
    shifts = {tuple(e % 2 if u else 0 for e, u in zip(a, units, strict=True)) for a in p.support()}
    return sorted(shifts, key=lambda a: (sum(a), a))[:4]


def gram(
    p: Polynomial, domain: SignDomain
) -> tuple[list[tuple[Fraction, Polynomial]], Polynomial] | None:
    """p = Σ c q² + R with c > 0, linearly independent q's and each term of R ≥ 0 on D; or None."""
    names = p.variables
    terms = dict(p.terms())
    safe = {
        a: c
        for a, c in terms.items()
        if c > 0
        and all(
            k % 2 == 0 or domain[v] in ("positive", "nonnegative")
            for v, k in zip(names, a, strict=True)
        )
    }
    basis = half_support(set(terms))
    if basis is None or not 0 < len(basis) <= 30:
        return None
    # a unit monomial last: it is then one of the squares if the matrix is positive definite
    basis.sort(
        key=lambda b: all(
            not e or domain[v] in ("nonzero", "positive") for v, e in zip(names, b, strict=True)
        )
    )
    size = len(basis)
    where = places(basis)
    rest = {a: c for a, c in terms.items() if a not in where}
    if any(a not in safe for a in rest):
        return None
    for a in rest:
        del terms[a]
    for make in (_diagonal_guess, _clarabel_guess):
        guess = make(terms, where, size)
        if guess is None:
            continue
        factors = ldl(repair(guess, terms, where, size))
        if factors is not None:
            squares = [
                (d, Polynomial.from_terms({b: x for b, x in zip(basis, row, strict=True)}, names))
                for d, row in factors
            ]
            return squares, Polynomial.from_terms(rest, names)
    return None


def half_support(support: set[Exponent]) -> list[Exponent] | None:
    """Exponents b that a sum of squares may use: in half the box, pruned by the diagonal rule."""
    n = len(next(iter(support)))
    low = [min(a[k] for a in support) for k in range(n)]
    high = [max(a[k] for a in support) for k in range(n)]
    total = max(sum(a) for a in support), min(sum(a) for a in support)
    ranges = [range((lo + 1) // 2, hi // 2 + 1) for lo, hi in zip(low, high, strict=True)]
    count = 1
    for r in ranges:
        count *= len(r)
    if count > 400:
        return None
    basis = [b for b in itertools.product(*ranges) if total[1] <= 2 * sum(b) <= total[0]]
    while True:
        inside = set(basis)
        keep = []
        for b in basis:
            double = tuple(2 * x for x in b)
            if double in support or any(
                c != b and tuple(d - x for d, x in zip(double, c, strict=True)) in inside
                for c in basis
            ):
                keep.append(b)
        if len(keep) == len(basis):
            return keep
        basis = keep


def places(basis: Sequence[Exponent]) -> dict[Exponent, list[tuple[int, int]]]:
    """For each product of two basis elements, the places (i, j), i ≤ j, where it occurs."""
    where: dict[Exponent, list[tuple[int, int]]] = {}
    for j, b in enumerate(basis):
        for i, a in enumerate(basis[: j + 1]):
            where.setdefault(tuple(x + y for x, y in zip(a, b, strict=True)), []).append((i, j))
    return where


Gram = dict[tuple[int, int], Fraction]
Places = dict[Exponent, list[tuple[int, int]]]


def _diagonal_guess(terms: dict[Exponent, Fraction], where: Places, size: int) -> Gram | None:
    """Each even term on the diagonal, each other term spread evenly."""
    guess: Gram = {}
    for a, entries in where.items():
        square = [(i, j) for i, j in entries if i == j]
        if square:
            for entry in entries:
                guess[entry] = Fraction(0)
            guess[square[0]] = terms.get(a, Fraction(0))
    return guess


def _clarabel_guess(terms: dict[Exponent, Fraction], where: Places, size: int) -> Gram | None:
    """The Gram matrix with the largest smallest eigenvalue, in floats, by clarabel if installed."""
    found = semidefinite(terms, [], where, size)
    return None if found is None else found[0]


def load_solver() -> float:
    """Import the semidefinite solver, and return the CPU seconds that this took: a second, once in
    a process, which is no part of a search."""
    watch = Stopwatch()
    with contextlib.suppress(ImportError):
        import clarabel  # noqa: F401
        from scipy import sparse  # noqa: F401
    return watch.seconds


def semidefinite(
    terms: dict[Exponent, Fraction],
    free: Sequence[dict[Exponent, Fraction]],
    where: Places,
    size: int,
) -> tuple[Gram, list[Fraction]] | None:
    """G ⪰ t·1 with the largest t ≤ 1 and coefficients c such that G represents terms + Σ c·free.

    A guess in floats, rounded: nothing is proved by it. None without clarabel and if t ≤ 0.
    """
    try:
        import clarabel
        import numpy as np
        from scipy import sparse
    except ImportError:
        return None
    count = size * (size + 1) // 2
    index = {(i, j): j * (j + 1) // 2 + i for j in range(size) for i in range(j + 1)}
    last = count + len(free)  # the column of t
    data: list[tuple[int, int, float]] = []
    right: list[float] = []
    for r, (a, entries) in enumerate(where.items()):
        data += [(r, index[e], 1.0 if e[0] == e[1] else 2.0) for e in entries]
        data += [(r, count + m, -approximate(f[a])) for m, f in enumerate(free) if a in f]
        right.append(approximate(terms.get(a, 0)))
    if not all(v == 0 or 1e-15 < abs(v) < 1e15 for v in (*right, *(c for _, _, c in data))):
        return None  # beyond the precision of floats; the solver may panic
    equations = len(right)
    data.append((equations, last, 1.0))
    right.append(1.0)
    for (i, j), k in index.items():
        data.append((equations + 1 + k, k, -1.0 if i == j else -(2.0**0.5)))
        if i == j:
            data.append((equations + 1 + k, last, 1.0))
        right.append(0.0)
    rows, columns, values = zip(*data, strict=True)
    matrix = sparse.csc_matrix((values, (rows, columns)), shape=(len(right), last + 1))
    objective = np.zeros(last + 1)
    objective[-1] = -1.0
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_iter = 60
    cones: list[Any] = [clarabel.ZeroConeT(equations), clarabel.NonnegativeConeT(1)]
    cones.append(clarabel.PSDTriangleConeT(size))
    quadratic = sparse.csc_matrix((last + 1, last + 1))
    solver = clarabel.DefaultSolver(quadratic, objective, matrix, np.array(right), cones, settings)
    x = solver.solve().x
    if not np.all(np.isfinite(x)) or x[-1] <= 1e-9:
        return None
    rounded = [Fraction(round(value * 2**24), 2**24) for value in x]
    return {e: rounded[k] for e, k in index.items()}, rounded[count:last]


def repair(
    guess: Gram, terms: dict[Exponent, Fraction], where: Places, size: int
) -> list[list[Fraction]]:
    """The nearest matrix that represents the polynomial exactly: each residue spread evenly."""
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for a, entries in where.items():
        weights = sum(1 if i == j else 2 for i, j in entries)
        have = sum(guess.get((i, j), Fraction(0)) * (1 if i == j else 2) for i, j in entries)
        residue = (terms.get(a, Fraction(0)) - have) / weights
        for i, j in entries:
            matrix[i][j] = matrix[j][i] = guess.get((i, j), Fraction(0)) + residue
    return matrix


def ldl(matrix: list[list[Fraction]]) -> list[tuple[Fraction, list[Fraction]]] | None:
    """d_k and rows l_k with matrix = Σ d_k l_k^T l_k, all d_k > 0; None if not semidefinite."""
    rest = [list(row) for row in matrix]
    found = []
    for k in range(len(rest)):
        d = rest[k][k]
        if d < 0 or (d == 0 and any(rest[k][j] for j in range(k, len(rest)))):
            return None
        if d == 0:
            continue
        row = [Fraction(0)] * k + [rest[k][j] / d for j in range(k, len(rest))]
        found.append((d, row))
        for i in range(k + 1, len(rest)):
            if row[i]:
                for j in range(k + 1, len(rest)):
                    rest[i][j] -= d * row[i] * row[j]
    return found
