"""The exact simplex method on integer tableaus, which covering and packing programs share."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import compress, count
from math import gcd, lcm

import flint

from singularity_lab.errors import OutOfScope
from singularity_lab.system.deadline import check_time

Number = int | Fraction
_WORD = 2**62

LinearRow = Sequence[Number]


def rank(rows: Sequence[LinearRow]) -> int:
    """The rank over Q of a matrix given by its rows.

    >>> rank([(2, 0), (0, 3), (1, 1)])
    2
    """
    if not rows or not rows[0]:
        return 0
    return int(flint.fmpz_mat([primitive(row) for row in rows]).rank())


def flat(rows: Sequence[LinearRow], free: Sequence[int]) -> int:
    """The dimension of {v : ⟨v, a⟩ = 1 for the rows a, v_i = 0 where i is not free} ≠ ∅."""
    columns = list(zip(*rows, strict=True))
    left = list(zip(*(columns[i] for i in free), strict=True)) if rows else []
    independent = 0
    while left:
        # a row that has a column to itself is independent of the others
        own = (c for c in zip(*left, strict=True) if c.count(0) == len(left) - 1)
        owners = {next(compress(count(), c)) for c in own}
        if not owners:
            break
        independent += len(owners)
        left = [row for k, row in enumerate(left) if k not in owners]
    return len(free) - independent - rank(left)


class Tableau:
    """Integer rows [coefficients, right side]; a basic column is positive in one row, else 0."""

    def __init__(self, rows: list[list[int]], basis: list[int]) -> None:
        self.rows, self.basis = rows, basis
        self.columns = len(rows[0]) - 1 if rows else 0

    def solution(self) -> list[Fraction]:
        """The basic solution, an entry for each column."""
        x = [Fraction(0)] * self.columns
        for row, j in zip(self.rows, self.basis, strict=True):
            if row[-1]:
                x[j] = Fraction(row[-1], row[j])
        return x

    def maximise(self, objective: Sequence[int], allowed: Sequence[int]) -> list[Fraction]:
        """Pivot to an optimum over the allowed columns; returns all reduced costs."""
        cost = [-c for c in objective] + [0]
        denominator = 1
        for row, j in zip(self.rows, self.basis, strict=True):
            if cost[j]:
                p, q = row[j], cost[j]
                cost = [p * a - q * b for a, b in zip(cost, row, strict=True)]
                denominator *= p
                cost, denominator = _reduce(cost, denominator)
        if len(self.rows) * self.columns > 600:
            cost, denominator = self.wide_pivots(cost, denominator, allowed)
        stalled = 0
        while True:
            check_time()
            # Dantzig's rule; Bland's while the objective stands still
            if stalled > 4:
                enter = next((j for j in allowed if cost[j] < 0), -1)
            else:
                enter = min(allowed, key=cost.__getitem__, default=-1)
                if enter >= 0 and cost[enter] >= 0:
                    enter = -1
            if enter < 0:
                return [Fraction(c, denominator) for c in cost[:-1]]
            leave = -1
            for i, row in enumerate(self.rows):
                if row[enter] > 0:
                    if leave < 0:
                        leave = i
                        continue
                    best = self.rows[leave]
                    difference = row[-1] * best[enter] - best[-1] * row[enter]
                    if difference < 0 or (difference == 0 and self.basis[i] < self.basis[leave]):
                        leave = i
            if leave < 0:
                raise OutOfScope("linear program: the objective is unbounded")
            stalled = stalled + 1 if self.rows[leave][-1] == 0 else 0
            self.pivot(leave, enter)
            row = self.rows[leave]
            p, q = row[enter], cost[enter]
            cost = [p * a - q * b for a, b in zip(cost, row, strict=True)]
            cost, denominator = _reduce(cost, denominator * p)

    def wide_pivots(
        self, cost: list[int], denominator: int, allowed: Sequence[int]
    ) -> tuple[list[int], int]:
        """The same pivots on 64-bit integers, as long as no number overflows."""
        import numpy as np

        if max(abs(x) for row in (*self.rows, cost) for x in row) > _WORD:
            return cost, denominator
        table = np.array([*self.rows, cost], dtype=np.int64)
        columns = np.array(allowed)
        stalled = 0
        while True:
            check_time()
            prices = table[-1, columns]
            enter = int(columns[np.argmax(prices < 0) if stalled > 4 else np.argmin(prices)])
            entering = table[:, enter].copy()
            leave = -1
            if entering[-1] < 0:
                best = (0, 1, 0)
                for i in np.flatnonzero(entering[:-1] > 0).tolist():
                    b, a = int(table[i, -1]), int(entering[i])
                    difference = b * best[1] - best[0] * a
                    if leave < 0 or difference < 0 or (difference == 0 and self.basis[i] < best[2]):
                        leave, best = i, (b, a, self.basis[i])
            if leave < 0:
                break
            row = table[leave].copy()
            p = int(row[enter])
            size = p * int(np.abs(table).max())
            size += int(np.abs(entering).max()) * int(np.abs(row).max())
            if size > _WORD or denominator * p > _WORD:
                break
            stalled = stalled + 1 if row[-1] == 0 else 0
            table = p * table - np.outer(entering, row)
            table[leave] = row
            divisors = np.gcd.reduce(table, axis=1)
            divisors[-1] = gcd(int(divisors[-1]), denominator * p)
            denominator = denominator * p // int(divisors[-1])
            table //= divisors[:, None]
            self.basis[leave] = enter
        *self.rows, cost = table.tolist()
        return cost, denominator

    def pivot(self, leave: int, enter: int) -> None:
        """Let a column enter the basis in place of that of a row."""
        row = self.rows[leave]
        p = row[enter]
        if p < 0:
            row = self.rows[leave] = [-a for a in row]
            p = -p
        for i, other in enumerate(self.rows):
            q = other[enter]
            if q and i != leave:
                check_time()
                line = [p * a - q * b for a, b in zip(other, row, strict=True)]
                g = gcd(*line)
                self.rows[i] = [a // g for a in line] if g > 1 else line
        self.basis[leave] = enter

    def expel(self, artificial: range) -> None:
        """Drive artificial columns (at 0) out of the basis; drop redundant rows."""
        keep = []
        for i, j in enumerate(self.basis):
            if j in artificial:
                enter = next((k for k in range(artificial.start) if self.rows[i][k]), -1)
                if enter < 0:
                    continue
                self.pivot(i, enter)
            keep.append(i)
        self.rows = [self.rows[i] for i in keep]
        self.basis = [self.basis[i] for i in keep]


def _reduce(row: list[int], denominator: int) -> tuple[list[int], int]:
    g = gcd(denominator, *row)
    return ([a // g for a in row], denominator // g) if g > 1 else (row, denominator)


def packing_tableau(costs: LinearRow, rows: Sequence[LinearRow]) -> Tableau:
    """The dual program A^T y + s = c as integer rows, with the slacks s as first basis."""
    n, m = len(costs), len(rows)
    table = [primitive([*(a[i] for a in rows), *unit_vector(i, n), costs[i]]) for i in range(n)]
    return Tableau(table, [m + i for i in range(n)])


def primitive(row: LinearRow) -> list[int]:
    """The positive multiple of a rational row that is a primitive integer row."""
    bottom = lcm(*(x.denominator for x in row))
    line = [x.numerator * (bottom // x.denominator) for x in row]
    g = gcd(*line)
    return [x // g for x in line] if g > 1 else line


def scaled(row: LinearRow) -> tuple[list[int], int]:
    """Integers, and the common denominator that makes a rational row of them."""
    pairs = [x.as_integer_ratio() for x in row]
    bottom = lcm(*[q for _, q in pairs])
    return [p if q == bottom else p * (bottom // q) for p, q in pairs], bottom


def unit_vector(i: int, n: int) -> list[int]:
    """The i-th unit vector of length n."""
    return [int(i == k) for k in range(n)]
