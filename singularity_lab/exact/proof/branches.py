"""Steps from a family to several: blow-ups, splittings, sums, lemmas, each with its theorem."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.hypotheses import hold, lacks, under
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.number_field import check_roots
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import ring
from singularity_lab.algebra.univariate import univariate
from singularity_lab.exact.proof.certificate import Step
from singularity_lab.exact.proof.charts import charts, representatives
from singularity_lab.exact.proof.evidence import check_zero
from singularity_lab.exact.proof.family import LOCAL, PARAM, UNIT, Family, Poly, integer
from singularity_lab.exact.proof.moves import grading
from singularity_lab.exact.proof.step import BRANCHES, Branches, Verdict, index, register

# -- branches: several families, and how their verdicts combine -------------------------------


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


def without_upper(verdict: Verdict, op: str, why: str) -> Verdict:
    """The verdict without its upper bound, where a hypothesis of the step fails."""
    return replace(verdict, upper=None, why=(f"{op}: {why}",)) if why else verdict


@register(
    BRANCHES,
    centre="the centre names a variable at most once, and one at least",
    weights="weights are whole numbers ≥ 1",
    local="its variables are local",
    family="a symmetry carries the family to itself",
    symmetric="a symmetry carries the centre to itself, with its groups and weights",
)
def _blowup(family: Family, step: Step) -> Branches:
    """Weighted blow-up of {x_S = 0} (MATH §2.8): x_i = ±t^(w_i), x_j = t^(w_j)·x_j'.

    A point of the fibre is in the chart of any x_i that does not vanish there: those of the first
    group of variables that has one will do, with the variables of earlier groups at 0. Charts that
    a symmetry of the family and the centre carries to one another need one case.
    """
    with under("weights"):
        groups = [[(str(n), integer(w, 1)) for n, w in group] for group in step["groups"]]
    weights = dict(itertools.chain(*groups))
    once = len(weights) == sum(map(len, groups)) >= 1
    hold("centre", once, "the centre names a variable twice, or none")
    inside = all(family.role.get(n) == LOCAL for n in weights)
    hold("local", inside, "the centre is made of local variables")
    symmetries = []
    for symmetry in step.get("symmetries", ()):
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


@register(BRANCHES, role="x is a parameter")
def _split(family: Family, step: Step) -> Branches:
    """A parameter is 0 or not; only not, where a condition fails at 0."""
    x = step["var"]
    hold("role", family.role.get(x) == PARAM, f"{x} is not a parameter")
    zero, other = (family.but(role={**family.role, x: role}) for role in (LOCAL, UNIT))
    if any(zero.at_stratum(p).is_zero() for p in (*family.units, *family.signs)):
        return [other], least_of
    return [zero, other], least_of


@register(
    BRANCHES,
    role="x is a parameter",
    rational="there is no number field yet",
    alone="c is a polynomial in x alone, of degree ≥ 2",
    irreducible="c is irreducible over Q, so that no rational number is a root",
    complete="the values listed are the roots of c in the domain of x: each is one, in disjoint "
    "intervals of it, and there are as many as Sturm's theorem counts",
    symbol="the symbol of the field is a new name",
)
def _roots(family: Family, step: Step) -> Branches:
    """A parameter is a root of an irreducible c, or not. Each root is a value of a field Q(γ), and
    there x is a local variable again: x = value + x'. The roots lie in disjoint intervals, as many
    as c has in the domain of x (Sturm), so that these are all; none of them is 0."""
    x, c = step["var"], family.read(step["poly"])
    hold("role", family.role.get(x) == PARAM, f"{x} is no parameter")
    hold("rational", family.field is None, "a second number field")
    alone = family.occurs(c) == {x} and c.total_degree() > 1
    hold("alone", alone, f"{step['poly']} must be in {x} alone")
    prime = [e for _, e in c.factor()[1]] == [1]
    hold("irreducible", prime, f"{step['poly']} is not irreducible")
    dense, kind = univariate(Polynomial(family.names, c), x), family.domain([x])[x]
    with under("complete"):
        values = check_roots(dense, kind, step["roots"])
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


@register(
    BRANCHES,
    free="F is a coordinate by one or more variables without monomial factor, prior and sign",
    smooth="where q = 0 on the stratum, some derivative of F by these is not 0",
    rest="a generator is F^e·g where g is free of these variables, or not 0 where q = 0",
    powers="or a generator is a polynomial in F and variables outside ``by``: putting F back gives "
    "it",
    point="above: q changes sign between two points of one orthant of the stratum",
    irreducible="above: q is irreducible over Q, or has one variable: then such zeros are dense "
    "in q = 0, or each is one of finitely many",
    units="above: a unit that meets q or ``by`` is a polynomial in these, and not 0 on all of "
    "q = 0: it binds nothing that goes on",
    signs="above: there are no sign conditions",
    loose="above: generators and monomial factor do not depend on the other variables of q",
)
def _locus(family: Family, step: Step) -> Branches:
    """The stratum is split into q = 0 and q ≠ 0, q being the value of F there. Where dF ≠ 0 in
    free variables ``by``, F is a coordinate; a generator F^e·g must have g without these, or a
    unit where q = 0. The family on q = 0 forgets the conditions on ``by``, and how they bind the
    variables that go on: it bounds below. It bounds above if q = 0 has real points off the zeros
    of the units with each value of the variables on which its germs depend."""
    f, by = family.read(step["poly"]), [str(x) for x in step["by"]]
    q = family.at_stratum(f)
    able = bool(by) and all(x in family.role and family.is_free(x) for x in by)
    hold("free", able, "the coordinate needs free variables")
    with under("smooth"):
        family.check_no_zero([q, *(f.derivative(family.index(x)) for x in by)], step["smooth"])
    z, gens = family.gen(by[0]), []
    powers = step.get("powers", {})
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
                family.check_no_zero([q, rest], step["rest"][str(i)])
            rest = ring(family.names).constant(1)
        gens.append(power * rest)
    role = {n: r for n, r in family.role.items() if n not in by}
    free = family.only(lambda p: not family.occurs(p) & set(by))
    zero = free.but(role={**role, by[0]: LOCAL}, gens=tuple(gens))
    other = family.but(units=(*family.units, q))
    why = _no_point(family, q, set(by), zero, step["exists"])

    def combine(verdicts: list[Verdict]) -> Verdict:
        on, off = verdicts
        return least_of([without_upper(on, "locus", why), off])

    return [zero, other], combine


def _no_point(family: Family, q: Poly, by: set[str], zero: Family, exists: Any) -> str:
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
    if not why:
        there, sign = [Polynomial(family.names, q)], None if rational else family.sign_at
        with under("point"):
            check_zero(there, family.domain(here), exists, sign)
            change = exists["kind"] == "sign change" and (rational or "factor" not in exists)
            hold("point", change, "a change of sign of {} itself is needed", q)
    return why


@register(
    BRANCHES,
    variables="weights are those of variables that are here",
    homogeneous="generators, units and sign conditions are quasi-homogeneous",
    role="x is a unit variable of weight not 0",
    odd="one case: x > 0, or x has odd weight",
    walls="one case: x > 0, or variables that are ≥ 0 have even weights",
    signs="one case: x > 0, or there are no sign conditions",
)
def _dehomogenise(family: Family, step: Step) -> Branches:
    """A dilation moves a unit variable to ±1; along it the family is a product (MATH §2.9). The
    reflection of an odd weight moves −1 to 1, where it respects the variables that are ≥ 0."""
    x = step["var"]
    weights = grading(family, step, (*family.gens, *family.units, *family.signs))
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


@register(
    BRANCHES,
    apart="no variable is in two blocks",
    variables="the blocks are made of variables that are here",
    factor="there is no common monomial factor",
    ties="no generator, unit or sign condition meets two blocks",
    inside="each generator and sign condition, and each unit that meets a block, lies in one",
)
def _sum(family: Family, step: Step) -> Branches:
    """Sum rule: ideals in disjoint variables without a common factor (MATH §2.4). Conditions may
    not tie two blocks together; units that meet none are left out."""
    blocks = [{str(n) for n in block} for block in step["blocks"]]
    home = {n: i for i, block in enumerate(blocks) for n in block}
    hold("apart", sum(map(len, blocks)) == len(home), "blocks: a variable appears twice")
    hold("variables", set(home) <= set(family.role), "blocks: unknown variables")
    hold("factor", not any(family.k.values()), "a common factor forbids the sum rule")
    parts: list[dict[str, list[Poly]]] = [{"gens": [], "units": [], "signs": []} for _ in blocks]
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


@register(
    BRANCHES, witness="above: where the rest is a unit, the stratum has a point, by a witness"
)
def _free(family: Family, step: Step) -> Branches:
    """Product rule: variables that occur in the factor ∏|x|^(2k) only (MATH §2.4)."""
    free = set(family.role) - family.occurs(*family.gens, *family.units, *family.signs)
    ratios = [family.cost(n) / (2 * e) for n, e in family.k.items() if n in free]
    role = {n: r for n, r in family.role.items() if n not in free}

    def combine(verdicts: list[Verdict]) -> Verdict:
        (inner,) = verdicts
        if inner.empty and ratios:  # the rest is a unit, where the stratum has a point at all
            least = RLCT(min(ratios), ratios.count(min(ratios)))
            why = no_witness(family, free, step)
            return without_upper(Verdict(least, least), "free", why)
        lower, upper = inner.lower, inner.upper
        for ratio in ratios:
            lower = lower and lower.meet(RLCT(ratio, 1))
            upper = upper and upper.meet(RLCT(ratio, 1))
        return Verdict(lower, upper, inner.empty, inner.why)

    return [family.but(role=role)], combine


@register(
    BRANCHES,
    index="a generator has one name, its position",
    below="fewer generators bound below only",
)
def _subideal(family: Family, step: Step) -> Branches:
    """Fewer generators bound (λ, m) below (MATH §2.7)."""
    keep = [index(i, family.gens) for i in step["keep"]]
    smaller = family.but(gens=tuple(family.gens[i] for i in keep))
    why = lacks("below", set(keep) == set(range(len(family.gens))), "generators are left out")

    def combine(verdicts: list[Verdict]) -> Verdict:
        return without_upper(verdicts[0], "subideal", why)

    return [smaller], combine


@register(BRANCHES, once="neither proof says that the family is empty")
def _both(family: Family, step: Step) -> Branches:
    """Two proofs about one family: what either proves holds."""

    def combine(verdicts: list[Verdict]) -> Verdict:
        hold("once", not any(v.empty for v in verdicts), "an empty family needs one proof only")
        lowers = [v.lower for v in verdicts if v.lower is not None]
        uppers = [v.upper for v in verdicts if v.upper is not None]
        lower, upper = max(lowers, default=None), min(uppers, default=None)
        return Verdict(lower, upper, why=_why(verdicts))

    return [family, family], combine


def no_witness(family: Family, zero: Collection[str], step: Step) -> str:
    """Why no point of the stratum with these variables at 0 is known; "" if one is."""
    return lacks("witness", family.has_point(zero, step), "no point meets the sign conditions")
