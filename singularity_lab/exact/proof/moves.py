"""Steps from a family to another description of it: coordinates and generators, each with its
theorem."""

from __future__ import annotations

from collections.abc import Sequence

from singularity_lab.algebra import limits, maps
from singularity_lab.algebra.hypotheses import hold, under
from singularity_lab.algebra.rings import ring
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof import matrices
from singularity_lab.exact.proof.certificate import Step
from singularity_lab.exact.proof.family import LOCAL, PARAM, UNIT, Family, Poly, integer
from singularity_lab.exact.proof.step import MOVES, index, register

# -- moves: another description of the same family --------------------------------------------


@register(
    MOVES,
    index="a generator has one name, its position",
    another="a multiple of another generator is added",
    unit="a generator is multiplied or divided by a unit of the local ring at each point",
    definite="what is split is a monomial times terms that are all ≥ 0, or all ≤ 0",
)
def _generators(family: Family, step: Step) -> Family:
    """Other generators of the same ideal: each operation is invertible over the local ring; or of
    an ideal of the same order of size: f = monomial · (terms that are all ≥ 0) is split into its
    terms, since Σ t² ≤ (Σ t)² ≤ N·Σ t² for N terms t ≥ 0."""
    gens = list(family.gens)
    for name, *args in step["do"]:
        if name == "append":  # Σ q_j·f_j
            new = ring(family.names).constant(0)
            for j, q in args[0]:
                new += limits.product(family.read(q), gens[index(j, gens)])
            limits.Size.of(new).check("a generator")
            gens.append(new)
            continue
        i = index(args[0], gens)
        if name == "add":  # f_i + q·f_j
            j = index(args[1], gens)
            hold("another", i != j, "add: two generators are needed")
            gens[i] = gens[i] + limits.product(family.read(args[2]), gens[j])
            limits.Size.of(gens[i]).check("a generator")
        elif name in ("div", "mul"):  # by a unit
            q = family.read(args[1])
            hold("unit", family.is_unit(q), f"{name}: {args[1]} is not a unit here")
            gens[i] = gens[i] / q if name == "div" else limits.product(gens[i], q)
        else:
            if name != "split":
                raise CertificateError(f"unknown operation {name!r}")
            signed = family.role.keys() - family.positive  # the symbol of a field is > 0
            nonnegative = {j for j, n in enumerate(family.names) if n not in signed}
            definite = maps.of_one_sign(gens[i], nonnegative)
            hold("definite", definite, "split: the terms of {} may cancel", gens[i])
            gens[i : i + 1] = [ring(family.names).from_dict({a: 1}) for a in gens[i].monoms()]
    return family.but(gens=tuple(gens))


@register(
    MOVES,
    linear="x = (a·x' + r)/c, and a, r, c do not involve x",
    unit="a and c are units",
    stratum="r = 0 on the stratum, if x is local",
    scaled="r = 0, if x is a unit variable or has a monomial factor, a prior or a sign",
    side="a·c is a positive constant, if x ≥ 0",
)
def _change(family: Family, step: Step) -> Family:
    """An analytic coordinate instead of x: x = (a·x' + r)/c with units a, c, and r without x. r = 0
    for a unit variable, and where x carries a monomial factor or a sign; on the stratum r = 0 for a
    local x."""
    x = step["var"]
    i, gen, role = family.index(x), family.gen(x), family.role[x]
    numerator, c = family.read(step["num"]), family.read(step["den"])
    a = numerator.derivative(i)
    r = numerator - a * gen
    hold("linear", x not in family.occurs(a, r, c), f"{step['num']} is not linear in {x}")
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
        limits.check_pull_back(p, i, numerator, c)
        return maps.pull_back(p, i, numerator, c)

    moved = family.each(pulled)
    if not moved.signs:
        return moved
    # p was multiplied by a power of c: an even one keeps its sign
    odd = [p.degrees()[i] % 2 for p in family.signs]
    signs = tuple(p * c if o else p for p, o in zip(moved.signs, odd, strict=True))
    return moved.but(signs=signs)


def grading(family: Family, step: Step, polys: Sequence[Poly]) -> dict[str, int]:
    """Integer weights, not 0, for which the polynomials are quasi-homogeneous."""
    weights = {str(n): integer(w) for n, w in step["weights"].items() if w}
    hold("variables", set(weights) <= set(family.role), "weights: unknown variables")
    vector = [weights.get(n, 0) for n in family.names]
    for p in polys:
        pure = len(maps.weighted_degrees(p, vector)) <= 1
        hold("homogeneous", pure, "{} is not quasi-homogeneous for {}", p, weights)
    return weights


@register(
    MOVES,
    variables="weights are those of variables that are here",
    homogeneous="each generator is quasi-homogeneous",
    positive="parameters that move have weights > 0",
    units="unit variables do not move: in the limit they would be 0 or infinite",
    conditions="no unit and no sign condition involves a parameter that moves",
)
def _contract(family: Family, step: Step) -> Family:
    """A positive dilation moves every parameter value into each neighbourhood of 0, and (λ, m) can
    only drop in the limit: the germ at parameter 0 decides."""
    weights = grading(family, step, family.gens)
    moved = {n for n in weights if family.role[n] == PARAM}
    hold("positive", all(weights[n] > 0 for n in moved), "parameters need positive weights")
    fixed = not any(family.role[n] == UNIT for n in weights)
    hold("units", fixed, "unit variables cannot be contracted")
    conditions = family.occurs(*family.units, *family.signs)
    hold("conditions", not conditions & moved, "a condition involves a contracted parameter")
    return family.but(role={**family.role, **dict.fromkeys(moved, LOCAL)})


@register(MOVES, role="x is a unit variable")
def _relax(family: Family, step: Step) -> Family:
    """A unit variable is a parameter that is known not to be 0, or to be > 0."""
    x = step["var"]
    hold("role", family.role.get(x) == UNIT, f"{x} is no unit variable")
    return family.but(
        role={**family.role, x: PARAM},
        positive=family.positive - {x},
        units=(*family.units, family.gen(x)),
        signs=(*family.signs, family.gen(x)) if x in family.positive else family.signs,
    )


@register(MOVES, evidence="the polynomial has no zero on the stratum")
def _nonvanishing(family: Family, step: Step) -> Family:
    """A polynomial in the parameters without a zero on the stratum, by evidence."""
    p = family.at_stratum(family.read(step["poly"]))
    with under("evidence"):
        family.check_no_zero([p], step["evidence"])
    return family.but(units=(*family.units, p))


@register(
    MOVES,
    index="a generator has one name, its position",
    free="x is local, without monomial factor, prior and sign",
    vanishes="the generator is 0 on the stratum",
    smooth="its derivative by x is a unit",
    alone="x occurs in no other generator",
)
def _coordinate(family: Family, step: Step) -> Family:
    """A generator that is smooth in a free local variable, and alone with it, is a coordinate."""
    i, x = index(step["gen"], family.gens), step["var"]
    f = family.gens[i]
    able = family.role.get(x) == LOCAL and family.is_free(x)
    hold("free", able, f"{x} is no free local variable")
    hold("vanishes", family.at_stratum(f).is_zero(), "{} does not vanish on the stratum", f)
    hold("smooth", family.is_unit(f.derivative(family.index(x))), "{} is not smooth in {}", f, x)
    others = (*family.gens[:i], *family.gens[i + 1 :])
    hold("alone", x not in family.occurs(*others), f"{x} occurs in another generator")
    return family.but(gens=(*family.gens[:i], family.gen(x), *family.gens[i + 1 :]))


@register(
    MOVES,
    **matrices.HYPOTHESES,
    rational="entries have rational constants, and no symbol of a field",
    free="the coordinates are no unit variables, without monomial factor, prior and sign",
    conditions="no unit and no sign condition involves a coordinate",
    entries="the generators are the entries of the product, less those of diag(I, 0) for through",
)
def _schur(family: Family, step: Step) -> Family:
    """Generators that are the entries of a product of matrices of free coordinates: its smooth part
    splits off. The theorems and their conditions are in
    :mod:`singularity_lab.exact.proof.matrices`."""
    read = [[[family.read(e) for e in row] for row in factor] for factor in step["factors"]]
    rank, place = integer(step["rank"]), integer(step.get("place", 0))
    factors = matrices.coordinates(read, family.locals)
    places = {e.variable for factor in factors for e in matrices.flat(factor)}
    names = {family.names[i] for i in places if i is not None}
    hold("rational", names <= family.role.keys(), "rational entries are needed")
    able = all(family.is_free(n) and family.role[n] != UNIT for n in names)
    hold("free", able, "the coordinates must be free")  # a complement of units may vanish
    met = names & family.occurs(*family.units, *family.signs)
    hold("conditions", not met, "under a condition: {}", met)
    before, after = matrices.schur(factors, rank, step["kind"], place)
    same = maps.equal_sets(before, family.gens)
    hold("entries", same, "the generators are not the entries of the product")
    return family.but(gens=tuple(after))
