"""Polynomial maps that coordinate changes, blow-ups and gradings are made of, on flint polynomials.

Variables are positions in the ring's order; a monomial is a mapping {position: exponent}. Engine
and the verifier share these: each is a few lines of algebra, and knows nothing of germs or proofs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import compress, count, pairwise
from typing import Any

import flint

WIDE = 64  # variables of a ring, from which exponents are quicker read off the text of a monomial

Poly = flint.fmpq_mpoly


def occurring(*polys: Poly) -> frozenset[int]:
    """The positions of the variables that occur.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> sorted(occurring(parse("x + z^2", "x y z").flint))
    [0, 2]
    """
    found: set[int] = set()
    for p in polys:
        if not p.is_constant():
            found.update(compress(count(), p.degrees()))
    return frozenset(found)


def constant_value(p: Poly) -> flint.fmpq:
    """The value of a constant polynomial."""
    return flint.fmpq(0) if p.is_zero() else p.leading_coefficient()


def constant_term(p: Poly) -> flint.fmpq:
    """The value at 0.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(constant_term(parse("x*y - 3/2", "x y").flint))
    -3/2
    """
    if len(p) == 1 and not p.is_constant():
        return flint.fmpq(0)
    last = len(p) - 1  # 1 is the smallest monomial of the ring's order
    return p.coefficient(last) if last >= 0 and not any(p.monomial(last)) else flint.fmpq(0)


@lru_cache(maxsize=64)
def _variables(context: flint.fmpq_mpoly_ctx) -> tuple[Poly, ...]:
    return tuple(context.gens())


def position(p: Poly) -> int | None:
    """The position of a variable, None for any other polynomial.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> [position(parse(s, "x y").flint) for s in ("y", "2*y", "x*y")]
    [1, None, None]
    """
    if len(p) != 1 or p.total_degree() != 1:
        return None
    try:
        return _variables(p.context()).index(p)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _places(context: flint.fmpq_mpoly_ctx) -> dict[str, int]:
    """The positions of the variables by name."""
    return {n: i for i, n in enumerate(context.names())}


def monomial(context: flint.fmpq_mpoly_ctx, exponents: Mapping[int, int]) -> Poly:
    """The monomial with these exponents, coefficient 1."""
    return context.from_dict({tuple(exponents.get(i, 0) for i in range(context.nvars())): 1})


def content(p: Poly) -> dict[int, int]:
    """The exponents of the largest monomial that divides p ≠ 0.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> content(parse("x^2*y - x*y*z", "x y z").flint)
    {0: 1, 1: 1}
    """
    if (alone := position(p)) is not None:
        return {alone: 1}
    common = p if len(p) == 1 else p.term_content()
    if common.is_constant():
        return {}
    context = p.context()
    if context.nvars() > WIDE:
        place, found = _places(context), {}
        for factor in str(common).removeprefix("-").split("*"):
            name, _, e = factor.partition("^")
            if name in place:
                found[place[name]] = int(e or 1)
        return found
    degrees = common.degrees()
    return {i: int(degrees[i]) for i in compress(count(), degrees)}


def strip(p: Poly, q: Poly) -> Poly:
    """p without its factors q (q constant: p itself).

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(strip(parse("x^3*y - x^2*y", "x y").flint, parse("x", "x y").flint))
    x*y - y
    """
    return stripped(p, q)[0]


def stripped(p: Poly, q: Poly) -> tuple[Poly, int]:
    """p without its factors q, and how many they are (none for a constant q)."""
    times = 0
    while not p.is_constant() and not q.is_constant():
        quotient, rest = divmod(p, q)
        if not rest.is_zero():
            break
        p, times = quotient, times + 1
    return p, times


def lowest_along(p: Poly, arc: Mapping[int, tuple[flint.fmpq, int]]) -> Poly:
    """The coefficient of the lowest power of t in p(…, c·t^w, …), for an arc {position: (c, w)}.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> f = parse("(y - x^2)*(y - 2*x^2)", "x y").flint
    >>> print(lowest_along(f, {0: (flint.fmpq(1), 1), 1: (flint.fmpq(3, 2), 2)}))
    -1/4
    """
    context = p.context()
    parts: dict[int, dict[tuple[int, ...], flint.fmpq]] = {}
    for a, c in zip(p.monoms(), p.coeffs(), strict=True):
        power, rest = 0, list(a)
        for i, (value, w) in arc.items():
            if e := int(a[i]):
                power, c, rest[i] = power + w * e, c * value**e, 0
        if c:
            part, key = parts.setdefault(power, {}), tuple(map(int, rest))
            part[key] = part.get(key, flint.fmpq(0)) + c
    for power in sorted(parts):
        found = context.from_dict(parts[power])
        if not found.is_zero():
            return found
    return context.constant(0)


def compose(p: Poly, images: Mapping[int, Poly]) -> Poly:
    """p with variables replaced by polynomials, at once.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> x, y, f = (parse(s, "x y").flint for s in ("x", "y", "x^2 - y"))
    >>> print(compose(f, {0: y, 1: x}))
    y^2 - x
    """
    context = p.context()
    full = [images.get(i, x) for i, x in enumerate(context.gens())]
    return p.compose(*full, ctx=context)


def translate(p: Poly, by: Mapping[int, flint.fmpq]) -> Poly:
    """p(x + c) for constants c.

    By Taylor's formula, Σ c^j/j! ∂^j p, one variable at a time, where the degrees are low: the
    polynomials of networks have many variables, and a substitution costs their number squared.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(translate(parse("x^2*y - z", "x y z").flint, {0: flint.fmpq(1, 2), 2: flint.fmpq(3)}))
    x^2*y + x*y + 1/4*y - z - 3
    """
    degrees = p.degrees()
    moved = {i: c for i, c in by.items() if degrees[i] > 0}
    if any(degrees[i] > 8 for i in moved):
        return compose(p, {i: p.context().gen(i) + c for i, c in moved.items()})
    for i, c in moved.items():
        slope, j = p.derivative(i), 1
        while not slope.is_zero():
            term = slope * (c / j)
            p, slope, j = p + term, term.derivative(i), j + 1
    return p


def at_zero(p: Poly, variables: Collection[int]) -> Poly:
    """p with these variables set to 0."""
    if p.is_constant():
        return p
    zero: dict[str | int, int] = {i: 0 for i, d in enumerate(p.degrees()) if d and i in variables}
    return p.subs(zero) if zero else p


def coefficients(p: Poly, i: int) -> dict[int, Poly]:
    """p as a polynomial in variable i: {power: coefficient}.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> {e: str(c) for e, c in coefficients(parse("x^2*y + x^2 - y", "x y").flint, 0).items()}
    {2: 'y + 1', 0: '-y'}
    """
    parts: dict[int, dict[Any, Any]] = {}
    for a, c in zip(p.monoms(), p.coeffs(), strict=True):
        parts.setdefault(int(a[i]), {})[(*a[:i], 0, *a[i + 1 :])] = c
    return {e: p.context().from_dict(terms) for e, terms in parts.items()}


def pull_back(p: Poly, i: int, numerator: Poly, denominator: Poly) -> Poly:
    """denominator^deg · p with variable i = numerator/denominator, deg being p's degree in it.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> f, num, den = (parse(s, "x y").flint for s in ("x^2 - y", "x + y", "2"))
    >>> print(pull_back(f, 0, num, den))
    x^2 + 2*x*y + y^2 - 4*y
    """
    degree = int(p.degrees()[i])
    if degree <= 0:
        return p
    if degree == 1:
        slope = p.derivative(i)
        return slope * numerator + (p - slope * p.context().gen(i)) * denominator
    if degree >= 16 and len(p) >= 300:  # the factors of a power are much shorter
        c, factors = p.factor_squarefree()
        if len(factors) > 1 or any(e > 1 for _, e in factors):
            product = p.context().constant(c)
            for q, e in factors:
                product *= pull_back(q, i, numerator, denominator) ** int(e)
            return product
    total = p.context().constant(0)
    for e, part in coefficients(p, i).items():
        total += part * numerator**e * denominator ** (degree - e)
    return total


def weighted_degrees(p: Poly, weights: Sequence[int]) -> set[int]:
    """The degrees of the terms of p for integer weights: one if p is quasi-homogeneous.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> weighted_degrees(parse("x^2 - y^3").flint, (3, 2))
    {6}
    """
    heavy = [(i, w) for i, w in enumerate(weights) if w]
    return {sum(w * int(a[i]) for i, w in heavy) for a in p.monoms()}


def of_one_sign(p: Poly, nonnegative: Collection[int]) -> bool:
    """p ≠ 0 is a monomial times terms that are all ≥ 0 (or all ≤ 0) where these variables are ≥ 0.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> [of_one_sign(parse(s, "x y").flint, {1}) for s in ("x^3 + x*y", "x^2 + x", "x^2 - y")]
    [True, False, False]
    """
    low = p.term_content().degrees()
    even = all(
        i in nonnegative or (e - low[i]) % 2 == 0 for a in p.monoms() for i, e in enumerate(a) if e
    )
    return even and len({c > 0 for c in p.coeffs()}) == 1


def equal_sets(a: Sequence[Poly], b: Sequence[Poly]) -> bool:
    """True if two lists have the same elements. (Polynomials have no hash.)

    >>> from singularity_lab.algebra.polynomial import parse
    >>> x, y = (parse(s, "x y").flint for s in "xy")
    >>> equal_sets([x, y], [y, x, x]), equal_sets([x, y], [x])
    (True, False)
    """
    return all(p in b for p in a) and all(p in a for p in b)


def hessian(f: Poly) -> flint.fmpq_mat:
    """The Hessian matrix of f at 0.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> hessian(parse("x^2 + x*y + x^3", "x y").flint).tolist()
    [[2, 1], [1, 0]]
    """
    n = f.context().nvars()
    matrix = flint.fmpq_mat(n, n)
    for a, c in f.to_dict().items():
        places = [i for i, e in enumerate(a) for _ in range(int(e))] if sum(a) == 2 else []
        if places:
            i, j = places
            matrix[i, j] = matrix[i, j] + c
            matrix[j, i] = matrix[j, i] + c
    return matrix


def signature(f: Poly) -> tuple[int, int]:
    """The numbers of positive and of negative eigenvalues of the Hessian of f at 0.

    All roots of the characteristic polynomial are real, so Descartes' rule counts them exactly.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> signature(parse("x^2 + x*y - z^2 + z^5", "x y z w").flint)
    (1, 2)
    """
    polynomial = hessian(f).charpoly().coeffs()
    coefficients = [c for c in polynomial if c]
    zeros = next(i for i, c in enumerate(polynomial) if c)
    plus = sum(a * b < 0 for a, b in pairwise(coefficients))
    return plus, f.context().nvars() - zeros - plus
