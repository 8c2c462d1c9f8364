"""A replay whose bounds hold for each value of a symbol, which no step moves.

The theorems are in docs/theory.md, tables.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from singularity_lab.algebra import maps
from singularity_lab.algebra.hypotheses import hold
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import ring
from singularity_lab.algebra.univariate import count_roots, univariate
from singularity_lab.exact.proof.branches import (
    Blowup,
    Both,
    Dehomogenise,
    Free,
    Locus,
    Roots,
    See,
    Split,
    Squares,
    Subideal,
    Sum,
    least_of,
)
from singularity_lab.exact.proof.family import UNIT, Family, Poly
from singularity_lab.exact.proof.leaves import Empty, Monomial, Newton, Open, Rank, Terms
from singularity_lab.exact.proof.moves import (
    Change,
    Contract,
    Coordinate,
    Dominant,
    Generators,
    Nakayama,
    Nonvanishing,
    Relax,
)
from singularity_lab.exact.proof.slices import Functions, Slice
from singularity_lab.exact.proof.step import Branch, Families, Leaf, Move, Verdict
from singularity_lab.exact.proof.verify import Replay


class EachReplay(Replay):
    """A replay whose bounds hold for each value of a symbol: the germs are those in the other
    variables. Steps that would move the symbol are refused."""

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self.symbol = symbol

    def move(self, family: Family, step: Move) -> None:
        t = self.symbol
        still = isinstance(step, Generators | Nakayama | Dominant | Nonvanishing)
        still = still or (isinstance(step, Change | Relax | Coordinate) and step.var != t)
        still = still or (isinstance(step, Contract) and not step.weights.get(t))
        still = still or (isinstance(step, Functions) and t not in step.functions)
        still = still or (isinstance(step, Slice) and _keeps(family, step, t))
        hold("still", still, f"{step.op} moves the symbol {t}")

    def leaf(self, family: Family, step: Leaf) -> Verdict:
        allowed = isinstance(step, Monomial | Newton | Rank | Terms | Empty | Open)
        hold("still", allowed, f"{step.op} is no leaf for every value of a symbol")
        found = step.replay(family)
        return found if self.everywhere(family) else replace(found, upper=None)

    def combined(
        self, family: Family, step: Branch, families: Families, cases: list[Verdict]
    ) -> Verdict:
        t = self.symbol
        still = isinstance(step, Blowup | Squares | Subideal | Sum | Free | Both)
        still = still or (isinstance(step, Split | Roots) and step.var != t)
        still = still or (isinstance(step, Locus) and t not in step.by)
        still = still or (
            isinstance(step, Dehomogenise) and step.var != t and not step.weights.get(t)
        )
        hold("still", still, f"{step.op} moves the symbol {t}")
        if isinstance(step, Locus) and t in family.occurs(
            family.at_stratum(family.read(step.poly))
        ):
            if lacks_point(family, step, families[0][0], t):
                cases = [replace(cases[0], upper=None), *cases[1:]]
            return least_of(cases)
        found = families[1](cases)
        if isinstance(step, Free) and not self.everywhere(family):
            return replace(found, upper=None)
        return found

    def see(self, family: Family, step: See) -> Verdict:
        same = tuple(step.map.get(self.symbol, ())) == (self.symbol, 1)
        hold("still", same or self.symbol not in family.role, "a renaming moves the symbol")
        return super().see(family, step)

    def everywhere(self, family: Family) -> bool:
        """Whether the stratum has points for every value: each unit has a coefficient, as a
        polynomial in the others, that is not 0 for any value; ``each``."""
        if family.signs:
            return False
        if self.symbol not in family.role:
            return True
        i = family.names.index(self.symbol)
        for u in family.units:
            u = family.at_stratum(u)
            if i not in maps.occurring(u):
                continue
            parts: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
            own = {i} if family.field is None else {i, family.names.index(family.field.symbol)}
            for a, c in u.to_dict().items():
                rest = tuple(0 if j in own else int(e) for j, e in enumerate(a))
                here = tuple(int(e) if j in own else 0 for j, e in enumerate(a))
                parts.setdefault(rest, {})[here] = c
            coefficients = (ring(family.names).from_dict(terms) for terms in parts.values())
            if not any(side_of(family, c, self.symbol) for c in coefficients):
                return False
        return True


def _keeps(family: Family, step: Slice, symbol: str) -> bool:
    """Whether no field of a slice has a component along the symbol."""
    along = (field["components"].get(symbol, "0") for field in step.fields)
    return symbol not in step.vars and all(family.read(c).is_zero() for c in along)


def lacks_point(family: Family, step: Locus, zero: Family, symbol: str) -> str:
    """Why {q = 0} may have no point of the stratum for some value of the symbol; "" if it has one
    for each: q takes both signs, at points that are fractions in the symbol.

    Then the germs there, which do not depend on the other variables of q, bound above.
    """
    q = family.at_stratum(family.read(step.poly))
    here, by = family.occurs(q), set(step.by)
    near = [u for u in family.units if family.occurs(u) & (here | by) - {symbol}]
    used = family.occurs(*zero.gens) | set(zero.k)
    if family.signs or near or (here - by - {symbol}) & used or symbol in used:
        return "locus: conditions bind the points of the locus"
    return "" if both_signs(family, q, symbol) else f"locus: {q} may keep its sign"


def both_signs(family: Family, q: Poly, symbol: str) -> bool:
    """Whether q takes both signs for each value of the symbol, at points that are fractions in it
    and keep the signs of the variables."""
    s, one = family.gen(symbol), ring(family.names).constant(1)
    above = [(one, one), (one + s, one), (s, one), (one, s), (one + s, s)]
    above += [(one, one + s), (s, one + s), (3 + 3 * s, one)]  # fractions > 0
    values = [(one * 0, one), *above, *((-p, r) for p, r in above)]
    others = sorted(family.occurs(q) - {symbol})
    if len(others) > 3:
        return False
    choices = []
    for n in others:
        able = values[: len(above) + 1] if n in family.positive else values
        choices.append(able[1:] if family.role[n] == UNIT else able)
    found: set[int] = set()
    for point in itertools.product(*choices):
        at = q
        for n, (top, bottom) in zip(others, point, strict=True):  # times powers of what is > 0
            at = maps.pull_back(at, family.index(n), top, bottom)
        found.add(side_of(family, family.reduced(at), symbol))
        if found >= {1, -1}:
            return True
    return False


def side_of(family: Family, p: Poly, symbol: str) -> int:
    """The sign of a polynomial in the symbol for all values > 0; 0 where it is not seen."""
    if p.is_zero():
        return 0
    i = family.names.index(symbol)
    parts = maps.coefficients(p, i)
    signs = {family.sign(c) for c in parts.values()}
    if len(signs) == 1:
        return signs.pop()
    if family.is_rational(p):
        dense = univariate(Polynomial(family.names, p), symbol)
        if count_roots(dense, "positive") == 0:
            return family.sign(parts[max(parts)])
    return 0
