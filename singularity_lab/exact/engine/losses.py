"""A loss as a sum of squares: as it is typed, by completing squares, or by a rational Gram matrix.

K = Σ c·q² with c > 0 has the (λ, m) of the ideal of the q, and is ≥ 0. Completing the
square of a variable loses nothing: with K = a·(x + b/2a)² + r and a > 0 a constant, K is a sum of
squares if and only if r is, for r is K where x = −b/2a. A semidefinite quadratic form ends so, by
Lagrange's reduction.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.expression import Expression
from singularity_lab.algebra.factoring import factor_if_quick
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import fraction, to_fmpq
from singularity_lab.exact.zeros.squares import gram
from singularity_lab.system.deadline import TimeLimit, check_time

Poly = flint.fmpq_mpoly
SquareTerms = list[tuple[Fraction, Polynomial]]
_TERMS = 2_000  # of a remainder that squares may be completed to


def sum_of_squares(
    f: Polynomial, budget: float = 1.0, *, matrix: bool = True
) -> SquareTerms | None:
    """Pairs (c > 0, q) with f = Σ c·q², where such are found; None elsewhere.

    budget: CPU seconds for what is not typed as such. matrix: whether to look for a Gram matrix.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> found = sum_of_squares(parse("x^2 - 2*x*y + 2*y^2 + z^4"))
    >>> print(" + ".join(f"{c}*({q})^2" for c, q in found))
    1*(z^2)^2 + 1*(x - y)^2 + 1*(y)^2
    """
    if f.is_zero:
        return None
    typed = Expression.of(f).squares()
    if typed is not None:
        return [(c, q.polynomial) for c, q in typed]
    found: list[tuple[Fraction, Poly]] | None = None
    with TimeLimit(budget):
        found = _squares(f.flint, matrix)
    return None if found is None else [(c, Polynomial(f.variables, q)) for c, q in found]


def squares_of(f: Poly, matrix: bool) -> list[tuple[Fraction, Poly]] | None:
    """The same for a polynomial of flint, without the form in which it was typed."""
    return _squares(f, matrix)


def _squares(f: Poly, matrix: bool) -> list[tuple[Fraction, Poly]] | None:
    """Squares of variables are completed, square factors taken out, the rest is left to a Gram
    matrix."""
    found: list[tuple[Fraction, Poly]] = []
    while not f.is_zero():
        check_time()
        even, f = _even_terms(f)
        found += even
        if f.is_zero():
            break
        step = _completed(f)
        if step is None:
            rest = _without_square_factors(f, matrix)
            if rest is not None:
                return found + rest
            step = _completed(f, powers=True)
            if step is None:
                return None
        c, q, f = step
        found.append((c, q))
        if len(f) > _TERMS:
            return None
    return found


def _even_terms(f: Poly) -> tuple[list[tuple[Fraction, Poly]], Poly]:
    """Terms that are squares, if all are, or if no variable of theirs occurs elsewhere; and the
    rest."""
    if all(c > 0 and not any(e % 2 for e in a) for a, c in f.to_dict().items()):
        return [(fraction(c), _root(f, a)) for a, c in f.to_dict().items()], f * 0
    count: dict[int, int] = {}
    for a in f.monoms():
        for i, e in enumerate(a):
            if e:
                count[i] = count.get(i, 0) + 1
    squares, rest = [], f
    for a, c in zip(f.monoms(), f.coeffs(), strict=True):
        alone = any(a) and all(count[i] == 1 for i, e in enumerate(a) if e)
        if alone and c > 0 and all(e % 2 == 0 for e in a):
            squares.append((fraction(c), _root(f, a)))
            rest = rest - f.context().from_dict({a: c})
    return squares, rest


def _root(f: Poly, a: Sequence[int]) -> Poly:
    """The monomial whose square has these exponents."""
    return f.context().from_dict({tuple(int(e) // 2 for e in a): 1})


def _completed(f: Poly, *, powers: bool = False) -> tuple[Fraction, Poly, Poly] | None:
    """(a, x + b/2a, r) for the variable in which f is quadratic with a constant a > 0 that leaves
    the fewest terms. powers: whether it may be quadratic in a power of the variable, where r need
    be no sum of squares although f is one."""
    best: tuple[int, int] | None = None
    for i, d in enumerate(f.degrees()):
        if d != 2 and (not powers or d % 2 or not d):
            continue
        e, parts = int(d) // 2, maps.coefficients(f, i)
        if set(parts) - {0, e, 2 * e}:
            continue
        if parts[2 * e].is_constant() and parts[2 * e].leading_coefficient() > 0:
            size = len(parts[e]) if e in parts else 0
            best = min(best or (size, i), (size, i))
    if best is None:
        return None
    i = best[1]
    e, parts = int(f.degrees()[i]) // 2, maps.coefficients(f, i)
    a = parts[2 * e].leading_coefficient()
    q = f.context().gen(i) ** e + parts.get(e, f.context().constant(0)) / (2 * a)
    return fraction(a), q, f - a * q * q


def _without_square_factors(f: Poly, matrix: bool) -> list[tuple[Fraction, Poly]] | None:
    """The same for f = c·∏p^e by its factor of odd exponents, which must be a sum of squares."""
    c, factors = factor_if_quick(f)
    outer, inner = f.context().constant(1), f.context().constant(c)
    for p, e in factors:
        outer = outer * p ** (int(e) // 2)
        if e % 2:
            inner = inner * p
    if inner.is_constant():
        value = fraction(inner.leading_coefficient())
        return [(value, outer)] if value > 0 else None
    if outer.is_constant():
        return _gram(inner) if matrix else None
    rest = _squares(inner, matrix)
    return None if rest is None else [(w, q * outer) for w, q in rest]


def _gram(f: Poly) -> list[tuple[Fraction, Poly]] | None:
    """The same by a rational Gram matrix, multiplied out."""
    names = tuple(f.context().names())
    p = Polynomial(names, f)
    found = gram(p, dict.fromkeys(names, "real"))
    if found is None:
        return None
    squares, rest = found
    even = [(c, _root(f, a)) for a, c in rest.terms()]
    listed = [(c, q.flint) for c, q in squares] + even
    total = sum((q * q * to_fmpq(c) for c, q in listed), f.context().constant(0))
    return listed if total == f and all(c > 0 for c, _ in listed) else None
