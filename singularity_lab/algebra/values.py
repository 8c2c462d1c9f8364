"""Values of polynomials at algebraic numbers, exactly."""

from __future__ import annotations

from fractions import Fraction

import flint

from singularity_lab.algebra.algebraic import Number, Univariate, pick_root
from singularity_lab.algebra.rings import fraction, to_fmpq


def value_at(q: Univariate, x: Number) -> Number:
    """The value q(x) of a polynomial over Q, by the minimal polynomial of its class in Q[t]/(p).

    >>> import flint
    >>> from singularity_lab.algebra.algebraic import algebraic
    >>> print(value_at(flint.fmpq_poly([1, 0, 0, 1]), algebraic("sqrt(2)")))
    root(t^2 - 2*t - 7, 0, 4)
    """
    if isinstance(x, Fraction):
        return fraction(q(to_fmpq(x)))
    p = x.minimal
    n = p.degree()
    columns = []
    power = q % p
    for _ in range(n):
        columns.append([power[i] for i in range(n)])
        power = (power * flint.fmpq_poly([0, 1])) % p
    characteristic = flint.fmpq_mat(n, n, [c for column in columns for c in column]).charpoly()

    def enclose(bits: int) -> tuple[Fraction, Fraction]:
        low, high = x.interval(bits)
        terms = [fraction(q[i]) for i in range(q.degree() + 1)]
        least = most = Fraction(0)
        for c in reversed(terms):  # Horner in intervals
            ends = [a * b for a in (least, most) for b in (low, high)]
            least, most = min(ends) + c, max(ends) + c
        return least, most

    return pick_root(characteristic, enclose)
