"""Exact linear algebra and linear programming over Q: the duality theorem is the certificate.

The threshold of a monomial ideal is a covering program (Howald 2001; Lin 2011): minimise ⟨c, v⟩
over v ≥ 0 with ⟨v, a⟩ ≥ 1 for every row a. A feasible v and a feasible y of the dual (maximise Σ y,
A^T y ≤ c, y ≥ 0) with ⟨c, v⟩ = Σ y prove each other optimal; when v and y are strictly
complementary (Goldman and Tucker 1956) they also prove the dimension of the optimal face.
:func:`covering_lp` finds such a pair, :func:`check_covering` only checks it.

The method is the tableau simplex on integer rows, each kept primitive, with Dantzig's rule, and
with Bland's rule (1977) while the objective stands still, so that it cannot cycle. Of large
programs HiGHS guesses the basis first, see :mod:`singularity_lab.algebra.highs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress, count
from operator import mul
from typing import Any

import flint

from singularity_lab.algebra.highs import guided_covering
from singularity_lab.algebra.simplex import (
    LinearRow,
    Number,
    Tableau,
    flat,
    packing_tableau,
    primitive,
    rank,
    scaled,
    unit_vector,
)
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.system.deadline import check_time

_LARGE = 4_000  # entries of a program that is solved by parts
_MANY = 12  # variables of a part from which a basis of HiGHS is faster than the exact simplex


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


def covering_lp(costs: LinearRow, rows: Sequence[LinearRow]) -> CoveringSolution:
    """Minimise ⟨c, v⟩ over v ≥ 0 with ⟨v, a⟩ ≥ 1 for every row a; costs c > 0, rows a ≥ 0.

    v is in the relative interior of the optimal face: ⟨v, a⟩ > 1 wherever every optimal dual
    solution has y_a = 0, and v_i > 0 wherever each has no slack at i. y proves the dimension of the
    face: it is strictly complementary to v, or the rows and slacks in its support have the rank of
    all that are tight. Rows implied by other rows are left out (y_a = 0). Large programs are split
    into those of separate variables; of these HiGHS guesses the basis, or rows are taken in as they
    are violated. Raises OutOfScope if a row is 0 (no v is feasible), BadInput if a sign rule is
    broken.

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


def _covering(costs: LinearRow, rows: Sequence[LinearRow]) -> CoveringSolution:
    """:func:`covering_lp` by one tableau."""
    kept = _minimal_rows(rows)
    tableau = packing_tableau(costs, [rows[i] for i in kept])
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
    tight = [primitive(rows[i]) for i, y in zip(kept, average[:m], strict=True) if y > 0]
    tight += [unit_vector(i, n) for i in range(n) if average[m + i] > 0]
    value = sum((Fraction(c) * v for c, v in zip(costs, primal, strict=True)), Fraction(0))
    return CoveringSolution(value, primal, tuple(dual), n - rank(tight))


def _shows_dimension(
    costs: LinearRow, rows: Sequence[LinearRow], v: LinearRow, total: LinearRow
) -> bool:
    """True if the rows and slacks in the support of a dual solution have the rank of all that are
    tight at v, so that v is in the relative interior of the optimal face."""
    n, m = len(costs), len(rows)
    needed = [a for a, y in zip(rows, total, strict=False) if y]
    free = [i for i in range(n) if not total[m + i]]
    whole, unit = scaled(v[:n])
    tight = [a for a in rows if sum(map(mul, whole, a)) == unit]
    loose = [i for i in range(n) if whole[i]]
    return flat(tight, loose) == flat(needed, free)


def _large_covering(costs: LinearRow, rows: Sequence[LinearRow]) -> CoveringSolution:
    """:func:`covering_lp` by parts: programs in separate variables, and in each of them the rows
    that the optimum of the others violates, as long as there are any."""
    primal = [Fraction(0)] * len(costs)
    dual = [Fraction(0)] * len(rows)
    value, dimension = Fraction(0), 0
    for places, members in _components(rows):
        part_costs = [costs[i] for i in places]
        part_rows = [tuple(rows[j][i] for i in places) for j in members]
        if len(places) == 1:
            part = _in_one_variable(part_costs[0], [a for (a,) in part_rows])
        else:
            part = _by_basis(part_costs, part_rows) or _by_violated_rows(part_costs, part_rows)
        for i, v in zip(places, part.primal, strict=True):
            primal[i] = v
        for j, y in zip(members, part.dual, strict=True):
            dual[j] = y
        value, dimension = value + part.value, dimension + part.face_dimension
    return CoveringSolution(value, tuple(primal), tuple(dual), dimension)


def _in_one_variable(cost: Number, row: Sequence[Number]) -> CoveringSolution:
    """The solution for one variable: v = 1/a at the least a, which alone is paid for."""
    least = min(row)
    dual = [Fraction(0)] * len(row)
    dual[row.index(least)] = Fraction(cost) / least
    v = 1 / Fraction(least)
    return CoveringSolution(cost * v, (v,), tuple(dual), 0)


def _components(rows: Sequence[LinearRow]) -> list[tuple[list[int], list[int]]]:
    """Variables that rows join, with these rows: (places, indices of rows), in order."""
    root: dict[int, int] = {}

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    supports = [list(compress(count(), a)) for a in rows]
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


def _by_basis(costs: LinearRow, rows: Sequence[LinearRow]) -> CoveringSolution | None:
    """The proved solution at a basis that HiGHS guessed, in many variables; or None."""
    if len(costs) < _MANY or len(costs) * len(rows) <= _LARGE:
        return None
    kept = _minimal_rows(rows)
    found = guided_covering(costs, [rows[j] for j in kept])
    if found is None:
        return None
    primal, packed, dimension = found
    dual = [Fraction(0)] * len(rows)
    for j, y in zip(kept, packed, strict=True):
        dual[j] = y
    return CoveringSolution(_dot(costs, primal), tuple(primal), tuple(dual), dimension)


def _by_violated_rows(costs: LinearRow, rows: Sequence[LinearRow]) -> CoveringSolution:
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
        whole, unit = scaled(part.primal)
        products = [sum(map(mul, whole, a)) for a in rows]
        wrong = sorted((j for j, p in enumerate(products) if p < unit), key=products.__getitem__)
        if not wrong:
            # without new rows: those that the optimal face of the few does not keep tight
            tight = [j for j, p in enumerate(products) if p == unit]
            loose = [i for i in range(n) if whole[i]]
            if flat([rows[j] for j in tight], loose) == part.face_dimension:
                break
            wrong = [j for j in tight if j not in active]
        active.update(dict.fromkeys(wrong[: n + 5]))
    dual = [Fraction(0)] * len(rows)
    for j, y in zip(chosen, part.dual, strict=True):
        dual[j] = y
    return CoveringSolution(part.value, part.primal, tuple(dual), part.face_dimension)


def covering_value(costs: LinearRow, rows: Sequence[LinearRow]) -> Fraction:
    """The optimum of :func:`covering_lp` alone, which costs less.

    >>> covering_value([1, 1], [(2, 0), (0, 3)])
    Fraction(5, 6)
    """
    _require_covering(costs, rows)
    if len(costs) * len(rows) > _LARGE:
        return _large_covering(costs, rows).value
    kept = _minimal_rows(rows)
    tableau = packing_tableau(costs, [rows[i] for i in kept])
    m = len(kept)
    tableau.maximise([1] * m + [0] * len(costs), range(m + len(costs)))
    return sum(tableau.solution()[:m], Fraction(0))


@dataclass(frozen=True)
class LinearSolution:
    """An optimal x >= 0 of a linear program, with its value."""

    value: Fraction
    x: tuple[Fraction, ...]


def solve_lp(
    objective: LinearRow, rows: Sequence[LinearRow], rhs: LinearRow
) -> LinearSolution | None:
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
        table.append(primitive([*line, sign * Fraction(b)]))
    tableau = Tableau(table, [n + i for i in range(m)])
    tableau.maximise([0] * n + [-1] * m, range(n + m))
    if any(tableau.solution()[n:]):
        return None
    tableau.expel(range(n, n + m))
    tableau.maximise([*primitive(objective), *([0] * m)], range(n))
    x = tuple(tableau.solution()[:n])
    return LinearSolution(_dot(objective, x), x)


def nullspace(rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
    """Integer vectors that span {x in Q^n : rows · x = 0}.

    >>> nullspace([(1, 1)], 2)
    [[1, -1]]
    """
    if not rows:
        return [unit_vector(i, n) for i in range(n)]
    matrix = flint.fmpz_mat([list(r) for r in rows])
    basis, nullity = matrix.nullspace()
    columns = basis.transpose().tolist()[:nullity]
    return [primitive([Fraction(int(x)) for x in column]) for column in columns]


# -- the simplex ------------------------------------------------------------------------------


def _minimal_rows(rows: Sequence[LinearRow]) -> list[int]:
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


def _require_covering(costs: LinearRow, rows: Sequence[LinearRow]) -> None:
    if any(c <= 0 for c in costs):
        raise BadInput(f"costs: positive numbers are needed, received {tuple(costs)}")
    if not rows:
        raise BadInput("rows: at least one constraint is needed")
    for a in rows:
        if len(a) != len(costs) or (a and min(a) < 0):
            raise BadInput(f"rows: {len(costs)} numbers >= 0 are needed, received {tuple(a)}")
        if not any(a):
            raise OutOfScope("covering program: the row 0 makes it infeasible")


def _dot(u: LinearRow, v: LinearRow) -> Fraction:
    return Fraction(sum(a * b for a, b in zip(u, v, strict=True) if a and b))
