"""Real roots of polynomials in one variable: Sturm chains and Tarski queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import flint

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.errors import BadInput

Kind = Literal["real", "nonzero", "positive", "nonnegative"]
SignDomain = Mapping[str, Kind]

SIGNS: dict[Kind, str] = {
    "real": "+-0",
    "nonzero": "+-",
    "positive": "+",
    "nonnegative": "+0",
}


def univariate(p: Polynomial, variable: str) -> flint.fmpq_poly:
    """A polynomial that involves one variable, as a dense univariate one."""
    i = p.variables.index(variable)
    coefficients = [flint.fmpq(0)] * (1 + max(a[i] for a in p.support()))
    for a, c in p.terms():
        coefficients[a[i]] = flint.fmpq(c.numerator, c.denominator)
    return flint.fmpq_poly(coefficients)


def count_roots(p: flint.fmpq_poly, kind: Kind) -> int:
    """The number of different real roots of p ≠ 0 in one of the four domains, by Sturm's theorem.

    >>> import flint
    >>> p = flint.fmpq_poly([0, -1, 0, 1])  # x^3 - x
    >>> [count_roots(p, kind) for kind in ("real", "nonzero", "positive", "nonnegative")]
    [3, 2, 1, 2]
    """
    _need_countable(p)
    coefficients = p.coeffs()
    low = next(i for i, c in enumerate(coefficients) if c)
    at_zero = int(low > 0 and kind in ("real", "nonnegative"))
    reduced = flint.fmpq_poly(coefficients[low:])
    chain = _remainders(reduced, reduced.derivative())
    plus = _changes([q.coeffs()[-1] for q in chain])
    if kind in ("positive", "nonnegative"):
        return at_zero + _changes([q[0] for q in chain]) - plus
    minus = _changes([q.coeffs()[-1] * (-1) ** q.degree() for q in chain])
    return at_zero + minus - plus


def tarski_query(p: flint.fmpq_poly, q: flint.fmpq_poly) -> int:
    """The sum of the signs of q at the different positive roots of p, where p(0) ≠ 0 (Sturm and
    Tarski; Basu, Pollack and Roy 2006, Theorem 2.61).

    >>> import flint
    >>> tarski_query(flint.fmpq_poly([-2, 0, 1]), flint.fmpq_poly([-2, 1]))  # √2 − 2 < 0
    -1
    """
    _need_countable(p)
    chain = _remainders(p, p.derivative() * q)
    return _changes([f[0] for f in chain]) - _changes([f.coeffs()[-1] for f in chain])


def countable(p: flint.fmpq_poly) -> bool:
    """True where Sturm's theorem takes seconds at most: a chain has about degree³ times bits of p.

    >>> import flint
    >>> one, x = flint.fmpq_poly([1]), flint.fmpq_poly([0, 1])
    >>> countable((x + one) ** 1000), countable(x**1000 - one)
    (False, True)
    """
    size = p.degree() ** 3 * (int(p.numer().height_bits()) + 1)
    return size <= input_limits.ROOTS or (
        p.degree() <= input_limits.DEGREE and sum(map(bool, p.coeffs())) <= 2
    )


def _need_countable(p: flint.fmpq_poly) -> None:
    if not countable(p):
        raise BadInput(
            f"roots: those of a polynomial of degree {p.degree()} with coefficients of "
            f"{p.numer().height_bits()} bits are too many to count"
        )


def _remainders(first: flint.fmpq_poly, second: flint.fmpq_poly) -> list[flint.fmpq_poly]:
    """The signed remainder sequence, each up to a positive factor."""
    chain = [first, second]
    while chain[-1]:
        rest = -(chain[-2] % chain[-1])
        # scaling by positive numbers keeps the signs and the size small
        chain.append(flint.fmpq_poly(rest.numer()) / rest.numer().content() if rest else rest)
    return chain[:-1]


def _changes(values: Sequence[flint.fmpq]) -> int:
    signs = [v > 0 for v in values if v != 0]
    return sum(a != b for a, b in pairwise(signs))
