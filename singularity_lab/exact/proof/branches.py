"""Steps from a family to several: blow-ups, splittings, sums, lemmas, each with its theorem."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any, ClassVar, TypedDict

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.hypotheses import hold, lacks, under
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.number_field import check_roots
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import fraction, ring, to_fmpq
from singularity_lab.algebra.univariate import univariate
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.charts import charts, representatives
from singularity_lab.exact.proof.evidence import Evidence, check_zero
from singularity_lab.exact.proof.family import LOCAL, PARAM, UNIT, Family, Poly, integer
from singularity_lab.exact.proof.moves import grading
from singularity_lab.exact.proof.step import (
    Branch,
    Families,
    RationalText,
    Step,
    Verdict,
    Witness,
    index,
    no_witness,
    short,
    theorem,
    without_upper,
)


def least_of(verdicts: list[Verdict]) -> Verdict:
    """(λ, m) of a germ is the least over a cover of the fibre by strata."""
    met = [v for v in verdicts if not v.empty]
    lowers = [v.lower for v in met if v.lower is not None]
    uppers = [v.upper for v in met if v.upper is not None]
    lower = min(lowers, default=None) if len(lowers) == len(met) else None
    return Verdict(lower, min(uppers, default=None), empty=not met, why=_why(met))


def _why(verdicts: list[Verdict]) -> tuple[str, ...]:
    """What those lack that have no upper bound."""
    return tuple(dict.fromkeys(w for v in verdicts if v.upper is None for w in v.why))


@theorem
class Blowup(Branch, frozen=True):
    """Weighted blow-up of {x_S = 0}: x_i = ±t^(w_i), x_j = t^(w_j)·x_j'; the Jacobian adds Σ w − 1
    to the exponent of t in the prior (Hironaka 1964; weighted: Varchenko 1976).

    A point of the fibre is in the chart of any x_i that does not vanish there: those of the first
    group of variables that has one will do, with the variables of earlier groups at 0. Charts that
    a symmetry of the family and the centre carries to one another need one case.
    """

    hypotheses: ClassVar = {
        "centre": "the centre names a variable at most once, and one at least",
        "weights": "weights are whole numbers ≥ 1",
        "local": "its variables are local",
        "family": "a symmetry carries the family to itself",
        "symmetric": "a symmetry carries the centre to itself, with its groups and weights",
    }
    groups: tuple[tuple[tuple[str, int], ...], ...]
    symmetries: tuple[dict[str, tuple[str, int]], ...] | None = None

    def words(self) -> str:
        groups = [
            ", ".join(f"{n}^(1/{w})" if w > 1 else n for n, w in group) for group in self.groups
        ]
        alike = "; one chart for those that symmetries join" if self.symmetries else ""
        return f"blow up ({'; '.join(groups)}){alike}"

    def case_names(self, family: Family) -> list[str]:
        found = representatives(charts(self.groups, family.positive), self.symmetries or ())
        side = {1: " > 0", -1: " < 0"}
        single = [c.two_sided or c.variable in family.positive for c in found]
        return [
            f"chart {c.variable}{'' if alone else side[c.sign]}"
            for c, alone in zip(found, single, strict=True)
        ]

    def replay(self, family: Family) -> Families:
        with under("weights"):
            groups = [[(n, integer(w, 1)) for n, w in group] for group in self.groups]
        weights = dict(itertools.chain(*groups))
        once = len(weights) == sum(map(len, groups)) >= 1
        hold("centre", once, "the centre names a variable twice, or none")
        inside = all(family.role.get(n) == LOCAL for n in weights)
        hold("local", inside, "the centre is made of local variables")
        symmetries = []
        for symmetry in self.symmetries or ():
            with under("family"):
                symmetries.append(family.check_same(family, symmetry))
        with under("symmetric"):
            chosen = representatives(charts(groups, family.positive), symmetries)
        h = sum((w * family.h[n] for n, w in weights.items() if n in family.h), Fraction(0))
        h += sum(weights.values()) - 1
        k = sum(w * family.k.get(n, 0) for n, w in weights.items())
        families = []
        for chart in chosen:
            x, t = chart.variable, family.gen(chart.variable)
            later = [n for group in groups[chart.group :] for n, _ in group]
            images = {n: t**w * family.gen(n) for n, w in weights.items() if n != x}
            images[x] = chart.sign * t**chart.weight
            moved = family.but(
                role={**family.role, **dict.fromkeys(later, PARAM), x: LOCAL},
                positive=family.positive if chart.two_sided else family.positive | {x},
                k={**family.k, x: k},
                h={**family.h, x: h},
                gens=tuple(map(family.substitution(images), family.gens)),
            )
            families.append(moved)
        return families, least_of


@theorem
class Split(Branch, frozen=True):
    """A parameter is 0 or not; only not, where a condition fails at 0."""

    hypotheses: ClassVar = {
        "role": "x is a parameter",
    }
    var: str

    def words(self) -> str:
        return f"{self.var} = 0, or not"

    def case_names(self, family: Family) -> list[str]:
        both = [f"{self.var} = 0", f"{self.var} ≠ 0"]
        return both if len(self.cases) == 2 else both[1:]  # a condition may exclude 0

    def replay(self, family: Family) -> Families:
        x = self.var
        hold("role", family.role.get(x) == PARAM, f"{x} is not a parameter")
        zero, other = (family.but(role={**family.role, x: role}) for role in (LOCAL, UNIT))
        if any(zero.at_stratum(p).is_zero() for p in (*family.units, *family.signs)):
            return [other], least_of
        return [zero, other], least_of


class Root(TypedDict):
    """A real root: the value of a polynomial at the one positive zero of a field's polynomial."""

    symbol: str
    field: str
    value: str
    between: tuple[RationalText, RationalText]


@theorem
class Roots(Branch, frozen=True):
    """A parameter is a root of an irreducible c, or not. Each root is a value of a field Q(γ), and
    there x is a local variable again: x = value + x'. The roots lie in disjoint intervals, as many
    as c has in the domain of x (Sturm 1829), so that these are all; none of them is 0."""

    hypotheses: ClassVar = {
        "role": "x is a parameter",
        "rational": "there is no number field yet",
        "alone": "c is a polynomial in x alone, of degree ≥ 2",
        "irreducible": "c is irreducible over Q, so that no rational number is a root",
        "complete": "the values listed are the roots of c in the domain of x: each is one, in "
        "disjoint intervals of it, and there are as many as Sturm's theorem counts",
        "symbol": "the symbol of the field is a new name",
    }
    var: str
    poly: str
    roots: tuple[Root, ...]

    def words(self) -> str:
        return f"{self.var} a root of {short(self.poly)}, or not"

    def case_names(self, family: Family) -> list[str]:
        values = [f"{self.var} = {r['value']}, {r['field']} = 0" for r in self.roots]
        met = len(self.cases) - 1  # a condition may exclude some roots
        named = values if met == len(values) else [f"{self.var} a root"] * met
        return [*named, f"{self.poly} ≠ 0"]

    def replay(self, family: Family) -> Families:
        x, c = self.var, family.read(self.poly)
        hold("role", family.role.get(x) == PARAM, f"{x} is no parameter")
        hold("rational", family.field is None, "a second number field")
        alone = family.occurs(c) == {x} and c.total_degree() > 1
        hold("alone", alone, f"{self.poly} must be in {x} alone")
        prime = [e for _, e in c.factor()[1]] == [1]
        hold("irreducible", prime, f"{self.poly} is not irreducible")
        dense, kind = univariate(Polynomial(family.names, c), x), family.domain([x])[x]
        with under("complete"):
            values = check_roots(dense, kind, self.roots)
        families = []
        for root_field, value in values:
            new = root_field.symbol not in family.names
            hold("symbol", new, "a new name is needed for the symbol")
            lifted = family.lifted(root_field)
            image = {x: value.in_ring(lifted.names).flint + lifted.gen(x)}
            at = {n: {m: e for m, e in getattr(family, n).items() if m != x} for n in ("k", "h")}
            role, positive = {**family.role, x: LOCAL}, family.positive - {x}
            lifted = lifted.each(lifted.substitution(image)).but(role=role, positive=positive, **at)
            if not any(lifted.at_stratum(p).is_zero() for p in (*lifted.units, *lifted.signs)):
                families.append(lifted)
        return [*families, family.but(units=(*family.units, c))], least_of


@theorem
class Locus(Branch, frozen=True):
    """The stratum is split into q = 0 and q ≠ 0, q being the value of F there. Where dF ≠ 0 in
    variables ``by`` that are free or units, F is a coordinate; a generator F^e·g must have g
    without these, or a unit where q = 0; or it is one of ``powers``, a polynomial in F (written as
    the first of ``by``) and in variables outside ``by``. The family on q = 0 forgets the conditions
    on ``by``, and how they bind the variables that go on: it bounds below. It bounds above if q = 0
    has real points off the zeros of the units with each value of the variables on which its germs
    depend. Where q is linear in the one variable of ``by``, its coefficient is not 0 on q = 0, and
    may be kept as a ``unit`` there; then q = 0 is a graph where that is not 0, if nothing else
    binds the variable: each point of it is real, and it bounds above."""

    hypotheses: ClassVar = {
        "free": "F is a coordinate by one or more variables without monomial factor, prior and "
        "sign, or by unit variables, which move freely near their values",
        "smooth": "where q = 0 on the stratum, some derivative of F by these is not 0",
        "rest": "a generator is F^e·g where g is free of these variables, or not 0 where q = 0",
        "powers": "or a generator is a polynomial in F and variables outside ``by``: putting F "
        "back gives it",
        "point": "above: q changes sign between two points of one orthant of the stratum",
        "irreducible": "above: q is irreducible over Q, or has one variable: then such zeros are "
        "dense in q = 0, or each is one of finitely many",
        "units": "above: a unit that meets q or ``by`` is a polynomial in these, and not 0 on "
        "all of q = 0: it binds nothing that goes on",
        "signs": "above: there are no sign conditions",
        "loose": "above: generators and monomial factor do not depend on the other variables of q",
        "unit": "the unit on q = 0 is the coefficient in q of the one variable of ``by``, in which "
        "q is linear",
    }
    poly: str
    by: tuple[str, ...]
    smooth: Evidence
    rest: dict[str, Evidence]
    exists: Evidence | None
    powers: dict[str, str] | None = None
    unit: str | None = None

    def words(self) -> str:
        return f"{short(self.poly)} = 0, or not"

    def case_names(self, family: Family) -> list[str]:
        return [f"{self.poly} = 0", f"{self.poly} ≠ 0"]

    def replay(self, family: Family) -> Families:
        f, by = family.read(self.poly), self.by
        q = family.at_stratum(f)
        able = bool(by) and all(family.role.get(x) == UNIT or _is_free(family, x) for x in by)
        hold("free", able, "the coordinate needs free variables")
        with under("smooth"):
            family.check_no_zero([q, *(f.derivative(family.index(x)) for x in by)], self.smooth)
        z, gens = family.gen(by[0]), []
        powers = self.powers or {}
        for i, g in enumerate(family.gens):
            if str(i) in powers:
                p = family.read(powers[str(i)])
                alike = not family.occurs(p) & set(by[1:])
                alike = alike and family.reduced(family.substitution({by[0]: f})(p) - g).is_zero()
                hold("powers", alike, "{} is not the polynomial in F that is given", g)
                gens.append(p)
                continue
            rest, count = family.stripped(g, f)
            power = z**count
            if family.occurs(rest) & set(by):
                with under("rest"):
                    family.check_no_zero([q, rest], self.rest[str(i)])
                rest = ring(family.names).constant(1)
            gens.append(power * rest)
        role = {n: r for n, r in family.role.items() if n not in by}
        free = family.only(lambda p: not family.occurs(p) & set(by))
        positive = family.positive - set(by)
        zero = free.but(role={**role, by[0]: LOCAL}, positive=positive, gens=tuple(gens))
        graph = False
        if self.unit is not None:
            c, x = family.read(self.unit), by[0]
            linear = len(by) == 1 and q.derivative(family.index(x)) == c
            hold("unit", linear and x not in family.occurs(c), "{} is no such coefficient", c)
            zero = zero.but(units=(*zero.units, c))
            bound = family.occurs(*family.units, *family.signs)
            graph = family.role[x] == PARAM and x not in bound
        other = family.but(units=(*family.units, q))
        why = "" if graph else _no_point(family, q, set(by), zero, self.exists)

        def combine(verdicts: list[Verdict]) -> Verdict:
            on, off = verdicts
            return least_of([without_upper(on, "locus", why), off])

        return [zero, other], combine


def _is_free(family: Family, x: str) -> bool:
    return x in family.role and family.is_free(x)


def _no_point(family: Family, q: Poly, by: set[str], zero: Family, exists: Evidence | None) -> str:
    """Why a germ of ``zero`` may not be one of the family where q = 0; "" if each is."""
    here = family.occurs(q)
    used = family.occurs(*zero.gens) | set(zero.k)
    near = [u for u in family.units if family.occurs(u) & (here | by)]
    rational = family.is_rational(q, *near)
    if rational:  # a change of sign of an irreducible q: its real zeros are dense in q = 0
        single = [e for _, e in q.factor()[1]] == [1]
        binding = [u for u in near if not family.occurs(u) <= here | by]
        binding += [u for u in near if not q.gcd(u).is_constant()]
    else:  # over the field, one variable: a unit without a common factor is not 0 at a zero
        single, alone = len(here) == 1, [family.index(x) for x in here]
        binding = [u for u in near if not family.occurs(u) <= here]
        if single and not binding and family.field is not None:
            binding = [u for u in near if not family.field.coprime(q, u, *alone)]
    why = (
        lacks("point", exists is not None, "no change of sign of {} is given", q)
        or lacks("signs", not family.signs, "sign conditions may exclude {} = 0", q)
        or lacks("loose", not (here - by) & used, "the germs depend on a variable of {}", q)
        or lacks("irreducible", single, "{} is reducible, or in several variables", q)
        or lacks("units", not binding, "{} != 0 may bind variables that go on", *binding[:1])
    )
    if not why and exists is not None:
        there, sign = [Polynomial(family.names, q)], None if rational else family.sign_at
        with under("point"):
            check_zero(there, family.domain(here), exists, sign)
            change = exists["kind"] == "sign change" and (rational or "factor" not in exists)
            hold("point", change, "a change of sign of {} itself is needed", q)
    return why


@theorem
class Dehomogenise(Branch, frozen=True):
    """A dilation moves a unit variable to ±1; along it the family is a product. The
    reflection of an odd weight moves −1 to 1, where it respects the variables that are ≥ 0."""

    hypotheses: ClassVar = {
        "variables": "weights are those of variables that are here",
        "homogeneous": "generators, units and sign conditions are quasi-homogeneous",
        "role": "x is a unit variable of weight not 0",
        "odd": "one case: x > 0, or x has odd weight",
        "walls": "one case: x > 0, or variables that are ≥ 0 have even weights",
        "signs": "one case: x > 0, or there are no sign conditions",
    }
    var: str
    weights: dict[str, int]

    def words(self) -> str:
        weights = ", ".join(f"{n}: {w}" for n, w in self.weights.items())
        return f"{self.var} = ±1 by the grading ({weights})"

    def case_names(self, family: Family) -> list[str]:
        return [f"{self.var} = 1", f"{self.var} = -1"]

    def replay(self, family: Family) -> Families:
        x = self.var
        weights = grading(family, self.weights, (*family.gens, *family.units, *family.signs))
        able = family.role.get(x) == UNIT and weights.get(x, 0) != 0
        hold("role", able, f"{x} is no unit variable of weight not 0")
        even = all(weights.get(n, 0) % 2 == 0 for n in family.positive if n in family.role)
        two_sides = x not in family.positive and (
            lacks("odd", weights[x] % 2 == 1, "no reflection moves -1 to 1")
            or lacks("walls", even, "the reflection moves a wall")
            or lacks("signs", not family.signs, "the reflection may change a sign condition")
        )
        role = {n: r for n, r in family.role.items() if n != x}

        def at(value: int) -> Family:
            image = {x: ring(family.names).constant(value)}
            return family.each(family.substitution(image)).but(role=role)

        return [at(value) for value in ((1, -1) if two_sides else (1,))], least_of


@theorem
class Sum(Branch, frozen=True):
    """Sum rule: ideals in disjoint variables without a common factor: λ and m − 1 add (Watanabe
    2009, Remark 7.2). Conditions may not tie two blocks together; units that meet none are left
    out."""

    hypotheses: ClassVar = {
        "apart": "no variable is in two blocks",
        "variables": "the blocks are made of variables that are here",
        "factor": "there is no common monomial factor",
        "ties": "no generator, unit or sign condition meets two blocks",
        "inside": "each generator and sign condition, and each unit that meets a block, lies in "
        "one",
    }
    blocks: tuple[tuple[str, ...], ...]

    def words(self) -> str:
        return "sum rule: disjoint variables"

    def case_names(self, family: Family) -> list[str]:
        return [", ".join(block) for block in self.blocks]

    def replay(self, family: Family) -> Families:
        blocks = [set(block) for block in self.blocks]
        home = {n: i for i, block in enumerate(blocks) for n in block}
        hold("apart", sum(map(len, blocks)) == len(home), "blocks: a variable appears twice")
        hold("variables", set(home) <= set(family.role), "blocks: unknown variables")
        hold("factor", not any(family.k.values()), "a common factor forbids the sum rule")
        parts: list[dict[str, list[Poly]]] = [
            {"gens": [], "units": [], "signs": []} for _ in blocks
        ]
        for kind in ("gens", "units", "signs"):
            for p in getattr(family, kind):
                occurs = family.occurs(p)
                touched = {home[n] for n in occurs if n in home}
                hold("ties", len(touched) <= 1, "{} meets two blocks", p)
                inside = occurs <= set(home) if touched else kind == "units"
                hold("inside", inside, "{} is in no block", p)
                for i in touched:
                    parts[i][kind].append(p)

        def part(block: set[str], polys: dict[str, list[Poly]]) -> Family:
            role = {n: r for n, r in family.role.items() if n in block}
            return family.but(role=role, **{kind: tuple(listed) for kind, listed in polys.items()})

        def combine(verdicts: list[Verdict]) -> Verdict:
            if any(v.empty for v in verdicts):
                return Verdict(empty=True)
            sums: list[RLCT | None] = []
            for side in ([v.lower for v in verdicts], [v.upper for v in verdicts]):
                known = [v for v in side if v is not None]
                sums.append(sum(known[1:], known[0]) if len(known) == len(side) else None)
            return Verdict(sums[0], sums[1], why=_why(verdicts))

        return list(map(part, blocks, parts)), combine


@theorem
class Free(Branch, frozen=True):
    """Product rule: for variables that occur in the factor ∏|x|^(2k) only, the smaller λ holds, and
    m adds on ties (Watanabe 2009; Lin 2011)."""

    hypotheses: ClassVar = {
        "witness": "above: where the rest is a unit, the stratum has a point, by a witness",
    }
    witness: Witness | None = None

    def words(self) -> str:
        return "product rule: variables of the monomial factor only"

    def replay(self, family: Family) -> Families:
        free = set(family.role) - family.occurs(*family.gens, *family.units, *family.signs)
        ratios = [family.cost(n) / (2 * e) for n, e in family.k.items() if n in free]
        role = {n: r for n, r in family.role.items() if n not in free}

        def combine(verdicts: list[Verdict]) -> Verdict:
            (inner,) = verdicts
            if inner.empty and ratios:  # the rest is a unit, where the stratum has a point at all
                least = RLCT(min(ratios), ratios.count(min(ratios)))
                why = no_witness(family, free, self.witness)
                return without_upper(Verdict(least, least), "free", why)
            lower, upper = inner.lower, inner.upper
            for ratio in ratios:
                lower = lower and lower.meet(RLCT(ratio, 1))
                upper = upper and upper.meet(RLCT(ratio, 1))
            return Verdict(lower, upper, inner.empty, inner.why)

        return [family.but(role=role)], combine


@theorem
class Subideal(Branch, frozen=True):
    """Fewer generators bound (λ, m) below: J ⊂ I gives λ(J) ≤ λ(I)."""

    hypotheses: ClassVar = {
        "index": "a generator has one name, its position",
        "below": "fewer generators bound below only",
    }
    keep: tuple[int, ...]

    def words(self) -> str:
        return "bounded below by fewer generators"

    def replay(self, family: Family) -> Families:
        keep = [index(i, family.gens) for i in self.keep]
        smaller = family.but(gens=tuple(family.gens[i] for i in keep))
        why = lacks("below", set(keep) == set(range(len(family.gens))), "generators are left out")

        def combine(verdicts: list[Verdict]) -> Verdict:
            return without_upper(verdicts[0], "subideal", why)

        return [smaller], combine


@theorem
class Squares(Branch, frozen=True):
    """Generators f = Σ c·q² with c of one sign: |f| ≍ Σ q², so that K = ∏x^(2k)·Σ f² is of the size
    of (∏x^k·Σ q²)², and has half the λ of that family, and its m. The K ≥ 0 of a loss
    is proved by it as well."""

    hypotheses: ClassVar = {
        "sum": "each generator is the sum of its c·q²",
        "sign": "the weights c of a generator are all > 0, or all < 0",
        "factor": "the exponents of the monomial factor are even",
    }
    squares: tuple[tuple[tuple[RationalText, str], ...], ...]

    def words(self) -> str:
        return f"sum of {sum(map(len, self.squares))} squares, the ideal of these"

    def replay(self, family: Family) -> Families:
        zero, gens = ring(family.names).constant(0), []
        one_each = len(self.squares) == len(family.gens)
        hold("sum", one_each, "one sum for each generator is needed")
        for f, squares in zip(family.gens, self.squares, strict=True):
            total, weights = zero, set()
            for c, text in squares:
                weight, q = fraction(c), family.read(text)
                total += input_limits.product(q, q) * to_fmpq(weight)
                input_limits.Size.of(total).check("a sum of squares")
                weights.add((weight > 0) - (weight < 0))
                gens.append(q)
            hold("sign", weights in ({1}, {-1}), "weights of both signs, or 0")
            hold("sum", family.reduced(total - f).is_zero(), "{} is not this sum of squares", f)
        odd = [x for x, e in family.k.items() if e % 2]
        hold("factor", not odd, "the exponent of {} in the monomial factor is odd", *odd[:1])
        inner = family.but(gens=tuple(gens), k={x: e // 2 for x, e in family.k.items()})

        def combine(verdicts: list[Verdict]) -> Verdict:
            (v,) = verdicts
            lower, upper = (b and RLCT(b.value / 2, b.multiplicity) for b in (v.lower, v.upper))
            return Verdict(lower, upper, v.empty, v.why)

        return [inner], combine


@theorem
class Product(Branch, frozen=True):
    """One generator f = c·∏ f_i^(e_i): a map pulls it back factor by factor, and a coordinate or a
    unit of one factor is one for all. So the factors alone are transformed, and where each is a
    monomial times a unit, f is one, with the exponents Σ e_i·a_i (normal crossings, Hironaka 1964):
    the powers are never written out."""

    hypotheses: ClassVar = {
        "one": "there is one generator",
        "product": "the generator is the product of the powers of the factors, up to a constant",
    }
    factors: tuple[tuple[str, int], ...]

    def words(self) -> str:
        powers = [f"({f})^{e}" if e > 1 else f"({f})" for f, e in self.factors]
        return f"factor by factor: {short('*'.join(powers))}"

    def replay(self, family: Family) -> Families:
        hold("one", len(family.gens) == 1, "several generators")
        powers = [f"({f})^{integer(e, 1)}" for f, e in self.factors]
        f = family.gens[0]
        total = family.read("*".join(powers))  # its size is predicted before it is expanded
        zero = total.is_zero()
        same = not zero and (total * f.leading_coefficient() == f * total.leading_coefficient())
        hold("product", same, "{} is not this product", short(str(f)))
        gens = tuple(family.read(f) for f, _ in self.factors)
        exponents = tuple(e for _, e in self.factors)

        def combine(verdicts: list[Verdict]) -> Verdict:
            return verdicts[0]

        return [family.but(gens=gens, exponents=exponents)], combine


@theorem
class Both(Branch, frozen=True):
    """Two proofs about one family: what either proves holds."""

    hypotheses: ClassVar = {
        "once": "neither proof says that the family is empty",
    }

    def words(self) -> str:
        return "two proofs"

    def case_names(self, family: Family) -> list[str]:
        return ["first", "second"]

    def replay(self, family: Family) -> Families:
        def combine(verdicts: list[Verdict]) -> Verdict:
            hold("once", not any(v.empty for v in verdicts), "an empty family needs one proof only")
            lowers = [v.lower for v in verdicts if v.lower is not None]
            uppers = [v.upper for v in verdicts if v.upper is not None]
            lower, upper = max(lowers, default=None), min(uppers, default=None)
            return Verdict(lower, upper, why=_why(verdicts))

        return [family, family], combine


class Lemma(TypedDict):
    """A family as its variables, roles, exponents and polynomials, with a proof about it."""

    family: dict[str, Any]
    proof: Script


@theorem
class See(Step, frozen=True):
    """A family that was proved before, or is proved here as a lemma, up to a renaming x ↦ ±y of its
    variables: (λ, m) are invariants."""

    hypotheses: ClassVar = {
        "lemma": "the lemma states a family: known variables and roles, k ≥ 0 whole, h > −1",
        "proved": "the step was proved before, or is proved here by its lemma",
        "same": "the map is one to one and keeps the ring, roles, walls and their sides, k, h, "
        "the generators and the units up to constants; there are no sign conditions",
    }
    step: int
    map: dict[str, tuple[str, int]]
    lemma: Lemma | None = None

    def words(self) -> str:
        return "proved before, up to renaming and signs"

    def stated(self, family: Family, lemma: Lemma) -> Family:
        """The family of a lemma, in the ring and over the field where it is used."""
        with under("lemma"):
            return Family.of_lemma(family.names, lemma["family"], family.field)

    def replay(self, family: Family, known: Family) -> None:
        """Check that the map carries the family to the one that was proved."""
        with under("same"):
            family.check_same(known, self.map)
