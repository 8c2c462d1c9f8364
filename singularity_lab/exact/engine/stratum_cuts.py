"""Rules that cut the stratum of a family, and the ways to cut it along one polynomial q: into where
q = 0 and where it is not."""

from __future__ import annotations

import itertools
from math import gcd
from typing import Any

from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.germs import PARAM, UNIT, Generator, Germs
from singularity_lab.exact.engine.gradings import gradings
from singularity_lab.exact.engine.limits import FIELD_DEGREE, PATIENCE
from singularity_lab.exact.engine.outcome import SearchOutcome, least
from singularity_lab.exact.engine.parameters import (
    Poly,
    lifts,
    sign_change,
    smooth_locus,
    special_values,
    splitting_polynomials,
    transversals,
)
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.proof.certificate import Script

# -- rules -----------------------------------------------------------------------------------------


def unit_to_one(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """A unit variable becomes ±1 where a grading allows it."""
    if not g.unit_variables:
        return None
    basis = gradings(g, with_units=True)
    order = sorted(g.role)
    for i in g.unit_variables:
        n = order.index(i)
        able = [b for b in basis if b[n]]
        if able:
            b = min(able, key=lambda b: (b[n] % 2 == 0, sum(map(abs, b))))
            common = gcd(*b)
            weights = {j: w // common for j, w in zip(order, b, strict=True)}
            families, step = g.dehomogenise(i, weights)
            return search.cover(families, step, target, fuel)
    return None


def cut_stratum(search: Search, g: Germs, target: RLCT | None, fuel: int) -> SearchOutcome | None:
    """The stratum cut along a polynomial that decides how the family looks, or where the zeros of
    such a one are singular."""
    if not (g.params or g.unit_variables or g.fixed):
        return None
    wanted = splitting_polynomials(g)
    if not (g.params or g.unit_variables):  # what is a polynomial in fixed variables may be a unit
        for q in wanted:
            if Generator(q).occurs - {g.symbol} <= g.fixed:
                last = search.rules.splitting[-1]
                found = without_zero(search, g, q, target, fuel)
                found = found or last(search, g, q, target, fuel)
                if found is not None:
                    return found
        return None
    return search.cut(g, itertools.chain(wanted, special_values(g, wanted)), target, fuel)


def cut_by_coefficients(
    search: Search, g: Germs, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """Cut along factors of coefficients where the values of generators cannot be cut along: the
    coefficients may have to be units first."""
    if not g.params and not g.unit_variables:
        return None
    wanted = splitting_polynomials(g)
    return search.cut(g, splitting_polynomials(g, deeper=True)[len(wanted) :], target, fuel)


# -- ways to cut along q, irreducible in the parameters ------------------------------------------


def at_a_variable(
    search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """q is a parameter itself, up to a factor."""
    occurs = Generator(q).occurs - {g.symbol}
    if len(occurs) != 1 or len(q) != 1:
        return None
    (i,) = occurs
    families, step = g.split(i)
    return search.cover(families, step, target, fuel)


def at_a_coordinate(
    search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """q becomes a parameter in place of a variable in which it is linear: of those that can be
    replaced, the one that leaves the generators nearest to monomials."""
    degrees = g.degrees(q)
    best: tuple[tuple[bool, int, int], Germs, list[Script]] | None = None
    for i in sorted(Generator(q).occurs - {g.symbol}):
        relaxed = i in g.unit_variables
        if degrees[i] != 1 or not (g.is_free(i) or relaxed):
            continue
        parts = g.coefficients(Generator(q), i)
        c, r = parts[1], parts.get(0, g.context.constant(0))
        if not g.is_unit(c):
            continue
        moved, moves = g, []
        if relaxed:
            moved, step = moved.relax(i)
            moves.append(step)
        moved, step = moved.change(i, g.variables[i] - r, c)
        key = (relaxed, moved.cost, i)
        if best is None or key < best[0]:
            best = (key, moved, [*moves, step])
    if best is None:
        return None
    (_, _, i), moved, moves = best
    families, step = moved.split(i)
    return search.cover(families, step, target, fuel).after(*moves)


def at_a_bound_variable(
    search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """A parameter of q on which a factor or a sign hangs is 0 or not: what is free comes after."""
    for i in sorted(Generator(q).occurs - {g.symbol}):
        if g.role[i] == PARAM and not g.is_free(i):
            families, step = g.split(i)
            return search.cover(families, step, target, fuel)
    return None


def without_zero(
    search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """q becomes a known unit where it is proved to have no real zero."""
    return as_unit(search, g, q, g.no_common_zero([q], search.patience), target, fuel)


def as_unit(
    search: Search, g: Germs, q: Poly, evidence: Any, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """q as a known unit, if there is evidence that it has no zero."""
    if not isinstance(evidence, dict):
        return None
    moved, step = g.assume_unit(q, evidence)
    return search.solve(moved, target, fuel).after(step)


def at_a_smooth_locus(
    search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """Where q = 0 is smooth, a factor of a generator is a coordinate there."""
    exists = sign_change(g, q)
    if exists is None and search.patience < PATIENCE and g.positive & Generator(q).occurs:
        return None  # in a box signs may exclude zeros: that is to be found out
    for f in lifts(g, q):
        for by in transversals(g, f):
            evidence = smooth_locus(g, f, by, search.patience)
            if evidence is not None:
                evidence = {**evidence, "exists": exists}
                return over_locus(search, g, f, q, by, evidence, target, fuel)
    return None


def at_roots(
    search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
) -> SearchOutcome | None:
    """A parameter is an irrational root of q, or not: the germs there have coefficients in a number
    field."""
    if g.field is not None or len(Generator(q).occurs) != 1 or q.total_degree() > FIELD_DEGREE:
        return None
    (i,) = Generator(q).occurs
    if i in g.fixed:
        return None
    moves: list[Script] = []
    if g.role[i] == UNIT:
        g, step = g.relax(i)
        moves.append(step)
    families, step = g.roots(i, q)
    return search.cover(families, step, target, fuel).after(*moves)


def over_locus(
    search: Search,
    g: Germs,
    f: Poly,
    q: Poly,
    by: list[int],
    evidence: Script,
    target: RLCT | None,
    fuel: int,
) -> SearchOutcome:
    """The strata f = 0 and f ≠ 0; the first bounds above where real points are proved.

    q: the value of f on the stratum up to units; by: the variables by which f is a coordinate;
    evidence: that it is, and that q changes its sign.
    """
    here = Generator(q).occurs
    if not _is_prime(g, f, q, by):
        evidence = {**evidence, "exists": None}
    families, step = g.locus(f, by, evidence)
    on = search.solve(families[0], None, fuel)
    used = families[0].occurs | {i for i, e in families[0].k.items() if e}
    if not _is_graph(g, by, evidence) and (
        evidence["exists"] is None or g.signs or (here - {*by, g.symbol}) & used
    ):
        on.upper = None
    if on.upper is not None and (target is None or on.upper < target):
        target = on.upper
    return least([on, search.solve(families[1], target, fuel)], step)


def _is_graph(g: Germs, by: list[int], evidence: Script) -> bool:
    """Whether the locus is the graph of one parameter over the other variables."""
    if not evidence.get("unit") or g.role[by[0]] != PARAM:
        return False
    return not any(by[0] in Generator(p).occurs for p in (*g.units, *g.signs))


def _is_prime(g: Germs, f: Poly, q: Poly, by: list[int]) -> bool:
    """Whether f on the stratum has the variables of q alone and no square, and no known unit near
    it a factor in common with it."""
    value = g.at_stratum(f)
    here = Generator(q).occurs
    able = here | set(by)  # a unit in further variables may bind those that go on
    near = [u for u in g.units if Generator(u).occurs & able]
    if any(g.symbol in Generator(p).occurs for p in (value, *near)):
        variables = Generator(value).occurs - {g.symbol}
        near = [u for u in near if Generator(u).occurs & (able - {g.symbol})]
        return len(variables) == 1 and all(
            Generator(u).occurs <= here | {g.symbol}
            and g.field is not None
            and g.field.coprime(value, u, *variables)
            for u in near
        )
    return (
        Generator(value).occurs == here
        and [e for _, e in factor(value)[1]] == [1]
        and all(Generator(u).occurs <= able and q.gcd(u).is_constant() for u in near)
    )
