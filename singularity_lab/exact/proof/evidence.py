"""What proves that real polynomials p_1, …, p_r have no common zero on D, and a checker of it.

D is a product: each variable is ``real``, ``nonzero``, ``positive`` or ``nonnegative``. Evidence
is JSON. A *claim* is a list of polynomials, numbered from 0, with D. Each kind of evidence
replaces the claim by claims that imply it, and appends what it derives to the list:

- ``sign`` {index}: all terms of p have one sign on D, up to one unit monomial; one never vanishes;
- ``sturm`` {index}: p has one variable and no root in its domain (Sturm 1829);
- ``add`` {multipliers: [[i, q], …], then}: appends Σ q·p_i (Nullstellensatz, elimination, gcd);
- ``factor`` {index, factors: [[q, e], …], cases}: p = c·∏ q^e; in each case one q is appended;
- ``squares`` {index, squares: [[c, q], …], then}: p = Σ c·q² + R with c > 0, each term of R ≥ 0
  on D: appends the q's, then the terms of R, which all vanish where p does;
- ``split`` {variable, cases: {"+", "-", "0"}}: by the signs that D allows; "-" negates the
  variable;
- ``roots`` {variables, then}: each of these positive variables x becomes x², with x > 0;
- ``torus`` {variables, vectors, images, then}: new variables t_j = x^(a_j), where p_i is a unit
  monomial times image_i(t); t_j is positive where each variable with odd exponent in a_j is.

Nothing here searches: :mod:`singularity_lab.exact.zeros.decide` finds evidence, this module
multiplies it out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.names import check_names
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.rings import fraction
from singularity_lab.algebra.univariate import SIGNS, Kind, SignDomain, count_roots, univariate
from singularity_lab.errors import CertificateError, shown

Evidence = dict[str, Any]


def check_no_zero(polys: Sequence[Polynomial], domain: SignDomain, evidence: Any) -> None:
    """Accept a proof that the polynomials have no common zero on the domain.

    domain: the kind of each variable that occurs, in the order of the ring that the evidence uses.
    Raises CertificateError that says what fails. Never searches.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> f = parse("x^2 + y^2", "x y")
    >>> check_no_zero([f], {"x": "nonzero", "y": "real"}, {"kind": "sign", "index": 0})
    >>> check_no_zero([f], {"x": "real", "y": "real"}, {"kind": "sign", "index": 0})
    Traceback (most recent call last):
    ...
    singularity_lab.errors.CertificateError: sign: no term of x^2 + y^2 is nonzero on all of D
    """
    try:
        names = tuple(domain)
        listed = [p if p.variables == names else p.in_ring(names) for p in polys]
        _check(listed, dict(domain), evidence)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise CertificateError(f"evidence: malformed ({type(error).__name__}: {error})") from None


def _check(polys: list[Polynomial], domain: dict[str, Kind], e: Evidence) -> None:
    names, kind = tuple(domain), e["kind"]
    if kind == "sign":
        p = _pick(polys, e["index"])
        _require(_one_sign(p, domain, up_to_unit=True), "sign: terms of {} differ in sign on D", p)
        may_be_0 = [i for i, v in enumerate(names) if domain[v] in ("real", "nonnegative")]
        strict = any(not any(a[i] for i in may_be_0) for a in p.flint.monoms())
        _require(strict, "sign: no term of {} is nonzero on all of D", p)
    elif kind == "sturm":
        p = _pick(polys, e["index"])
        used = p.used_variables()
        _require(len(used) == 1, "sturm: {} must have exactly one variable", p)
        count = count_roots(univariate(p, used[0]), domain[used[0]])
        kinds = (count, used[0], domain[used[0]])
        _require(count == 0, "sturm: {} has {} roots with {} {}", p, *kinds)
    elif kind == "add":
        total = Polynomial.constant(0, names)
        for i, q in e["multipliers"]:
            total = total + Polynomial(
                names, input_limits.product(parse(q, names).flint, _pick(polys, i).flint)
            )
            input_limits.Size.of(total.flint).check("add: the sum")
        _check([*polys, total], domain, e["then"])
    elif kind == "factor":
        p, product = _pick(polys, e["index"]), Polynomial.constant(1, names)
        factors = [(parse(q, names), k) for q, k in e["factors"]]
        _require(all(type(k) is int and k > 0 for _, k in factors), "factor: exponents are >= 1")
        for q, k in factors:
            product = Polynomial(names, input_limits.product(product.flint, (q**k).flint))
            input_limits.Size.of(product.flint).check("factor: the product")
        _require(not p.is_zero and not product.is_zero, "factor: the polynomial is 0")
        ratio = fraction(p.flint.leading_coefficient() / product.flint.leading_coefficient())
        _require(p == product * ratio, "factor: the product of the factors is not {}", p)
        _require(len(e["cases"]) == len(factors), "factor: a case for each factor is needed")
        for (q, _), case in zip(factors, e["cases"], strict=True):
            _check([*polys, q], domain, case)
    elif kind == "squares":
        rest = _pick(polys, e["index"])
        squares = [(fraction(c), parse(q, names)) for c, q in e["squares"]]
        for c, q in squares:
            _require(c > 0, f"squares: the weight {c} is not positive")
            rest = rest - Polynomial(names, input_limits.product(q.flint, q.flint)) * c
        _require(
            all(c > 0 for _, c in rest.terms()) and _one_sign(rest, domain, up_to_unit=False),
            "squares: a term of the remainder {} can be negative on D",
            rest,
        )
        terms = [Polynomial.from_terms({a: c}, names) for a, c in rest.terms()]
        _check([*polys, *(q for _, q in squares), *terms], domain, e["then"])
    elif kind == "split":
        v, cases = e["variable"], e["cases"]
        _require(set(cases) == set(SIGNS[domain[v]]), f"split: a case is missing for {v}")
        for sign, case in cases.items():
            x = parse(v, names)
            image = {"+": x, "-": -x, "0": x * 0}[sign]
            moved = polys if sign == "+" else [p.substitute({v: image}) for p in polys]
            _check(moved, {**domain, v: "positive"}, case)
    elif kind == "roots":
        chosen = e["variables"]
        _require(all(domain[v] == "positive" for v in chosen), "roots: positive variables only")
        squared = {v: parse(v, names) ** 2 for v in chosen}
        _check([p.substitute(squared) for p in polys], domain, e["then"])
    elif kind == "torus":
        _check_torus(polys, domain, e)
    else:
        raise CertificateError(f"evidence: unknown kind {kind!r}")


def _check_torus(polys: list[Polynomial], domain: dict[str, Kind], e: Evidence) -> None:
    names, new, vectors = tuple(domain), check_names(e["variables"]), e["vectors"]
    _require(len(new) == len(vectors), "torus: one vector for each new variable is needed")
    _require(len(e["images"]) == len(polys), "torus: one image for each polynomial is needed")
    torus = [v for v in names if domain[v] in ("positive", "nonzero")]
    _require(
        all(v in torus for p in polys for v in p.used_variables()),
        "torus: a variable that can be 0 occurs",
    )
    kinds: dict[str, Kind] = {}
    for t, a in zip(new, vectors, strict=True):
        _require(len(a) == len(names) and all(type(k) is int for k in a), "torus: integer vectors")
        odd = [v for v, k in zip(names, a, strict=True) if k % 2]
        _require(all(v in torus for v, k in zip(names, a, strict=True) if k), "torus: x^a, x = 0")
        kinds[t] = "positive" if all(domain[v] == "positive" for v in odd) else "nonzero"
    images = [parse(text, new) for text in e["images"]]
    for p, q in zip(polys, images, strict=True):
        pulled: dict[tuple[int, ...], Fraction] = {}
        for k, c in q.terms():
            x = tuple(
                sum(kj * a[i] for kj, a in zip(k, vectors, strict=True)) for i in range(len(names))
            )
            pulled[x] = pulled.get(x, Fraction(0)) + c
        pulled = {x: c for x, c in pulled.items() if c}
        there = dict(p.terms())
        if there and pulled:
            shift = tuple(s - r for r, s in zip(min(pulled), min(there), strict=True))
            pulled = {
                tuple(a + b for a, b in zip(x, shift, strict=True)): c for x, c in pulled.items()
            }
        _require(there == pulled, "torus: {} is not {} up to a monomial", q, p)
    _check(images, kinds, e["then"])


def check_zero(
    polys: Sequence[Polynomial],
    domain: SignDomain,
    zero: Any,
    sign: Callable[[Polynomial, Sequence[Fraction]], int] | None = None,
) -> None:
    """Accept a proof that the polynomials do have a common zero on the domain.

    ``{"kind": "point", "point": [x, …]}``: a rational zero. ``{"kind": "sign change", "points":
    [p, q]}``: the one polynomial that is not 0 (or, with ``"factor": g``, a common factor g of
    all) has opposite signs at p and q, and the segment between them stays in the domain. sign: how
    to find the sign at a point of polynomials that have further, constant symbols. Raises
    CertificateError.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> f = parse("x^2 - 2*y^2", "x y")
    >>> change = {"kind": "sign change", "points": [["1", "1"], ["2", "1"]]}
    >>> check_zero([f], {"x": "nonzero", "y": "nonzero"}, change)
    """
    try:
        polys = [p for p in polys if not p.is_zero]
        if sign is None:
            polys = [p.in_ring(tuple(domain)) for p in polys]
        exact = zero["kind"] == "point"
        _require(exact or zero["kind"] == "sign change", "zero: unknown kind")
        texts = [zero["point"]] if exact else list(zero["points"])
        points = [[fraction(x) for x in text] for text in texts]
        for point in points:
            for x, (v, kind) in zip(point, domain.items(), strict=True):
                side = "0" if x == 0 else "+" if x > 0 else "-"
                _require(side in SIGNS[kind], f"zero: {v} = {x} lies outside the domain")
        if exact:
            _require(sign is None, "zero: a rational polynomial is needed")
            for p in polys:
                _require(p(points[0]) == 0, "zero: {} does not vanish at {}", p, zero["point"])
            return
        one, other = points
        if "factor" in zero:
            p = parse(zero["factor"], tuple(domain))
            for q in polys:
                _require((q.flint % p.flint).is_zero(), "zero: {} does not divide {}", p, q)
        else:
            (p,) = polys
        ends = p(one) * p(other) if sign is None else sign(p, one) * sign(p, other)
        _require(ends < 0, "zero: {} does not change sign", p)
        for x, y, kind in zip(one, other, domain.values(), strict=True):
            _require(kind != "nonzero" or x * y > 0, "zero: the segment leaves the domain")
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise CertificateError(f"zero: malformed ({type(error).__name__}: {error})") from None


def _one_sign(p: Polynomial, domain: SignDomain, up_to_unit: bool) -> bool:
    """Whether all terms of p are ≥ 0, or all ≤ 0, on D (up to a common unit monomial if asked)."""
    signed = [
        (i, domain[v] == "real" or not up_to_unit)
        for i, v in enumerate(p.variables)
        if domain[v] not in ("positive", "nonnegative")
    ]
    patterns = set()
    for a, c in zip(p.flint.monoms(), p.flint.coeffs(), strict=True):
        odd = [(i, free) for i, free in signed if a[i] % 2]
        if any(free for _, free in odd):
            return False
        patterns.add((tuple(odd), c > 0))
    return len(patterns) <= 1


def _pick(polys: Sequence[Polynomial], i: Any) -> Polynomial:
    _require(type(i) is int and 0 <= i < len(polys), f"evidence: there is no polynomial {i!r}")
    p: Polynomial = polys[i]
    return p


def _require(truth: bool, message: str, *about: object) -> None:
    """{} in the message stand for what it is about, written out only where it fails."""
    if not truth:
        raise CertificateError(message.format(*map(shown, about)) if about else message)
