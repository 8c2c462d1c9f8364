"""Large covering programs: HiGHS finds a basis in floating point, FLINT proves the optimum.

The simplex of HiGHS (Huangfu and Hall 2018) only says which columns and rows are basic. With them
the solution is that of one linear system over Q, which FLINT solves exactly, and every inequality
is then checked over Q: no float enters a result, and where the basis was wrong there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import flint

from singularity_lab.algebra.simplex import LinearRow, flat, scaled
from singularity_lab.system.deadline import check_time, time_left

_PRIME = 2**61 - 1
Column = dict[int, int]  # the entries of a column that are not 0, by row


class LinearProgram(NamedTuple):
    """Minimise ⟨costs, x⟩ with columns · x ≥ right, x ≥ 0, and some x ≤ 1, some rows equations."""

    costs: list[int]
    columns: list[Column]
    right: list[int]
    equations: frozenset[int] = frozenset()
    at_most_one: frozenset[int] = frozenset()


@dataclass(frozen=True)
class DualPair:
    """Vectors v and y for a covering program and its dual, and what they leave in each inequality.

    surplus: columns · v − right. slack: costs − y · columns.
    """

    v: list[Fraction]
    y: list[Fraction]
    surplus: list[Fraction]
    slack: list[Fraction]

    @classmethod
    def of(cls, program: LinearProgram, v: list[Fraction], y: list[Fraction]) -> DualPair:
        whole, unit = scaled(v)
        total = [-b * unit for b in program.right]
        for column, x in zip(program.columns, whole, strict=True):
            if x:
                for j, entry in column.items():
                    total[j] += entry * x
        surplus = [Fraction(t, unit) for t in total]
        check_time()
        used = _dual_products(program.columns, y)
        return cls(v, y, surplus, [c - u for c, u in zip(program.costs, used, strict=True)])

    def optimal(self) -> bool:
        """True if both are feasible and complementary, which proves both to be optimal."""
        pairs = [*zip(self.v, self.slack, strict=True), *zip(self.y, self.surplus, strict=True)]
        return all(a >= 0 and b >= 0 and not (a and b) for a, b in pairs)

    @property
    def open(self) -> int:
        """How many inequalities are tight on both sides."""
        pairs = [*zip(self.v, self.slack, strict=True), *zip(self.y, self.surplus, strict=True)]
        return sum(not a and not b for a, b in pairs)

    def face_dimension(self, rows: Sequence[LinearRow]) -> int | None:
        """The dimension of the face of all optimal v, if what y keeps tight on it has the rank of
        all that is tight at v; else None."""
        free = [i for i, s in enumerate(self.slack) if not s]
        loose = [i for i, x in enumerate(self.v) if x]
        needed = [a for a, y in zip(rows, self.y, strict=True) if y]
        tight = [a for a, s in zip(rows, self.surplus, strict=True) if not s]
        dimension = flat(needed, free)
        same = (len(free), len(needed)) == (len(loose), len(tight))
        return dimension if same or dimension == flat(tight, loose) else None


def guided_covering(
    costs: LinearRow, rows: Sequence[LinearRow]
) -> tuple[list[Fraction], list[Fraction], int] | None:
    """Optimal solutions of a covering program and of its dual, with the dimension of the face of
    all optimal solutions, which they prove; None where HiGHS does not find them.

    Where a vertex and a dual vertex do not prove the dimension, further programs move them towards
    a strictly complementary pair (Freund, Roundy and Todd 1985), as far as the proof needs.

    >>> v, y, dimension = guided_covering([1, 1], [(2, 0), (0, 3)])
    >>> v == y == [Fraction(1, 2), Fraction(1, 3)], dimension
    (True, 0)
    >>> guided_covering([1, 1], [(1, 1)])[2]
    1
    """
    whole_costs, unit = scaled(costs)
    lines = [scaled([*a, 1])[0] for a in rows]  # integers; the last one is the right side
    columns: list[Column] = [{} for _ in costs]
    for j, line in enumerate(lines):
        check_time()
        for i, x in enumerate(line[:-1]):
            if x:
                columns[i][j] = x
    program = LinearProgram(whole_costs, columns, [line[-1] for line in lines])
    found = basic_solution(program)
    if found is None:
        return None
    pair = DualPair.of(program, *found)
    if not pair.optimal():
        return None
    dimension = pair.face_dimension(rows)
    while dimension is None:
        shifted = _shifted(program, pair)
        if shifted is None or not shifted.optimal() or shifted.open >= pair.open:
            return None
        pair, dimension = shifted, shifted.face_dimension(rows)
    y = [b * value / unit for b, value in zip(program.right, pair.y, strict=True)]
    return pair.v, y, dimension


def _shifted(program: LinearProgram, pair: DualPair) -> DualPair | None:
    """A pair of optima that is strictly complementary, if the floats are right, at more places.

    Over the cone of the optimal face, {(v, τ): A v ≥ τ b, equal where y > 0; v = 0 where there is
    slack; τ ≥ 1}, maximise the sum of undecided v_i and surpluses, of each no more than 1. What
    stays 0 is 0 on the whole face, and there the dual of this program is at least 1.
    """
    columns, right = program.columns, program.right
    free = [i for i, s in enumerate(pair.slack) if not s]
    undecided, tight = _independent(program, pair, free)
    counted = len(undecided) + len(tight)
    second = LinearProgram(
        [0] * (len(free) + 1) + [-1] * counted,
        [
            *(columns[i] for i in free),
            {j: -b for j, b in enumerate(right)},  # τ − 1
            *(columns[i] for i in undecided),
            *({j: -1} for j in tight),
        ],
        right,
        frozenset(j for j, y in enumerate(pair.y) if y),
        frozenset(range(len(free) + 1, len(free) + 1 + counted)),
    )
    found = basic_solution(second)
    if found is None:
        return None
    x, tilt = found
    tau = 1 + x[len(free)]
    if tau < 1:
        return None
    inner = [Fraction(0)] * len(pair.v)
    for k, i in enumerate(free):
        inner[i] += x[k]
    for k, i in enumerate(undecided, len(free) + 1):
        inner[i] += x[k]
    v = [(a + b / tau) / 2 for a, b in zip(pair.v, inner, strict=True)]
    # at most half the way along which nothing positive becomes 0
    moves = [(y, -t) for y, t in zip(pair.y, tilt, strict=True)]
    moves += zip(pair.slack, _dual_products(columns, tilt), strict=True)
    way = min((a / fall for a, fall in moves if a and fall > 0), default=Fraction(1))
    step = Fraction(1, 2 * -(-way.denominator // way.numerator))  # short, for short numbers
    return DualPair.of(program, v, [y + step * t for y, t in zip(pair.y, tilt, strict=True)])


def _independent(
    program: LinearProgram, pair: DualPair, free: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Coordinates and rows that are tight on both sides and give those which y keeps tight, all
    together, the rank of all that is tight at v. Modulo a prime, since they are only proposed."""
    needed = [j for j, y in enumerate(pair.y) if y]
    undecided = [i for i in free if not pair.v[i]]
    tight = [j for j, s in enumerate(pair.surplus) if not s and not pair.y[j]]
    place = {j: k for k, j in enumerate([*needed, *tight])}
    matrix = flint.nmod_mat(len(free), len(place) + len(undecided), _PRIME)
    position = {i: k for k, i in enumerate(undecided, len(needed))}
    for row, i in enumerate(free):
        check_time()
        for j, entry in program.columns[i].items():
            if (k := place.get(j)) is not None:
                matrix[row, k if k < len(needed) else k + len(undecided)] = entry % _PRIME
        if i in position:
            matrix[row, position[i]] = 1
    reduced, rank = matrix.rref()
    pivots, k = [], 0
    for row in range(rank):
        while not int(reduced[row, k]):
            k += 1
        pivots.append(k)
    end = len(needed) + len(undecided)
    return (
        [undecided[k - len(needed)] for k in pivots if len(needed) <= k < end],
        [tight[k - end] for k in pivots if k >= end],
    )


def basic_solution(program: LinearProgram) -> tuple[list[Fraction], list[Fraction]] | None:
    """The exact primal and dual solution at the basis where HiGHS ends; None if it finds none, or
    a basis that is singular. Nothing is checked: neither is feasible if the basis is wrong."""
    basis = _float_basis(program)
    if basis is None:
        return None
    basic, upper, tight = basis
    if len(basic) != len(tight):
        return None
    place = {j: k for k, j in enumerate(tight)}
    size = len(tight)
    x = [Fraction(0)] * len(program.columns)
    right = list(program.right)
    for i in upper:
        x[i] = Fraction(1)
        for j, entry in program.columns[i].items():
            right[j] -= entry
    y = [Fraction(0)] * len(right)
    if size:
        matrix = flint.fmpz_mat(size, size)
        for k, i in enumerate(basic):
            for j, entry in program.columns[i].items():
                if j in place:
                    matrix[place[j], k] = entry
        check_time(_solving_time(size))
        try:
            primal = matrix.solve(flint.fmpz_mat(size, 1, [right[j] for j in tight]))
            check_time(_solving_time(size))
            costs = flint.fmpz_mat(size, 1, [program.costs[i] for i in basic])
            dual = matrix.transpose().solve(costs)
        except ZeroDivisionError:
            return None
        for i, value in zip(basic, _fractions(primal.entries()), strict=True):
            x[i] = value
        for j, value in zip(tight, _fractions(dual.entries()), strict=True):
            y[j] = value
    return x, y


def _float_basis(program: LinearProgram) -> tuple[list[int], list[int], list[int]] | None:
    """By HiGHS, in floats: the basic columns, those at their bound 1, and the rows at theirs."""
    import highspy
    import numpy as np

    n, m = len(program.columns), len(program.right)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n, m
    try:
        values = [float(x) for column in program.columns for x in column.values()]
        lp.col_cost_ = np.array(program.costs, dtype=float)
        lower = np.array(program.right, dtype=float)
    except OverflowError:
        return None
    upper = np.full(m, highspy.kHighsInf)
    equations = sorted(program.equations)
    upper[equations] = lower[equations]
    bounds = np.full(n, highspy.kHighsInf)
    bounds[sorted(program.at_most_one)] = 1
    lp.row_lower_, lp.row_upper_ = lower, upper
    lp.col_lower_, lp.col_upper_ = np.zeros(n), bounds
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.cumsum([0, *map(len, program.columns)], dtype=np.int32)
    lp.a_matrix_.index_ = np.array([j for c in program.columns for j in c], dtype=np.int32)
    lp.a_matrix_.value_ = np.array(values)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    for option, value in (("threads", 1), ("parallel", "off"), ("solver", "simplex")):
        solver.setOptionValue(option, value)
    check_time()
    if (left := time_left()) < float("inf"):
        solver.setOptionValue("time_limit", left)
    if solver.passModel(lp) == highspy.HighsStatus.kError:  # entries beyond 10^15, for instance
        return None
    solver.run()
    check_time()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    basis = solver.getBasis()
    status = highspy.HighsBasisStatus
    columns, rows = list(basis.col_status), list(basis.row_status)
    return (
        [i for i, s in enumerate(columns) if s == status.kBasic],
        [i for i, s in enumerate(columns) if s == status.kUpper],
        [j for j, s in enumerate(rows) if s != status.kBasic],
    )


def _solving_time(size: int) -> float:
    """CPU seconds, about, for one exact linear system (measured)."""
    return 1e-8 * size**3


def _fractions(entries: Iterable[flint.fmpq]) -> list[Fraction]:
    return [Fraction(int(q.p), int(q.q)) for q in entries]


def _dual_products(columns: Sequence[Column], y: Sequence[Fraction]) -> list[Fraction]:
    """y · columns."""
    whole, unit = scaled(y)
    return [Fraction(sum(x * whole[j] for j, x in c.items()), unit) for c in columns]
