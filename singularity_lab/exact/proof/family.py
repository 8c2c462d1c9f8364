"""Families of germs as the verifier holds them.

K = ∏|x|^(2k) · Σ fᵢ² with prior ∏|x|^h, at the points of a *stratum*: {local variables = 0} ×
{parameters}. A variable is ``local`` (germ at 0), ``param`` (any real number), ``unit`` (any real
number but 0) or gone; it may be restricted to be ≥ 0 (> 0 for a unit). ``units`` are polynomials in
the parameters that vanish nowhere on the stratum, ``signs`` are > 0 there: they are conditions on
its points. Without ``signs`` a stratum has points, for its units are polynomials other than 0.

A problem over a whole domain starts with each variable as a parameter; ``within`` holds the
intervals of those that are bounded, until steps ``interval`` have cut each into cells. No other
step applies before.

A *product* has ``exponents`` e: then there is one generator ∏ f_i^(e_i), and ``gens`` are its
factors, none of them a unit on the stratum: units are dropped, and monomials go into k with their
exponents. Few steps apply (``FACTORED`` of the verifier); where no factor is left, or one with the
exponent 1, the family is an ordinary one.

Coefficients are rational, or lie in a ``field`` Q(γ): then the ring has one more name, the field's
symbol, which is no variable. Polynomials are kept reduced modulo its relation, so that they are 0
over the field if and only if they are 0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.number_field import NumberField
from singularity_lab.algebra.parsing import expanded
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import Germ, RationalInterval
from singularity_lab.algebra.rings import fraction, generators, ring, to_fmpq
from singularity_lab.algebra.univariate import Kind
from singularity_lab.errors import CertificateError, quoted, shown
from singularity_lab.exact.proof.evidence import check_no_zero

Poly = flint.fmpq_mpoly
LOCAL, PARAM, UNIT = "local", "param", "unit"
_ONE = Fraction(1)
KINDS: dict[tuple[str, bool], Kind] = {
    (PARAM, False): "real",
    (PARAM, True): "nonnegative",
    (UNIT, False): "nonzero",
    (UNIT, True): "positive",
}


@dataclass(frozen=True)
class Family:
    """The state of a replay; see the module's text. A variable absent from ``role`` is gone.

    >>> data = {"role": {"x": "local", "p": "param"}, "gens": ["p*x^2", "p*x*(p^2 + 1)"]}
    >>> data |= {"positive": [], "k": {}, "h": {}, "units": []}
    >>> family = Family.of_lemma(("p", "x"), data)
    >>> family.k, [str(f) for f in family.gens]
    ({'p': 1, 'x': 1}, ['x', 'p^2 + 1'])
    """

    names: tuple[str, ...]
    role: Mapping[str, str]
    positive: frozenset[str]
    k: Mapping[str, int]
    h: Mapping[str, Fraction]
    gens: tuple[Poly, ...]
    units: tuple[Poly, ...] = ()
    signs: tuple[Poly, ...] = ()
    field: NumberField | None = None
    within: Mapping[str, RationalInterval] = dataclasses.field(default_factory=dict)
    exponents: tuple[int, ...] = ()

    @classmethod
    def of_lemma(
        cls, names: tuple[str, ...], data: Mapping[str, Any], field: NumberField | None = None
    ) -> Family:
        """The family that a lemma states in a certificate, over the field where it is used."""
        family = cls(
            names=names,
            field=field,
            role={str(n): str(r) for n, r in data["role"].items()},
            positive=frozenset(map(str, data["positive"])),
            k={str(n): integer(e, 0) for n, e in data["k"].items()},
            h={str(n): fraction(e) for n, e in data["h"].items()},
            gens=(),
        )
        need(set(family.role) <= family._variables, "lemma: unknown variables")
        need(set(family.role.values()) <= {LOCAL, PARAM, UNIT}, "lemma: unknown roles")
        spoken = family.positive.union(family.k, family.h)
        need(spoken <= set(family.role), "lemma: a variable is gone")
        need(all(e > -1 for e in family.h.values()), "lemma: exponents of the prior are > -1")
        gens, units = (tuple(map(family.read, data[what])) for what in ("gens", "units"))
        return family.but(gens=gens, units=units).normal()

    def but(self, **changes: Any) -> Family:
        """The family with some fields changed: as dataclasses.replace, in half its time."""
        other, mine = object.__new__(Family), self.__dict__
        other.__dict__.update({n: mine[n] for n in Family.__match_args__}, **changes)
        return other

    @cached_property
    def _variables(self) -> frozenset[str]:
        """The names without the symbol of the field."""
        return frozenset(self.names).difference({self.field.symbol} if self.field else ())

    def read(self, text: Any) -> Poly:
        p = expanded(str(text), self.names)
        if p is None:
            p = parse(str(text), self.names).flint
        if len(self.role) < len(self.names):
            need(self.occurs(p) <= self.role.keys(), "{} speaks of a variable that is gone", text)
        return self.reduced(p)

    def lifted(self, field: NumberField) -> Family:
        """The same family over a field, whose symbol is a new name of the ring."""
        names = (*self.names, field.symbol)
        return self.but(names=names, field=field).each(lambda p: p.project_to_context(ring(names)))

    def reduced(self, p: Poly) -> Poly:
        return p if self.field is None else self.field.reduce(p)

    def stripped(self, p: Poly, q: Poly) -> tuple[Poly, int]:
        """p without its factors q, and how many these are."""
        return maps.stripped(p, q) if self.field is None else self.field.stripped(p, q)

    def is_rational(self, *polys: Poly) -> bool:
        """True if the polynomials do not involve the field's symbol."""
        i = None if self.field is None else self.names.index(self.field.symbol)
        return i is None or i not in maps.occurring(*polys)

    def is_constant(self, p: Poly) -> bool:
        """Whether a polynomial is a number: of Q, or of the field."""
        return bool(p.is_constant()) or (self.field is not None and not self.occurs(p))

    def sign(self, p: Poly) -> int:
        """The sign of a constant of the field."""
        if self.field is not None:
            return self.field.sign(p)
        value = maps.constant_value(p)
        return int(value > 0) - int(value < 0)

    def index(self, name: str) -> int:
        need(name in self.role, f"no variable {quoted(name)} here")
        return self.names.index(name)

    def gen(self, name: str) -> Poly:
        """A variable as a polynomial."""
        return generators(self.names)[self.index(name)]

    def occurs(self, *polys: Poly) -> set[str]:
        """The variables that occur."""
        found = {self.names[i] for i in maps.occurring(*polys)}
        return found if self.field is None else found - {self.field.symbol}

    def content(self, p: Poly) -> dict[str, int]:
        """The exponents of the largest monomial in the variables that divides p ≠ 0."""
        found = {self.names[i]: e for i, e in maps.content(p).items()}
        if self.field is not None:
            found.pop(self.field.symbol, None)
        return found

    def without(self, p: Poly, exponents: Mapping[str, int]) -> Poly:
        """p divided by a monomial."""
        powers = {self.names.index(n): e for n, e in exponents.items() if e}
        return p / maps.monomial(ring(self.names), powers) if powers else p

    def sign_at(self, p: Polynomial, point: Sequence[Fraction]) -> int:
        """The sign of p, in one variable over the field, where that variable has this value."""
        (x,) = self.occurs(p.flint)
        (value,) = map(to_fmpq, point)
        return self.sign(self.substitution({x: ring(self.names).constant(value)})(p.flint))

    def of_role(self, *roles: str) -> list[str]:
        """The variables of these roles, in order."""
        return [n for n in self.names if self.role.get(n) in roles]

    def substitution(self, images: Mapping[str, Poly]) -> Callable[[Poly], Poly]:
        """The map that replaces variables by polynomials, at once."""
        context = ring(self.names)
        full = [images.get(n, x) for n, x in zip(self.names, generators(self.names), strict=True)]
        positions = {self.names.index(n): image for n, image in images.items()}

        def change(p: Poly) -> Poly:
            input_limits.check_substitution(p, positions)
            return p.compose(*full, ctx=context)

        return change

    def each(self, change: Callable[[Poly], Poly]) -> Family:
        """The family with generators and conditions changed alike."""
        gens, units, signs = (tuple(map(change, p)) for p in (self.gens, self.units, self.signs))
        return self.but(gens=gens, units=units, signs=signs)

    def only(self, keep: Callable[[Poly], bool]) -> Family:
        """The family with those of the generators and conditions that are kept."""
        kept = (tuple(filter(keep, polys)) for polys in (self.gens, self.units, self.signs))
        gens, units, signs = kept
        return self.but(gens=gens, units=units, signs=signs)

    def cost(self, name: str) -> Fraction:
        """1 + the exponent of the prior."""
        return self.h[name] + 1 if name in self.h else _ONE

    @cached_property
    def locals(self) -> frozenset[int]:
        """The positions of the local variables."""
        return frozenset(i for i, n in enumerate(self.names) if self.role.get(n) == LOCAL)

    def at_stratum(self, p: Poly) -> Poly:
        """p with the local variables set to 0: its values on the stratum."""
        return p if p.is_constant() else self.reduced(maps.at_zero(p, self.locals))

    def is_unit(self, p: Poly) -> bool:
        """True if p on the stratum is a product of a constant, unit variables and known units."""
        p = self.at_stratum(p)
        if self.is_constant(p):
            return not p.is_zero()
        for u in (*(self.gen(n) for n in self.of_role(UNIT)), *self.units):
            p = self.stripped(p, u)[0]
        return self.is_constant(p) and not p.is_zero()

    def is_free(self, x: str) -> bool:
        """True if neither K's monomial factor, nor the prior, nor a sign involves x."""
        return not self.k.get(x) and not self.h.get(x) and x not in self.positive

    def normal(self) -> Family:
        """The family in normal form: no zero generators, common monomials in k, powers of unit
        variables dropped."""
        if self.exponents:
            return self._normal_product()
        reduced = self.gens if self.field is None else map(self.reduced, self.gens)
        gens = [f for f in reduced if not f.is_zero()]
        need(bool(gens), "K vanishes identically on this family")
        k = {n: e for n, e in self.k.items() if e and self.role.get(n) in (LOCAL, PARAM)}
        h = {n: e for n, e in self.h.items() if e and self.role.get(n) in (LOCAL, PARAM)}
        units = self.of_role(UNIT) if UNIT in self.role.values() else []
        units += [] if self.field is None else [self.field.symbol]
        for n in units:
            x = generators(self.names)[self.names.index(n)]
            gens = [maps.strip(f, x) for f in gens]
        common = gens[0].term_content()
        for f in gens[1:]:
            if common.is_one():
                break
            common = common.gcd(f.term_content())
        if not common.is_one():
            gens = [f / common for f in gens]
            for n, e in self.content(common).items():
                k[n] = k.get(n, 0) + e
        conditions, signs = self.units, self.signs
        if conditions or signs:
            left = (u for u in map(self.at_stratum, conditions) if not self.is_constant(u))
            # one unit up to constants, so that evidence speaks of the same product in the search
            conditions = tuple({str(u / u.leading_coefficient()): u for u in left}.values())
            kept = (p for p in map(self.at_stratum, signs))
            signs = tuple(p for p in kept if not self.is_constant(p) or self.sign(p) <= 0)
        found = (tuple(gens), k, h, conditions, signs)
        if found == (self.gens, self.k, self.h, self.units, self.signs):
            return self
        return self.but(gens=found[0], k=k, h=h, units=conditions, signs=signs)

    def _normal_product(self) -> Family:
        """The normal form of a product: monomials in k, without factors that are units."""
        k, factors = dict(self.k), []
        for f, e in zip(self.gens, self.exponents, strict=True):
            need(not f.is_zero(), "K vanishes identically on this family")
            content = self.content(f)
            for n, a in content.items():
                k[n] = k.get(n, 0) + e * a
            f = self.without(f, content)
            if not self.is_unit(f):
                factors.append((f, e))
        one = (ring(self.names).constant(1),)
        rest = self.but(gens=one, exponents=(), k=k).normal()
        if not factors:
            return rest
        gens, exponents = zip(*factors, strict=True)
        return rest.but(gens=gens, exponents=() if exponents == (1,) else exponents)

    @cached_property
    def _shape(self) -> tuple[list[Poly], list[Poly]]:
        return _monic(self.gens), _monic(self.units)

    def check_same(self, other: Family, renaming: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
        """Require that x ↦ ±y, {x: [y, ±1]}, carries this family to the other; return the map."""
        need((self.names, self.field) == (other.names, other.field), "the two rings differ")
        need(not self.within and not other.within, "intervals are not compared")
        need(not self.exponents and not other.exponents, "products are not compared")
        moved = {str(n): (str(to), integer(sign)) for n, (to, sign) in renaming.items()}
        targets = {to for to, _ in moved.values()}
        need(set(moved) == set(self.role), "every variable must be renamed")
        one_to_one = targets == set(other.role) and len(targets) == len(moved)
        need(one_to_one, "renaming: not one to one")
        for n, (to, sign) in moved.items():
            same = (
                self.role[n] == other.role[to]
                and (n in self.positive) == (to in other.positive)
                and self.k.get(n, 0) == other.k.get(to, 0)
                and self.h.get(n, 0) == other.h.get(to, 0)
            )
            need(same and sign in (1, -1), f"{n} and {to} play different roles")
            need(sign == 1 or n not in self.positive, f"{n} >= 0 has no change of sign")
        images = {n: sign * other.gen(to) for n, (to, sign) in moved.items()}

        need(not self.signs and not other.signs, "sign conditions are not compared")
        change = self.substitution(images)
        mapped = _monic(map(change, self.gens)), _monic(map(change, self.units))
        same = all(map(maps.equal_sets, mapped, other._shape))
        need(same, "the two families differ")
        return moved

    def domain(self, variables: Collection[str]) -> dict[str, Kind]:
        listed = [n for n in self.of_role(PARAM, UNIT) if n in variables]
        return {n: KINDS[self.role[n], n in self.positive] for n in listed}

    def check_no_zero(self, polys: list[Poly], evidence: Any) -> None:
        """The polynomials have no common zero on the stratum; u·s = 1 says that units are not 0,
        and the symbol of the field is the positive zero of its relation."""
        polys = [self.at_stratum(p) for p in polys]
        domain = self.domain(self.occurs(*polys, *self.units))
        names, listed = tuple(domain), [Polynomial(self.names, p) for p in polys]
        inverse = "s_" + "_".join(names)
        if not self.is_rational(*polys, *self.units):
            assert self.field is not None
            domain[self.field.symbol] = "positive"
            names = tuple(domain)
            listed.append(self.field.relation(names))
        if self.units:
            names = (*names, inverse)
            product = parse(inverse, names)
            for u in self.units:
                product = product * Polynomial(self.names, u).in_ring(names)
            domain[inverse] = "real"
            listed.append(product - 1)
        check_no_zero([p.in_ring(names) for p in listed], domain, evidence)

    def has_point(self, zero: Collection[str], witness: Mapping[str, Any] | None) -> bool:
        """True if a point of the stratum with these parameters at 0 is known; signs need a
        witness."""
        if not self.signs or witness is None:
            return not self.signs
        at = {n: fraction(v) for n, v in witness.items()}
        constant = ring(self.names).constant
        images = {n: at.get(n, Fraction(0)) for n in self._variables}
        for n, v in images.items():
            bad = (n in zero and v != 0) or (n in self.positive and v < 0)
            bad = bad or (self.role.get(n) == UNIT and v == 0)
            need(not bad, f"witness: {n} = {v} is not on the stratum")
        there = self.substitution({n: constant(to_fmpq(v)) for n, v in images.items()})
        need(all(self.sign(there(u)) != 0 for u in self.units), "witness: a unit vanishes")
        need(all(self.sign(there(p)) > 0 for p in self.signs), "witness: a sign condition fails")
        return True


def family_of(germ: Germ) -> Family:
    """The family of a germ over a field, as a replay starts with it."""
    return Family(
        names=germ.generators[0].variables,
        field=germ.field,
        role=dict.fromkeys(germ.variables, LOCAL),
        positive=frozenset(germ.nonnegative),
        k={},
        h={n: e for n, e in zip(germ.variables, germ.prior, strict=True) if e},
        gens=tuple(g.flint for g in germ.generators),
    )


def _monic(polys: Iterable[Poly]) -> list[Poly]:
    """The polynomials up to constants."""
    return [p if (c := p.leading_coefficient()) == 1 else p / c for p in polys]


def need(condition: bool, message: str, *about: object) -> None:
    """Raise CertificateError unless the condition holds. {} in the message stand for what it is
    about: a long polynomial is written out only where it fails."""
    if not condition:
        raise CertificateError(message.format(*map(shown, about)) if about else message)


def integer(value: Any, low: int | None = None) -> int:
    """Return an integer as it stands; 1.5, True and "1" are none, and are not rounded."""
    if (
        type(value) is not int
        or (low is not None and value < low)
        or abs(value) > input_limits.DEGREE
    ):
        raise CertificateError(f"no such integer: {quoted(value)}")
    return value
