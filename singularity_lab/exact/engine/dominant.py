"""Generators replaced by monomials of their size: terms that do not cancel and dominate the others.

A term s is dominated by monomials d and d' if s² is a multiple of d·d', for then |s| is at most a
constant times |d| + |d'|. Where the other terms of a generator are dominated with a factor that is
0 on the stratum, and those that are left are of one sign, these are its size.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import flint

from singularity_lab.exact.engine.germs import (
    LOCAL,
    UNIT,
    Generator,
    GermMove,
    GermMoves,
    Germs,
    Term,
)
from singularity_lab.exact.engine.limits import DOMINANT_ECHELON, DOMINANT_MONOMIALS, DOMINANT_TERMS
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.moves import Dominant
from singularity_lab.system.deadline import check_time

Exponents = tuple[int, ...]


@dataclass(frozen=True)
class _Sizes:
    """The terms of the generators in the local variables that occur, with the signs of their
    coefficients; 0 where a coefficient may vanish or change its sign."""

    g: Germs
    variables: tuple[int, ...]
    parts: tuple[dict[Exponents, int], ...]

    @classmethod
    def of(cls, g: Germs) -> _Sizes:
        variables = tuple(i for i in g.locals if i in g.occurs)
        place = {i: n for n, i in enumerate(variables)}
        parts = []
        for f in g.gens:
            if g.field is not None:
                parts.append(_over_field(g, f, variables))
                continue
            part: dict[Exponents, int] = {}
            for t, c in f.terms:
                s, sign = [0] * len(variables), 1 if c > 0 else -1
                for i, e in t:
                    if i in place:
                        s[place[i]] = e
                    elif not (g.role[i] == UNIT and (e % 2 == 0 or i in g.positive)):
                        sign = 0
                key = tuple(s)
                part[key] = sign if part.get(key, sign) == sign else 0
            parts.append(part)
        return cls(g, variables, tuple(parts))

    def is_definite(self, part: dict[Exponents, int], named: Collection[Exponents]) -> bool:
        """Whether these terms are a monomial times terms of one sign."""
        if {part[s] for s in named} not in ({1}, {-1}):
            return False
        if len(named) == 1:
            return True
        low = [min(column) for column in zip(*named, strict=True)]
        return all(
            (e - b) % 2 == 0 or i in self.g.positive
            for s in named
            for i, e, b in zip(self.variables, s, low, strict=True)
        )

    def leads(self) -> dict[int, list[Exponents]]:
        """By generator, the monomials that dominate it; {} where there are none."""
        chosen = set(range(len(self.parts)))
        while chosen:
            check_time()
            dominant = undominated(s for i in chosen for s in self.parts[i])
            if len(dominant) > DOMINANT_MONOMIALS:
                return {}
            named = {i: [s for s in self.parts[i] if s in dominant] for i in chosen}
            bad = {i for i in chosen if named[i] and not self.is_definite(self.parts[i], named[i])}
            if not bad:
                pairs = sums(dominant)
                bad = {
                    i
                    for i in chosen
                    if not named[i]
                    or not all(s in dominant or is_small(s, pairs, True) for s in self.parts[i])
                }
            if not bad:
                return named
            chosen -= bad
        return {}

    def promising(self) -> bool:
        """Whether the terms of lowest degree of some generator do not cancel."""
        for part in self.parts:
            if len(part) > 1:
                low = min(map(sum, part))
                if self.is_definite(part, [s for s in part if sum(s) == low]):
                    return True
        return False


def _over_field(g: Germs, f: Generator, variables: tuple[int, ...]) -> dict[Exponents, int]:
    """The same over a number field: numbers of the field have a sign, their terms need not."""
    numbers: dict[tuple[Term, Term], dict[Exponents, flint.fmpq]] = {}
    for t, c in f.terms:
        local = tuple((i, e) for i, e in t if i in variables)
        rest = tuple((i, e) for i, e in t if i not in variables and i != g.symbol)
        own = tuple((i, e) for i, e in t if i == g.symbol)
        numbers.setdefault((local, rest), {})[_dense(g, own)] = c
    part: dict[Exponents, int] = {}
    for (local, rest), terms in numbers.items():
        able = all(g.role[i] == UNIT and (e % 2 == 0 or i in g.positive) for i, e in rest)
        sign = g.sign(g.context.from_dict(terms)) if able else 0
        exponents = dict(local)
        key = tuple(exponents.get(i, 0) for i in variables)
        part[key] = sign if part.get(key, sign) == sign else 0
    return part


def sums(monomials: Iterable[Exponents]) -> set[Exponents]:
    """The exponents of the products of two monomials."""
    return {
        tuple(a + b for a, b in zip(d, e, strict=True))
        for d, e in itertools.combinations_with_replacement(monomials, 2)
    }


def is_small(s: Exponents, pairs: Iterable[Exponents], strict: bool = False) -> bool:
    """Whether the square of a monomial is a multiple of one of these; strict: not equal to it."""
    double = tuple(2 * e for e in s)
    return any(
        all(a >= b for a, b in zip(double, p, strict=True)) and not (strict and double == p)
        for p in pairs
    )


def undominated(monomials: Iterable[Exponents]) -> set[Exponents]:
    """Those of the monomials that no others dominate."""
    least: list[Exponents] = []
    for s in sorted(set(monomials), key=lambda s: (sum(s), s)):
        if not any(all(a >= b for a, b in zip(s, d, strict=True)) for d in least):
            least.append(s)
            if len(least) > DOMINANT_MONOMIALS:
                return set(least)
    pairs = sums(least)
    return {s for s in least if not is_small(s, pairs, True)}


def dominant_monomials(g: Germs) -> GermMove | GermMoves | None:
    """Monomials that dominate generators instead of these, if need be after combinations with
    constant coefficients.

    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> germ = LocalProblem.build("x^2 + y^4 + x*y^3 - x^3").localize()
    >>> found = dominant_monomials(Germs.of(germ))
    >>> print(*(f.poly for f in found[0].gens))
    y^4 x^2
    """
    if g.exponents or sum(len(f.poly) for f in g.gens) > DOMINANT_TERMS:
        return None
    if all(len(f.poly) == 1 for f in g.gens):
        return None
    found = _replaced(g)
    if found is not None or not g.positive & g.occurs & set(g.locals):
        return found
    if not 1 < len(g.gens) <= DOMINANT_ECHELON:
        return None
    combined = echelon(g)
    found = None if combined is None else _replaced(combined[0])
    if combined is None or found is None or found[0].cost >= g.cost:
        return None
    return found[0], [combined[1], found[1]]


def _replaced(g: Germs) -> GermMove | None:
    """The family with the monomials that dominate, and the step."""
    sizes = _Sizes.of(g)
    if not sizes.promising():
        return None
    leads = sizes.leads()
    if not leads:
        return None
    pairs = sums({s for named in leads.values() for s in named})

    def monomial(s: Exponents) -> flint.fmpq_mpoly:
        return g.monomial(dict(zip(sizes.variables, s, strict=True)))

    def kept(t: Term) -> bool:
        exponents = dict(t)
        return not is_small(tuple(exponents.get(i, 0) for i in sizes.variables), pairs)

    gens: list[Generator] = []
    for i, f in enumerate(g.gens):
        if i in leads:
            gens += [Generator(monomial(s)) for s in leads[i]]
        else:
            terms = {_dense(g, t): c for t, c in f.terms if kept(t)}
            gens.append(f if len(terms) == len(f.poly) else Generator(g.context.from_dict(terms)))
    if sum(f.cost for f in gens if not f.poly.is_zero()) >= g.cost:
        return None
    named = tuple((i, tuple(str(monomial(s)) for s in leads[i])) for i in sorted(leads))
    return g.but(gens=tuple(gens)).normal(), Dominant(leads=named).encode()


def echelon(g: Germs) -> tuple[Germs, Script] | None:
    """Combinations of the generators with constant coefficients in which leading terms, those of
    low degree first, stand in one generator each; None where they do so already."""
    rows: list[dict[Term, flint.fmpq]] = [dict(f.terms) for f in g.gens]

    def degree(t: Term) -> int:
        return sum(e for i, e in t if g.role[i] == LOCAL)

    do: list[list[object]] = []
    left = set(range(len(rows)))
    for t in sorted({t for row in rows for t in row}, key=lambda t: (degree(t), t)):
        check_time()
        i = min((j for j in left if t in rows[j]), key=lambda j: (len(rows[j]), j), default=None)
        if i is None:
            continue
        left.discard(i)
        for j, row in enumerate(rows):
            if j != i and t in row:
                q = -row[t] / rows[i][t]
                for s, c in rows[i].items():
                    value = row.get(s, flint.fmpq(0)) + q * c
                    if value:
                        row[s] = value
                    else:
                        row.pop(s, None)
                do.append(["add", j, i, g.context.constant(q)])
        left = {j for j in left if rows[j]}
    return g.generators(do) if do else None


def _dense(g: Germs, t: Term) -> Exponents:
    exponents = [0] * len(g.names)
    for i, e in t:
        exponents[i] = e
    return tuple(exponents)
