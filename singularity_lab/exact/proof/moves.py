"""Steps from a family to another description of it: coordinates and generators, each with its
theorem."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.hypotheses import hold, under
from singularity_lab.algebra.jacobians import determinant
from singularity_lab.algebra.rings import ring
from singularity_lab.exact.proof import matrices
from singularity_lab.exact.proof.evidence import Evidence
from singularity_lab.exact.proof.family import LOCAL, PARAM, UNIT, Family, Poly, integer
from singularity_lab.exact.proof.step import Move, index, short, theorem
from singularity_lab.system.deadline import check_time

Exponents = tuple[int, ...]


class Operation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One operation on the generators; in a certificate [name, generator, …]."""


class Append(Operation, frozen=True, tag="append"):
    """Another generator, Σ q·f_j."""

    terms: tuple[tuple[int, str], ...]


class Add(Operation, frozen=True, tag="add"):
    """f_i + q·f_j instead of f_i."""

    i: int
    j: int
    factor: str


class Multiply(Operation, frozen=True, tag="mul"):
    """f_i times a unit."""

    i: int
    unit: str


class Divide(Operation, frozen=True, tag="div"):
    """f_i divided by a unit."""

    i: int
    unit: str


class SplitTerms(Operation, frozen=True, tag="split"):
    """The terms of f_i instead of f_i."""

    i: int


@theorem
class Generators(Move, frozen=True):
    """Other generators of the same ideal: each operation is invertible over the local ring. Or
    those of an ideal of the same order of size: f = monomial · (terms that are all ≥ 0) is split
    into its terms, since Σ t² ≤ (Σ t)² ≤ N·Σ t² for N terms t ≥ 0."""

    hypotheses: ClassVar = {
        "index": "a generator has one name, its position",
        "another": "a multiple of another generator is added",
        "unit": "a generator is multiplied or divided by a unit of the local ring at each point",
        "definite": "what is split is a monomial times terms that are all ≥ 0, or all ≤ 0",
    }
    do: tuple[Append | Add | Multiply | Divide | SplitTerms, ...]

    def words(self) -> str:
        kinds = {
            Add: "reduced",
            Divide: "divided by units",
            Multiply: "multiplied by units",
            Append: "added",
            SplitTerms: "split into their terms",
        }
        done = [type(operation) for operation in self.do]
        said = ", ".join(f"{done.count(n)} {w}" for n, w in kinds.items() if n in done)
        return f"generators: {said}"

    def replay(self, family: Family) -> Family:
        gens = list(family.gens)
        for operation in self.do:
            check_time()
            if isinstance(operation, Append):
                new = ring(family.names).constant(0)
                for j, q in operation.terms:
                    new += input_limits.product(family.read(q), gens[index(j, gens)])
                input_limits.Size.of(new).check("a generator")
                gens.append(new)
                continue
            i = index(operation.i, gens)
            if isinstance(operation, Add):
                j = index(operation.j, gens)
                hold("another", i != j, "add: two generators are needed")
                gens[i] = gens[i] + input_limits.product(family.read(operation.factor), gens[j])
                input_limits.Size.of(gens[i]).check("a generator")
            elif isinstance(operation, SplitTerms):
                signed = family.role.keys() - family.positive  # the symbol of a field is > 0
                nonnegative = {j for j, n in enumerate(family.names) if n not in signed}
                definite = maps.of_one_sign(gens[i], nonnegative)
                hold("definite", definite, "split: the terms of {} may cancel", gens[i])
                gens[i : i + 1] = [ring(family.names).from_dict({a: 1}) for a in gens[i].monoms()]
            else:
                unit, divided = family.read(operation.unit), isinstance(operation, Divide)
                name = "div" if divided else "mul"
                hold("unit", family.is_unit(unit), f"{name}: {operation.unit} is not a unit here")
                gens[i] = gens[i] / unit if divided else input_limits.product(gens[i], unit)
        return family.but(gens=tuple(gens))


@theorem
class Nakayama(Move, frozen=True):
    """Other generators g, where each old one f is a combination Σ c·g: they generate the same ideal
    if as many of the f as there are g have coefficients c whose determinant is a unit. So it is for
    leading parts g of the f, where what is left of these lies in 𝔪·(g) (Nakayama's lemma).

    rows: for each f its [j, c] with c ≠ 0; minor: the f, by position, of the determinant.
    """

    hypotheses: ClassVar = {
        "index": "a generator has one name, its position",
        "combination": "each old generator has a row, and is the sum of its c·g",
        "minor": "the determinant of the rows that are named is a unit on the stratum",
    }
    gens: tuple[str, ...]
    rows: tuple[tuple[tuple[int, str], ...], ...]
    minor: tuple[int, ...]

    def words(self) -> str:
        return f"the ideal of {len(self.gens)} other generators, by an invertible matrix"

    def replay(self, family: Family) -> Family:
        new = tuple(map(family.read, self.gens))
        zero, matrix = ring(family.names).constant(0), []
        count = f"{len(self.rows)} rows, {len(family.gens)} generators"
        hold("combination", len(self.rows) == len(family.gens), count)
        for f, row in zip(family.gens, self.rows, strict=True):
            check_time()
            rest, values = -f, dict[int, Poly]()
            for j, text in row:
                c = family.read(text)
                rest += input_limits.product(c, new[index(j, new)])
                input_limits.Size.of(rest).check("a combination")
                values[j] = values.get(j, zero) + family.at_stratum(c)
            hold("combination", family.reduced(rest).is_zero(), "{} is not combined so", f)
            matrix.append([values.get(j, zero) for j in range(len(new))])
        named = [matrix[index(i, matrix)] for i in self.minor]
        square = 0 < len(named) == len(new)
        hold("minor", square, f"{len(named)} rows and {len(new)} new generators")
        hold("minor", family.is_unit(determinant(named)), "the minor is no unit")
        return family.but(gens=new)


@theorem
class Dominant(Move, frozen=True):
    """Monomials d instead of generators f that are of their size: in the local variables f is a sum
    of c·d, a monomial times terms that are all ≥ 0, and of terms s with s² = q·d·d', q a monomial
    that is 0 on the stratum, so that |s| ≤ |q|^½·(|d| + |d'|)/2. Terms of other generators with
    s² = q·d·d', whatever q, are left out.

    leads: [i, its d] for each generator that is replaced; the d and d' are all that are named.
    """

    hypotheses: ClassVar = {
        "index": "a generator has one name, its position, and is named once",
        "monomial": "what is named are monomials in the local variables",
        "lead": "a generator has the monomials that are named for it, with coefficients of one "
        "sign: sums of constants of that sign, times powers of units that are > 0",
        "definite": "together these are a monomial times terms that are all ≥ 0, or all ≤ 0",
        "small": "the square of each other term is a multiple of a d·d', and not equal to it",
    }
    leads: tuple[tuple[int, tuple[str, ...]], ...]

    def words(self) -> str:
        count = sum(len(named) for _, named in self.leads)
        return f"{count} monomials that dominate {len(self.leads)} generators"

    def replay(self, family: Family) -> Family:
        named = [index(i, family.gens) for i, _ in self.leads]
        hold("index", len(set(named)) == len(named), "a generator is named twice")
        listed = [[self.monomial(family, text) for text in texts] for _, texts in self.leads]
        leads = dict(zip(named, listed, strict=True))
        pairs = {
            tuple(map(sum, zip(d, e, strict=True)))
            for d, e in itertools.combinations_with_replacement(itertools.chain(*listed), 2)
        }
        gens: list[Poly] = []
        for i, f in enumerate(family.gens):
            check_time()
            if i in leads:
                self.check_lead(family, f, leads[i], pairs)
                gens += [ring(family.names).from_dict({d: 1}) for d in leads[i]]
            else:
                kept = {a: c for a, c in f.to_dict().items() if not small(family, a, pairs)}
                gens.append(ring(family.names).from_dict(kept))
        return family.but(gens=tuple(gens))

    @staticmethod
    def monomial(family: Family, text: str) -> Exponents:
        """The exponents of a monomial in the local variables."""
        d = family.read(text)
        plain = len(d) == 1 and d.leading_coefficient() == 1
        local = plain and maps.occurring(d) <= family.locals
        hold("monomial", local, f"{short(text)} is no monomial in the local variables")
        return tuple(map(int, d.monoms()[0]))

    @staticmethod
    def check_lead(
        family: Family, f: Poly, named: Sequence[Exponents], pairs: Collection[Exponents]
    ) -> None:
        """Require that f is a sum of the monomials of one sign and of terms that are small."""
        coefficients: dict[Exponents, dict[Exponents, Any]] = {}
        for a, c in f.to_dict().items():
            local = tuple(e if i in family.locals else 0 for i, e in enumerate(a))
            rest = tuple(0 if i in family.locals else e for i, e in enumerate(a))
            coefficients.setdefault(local, {})[rest] = c
        signs: dict[Exponents, int] = {}
        for d in named:
            coefficient = ring(family.names).from_dict(coefficients.pop(d, {}))
            signs[d] = sign_of_unit(family, coefficient)
            hold("lead", signs[d] != 0, "the coefficient {} has no sign", coefficient)
        signed = family.role.keys() - family.positive
        nonnegative = {j for j, n in enumerate(family.names) if n not in signed}
        lead = ring(family.names).from_dict(signs)
        definite = maps.of_one_sign(lead, nonnegative)
        hold("definite", definite, "the terms of {} may cancel", lead)
        for s in coefficients:
            strict = small(family, s, pairs, strict=True)
            hold("small", strict, "a term of {} is not dominated", f)


def small(family: Family, a: Exponents, pairs: Collection[Exponents], strict: bool = False) -> bool:
    """Whether the square of a monomial is a multiple of one of these in the local variables;
    strict: by a factor that is 0 on the stratum."""
    double = [(2 * a[i], i) for i in family.locals]
    return any(
        all(e >= p[i] for e, i in double) and not (strict and all(e == p[i] for e, i in double))
        for p in pairs
    )


def sign_of_unit(family: Family, c: Poly) -> int:
    """The sign of a polynomial in unit variables, each with even exponents or > 0, whose
    coefficients have one sign; 0 if it is none."""
    symbol = -1 if family.field is None else family.names.index(family.field.symbol)
    parts: dict[Exponents, dict[Exponents, Any]] = {}
    for a, value in c.to_dict().items():
        own = tuple(e if i == symbol else 0 for i, e in enumerate(a))
        rest = tuple(0 if i == symbol else e for i, e in enumerate(a))
        for n, e in zip(family.names, rest, strict=True):
            if e and not (family.role[n] == UNIT and (e % 2 == 0 or n in family.positive)):
                return 0
        parts.setdefault(rest, {})[own] = value
    signs = {family.sign(ring(family.names).from_dict(terms)) for terms in parts.values()}
    return signs.pop() if len(signs) == 1 else 0


@theorem
class Change(Move, frozen=True):
    """An analytic coordinate x' instead of x: x = (a·x' + r)/c with units a, c, and r without x.
    r = 0 for a unit variable, and where x carries a monomial factor or a sign; on the stratum r = 0
    for a local x."""

    hypotheses: ClassVar = {
        "linear": "x = (a·x' + r)/c, and a, r, c do not involve x",
        "unit": "a and c are units",
        "stratum": "r = 0 on the stratum, if x is local",
        "scaled": "r = 0, if x is a unit variable or has a monomial factor, a prior or a sign",
        "side": "a·c is a positive constant, if x ≥ 0",
    }
    var: str
    num: str
    den: str

    def words(self) -> str:
        image = f"({self.num})/({self.den})" if self.den != "1" else self.num
        return f"coordinate {self.var} := {short(image)}"

    def replay(self, family: Family) -> Family:
        x = self.var
        i, gen, role = family.index(x), family.gen(x), family.role[x]
        numerator, c = family.read(self.num), family.read(self.den)
        a = numerator.derivative(i)
        r = numerator - a * gen
        hold("linear", x not in family.occurs(a, r, c), f"{self.num} is not linear in {x}")
        units = family.is_unit(a) and family.is_unit(c)
        hold("unit", units, "the factors of the change must be units")
        if role == LOCAL:
            hold("stratum", family.at_stratum(r).is_zero(), f"the change moves {x} away from 0")
        if role == UNIT or not family.is_free(x):
            hold("scaled", r.is_zero(), f"{x} may only be scaled")
        if x in family.positive:
            scale = family.reduced(a * c)
            increasing = family.is_constant(scale) and family.sign(scale) > 0
            hold("side", increasing, f"{x} >= 0 needs a positive scale")

        def pulled(p: Poly) -> Poly:
            input_limits.check_pull_back(p, i, numerator, c)
            return maps.pull_back(p, i, numerator, c)

        moved = family.each(pulled)
        if not moved.signs:
            return moved
        # p was multiplied by a power of c: an even one keeps its sign
        odd = [p.degrees()[i] % 2 for p in family.signs]
        signs = tuple(p * c if o else p for p, o in zip(moved.signs, odd, strict=True))
        return moved.but(signs=signs)


def grading(family: Family, said: Mapping[str, int], polys: Sequence[Poly]) -> dict[str, int]:
    """Integer weights, not 0, for which the polynomials are quasi-homogeneous."""
    weights = {n: integer(w) for n, w in said.items() if w}
    hold("variables", set(weights) <= set(family.role), "weights: unknown variables")
    vector = [weights.get(n, 0) for n in family.names]
    for p in polys:
        pure = len(maps.weighted_degrees(p, vector)) <= 1
        hold("homogeneous", pure, "{} is not quasi-homogeneous for {}", p, weights)
    return weights


@theorem
class Contract(Move, frozen=True):
    """A positive dilation moves every parameter value into each neighbourhood of 0, and (λ, m) can
    only drop in the limit: the germ at parameter 0 decides."""

    hypotheses: ClassVar = {
        "variables": "weights are those of variables that are here",
        "homogeneous": "each generator is quasi-homogeneous",
        "positive": "parameters that move have weights > 0",
        "units": "unit variables do not move: in the limit they would be 0 or infinite",
        "conditions": "no unit and no sign condition involves a parameter that moves",
    }
    weights: dict[str, int]

    def words(self) -> str:
        weights = ", ".join(f"{n}: {w}" for n, w in self.weights.items())
        return f"parameters contracted to 0 by the grading ({weights})"

    def replay(self, family: Family) -> Family:
        weights = grading(family, self.weights, family.gens)
        moved = {n for n in weights if family.role[n] == PARAM}
        hold("positive", all(weights[n] > 0 for n in moved), "parameters need positive weights")
        fixed = not any(family.role[n] == UNIT for n in weights)
        hold("units", fixed, "unit variables cannot be contracted")
        conditions = family.occurs(*family.units, *family.signs)
        hold("conditions", not conditions & moved, "a condition involves a contracted parameter")
        return family.but(role={**family.role, **dict.fromkeys(moved, LOCAL)})


@theorem
class Relax(Move, frozen=True):
    """A unit variable is a parameter that is known not to be 0, or to be > 0."""

    hypotheses: ClassVar = {"role": "x is a unit variable"}
    var: str

    def words(self) -> str:
        return f"{self.var} ≠ 0 as a parameter"

    def replay(self, family: Family) -> Family:
        x = self.var
        hold("role", family.role.get(x) == UNIT, f"{x} is no unit variable")
        return family.but(
            role={**family.role, x: PARAM},
            positive=family.positive - {x},
            units=(*family.units, family.gen(x)),
            signs=(*family.signs, family.gen(x)) if x in family.positive else family.signs,
        )


@theorem
class Nonvanishing(Move, frozen=True):
    """A polynomial in the parameters without a real zero on the stratum is a unit there. Evidence:
    signs, Sturm chains (Sturm 1829), sums of squares, Nullstellensatz cofactors, torus
    coordinates."""

    hypotheses: ClassVar = {"evidence": "the polynomial has no zero on the stratum"}
    poly: str
    evidence: Evidence

    def words(self) -> str:
        return f"{short(self.poly)} has no real zero"

    def replay(self, family: Family) -> Family:
        p = family.at_stratum(family.read(self.poly))
        with under("evidence"):
            family.check_no_zero([p], self.evidence)
        return family.but(units=(*family.units, p))


@theorem
class Coordinate(Move, frozen=True):
    """Implicit functions: a generator that is smooth in a free local variable, and alone with it,
    is a coordinate."""

    hypotheses: ClassVar = {
        "index": "a generator has one name, its position",
        "free": "x is local, without monomial factor, prior and sign",
        "vanishes": "the generator is 0 on the stratum",
        "smooth": "its derivative by x is a unit",
        "alone": "x occurs in no other generator",
    }
    gen: int
    var: str

    def words(self) -> str:
        return f"the smooth generator {self.gen} as the coordinate {self.var}"

    def replay(self, family: Family) -> Family:
        i, x = index(self.gen, family.gens), self.var
        f = family.gens[i]
        able = family.role.get(x) == LOCAL and family.is_free(x)
        hold("free", able, f"{x} is no free local variable")
        zero = family.at_stratum(f).is_zero()
        hold("vanishes", zero, "{} does not vanish on the stratum", f)
        slope = f.derivative(family.index(x))
        hold("smooth", family.is_unit(slope), "{} is not smooth in {}", f, x)
        others = (*family.gens[:i], *family.gens[i + 1 :])
        hold("alone", x not in family.occurs(*others), f"{x} occurs in another generator")
        return family.but(gens=(*family.gens[:i], family.gen(x), *family.gens[i + 1 :]))


@theorem
class Schur(Move, frozen=True):
    """Generators that are the entries of a product of matrices of free coordinates: where a block U
    is invertible on the stratum, its row and column split off and D − cU⁻¹b remains. Three kinds,
    proved in :mod:`singularity_lab.exact.proof.matrices`: *through* all factors of
    X₁⋯X_L − diag(I_r, 0), *pivot* in the first factor of XY, *inner* in a factor between two
    others."""

    hypotheses: ClassVar = {
        **matrices.HYPOTHESES,
        "rational": "entries have rational constants, and no symbol of a field",
        "free": "the coordinates are no unit variables, without monomial factor, prior and sign",
        "conditions": "no unit and no sign condition involves a coordinate",
        "entries": "the generators are the entries of the product, less those of diag(I, 0) for "
        "through",
    }
    kind: str
    rank: int
    factors: tuple[tuple[tuple[str, ...], ...], ...]
    place: int | None = None

    def words(self) -> str:
        shape = "×".join(str(n) for n in (*map(len, self.factors), len(self.factors[-1][0])))
        block = {"through": "block", "pivot": "pivot"}.get(self.kind, "inner block")
        size = f"{self.rank}×{self.rank}"
        return f"product of matrices {shape}, Schur complement of the {size} {block}"

    def replay(self, family: Family) -> Family:
        read = [[[family.read(e) for e in row] for row in factor] for factor in self.factors]
        rank, place = integer(self.rank), integer(self.place or 0)
        factors = matrices.coordinates(read, family.locals)
        places = {e.variable for factor in factors for e in matrices.flat(factor)}
        names = {family.names[i] for i in places if i is not None}
        hold("rational", names <= family.role.keys(), "rational entries are needed")
        able = all(family.is_free(n) and family.role[n] != UNIT for n in names)
        hold("free", able, "the coordinates must be free")  # a complement of units may vanish
        met = names & family.occurs(*family.units, *family.signs)
        hold("conditions", not met, "under a condition: {}", met)
        before, after = matrices.schur(factors, rank, self.kind, place)
        same = maps.equal_sets(before, family.gens)
        hold("entries", same, "the generators are not the entries of the product")
        return family.but(gens=tuple(after))
