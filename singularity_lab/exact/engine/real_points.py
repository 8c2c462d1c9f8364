"""Real points of the strata of a domain, and proofs that there are none.

Equations in one variable are solved, other variables guessed; what is found is checked exactly, in
the field of its coordinates.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.algebraic import AlgebraicNumber, Number, real_roots
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.names import fresh
from singularity_lab.algebra.number_field import NumberField, coordinates
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.problem import RationalInterval as Ends
from singularity_lab.algebra.rings import fraction, ring, to_fmpq
from singularity_lab.algebra.univariate import Kind, univariate
from singularity_lab.errors import SingularityLabError
from singularity_lab.exact.engine.losses import sum_of_squares
from singularity_lab.exact.zeros.decide import no_common_zero
from singularity_lab.system.deadline import check_time
from singularity_lab.system.floats import approximate

Poly = flint.fmpq_mpoly
Quotient = tuple[Poly, Poly]
_TRIES = 400  # values of free variables in the search for a real point


@dataclass(frozen=True)
class Conditions:
    """What singles out a stratum: polynomials that are 0, and that are not; ``apart``: these, too,
    by the ends of intervals; quotients with their signs, and between two numbers."""

    zero: tuple[Poly, ...]
    units: tuple[Poly, ...]
    apart: tuple[Poly, ...]
    signs: tuple[tuple[Quotient, int], ...]
    between: tuple[tuple[Quotient, Fraction, Fraction], ...]


# -- strata without points -------------------------------------------------------------------------

_SIMPLE = 60  # terms of an equation that is solved for a variable


def is_empty(problem: LocalProblem, where: Conditions) -> bool:
    """Whether the equations of a stratum are proved to have no real solution off the zeros of its
    units."""
    names = problem.variables
    context = ring(names)

    def own(polys: Iterable[Poly]) -> list[Poly]:
        kept = (p for p in polys if set(_used(p)) <= set(names))
        return [p.project_to_context(context) for p in kept]

    gens = [g.flint for g in problem.ideal.generators]
    if problem.convention == "loss":
        squares = sum_of_squares(problem.ideal.generators[0], 0.2, matrix=False)
        gens = gens if squares is None else [q.flint for _, q in squares]
    eqs, units = own((*where.zero, *gens)), own((*where.units, *where.apart))
    for p in list(eqs):  # a sum of squares is 0 where each is
        squares = sum_of_squares(Polynomial(names, p), 0.1, matrix=False)
        eqs += [q.flint for _, q in squares or ()]
    over = dict(zip(names, problem.over or (), strict=True))
    domain: dict[str, Kind] = {}
    for i, n in enumerate(names):  # x = low + x' or high − x' with x' ≥ 0
        low, high = over[n]
        end = high if low is None else low
        if end is not None:
            x = context.gen(i)
            image = {i: (x if low is not None else -x) + to_fmpq(end)}
            eqs, units = ([maps.compose(p, image) for p in polys] for polys in (eqs, units))
        domain[n] = "real" if end is None else "nonnegative"
    for turn in range(2 * len(names)):
        check_time()
        eqs = [p for p in eqs if not p.is_zero()]
        if any(p.is_constant() for p in eqs) or any(u.is_zero() for u in units):
            return True
        solved = next((found for p in eqs if (found := _solved(p)) is not None), None)
        if (turn == 0 or solved is None) and _without_solution(eqs, units, domain):
            return True
        if solved is None:
            return False
        i, value = solved
        eqs, units = ([maps.compose(p, {i: value}) for p in polys] for polys in (eqs, units))
    return False


def _without_solution(
    eqs: Sequence[Poly], units: Sequence[Poly], domain: Mapping[str, Kind]
) -> bool:
    """Whether equations are proved to have no solution where the units are not 0."""
    if not eqs:
        return False
    names = tuple(eqs[0].context().names())
    used = {n for p in (*eqs, *units) for n in _used(p)}
    kinds: dict[str, Kind] = {n: domain[n] for n in names if n in used}
    inverse = fresh("s", names)
    kinds[inverse] = "real"
    wanted = tuple(kinds)
    product = parse("1", wanted)
    for u in units:
        product = product * Polynomial(names, u).in_ring(wanted)
    listed = [Polynomial(names, p).in_ring(wanted) for p in eqs]
    listed.append(parse(inverse, wanted) * product - 1)
    return isinstance(no_common_zero(listed, kinds, 0.2), dict)


def _solved(p: Poly) -> tuple[int, Poly] | None:
    """A variable as a polynomial in others, where p = 0 says so."""
    if len(p) > _SIMPLE:
        return None
    degrees = p.degrees()
    for i in sorted(maps.occurring(p)):
        parts = maps.coefficients(p, i)
        if len(p) == 1 and len(maps.occurring(p)) == 1:
            return i, p.context().constant(0)
        if degrees[i] == 1 and parts[1].is_constant():
            rest = parts.get(0, p.context().constant(0))
            return i, -rest / parts[1].leading_coefficient()
    return None


# -- a real point ---------------------------------------------------------------------------------


def real_point(
    problem: LocalProblem, where: Conditions, kept: list[dict[str, Number]]
) -> dict[str, Number] | None:
    """A real point of a stratum, rational if one is found soon; checked exactly. An irrational one
    is kept in the list at once, and returned after some more tries."""
    names = problem.variables
    over = dict(zip(names, problem.over or (), strict=True))
    tried = 0
    eqs = [p for p in where.zero if set(_used(p)) <= set(names)]
    own = [p.project_to_context(ring(names)) for p in eqs]
    gens = [_radical(g.flint) for g in problem.ideal.generators]
    eqs += [g for g in gens if not any(not p.is_constant() and (g % p).is_zero() for p in own)]
    for at in itertools.islice(_solutions(eqs, names, where.units, over), _TRIES):
        tried += 1
        if not _lies(problem, where, at):
            continue
        at = {n: at[n] for n in names}
        if all(isinstance(v, Fraction) for v in at.values()):
            return at
        kept.append(at)
        if tried > 60:
            break
    return next(iter(kept), None)


def _radical(p: Poly) -> Poly:
    """The product of the irreducible factors."""
    if p.is_constant():
        return p
    return prod((q for q, _ in factor(p)[1]), start=p.context().constant(1))


def _used(p: Poly) -> list[str]:
    names = p.context().names()
    return [names[i] for i in sorted(maps.occurring(p))]


_VALUES = [Fraction(v) for v in ("1", "2", "-1", "3", "1/2", "-2", "0", "-1/2", "5", "3/2", "-3")]


def _solutions(
    eqs: Sequence[Poly],
    names: tuple[str, ...],
    units: Sequence[Poly],
    over: Mapping[str, Ends],
) -> Iterator[dict[str, Number]]:
    """Points where the equations hold: those in one variable solved, other variables guessed."""

    def walk(eqs: list[Poly], at: dict[str, Number]) -> Iterator[dict[str, Number]]:
        check_time()
        eqs = [p for p in eqs if not p.is_zero()]
        if any(p.is_constant() for p in eqs):
            return
        left = [n for n in names if n not in at]
        if not left:
            yield at
            return
        single = min(
            (p for p in eqs if len(_used(p)) == 1), key=lambda p: p.total_degree(), default=None
        )
        if single is not None:
            (x,) = _used(single)
            for value in _real_zeros(single, x):
                yield from fix(eqs, at, x, value)
            return
        resultant = _eliminated(eqs, left)
        if resultant is not None:
            yield from walk([*eqs, resultant], at)
            return
        counts = {n: sum(p.degrees()[names.index(n)] for p in eqs) for n in left}
        free = [n for n in left if not counts[n]]
        x = free[0] if free else max(left, key=lambda n: counts[n])
        low, high = over[x]
        inside = [v for v in (low, high) if v is not None]
        if low is not None and high is not None:
            inside = [low + (high - low) * Fraction(k, 4) for k in (2, 3, 1)] + inside
        values = [
            v
            for v in (*_VALUES, *inside)
            if (low is None or v >= low) and (high is None or v <= high)
        ]
        for value in values:
            yield from fix(eqs, at, x, value)

    def fix(
        eqs: list[Poly], at: dict[str, Number], x: str, value: Number
    ) -> Iterator[dict[str, Number]]:
        i = names.index(x)
        if isinstance(value, Fraction):
            there = [_at(p, i, to_fmpq(value)) for p in eqs]
            if any(_at(u, i, to_fmpq(value)).is_zero() for u in units if len(_used(u)) == 1):
                return
            yield from walk(there, {**at, x: value})
            return
        # the others by elimination with the minimal polynomial; wrong choices are found out later
        minimal = Polynomial(names, _univariate(value, i, names)).flint
        there = [p if i not in maps.occurring(p) else p.resultant(minimal, x) for p in eqs]
        yield from walk([p for p in there if not p.is_zero()], {**at, x: value})

    context = ring(names)
    yield from walk([p.project_to_context(context) for p in eqs], {})


def _eliminated(eqs: Sequence[Poly], left: Sequence[str]) -> Poly | None:
    """The resultant of two equations in two variables, in one of them."""
    pairs = [p for p in eqs if len(_used(p)) == 2]
    for p, q in itertools.combinations(pairs, 2):
        if _used(p) == _used(q) and max(p.total_degree(), q.total_degree()) <= 8:
            for x in _used(p):
                found = p.resultant(q, x)
                if not found.is_zero():
                    return found
    return None


def _univariate(value: AlgebraicNumber, i: int, names: tuple[str, ...]) -> Poly:
    x = ring(names).gen(i)
    total = ring(names).constant(0)
    for e, c in enumerate(value.coefficients):
        total += c * x**e
    return total


def _at(p: Poly, i: int, value: flint.fmpq) -> Poly:
    return maps.compose(p, {i: p.context().constant(value)}) if i in maps.occurring(p) else p


def _real_zeros(p: Poly, x: str) -> list[Number]:
    found: list[Number] = []
    names = tuple(p.context().names())
    for q, _ in factor(p)[1]:
        dense = univariate(Polynomial(names, q), x)
        if dense.degree() == 1:
            found.append(fraction(-dense[0] / dense[1]))
        elif dense.degree() <= 12:
            found += real_roots(dense)
    return sorted(found, key=lambda v: (isinstance(v, AlgebraicNumber), -approximate(v)))


class _At:
    """Polynomials at a point, exactly: rational numbers, or those of the field of its coordinates;
    what speaks of the symbol of another field is not known here."""

    def __init__(self, at: Mapping[str, Number]) -> None:
        self.names = tuple(at)
        irrational = {n: v for n, v in at.items() if isinstance(v, AlgebraicNumber)}
        self.field: NumberField | None = None
        self.ring = self.names
        values: dict[str, Polynomial] = {}
        if irrational:
            self.ring = (*self.names, fresh("s", self.names))
            self.field, values = coordinates(irrational, self.ring)
        constant = ring(self.ring).constant
        self.images = {
            i: values[n].flint if n in values else constant(to_fmpq(fraction(v)))
            for i, (n, v) in enumerate(at.items())
        }

    def knows(self, *polys: Poly) -> bool:
        """Whether the polynomials are in the variables alone."""
        return all(set(_used(p)) <= set(self.names) for p in polys)

    def value(self, p: Poly) -> Poly:
        """The value, in the symbol of the field."""
        check_time()
        found = maps.compose(p.project_to_context(ring(self.ring)), self.images)
        return found if self.field is None else self.field.reduce(found)

    def sign(self, p: Poly) -> int:
        """The sign of the value."""
        value = self.value(p)
        if self.field is not None:
            return self.field.sign(value)
        rational = maps.constant_value(value)
        return int(rational > 0) - int(rational < 0)

    def number(self, p: Poly) -> float:
        """The value in floating point."""
        gamma = 0.0 if self.field is None else self.field.approximation
        terms = self.value(p).to_dict().items()
        return sum(approximate(fraction(c)) * (gamma ** int(a[-1]) if a else 1) for a, c in terms)


def _lies(problem: LocalProblem, where: Conditions, at: Mapping[str, Number]) -> bool:
    """Is the point on the stratum? Decided exactly; conditions with the symbol of a field are
    left to those that singled out the root."""
    for n, (low, high) in zip(problem.variables, problem.over or (), strict=True):
        if (low is not None and at[n] < low) or (high is not None and at[n] > high):
            return False
    try:
        there = _At({n: at[n] for n in problem.variables})
        gens = [g.flint for g in problem.ideal.generators]
        eqs = [p for p in (*where.zero, *gens) if there.knows(p) and not p.is_constant()]
        if any(not there.value(p).is_zero() for p in eqs):
            return False
        units = (p for p in (*where.units, *where.apart) if there.knows(p))
        if any(there.value(p).is_zero() for p in units):
            return False
        for (top, bottom), s in where.signs:
            if not there.knows(top, bottom) or there.sign(top * bottom) != s:
                return False
        for (top, bottom), low, high in where.between:
            if not there.knows(top, bottom) or there.value(bottom).is_zero():
                return False
            ratio = there.number(top) / (there.number(bottom) or 1e-300)
            if not approximate(low) <= ratio <= approximate(high):
                return False
    except SingularityLabError:
        return False
    return True
