"""Rational functions of one variable s over the rational numbers, written with factored
denominators."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import flint

from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import BadInput, Undecided


@dataclass(frozen=True)
class RationalFunction:
    """A rational function numerator/denominator in s over Q, in lowest terms, denominator monic.

    >>> import flint
    >>> r = RationalFunction.of(flint.fmpq_poly([1]), flint.fmpq_poly([2, 2]))
    >>> print(r, r(0))
    (1/2)/(s + 1) 1/2
    """

    numerator: flint.fmpq_poly
    denominator: flint.fmpq_poly

    @classmethod
    def of(cls, top: flint.fmpq_poly, bottom: flint.fmpq_poly) -> RationalFunction:
        common = top.gcd(bottom)
        if common.degree() > 0:
            top, bottom = top / common, bottom / common
        lead = bottom.coeffs()[-1]
        return cls(top / lead, bottom / lead)

    def __add__(self, other: RationalFunction) -> RationalFunction:
        return RationalFunction.of(
            self.numerator * other.denominator + other.numerator * self.denominator,
            self.denominator * other.denominator,
        )

    def __mul__(self, other: RationalFunction) -> RationalFunction:
        return RationalFunction.of(
            self.numerator * other.numerator, self.denominator * other.denominator
        )

    def __call__(self, s: int | Fraction) -> Fraction:
        """The value; raises BadInput at a pole."""
        at = flint.fmpq(Fraction(s).numerator, Fraction(s).denominator)
        bottom = self.denominator(at)
        if bottom == 0:
            raise BadInput(f"s: {s} is a pole")
        return fraction(self.numerator(at) / bottom)

    def poles(self) -> tuple[tuple[Fraction, int, Fraction], ...]:
        """(pole, order, leading Laurent coefficient), largest first; all are rational here."""
        found = []
        for q, order in self.denominator.factor()[1]:
            if q.degree() != 1:
                raise Undecided(f"poles: {q} has no rational root")
            pole = fraction(-q[0] / q[1])
            rest = self.denominator
            line = flint.fmpq_poly([flint.fmpq(-pole.numerator, pole.denominator), 1])
            for _ in range(order):
                rest = rest / line
            at = flint.fmpq(pole.numerator, pole.denominator)
            found.append((pole, int(order), fraction(self.numerator(at) / rest(at))))
        return tuple(sorted(found, reverse=True))

    def __str__(self) -> str:
        bottom = []
        top = self.numerator
        for q, order in self.denominator.factor()[1]:
            q = flint.fmpq_poly(q.numer()) / q.numer().content()
            top = top * q.coeffs()[-1] ** order
            text = str(q).replace("x", "s")
            bottom.append(f"({text})" + (f"^{order}" if order > 1 else ""))
        text = f"({top})".replace("x", "s")
        if not bottom:
            return text
        return f"{text}/{bottom[0]}" if len(bottom) == 1 else f"{text}/({'*'.join(bottom)})"
