"""Critical points at which f changes its sign: (1/2, 1) for f² by its Hessian and one arc.

By the splitting lemma f = Q(y) + g(z), and along an arc z(t) the other coordinates follow from
∂f/∂y = 0, order by order: then f is g along the arc, up to twice the order that was reached.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.limits import ARC_ORDER, ARC_TERMS, ARCS
from singularity_lab.exact.engine.outcome import SearchOutcome
from singularity_lab.exact.proof.leaves import Saddle
from singularity_lab.system.deadline import check_time

Poly = flint.fmpq_mpoly
Series = flint.fmpq_poly
Arc = dict[int, list[flint.fmpq]]  # by position: the coefficients of t, t², …


def saddle_leaf(g: Germs) -> SearchOutcome | None:
    """f² at a critical point of f with a Hessian of rank ≥ 2, where f is seen to change its
    sign."""
    plain = not g.h and not g.positive and not g.signs and g.field is None and len(g.gens) == 1
    if not plain or any(g.k.values()) or g.params or g.unit_variables or len(g.role) < 3:
        return None
    (f,) = g.gens
    if min((sum(e for _, e in t) for t, _ in f.terms), default=0) != 2:
        return None
    plus, minus = maps.signature(f.poly)
    if plus + minus < 2:
        return None
    arc: dict[str, tuple[str | int, ...]] | None = None
    if not plus or not minus or plus + minus == 2:
        found = _arc(f.poly, plus, minus)
        if found is None:
            return None
        arc = {g.names[i]: tuple(str(c) for c in cs) for i, cs in found.items()}
    value = RLCT(Fraction(1, 2), 1)
    return SearchOutcome(value, value, Saddle(arc=arc).encode())


def _arc(f: Poly, plus: int, minus: int) -> Arc | None:
    """An arc along which f changes its sign, or is no product of coordinates."""
    if len(f) > ARC_TERMS:
        return None
    hessian = maps.hessian(f)
    n, r = f.context().nvars(), plus + minus
    block = None
    for chosen in itertools.islice(itertools.combinations(range(n), r), ARCS):
        here = flint.fmpq_mat([[hessian[i, j] for j in chosen] for i in chosen])
        if here.det() != 0:
            block = chosen, here.inv()
            break
    if block is None:
        return None
    others = [i for i in range(n) if i not in block[0]]
    tries = ARCS if not plus or not minus else ARCS // 4  # a g that is not 0 shows it soon
    for start in itertools.islice(_starts(others), tries):
        check_time()
        arc, order, leading = _followed(f, start, *block)
        if leading and ((plus and minus) or order % 2 or (leading < 0) == bool(plus)):
            return {
                i: [p[k] for k in range(1, p.degree() + 1)]
                for i, p in enumerate(arc)
                if p.degree() > 0
            }
    return None


def _starts(others: list[int]) -> Iterator[Arc]:
    """Arcs c·t^w in some coordinates: lines first."""
    for weights in itertools.product((1, 2, 3), repeat=len(others)):
        if min(weights, default=1) > 1:
            continue
        for values in itertools.product((1, -1, 0, 2), repeat=len(others)):
            if any(v == 0 and w > 1 for v, w in zip(values, weights, strict=True)):
                continue
            if any(values):
                yield {
                    i: [flint.fmpq(0)] * (w - 1) + [flint.fmpq(v)]
                    for i, w, v in zip(others, weights, values, strict=True)
                    if v
                }


def _followed(
    f: Poly, start: Arc, chosen: tuple[int, ...], inverse: flint.fmpq_mat
) -> tuple[list[Series], int, flint.fmpq]:
    """The arc over a start on which the derivatives by some coordinates vanish to more than half
    of the order of f; that order, and the leading coefficient: 0 where the order is large."""
    arc = [flint.fmpq_poly([0, *start.get(i, ())]) for i in range(f.context().nvars())]
    low = {a: c for a, c in f.to_dict().items() if sum(a) < 2 * ARC_ORDER}
    f = f.context().from_dict(low)
    slopes = [f.derivative(i) for i in chosen]
    for reached in range(1, ARC_ORDER + 1):
        value = _along(f, arc, 2 * reached)
        order = next((k for k in range(2 * reached) if value[k]), None)
        if order is not None:
            return arc, order, value[order]
        left = [_along(p, arc, reached + 1)[reached] for p in slopes]
        for row, i in enumerate(chosen):
            step = sum((inverse[row, k] * c for k, c in enumerate(left)), flint.fmpq(0))
            arc[i] -= step * flint.fmpq_poly([0] * reached + [1])
    return arc, 0, flint.fmpq(0)


def _along(p: Poly, arc: list[Series], size: int) -> Series:
    """p along an arc, up to t^size."""
    end = flint.fmpq_poly([0] * size + [1])
    powers: list[list[Series]] = [[flint.fmpq_poly([1])] for _ in arc]
    total = flint.fmpq_poly([0])
    for a, c in p.to_dict().items():
        if sum(a) >= size:
            continue
        term = flint.fmpq_poly([c])
        for known, x, e in zip(powers, arc, a, strict=True):
            while len(known) <= e:
                known.append(known[-1] * x % end)
            if e:
                term = term * known[e] % end
        total += term
    return total
