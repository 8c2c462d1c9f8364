"""Components as concepts: the divisor that carries λ, seen by probes.

A *probe* is a function that people can name: for a program its minimal error syndromes ("q_Br_a ·
w_Ar_B": this entry and that one go wrong together) and the single errors; for a network the entries
of f − f*. Along a divisor with weights v a monomial ε^μ has order ⟨v, μ⟩, and the tempered
posterior concentrates, as the samples n grow, where log|probe| falls like −order·log n: with
weights such that K has order 1. So the vector of orders is what one measures on a cloud of samples
to see on which divisor it sits.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.entry import Entry
from singularity_lab.dictionary.columns import Cells, carrying
from singularity_lab.dictionary.schema import Cell
from singularity_lab.exact.classification.triviality import smooth_codimension

PROBES = 40  # that a cell lists at most


def order_along(f: Polynomial, weights: Mapping[str, Fraction]) -> Fraction:
    """The least order of the terms of f along weights of its variables; those not named are 0.

    It is the order of f along the divisor where the leading terms do not cancel; a bound else.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> order_along(parse("x^2 - y^3"), {"x": Fraction(3), "y": Fraction(2)})
    Fraction(6, 1)
    """
    orders = [
        sum((weights.get(v, Fraction(0)) * e for v, e in zip(f.variables, a, strict=True)),
            Fraction(0))
        for a in f.support()
    ]  # fmt: skip
    return min(orders)


def scaled_weights(divisor: Mapping[str, Any]) -> dict[str, Fraction]:
    """The weights of a divisor of a cell, divided by the order of K along it."""
    return {name: Fraction(w) / divisor["k"] for name, w in divisor["weights"].items()}


def probe_cell(entry: Entry, problem: LocalProblem, cells: Cells) -> Cell:
    """The orders of the probes of a stratum along the divisor that carries λ.

    problem: the germ at the stratum, which need not be that of the row. A divisor can be read so
    where its weights are of the germ's own coordinates: those of a chart are functions on a
    blow-up. Where λ = r/2 is that of r independent differentials, the zero set is smooth and the
    divisor is that of its blow-up: along it a generator with a differential has the order of the
    ideal, half of that of K.
    """
    if cells["divisors"].status != "value":
        return Cell.unknown("no divisor is known along which to read probes")
    germ = problem.localize(algebraic=True)
    own = set(germ.variables)
    for divisor in carrying(cells["divisors"]):
        if divisor["chart"] == 0 and set(divisor["weights"]) <= own:
            weights = scaled_weights(divisor)
            probes = _probes(entry, germ.generators)
            orders = {name: str(order_along(f, weights)) for name, f in probes.items()}
            along = ", ".join(f"{name}: {w}" for name, w in divisor["weights"].items())
            return Cell.of(orders, f"the divisor {along}; K of order 1")
    if germ.field is None and cells["lambda"].status == cells["m"].status == "value":
        value = RLCT(Fraction(cells["lambda"].value), int(cells["m"].value))
        codimension = smooth_codimension(problem, value)
        if codimension is not None:
            regular = [f for f in germ.generators[:PROBES] if f.order == 1]
            return Cell.of(
                {_name(f): "1/2" for f in regular},
                f"the blow-up of the zero set, smooth of codimension {codimension}; K of order 1",
            )
    if not carrying(cells["divisors"]):
        return Cell.unknown("no divisor is marked as carrying λ")
    return Cell.unknown("the divisor that carries λ has weights of a chart, not of the coordinates")


def _probes(entry: Entry, generators: tuple[Polynomial, ...]) -> dict[str, Polynomial]:
    """The named functions: syndromes of a program and its coordinates, or the generators."""
    found: dict[str, Polynomial] = {}
    if "program" in entry.tags and generators and len(generators) == 1:
        f = generators[0]
        for a in sorted(f.support(), key=sum)[: PROBES - len(f.variables)]:
            name = "*".join(
                v if e == 1 else f"{v}^{e}" for v, e in zip(f.variables, a, strict=True) if e
            )
            found[name] = Polynomial.from_terms({a: Fraction(1)}, f.variables)
        for i, v in enumerate(f.variables):
            one = tuple(int(i == j) for j in range(len(f.variables)))
            found.setdefault(v, Polynomial.from_terms({one: Fraction(1)}, f.variables))
        return found
    for f in generators[:PROBES]:
        if not f.is_zero:
            found[_name(f)] = f
    return found


def _name(f: Polynomial) -> str:
    text = str(f)
    return text if len(text) <= 80 else text[:79] + "…"
