"""Steps of a problem over a whole domain: the cells of an interval, and one point of a stratum.

(λ, m) over a domain is the least over the zeros of K in it. The domain is a product of
intervals; where a variable is at an end of its interval, the germ is that of the part inside.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.hypotheses import hold, lacks, under
from singularity_lab.algebra.problem import RationalInterval as Ends
from singularity_lab.algebra.rings import fraction, generators, ring, to_fmpq
from singularity_lab.exact.proof.branches import least_of
from singularity_lab.exact.proof.family import LOCAL, PARAM, UNIT, Family, Poly
from singularity_lab.exact.proof.step import (
    Branch,
    Families,
    Verdict,
    Witness,
    theorem,
    without_upper,
)


@theorem
class Interval(Branch, frozen=True):
    """x in [a, b] is x = (a + b·s)/(1 + s) with s ≥ 0, or x = b − s at its end: there s is local.
    x in [a, ∞) is a + s, in (−∞, b] it is b − s. Generators are multiplied by powers of 1 + s ≥ 1;
    the Jacobian (b − a)/(1 + s)² is a unit. An interval with a prior |x|^τ is cut at 0: the germ of
    a point between is the sum of those of two sides, so it has the lesser (λ, m). With ``open`` the
    points between the ends are among all real x, which bound below; the ends are cells of their
    own."""

    hypotheses: ClassVar = {
        "interval": "x has an interval that is not cut yet",
        "inside": "above: the cells are those of the interval, without points outside",
    }
    var: str
    open: bool | None = None

    def words(self) -> str:
        return f"the interval of {self.var}, cut into cells"

    def case_names(self, family: Family) -> list[str]:
        x = self.var
        if self.open:
            return [f"{x} real", *(f"{x} = {v}" for v in family.within[x] if v is not None)]
        cells = cut(family.within[x], bool(family.h.get(x)))
        return [f"{x} = {b}" if end else f"{x} in {_text(a, b)}" for (a, b), end in cells]

    def replay(self, family: Family) -> Families:
        x = self.var
        hold("interval", x in family.within, f"{x} has no interval")
        left = {n: interval for n, interval in family.within.items() if n != x}
        if self.open:
            low, high = family.within[x]
            ends = [at_end(family, x, v, v == high) for v in (low, high) if v is not None]
            inside = family.but(role={**family.role, x: PARAM})

            more = (low, high) != (None, None)
            why = lacks("inside", not more, f"all real {x} are more than the interval")

            def combine(verdicts: list[Verdict]) -> Verdict:
                between, *others = verdicts
                return least_of([without_upper(between, "interval", why), *others])

            return [f.but(within=left) for f in (inside, *ends)], combine
        pieces = cut(family.within[x], bool(family.h.get(x)))
        return [cell(family, x, *c).but(within=left) for c in pieces], least_of


def _text(low: Fraction | None, high: Fraction | None) -> str:
    return f"{'(−∞' if low is None else f'[{low}'}, {'∞)' if high is None else f'{high}]'}"


def cut(interval: Ends, at_zero: bool) -> list[tuple[Ends, bool]]:
    """The cells of an interval: a piece of it, and whether its upper end alone is meant.

    >>> [(str(a), str(b), end) for (a, b), end in cut((Fraction(-1), Fraction(1)), True)]
    [('-1', '0', False), ('-1', '0', True), ('0', '1', False), ('0', '1', True)]
    """
    low, high = interval
    zero = Fraction(0)
    pieces = [interval]
    if at_zero and (low is None or low < 0) and (high is None or high > 0):
        pieces = [(low, zero), (zero, high)]
    cells = []
    for a, b in pieces:
        cells.append(((a, b), False))
        if a is not None and b is not None:
            cells.append(((a, b), True))
    return cells


def coordinate(names: tuple[str, ...], i: int, piece: Ends, end: bool) -> tuple[Poly, Poly]:
    """Numerator and denominator of x_i in a cell, in its coordinate s ≥ 0, which has its name."""
    s, one = generators(names)[i], ring(names).constant(1)
    low, high = piece
    if high is None:
        assert low is not None
        return s + to_fmpq(low), one
    if low is None or end:
        return -s + to_fmpq(high), one
    return s * to_fmpq(high) + to_fmpq(low), s + 1


def cell(family: Family, x: str, piece: Ends, end: bool) -> Family:
    """The family on a cell of x."""
    i = family.names.index(x)
    numerator, denominator = coordinate(family.names, i, piece, end)

    def pulled(p: Poly) -> Poly:
        input_limits.check_pull_back(p, i, numerator, denominator)
        return maps.pull_back(p, i, numerator, denominator)

    h = dict(family.h)
    if not (numerator.subs({x: 0})).is_zero():  # |x|^τ is a unit on the cell
        h.pop(x, None)
    moved, power = family.each(pulled), numerator ** family.k.get(x, 0)
    return moved.but(
        gens=tuple(input_limits.product(power, g) for g in moved.gens),
        k={n: e for n, e in family.k.items() if n != x},
        role={**family.role, x: LOCAL if end else PARAM},
        positive=family.positive | {x},
        h=h,
    )


def at_end(family: Family, x: str, end: Fraction, high: bool) -> Family:
    """The family where x is at an end of its interval: x = end ± s with a local s ≥ 0."""
    s = family.gen(x)
    image = {x: (-s if high else s) + to_fmpq(end)}
    power = image[x] ** family.k.get(x, 0)
    moved = family.each(family.substitution(image))
    kept = family.h if end == 0 else {n: e for n, e in family.h.items() if n != x}
    return moved.but(
        gens=tuple(input_limits.product(power, g) for g in moved.gens),
        k={n: e for n, e in family.k.items() if n != x},
        role={**family.role, x: LOCAL},
        positive=family.positive | {x},
        h=kept,
    )


@theorem
class Point(Branch, frozen=True):
    """The germ at one point of the stratum bounds the least (λ, m) above."""

    hypotheses: ClassVar = {
        "rational": "there is no number field",
        "values": "each parameter and unit variable gets a value, and no other variable",
        "stratum": "the point is on the stratum: sides, unit variables, units and sign conditions",
    }
    at: Witness

    def words(self) -> str:
        return "the germ at " + ", ".join(f"{n} = {v}" for n, v in self.at.items())

    def replay(self, family: Family) -> Families:
        hold("rational", family.field is None, "rational points are those of a family over Q")
        with under("values"):
            at = {n: fraction(v) for n, v in self.at.items()}
        moving = set(family.of_role(PARAM, UNIT))
        hold("values", set(at) == moving, f"values of {', '.join(sorted(moving))} are needed")
        inside = all(
            (v > 0 if family.role[n] == UNIT else v >= 0) if n in family.positive else True
            for n, v in at.items()
        )
        inside = inside and all(v != 0 for n, v in at.items() if family.role[n] == UNIT)
        for n, (low, high) in family.within.items():
            inside = inside and (low is None or low <= at[n]) and (high is None or at[n] <= high)
        constant = ring(family.names).constant
        there = family.substitution({n: constant(to_fmpq(v)) for n, v in at.items()})
        on = (family.at_stratum(there(p)) for p in (*family.units, *family.signs))
        values = [family.sign(p) for p in on]
        inside = inside and all(values[: len(family.units)])
        inside = inside and all(v > 0 for v in values[len(family.units) :])
        hold("stratum", inside, "the point is not on the stratum")
        images = {n: family.gen(n) + to_fmpq(v) for n, v in at.items() if v}
        positive = family.positive
        for n, (low, high) in family.within.items():
            if at[n] == high:
                images[n] = -family.gen(n) + to_fmpq(at[n])
            positive = positive | {n} if at[n] in (low, high) else positive
        moved = family.substitution(images)
        off = {n for n, v in at.items() if v}
        germ = family.but(
            role=dict.fromkeys(family.role, LOCAL),
            positive=frozenset(n for n in positive if n not in off or n in family.within),
            k={n: e for n, e in family.k.items() if n not in off},
            h={n: e for n, e in family.h.items() if n not in off},
            gens=tuple(map(moved, family.gens)),
            units=(),
            signs=(),
            within={},
        )

        def combine(verdicts: list[Verdict]) -> Verdict:
            (found,) = verdicts
            return Verdict(None, found.upper, why=found.why)

        return [germ], combine
