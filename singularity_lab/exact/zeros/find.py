"""A real zero, looked for at extreme points, along lines, and at small numbers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import flint

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import fraction
from singularity_lab.algebra.univariate import SIGNS, Kind, SignDomain
from singularity_lab.exact.proof.evidence import Evidence, check_zero


@dataclass(frozen=True)
class FoundZero:
    """A proved common zero on the domain, as data for :func:`evidence.check_zero`."""

    evidence: Evidence

    def __str__(self) -> str:
        if self.evidence["kind"] == "point":
            return f"zero at ({', '.join(self.evidence['point'])})"
        one, other = (f"({', '.join(p)})" for p in self.evidence["points"])
        return f"zero between {one} and {other}"


def find_zero(
    polys: Sequence[Polynomial], domain: SignDomain, tries: int = 400
) -> FoundZero | None:
    """A common zero at a small rational point of the domain, or by a change of sign; else None.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(find_zero([parse("x^2 - 2", "x")], {"x": "positive"}))
    zero between (1) and (2)
    """
    polys = [p.in_ring(tuple(domain)) for p in polys]
    live = [p for p in polys if not p.is_zero]
    occurring = {v for p in live for v in p.used_variables()}
    used = [v for v in domain if v in occurring]
    small = _points([domain[v] for v in used])
    guesses: Iterator[Sequence[Fraction]] = itertools.islice(small, tries)
    signs = itertools.islice(guesses, 2 ** min(len(used), 6))
    if len(live) == 1:
        guesses = itertools.chain(signs, _extreme_points(live[0], used, domain), guesses)
    else:
        linear = _linear_points(live, used, domain, tries // 5)
        guesses = itertools.chain(signs, linear, guesses)
    if live:
        common = live[0].flint
        for p in live[1:]:
            common = common.gcd(p.flint)
        for factor, _ in Polynomial(tuple(domain), common).factor()[1]:
            if len(live) == 1 and factor.degree == live[0].degree:
                break  # irreducible
            zero = find_zero([factor], domain, tries)
            if zero is not None and zero.evidence["kind"] == "sign change":
                zero = FoundZero({**zero.evidence, "factor": str(factor)})
            if zero is not None:
                check_zero(polys, domain, zero.evidence)
                return zero
    seen: dict[tuple[bool, ...], tuple[bool, list[Fraction]]] = {}
    for values in guesses:
        at = dict(zip(used, values, strict=True))
        point = [at.get(v, Fraction(1)) for v in domain]
        numbers = [flint.fmpq(x.numerator, x.denominator) for x in point]
        first = live[0].flint(*numbers) if live else flint.fmpq(0)
        if first == 0 and all(p.flint(*numbers) == 0 for p in live[1:]):
            zero = FoundZero({"kind": "point", "point": [str(x) for x in point]})
            check_zero(polys, domain, zero.evidence)
            return zero
        if len(live) == 1 and all(values):
            orthant = tuple(x > 0 for x in values)
            positive, other = seen.setdefault(orthant, (first > 0, point))
            if positive != (first > 0):
                ends = [[str(x) for x in other], [str(x) for x in point]]
                zero = FoundZero({"kind": "sign change", "points": ends})
                check_zero(polys, domain, zero.evidence)
                return zero
    return None


def _points(kinds: Sequence[Kind]) -> Iterator[tuple[Fraction, ...]]:
    """Small rational points of the domain: signs first, then powers of two and small fractions."""
    choices = [_SIGNED[k] for k in kinds]
    if len(kinds) <= 8:
        yield from itertools.product(*choices)
    dice = random.Random(0)
    if len(kinds) > 8:
        yield (Fraction(1),) * len(kinds)
        yield from (tuple(dice.choice(c) for c in choices) for _ in range(63))
    for turn in itertools.count():
        size = 1 + turn // 100 % 12
        yield tuple(dice.choice(c) * _magnitude(dice, size, turn % 2 == 1) for c in choices)


def _magnitude(dice: random.Random, size: int, power: bool) -> Fraction:
    if power:
        return Fraction(2) ** dice.randint(-size, size)
    return Fraction(dice.randint(1, 2 + size), dice.randint(1, 2 + size // 2))


def _extreme_points(
    p: Polynomial, used: Sequence[str], domain: SignDomain
) -> Iterator[list[Fraction]]:
    """Points where one outer term of p dominates, in orthants where two of them differ in sign."""
    place = [p.variables.index(v) for v in used]
    terms = [([a[k] for k in place], c) for a, c in p.terms()]
    total = [sum(a[k] for a, _ in terms) for k in range(len(used))]
    # a − centroid is maximised at a alone over the support if a is farthest from the centroid
    outward = [[len(terms) * x - t for x, t in zip(a, total, strict=True)] for a, _ in terms]
    flips = [None, *(k for k, v in enumerate(used) if domain[v] in ("real", "nonzero"))]
    for flip in flips:
        sides: dict[bool, list[list[int]]] = {True: [], False: []}
        for (a, c), w in zip(terms, outward, strict=True):
            sides[(c > 0) != (flip is not None and a[flip] % 2 == 1)].append(w)
        if not sides[True] or not sides[False]:
            continue
        for side in sides.values():
            side.sort(key=lambda w: (-sum(x * x for x in w), w))
            for w in side[:4]:
                g = gcd(*w) or 1
                for power in (1, 2, 4, 8):
                    scale = [Fraction(2) ** max(-200, min(200, power * x // g)) for x in w]
                    yield [-x if k == flip else x for k, x in enumerate(scale)]


def _linear_points(
    polys: Sequence[Polynomial], used: Sequence[str], domain: SignDomain, tries: int
) -> Iterator[list[Fraction]]:
    """Random values for some variables, then the others from the linear system that is left."""
    place = [polys[0].variables.index(v) for v in used]
    supports = [[[a[k] for k in place] for a in p.support()] for p in polys]
    dice = random.Random(1)
    choices = [_SIGNED[domain[v]] for v in used]
    for _ in range(tries):
        linear: list[int] = []
        for k in dice.sample(range(len(used)), len(used)):
            if all(sum(a[j] for j in (*linear, k)) <= 1 for s in supports for a in s):
                linear.append(k)
        values = [dice.choice(c) * dice.randint(1, 3) for c in choices]
        matrix = flint.fmpq_mat(len(polys), len(linear) + 1)
        for i, p in enumerate(polys):
            for a, (_, c) in zip(supports[i], p.terms(), strict=True):
                rest = c
                for k, e in enumerate(a):
                    if e and k not in linear:
                        rest *= values[k] ** e
                column = next((j for j, k in enumerate(linear) if a[k]), len(linear))
                matrix[i, column] += flint.fmpq(rest.numerator, rest.denominator)
        reduced, rank = matrix.rref()
        table = [[fraction(x) for x in row] for row in reduced.tolist()[:rank]]
        pivots = [next(j for j, x in enumerate(row) if x) for row in table]
        if len(linear) in pivots:
            continue
        for row, pivot in zip(table, pivots, strict=True):
            values[linear[pivot]] = -row[-1] - sum(
                (row[j] * values[linear[j]] for j in range(pivot + 1, len(linear))), Fraction(0)
            )
        if all(
            ("0" if x == 0 else "+" if x > 0 else "-") in SIGNS[domain[v]]
            for v, x in zip(used, values, strict=True)
        ):
            yield values


_SIGNED: dict[Kind, list[Fraction]] = {
    "real": [Fraction(1), Fraction(-1), Fraction(0)],
    "nonzero": [Fraction(1), Fraction(-1)],
    "positive": [Fraction(1)],
    "nonnegative": [Fraction(1), Fraction(0)],
}
