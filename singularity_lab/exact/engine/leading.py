"""Generators replaced by their leading parts, where these generate what is left (Nakayama's lemma).

The leading part of a generator is its part of lowest degree in the local variables, after the terms
that are multiples of other leading monomials. What is left of a generator is a combination of the
leading parts g if it solves linear equations for the coefficients of the products q·g, q a
monomial: those products are listed that share a monomial with it, or with one another.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import flint

from singularity_lab.algebra.jacobians import determinant
from singularity_lab.exact.engine.germs import LOCAL, UNIT, Generator, GermMove, Germs, Poly, Term
from singularity_lab.exact.engine.limits import LEADING_MONOMIALS, LEADING_TURNS
from singularity_lab.exact.proof.moves import Nakayama
from singularity_lab.system.deadline import check_time

Part = Mapping[Term, flint.fmpq]
MatrixRow = dict[int, dict[Term, flint.fmpq]]  # by leading part: the coefficients of its cofactor


@dataclass
class _Parts:
    """The leading parts that may be used, without their monomial factors in unit variables, and
    their terms by the first variable of each."""

    g: Germs
    parts: dict[int, Part] = field(default_factory=dict)
    units: dict[int, Term] = field(default_factory=dict)
    rank: dict[int, int] = field(default_factory=dict)  # the order in which they were found
    alone: dict[int, list[tuple[dict[int, int], int]]] = field(default_factory=dict)
    among: dict[int, list[tuple[dict[int, int], int]]] = field(default_factory=dict)

    def add(self, i: int, part: Part) -> None:
        """The leading part of generator i."""
        unit: dict[int, int] = {}
        for n in {n for t in part for n, _ in t if self.g.role[n] == UNIT}:
            unit[n] = min(dict(t).get(n, 0) for t in part)
        self.units[i] = tuple(sorted((n, e) for n, e in unit.items() if e))
        if self.units[i]:
            part = {tuple((n, e - unit.get(n, 0)) for n, e in t if e > unit.get(n, 0)): c
                    for t, c in part.items()}  # fmt: skip
        self.parts[i] = part
        self.rank[i] = len(self.rank)
        listed = self.alone if len(part) == 1 else self.among
        for t in part:
            listed.setdefault(t[0][0] if t else -1, []).append((dict(t), i))

    def divisors(self, s: Term, alone: bool) -> Iterator[tuple[Term, int]]:
        """(s/t, i) for the terms t of leading parts i that divide s; alone: those of monomials."""
        listed, exponents = self.alone if alone else self.among, dict(s)
        for v in (-1, *exponents):
            for t, i in listed.get(v, ()):
                for n, e in t.items():
                    if exponents.get(n, 0) < e:
                        break
                else:
                    yield tuple([(n, e - t.get(n, 0)) for n, e in s if e != t.get(n, 0)]), i

    def rest(self, i: int) -> Part:
        """Generator i without its leading part."""
        lead = {_times(self.units[i], t) for t in self.parts[i]} if i in self.parts else set()
        return {t: c for t, c in self.g.gens[i].terms if t not in lead}

    def degree(self, t: Term) -> int:
        """The degree in the local variables."""
        return sum(e for n, e in t if self.g.role[n] == LOCAL)

    def usable(self, q: Term, j: int, i: int) -> bool:
        """Whether q·g_j may be in the row of generator i: the matrix of the rows is triangular on
        the stratum if cofactors of later parts vanish there."""
        later = i in self.rank and self.rank[j] >= self.rank[i]
        return not later or self.degree(q) > 0

    def row(self, i: int, rest: Part) -> MatrixRow | None:
        """The cofactors in rest = Σ c·g, None where there are none among the products listed."""
        found: MatrixRow = {}
        columns: dict[tuple[Term, int], int] = {}
        seen: dict[Term, int] = {}
        free: dict[Term, tuple[Term, int]] = {}  # monomials that a leading monomial takes away
        todo = list(rest)
        while todo:
            s = todo.pop()
            if s in seen or s in free:
                continue
            check_time()
            one = next((d for d in self.divisors(s, True) if self.usable(*d, i)), None)
            if one is not None:
                free[s] = one
                continue
            seen[s] = len(seen)
            new = [d for d in self.divisors(s, False) if self.usable(*d, i)]
            if not new and s in rest:
                return None
            for q, j in new:
                if (q, j) not in columns:
                    columns[q, j] = len(columns)
                    todo += [_times(q, t) for t in self.parts[j]]
            if len(seen) + len(columns) > LEADING_MONOMIALS:
                return None
        left = dict(rest)
        if seen:
            solution = self._solved(seen, columns, rest)
            if solution is None:
                return None
            for (q, j), c in solution.items():
                found.setdefault(j, {})[q] = c
                for t, b in self.parts[j].items():
                    s = _times(q, t)
                    left[s] = left.get(s, flint.fmpq(0)) - c * b
        for s, c in left.items():
            if c:
                q, j = free[s]
                (b,) = self.parts[j].values()
                cofactor = found.setdefault(j, {})
                cofactor[q] = cofactor.get(q, flint.fmpq(0)) + c / b
        return found

    def _solved(
        self, seen: Mapping[Term, int], columns: Mapping[tuple[Term, int], int], rest: Part
    ) -> dict[tuple[Term, int], flint.fmpq] | None:
        """A combination of the products that agrees with the rest in the monomials seen."""
        last = len(columns)
        matrix = flint.fmpq_mat(len(seen), last + 1)
        for (q, j), column in columns.items():
            for t, b in self.parts[j].items():
                place = seen.get(_times(q, t))
                if place is not None:
                    matrix[place, column] = b
        for s, place in seen.items():
            matrix[place, last] = rest.get(s, 0)
        reduced, rank = matrix.rref()
        solution, listed = {}, list(columns)
        for r in range(rank):
            pivot = next(n for n in range(last + 1) if reduced[r, n] != 0)
            if pivot == last:
                return None
            if reduced[r, last] != 0:
                solution[listed[pivot]] = reduced[r, last]
        return solution


def _times(q: Term, t: Term) -> Term:
    """The product of two monomials."""
    if not q or not t:
        return q or t
    exponents = dict(q)
    for n, e in t:
        exponents[n] = exponents.get(n, 0) + e
    return tuple(sorted(exponents.items()))


def leading_parts(g: Germs) -> GermMove | None:
    """The leading parts of the generators instead of these, where what is left of each is a
    combination of leading parts; other generators stay.

    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> germ = LocalProblem.build(["x^2 - y*z + x^3 - x*y*z", "y^3 + z^2*x^2 - y*z^3"]).localize()
    >>> found = leading_parts(Germs.of(germ))
    >>> print(*(f.poly for f in found[0].gens))
    x^2 - y*z y^3
    """
    parts = _Parts(g)
    mixed = any(len({parts.degree(t) for t, _ in f.terms}) > 1 for f in g.gens)
    if len(g.gens) < 2 or g.exponents or not mixed:
        return None
    _find(parts)
    good = set(parts.parts)
    for _ in range(LEADING_TURNS):
        rows: dict[int, MatrixRow | None] = {}
        for i in range(len(g.gens)):
            check_time()
            if i in good or i not in parts.parts:
                rows[i] = parts.row(i, parts.rest(i))
        bad = {i for i in good if rows[i] is None}
        if not bad:
            return _replaced(g, parts, good, rows)
        good -= bad
        kept, parts = parts, _Parts(g)
        for i, part in kept.parts.items():
            if i in good:
                parts.add(i, {_times(kept.units[i], t): c for t, c in part.items()})
    return None


def _find(parts: _Parts) -> None:
    """Enter the leading parts, those of low degree first; a generator whose terms are all multiples
    of leading monomials has none."""
    g = parts.g

    def lowest(i: int) -> tuple[int, Part]:
        rest = {t: c for t, c in g.gens[i].terms if next(parts.divisors(t, True), None) is None}
        low = min(map(parts.degree, rest), default=-1)
        return low, {t: c for t, c in rest.items() if parts.degree(t) == low}

    heap = [(min(parts.degree(t) for t, _ in f.terms), i) for i, f in enumerate(g.gens)]
    heapq.heapify(heap)
    while heap:
        check_time()
        degree, i = heapq.heappop(heap)
        low, part = lowest(i)
        if low > degree:
            heapq.heappush(heap, (low, i))
        elif part:
            parts.add(i, part)


def _replaced(
    g: Germs, parts: _Parts, good: set[int], rows: Mapping[int, MatrixRow | None]
) -> GermMove | None:
    """The family with the leading parts, and the step; None where nothing becomes simpler."""
    new: list[Generator] = []
    place: dict[int, int] = {}
    listed: list[dict[int, Poly]] = []
    for i, f in enumerate(g.gens):
        if i in good:
            place[i] = len(new)
            polys = {_exponent(g, t): c for t, c in parts.parts[i].items()}
            new.append(Generator(g.context.from_dict(polys)))
        elif rows.get(i) is None:
            place[i] = len(new)
            new.append(f)
    if sum(f.cost for f in new) >= g.cost:
        return None
    zero = g.context.constant(0)
    for i in range(len(g.gens)):
        row = {
            place[j]: g.context.from_dict({_exponent(g, q): c for q, c in cofactor.items()})
            for j, cofactor in (rows.get(i) or {}).items()
        }
        if i in place:
            unit = g.context.from_dict({_exponent(g, parts.units.get(i, ())): 1})
            row[place[i]] = row.get(place[i], zero) + unit
        listed.append(row)
    minor = tuple(sorted(place))
    matrix = [[g.at_stratum(listed[i].get(j, zero)) for j in range(len(new))] for i in minor]
    if not g.is_unit(determinant(matrix)):
        return None
    step = Nakayama(
        gens=tuple(str(f.poly) for f in new),
        rows=tuple(tuple((j, str(c)) for j, c in sorted(row.items())) for row in listed),
        minor=minor,
    )
    return g.but(gens=tuple(new)).normal(), step.encode()


def _exponent(g: Germs, t: Term) -> tuple[int, ...]:
    exponents = [0] * len(g.names)
    for n, e in t:
        exponents[n] = e
    return tuple(exponents)
