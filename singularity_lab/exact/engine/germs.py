"""Families of germs as the engine moves them: K = ∏|x|^(2k) · Σ fᵢ² with prior ∏|x|^h along a
stratum.

The engine's own state, and the moves that describe the same family in other ways. Each move
returns the new family and the proof step that says what was done; the verifier has its own code
for the same steps.
The theorems are in docs/theory.md, under Moves and Branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.algebraic import real_roots
from singularity_lab.algebra.factoring import factor_if_quick
from singularity_lab.algebra.names import fresh
from singularity_lab.algebra.number_field import NumberField, coordinates
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import Germ
from singularity_lab.algebra.rings import ring
from singularity_lab.algebra.univariate import Kind, univariate
from singularity_lab.exact.proof.branches import (
    Blowup,
    Dehomogenise,
    Free,
    Locus,
    Product,
    Root,
    Roots,
    Split,
    Sum,
)
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.charts import Chart, charts, representatives
from singularity_lab.exact.proof.moves import (
    Add,
    Append,
    Change,
    Contract,
    Coordinate,
    Divide,
    Generators,
    Multiply,
    Nonvanishing,
    Relax,
    SplitTerms,
)
from singularity_lab.exact.zeros.decide import no_common_zero
from singularity_lab.exact.zeros.over_field import sign_over_field
from singularity_lab.system.deadline import TimeLimit

if TYPE_CHECKING:
    import numpy as np

Poly = flint.fmpq_mpoly
LOCAL, PARAM, UNIT = "local", "param", "unit"
Term = tuple[tuple[int, int], ...]
Centre = Sequence[Sequence[tuple[int, int]]]


class Generator:
    """A polynomial with its terms read once: sparse exponents ((variable, exponent), …) and
    coefficients."""

    __slots__ = ("__dict__", "__weakref__", "poly", "reductions")

    def __init__(self, poly: Poly) -> None:
        self.poly = poly
        # what another generator can do for this one, once it has been found out
        self.reductions: WeakKeyDictionary[Generator, Any] = WeakKeyDictionary()

    @cached_property
    def terms(self) -> list[tuple[Term, flint.fmpq]]:
        return [
            (tuple((i, int(e)) for i, e in enumerate(a) if e), c)
            for a, c in zip(self.poly.monoms(), self.poly.coeffs(), strict=True)
        ]

    @cached_property
    def occurs(self) -> frozenset[int]:
        return maps.occurring(self.poly)

    @cached_property
    def content(self) -> dict[int, int]:
        """The exponents of the largest monomial that divides the polynomial."""
        return maps.content(self.poly)

    @cached_property
    def cost(self) -> int:
        """How far from a monomial: Σ over terms of 1 + the degree left after the content; 0 for
        monomials."""
        if len(self.poly) == 1:
            return 0
        base = sum(self.content.values())
        return int(sum(map(sum, self.poly.monoms()))) + (1 - base) * len(self.poly)

    @cached_property
    def exponents(self) -> np.ndarray:
        """The exponents of the terms: an array of shape (terms, variables)."""
        import numpy as np

        return np.array([[int(e) for e in a] for a in self.poly.monoms()], dtype=np.int64)

    @cached_property
    def factors(self) -> list[tuple[Poly, int]]:
        return [(p, int(e)) for p, e in factor_if_quick(self.poly)[1]]


@dataclass(frozen=True, eq=False)
class Germs:
    """A family of germs. Variables are indices into ``names``; absent from ``role`` means gone.

    Over a number field the last name is its symbol, a positive unit variable that no move changes.
    fixed: unit variables that no move may change, as the symbol of a table.
    """

    names: tuple[str, ...]
    role: Mapping[int, str]
    positive: frozenset[int]
    k: Mapping[int, int]
    h: Mapping[int, Fraction]
    gens: tuple[Generator, ...]
    units: tuple[Poly, ...] = ()
    signs: tuple[Poly, ...] = ()
    field: NumberField | None = None
    exponents: tuple[int, ...] = ()  # of the factors of a product, which are then ``gens``
    fixed: frozenset[int] = frozenset()

    @classmethod
    def of(cls, germ: Germ) -> Germs:
        index = {n: i for i, n in enumerate(germ.variables)}
        role = dict.fromkeys(range(len(index)), LOCAL)
        positive = frozenset(index[n] for n in germ.nonnegative)
        if germ.field is not None:
            role[len(index)], positive = UNIT, positive | {len(index)}
        return cls(
            names=germ.generators[0].variables,
            role=role,
            positive=positive,
            field=germ.field,
            k={},
            h={i: t for i, t in enumerate(germ.prior) if t},
            gens=tuple(Generator(g.flint) for g in germ.generators),
        ).normal()

    def but(self, **changes: Any) -> Germs:
        fields: dict[str, Any] = {n: getattr(self, n) for n in self.__match_args__}
        return Germs(**(fields | changes))

    # -- reading --------------------------------------------------------------------------------

    @cached_property
    def context(self) -> flint.fmpq_mpoly_ctx:
        """The ring of the polynomials."""
        return ring(self.names)

    @cached_property
    def variables(self) -> tuple[Poly, ...]:
        """The variables as polynomials, by index."""
        return tuple(self.context.gens())

    @cached_property
    def locals(self) -> tuple[int, ...]:
        return tuple(sorted(i for i, r in self.role.items() if r == LOCAL))

    @cached_property
    def params(self) -> tuple[int, ...]:
        """The parameters, by index."""
        return tuple(sorted(i for i, r in self.role.items() if r == PARAM))

    @cached_property
    def unit_variables(self) -> tuple[int, ...]:
        """The variables that are nowhere 0 and may take every other value, without the symbol."""
        others = self.fixed | {self.symbol}
        return tuple(sorted(i for i, r in self.role.items() if r == UNIT and i not in others))

    @cached_property
    def symbol(self) -> int:
        """The place of the field's symbol; −1 over Q."""
        return -1 if self.field is None else len(self.names) - 1

    @cached_property
    def occurs(self) -> frozenset[int]:
        """The variables of the ideal J."""
        return frozenset().union(*(f.occurs for f in self.gens))

    @cached_property
    def cost(self) -> int:
        return sum(f.cost for f in self.gens)

    def monomial(self, exponents: Mapping[int, int]) -> Poly:
        return maps.monomial(self.context, exponents)

    def degrees(self, p: Poly) -> list[int]:
        """The degree of a polynomial in each variable."""
        return [int(d) for d in p.degrees()]

    def at_stratum(self, p: Poly) -> Poly:
        """p with the local variables set to 0."""
        return self.reduced(maps.at_zero(p, self.locals))

    def reduced(self, p: Poly) -> Poly:
        """p modulo the relation of the field."""
        return p if self.field is None else self.field.reduce(p)

    def is_constant(self, p: Poly) -> bool:
        """Whether a polynomial is a number: of Q, or of the field."""
        return bool(p.is_constant()) or maps.occurring(p) == {self.symbol}

    def is_unit(self, p: Poly) -> bool:
        """True if p on the stratum is a product of a constant, unit variables and known units."""
        if p.is_constant():
            return not p.is_zero()
        p = self.at_stratum(p)
        if p.is_zero():
            return False
        content = p.term_content()
        divisor = {i: int(d) for i, d in enumerate(content.degrees()) if d and self.role[i] == UNIT}
        if divisor:
            p = p / self.monomial(divisor)
        for u in self.units:
            if p.is_constant():
                break
            p = self.stripped(p, u)[0]
        return self.is_constant(p)

    def stripped(self, p: Poly, q: Poly) -> tuple[Poly, int]:
        """p without its factors q, and how many these are."""
        return maps.stripped(p, q) if self.field is None else self.field.stripped(p, q)

    def is_free(self, i: int) -> bool:
        """No monomial factor, prior factor or sign hangs on the variable: any coordinate change
        will do."""
        return not self.k.get(i) and not self.h.get(i) and i not in self.positive

    def coefficients(self, f: Generator, i: int) -> dict[int, Poly]:
        """f as a polynomial in variable i: {power: coefficient}."""
        return maps.coefficients(f.poly, i)

    # -- the normal form that follows each move ---------------------------------------------------

    def normal(self) -> Germs:
        """Drop zero generators; common monomials go into k; unit variables are units everywhere."""
        if self.exponents:
            return self._normal_product()
        gens = [f for f in map(self._reduced, self.gens) if not f.poly.is_zero()]
        k = {i: e for i, e in self.k.items() if e and self.role.get(i) in (LOCAL, PARAM)}
        h = {i: e for i, e in self.h.items() if e and self.role.get(i) in (LOCAL, PARAM)}
        signs = tuple(p for p in self.signs if not self.is_constant(p) or self.sign(p) <= 0)
        if not gens:
            return self.but(gens=(), k=k, h=h, signs=signs)
        first = gens[0].content
        common = {i: min(f.content.get(i, 0) for f in gens) for i in first}
        common = {i: e for i, e in common.items() if e}
        for i, e in common.items():
            if self.role[i] != UNIT:
                k[i] = k.get(i, 0) + e
        for j, f in enumerate(gens):
            divisor = {
                i: e if self.role[i] == UNIT else common.get(i, 0) for i, e in f.content.items()
            }
            if any(divisor.values()):
                gens[j] = Generator(f.poly / self.monomial(divisor))
        kept = (u for u in self.units if not self.is_constant(u))
        units = {str(u / u.leading_coefficient()): u for u in kept}
        return self.but(gens=tuple(gens), k=k, h=h, units=tuple(units.values()), signs=signs)

    def _normal_product(self) -> Germs:
        """Monomials of the factors go into k with their exponents; units are dropped."""
        k, factors = dict(self.k), []
        for f, e in zip(self.gens, self.exponents, strict=True):
            for i, a in f.content.items():
                if self.role[i] != UNIT:
                    k[i] = k.get(i, 0) + e * a
            rest = Generator(f.poly / self.monomial(f.content)) if f.content else f
            if not self.is_unit(rest.poly):
                factors.append((rest, e))
        one = (Generator(self.context.constant(1)),)
        plain = self.but(gens=one, exponents=(), k=k).normal()
        if not factors:
            return plain
        gens, exponents = zip(*factors, strict=True)
        return plain.but(gens=gens, exponents=() if exponents == (1,) else exponents)

    def product(self, factors: Sequence[tuple[Poly, int]]) -> tuple[Germs, Script]:
        """The one generator as a product of powers, to be resolved factor by factor."""
        gens = tuple(Generator(p) for p, _ in factors)
        exponents = tuple(e for _, e in factors)
        step = Product(factors=tuple((str(p), e) for p, e in factors)).encode()
        return self.but(gens=gens, exponents=exponents).normal(), step

    def _reduced(self, f: Generator) -> Generator:
        p = self.reduced(f.poly)
        return f if p is f.poly else Generator(p)

    def sign(self, p: Poly) -> int:
        """The sign of a constant."""
        if self.field is not None:
            return self.field.sign(p)
        value = maps.constant_value(p)
        return int(value > 0) - int(value < 0)

    def to_json(self) -> dict[str, Any]:
        """The family as a lemma states it."""
        role = {i: r for i, r in sorted(self.role.items()) if i != self.symbol}
        return {
            "role": {self.names[i]: r for i, r in role.items()},
            "positive": [self.names[i] for i in sorted(self.positive) if i in role],
            "k": {self.names[i]: e for i, e in sorted(self.k.items())},
            "h": {self.names[i]: str(e) for i, e in sorted(self.h.items())},
            "gens": [str(f.poly) for f in self.gens],
            "units": [str(u) for u in self.units],
        }

    # -- moves --------------------------------------------------------------------------------

    def generators(self, do: list[list[Any]]) -> tuple[Germs, Script]:
        """Other generators of the same ideal, and the step; do: of ``add``, i, j, q (f_i + q·f_j
        for f_i), ``mul``, i, u (u·f_i), ``div``, i, u (f_i/u), ``append``, [(j, q), …] (Σ q·f_j
        too), ``split``, i."""
        gens = [f.poly for f in self.gens]
        done: list[Append | Add | Multiply | Divide | SplitTerms] = []
        for name, *args in do:
            if name == "add":
                i, j, q = args
                gens[i] = gens[i] + q * gens[j]
                done.append(Add(i, j, str(q)))
            elif name == "div":
                i, q = args
                gens[i] = gens[i] / q
                done.append(Divide(i, str(q)))
            elif name == "mul":
                i, q = args
                gens[i] = gens[i] * q
                done.append(Multiply(i, str(q)))
            elif name == "append":
                (terms,) = args
                gens.append(sum((q * gens[j] for j, q in terms), self.context.constant(0)))
                done.append(Append(tuple((j, str(q)) for j, q in terms)))
            else:
                assert name == "split"
                (i,) = args
                gens[i : i + 1] = [self.context.from_dict({tuple(a): 1}) for a in gens[i].monoms()]
                done.append(SplitTerms(i))
        known = {id(f.poly): f for f in self.gens}
        fresh = tuple(known.get(id(p)) or Generator(p) for p in gens)
        return self.but(gens=fresh).normal(), Generators(do=tuple(done)).encode()

    def change(self, i: int, numerator: Poly, denominator: Poly) -> tuple[Germs, Script]:
        """The coordinate x_i replaced by numerator/denominator, numerator linear in x_i."""
        step = Change(var=self.names[i], num=str(numerator), den=str(denominator)).encode()

        def pulled(p: Poly) -> Poly:
            return maps.pull_back(p, i, numerator, denominator)

        gens = tuple(Generator(pulled(f.poly)) if i in f.occurs else f for f in self.gens)
        units = tuple(self.at_stratum(pulled(u)) for u in self.units)
        signs = tuple(
            self.at_stratum(pulled(p) * (denominator if int(p.degrees()[i]) % 2 else 1))
            for p in self.signs
        )
        return self.but(gens=gens, units=units, signs=signs).normal(), step

    def compose(self, p: Poly, images: Mapping[int, Poly]) -> Poly:
        """A polynomial with other polynomials put in for some variables."""
        return maps.compose(p, images)

    def contract(self, weights: Mapping[int, int]) -> tuple[Germs, Script]:
        """Parameters of positive weight become local."""
        role = dict(self.role)
        for i, w in weights.items():
            if w and role[i] == PARAM:
                role[i] = LOCAL
        step = Contract(weights={self.names[i]: w for i, w in weights.items() if w}).encode()
        return self.but(role=role).normal(), step

    def relax(self, i: int) -> tuple[Germs, Script]:
        """A unit variable becomes a parameter known not to be 0, or to be > 0."""
        x = self.variables[i]
        moved = self.but(
            role={**self.role, i: PARAM},
            positive=self.positive - {i},
            units=(*self.units, x),
            signs=(*self.signs, x) if i in self.positive else self.signs,
        )
        return moved.normal(), Relax(var=self.names[i]).encode()

    def assume_unit(self, p: Poly, evidence: Any) -> tuple[Germs, Script]:
        """A polynomial in the parameters that vanishes nowhere, by evidence."""
        p = self.at_stratum(p)
        step = Nonvanishing(poly=str(p), evidence=evidence).encode()
        return self.but(units=(*self.units, p)).normal(), step

    def coordinate(self, j: int, i: int) -> tuple[Germs, Script]:
        """Generator j, smooth in the free local variable i and alone with it, becomes that
        variable."""
        gens = (*self.gens[:j], Generator(self.variables[i]), *self.gens[j + 1 :])
        step = Coordinate(gen=j, var=self.names[i]).encode()
        return self.but(gens=gens).normal(), step

    def no_common_zero(self, polys: Sequence[Poly], budget: float, alone: bool = False) -> Any:
        """Evidence that the polynomials have no common zero on the stratum, a Zero, or None.
        alone: whether it is to do without the units."""
        few = len(polys) if alone else None
        polys = [self.at_stratum(p) for p in polys]
        used = frozenset().union(*(Generator(p).occurs for p in (*polys, *self.units)))
        domain = self.domain(used - {self.symbol})
        names, listed = tuple(domain), [Polynomial(self.names, p) for p in polys]
        inverse = "s_" + "_".join(names)
        if self.field is not None and self.symbol in used:
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
        if self.field is not None and self.symbol in used:
            found = sign_over_field(self.field, [p.in_ring(names) for p in listed], domain, few)
            if found is not None:
                return found
        with TimeLimit(3 * budget):
            return no_common_zero([p.in_ring(names) for p in listed], domain, budget, few)
        return None

    def domain(self, variables: Iterable[int] | None = None) -> dict[str, Kind]:
        """The ranges of parameters and unit variables, as evidence names them."""
        kinds: dict[tuple[str, bool], Kind] = {
            (PARAM, False): "real",
            (PARAM, True): "nonnegative",
            (UNIT, False): "nonzero",
            (UNIT, True): "positive",
        }
        here = (*self.params, *self.unit_variables, *(self.fixed & self.role.keys()))
        chosen = here if variables is None else variables
        return {self.names[i]: kinds[self.role[i], i in self.positive] for i in sorted(chosen)}

    # -- branches ---------------------------------------------------------------------------------

    def chart(self, groups: Centre, chart: Chart) -> Germs:
        """One chart of a weighted blow-up."""
        weights = {i: w for group in groups for i, w in group}
        x = self.names.index(chart.variable)
        t = self.variables[x]
        images = {j: t**v * self.variables[j] for j, v in weights.items() if j != x}
        images[x] = chart.sign * t**chart.weight
        later = [i for group in groups[chart.group :] for i, _ in group]
        k = sum(w * self.k.get(i, 0) for i, w in weights.items())
        h = sum((w * (self.h.get(i, Fraction(0)) + 1) for i, w in weights.items()), Fraction(-1))
        return self.but(
            role={**self.role, **dict.fromkeys(later, PARAM), x: LOCAL},
            positive=self.positive if chart.two_sided else self.positive | {x},
            k={**self.k, x: k},
            h={**self.h, x: h},
            gens=tuple(Generator(self.compose(f.poly, images)) for f in self.gens),
        ).normal()

    def charts(self, groups: Centre) -> list[Chart]:
        """The charts of a weighted blow-up, by name."""
        named = [[(self.names[i], w) for i, w in group] for group in groups]
        return charts(named, {self.names[i] for i in self.positive})

    def blow_up(
        self, groups: Centre, symmetries: Sequence[Mapping[str, tuple[str, int]]] = ()
    ) -> tuple[list[Germs], Script]:
        """The charts of a weighted blow-up, one of each orbit under the symmetries."""
        chosen = representatives(self.charts(groups), symmetries)
        symbol = None if self.field is None else self.field.symbol
        kept = tuple({n: to for n, to in s.items() if n != symbol} for s in symmetries)
        named = tuple(tuple((self.names[i], w) for i, w in group) for group in groups)
        step = Blowup(groups=named, symmetries=kept or None).encode()
        return [self.chart(groups, c) for c in chosen], step

    def split(self, i: int) -> tuple[list[Germs], Script]:
        """Parameter i is 0, or not."""
        zero = self.but(role={**self.role, i: LOCAL})
        units = tuple(zero.at_stratum(u) for u in self.units)
        other = self.but(role={**self.role, i: UNIT}).normal()
        step = Split(var=self.names[i]).encode()
        signs = tuple(zero.at_stratum(p) for p in self.signs)
        if any(u.is_zero() for u in (*units, *signs)):
            return [other], step
        return [zero.but(units=units, signs=signs).normal(), other], step

    def roots(self, i: int, q: Poly) -> tuple[list[Germs], Script]:
        """Parameter i is a root of the irreducible q, a value of a number field each; or not."""
        families, listed = [], list[Root]()
        for root in real_roots(univariate(Polynomial(self.names, q), self.names[i])):
            if i in self.positive and root < 0:
                continue
            names = (*self.names, fresh("s", self.names))
            field, values = coordinates({"": root}, names)
            low, high = root.interval(8)
            while low < 0 < high:
                low, high = root.interval(2 * (high - low).denominator.bit_length())
            value = values[""]
            listed.append(
                Root(
                    symbol=names[-1],
                    field=str(field),
                    value=str(value),
                    between=(str(low), str(high)),
                )
            )
            context = ring(names)
            image = {i: value.flint + context.gen(i)}

            def there(
                polys: Iterable[Poly], context: Any = context, image: Any = image
            ) -> tuple[Poly, ...]:
                return tuple(maps.compose(p.project_to_context(context), image) for p in polys)

            lifted = Germs(
                names=names,
                role={**self.role, i: LOCAL, len(self.names): UNIT},
                positive=self.positive - {i} | {len(self.names)},
                k={j: e for j, e in self.k.items() if j != i},
                h={j: e for j, e in self.h.items() if j != i},
                gens=tuple(map(Generator, there(f.poly for f in self.gens))),
                field=field,
            )
            units, signs = (
                tuple(map(lifted.at_stratum, there(polys))) for polys in (self.units, self.signs)
            )
            if not any(p.is_zero() for p in (*units, *signs)):
                families.append(lifted.but(units=units, signs=signs).normal())
        other = self.but(units=(*self.units, self.at_stratum(q)))
        step = Roots(var=self.names[i], poly=str(q), roots=tuple(listed)).encode()
        return [*families, other.normal()], step

    def locus(
        self, f: Poly, by: Sequence[int], evidence: Mapping[str, Any]
    ) -> tuple[list[Germs], Script]:
        """The strata q = 0 and q ≠ 0, where q is f on the stratum and f a coordinate by the
        variables ``by``."""
        z = self.variables[by[0]]
        gens = []
        powers = evidence.get("powers", {})
        for j, g in enumerate(self.gens):
            if str(j) in powers:
                gens.append(Generator(parse(powers[str(j)], self.names).flint))
                continue
            rest, e = self.stripped(g.poly, f)
            if Generator(rest).occurs & set(by):
                rest = self.context.constant(1)
            gens.append(Generator(z**e * rest))
        role = {i: r for i, r in self.role.items() if i not in by[1:]}
        role[by[0]] = LOCAL

        def kept(polys: tuple[Poly, ...]) -> tuple[Poly, ...]:
            return tuple(p for p in polys if not Generator(p).occurs & set(by))

        zero = self.but(
            role=role,
            positive=self.positive - set(by),
            gens=tuple(gens),
            units=kept(self.units),
            signs=kept(self.signs),
        )
        if evidence.get("unit"):
            zero = zero.but(units=(*zero.units, parse(evidence["unit"], self.names).flint))
        other = self.but(units=(*self.units, self.at_stratum(f)))
        step = Locus(poly=str(f), by=tuple(self.names[i] for i in by), **evidence).encode()
        return [zero.normal(), other.normal()], step

    def dehomogenise(self, i: int, weights: Mapping[int, int]) -> tuple[list[Germs], Script]:
        """Unit variable i becomes ±1 by a dilation."""
        reflected = weights[i] % 2 == 1 and all(
            weights.get(j, 0) % 2 == 0 for j in self.positive if j in self.role
        )
        signs = (1,) if i in self.positive or (reflected and not self.signs) else (1, -1)
        role = {j: r for j, r in self.role.items() if j != i}
        families = []
        for s in signs:
            image = {i: self.context.constant(s)}
            families.append(
                self.but(
                    role=role,
                    gens=tuple(Generator(self.compose(f.poly, image)) for f in self.gens),
                    units=tuple(self.compose(u, image) for u in self.units),
                    signs=tuple(self.compose(p, image) for p in self.signs),
                ).normal()
            )
        named = {self.names[j]: w for j, w in weights.items() if w}
        return families, Dehomogenise(var=self.names[i], weights=named).encode()

    def blocks(self) -> list[set[int]]:
        """The finest partition of the variables of J (and of the units) that no generator
        crosses."""
        groups: list[set[int]] = []
        sets = [self._inside(f.poly) for f in self.gens]
        sets += [self._inside(u) for u in (*self.units, *self.signs)]
        for s in sets:
            touching = [g for g in groups if g & s]
            groups = [g for g in groups if not g & s] + [s.union(*touching)]
        return sorted((g for g in groups if g & self.occurs), key=min)

    def _inside(self, p: Poly) -> set[int]:
        """The variables of p, the field's symbol left out."""
        return set(maps.occurring(p)) - {self.symbol}

    def sum(self, blocks: Sequence[set[int]]) -> tuple[list[Germs], Script]:
        """The sum rule's parts."""
        families = []
        for block in blocks:
            families.append(
                self.but(
                    role={i: r for i, r in self.role.items() if i in block or i == self.symbol},
                    gens=tuple(f for f in self.gens if f.occurs and self._inside(f.poly) <= block),
                    units=tuple(u for u in self.units if self._inside(u) <= block),
                    signs=tuple(p for p in self.signs if self._inside(p) <= block),
                ).normal()
            )
        named = tuple(tuple(self.names[i] for i in sorted(b)) for b in blocks)
        return families, Sum(blocks=named).encode()

    def free(self) -> tuple[Germs, list[Fraction], Script]:
        """Without the variables that do not occur in J, and their ratios (h + 1)/2k."""
        kept = self.occurs.union(*(Generator(u).occurs for u in (*self.units, *self.signs)))
        kept |= {self.symbol}
        gone = [i for i in self.role if i not in kept]
        ratios = [
            (self.h.get(i, Fraction(0)) + 1) / (2 * self.k[i])
            for i in sorted(gone)
            if self.k.get(i)
        ]
        role = {i: r for i, r in self.role.items() if i in kept}
        return self.but(role=role).normal(), ratios, Free().encode()


def iterate_terms(gens: Iterable[Generator]) -> Iterator[Term]:
    """All exponents of the generators, sparse."""
    for f in gens:
        for t, _ in f.terms:
            yield t


GermMove = tuple[Germs, Script]
GermMoves = tuple[Germs, list[Script]]


def ratio(c: flint.fmpq, b: flint.fmpq) -> tuple[int, int]:
    """c/b as a pair of integers in lowest terms, which can be a key."""
    q = c / b
    return int(q.p), int(q.q)
