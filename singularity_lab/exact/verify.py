"""The independent verifier: replays a proof script with exact arithmetic, and never searches.

It holds a *family of germs* (:mod:`singularity_lab.exact.family`). A step turns a family into
others; a leaf gives

    lower: every germ of the family has (λ, m) ⪰ lower;    upper: some germ has (λ, m) ⪯ upper,

in the order of densities of states, with λ = ∞ where K does not vanish. Each handler below states
its theorem. Blow-ups are proper, so (λ, m) of a germ is the least over the points of the fibre,
and the cells of a blow-up are that fibre (MATH §2.8).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Protocol, TypeVar

from flint.utils.flint_exceptions import FlintError

from singularity_lab.algebra import limits, maps, matrices
from singularity_lab.algebra.algebraic import check_roots
from singularity_lab.algebra.charts import charts, representatives
from singularity_lab.algebra.evidence import check_zero, univariate
from singularity_lab.algebra.faces import check_newton
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
    need,
)


@dataclass(frozen=True)
class Verdict:
    """What a replay proves of a family; ``empty``: its stratum does not meet {K = 0}."""

    lower: RLCT | None = None
    upper: RLCT | None = None
    empty: bool = False


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
        need(all(g.is_zero() for g in family.gens), "K is not identically 0")
        found = Verdict(RLCT(Fraction(0), 1), RLCT(Fraction(0), 1))
    else:
        found = replay(family, certificate.proof)
    need(not found.empty, "K does not vanish at the point")
    if certificate.problem.convention == "loss":  # K = |f| instead of f²: λ doubles
        lower, upper = (v and RLCT(2 * v.value, v.multiplicity) for v in (found.lower, found.upper))
        found = Verdict(lower, upper)
    claim, kind = certificate.claim, certificate.kind
    below = kind == "upper" or (found.lower is not None and claim <= found.lower)
    above = kind == "lower" or (found.upper is not None and found.upper <= claim)
    need(below, "claimed {}, proved lower {}", claim, found.lower)
    need(above, "claimed {}, proved upper {}", claim, found.upper)
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
    """Who looks on at a replay: at each family after its moves, and at what is proved of it."""

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
    need(type(i) is int and 0 <= i < len(listed), f"there is no generator {i!r}")
    return int(i)


Branches = tuple[list[Family], Callable[[list[Verdict]], Verdict]]
# Steps by name: to another description of a family, to several families, to what is proved of it.
MOVES: dict[Any, Callable[[Family, Step], Family]] = {}
BRANCHES: dict[Any, Callable[[Family, Step], Branches]] = {}
LEAVES: dict[Any, Callable[[Family, Step], Verdict]] = {}
_MALFORMED: tuple[type[Exception], ...] = (SingularityLabError, FlintError, ArithmeticError)
_MALFORMED += (LookupError, TypeError, ValueError, AttributeError, RecursionError)
_H = TypeVar("_H", bound=Callable[..., Any])


def _register(table: dict[Any, Any]) -> Callable[[_H], _H]:
    """Name a step by its handler: _split handles the step "split"."""
    return lambda handler: table.setdefault(handler.__name__[1:], handler)


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
                need(op in LEAVES, f"unknown step {op!r}")
                verdict = LEAVES[op](family, step)
        except CertificateError as error:
            raise error if error.where else CertificateError(str(error), where) from None
        for ident, marked in marks:
            self.done.setdefault(ident, (marked, verdict))
        if self.observer is not None:
            self.observer.leave(verdict)
        return verdict

    def branch(self, family: Family, step: Step, where: str) -> Verdict:
        families, combine = BRANCHES[step["op"]](family, step)
        cases = step["cases"]
        need(len(cases) == len(families), f"{len(families)} cases needed, {len(cases)} given")
        verdicts = []
        for i, (child, case) in enumerate(zip(families, cases, strict=True)):
            proved = case is not None
            verdicts.append(self.run(child.normal(), case, f"{where}.{i}") if proved else Verdict())
        return combine(verdicts)

    def see(self, family: Family, step: Step) -> Verdict:
        """A family proved before, or here as a lemma, up to a renaming and changes of sign."""
        if "lemma" in step and step["step"] not in self.done:
            lemma = Family.of_lemma(family.names, step["lemma"]["family"], family.field)
            self.run(lemma, step["lemma"]["proof"], f"{self.where}.lemma")
        need(step["step"] in self.done, f"step {step['step']!r} is not proved before this one")
        other, verdict = self.done[step["step"]]
        family.check_same(other, step["map"])
        return verdict


# -- moves: another description of the same family --------------------------------------------


@_register(MOVES)
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
            need(i != j, "add: two generators are needed")
            gens[i] = gens[i] + limits.product(family.read(args[2]), gens[j])
            limits.Size.of(gens[i]).check("a generator")
        elif name in ("div", "mul"):  # by a unit
            q = family.read(args[1])
            need(family.is_unit(q), f"{name}: {args[1]} is not a unit here")
            gens[i] = gens[i] / q if name == "div" else limits.product(gens[i], q)
        else:
            need(name == "split", f"unknown operation {name!r}")
            signed = family.role.keys() - family.positive  # the symbol of a field is > 0
            nonnegative = {j for j, n in enumerate(family.names) if n not in signed}
            definite = maps.of_one_sign(gens[i], nonnegative)
            need(definite, "split: the terms of {} may cancel", gens[i])
            gens[i : i + 1] = [ring(family.names).from_dict({a: 1}) for a in gens[i].monoms()]
    return family.but(gens=tuple(gens))


@_register(MOVES)
def _change(family: Family, step: Step) -> Family:
    """An analytic coordinate instead of x: x = (a·x' + r)/c with units a, c, and r without x
    (MATH §2.3). r = 0 for a unit variable, and where x carries a monomial factor or a sign; on the
    stratum r = 0 for a local x."""
    x = step["var"]
    i, gen, role = family.index(x), family.gen(x), family.role[x]
    numerator, c = family.read(step["num"]), family.read(step["den"])
    a = numerator.derivative(i)
    r = numerator - a * gen
    need(x not in family.occurs(a, r, c), f"{step['num']} is not linear in {x}")
    need(family.is_unit(a) and family.is_unit(c), "the factors of the change must be units")
    if role == LOCAL:
        need(family.at_stratum(r).is_zero(), f"the change moves {x} away from 0")
    if role == UNIT or not family.is_free(x):
        need(r.is_zero(), f"{x} may only be scaled")
    if x in family.positive:
        scale = a * c
        increasing = family.is_constant(scale) and family.sign(scale) > 0
        need(increasing, f"{x} >= 0 needs a positive scale")

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
    need(set(weights) <= set(family.role), "weights: unknown variables")
    vector = [weights.get(n, 0) for n in family.names]
    for p in polys:
        pure = len(maps.weighted_degrees(p, vector)) <= 1
        need(pure, "{} is not quasi-homogeneous for {}", p, weights)
    return weights


@_register(MOVES)
def _contract(family: Family, step: Step) -> Family:
    """A positive dilation moves every parameter value into each neighbourhood of 0, and (λ, m) can
    only drop in the limit: the germ at parameter 0 decides (MATH §2.9)."""
    weights = _grading(family, step, family.gens)
    moved = {n for n in weights if family.role[n] == PARAM}
    need(all(weights[n] > 0 for n in moved), "parameters need positive weights")
    need(not any(family.role[n] == UNIT for n in weights), "unit variables cannot be contracted")
    conditions = family.occurs(*family.units, *family.signs)
    need(not conditions & moved, "a condition involves a contracted parameter")
    return family.but(role={**family.role, **dict.fromkeys(moved, LOCAL)})


@_register(MOVES)
def _relax(family: Family, step: Step) -> Family:
    """A unit variable is a parameter that is known not to be 0, or to be > 0."""
    x = step["var"]
    need(family.role.get(x) == UNIT, f"{x} is no unit variable")
    return family.but(
        role={**family.role, x: PARAM},
        positive=family.positive - {x},
        units=(*family.units, family.gen(x)),
        signs=(*family.signs, family.gen(x)) if x in family.positive else family.signs,
    )


@_register(MOVES)
def _nonvanishing(family: Family, step: Step) -> Family:
    """A polynomial in the parameters without a zero on the stratum, by evidence."""
    p = family.at_stratum(family.read(step["poly"]))
    family.check_no_zero([p], step["evidence"])
    return family.but(units=(*family.units, p))


@_register(MOVES)
def _coordinate(family: Family, step: Step) -> Family:
    """A generator that is smooth in a free local variable, and alone with it, is a coordinate."""
    i, x = _index(step["gen"], family.gens), step["var"]
    f = family.gens[i]
    need(family.role.get(x) == LOCAL and family.is_free(x), f"{x} is no free local variable")
    need(family.at_stratum(f).is_zero(), "{} does not vanish on the stratum", f)
    need(family.is_unit(f.derivative(family.index(x))), "{} is not smooth in {}", f, x)
    others = (*family.gens[:i], *family.gens[i + 1 :])
    need(x not in family.occurs(*others), f"{x} occurs in another generator")
    return family.but(gens=(*family.gens[:i], family.gen(x), *family.gens[i + 1 :]))


@_register(MOVES)
def _schur(family: Family, step: Step) -> Family:
    """Generators that are the entries of a product of matrices of free coordinates: its smooth part
    splits off. The theorems and their conditions are in :mod:`singularity_lab.algebra.matrices`."""
    read = [[[family.read(e) for e in row] for row in factor] for factor in step["factors"]]
    factors = matrices.coordinates(read, family.locals)
    places = {e.variable for factor in factors for e in matrices.flat(factor)}
    names = {family.names[i] for i in places if i is not None}
    need(names <= family.role.keys(), "schur: rational entries are needed")
    able = all(family.is_free(n) and family.role[n] != UNIT for n in names)
    need(able, "schur: the coordinates must be free")  # a complement of units may vanish
    need(not names & family.occurs(*family.units, *family.signs), "schur: under a condition")
    rank, place = integer(step["rank"]), integer(step.get("place", 0))
    before, after = matrices.schur(factors, rank, step["kind"], place)
    same = maps.equal_sets(before, family.gens)
    need(same, "schur: the generators are not the entries of the product")
    return family.but(gens=tuple(after))


# -- branches: several families, and how their verdicts combine -------------------------------


def _least(verdicts: list[Verdict]) -> Verdict:
    """(λ, m) of a germ is the least over a cover of the fibre by strata."""
    met = [v for v in verdicts if not v.empty]
    lowers = [v.lower for v in met if v.lower is not None]
    uppers = [v.upper for v in met if v.upper is not None]
    lower = min(lowers, default=None) if len(lowers) == len(met) else None
    return Verdict(lower, min(uppers, default=None), empty=not met)


@_register(BRANCHES)
def _blowup(family: Family, step: Step) -> Branches:
    """Weighted blow-up of {x_S = 0} (MATH §2.8): x_i = ±t^(w_i), x_j = t^(w_j)·x_j'.

    A point of the fibre is in the chart of any x_i that does not vanish there: those of the first
    group of variables that has one will do, with the variables of earlier groups at 0. Charts that
    a symmetry of the family and the centre carries to one another need one case.
    """
    groups = [[(str(n), integer(w, 1)) for n, w in group] for group in step["groups"]]
    weights = dict(itertools.chain(*groups))
    need(len(weights) == sum(map(len, groups)) >= 1, "the centre names a variable twice, or none")
    need(all(family.role.get(n) == LOCAL for n in weights), "the centre is made of local variables")
    symmetries = [family.check_same(family, s) for s in step.get("symmetries", ())]
    h = sum((w * family.h[n] for n, w in weights.items() if n in family.h), Fraction(0))
    h += sum(weights.values()) - 1
    k = sum(w * family.k.get(n, 0) for n, w in weights.items())
    families = []
    for chart in representatives(charts(groups, family.positive), symmetries):
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


@_register(BRANCHES)
def _split(family: Family, step: Step) -> Branches:
    """A parameter is 0 or not; only not, where a condition fails at 0."""
    x = step["var"]
    need(family.role.get(x) == PARAM, f"{x} is not a parameter")
    zero, other = (family.but(role={**family.role, x: role}) for role in (LOCAL, UNIT))
    if any(zero.at_stratum(p).is_zero() for p in (*family.units, *family.signs)):
        return [other], _least
    return [zero, other], _least


@_register(BRANCHES)
def _roots(family: Family, step: Step) -> Branches:
    """A parameter is a root of an irreducible c, or not. Each root is a value of a field Q(γ), and
    there x is a local variable again: x = value + x'. The roots lie in disjoint intervals, as many
    as c has in the domain of x (Sturm), so that these are all; none of them is 0."""
    x, c = step["var"], family.read(step["poly"])
    need(family.role.get(x) == PARAM and family.field is None, f"{x} is no rational parameter")
    need(family.occurs(c) == {x} and c.total_degree() > 1, f"{step['poly']} must be in {x} alone")
    need([e for _, e in c.factor()[1]] == [1], f"{step['poly']} is not irreducible")
    dense, kind = univariate(Polynomial(family.names, c), x), family.domain([x])[x]
    families = []
    for field, value in check_roots(dense, kind, step["roots"]):
        need(field.symbol not in family.names, "roots: a new name is needed for the symbol")
        lifted = family.lifted(field)
        image = {x: value.in_ring(lifted.names).flint + lifted.gen(x)}
        at = {n: {m: e for m, e in getattr(family, n).items() if m != x} for n in ("k", "h")}
        role, positive = {**family.role, x: LOCAL}, family.positive - {x}
        lifted = lifted.each(lifted.substitution(image)).but(role=role, positive=positive, **at)
        if not any(lifted.at_stratum(p).is_zero() for p in (*lifted.units, *lifted.signs)):
            families.append(lifted)
    return [*families, family.but(units=(*family.units, c))], _least


@_register(BRANCHES)
def _locus(family: Family, step: Step) -> Branches:
    """The stratum is split into q = 0 and q ≠ 0, q being the value of F there. Where dF ≠ 0 in
    free variables ``by``, F is a coordinate; a generator F^e·g must have g without these, or a
    unit where q = 0. The family on q = 0 forgets the conditions on ``by``, and how they bind the
    other variables of q: it bounds below. It bounds above if q = 0 has real points off the zeros
    of the units, and nothing depends on those other variables."""
    f, by = family.read(step["poly"]), [str(x) for x in step["by"]]
    q = family.at_stratum(f)
    able = bool(by) and all(x in family.role and family.is_free(x) for x in by)
    need(able, "the coordinate needs free variables")
    family.check_no_zero([q, *(f.derivative(family.index(x)) for x in by)], step["smooth"])
    z, gens = family.gen(by[0]), []
    for i, g in enumerate(family.gens):
        rest, count = family.stripped(g, f)
        power = z**count
        if family.occurs(rest) & set(by):
            family.check_no_zero([q, rest], step["rest"][str(i)])
            rest = ring(family.names).constant(1)
        gens.append(power * rest)
    role = {n: r for n, r in family.role.items() if n not in by}
    free = family.only(lambda p: not family.occurs(p) & set(by))
    zero = free.but(role={**role, by[0]: LOCAL}, gens=tuple(gens))
    other = family.but(units=(*family.units, q))
    used = family.occurs(*gens) | set(family.k)
    # a unit that is prime to q may vanish on all of q = 0 where a further variable is special
    inside = [u for u in family.units if family.occurs(u) & family.occurs(q)]
    prime = all(family.occurs(u) <= family.occurs(q) and q.gcd(u).is_constant() for u in inside)
    loose = not (family.occurs(q) - set(by)) & used
    rational = family.is_rational(q, *inside)
    if rational:  # a change of sign of an irreducible q: its real zeros are dense in q = 0
        prime = prime and [e for _, e in q.factor()[1]] == [1]
    else:  # over the field, one variable: a unit without a common factor is not 0 at a zero
        alone = [family.index(x) for x in family.occurs(q)]
        prime = len(alone) == 1 and all(family.occurs(u) <= family.occurs(q) for u in inside)
        prime = prime and all(family.field.coprime(q, u, *alone) for u in inside if family.field)
    real = step["exists"] is not None and not family.signs and prime and loose
    if real:
        domain = family.domain(family.occurs(q))
        there = [Polynomial(family.names, q)]
        check_zero(there, domain, step["exists"], None if rational else family.sign_at)
        need(step["exists"]["kind"] == "sign change", "a change of sign is needed")
        need(rational or "factor" not in step["exists"], "over a field, q itself")

    def combine(verdicts: list[Verdict]) -> Verdict:
        on, off = verdicts
        return _least([on if real else replace(on, upper=None), off])

    return [zero, other], combine


@_register(BRANCHES)
def _dehomogenise(family: Family, step: Step) -> Branches:
    """A dilation moves a unit variable to ±1; along it the family is a product (MATH §2.9). The
    reflection of an odd weight moves −1 to 1, where it respects the variables that are ≥ 0."""
    x = step["var"]
    weights = _grading(family, step, (*family.gens, *family.units, *family.signs))
    able = family.role.get(x) == UNIT and weights.get(x, 0) != 0
    need(able, f"{x} is no unit variable of weight not 0")
    walls = [n for n in family.positive if n in family.role]
    reflected = weights[x] % 2 == 1 and all(weights.get(n, 0) % 2 == 0 for n in walls)
    one_side = x in family.positive or (reflected and not family.signs)
    role = {n: r for n, r in family.role.items() if n != x}

    def at(value: int) -> Family:
        image = {x: ring(family.names).constant(value)}
        return family.each(family.substitution(image)).but(role=role)

    return [at(value) for value in ((1,) if one_side else (1, -1))], _least


@_register(BRANCHES)
def _sum(family: Family, step: Step) -> Branches:
    """Sum rule: ideals in disjoint variables without a common factor (MATH §2.4). Conditions may
    not tie two blocks together; units that meet none are left out."""
    blocks = [{str(n) for n in block} for block in step["blocks"]]
    home = {n: i for i, block in enumerate(blocks) for n in block}
    need(sum(map(len, blocks)) == len(home), "blocks: a variable appears twice")
    need(set(home) <= set(family.role), "blocks: unknown variables")
    need(not any(family.k.values()), "a common factor forbids the sum rule")
    parts: list[dict[str, list[Poly]]] = [{"gens": [], "units": [], "signs": []} for _ in blocks]
    for kind in ("gens", "units", "signs"):
        for p in getattr(family, kind):
            occurs = family.occurs(p)
            touched = {home[n] for n in occurs if n in home}
            need(len(touched) <= 1, "{} meets two blocks", p)
            need(occurs <= set(home) if touched else kind == "units", "{} is in no block", p)
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
        return Verdict(sums[0], sums[1])

    return list(map(part, blocks, parts)), combine


@_register(BRANCHES)
def _free(family: Family, step: Step) -> Branches:
    """Product rule: variables that occur in the factor ∏|x|^(2k) only (MATH §2.4)."""
    free = set(family.role) - family.occurs(*family.gens, *family.units, *family.signs)
    ratios = [family.cost(n) / (2 * e) for n, e in family.k.items() if n in free]
    role = {n: r for n, r in family.role.items() if n not in free}

    def combine(verdicts: list[Verdict]) -> Verdict:
        (inner,) = verdicts
        if inner.empty and ratios:  # the rest is a unit, where the stratum has a point at all
            least = RLCT(min(ratios), ratios.count(min(ratios)))
            return Verdict(least, least if family.has_point(free, step) else None)
        lower, upper = inner.lower, inner.upper
        for ratio in ratios:
            lower = lower and lower.meet(RLCT(ratio, 1))
            upper = upper and upper.meet(RLCT(ratio, 1))
        return Verdict(lower, upper, inner.empty)

    return [family.but(role=role)], combine


@_register(BRANCHES)
def _subideal(family: Family, step: Step) -> Branches:
    """Fewer generators bound (λ, m) below (MATH §2.7)."""
    keep = [_index(i, family.gens) for i in step["keep"]]
    smaller = family.but(gens=tuple(family.gens[i] for i in keep))
    return [smaller], lambda verdicts: replace(verdicts[0], upper=None)


@_register(BRANCHES)
def _both(family: Family, step: Step) -> Branches:
    """Two proofs about one family: what either proves holds."""

    def combine(verdicts: list[Verdict]) -> Verdict:
        need(not any(v.empty for v in verdicts), "an empty family needs one proof only")
        lowers = [v.lower for v in verdicts if v.lower is not None]
        uppers = [v.upper for v in verdicts if v.upper is not None]
        return Verdict(max(lowers, default=None), min(uppers, default=None))

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
    need(step["primal"].keys() <= family.role.keys(), "primal: unknown variables")
    weights = {n: w for n, v in step["primal"].items() if (w := fraction(v))}
    need(weights.keys() <= dict(used).keys(), "primal: a variable that does not occur")
    primal = [weights.get(n, 0) for n, _ in used]
    value, dimension = check_covering(costs, rows, primal, dual)
    return RLCT(value / 2, 1 + dimension)


@_register(LEAVES)
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
    need(bool(exponents), "no generator is a monomial times a unit")
    for f in others:
        for a in f.monoms():
            term = dict(zip(family.names, a, strict=True))
            covered = any(all(term[n] >= e for n, e in m.items()) for m in exponents)
            need(covered, "a term of {} is no multiple of the monomials", f)
    if not any(family.k.values()) and not all(exponents):
        return Verdict(empty=True)
    used = set(family.k).union(*exponents)
    zero = set(map(family.index, used))
    real = not any(family.reduced(maps.at_zero(u, zero)).is_zero() for u in family.units)
    exact = _threshold(family, (LOCAL, PARAM), exponents, step)
    return Verdict(exact, exact if real and family.has_point(used, step) else None)


@_register(LEAVES)
def _newton(family: Family, step: Step) -> Verdict:
    """Nondegenerate generators in local variables: (λ, m) by their Newton polyhedron (MATH §2.6);
    the theorems are stated in :mod:`singularity_lab.algebra.faces`."""
    names = tuple(family.of_role(LOCAL))
    local = family.occurs(*family.gens).union(family.k) <= set(names)
    need(local, "newton: a parameter occurs")
    ring_names = names if family.field is None else (*names, family.field.symbol)
    gens = [Polynomial(family.names, f).in_ring(ring_names) for f in family.gens]
    torus = {n: KINDS[UNIT, n in family.positive] for n in names}
    k, costs = [family.k.get(n, 0) for n in names], [family.cost(n) for n in names]
    exact = check_newton(gens, k, costs, torus, step, family.field)
    return Verdict(exact, exact if family.has_point((), step) else None)


@_register(LEAVES)
def _empty(family: Family, step: Step) -> Verdict:
    """A sign condition that is a constant ≤ 0: no real point."""
    need(any(map(family.is_constant, family.signs)), "no sign condition fails")
    return Verdict(empty=True)


@_register(LEAVES)
def _terms(family: Family, step: Step) -> Verdict:
    """The ideal of all terms in the local variables bounds (λ, m) above (MATH §2.6), whatever the
    coefficients, at a point of the stratum where no parameter is 0."""
    variables = family.of_role(LOCAL)
    terms = [dict(zip(family.names, a, strict=True)) for f in family.gens for a in f.monoms()]
    rows = dict.fromkeys(tuple((n, int(t[n])) for n in variables if t[n]) for t in terms)
    upper = _threshold(family, (LOCAL,), [dict(row) for row in rows], step)
    return Verdict(None, upper if family.has_point((), step) else None)


@_register(LEAVES)
def _order(family: Family, step: Step) -> Verdict:
    """2λ ≥ lct_C ≥ 1/order (restriction to a line); Hölder's inequality for prior exponents < 0."""
    need(not family.of_role(PARAM, UNIT), "an ideal at a point is needed")
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
