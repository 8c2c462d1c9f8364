"""The independent verifier: replays a proof script with exact arithmetic, and never searches.

It holds a *family of germs*: K = ∏|x|^(2k) · Σ fᵢ² with prior ∏|x|^h, at the points of a stratum
{local variables = 0} × {parameters}. A variable is ``local`` (germ at 0), ``param`` (any real number), ``unit``
(any real number but 0) or gone; it may be restricted to be ≥ 0 (> 0 for a unit). ``units`` are polynomials in
the parameters that vanish nowhere on the stratum, ``signs`` are > 0 there. A step turns a family into others; a leaf gives

    lower: every germ of the family has (λ, m) ⪰ lower;    upper: some germ has (λ, m) ⪯ upper,

in the order of densities of states. Each handler below states its theorem. Blow-ups are proper, so (λ, m) of
a germ is the least over the points of the fibre, and the cells of a blow-up are that fibre (MATH §2.8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import flint
from flint.utils.flint_exceptions import FlintError

from singularity_lab.algebra.evidence import check_no_zero, check_zero
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.linear import check_covering
from singularity_lab.algebra.polynomial import Exponent, Polynomial, fraction, parse, ring
from singularity_lab.errors import CertificateError, SingularityLabError
from singularity_lab.exact.certificate import Certificate, Step

Poly = flint.fmpq_mpoly
LOCAL, PARAM, UNIT = "local", "param", "unit"


@dataclass(frozen=True)
class Verdict:
    """What a replay proves of a family; ``empty``: its stratum does not meet {K = 0}."""

    lower: RLCT | None = None
    upper: RLCT | None = None
    empty: bool = False


@dataclass(frozen=True)
class Family:
    """The state of a replay; see the module's text. A variable absent from ``role`` is gone."""

    names: tuple[str, ...]
    role: Mapping[str, str]
    positive: frozenset[str]
    k: Mapping[str, int]
    h: Mapping[str, Fraction]
    gens: tuple[Poly, ...]
    units: tuple[Poly, ...] = ()
    signs: tuple[Poly, ...] = ()

    def read(self, text: Any) -> Poly:
        p = parse(str(text), self.names).flint
        _need(self.occurs(p) <= set(self.role), f"{text} speaks of a variable that is gone")
        return p

    def gen(self, name: str) -> Poly:
        _need(name in self.role, f"no variable {name!r} here")
        return ring(self.names).gen(self.names.index(name))

    def monomial(self, exponents: Mapping[str, int]) -> Poly:
        return ring(self.names).from_dict({tuple(exponents.get(n, 0) for n in self.names): 1})

    def exponents(self, monomial: Poly) -> dict[str, int]:
        return {n: int(d) for n, d in zip(self.names, monomial.degrees(), strict=True) if d}

    def occurs(self, *polys: Poly) -> set[str]:
        return {n for p in polys for n, d in zip(self.names, p.degrees(), strict=True) if d > 0}

    def of_role(self, *roles: str) -> list[str]:
        return [n for n in self.names if self.role.get(n) in roles]

    def map(self, p: Poly, images: Mapping[str, Poly]) -> Poly:
        context = ring(self.names)
        full = [images.get(n, g) for n, g in zip(self.names, context.gens(), strict=True)]
        return p.compose(*full, ctx=context)

    def at_stratum(self, p: Poly) -> Poly:
        """p with the local variables set to 0: its values on the stratum."""
        zero = {n: 0 for n in self.occurs(p) if self.role[n] == LOCAL}
        return p.subs(zero) if zero else p

    def is_unit(self, p: Poly) -> bool:
        """Is p on the stratum a product of a constant, unit variables and known units?"""
        p = self.at_stratum(p)
        if p.is_zero():
            return False
        for u in (*(self.gen(n) for n in self.of_role(UNIT)), *self.units):
            p = _strip(p, u)
        return bool(p.is_constant())

    def normal(self) -> Family:
        """Drop zero generators; common monomials go into k; unit variables are units everywhere."""
        gens = [f for f in self.gens if not f.is_zero()]
        _need(bool(gens), "K vanishes identically on this family")
        k = {n: e for n, e in self.k.items() if self.role.get(n) in (LOCAL, PARAM) and e}
        h = {n: e for n, e in self.h.items() if self.role.get(n) in (LOCAL, PARAM) and e}
        contents = [self.exponents(f.term_content()) for f in gens]
        common = {n: min(c.get(n, 0) for c in contents) for n in contents[0]}
        for n, e in common.items():
            if e and self.role[n] != UNIT:
                k[n] = k.get(n, 0) + e
        for i, content in enumerate(contents):
            divisor = {
                n: e if self.role[n] == UNIT else common.get(n, 0) for n, e in content.items()
            }
            if any(divisor.values()):
                gens[i] = gens[i] / self.monomial(divisor)
        signs = tuple(p for p in self.signs if not p.is_constant() or _constant(p) <= 0)
        units = tuple(u for u in self.units if not u.is_constant())
        return replace(self, gens=tuple(gens), k=k, h=h, units=units, signs=signs)

    def check_no_zero(self, polys: list[Poly], evidence: Any) -> None:
        """The polynomials have no common zero on the stratum; u·s = 1 says that the units are not 0."""
        polys = [self.at_stratum(p) for p in polys]
        domain = self.domain(self.occurs(*polys, *self.units))
        names, listed = tuple(domain), [Polynomial(self.names, p) for p in polys]
        if self.units:
            inverse = "s_" + "_".join(names)
            names = (*names, inverse)
            product = parse(inverse, names)
            for u in self.units:
                product = product * Polynomial(self.names, u).in_ring(names)
            domain[inverse] = "real"
            listed.append(product - 1)
        check_no_zero([p.in_ring(names) for p in listed], domain, evidence)

    def domain(self, variables: set[str]) -> dict[str, Any]:
        kinds = {
            (PARAM, False): "real",
            (PARAM, True): "nonnegative",
            (UNIT, False): "nonzero",
            (UNIT, True): "positive",
        }
        listed = [n for n in self.of_role(PARAM, UNIT) if n in variables]
        return {n: kinds[self.role[n], n in self.positive] for n in listed}


def verify(certificate: Certificate | Mapping[str, Any] | str) -> Verdict:
    """Replay a certificate; return what it proves, or raise CertificateError saying what fails where.

    certificate: a Certificate, its JSON document, or the JSON text.
    The time is that of applying the recorded substitutions; nothing is searched for.
    """
    if not isinstance(certificate, Certificate):
        certificate = Certificate.from_json(certificate)
    germ = certificate.problem.localize()
    family = Family(
        names=germ.variables,
        role=dict.fromkeys(germ.variables, LOCAL),
        positive=frozenset(germ.nonnegative),
        k={},
        h=dict(zip(germ.variables, germ.prior, strict=True)),
        gens=tuple(g.flint for g in germ.generators),
    )
    replay = _Replay()
    try:
        if certificate.proof.get("op") == "zero":
            _need(all(g.is_zero() for g in family.gens), "K is not identically 0")
            found = Verdict(RLCT(Fraction(0), 1), RLCT(Fraction(0), 1))
        else:
            found = replay.run(family.normal(), certificate.proof, "proof")
    except CertificateError:
        raise
    except (
        SingularityLabError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        FlintError,
    ) as error:
        raise CertificateError(
            f"malformed step: {type(error).__name__}: {error}", replay.where
        ) from None
    _need(not found.empty, "K does not vanish at the point")
    if certificate.problem.convention == "loss":
        found = Verdict(_twice(found.lower), _twice(found.upper))
    claim = certificate.claim
    if certificate.kind in ("exact", "lower"):
        _need(
            found.lower is not None and claim <= found.lower,
            f"claimed {claim}, proved lower {found.lower}",
        )
    if certificate.kind in ("exact", "upper"):
        _need(
            found.upper is not None and found.upper <= claim,
            f"claimed {claim}, proved upper {found.upper}",
        )
    return found


def _twice(value: RLCT | None) -> RLCT | None:
    """K = |f| instead of f²: λ doubles."""
    return None if value is None else RLCT(2 * value.value, value.multiplicity)


def _constant(p: Poly) -> flint.fmpq:
    return flint.fmpq(0) if p.is_zero() else p.leading_coefficient()


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise CertificateError(message)


def _integer(value: Any, low: int | None = None) -> int:
    """An integer as it stands: 1.5, True and "1" are none, and would be rounded without a word."""
    _need(type(value) is int and (low is None or value >= low), f"not an integer in range: {value!r}")
    return int(value)


def _index(i: Any, listed: Any) -> int:
    """A position counted from 0; negative ones would give one generator two names."""
    _need(type(i) is int and 0 <= i < len(listed), f"there is no generator {i!r}")
    return int(i)


def _strip(p: Poly, q: Poly) -> Poly:
    """p without its factors q."""
    while not p.is_constant() and not q.is_constant():
        quotient, rest = divmod(p, q)
        if not rest.is_zero():
            break
        p = quotient
    return p


def _least(verdicts: list[Verdict]) -> Verdict:
    """(λ, m) of a germ is the least over a cover of the fibre by strata."""
    met = [v for v in verdicts if not v.empty]
    if not met:
        return Verdict(empty=True)
    lowers = [v.lower for v in met if v.lower is not None]
    uppers = [v.upper for v in met if v.upper is not None]
    return Verdict(
        lower=min(lowers) if len(lowers) == len(met) else None, upper=min(uppers, default=None)
    )


class _Replay:
    """Walks the script. ``done`` holds the families and verdicts of steps that carry an id."""

    def __init__(self) -> None:
        self.done: dict[int, tuple[Family, Verdict]] = {}
        self.where = "proof"

    def run(self, family: Family, step: Step, where: str) -> Verdict:
        marks: list[tuple[int, Family]] = []
        self.where = where
        try:
            while (op := step.get("op")) in _MOVES:
                if "id" in step:
                    marks.append((_integer(step["id"]), family))
                family = _MOVES[op](family, step).normal()
                step, where = step["then"], f"{where}.{op}"
                self.where = where
            if "id" in step:
                marks.append((_integer(step["id"]), family))
            if op in _BRANCHES:
                verdict = self.branch(family, step, where)
            elif op == "see":
                verdict = self.see(family, step)
            else:
                _need(op in _LEAVES, f"unknown step {op!r}")
                verdict = _LEAVES[op](family, step)
        except CertificateError as error:
            raise error if error.where else CertificateError(str(error), where) from None
        for ident, marked in marks:
            self.done.setdefault(ident, (marked, verdict))
        return verdict

    def branch(self, family: Family, step: Step, where: str) -> Verdict:
        families, combine = _BRANCHES[step["op"]](family, step)
        cases = step["cases"]
        _need(len(cases) == len(families), f"{len(families)} cases needed, {len(cases)} given")
        verdicts = [
            Verdict() if case is None else self.run(child.normal(), case, f"{where}.{i}")
            for i, (child, case) in enumerate(zip(families, cases, strict=True))
        ]
        return combine(verdicts)

    def see(self, family: Family, step: Step) -> Verdict:
        """A family proved before, or here as a lemma, up to a renaming and changes of sign."""
        if "lemma" in step and step["step"] not in self.done:
            lemma = _read_family(family.names, step["lemma"]["family"])
            self.run(lemma, step["lemma"]["proof"], f"{self.where}.lemma")
        _need(step["step"] in self.done, f"step {step['step']!r} is not proved before this one")
        other, verdict = self.done[step["step"]]
        renaming = {str(n): (str(to), _integer(sign)) for n, (to, sign) in step["map"].items()}
        targets = {to for to, _ in renaming.values()}
        _need(set(renaming) == set(family.role), "every variable must be renamed")
        _need(
            targets == set(other.role) and len(targets) == len(renaming), "renaming: not one to one"
        )
        for n, (to, sign) in renaming.items():
            same = (
                family.role[n] == other.role[to]
                and (n in family.positive) == (to in other.positive)
                and family.k.get(n, 0) == other.k.get(to, 0)
                and family.h.get(n, 0) == other.h.get(to, 0)
            )
            _need(same and sign in (1, -1), f"{n} and {to} play different roles")
            _need(sign == 1 or n not in family.positive, f"{n} >= 0 has no change of sign")
        images = {n: sign * other.gen(to) for n, (to, sign) in renaming.items()}

        def monic(polys: tuple[Poly, ...]) -> set[frozenset[Any]]:
            scaled = (p / p.leading_coefficient() for p in polys)
            return {frozenset((tuple(a), str(c)) for a, c in p.to_dict().items()) for p in scaled}

        _need(not family.signs and not other.signs, "sign conditions are not compared")
        for mine, theirs in ((family.gens, other.gens), (family.units, other.units)):
            moved = tuple(family.map(p, images) for p in mine)
            _need(monic(moved) == monic(theirs), "the two families differ")
        return verdict


def _read_family(names: tuple[str, ...], data: Mapping[str, Any]) -> Family:
    """The family that a lemma is about."""
    role = {str(n): str(r) for n, r in data["role"].items()}
    _need(set(role) <= set(names), "lemma: unknown variables")
    _need(set(role.values()) <= {LOCAL, PARAM, UNIT}, "lemma: unknown roles")
    family = Family(
        names=names,
        role=role,
        positive=frozenset(str(n) for n in data["positive"]),
        k={str(n): _integer(e, 0) for n, e in data["k"].items()},
        h={str(n): fraction(e) for n, e in data["h"].items()},
        gens=(),
    )
    _need(family.positive | set(family.k) | set(family.h) <= set(role), "lemma: a variable is gone")
    _need(all(e > -1 for e in family.h.values()), "lemma: exponents of the prior are > -1")
    units = tuple(family.at_stratum(family.read(u)) for u in data["units"])
    return replace(family, gens=tuple(family.read(f) for f in data["gens"]), units=units).normal()


# -- moves: another description of the same family ----------------------------------------------


def _generators(family: Family, step: Step) -> Family:
    """Other generators of the same ideal: each operation is invertible over the local ring (MATH §2.2)."""
    gens = list(family.gens)
    for name, *args in step["do"]:
        if name == "add":  # f_i + q·f_j
            i, j, q = _index(args[0], gens), _index(args[1], gens), args[2]
            _need(i != j, "add: two generators are needed")
            gens[i] = gens[i] + family.read(q) * gens[j]
        elif name == "append":  # Σ q_j·f_j
            new = ring(family.names).constant(0)
            for j, q in args[0]:
                new += family.read(q) * gens[_index(j, gens)]
            gens.append(new)
        elif name in ("div", "mul"):  # by a unit
            i, q = _index(args[0], gens), family.read(args[1])
            _need(family.is_unit(q), f"{name}: {args[1]} is not a unit here")
            gens[i] = gens[i] / q if name == "div" else gens[i] * q
        else:
            _need(name == "split", f"unknown operation {name!r}")
            i = _index(args[0], gens)
            _need(_of_one_sign(family, gens[i]), f"split: the terms of {gens[i]} may cancel")
            terms = [
                family.monomial(dict(zip(family.names, map(int, a), strict=True)))
                for a in gens[i].monoms()
            ]
            gens[i : i + 1] = terms
    return replace(family, gens=tuple(gens))


def _of_one_sign(family: Family, f: Poly) -> bool:
    """f = monomial · (terms that are all ≥ 0): then f² is of the order of the sum of its squared terms."""
    low = family.exponents(f.term_content())
    signs = {c > 0 for c in f.coeffs()}
    even = all(
        (int(e) - low.get(n, 0)) % 2 == 0 or n in family.positive
        for a in f.monoms()
        for n, e in zip(family.names, a, strict=True)
    )
    return len(signs) == 1 and even


def _change(family: Family, step: Step) -> Family:
    """An analytic coordinate instead of x: x = (a·x' + r)/c with units a, c, and r without x (MATH §2.3).

    r = 0 for a unit variable, and where x carries a monomial factor or a sign; on the stratum r = 0 for a
    local x.
    """
    x = step["var"]
    gen, role = family.gen(x), family.role[x]
    numerator, c = family.read(step["num"]), family.read(step["den"])
    a = numerator.derivative(family.names.index(x))
    r = numerator - a * gen
    _need(x not in family.occurs(a, r, c), f"{step['num']} is not linear in {x}")
    _need(family.is_unit(a) and family.is_unit(c), "the factors of the change must be units")
    if role == LOCAL:
        _need(family.at_stratum(r).is_zero(), f"the change moves {x} away from 0")
    if role == UNIT or x in family.positive or family.k.get(x, 0) or family.h.get(x, 0):
        _need(r.is_zero(), f"{x} may only be scaled")
    if x in family.positive:
        _need(
            (a * c).is_constant() and (a * c).leading_coefficient() > 0,
            f"{x} >= 0 needs a positive scale",
        )
    image, degree = numerator, lambda p: int(p.degrees()[family.names.index(x)])

    def pulled(p: Poly) -> Poly:
        """c^deg · p(x = num/c)."""
        if not degree(p):
            return p
        total = ring(family.names).constant(0)
        for e, part in _by_power(family, p, x).items():
            total += part * image**e * c ** (degree(p) - e)
        return total

    units = tuple(family.at_stratum(pulled(u)) for u in family.units)
    signs = tuple(family.at_stratum(pulled(p) * (c if degree(p) % 2 else 1)) for p in family.signs)
    gens = tuple(pulled(f) for f in family.gens)
    return replace(family, gens=gens, units=units, signs=signs)


def _by_power(family: Family, p: Poly, x: str) -> dict[int, Poly]:
    i = family.names.index(x)
    parts: dict[int, dict[Exponent, Any]] = {}
    for a, c in p.to_dict().items():
        rest = (*a[:i], 0, *a[i + 1 :])
        parts.setdefault(int(a[i]), {})[rest] = c
    return {e: ring(family.names).from_dict(d) for e, d in parts.items()}


def _quasi_homogeneous(family: Family, step: Step, polys: tuple[Poly, ...]) -> dict[str, int]:
    weights = {str(n): _integer(w) for n, w in step["weights"].items() if w}
    _need(set(weights) <= set(family.role), "weights: unknown variables")
    vector = [weights.get(n, 0) for n in family.names]
    for p in polys:
        degrees = {sum(w * int(e) for w, e in zip(vector, a, strict=True) if w) for a in p.monoms()}
        _need(len(degrees) <= 1, f"{p} is not quasi-homogeneous for {weights}")
    return weights


def _contract(family: Family, step: Step) -> Family:
    """A positive dilation moves every parameter value into each neighbourhood of 0, and (λ, m) can only
    drop in the limit: the germ at parameter 0 decides (MATH §2.9)."""
    weights = _quasi_homogeneous(family, step, family.gens)
    moved = {n for n, w in weights.items() if family.role[n] == PARAM}
    _need(all(weights[n] > 0 for n in moved), "parameters need positive weights")
    _need(not any(family.role[n] == UNIT for n in weights), "unit variables cannot be contracted")
    conditions = family.occurs(*family.units, *family.signs)
    _need(not conditions & moved, "a condition involves a contracted parameter")
    return replace(family, role={**family.role, **dict.fromkeys(moved, LOCAL)})


def _relax(family: Family, step: Step) -> Family:
    """A unit variable is a parameter that is known not to be 0, or to be > 0."""
    x = step["var"]
    _need(family.role.get(x) == UNIT, f"{x} is no unit variable")
    signs = (*family.signs, family.gen(x)) if x in family.positive else family.signs
    return replace(
        family,
        role={**family.role, x: PARAM},
        positive=family.positive - {x},
        units=(*family.units, family.gen(x)),
        signs=signs,
    )


def _nonvanishing(family: Family, step: Step) -> Family:
    """A polynomial in the parameters without a zero on the stratum, by evidence."""
    p = family.at_stratum(family.read(step["poly"]))
    family.check_no_zero([p], step["evidence"])
    return replace(family, units=(*family.units, p))


def _coordinate(family: Family, step: Step) -> Family:
    """A generator that is smooth in a free local variable, and the only one with it, is a coordinate."""
    i, x = _index(step["gen"], family.gens), step["var"]
    f = family.gens[i]
    _need(family.role.get(x) == LOCAL and _is_free(family, x), f"{x} is no free local variable")
    _need(family.at_stratum(f).is_zero(), f"{f} does not vanish on the stratum")
    _need(family.is_unit(f.derivative(family.names.index(x))), f"{f} is not smooth in {x}")
    others = (*family.gens[:i], *family.gens[i + 1 :])
    _need(x not in family.occurs(*others), f"{x} occurs in another generator")
    return replace(family, gens=(*family.gens[:i], family.gen(x), *family.gens[i + 1 :]))


def _is_free(family: Family, x: str) -> bool:
    """Neither K's monomial factor, nor the prior, nor a sign hangs on x."""
    return not family.k.get(x) and not family.h.get(x) and x not in family.positive


_MOVES: dict[Any, Callable[[Family, Step], Family]] = {
    "generators": _generators,
    "change": _change,
    "contract": _contract,
    "relax": _relax,
    "nonvanishing": _nonvanishing,
    "coordinate": _coordinate,
}

# -- branches: several families, and how their verdicts combine ----------------------------------

Combine = Callable[[list[Verdict]], Verdict]
Branches = tuple[list[Family], Combine]


def _blowup(family: Family, step: Step) -> Branches:
    """Weighted blow-up of {x_S = 0} (MATH §2.8): x_i = ±t^(w_i), x_j = t^(w_j)·x_j'.

    A point of the fibre is in the chart of any x_i that does not vanish there: those of the first group of
    variables that has one will do, with the variables of earlier groups at 0.
    """
    weights = {str(n): _integer(w, 1) for group in step["groups"] for n, w in group}
    order = [str(n) for group in step["groups"] for n, _ in group]
    _need(len(order) == len(weights) >= 1, "the centre names a variable twice, or none")
    _need(all(family.role.get(n) == LOCAL for n in order), "the centre is made of local variables")
    signed = any(n in family.positive for n in order)
    h = sum(w * (family.h.get(n, Fraction(0)) + 1) for n, w in weights.items()) - 1
    k = sum(w * family.k.get(n, 0) for n, w in weights.items())
    families = []
    earlier: set[str] = set()
    for group in step["groups"]:
        role = {**family.role, **{n: PARAM for n in order if n not in earlier}}
        earlier |= {str(n) for n, _ in group}
        for x, w in group:
            t = family.gen(x)
            images = {n: t**v * family.gen(n) for n, v in weights.items() if n != x}
            two_sided = not signed and w % 2 == 1
            for sign in (1,) if two_sided or x in family.positive else (1, -1):
                gens = tuple(family.map(f, {**images, x: sign * t**w}) for f in family.gens)
                families.append(
                    replace(
                        family,
                        role={**role, x: LOCAL},
                        positive=family.positive if two_sided else family.positive | {x},
                        k={**family.k, x: k},
                        h={**family.h, x: h},
                        gens=gens,
                    )
                )
    return families, _least


def _split(family: Family, step: Step) -> Branches:
    """A parameter is 0 or not."""
    x = step["var"]
    _need(family.role.get(x) == PARAM, f"{x} is not a parameter")
    zero = replace(family, role={**family.role, x: LOCAL})
    units = tuple(zero.at_stratum(u) for u in family.units)
    other = replace(family, role={**family.role, x: UNIT})
    signs = tuple(zero.at_stratum(p) for p in family.signs)
    if any(u.is_zero() for u in (*units, *signs)):  # x = 0 is excluded by a known unit
        return [other], _least
    return [replace(zero, units=units, signs=signs), other], _least


def _locus(family: Family, step: Step) -> Branches:
    """The stratum is split into q = 0 and q ≠ 0, q being the value of F there. Where dF ≠ 0 in free variables,
    F is a coordinate; a generator F^e·g must have g without these variables, or a unit where q = 0."""
    f, by = family.read(step["poly"]), [str(x) for x in step["by"]]
    q = family.at_stratum(f)
    able = bool(by) and all(x in family.role and _is_free(family, x) for x in by)
    _need(able, "the coordinate needs free variables")
    slopes = [f.derivative(family.names.index(x)) for x in by]
    family.check_no_zero([q, *slopes], step["smooth"])
    z, gens = family.gen(by[0]), []
    for i, g in enumerate(family.gens):
        rest = _strip(g, f)
        power = z ** ((int(g.total_degree()) - int(rest.total_degree())) // int(f.total_degree()))
        if family.occurs(rest) & set(by):
            family.check_no_zero([q, rest], step["rest"][str(i)])
            rest = ring(family.names).constant(1)
        gens.append(power * rest)
    role = {n: r for n, r in family.role.items() if n not in by[1:]}
    role[by[0]] = LOCAL
    keep = {"units": family.units, "signs": family.signs}
    kept = {
        what: tuple(p for p in polys if not family.occurs(p) & set(by))
        for what, polys in keep.items()
    }
    zero = replace(family, role=role, gens=tuple(gens), **kept)
    other = replace(family, units=(*family.units, q))
    left = family.occurs(q) - set(by)
    real = step["exists"] is not None and not family.signs
    if real:
        domain = family.domain(family.occurs(q))
        check_zero([Polynomial(family.names, q).in_ring(tuple(domain))], domain, step["exists"])
        _need(step["exists"]["kind"] == "sign change", "a change of sign is needed")
        _need([e for _, e in q.factor()[1]] == [1], f"{q} is not irreducible")
        _need(all(q.gcd(u).is_constant() for u in family.units), "a unit vanishes where q = 0")
    if left & (family.occurs(*gens) | {n for n, e in family.k.items() if e}):
        real = False
    # at one value of a further variable, a unit prime to q may vanish on all of q = 0
    around = [family.occurs(u) for u in family.units]
    real = real and all(o <= family.occurs(q) or not o & family.occurs(q) for o in around)

    def combine(verdicts: list[Verdict]) -> Verdict:
        on = verdicts[0] if real else replace(verdicts[0], upper=None)
        return _least([on, verdicts[1]])

    return [zero, other], combine


def _dehomogenise(family: Family, step: Step) -> Branches:
    """A dilation moves a unit variable to ±1; along it the family is a product (MATH §2.9)."""
    x = step["var"]
    weights = _quasi_homogeneous(family, step, (*family.gens, *family.units, *family.signs))
    _need(
        family.role.get(x) == UNIT and weights.get(x, 0) != 0,
        f"{x} is no unit variable of weight not 0",
    )
    reflected = weights[x] % 2 == 1 and all(
        weights.get(n, 0) % 2 == 0 for n in family.positive if n in family.role
    )
    one_side = x in family.positive or (reflected and not family.signs)
    role = {n: r for n, r in family.role.items() if n != x}
    constant = ring(family.names).constant
    families = [
        replace(
            family,
            role=role,
            gens=tuple(family.map(f, {x: constant(s)}) for f in family.gens),
            units=tuple(family.map(u, {x: constant(s)}) for u in family.units),
            signs=tuple(family.map(p, {x: constant(s)}) for p in family.signs),
        )
        for s in ((1,) if one_side else (1, -1))
    ]
    return families, _least


def _sum(family: Family, step: Step) -> Branches:
    """Sum rule: ideals in disjoint variables without a common factor (MATH §2.4)."""
    blocks = [{str(n) for n in block} for block in step["blocks"]]
    together = set().union(*blocks)
    _need(sum(map(len, blocks)) == len(together), "blocks: a variable appears twice")
    _need(together <= set(family.role), "blocks: unknown variables")
    _need(not any(family.k.values()), "a common factor forbids the sum rule")
    families = []
    for block in blocks:
        role = {n: r for n, r in family.role.items() if n in block}
        inside = {
            what: tuple(p for p in getattr(family, what) if set() < family.occurs(p) <= block)
            for what in ("gens", "units", "signs")
        }
        families.append(replace(family, role=role, **inside))
    _need(all(f.gens for f in families), "a block without generators")
    for what in ("gens", "units", "signs"):
        used = sum(len(getattr(f, what)) for f in families)
        apart = [u for u in family.units if what == "units" and not family.occurs(u) & together]
        _need(used + len(apart) == len(getattr(family, what)), f"{what}: one meets two blocks")

    def combine(verdicts: list[Verdict]) -> Verdict:
        if any(v.empty for v in verdicts):
            return Verdict(empty=True)
        return Verdict(_total([v.lower for v in verdicts]), _total([v.upper for v in verdicts]))

    return families, combine


def _total(values: list[RLCT | None]) -> RLCT | None:
    known = [v for v in values if v is not None]
    return sum(known[1:], known[0]) if len(known) == len(values) else None


def _free(family: Family, step: Step) -> Branches:
    """Product rule: variables that occur in the factor ∏|x|^(2k) only (MATH §2.4)."""
    free = set(family.role) - family.occurs(*family.gens, *family.units, *family.signs)
    ratios = [
        (family.h.get(n, Fraction(0)) + 1) / (2 * family.k[n]) for n in free if family.k.get(n, 0)
    ]
    role = {n: r for n, r in family.role.items() if n not in free}

    def combine(verdicts: list[Verdict]) -> Verdict:
        lower, upper = verdicts[0].lower, verdicts[0].upper
        if verdicts[0].empty and ratios:
            # what remains is a unit where the stratum has a point: sign conditions may forbid all
            value = RLCT(min(ratios), ratios.count(min(ratios)))
            return Verdict(value, value if _inhabited(family, free, step) else None)
        for ratio in ratios:
            lower = None if lower is None else lower.meet(RLCT(ratio, 1))
            upper = None if upper is None else upper.meet(RLCT(ratio, 1))
        return Verdict(lower, upper, verdicts[0].empty)

    return [replace(family, role=role)], combine


def _subideal(family: Family, step: Step) -> Branches:
    """Fewer generators bound (λ, m) below (MATH §2.7)."""
    keep = [_index(i, family.gens) for i in step["keep"]]

    def combine(verdicts: list[Verdict]) -> Verdict:
        return replace(verdicts[0], upper=None)

    return [replace(family, gens=tuple(family.gens[i] for i in keep))], combine


def _both(family: Family, step: Step) -> Branches:
    """Two proofs about one family: what either proves holds."""

    def combine(verdicts: list[Verdict]) -> Verdict:
        _need(not any(v.empty for v in verdicts), "an empty family needs one proof only")
        lowers = [v.lower for v in verdicts if v.lower is not None]
        uppers = [v.upper for v in verdicts if v.upper is not None]
        return Verdict(max(lowers, default=None), min(uppers, default=None))

    return [family, family], combine


_BRANCHES: dict[Any, Callable[[Family, Step], Branches]] = {
    "blowup": _blowup,
    "split": _split,
    "locus": _locus,
    "dehomogenise": _dehomogenise,
    "sum": _sum,
    "free": _free,
    "subideal": _subideal,
    "both": _both,
}

# -- leaves ------------------------------------------------------------------------------------


def _rows(family: Family, variables: list[str], exponents: list[dict[str, int]]) -> list[list[int]]:
    return [[e.get(n, 0) + family.k.get(n, 0) for n in variables] for e in exponents]


def _threshold(
    family: Family, variables: list[str], exponents: list[dict[str, int]], step: Step
) -> RLCT:
    """λ and m of a monomial ideal by a primal and a dual optimum (MATH §2.5; Howald 2001; Lin 2011)."""
    costs = [family.h.get(n, Fraction(0)) + 1 for n in variables]
    primal = [fraction(step["primal"].get(n, 0)) for n in variables]
    rows = _rows(family, variables, exponents)
    dual = [Fraction(0)] * len(rows)
    for i, y in step["dual"]:
        dual[_index(i, rows)] = fraction(y)
    value, dimension = check_covering(costs, rows, primal, dual)
    return RLCT(value / 2, 1 + dimension)


def _monomial(family: Family, step: Step) -> Verdict:
    """An ideal generated by monomials times units, other generators being multiples of these.

    Parameters count as local: the germ where all that occur are 0 is the least, and the stratum has it.
    """
    exponents, others = [], []
    for f in family.gens:
        content = f.term_content()
        content = family.monomial(family.exponents(content))
        if family.is_unit(f / content):
            exponents.append(family.exponents(content))
        else:
            others.append(f)
    _need(bool(exponents), "no generator is a monomial times a unit")
    for f in others:
        for a in f.monoms():
            term = dict(zip(family.names, map(int, a), strict=True))
            covered = any(all(term[n] >= e for n, e in m.items()) for m in exponents)
            _need(covered, f"a term of {f} is no multiple of the monomials")
    variables = family.of_role(LOCAL, PARAM)
    if any(not any(row) for row in _rows(family, variables, exponents)):
        return Verdict(empty=True)
    used = {n for e in exponents for n in e} | {n for n in variables if family.k.get(n, 0)}
    _need(
        not family.occurs(*family.units) & used, "a known unit involves a variable of the monomials"
    )
    exact = _threshold(family, variables, exponents, step)
    return Verdict(exact, exact if _inhabited(family, used, step) else None)


def _inhabited(family: Family, zero: set[str], step: Step) -> bool:
    """Sign conditions need a witness: a point of the stratum, with the given parameters at 0."""
    if not family.signs:
        return True
    if "witness" not in step:
        return False
    at = {n: flint.fmpq(*fraction(v).as_integer_ratio()) for n, v in step["witness"].items()}
    point = [at.get(n, flint.fmpq(0)) for n in family.names]
    for n, v in zip(family.names, point, strict=True):
        role, positive = family.role.get(n), n in family.positive
        bad = (role == UNIT and v == 0) or (positive and v < 0) or (n in zero and v != 0)
        _need(not bad, f"witness: {n} = {v} is not on the stratum")
    _need(all(u(*point) != 0 for u in family.units), "witness: a unit vanishes")
    _need(all(p(*point) > 0 for p in family.signs), "witness: a sign condition fails")
    return True


def _empty(family: Family, step: Step) -> Verdict:
    """A sign condition that is a negative constant: no real point."""
    _need(any(p.is_constant() for p in family.signs), "no sign condition fails")
    return Verdict(empty=True)


def _terms(family: Family, step: Step) -> Verdict:
    """The ideal of all terms bounds (λ, m) above (MATH §2.6), whatever the coefficients."""
    variables = family.of_role(LOCAL)
    seen = {tuple(sorted(e.items())): e for f in family.gens for e in _local_exponents(family, f)}
    upper = _threshold(family, variables, list(seen.values()), step)
    return Verdict(None, upper if _inhabited(family, set(), step) else None)


def _local_exponents(family: Family, f: Poly) -> list[dict[str, int]]:
    return [
        {n: int(e) for n, e in zip(family.names, a, strict=True) if e and family.role[n] == LOCAL}
        for a in f.monoms()
    ]


def _order(family: Family, step: Step) -> Verdict:
    """2λ ≥ lct_C ≥ 1/order (restriction to a line); Hölder's inequality for prior exponents < 0."""
    _need(not family.of_role(PARAM, UNIT), "an ideal at a point is needed")
    order = sum(family.k.values()) + min(sum(map(int, a)) for f in family.gens for a in f.monoms())
    if order == 0:
        return Verdict(empty=True)
    least = min([Fraction(0), *family.h.values()])
    return Verdict(RLCT((1 + least) / (2 * order), len(family.role)), None)


def _open(family: Family, step: Step) -> Verdict:
    """Nothing is proved of this family."""
    return Verdict()


_LEAVES: dict[Any, Callable[[Family, Step], Verdict]] = {
    "open": _open,
    "monomial": _monomial,
    "empty": _empty,
    "terms": _terms,
    "order": _order,
}
