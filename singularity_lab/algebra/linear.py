"""Exact linear algebra and linear programming over Q: the duality theorem is the certificate.

The threshold of a monomial ideal is a covering program (MATH §2.5): minimise ⟨c, v⟩ over v ≥ 0
with ⟨v, a⟩ ≥ 1 for every row a. A feasible v and a feasible y of the dual (maximise Σ y, A^T y ≤
c, y ≥ 0) with ⟨c, v⟩ = Σ y prove each other optimal; when v and y are strictly complementary
(Goldman and Tucker 1956) they also prove the dimension of the optimal face. :func:`covering_lp`
finds such a pair, :func:`check_covering` only checks it.

The method is the tableau simplex on integer rows, each kept primitive, with Dantzig's rule, and
with Bland's rule (1977) while the objective stands still, so that it cannot cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from operator import mul
from typing import Any

import flint

from singularity_lab.deadline import check_time
from singularity_lab.errors import BadInput, CertificateError, OutOfScope

Number = int | Fraction
_WORD = 2**62
_LARGE = 4_000  # entries of a program that is solved by parts
Row = Sequence[Number]


def rank(rows: Sequence[Row]) -> int:
    """The rank over Q of a matrix given by its rows.

    >>> rank([(2, 0), (0, 3), (1, 1)])
    2
    """
    if not rows or not rows[0]:
        return 0
    return int(flint.fmpz_mat([_primitive(row) for row in rows]).rank())


@dataclass(frozen=True)
class CoveringSolution:
    """A strictly complementary pair of optimal solutions of a covering program.

    value: the optimum. primal: v in the relative interior of the optimal face. dual: y, one entry
    for each row. face_dimension: the dimension of the face of all optimal v.
    """

    value: Fraction
    primal: tuple[Fraction, ...]
    dual: tuple[Fraction, ...]
    face_dimension: int


def covering_lp(costs: Row, rows: Sequence[Row]) -> CoveringSolution:
    """Minimise ⟨c, v⟩ over v ≥ 0 with ⟨v, a⟩ ≥ 1 for every row a; costs c > 0, rows a ≥ 0.

    v is in the relative interior of the optimal face: ⟨v, a⟩ > 1 wherever every optimal dual
    solution has y_a = 0, and v_i > 0 wherever each has no slack at i. y proves the dimension of the
    face: it is strictly complementary to v, or the rows and slacks in its support have the rank of
    all that are tight. Rows implied by other rows are left out (y_a = 0). Large programs are split
    into those of separate variables, and rows are taken in as they are violated. Raises OutOfScope
    if a row is 0 (no v is feasible), BadInput if a sign rule is broken.

    >>> s = covering_lp([1, 1], [(2, 0), (0, 3)])
    >>> s.value, s.primal, s.dual, s.face_dimension
    (Fraction(5, 6), (Fraction(1, 2), Fraction(1, 3)), (Fraction(1, 2), Fraction(1, 3)), 0)
    >>> covering_lp([1, 1], [(1, 1)]).face_dimension
    1
    """
    _require_covering(costs, rows)
    if len(costs) * len(rows) > _LARGE:
        return _large_covering(costs, rows)
    return _covering(costs, rows)


def _covering(costs: Row, rows: Sequence[Row]) -> CoveringSolution:
    """:func:`covering_lp` by one tableau."""
    kept = _minimal_rows(rows)
    tableau = _packing_tableau(costs, [rows[i] for i in kept])
    n, m = len(costs), len(kept)
    prices = tableau.maximise([1] * m + [0] * n, range(m + n))
    # prices[j] > 0 is slack in the primal: then column j is 0 in every optimal dual solution.
    allowed = [j for j in range(m + n) if prices[j] == 0]
    total = tableau.solution()
    count = 1
    unknown = [j for j in allowed if total[j] == 0]
    while unknown and not _shows_dimension(costs, [rows[i] for i in kept], prices[m:], total):
        objective = [0] * (m + n)
        for j in unknown:
            objective[j] = 1
        extra = tableau.maximise(objective, allowed)
        found = tableau.solution()
        if not any(found[j] for j in unknown):
            # The functional `extra` + objective vanishes on the affine space: a direction of
            # optimal v.
            tilt = [e + o for e, o in zip(extra, objective, strict=True)]
            step = Fraction(1)
            for p, t in zip(prices, tilt, strict=True):
                if t < 0:
                    step = min(step, p / -t / 2)
            prices = [p + step * t for p, t in zip(prices, tilt, strict=True)]
            break
        total = [a + b for a, b in zip(total, found, strict=True)]
        count += 1
        unknown = [j for j in unknown if found[j] == 0]
    average = [t / count for t in total]
    primal = tuple(prices[m : m + n])
    dual = [Fraction(0)] * len(rows)
    for i, y in zip(kept, average[:m], strict=True):
        dual[i] = y
    tight = [_primitive(rows[i]) for i, y in zip(kept, average[:m], strict=True) if y > 0]
    tight += [_unit(i, n) for i in range(n) if average[m + i] > 0]
    value = sum((Fraction(c) * v for c, v in zip(costs, primal, strict=True)), Fraction(0))
    return CoveringSolution(value, primal, tuple(dual), n - rank(tight))


def _shows_dimension(costs: Row, rows: Sequence[Row], v: Row, total: Row) -> bool:
    """True if the rows and slacks in the support of a dual solution have the rank of all that are
    tight at v, so that v is in the relative interior of the optimal face."""
    n, m = len(costs), len(rows)
    needed = [a for a, y in zip(rows, total, strict=False) if y]
    free = [i for i in range(n) if not total[m + i]]
    whole, unit = _scaled(v[:n])
    tight = [a for a in rows if sum(map(mul, whole, a)) == unit]
    loose = [i for i in range(n) if whole[i]]
    return _flat(tight, loose) == _flat(needed, free)


def _large_covering(costs: Row, rows: Sequence[Row]) -> CoveringSolution:
    """:func:`covering_lp` by parts: programs in separate variables, and in each of them the rows
    that the optimum of the others violates, as long as there are any."""
    primal = [Fraction(0)] * len(costs)
    dual = [Fraction(0)] * len(rows)
    value, dimension = Fraction(0), 0
    for places, members in _components(rows):
        part_costs = [costs[i] for i in places]
        part_rows = [tuple(rows[j][i] for i in places) for j in members]
        part = _by_violated_rows(part_costs, part_rows)
        for i, v in zip(places, part.primal, strict=True):
            primal[i] = v
        for j, y in zip(members, part.dual, strict=True):
            dual[j] = y
        value, dimension = value + part.value, dimension + part.face_dimension
    return CoveringSolution(value, tuple(primal), tuple(dual), dimension)


def _components(rows: Sequence[Row]) -> list[tuple[list[int], list[int]]]:
    """Variables that rows join, with these rows: (places, indices of rows), in order."""
    root: dict[int, int] = {}

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    supports = [[i for i, x in enumerate(a) if x] for a in rows]
    for first, *others in supports:
        root.setdefault(first, first)
        for i in others:
            root.setdefault(i, i)
            root[find(i)] = find(first)
        check_time()
    found: dict[int, tuple[list[int], list[int]]] = {}
    for i in sorted(root):
        found.setdefault(find(i), ([], []))[0].append(i)
    for j, support in enumerate(supports):
        found[find(support[0])][1].append(j)
    return list(found.values())


def _by_violated_rows(costs: Row, rows: Sequence[Row]) -> CoveringSolution:
    """The solution of a program with many rows by those of few: rows violated by the optimum are
    added, then such as are tight at it and would lower the dimension of its face."""
    n = len(costs)
    if len(rows) <= 2 * n + 20:
        return _covering(costs, rows)
    active = dict.fromkeys(
        min(range(len(rows)), key=lambda j: (not rows[j][i], sum(rows[j]), j)) for i in range(n)
    )
    while True:
        check_time()
        chosen = list(active)
        part = _covering(costs, [rows[j] for j in chosen])
        whole, unit = _scaled(part.primal)
        products = [sum(map(mul, whole, a)) for a in rows]
        wrong = sorted((j for j, p in enumerate(products) if p < unit), key=products.__getitem__)
        if not wrong:
            # without new rows: those that the optimal face of the few does not keep tight
            tight = [j for j, p in enumerate(products) if p == unit]
            loose = [i for i in range(n) if whole[i]]
            if _flat([rows[j] for j in tight], loose) == part.face_dimension:
                break
            wrong = [j for j in tight if j not in active]
        active.update(dict.fromkeys(wrong[: n + 5]))
    dual = [Fraction(0)] * len(rows)
    for j, y in zip(chosen, part.dual, strict=True):
        dual[j] = y
    return CoveringSolution(part.value, part.primal, tuple(dual), part.face_dimension)


def covering_value(costs: Row, rows: Sequence[Row]) -> Fraction:
    """The optimum of :func:`covering_lp` alone, which costs less.

    >>> covering_value([1, 1], [(2, 0), (0, 3)])
    Fraction(5, 6)
    """
    _require_covering(costs, rows)
    if len(costs) * len(rows) > _LARGE:
        return _large_covering(costs, rows).value
    kept = _minimal_rows(rows)
    tableau = _packing_tableau(costs, [rows[i] for i in kept])
    m = len(kept)
    tableau.maximise([1] * m + [0] * len(costs), range(m + len(costs)))
    return sum(tableau.solution()[:m], Fraction(0))


def check_covering(costs: Row, rows: Sequence[Row], primal: Row, dual: Row) -> tuple[Fraction, int]:
    """The optimum and the dimension of the optimal face, proved by a primal and a dual solution.

    Weak duality proves the optimum. Let A be the rows with y > 0 and the coordinates whose dual
    constraint is slack: by complementary slackness the optimal face lies in the flat where these
    are tight, of dimension n − rank(A). Every other constraint is strict at v or, where it is
    tight at v, must not raise the rank: then v has a neighbourhood in that flat which is optimal,
    and the dimension is exactly n − rank(A). Raises CertificateError that names the first rule
    that fails.

    >>> v = y = [Fraction(1, 2), Fraction(1, 3)]
    >>> check_covering([1, 1], [(2, 0), (0, 3)], v, y)
    (Fraction(5, 6), 0)
    """
    n = len(costs)
    if len(primal) != n or any(len(a) != n for a in rows):
        raise CertificateError(f"covering program: vectors of length {n} are needed")
    if len(dual) != len(rows):
        raise CertificateError(f"covering program: {len(rows)} dual values are needed")
    # integer numerators over a denominator each: v = vs/v_unit, y = ys/y_unit, c = cs/c_unit
    (vs, v_unit), (ys, y_unit), (cs, c_unit) = map(_scaled, (primal, dual, costs))
    if min(vs, default=0) < 0:
        raise CertificateError("covering program: the primal solution has a negative entry")
    if min(ys, default=0) < 0:
        raise CertificateError("covering program: the dual solution has a negative entry")
    products = [sum(map(mul, vs, a)) for a in rows]
    if (least := min(products, default=v_unit)) < v_unit:
        a = tuple(rows[products.index(least)])
        raise CertificateError(
            f"covering program: <v, a> = {Fraction(least, v_unit)} < 1 at a = {a}"
        )
    columns = zip(*rows, strict=True) if rows else [()] * n
    used = [c_unit * sum(map(mul, ys, column)) for column in columns]
    slack = [y_unit * c - u for c, u in zip(cs, used, strict=True)]
    if (least := min(slack, default=0)) < 0:
        i = slack.index(least)
        raise CertificateError(f"covering program: the dual exceeds the cost of variable {i}")
    value = Fraction(sum(map(mul, cs, vs)), c_unit * v_unit)
    if (dual_value := Fraction(sum(ys), y_unit)) != value:
        raise CertificateError(
            f"covering program: primal value {value} and dual value {dual_value} differ"
        )
    needed = [a for a, y in zip(rows, ys, strict=True) if y]
    free = [i for i in range(n) if not slack[i]]
    tight = [a for a, p in zip(rows, products, strict=True) if p == v_unit]
    loose = [i for i in range(n) if vs[i]]
    dimension = _flat(needed, free)
    # by complementary slackness each needed one is tight: equal numbers are equal sets
    fewer = len(tight) != len(needed) or len(loose) != len(free)
    if fewer and (least := _flat(tight, loose)) != dimension:
        raise CertificateError(
            "covering program: the solutions are not strictly complementary, so the dimension "
            f"of the optimal face is not proved (between {least} and {dimension})"
        )
    return value, dimension


def _flat(rows: Sequence[Row], free: Sequence[int]) -> int:
    """The dimension of {v : ⟨v, a⟩ = 1 for the rows a, v_i = 0 where i is not free} ≠ ∅."""
    columns = list(zip(*rows, strict=True))
    left = list(zip(*(columns[i] for i in free), strict=True)) if rows else []
    independent = 0
    while left:
        # a row that has a column to itself is independent of the others
        own = [j for j, c in enumerate(zip(*left, strict=True)) if c.count(0) == len(left) - 1]
        rest = [row for row in left if not any(map(row.__getitem__, own))]
        if len(rest) == len(left):
            break
        independent, left = independent + len(left) - len(rest), rest
    return len(free) - independent - rank(left)


@dataclass(frozen=True)
class LinearSolution:
    """An optimal x >= 0 of a linear program, with its value."""

    value: Fraction
    x: tuple[Fraction, ...]


def solve_lp(objective: Row, rows: Sequence[Row], rhs: Row) -> LinearSolution | None:
    """Maximise ⟨objective, x⟩ over x ≥ 0 with rows · x = rhs; None if no x is feasible.

    Raises OutOfScope if the objective is unbounded. For free variables and inequalities, add
    columns.

    >>> solve_lp([1, 0, 0], [(1, 2, 0), (1, 0, 1)], [2, 1])
    LinearSolution(value=Fraction(1, 1), x=(Fraction(1, 1), Fraction(1, 2), Fraction(0, 1)))
    """
    n, m = len(objective), len(rows)
    table = []
    for i, (row, b) in enumerate(zip(rows, rhs, strict=True)):
        sign = -1 if b < 0 else 1
        # artificial columns n, …, n + m − 1 are the first basis
        line = [sign * Fraction(x) for x in row] + [Fraction(int(i == k)) for k in range(m)]
        table.append(_primitive([*line, sign * Fraction(b)]))
    tableau = _Tableau(table, [n + i for i in range(m)])
    tableau.maximise([0] * n + [-1] * m, range(n + m))
    if any(tableau.solution()[n:]):
        return None
    tableau.expel(range(n, n + m))
    tableau.maximise([*_primitive(objective), *([0] * m)], range(n))
    x = tuple(tableau.solution()[:n])
    return LinearSolution(_dot(objective, x), x)


def nullspace(rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
    """Integer vectors that span {x in Q^n : rows · x = 0}.

    >>> nullspace([(1, 1)], 2)
    [[1, -1]]
    """
    if not rows:
        return [_unit(i, n) for i in range(n)]
    matrix = flint.fmpz_mat([list(r) for r in rows])
    basis, nullity = matrix.nullspace()
    columns = basis.transpose().tolist()[:nullity]
    return [_primitive([Fraction(int(x)) for x in column]) for column in columns]


# -- the simplex ------------------------------------------------------------------------------


class _Tableau:
    """Integer rows [coefficients, right side]; a basic column is positive in one row, else 0."""

    def __init__(self, rows: list[list[int]], basis: list[int]) -> None:
        self.rows, self.basis = rows, basis
        self.columns = len(rows[0]) - 1 if rows else 0

    def solution(self) -> list[Fraction]:
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


def _packing_tableau(costs: Row, rows: Sequence[Row]) -> _Tableau:
    """The dual program A^T y + s = c as integer rows, with the slacks s as first basis."""
    n, m = len(costs), len(rows)
    table = [_primitive([*(a[i] for a in rows), *_unit(i, n), costs[i]]) for i in range(n)]
    return _Tableau(table, [m + i for i in range(n)])


def _minimal_rows(rows: Sequence[Row]) -> list[int]:
    """Indices of the rows that no other implies (a ≥ b makes a redundant)."""
    first: dict[tuple[Number, ...], int] = {}
    for i, a in enumerate(rows):
        first.setdefault(tuple(a), i)
    if len(first) > 200 and all(type(x) is int and x < 2**31 for a in first for x in a):
        return _minimal_integer_rows(first)
    kept: list[int] = []
    smaller: list[tuple[Number, ...]] = []  # those kept with a smaller sum
    level: list[tuple[Number, ...]] = []
    total: Number = -1
    for a in sorted(first, key=lambda a: (sum(a), a)):
        check_time()
        if sum(a) != total:
            total, smaller, level = sum(a), smaller + level, []
        if not any(all(x <= y for x, y in zip(b, a, strict=True)) for b in smaller):
            kept.append(first[a])
            level.append(a)
    return sorted(kept)


def _minimal_integer_rows(first: dict[tuple[Any, ...], int]) -> list[int]:
    """The same for many rows of integers: each kept row strikes out those above it, at once."""
    import numpy as np

    listed = sorted(first, key=lambda a: (sum(a), a))
    rows, places = np.array(listed, dtype=np.int64), np.array([first[a] for a in listed])
    kept = []
    while len(rows):
        kept.append(int(places[0]))
        left = (rows < rows[0]).any(axis=1)
        rows, places = rows[left], places[left]
    return sorted(kept)


def _require_covering(costs: Row, rows: Sequence[Row]) -> None:
    if any(c <= 0 for c in costs):
        raise BadInput(f"costs: positive numbers are needed, received {tuple(costs)}")
    if not rows:
        raise BadInput("rows: at least one constraint is needed")
    for a in rows:
        if len(a) != len(costs) or (a and min(a) < 0):
            raise BadInput(f"rows: {len(costs)} numbers >= 0 are needed, received {tuple(a)}")
        if not any(a):
            raise OutOfScope("covering program: the row 0 makes it infeasible")


def _primitive(row: Row) -> list[int]:
    """The positive multiple of a rational row that is a primitive integer row."""
    bottom = lcm(*(x.denominator for x in row))
    line = [x.numerator * (bottom // x.denominator) for x in row]
    g = gcd(*line)
    return [x // g for x in line] if g > 1 else line


def _scaled(row: Row) -> tuple[list[int], int]:
    """Integers, and the common denominator that makes a rational row of them."""
    pairs = [x.as_integer_ratio() for x in row]
    bottom = lcm(*[q for _, q in pairs])
    return [p if q == bottom else p * (bottom // q) for p, q in pairs], bottom


def _unit(i: int, n: int) -> list[int]:
    return [int(i == k) for k in range(n)]


def _dot(u: Row, v: Row) -> Fraction:
    return Fraction(sum(a * b for a, b in zip(u, v, strict=True) if a and b))
