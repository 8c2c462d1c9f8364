"""Germs with a symbol t that is not integrated over: a table of (λ, m), and its check.

Walls w_1 < … < w_k cut the line of t into points and open intervals: that these are a partition
needs no other proof. At a wall the germ is one over Q or over a number field, and its proof is an
ordinary one. On an interval t is a fraction in a coordinate s > 0, and the proof is a script about
the family of the germs f_s in the *other* variables, one for each s: no step may move s, and every
bound has to hold for each s (docs/theory.md, tables).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt
from typing import Any

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.algebraic import AlgebraicNumber, Number, algebraic, plus, times
from singularity_lab.algebra.hypotheses import hold
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.names import fresh
from singularity_lab.algebra.number_field import NumberField, coordinates
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import Germ, LocalProblem
from singularity_lab.algebra.rings import fraction, ring, to_fmpq
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, quoted
from singularity_lab.exact.proof.certificate import (
    Certificate,
    Script,
    problem_from_json,
    problem_to_json,
)
from singularity_lab.exact.proof.each import EachReplay
from singularity_lab.exact.proof.family import LOCAL, UNIT, Family, family_of
from singularity_lab.exact.proof.verify import replay, verify

FORMAT = "singularity-lab-table"
Ends = tuple[Number | None, Number | None]

HYPOTHESES = {
    "tables": {
        "walls": "the walls are in increasing order",
        "base": "a base of square coordinates is outside the interval or an end of it, and the "
        "ends have rational square roots from it",
        "cells": "each wall and each interval between has its cell",
        "still": "no step moves the symbol, and each is one of those that hold for every value",
        "each": "above: every unit is not identically 0 for any value of the symbol",
        "locus": "above: the polynomial along which is cut does not involve the symbol",
        "value": "the bounds that are proved meet in the value claimed",
    }
}


@dataclass(frozen=True)
class FamilyProblem:
    """Germs with a symbol. problem: in the variables and the symbol, at the point and at 0 for the
    symbol; parameter: the symbol's name."""

    problem: LocalProblem
    parameter: str

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(n for n in self.problem.variables if n != self.parameter)

    def at(self, value: Fraction) -> LocalProblem:
        """The germ at a rational value."""
        problem = self.problem
        keep = [i for i, n in enumerate(problem.variables) if n != self.parameter]
        gens = [
            str(g.substitute({self.parameter: value}).in_ring(self.variables).flint)
            for g in problem.ideal.generators
        ]
        names = problem.variables
        return LocalProblem.build(
            gens,
            self.variables,
            at=[problem.rational_point[i] for i in keep],
            prior={names[i]: problem.prior[i] for i in keep},
            box={names[i]: problem.box[i] for i in keep if problem.box[i] != (None, None)},
            convention=problem.convention,
        )

    def germ(self) -> Germ:
        """In coordinates centred at the point, the symbol being the last name."""
        germ = self.problem.localize(algebraic=True)
        if germ.field is not None:
            raise OutOfScope("parameters: a rational point is needed")
        names = (*self.variables, self.parameter)
        return replace(
            germ,
            variables=names,
            generators=tuple(g.in_ring(names) for g in germ.generators),
            prior=tuple(
                t for n, t in zip(germ.variables, germ.prior, strict=True) if n != self.parameter
            ),
        )

    def at_root(self, value: AlgebraicNumber) -> Germ:
        """The germ at an irrational value, over the field that this generates."""
        germ = self.germ()
        symbol = fresh("s", germ.variables)
        field, images = coordinates({self.parameter: value}, (*germ.variables, symbol))
        names = (*self.variables, symbol)
        gens = []
        for g in germ.generators:
            moved = g.in_ring((*germ.variables, symbol)).substitute(images)
            gens.append(Polynomial(names, field.reduce(moved.in_ring(names).flint)))
        return replace(germ, variables=self.variables, generators=tuple(gens), field=field)

    def on_interval(self, ends: Ends, base: Fraction | None = None) -> Family:
        """The family on an open interval: the symbol is (low + high·s)/(1 + s), low + s or
        high − s, with s > 0, which has the symbol's name.

        base: c, where the symbol is t = c ± r² instead, and r is such a fraction in s: roots of
        t − c are then polynomials.
        """
        germ = self.germ()
        t = self.parameter
        sign, roots = (0, ends) if base is None else _from_base(ends, base)
        field, names, low, high = _ends(roots, germ.variables)
        i = names.index(t)
        s, one = ring(names).gen(i), ring(names).constant(1)
        if low is None or high is None:
            numerator = low + s if low is not None else (high if high is not None else 0) - s
            denominator = one
        else:
            numerator, denominator = low + high * s, one + s
        if base is not None:
            square = denominator * denominator
            numerator = square * to_fmpq(base) + numerator * numerator * sign
            denominator = square
        gens = []
        for g in germ.generators:
            p = g.in_ring(names).flint
            input_limits.check_pull_back(p, i, numerator, denominator)
            p = maps.pull_back(p, i, numerator, denominator)
            gens.append(p if field is None else field.reduce(p))
        family = Family(
            names=names,
            field=field,
            role={**dict.fromkeys(self.variables, LOCAL), t: UNIT},
            positive=frozenset({*germ.nonnegative, t}),
            k={},
            h={n: e for n, e in zip(self.variables, germ.prior, strict=True) if e},
            gens=tuple(gens),
        )
        return family


def _from_base(ends: Ends, base: Fraction) -> tuple[int, Ends]:
    """The sign ± and the ends of r > 0 with t = base ± r² on the interval."""
    low, high = ends
    sign = 1 if low is not None and not below(low, base) else -1
    near, far = (low, high) if sign > 0 else (high, low)
    outside = near is not None and (near == base or below(near, base) == (sign < 0))
    hold("base", outside, f"{base} lies inside the interval")
    roots: list[Fraction | None] = []
    for end in (near, far):
        size = None if end is None else (end - base) * sign if isinstance(end, Fraction) else -1
        root = None if size is None else _square_root(Fraction(size))
        hold("base", size is None or root is not None, f"no rational root of {end} from {base}")
        roots.append(root)
    return sign, (roots[0], roots[1])


def _square_root(x: Fraction) -> Fraction | None:
    """The rational root of x; None where there is none."""
    if x < 0:
        return None
    top, bottom = isqrt(x.numerator), isqrt(x.denominator)
    exact = top * top == x.numerator and bottom * bottom == x.denominator
    return Fraction(top, bottom) if exact else None


def _ends(
    ends: Ends, names: tuple[str, ...]
) -> tuple[NumberField | None, tuple[str, ...], Any, Any]:
    """The field of irrational ends, the ring's names, and the ends in it."""
    irrational = {
        n: x for n, x in zip(("low", "high"), ends, strict=True) if isinstance(x, AlgebraicNumber)
    }
    field = None
    images: dict[str, Polynomial] = {}
    if irrational:
        names = (*names, fresh("s", names))
        field, images = coordinates(irrational, names)
    found: list[Any] = []
    for n, x in zip(("low", "high"), ends, strict=True):
        if x is None:
            found.append(None)
        elif n in images:
            found.append(images[n].flint)
        else:
            assert isinstance(x, Fraction)
            found.append(ring(names).constant(to_fmpq(x)))
    return field, names, found[0], found[1]


def below(x: Number, y: Number) -> bool:
    """x < y, for real algebraic numbers."""
    if isinstance(y, AlgebraicNumber) and not isinstance(x, AlgebraicNumber):
        return y > x
    if isinstance(x, AlgebraicNumber) and not isinstance(y, AlgebraicNumber):
        return x < y
    difference = plus(y, times(x, Fraction(-1)))
    return difference > 0


# -- tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CellProof:
    """What is proved on one cell: (λ, m), or None where K does not vanish at the point; base: that
    of square coordinates of an interval, if the proof is in these."""

    value: RLCT | None
    proof: Script
    base: Fraction | None = None


def cells_of(walls: Sequence[Number]) -> list[Ends]:
    """The cells that walls make, in order; a wall w is (w, w)."""
    if not walls:
        return [(None, None)]
    found: list[Ends] = [(None, walls[0])]
    for i, w in enumerate(walls):
        found.append((w, w))
        found.append((w, walls[i + 1] if i + 1 < len(walls) else None))
    return found


def check_cell(problem: FamilyProblem, ends: Ends, cell: CellProof) -> None:
    """Raise CertificateError unless the script proves (λ, m) on the cell."""
    low, high = ends
    scale = 2 if problem.problem.is_power_one else 1
    if low is not None and low == high:
        if isinstance(low, Fraction):
            germ = problem.at(low)
            if cell.value is None:
                values = (g(germ.rational_point) for g in germ.ideal.generators)
                hold("value", any(v != 0 for v in values), "K vanishes at the point")
                return
            verify(Certificate(germ, "exact", cell.value, cell.proof))
            return
        found = replay(family_of(problem.at_root(low)), cell.proof)
    else:
        found = EachReplay(problem.parameter).start(
            problem.on_interval(ends, cell.base), cell.proof
        )
    if cell.value is None:
        hold("value", found.empty, "K is not proved to be ≠ 0 at the point")
        return
    claim = RLCT(cell.value.value / scale, cell.value.multiplicity)
    met = not found.empty and found.lower == claim and found.upper == claim
    hold("value", met, f"claimed {claim}, proved {found.lower} … {found.upper}")


def table_to_json(
    problem: FamilyProblem, walls: Sequence[Number], cells: Sequence[CellProof | None]
) -> dict[str, Any]:
    """A table as a JSON document: what :func:`verify_table` reads."""
    return {
        "format": FORMAT,
        "version": 1,
        "problem": problem_to_json(problem.problem),
        "parameter": problem.parameter,
        "walls": [str(w) for w in walls],
        "cells": [
            None
            if c is None
            else {
                "lambda": None if c.value is None else str(c.value.value),
                "multiplicity": None if c.value is None else c.value.multiplicity,
                "proof": c.proof,
                **({} if c.base is None else {"base": str(c.base)}),
            }
            for c in cells
        ],
    }


def verify_table(document: Mapping[str, Any]) -> list[tuple[Ends, RLCT | None, bool]]:
    """Check a table; returns (ends, (λ, m), whether it is proved) for each cell, a wall w being
    (w, w). (λ, m) is None where K does not vanish at the point. Raises CertificateError."""
    if document.get("format") != FORMAT or document.get("version") != 1:
        raise CertificateError(f"format: {FORMAT!r}, version 1, is needed")
    try:
        local = problem_from_json(document["problem"])
        assert isinstance(local, LocalProblem)
        problem = FamilyProblem(local, str(document["parameter"]))
        walls = [algebraic(str(w), "walls") for w in document["walls"]]
        listed = list(document["cells"])
    except (KeyError, TypeError, AssertionError, BadInput) as error:
        raise CertificateError(f"malformed: {error}") from None
    if problem.parameter not in local.variables:
        raise CertificateError(f"parameter: {quoted(problem.parameter)} is no name here")
    hold("walls", all(map(below, walls, walls[1:])), "walls are in increasing order")
    cells = cells_of(walls)
    hold("cells", len(listed) == len(cells), f"{len(cells)} cells needed, {len(listed)} given")
    found: list[tuple[Ends, RLCT | None, bool]] = []
    for i, (ends, data) in enumerate(zip(cells, listed, strict=True)):
        if data is None:
            found.append((ends, None, False))
            continue
        try:
            value = None
            if data["lambda"] is not None:
                value = RLCT(fraction(data["lambda"], "lambda"), int(data["multiplicity"]))
            base = fraction(data["base"], "base") if "base" in data else None
            check_cell(problem, ends, CellProof(value, dict(data["proof"]), base))
        except (KeyError, TypeError, ValueError) as error:
            raise CertificateError(f"malformed: {error}", f"cells.{i}") from None
        found.append((ends, value, True))
    return found
