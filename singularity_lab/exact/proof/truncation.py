"""Tails dropped: where the terms beyond Taylor's polynomials change nothing, and bounds by jets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import flint

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.hypotheses import hold
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.rings import ring
from singularity_lab.algebra.tower import Poly, Tower
from singularity_lab.exact.proof.reductions import Reduction, Stage, whole
from singularity_lab.exact.proof.step import index

_MONOMIALS = 3_000


class Truncate(Reduction, frozen=True):
    """f = T + Σ t·r with tails and atoms t that vanish at the point. Where each r is in the ideal
    (T), or in its integral closure, f and T have ideals of one integral closure (Nakayama).

    Evidence: ``members``, [r, u, cofactors] with u·r = Σ a_j T_j and a unit u; ``degree``: each r
    has order ≥ N, and every monomial of degree N is in (T) + 𝔪^(N+1), hence in (T); ``interior``:
    each monomial of r lies in the Newton polyhedron of T, so the compact faces are those of T, and
    a proof by the polyhedron alone follows; ``leading``: no r has lower order than T, so the linear
    parts, or the order, are those of T, and a proof by the rank or by the order alone follows;
    from below only where a generator is tails alone, for T then says nothing of it.
    """

    hypotheses: ClassVar = {
        "moved": "no symbol depends on a coordinate that was changed",
        "evidence": "members, a degree, interior or leading: one of these",
        "members": "each coefficient of a tail is, up to a number, a listed one in the ideal",
        "unit": "u is not 0 at the point",
        "order": "degree: the coefficients of tails have at least this order",
        "spans": "degree: T is rational, and every monomial of that degree is in (T) + 𝔪^(N+1)",
        "polyhedron": "interior: each monomial of a coefficient is in the polyhedron of T",
        "leading": "leading: no coefficient of a tail has lower order than T",
    }
    members: tuple[tuple[str, str, tuple[str, ...]], ...] | None = None
    degree: int | None = None
    interior: bool | None = None
    leading: bool | None = None

    def words(self) -> str:
        if self.members is not None:
            return "tails dropped, which lie in the ideal times germs that vanish"
        if self.degree is not None:
            return f"tails dropped beyond degree {self.degree}, which determines the ideal"
        return "tails dropped, which change no compact face" if self.interior else "tails dropped"

    def replay(self, stage: Stage) -> Stage:
        tower = stage.tower
        kept, tails = split_tails(tower, stage.gens)
        evidence = (self.members, self.degree, self.interior, self.leading)
        given = [e for e in evidence if e is not None]
        leaves, lower = stage.leaves, stage.lower
        hold("evidence", len(given) == 1 and given[0] is not False, "one kind is needed")
        if self.members is not None:
            listed = set()
            for text, u, cofactors in self.members:
                r, unit = stage.read(text), stage.read(u)
                hold("unit", tower.is_unit(unit), "{} is 0 at the point", unit)
                total = tower.constant(0)
                hold("members", len(cofactors) == len(kept), "a cofactor for each is needed")
                for a, t in zip(cofactors, kept, strict=True):
                    total += input_limits.product(stage.read(a), t)
                difference = tower.reduced(total - input_limits.product(unit, r))
                hold("members", difference.is_zero(), "{} is not this combination", r)
                listed.add(str(monic(r)))
            missing = [r for r in tails if str(monic(r)) not in listed]
            hold("members", not missing, "{} is not listed", *missing[:1])
        elif self.degree is not None:
            n = whole(self.degree)
            orders = [least_order(tower, r) for r in tails]
            hold("order", n >= 1 and all(o >= n for o in orders), f"orders {orders}")
            hold("spans", spans(tower, kept, n), f"monomials of degree {n} are missing")
        elif self.interior:
            hold("polyhedron", inside(tower, kept, tails), "a monomial is outside")
            leaves = ("newton",)
        else:
            low = min(least_order(tower, t) for t in kept)
            high = all(least_order(tower, r) >= low for r in tails)
            hold("leading", high, "a tail's coefficient is of lower order")
            leaves, lower = ("order", "rank"), any(t.is_zero() for t in kept)
        return replace(stage, gens=tuple(kept), leaves=leaves, lower=lower)


class Jet(Reduction, frozen=True):
    """More generators bound above: T, the terms below degree N, and all monomials of degree N
    generate an ideal that contains the germs, if these are T up to order N."""

    hypotheses: ClassVar = {
        "order": "N is from 1 to 60, and the coefficients of tails have order N − 1 at least",
    }
    degree: int

    def words(self) -> str:
        return f"the ideal with all monomials of degree {self.degree}: a bound from above"

    def replay(self, stage: Stage) -> Stage:
        tower, n = stage.tower, self.degree
        hold("order", type(n) is int and 1 <= n <= 60, f"N = {n}")
        kept, tails = split_tails(tower, stage.gens)
        high = all(least_order(tower, r) >= n - 1 for r in tails)
        hold("order", high, "a tail's coefficient is of lower order")
        places = [tower.names.index(x) for x in tower.variables]
        low = []
        for t in kept:
            terms = t.to_dict().items()
            part = {a: c for a, c in terms if sum(int(a[i]) for i in places) < n}
            low.append(ring(tower.names).from_dict(part))
        count = len(_exponents(len(places), n))
        hold("order", count <= _MONOMIALS, f"{count} monomials")
        for a in _exponents(len(places), n):
            low.append(maps.monomial(ring(tower.names), dict(zip(places, a, strict=True))))
        gens = tuple(g for g in low if not g.is_zero())
        factor = stage.factor * 2 if stage.loss else stage.factor
        return replace(stage, gens=gens, loss=False, factor=factor, upper=True)


class Monomials(Reduction, frozen=True):
    """All monomials of germs whose coefficients are numbers, such as exp(1), generate an ideal that
    contains the germs, whatever the numbers are: a bound from above. With tails, the monomials of T
    below degree N and all of degree N, as for ``jet``."""

    hypotheses: ClassVar = {
        "order": "N is from 1 to 60, and the coefficients of tails have order N − 1 at least; "
        "without tails none is needed",
    }
    degree: int | None = None

    def words(self) -> str:
        return "the ideal of all monomials: a bound from above"

    def replay(self, stage: Stage) -> Stage:
        tower, n = stage.tower, self.degree
        kept, tails = split_tails(tower, stage.gens)
        hold("order", n is not None or not tails, "a degree is needed where there are tails")
        hold("order", n is None or (type(n) is int and 1 <= n <= 60), f"N = {n}")
        high = all(least_order(tower, r) >= (n or 0) - 1 for r in tails)
        hold("order", high, "a tail's coefficient is of lower order")
        places = [tower.names.index(x) for x in tower.variables]
        found = {tuple(int(a[i]) for i in places) for t in kept for a in t.monoms()}
        if n is not None:
            hold("order", len(_exponents(len(places), n)) <= _MONOMIALS, f"N = {n} is too large")
            found = {a for a in found if sum(a) < n} | set(_exponents(len(places), n))
        context = ring(tower.names)
        powers = (dict(zip(places, a, strict=True)) for a in sorted(found))
        gens = tuple(maps.monomial(context, p) for p in powers)
        factor = stage.factor * 2 if stage.loss else stage.factor
        return replace(stage, gens=gens, loss=False, factor=factor, upper=True)


class Lowest(Reduction, frozen=True):
    """One germ has a monomial of degree n whose coefficient is a number ≠ 0: the order of K's ideal
    is at most n, and a proof by the order of this monomial alone follows, from below."""

    hypotheses: ClassVar = {
        "index": "a germ has one name, its position",
        "tails": "no coefficient of a tail of this germ has an order < n",
        "number": "the coefficient of the monomial is a number that is not 0",
    }
    gen: int
    powers: dict[str, int]

    def words(self) -> str:
        return f"a monomial of degree {sum(self.powers.values())} with a coefficient that is not 0"

    def replay(self, stage: Stage) -> Stage:
        tower = stage.tower
        (t,), tails = split_tails(tower, [stage.gens[index(self.gen, stage.gens)]])
        places = [tower.names.index(x) for x in tower.variables]
        wanted = [whole(self.powers.get(x, 0)) for x in tower.variables]
        low = all(least_order(tower, r) >= sum(wanted) for r in tails)
        hold("tails", low, "a tail's coefficient is of lower order")
        terms = t.to_dict().items()
        rest = {
            tuple(0 if i in places else e for i, e in enumerate(a)): c
            for a, c in terms
            if [int(a[i]) for i in places] == wanted
        }
        number = ring(tower.names).from_dict(rest)
        hold("number", tower.sign(number) != 0, "{} is 0", number)
        monomial = maps.monomial(ring(tower.names), dict(zip(places, wanted, strict=True)))
        factor = stage.factor * 2 if stage.loss else stage.factor
        gens = (monomial,)
        return replace(stage, gens=gens, loss=False, factor=factor, leaves=("order",), lower=True)


def monic(p: Poly) -> Poly:
    """The polynomial p ≠ 0 over its leading coefficient."""
    return p / p.leading_coefficient()


def split_tails(tower: Tower, gens: Sequence[Poly]) -> tuple[list[Poly], list[Poly]]:
    """T, the generators without tails and atoms, and the polynomials r that these multiply."""
    kept, tails = [], dict[str, Poly]()
    for g in gens:
        g = tower.up(g)
        symbols = tower.of_kind(g, "tail", "atom")
        kept.append(tower.without(g, symbols))
        places = [tower.names.index(n) for n in symbols]
        parts: dict[tuple[int, ...], dict[Any, Any]] = {}
        for a, c in g.to_dict().items():
            key = tuple(int(a[i]) for i in places)
            if any(key):
                rest = tuple(0 if i in places else e for i, e in enumerate(a))
                parts.setdefault(key, {})[rest] = c
        for terms in parts.values():
            r = monic(ring(tower.names).from_dict(terms))
            tails[str(r)] = r
    return kept, list(tails.values())


def least_order(tower: Tower, p: Poly) -> int:
    """The least degree of a monomial of p in the variables, a bound of its order; 10⁶ for 0."""
    places = [tower.names.index(n) for n in tower.variables]
    return min((sum(int(a[i]) for i in places) for a in p.monoms()), default=10**6)


def spans(tower: Tower, gens: Sequence[Poly], degree: int) -> bool:
    """Whether every monomial of a degree in the variables lies in (gens) + 𝔪^(degree+1)."""
    places = [tower.names.index(n) for n in tower.variables]
    d = len(places)
    shapes = [a for k in range(degree + 1) for a in _exponents(d, k)]
    if len(shapes) * len(gens) > _MONOMIALS:
        return False
    position = {a: i for i, a in enumerate(shapes)}
    rows = []
    for g in gens:
        if tower.occurs(g) - set(tower.variables):
            return False
        terms = [(tuple(int(a[i]) for i in places), c) for a, c in g.to_dict().items()]
        low = min((sum(a) for a, _ in terms), default=degree + 1)
        for shift in shapes:
            if sum(shift) + low > degree:
                continue
            row = {}
            for a, c in terms:
                moved = tuple(x + y for x, y in zip(a, shift, strict=True))
                if sum(moved) <= degree:
                    row[position[moved]] = c
            rows.append(row)
    first = len(shapes) - len(list(_exponents(d, degree)))
    # rows reduced with the columns of low degree first: what is left spans the top degree
    matrix = flint.fmpq_mat(len(rows), len(shapes))
    for i, row in enumerate(rows):
        for j, c in row.items():
            matrix[i, j] = c
    if not rows:
        return False
    reduced, rank = matrix.rref()
    pivots = 0
    for i in range(rank):
        lead = next(j for j in range(len(shapes)) if reduced[i, j] != 0)
        pivots += lead >= first
    return pivots == len(shapes) - first


def _exponents(d: int, k: int) -> list[tuple[int, ...]]:
    if d == 1:
        return [(k,)]
    return [(i, *rest) for i in range(k, -1, -1) for rest in _exponents(d - 1, k - i)]


def inside(tower: Tower, gens: Sequence[Poly], tails: Sequence[Poly]) -> bool:
    """Whether each monomial of the tails' coefficients is in the Newton polyhedron of the gens."""
    places = [tower.names.index(n) for n in tower.variables]

    def support(polys: Sequence[Poly]) -> set[tuple[int, ...]]:
        return {tuple(int(a[i]) for i in places) for p in polys for a in p.monoms()}

    points = sorted(support(gens))
    if not points:
        return False
    polyhedron = NewtonPolyhedron.of(points)
    return all(
        sum(w * e for w, e in zip(f.normal, a, strict=True)) >= f.value
        for a in support(tails)
        for f in polyhedron.facets
    )
