"""The independent verifier: replays a proof script with exact arithmetic, and never searches.

It holds a *family of germs* (:mod:`singularity_lab.exact.family`). A step turns a family into
others; a leaf gives

    lower: every germ of the family has (λ, m) ⪰ lower;    upper: some germ has (λ, m) ⪯ upper,

in the order of densities of states, with λ = ∞ where K does not vanish. Each handler below states
its theorem in words, and the theorem's hypotheses by name where it is registered; each is checked
under its name. Blow-ups are proper, so (λ, m) of a germ is the least over the points of the fibre,
and the cells of a blow-up are that fibre (MATH §2.8).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Protocol, TypeVar

from flint.utils.flint_exceptions import FlintError

from singularity_lab.algebra import faces, limits, maps, matrices
from singularity_lab.algebra.algebraic import check_roots
from singularity_lab.algebra.charts import charts, representatives
from singularity_lab.algebra.evidence import check_zero, univariate
from singularity_lab.algebra.hypotheses import hold, lacks, under
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.linear import check_covering
from singularity_lab.algebra.polynomial import Polynomial, fraction, ring
from singularity_lab.errors import CertificateError, SingularityLabError
from singularity_lab.exact.certificate import Certificate, Step
from singularity_lab.exact.family import (
    KINDS,
    LOCAL,
    PARAM,
    UNIT,
    Family,
    Poly,
    integer,
)


@dataclass(frozen=True)
class Verdict:
    """What a replay proves of a family; ``empty``: its stratum does not meet {K = 0}; ``why``:
    the hypotheses that failed, where there is no upper bound."""

    lower: RLCT | None = None
    upper: RLCT | None = None
    empty: bool = False
    why: tuple[str, ...] = field(default=(), compare=False)


def verify(certificate: Certificate | Mapping[str, Any] | str) -> Verdict:
    """Replay a certificate; return what it proves, or raise CertificateError saying what fails.

    certificate: a Certificate, its JSON document, or the JSON text.
    The time is that of applying the recorded substitutions; nothing is searched for.

    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> proof = {"op": "monomial", "primal": {"x": "1/2"}, "dual": [[0, "1/2"]]}
    >>> claim = RLCT(Fraction(1, 4), 1)
    >>> print(verify(Certificate(LocalProblem.build("x^2"), "exact", claim, proof)).lower)
    (1/4, 1)
    """
    if not isinstance(certificate, Certificate):
        certificate = Certificate.from_json(certificate)
    try:
        family = starting_family(certificate)
    except SingularityLabError as error:
        raise CertificateError(f"problem: {error}") from None
    if certificate.proof.get("op") == "zero":
        hold("zero", all(g.is_zero() for g in family.gens), "K is not identically 0")
        found = Verdict(RLCT(Fraction(0), 1), RLCT(Fraction(0), 1))
    else:
        found = replay(family, certificate.proof)
    hold("vanishes", not found.empty, "K does not vanish at the point")
    if certificate.problem.convention == "loss":  # K = |f| instead of f²: λ doubles
        lower, upper = (v and RLCT(2 * v.value, v.multiplicity) for v in (found.lower, found.upper))
        found = replace(found, lower=lower, upper=upper)
    claim, kind = certificate.claim, certificate.kind
    below = kind == "upper" or (found.lower is not None and claim <= found.lower)
    above = kind == "lower" or (found.upper is not None and found.upper <= claim)
    if lacks("below", below, "more is claimed"):
        raise CertificateError(f"claimed {claim}, proved lower {found.lower}")
    if lacks("above", above, "less is claimed"):
        why = f" ({'; '.join(found.why[:3])})" if found.why and found.upper is None else ""
        raise CertificateError(f"claimed {claim}, proved upper {found.upper}{why}")
    return found


def starting_family(certificate: Certificate) -> Family:
    """The germ of a certificate's problem, as a replay starts with it."""
    germ = certificate.problem.localize(algebraic=True)
    return Family(
        names=germ.generators[0].variables,
        field=germ.field,
        role=dict.fromkeys(germ.variables, LOCAL),
        positive=frozenset(germ.nonnegative),
        k={},
        h={n: e for n, e in zip(germ.variables, germ.prior, strict=True) if e},
        gens=tuple(g.flint for g in germ.generators),
    )


class Observer(Protocol):
    """Callbacks that observe a replay: each family after its moves, and what is proved of it."""

    def enter(self, moves: Sequence[Step], family: Family, step: Step, where: str) -> None: ...

    def leave(self, verdict: Verdict) -> None: ...


def replay(family: Family, step: Step, observer: Observer | None = None) -> Verdict:
    """What a script proves of a family, or CertificateError. An observer changes nothing."""
    walk = _Replay(observer)
    try:
        return walk.run(family.normal(), step, "proof")
    except CertificateError:
        raise
    except _MALFORMED as error:
        message = f"malformed step: {type(error).__name__}: {error}"
        raise CertificateError(message, walk.where) from None


def _index(i: Any, listed: Sequence[Any]) -> int:
    """A position counted from 0; negative ones would give one generator two names."""
    hold("index", type(i) is int and 0 <= i < len(listed), f"there is no generator {i!r}")
    return int(i)


Branches = tuple[list[Family], Callable[[list[Verdict]], Verdict]]
# Steps by name: to another description of a family, to several families, to what is proved of it.
MOVES: dict[Any, Callable[[Family, Step], Family]] = {}
BRANCHES: dict[Any, Callable[[Family, Step], Branches]] = {}
LEAVES: dict[Any, Callable[[Family, Step], Verdict]] = {}
_MALFORMED: tuple[type[Exception], ...] = (SingularityLabError, FlintError, ArithmeticError)
_MALFORMED += (LookupError, TypeError, ValueError, AttributeError, RecursionError)
_H = TypeVar("_H", bound=Callable[..., Any])


# What each step assumes, by the names under which it is checked. "claim" is the whole certificate.
HYPOTHESES: dict[str, dict[str, str]] = {
    "claim": {
        "vanishes": "K vanishes at the point",
        "below": "a claim from below is at most the lower bound that is proved",
        "above": "a claim from above is at least the upper bound that is proved",
    },
    "zero": {"zero": "K is 0 on a neighbourhood of the point"},
}


def _register(table: dict[Any, Any], **hypotheses: str) -> Callable[[_H], _H]:
    """Name a step by its handler, _split handling "split", and state what it assumes."""
    if table is BRANCHES:
        hypotheses["cases"] = "each family has its case: those that are left out bound nothing"

    def enter(handler: _H) -> _H:
        HYPOTHESES[handler.__name__[1:]] = hypotheses
        table[handler.__name__[1:]] = handler
        return handler

    return enter


class _Replay:
    """Walks the script. ``done``: families and verdicts of steps that carry an id."""

    def __init__(self, observer: Observer | None = None) -> None:
        self.done: dict[int, tuple[Family, Verdict]] = {}
        self.where = "proof"
        self.observer = observer

    def run(self, family: Family, step: Step, where: str) -> Verdict:
        marks: list[tuple[int, Family]] = []
        moves: list[Step] = []
        arrived = self.where = where
        try:
            while (op := step.get("op")) in MOVES:
                if "id" in step:
                    marks.append((integer(step["id"]), family))
                family = MOVES[op](family, step).normal()
                moves.append(step)
                step, where = step["then"], f"{where}.{op}"
                self.where = where
            if "id" in step:
                marks.append((integer(step["id"]), family))
            if self.observer is not None:
                self.observer.enter(moves, family, step, arrived)
            if op in BRANCHES:
                verdict = self.branch(family, step, where)
            elif op == "see":
                verdict = self.see(family, step)
            else:
                if op not in LEAVES:
                    raise CertificateError(f"unknown step {op!r}")
                verdict = LEAVES[op](family, step)
        except CertificateError as error:
            if error.where:
                raise
            raise CertificateError(f"{step.get('op')}: {error}", where) from None
        for ident, marked in marks:
            self.done.setdefault(ident, (marked, verdict))
        if self.observer is not None:
            self.observer.leave(verdict)
        return verdict

    def branch(self, family: Family, step: Step, where: str) -> Verdict:
        families, combine = BRANCHES[step["op"]](family, step)
        cases = step["cases"]
        count = f"{len(families)} cases needed, {len(cases)} given"
        hold("cases", len(cases) == len(families), count)
        verdicts = []
        for i, (child, case) in enumerate(zip(families, cases, strict=True)):
            proved = case is not None
            verdicts.append(self.run(child.normal(), case, f"{where}.{i}") if proved else Verdict())
        return combine(verdicts)

    def see(self, family: Family, step: Step) -> Verdict:
        """A family proved before, or here as a lemma, up to a renaming and changes of sign."""
        if "lemma" in step and step["step"] not in self.done:
            with under("lemma"):
                lemma = Family.of_lemma(family.names, step["lemma"]["family"], family.field)
            self.run(lemma, step["lemma"]["proof"], f"{self.where}.lemma")
        known = step["step"] in self.done
        hold("proved", known, f"step {step['step']!r} is not proved before this one")
        other, verdict = self.done[step["step"]]
        with under("same"):
            family.check_same(other, step["map"])
        return verdict


HYPOTHESES["see"] = {
    "lemma": "the lemma states a family: known variables and roles, k ≥ 0 whole, h > −1",
    "proved": "the step was proved before, or is proved here by its lemma",
    "same": "the map is one to one and keeps the ring, roles, walls and their sides, k, h, the "
    "generators and the units up to constants; there are no sign conditions",
}


# -- moves: another description of the same family --------------------------------------------


@_register(
    MOVES,
    index="a generator has one name, its position",
    another="a multiple of another generator is added",
    unit="a generator is multiplied or divided by a unit of the local ring at each point",
    definite="what is split is a monomial times terms that are all ≥ 0, or all ≤ 0",
)
def _generators(family: Family, step: Step) -> Family:
    """Other generators of the same ideal: each operation is invertible over the local ring; or of
    an ideal of the same order of size: f = monomial · (terms that are all ≥ 0) is split into its
    terms, since Σ t² ≤ (Σ t)² ≤ N·Σ t² for N terms t ≥ 0 (MATH §2.2)."""
    gens = list(family.gens)
    for name, *args in step["do"]:
        if name == "append":  # Σ q_j·f_j
            new = ring(family.names).constant(0)
            for j, q in args[0]:
                new += limits.product(family.read(q), gens[_index(j, gens)])
            limits.Size.of(new).check("a generator")
            gens.append(new)
            continue
        i = _index(args[0], gens)
        if name == "add":  # f_i + q·f_j
            j = _index(args[1], gens)
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


@_register(
    MOVES,
    linear="x = (a·x' + r)/c, and a, r, c do not involve x",
    unit="a and c are units",
    stratum="r = 0 on the stratum, if x is local",
    scaled="r = 0, if x is a unit variable or has a monomial factor, a prior or a sign",
    side="a·c is a positive constant, if x ≥ 0",
)
def _change(family: Family, step: Step) -> Family:
    """An analytic coordinate instead of x: x = (a·x' + r)/c with units a, c, and r without x
    (MATH §2.3). r = 0 for a unit variable, and where x carries a monomial factor or a sign; on the
    stratum r = 0 for a local x."""
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


def _grading(family: Family, step: Step, polys: Sequence[Poly]) -> dict[str, int]:
    """Integer weights, not 0, for which the polynomials are quasi-homogeneous."""
    weights = {str(n): integer(w) for n, w in step["weights"].items() if w}
    hold("variables", set(weights) <= set(family.role), "weights: unknown variables")
    vector = [weights.get(n, 0) for n in family.names]
    for p in polys:
        pure = len(maps.weighted_degrees(p, vector)) <= 1
        hold("homogeneous", pure, "{} is not quasi-homogeneous for {}", p, weights)
    return weights


@_register(
    MOVES,
    variables="weights are those of variables that are here",
    homogeneous="each generator is quasi-homogeneous",
    positive="parameters that move have weights > 0",
    units="unit variables do not move: in the limit they would be 0 or infinite",
    conditions="no unit and no sign condition involves a parameter that moves",
)
def _contract(family: Family, step: Step) -> Family:
    """A positive dilation moves every parameter value into each neighbourhood of 0, and (λ, m) can
    only drop in the limit: the germ at parameter 0 decides (MATH §2.9)."""
    weights = _grading(family, step, family.gens)
    moved = {n for n in weights if family.role[n] == PARAM}
    hold("positive", all(weights[n] > 0 for n in moved), "parameters need positive weights")
    fixed = not any(family.role[n] == UNIT for n in weights)
    hold("units", fixed, "unit variables cannot be contracted")
    conditions = family.occurs(*family.units, *family.signs)
    hold("conditions", not conditions & moved, "a condition involves a contracted parameter")
    return family.but(role={**family.role, **dict.fromkeys(moved, LOCAL)})


@_register(MOVES, role="x is a unit variable")
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


@_register(MOVES, evidence="the polynomial has no zero on the stratum")
def _nonvanishing(family: Family, step: Step) -> Family:
    """A polynomial in the parameters without a zero on the stratum, by evidence."""
    p = family.at_stratum(family.read(step["poly"]))
    with under("evidence"):
        family.check_no_zero([p], step["evidence"])
    return family.but(units=(*family.units, p))


@_register(
    MOVES,
    index="a generator has one name, its position",
    free="x is local, without monomial factor, prior and sign",
    vanishes="the generator is 0 on the stratum",
    smooth="its derivative by x is a unit",
    alone="x occurs in no other generator",
)
def _coordinate(family: Family, step: Step) -> Family:
    """A generator that is smooth in a free local variable, and alone with it, is a coordinate."""
    i, x = _index(step["gen"], family.gens), step["var"]
    f = family.gens[i]
    able = family.role.get(x) == LOCAL and family.is_free(x)
    hold("free", able, f"{x} is no free local variable")
    hold("vanishes", family.at_stratum(f).is_zero(), "{} does not vanish on the stratum", f)
    hold("smooth", family.is_unit(f.derivative(family.index(x))), "{} is not smooth in {}", f, x)
    others = (*family.gens[:i], *family.gens[i + 1 :])
    hold("alone", x not in family.occurs(*others), f"{x} occurs in another generator")
    return family.but(gens=(*family.gens[:i], family.gen(x), *family.gens[i + 1 :]))


@_register(
    MOVES,
    **matrices.HYPOTHESES,
    rational="entries have rational constants, and no symbol of a field",
    free="the coordinates are no unit variables, without monomial factor, prior and sign",
    conditions="no unit and no sign condition involves a coordinate",
    entries="the generators are the entries of the product, less those of diag(I, 0) for through",
)
def _schur(family: Family, step: Step) -> Family:
    """Generators that are the entries of a product of matrices of free coordinates: its smooth part
    splits off. The theorems and their conditions are in :mod:`singularity_lab.algebra.matrices`."""
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


# -- branches: several families, and how their verdicts combine -------------------------------


def _least(verdicts: list[Verdict]) -> Verdict:
    """(λ, m) of a germ is the least over a cover of the fibre by strata."""
    met = [v for v in verdicts if not v.empty]
    lowers = [v.lower for v in met if v.lower is not None]
    uppers = [v.upper for v in met if v.upper is not None]
    lower = min(lowers, default=None) if len(lowers) == len(met) else None
    return Verdict(lower, min(uppers, default=None), empty=not met, why=_why(met))


def _why(verdicts: list[Verdict]) -> tuple[str, ...]:
    """What those lack that have no upper bound."""
    return tuple(dict.fromkeys(w for v in verdicts if v.upper is None for w in v.why))


def _without_upper(verdict: Verdict, op: str, why: str) -> Verdict:
    """The verdict without its upper bound, where a hypothesis of the step fails."""
    return replace(verdict, upper=None, why=(f"{op}: {why}",)) if why else verdict


@_register(
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
    return families, _least


@_register(BRANCHES, role="x is a parameter")
def _split(family: Family, step: Step) -> Branches:
    """A parameter is 0 or not; only not, where a condition fails at 0."""
    x = step["var"]
    hold("role", family.role.get(x) == PARAM, f"{x} is not a parameter")
    zero, other = (family.but(role={**family.role, x: role}) for role in (LOCAL, UNIT))
    if any(zero.at_stratum(p).is_zero() for p in (*family.units, *family.signs)):
        return [other], _least
    return [zero, other], _least


@_register(
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
    return [*families, family.but(units=(*family.units, c))], _least


@_register(
    BRANCHES,
    free="F is a coordinate by one or more variables without monomial factor, prior and sign",
    smooth="where q = 0 on the stratum, some derivative of F by these is not 0",
    rest="a generator is F^e·g where g is free of these variables, or not 0 where q = 0",
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
    for i, g in enumerate(family.gens):
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
        return _least([_without_upper(on, "locus", why), off])

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


@_register(
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
    weights = _grading(family, step, (*family.gens, *family.units, *family.signs))
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

    return [at(value) for value in ((1, -1) if two_sides else (1,))], _least


@_register(
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


@_register(
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
            why = _no_witness(family, free, step)
            return _without_upper(Verdict(least, least), "free", why)
        lower, upper = inner.lower, inner.upper
        for ratio in ratios:
            lower = lower and lower.meet(RLCT(ratio, 1))
            upper = upper and upper.meet(RLCT(ratio, 1))
        return Verdict(lower, upper, inner.empty, inner.why)

    return [family.but(role=role)], combine


@_register(
    BRANCHES,
    index="a generator has one name, its position",
    below="fewer generators bound below only",
)
def _subideal(family: Family, step: Step) -> Branches:
    """Fewer generators bound (λ, m) below (MATH §2.7)."""
    keep = [_index(i, family.gens) for i in step["keep"]]
    smaller = family.but(gens=tuple(family.gens[i] for i in keep))
    why = lacks("below", set(keep) == set(range(len(family.gens))), "generators are left out")

    def combine(verdicts: list[Verdict]) -> Verdict:
        return _without_upper(verdicts[0], "subideal", why)

    return [smaller], combine


@_register(BRANCHES, once="neither proof says that the family is empty")
def _both(family: Family, step: Step) -> Branches:
    """Two proofs about one family: what either proves holds."""

    def combine(verdicts: list[Verdict]) -> Verdict:
        hold("once", not any(v.empty for v in verdicts), "an empty family needs one proof only")
        lowers = [v.lower for v in verdicts if v.lower is not None]
        uppers = [v.upper for v in verdicts if v.upper is not None]
        lower, upper = max(lowers, default=None), min(uppers, default=None)
        return Verdict(lower, upper, why=_why(verdicts))

    return [family, family], combine


# -- leaves -----------------------------------------------------------------------------------


def _threshold(
    family: Family, roles: Sequence[str], exponents: Sequence[Mapping[str, int]], step: Step
) -> RLCT:
    """(λ, m) of a monomial ideal by a primal and a dual optimum (MATH §2.5; Howald 2001).

    A variable that does not occur has weight 0 in every optimum: it costs, and helps no row."""
    occur = set(family.k).union(*exponents)
    used = [(n, family.k.get(n, 0)) for n in sorted(occur) if family.role[n] in roles]
    dual: list[int | Fraction] = [0] * len(exponents)
    for i, y in step["dual"]:
        dual[_index(i, exponents)] = fraction(y)
    rows = [[e.get(n, 0) + k for n, k in used] for e in exponents]
    costs = [family.cost(n) for n, _ in used] if family.h else [1] * len(used)
    hold("primal", step["primal"].keys() <= family.role.keys(), "unknown variables")
    weights = {n: w for n, v in step["primal"].items() if (w := fraction(v))}
    hold("primal", weights.keys() <= dict(used).keys(), "a variable that does not occur")
    primal = [weights.get(n, 0) for n, _ in used]
    with under("optimum"):
        value, dimension = check_covering(costs, rows, primal, dual)
    return RLCT(value / 2, 1 + dimension)


def _no_witness(family: Family, zero: Collection[str], step: Step) -> str:
    """Why no point of the stratum with these variables at 0 is known; "" if one is."""
    return lacks("witness", family.has_point(zero, step), "no point meets the sign conditions")


_OPTIMUM = {
    "index": "a generator has one name, its position",
    "primal": "weights are those of variables that occur",
    "optimum": "the primal and the dual solution are feasible, of one value, and complementary",
    "witness": "above: the stratum has such a point, by a witness where there are sign conditions",
}


@_register(
    LEAVES,
    **_OPTIMUM,
    monomial="some generator is a monomial times a unit",
    multiples="each term of the others is a multiple of one of these monomials",
    units="above: no unit is 0 wherever all variables of the monomials are",
)
def _monomial(family: Family, step: Step) -> Verdict:
    """An ideal generated by monomials times units, other generators being multiples of these.

    Parameters count as local: where one is not 0 its power is a unit, so the germ where all that
    occur are 0 is the least; the stratum has it if no unit vanishes on all of that set.
    """
    exponents, others = [], []
    for f in family.gens:
        content = family.content(f)
        if len(f) == 1 or family.is_unit(family.without(f, content)):
            exponents.append(content)
        else:
            others.append(f)
    hold("monomial", bool(exponents), "no generator is a monomial times a unit")
    for f in others:
        for a in f.monoms():
            term = dict(zip(family.names, a, strict=True))
            covered = any(all(term[n] >= e for n, e in m.items()) for m in exponents)
            hold("multiples", covered, "a term of {} is no multiple of the monomials", f)
    if not any(family.k.values()) and not all(exponents):
        return Verdict(empty=True)
    used = set(family.k).union(*exponents)
    zero = set(map(family.index, used))
    gone = [u for u in family.units if family.reduced(maps.at_zero(u, zero)).is_zero()]
    exact = _threshold(family, (LOCAL, PARAM), exponents, step)
    why = lacks("units", not gone, "{} is 0 where the monomials are", *gone[:1])
    why = why or _no_witness(family, used, step)
    return _without_upper(Verdict(exact, exact), "monomial", why)


@_register(
    LEAVES,
    **faces.HYPOTHESES,
    local="generators and monomial factor involve local variables only",
    witness=_OPTIMUM["witness"],
)
def _newton(family: Family, step: Step) -> Verdict:
    """Nondegenerate generators in local variables: (λ, m) by their Newton polyhedron (MATH §2.6);
    the theorems are stated in :mod:`singularity_lab.algebra.faces`."""
    names = tuple(family.of_role(LOCAL))
    local = family.occurs(*family.gens).union(family.k) <= set(names)
    hold("local", local, "a parameter occurs")
    ring_names = names if family.field is None else (*names, family.field.symbol)
    gens = [Polynomial(family.names, f).in_ring(ring_names) for f in family.gens]
    torus = {n: KINDS[UNIT, n in family.positive] for n in names}
    k, costs = [family.k.get(n, 0) for n in names], [family.cost(n) for n in names]
    exact = faces.check_newton(gens, k, costs, torus, step, family.field)
    return _without_upper(Verdict(exact, exact), "newton", _no_witness(family, (), step))


@_register(LEAVES, fails="a sign condition is a constant ≤ 0")
def _empty(family: Family, step: Step) -> Verdict:
    """A sign condition that is a constant ≤ 0: no real point."""
    hold("fails", any(map(family.is_constant, family.signs)), "no sign condition fails")
    return Verdict(empty=True)


@_register(LEAVES, **_OPTIMUM)
def _terms(family: Family, step: Step) -> Verdict:
    """The ideal of all terms in the local variables bounds (λ, m) above (MATH §2.6), whatever the
    coefficients, at a point of the stratum where no parameter is 0."""
    variables = family.of_role(LOCAL)
    terms = [dict(zip(family.names, a, strict=True)) for f in family.gens for a in f.monoms()]
    rows = dict.fromkeys(tuple((n, int(t[n])) for n in variables if t[n]) for t in terms)
    upper = _threshold(family, (LOCAL,), [dict(row) for row in rows], step)
    return _without_upper(Verdict(None, upper), "terms", _no_witness(family, (), step))


@_register(LEAVES, point="the family is a germ: there are no parameters and unit variables")
def _order(family: Family, step: Step) -> Verdict:
    """2λ ≥ lct_C ≥ 1/order (restriction to a line); Hölder's inequality for prior exponents < 0."""
    hold("point", not family.of_role(PARAM, UNIT), "an ideal at a point is needed")
    places = [i for i, n in enumerate(family.names) if n in family.role]
    order = min(sum(int(a[i]) for i in places) for f in family.gens for a in f.monoms())
    order += sum(family.k.values())
    if order == 0:
        return Verdict(empty=True)
    least = min([Fraction(0), *family.h.values()])
    return Verdict(RLCT((1 + least) / (2 * order), len(family.role)), None)


@_register(LEAVES)
def _open(family: Family, step: Step) -> Verdict:
    """Nothing is proved of this family."""
    return Verdict()
