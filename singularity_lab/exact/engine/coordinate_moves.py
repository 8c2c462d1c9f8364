"""Moves to other coordinates, in which generators become variables or shorter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from singularity_lab.algebra.factoring import factor
from singularity_lab.exact.engine.generator_moves import (
    reduce_by_each_other,
    reduce_by_monomials,
    strip_units,
)
from singularity_lab.exact.engine.germs import (
    LOCAL,
    UNIT,
    Generator,
    GermMove,
    GermMoves,
    Germs,
    Poly,
)
from singularity_lab.exact.proof.slices import Functions
from singularity_lab.system.deadline import check_time

_TERM_LIMIT = 4000
_FEW, _FACTORED, _WIDE = 3, 120, 6  # generators whose factors are looked at, terms and variables


def eliminate(g: Germs) -> GermMove | None:
    """A generator that is linear with unit coefficient in a free local variable becomes that
    variable."""
    best: tuple[Any, ...] | None = None
    for f in g.gens:
        if len(f.poly) == 1:
            continue
        count = Counter(i for t, _ in f.terms for i, e in t)
        for i in f.occurs:
            if g.role[i] != LOCAL or not g.is_free(i) or f.poly.degrees()[i] != 1:
                continue
            if count[i] == 1:
                term = next(t for t, _ in f.terms if (i, 1) in t)
                others = [j for j, _ in term if j != i]
                if any(g.role[j] != UNIT for j in others):
                    continue
            elif not any(
                len(t) == 1 or all(g.role[j] != LOCAL for j, _ in t if j != i)
                for t, _ in f.terms
                if (i, 1) in t
            ):
                continue
            parts = g.coefficients(f, i)
            c, r = parts[1], parts.get(0, g.context.constant(0))
            if not g.is_unit(c) or not g.at_stratum(r).is_zero():
                continue
            elsewhere = sum(
                1 for h in g.gens if h is not f for t, _ in h.terms if any(v == i for v, _ in t)
            )
            score = (not c.is_constant(), len(r) * elsewhere, len(r), i)
            if best is None or score < best[0]:
                best = (score, i, c, r)
    if best is None:
        return None
    _, i, c, r = best
    moved, step = g.change(i, g.variables[i] - r, c)
    if sum(len(f.poly) for f in moved.gens) > _TERM_LIMIT:
        return None
    return moved, step


def straighten(g: Germs) -> GermMove | None:
    """A generator m·(c·x + r), m a monomial and c a unit, becomes m·x, where all other terms with x
    are multiples of m and so can be reduced by it."""
    best: tuple[Any, ...] | None = None
    for f in g.gens:
        m = f.content
        if len(f.poly) == 1 or not m:
            continue
        primitive = Generator(f.poly / g.monomial(m))
        degrees = primitive.poly.degrees()
        for i in primitive.occurs:
            if g.role[i] != LOCAL or not g.is_free(i) or degrees[i] != 1 or i in m:
                continue
            others = (dict(t) for h in g.gens if h is not f for t, _ in h.terms)
            if any(i in t and any(t.get(j, 0) < e for j, e in m.items()) for t in others):
                continue
            parts = g.coefficients(primitive, i)
            c, r = parts[1], parts.get(0, g.context.constant(0))
            if not g.is_unit(c) or not g.at_stratum(r).is_zero():
                continue
            score = (not c.is_constant(), len(r), i)
            if best is None or score < best[0]:
                best = (score, i, c, r)
    if best is None:
        return None
    _, i, c, r = best
    moved, step = g.change(i, g.variables[i] - r, c)
    return (moved, step) if sum(len(f.poly) for f in moved.gens) <= _TERM_LIMIT else None


def smooth_coordinate(g: Germs) -> GermMove | None:
    """A generator that is smooth in a free local variable of its own becomes that variable."""
    for j, f in enumerate(g.gens):
        if len(f.poly) == 1:
            continue
        for i in f.occurs:
            if g.role[i] != LOCAL or not g.is_free(i):
                continue
            if not any(
                all(v == i or g.role[v] != LOCAL for v, _ in t) and (i, 1) in t for t, _ in f.terms
            ):
                continue
            if any(i in other.occurs for n, other in enumerate(g.gens) if n != j):
                continue
            if g.at_stratum(f.poly).is_zero() and g.is_unit(f.poly.derivative(i)):
                return g.coordinate(j, i)
    return None


def smooth_factor(g: Germs) -> GermMoves | None:
    """A factor of a generator that is smooth, and linear with unit coefficient in a free local
    variable, becomes that variable, where it comes with a power or beside other factors."""
    if len(g.gens) > _FEW or all(len(f.poly) == 1 for f in g.gens):
        return None
    if any(len(f.poly) > _FACTORED or len(f.occurs) > _WIDE for f in g.gens):
        return None
    best: tuple[Any, ...] | None = None
    for f in g.gens:
        if len(f.poly) < 3 or f.cost <= 2:
            continue
        parts = [(p, e) for p, e in f.factors if len(p) > 1]
        if sum(e for _, e in parts) < 2:  # a generator as a whole is another move's
            continue
        for p, _ in parts:
            for i, c, r in _linear_in(g, Generator(p)):
                moved, step = g.change(i, g.variables[i] - r, c)
                stripped = None if c.is_constant() else strip_units(moved)
                steps = [step]
                if stripped is not None:
                    moved, step = stripped
                    steps.append(step)
                size = (moved.cost, sum(len(h.poly) for h in moved.gens), i)
                if moved.cost < g.cost and (best is None or size < best[0]):
                    best = (size, moved, steps)
    if best is not None:
        return best[1], best[2]
    return next(_curved_factors(g), None)


def _curved_factors(g: Germs) -> Iterator[GermMoves]:
    """The same for a factor that is not linear, where all else is free of the variable."""
    for j, f in enumerate(g.gens):
        if len(f.poly) < 3:
            continue
        for p, e in f.factors:
            if len(p) < 3 or not g.at_stratum(p).is_zero():
                continue
            rest = f.poly / p**e
            others = Generator(rest).occurs.union(*(h.occurs for h in g.gens if h is not f))
            for i in sorted(Generator(p).occurs - others - {g.symbol}):
                if g.role[i] != LOCAL or not g.is_free(i) or not g.is_unit(p.derivative(i)):
                    continue
                gens = [h.poly for h in g.gens]
                gens[j] = rest * g.variables[i] ** e
                moved = g.but(gens=tuple(map(Generator, gens))).normal()
                if moved.cost < g.cost:
                    functions = {g.names[i]: str(p)}
                    yield (
                        moved,
                        [Functions(functions=functions, gens=tuple(map(str, gens))).encode()],
                    )


def _linear_in(g: Germs, p: Generator) -> Iterator[tuple[int, Poly, Poly]]:
    """Free local variables in which p is linear with a unit as coefficient and a rest that is 0 on
    the stratum: with both."""
    degrees = p.poly.degrees()
    for i in sorted(p.occurs - {g.symbol}):
        if g.role[i] != LOCAL or not g.is_free(i) or degrees[i] != 1:
            continue
        parts = g.coefficients(p, i)
        c, r = parts[1], parts.get(0, g.context.constant(0))
        if g.is_unit(c) and g.at_stratum(r).is_zero():
            yield i, c, r


def rescale(g: Germs) -> GermMoves | None:
    """A variable whose coefficients all share a unit factor is multiplied by it."""
    if len(g.gens) < 2:
        return None
    best: tuple[Any, ...] | None = None
    for i in sorted(g.occurs):
        check_time()
        if g.role[i] == UNIT or i in g.positive:
            continue
        shared: Poly | None = None
        for f in g.gens:
            if i not in f.occurs:
                continue
            if len(f.poly) > 400 or f.poly.degrees()[i] != 1:
                shared = None
                break
            slope = g.coefficients(f, i)[1]
            shared = slope if shared is None else shared.gcd(slope)
            if len(shared) == 1:
                break
        if shared is None or len(shared) == 1:
            continue
        unit = g.context.constant(1)
        for q, e in factor(shared)[1]:
            if len(q) > 1 and g.is_unit(q):
                unit *= q**e
        if unit.is_constant():
            continue
        moved, step = g.change(i, g.variables[i], unit)
        steps = [step]
        stripped = strip_units(moved)
        if stripped is not None:
            moved, step = stripped
            steps.append(step)
        if moved.cost < g.cost and (best is None or moved.cost < best[0]):
            best = (moved.cost, moved, steps)
    return None if best is None else (best[1], best[2])


def pivot(g: Germs) -> GermMoves | None:
    """Clear a variable from the other generators by one in which its coefficient divides theirs.

    Taken with the rescalings and reductions that follow, if all together come nearer to monomials.
    """
    if not 2 <= len(g.gens) <= 12 or any(len(f.poly) > 60 for f in g.gens):
        return None
    best: tuple[Any, ...] | None = None
    for i in sorted(g.occurs):
        check_time()
        if g.role[i] == UNIT or g.is_free(i) is False:
            continue
        here = [n for n, f in enumerate(g.gens) if i in f.occurs]
        if len(here) < 2 or any(g.gens[n].poly.degrees()[i] != 1 for n in here):
            continue
        slopes = {n: g.coefficients(g.gens[n], i)[1] for n in here}
        for n in here:
            do: list[list[Any]] = []
            for other in here:
                if other != n:
                    quotient, rest = divmod(slopes[other], slopes[n])
                    if not rest.is_zero():
                        break
                    do.append(["add", other, n, -quotient])
            else:
                moved, step = g.generators(do)
                steps = [step]
                after: Any = rescale(moved)
                if after is None and moved.cost >= g.cost:
                    continue
                while after is not None:
                    moved = after[0]
                    steps += after[1] if isinstance(after[1], list) else [after[1]]
                    after = rescale(moved) or reduce_by_monomials(moved)
                    after = after or reduce_by_each_other(moved)
                if moved.cost < g.cost and (best is None or moved.cost < best[0]):
                    best = (moved.cost, moved, steps)
    return None if best is None else (best[1], best[2])


def complete_square(g: Germs) -> GermMove | None:
    """Of germs with a symbol: a generator a·x² + b·x + c in a free local variable x, a unit a,
    becomes a·x² + (4·a·c − b²)/(4·a), where it has fewer monomials in the local variables by that.
    """
    if not g.fixed:
        return None
    for f in g.gens:
        for i in sorted(f.occurs):
            if g.role[i] != LOCAL or not g.is_free(i) or f.poly.degrees()[i] != 2:
                continue
            parts = g.coefficients(f, i)
            a, b = parts[2], parts.get(1)
            others = (h for h in g.gens if h is not f)
            if b is None or any(i in h.occurs for h in others) or not g.is_unit(a):
                continue
            if not g.at_stratum(b).is_zero():
                continue
            moved, step = g.change(i, 2 * a * g.variables[i] - b, 2 * a)
            if _local_monomials(moved) < _local_monomials(g):
                return moved, step
    return None


def _local_monomials(g: Germs) -> int:
    """How many monomials in the local variables the generators have."""
    return sum(
        len({tuple((n, e) for n, e in t if g.role[n] == LOCAL) for t, _ in f.terms}) for f in g.gens
    )
