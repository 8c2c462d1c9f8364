"""Rules that lead to one simpler family: the slice of a product, and the squares of a sum."""

from __future__ import annotations

import random
from fractions import Fraction

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.rings import fraction
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.engine.limits import (
    LEADING_TERMS,
    SQUARES_PATIENCE,
    SQUARES_POINTS,
    SQUARES_TERMS,
)
from singularity_lab.exact.engine.losses import squares_of
from singularity_lab.exact.engine.outcome import SearchOutcome
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.engine.slices import slice_germ
from singularity_lab.exact.proof.branches import Squares
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.system.deadline import TimeLimit

Poly = flint.fmpq_mpoly


def slice_of_product(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """The slice of a germ that is a product along a vector field."""
    found = slice_germ(g, 1 if g.params else 2)
    if found is None:
        return None
    return search.solve(found[0], target, fuel).after(found[1])


def completed_squares(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """The ideal of the squares of which each generator is seen to be the sum, with twice the λ."""
    return _as_squares(search, g, target, fuel, matrix=False)


def sum_of_squares(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """The same where the squares come from a Gram matrix."""
    return _as_squares(search, g, target, fuel, matrix=True)


def _as_squares(
    search: Search, g: Germs, target: RLCT | None, fuel: int, *, matrix: bool
) -> SearchOutcome | None:
    if g.field is not None or any(e % 2 for e in g.k.values()):
        return None
    if any(len(f.poly) > SQUARES_TERMS or not may_be_definite(g, f) for f in g.gens):
        return None
    moves: list[Script] = []
    listed: list[list[tuple[Fraction, Poly]]] = []
    for j in range(len(g.gens)):
        found = definite_generator(search, g, j, matrix)
        if found is None:
            return None
        g, more, squares = found
        moves += more
        listed.append(squares)
    if all(len(squares) == 1 for squares in listed):
        return None  # powers, which other rules treat as such
    step = Squares(
        squares=tuple(tuple((str(c), str(q)) for c, q in squares) for squares in listed)
    ).encode()
    inner = g.but(
        gens=tuple(Generator(q) for squares in listed for _, q in squares),
        k={i: e // 2 for i, e in g.k.items()},
    )
    doubled = target and RLCT(2 * target.value, target.multiplicity)
    floor, search.floor = search.floor, None
    found_inside = search.solve(inner.normal(), doubled, fuel)
    search.floor = floor
    lower, upper = (
        v and RLCT(v.value / 2, v.multiplicity) for v in (found_inside.lower, found_inside.upper)
    )
    step = {**step, "cases": [found_inside.step]}
    whole = SearchOutcome(lower, upper, step, found_inside.empty, found_inside.open)
    return whole.after(*moves)


def may_be_definite(g: Germs, f: Generator) -> bool:
    """True if f takes no two signs at points near 0 and far from it."""
    if len(f.poly) < 2:
        return len(f.poly) == 1 and not any(e % 2 for e in f.content.values())
    dice, signs = random.Random(len(f.poly)), set[bool]()
    used = sorted(f.occurs)
    for n in range(SQUARES_POINTS):
        size = (1, 4, 16)[n % 3]
        at: dict[str | int, flint.fmpq] = {
            i: flint.fmpq(dice.randint(0 if i in g.positive else -32, 32), 8 * size) for i in used
        }
        value = f.poly.subs(dict(at))
        if not value.is_zero():
            signs.add(bool(value.leading_coefficient() > 0))
        if len(signs) > 1:
            return False
    return True


def definite_generator(
    search: Search, g: Germs, j: int, matrix: bool
) -> tuple[Germs, list[Script], list[tuple[Fraction, Poly]]] | None:
    """The family with generator j times a unit that makes it ± a sum of squares, the moves, and the
    weighted squares; None where none is found."""
    f = g.gens[j].poly
    sign = 1 if _positive(f) else -1
    with TimeLimit(min(SQUARES_PATIENCE, search.patience)):
        plain = squares_of(f * sign, matrix)
        if plain is not None:
            return g, [], [(sign * c, q) for c, q in plain]
    for i in sorted(g.gens[j].occurs):
        parts = maps.coefficients(f * sign, i)
        if set(parts) - {0, 1, 2} or 2 not in parts or parts[2].is_constant():
            continue
        a, zero = parts[2], g.context.constant(0)
        if len(a) > LEADING_TERMS or not _positive(a):
            continue
        with TimeLimit(min(SQUARES_PATIENCE, search.patience)):
            moved, moves = g, list[Script]()
            if not g.is_unit(a):
                evidence = g.no_common_zero([a], search.patience)
                if not isinstance(evidence, dict):
                    continue
                moved, step = g.assume_unit(a, evidence)
                moves.append(step)
            b, c = parts.get(1, zero), parts.get(0, zero)
            rest = 4 * a * c - b * b
            squares = [] if rest.is_zero() else squares_of(rest, matrix)
            if squares is None:
                continue
            moved, step = moved.generators([["mul", j, 4 * a]])
            whole = [(Fraction(1), 2 * a * g.variables[i] + b), *squares]
            if moved.gens[j].poly != f * 4 * a:  # a factor has gone into the monomial
                continue
            return moved, [*moves, step], [(sign * w, q) for w, q in whole]
    return None


def _positive(f: Poly) -> bool:
    """The sign of f at a point where it is not 0."""
    dice = random.Random(7)
    while True:
        at: dict[str | int, flint.fmpq] = {
            i: flint.fmpq(dice.randint(1, 16), 8) for i in maps.occurring(f)
        }
        value = f.subs(dict(at)) if at else f
        if not value.is_zero():
            return bool(fraction(value.leading_coefficient()) > 0)
