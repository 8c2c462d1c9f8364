"""V(ε) = vol{K < ε} of an ideal in two variables by exact root isolation: an oracle for (λ, m).

For each x on a logarithmic grid, {y : K(x, y) < ε} is a union of intervals between real roots of a
polynomial in y with rational coefficients, isolated by FLINT. Nothing is shared with the engine.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import flint

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Polynomial

BITS = 320


def sections(loss: Polynomial, x: Fraction, level: Fraction, radius: Fraction) -> float:
    """log of the length of {|y| ≤ radius : K(x, y) < level}; −∞ if it is empty."""
    coefficients: dict[int, Fraction] = {}
    for (a, b), c in loss.terms():
        coefficients[b] = coefficients.get(b, Fraction(0)) + c * x**a
    coefficients[0] = coefficients.get(0, Fraction(0)) - level
    bottom = math.lcm(*(c.denominator for c in coefficients.values()))
    p = flint.fmpz_poly(
        [int(coefficients.get(e, 0) * bottom) for e in range(1 + max(coefficients))]
    )
    ends = [flint.arb(0) - _arb(radius), _arb(radius)]
    if p.degree() > 0:
        roots = [z.real for z, _ in p.complex_roots() if z.imag.contains(0)]
        ends[1:1] = sorted((r for r in roots if abs(r) < _arb(radius)), key=lambda r: r.mid())
    total = flint.arb(0)
    for low, high in itertools.pairwise(ends):
        if p(((low + high) / 2).mid()) < 0:
            total += high - low
    return float(total.mid().log()) if total > 0 else -math.inf


def log_volume(
    generators: Sequence[Polynomial], level: Fraction, radius: Fraction, lowest: int, steps: int
) -> float:
    """log V(level) over the box |x|, |y| ≤ radius, x being cut off at 2^−lowest.

    The integral over log|x| is Simpson's, with ``steps`` intervals for each factor of 2.
    """
    loss = sum((g * g for g in generators[1:]), generators[0] * generators[0])
    old, flint.ctx.prec = flint.ctx.prec, BITS
    try:
        logs = []
        intervals = 2 * ((lowest * steps + 1) // 2)
        for side in (1, -1):
            for n in range(intervals + 1):
                # 2^(−n/steps) to 60 bits: the grid need not be exact
                factor = Fraction(round(2 ** (52 - (n % steps) / steps)), 2**52)
                x = radius * factor / 2 ** (n // steps)
                weight = 1 if n in (0, intervals) else 4 if n % 2 else 2
                value = sections(loss, side * x, level, radius)
                logs.append(value + math.log(weight * x.numerator) - math.log(x.denominator))
    finally:
        flint.ctx.prec = old
    top = max(logs)
    return top + math.log(sum(math.exp(v - top) for v in logs))


def slope(
    generators: Sequence[Polynomial],
    claim: RLCT,
    *,
    radius: Fraction = Fraction(1, 32),
    exponents: tuple[int, int] = (110, 150),
    lowest: int = 120,
    steps: int = 2,
) -> float:
    """λ from V at ε = 2^−exponents, with the logarithms that the claimed m stands for."""
    # a shear, so that no line of the zero set is x = 0, where the sections would be a step function
    x, y = (Polynomial.from_terms({a: 1}, generators[0].variables) for a in ((1, 0), (0, 1)))
    generators = [
        g.substitute({generators[0].variables[0]: x + y * Fraction(7, 11)}) for g in generators
    ]
    logs = [log_volume(generators, Fraction(1, 2**e), radius, lowest, steps) for e in exponents]
    lengths = [e * math.log(2) for e in exponents]
    powers = (claim.multiplicity - 1) * math.log(lengths[1] / lengths[0])
    return (logs[0] - logs[1] + powers) / (lengths[1] - lengths[0])


def _arb(x: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(x.numerator, x.denominator))
