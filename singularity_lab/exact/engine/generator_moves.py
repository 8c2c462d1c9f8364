"""Moves to other generators of the same ideal: divided by units, reduced by one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import flint

from singularity_lab.exact.engine.germs import LOCAL, Generator, GermMove, Germs, Poly, ratio


def monomial_of(g: Germs, f: Generator) -> dict[int, int] | None:
    """The monomial in f = monomial · unit, or None."""
    if len(f.poly) > 1 and not g.is_unit(f.poly / g.monomial(f.content)):
        return None
    return f.content


def strip_units(g: Germs) -> GermMove | None:
    """Divide generators by factors that are units."""
    do: list[list[Any]] = []
    plain = not g.units and not g.unit_variables and g.field is None
    for i, f in enumerate(g.gens):
        if len(f.poly) == 1:
            continue
        # without units at hand a unit has a constant term, and a unit factor makes degrees differ
        if plain and len({sum(e for v, e in t if g.role[v] == LOCAL) for t, _ in f.terms}) == 1:
            continue
        rest = f.poly / g.monomial(f.content)
        if g.is_unit(rest):
            do.append(["div", i, rest])
        elif len(f.poly) <= 150 and len(f.factors) > 1:
            do += [["div", i, q**e] for q, e in f.factors if len(q) > 1 and g.is_unit(q)]
    return g.generators(do) if do else None


def reduce_by_monomials(g: Germs) -> GermMove | None:
    """Leave out of each generator the terms that are multiples of a generator that is a
    monomial."""
    monomials = [(j, f.terms[0]) for j, f in enumerate(g.gens) if len(f.poly) == 1]
    if not monomials:
        return None
    by_variable: dict[int, list[tuple[int, dict[int, int]]]] = {}
    coefficient: dict[int, flint.fmpq] = {}
    for j, (term, c) in monomials:
        coefficient[j] = c
        if not term:
            by_variable.setdefault(-1, []).append((j, {}))
        else:
            by_variable.setdefault(term[0][0], []).append((j, dict(term)))
    do: list[list[Any]] = []
    dropped: set[int] = set()
    for i, f in enumerate(g.gens):
        quotients: dict[int, dict[tuple[int, ...], Any]] = {}
        for term, c in f.terms:
            exponents = dict(term)
            for v in (-1, *exponents):
                for j, m in by_variable.get(v, ()):
                    if j == i or j in dropped or any(exponents.get(n, 0) < e for n, e in m.items()):
                        continue
                    power = tuple(exponents.get(n, 0) - m.get(n, 0) for n in range(len(g.names)))
                    quotients.setdefault(j, {})[power] = -c / coefficient[j]
                    break
                else:
                    continue
                break
        if quotients and len(f.poly) == 1:
            dropped.add(i)
        for j, q in quotients.items():
            do.append(["add", i, j, g.context.from_dict(q)])
    return g.generators(do) if do else None


def split_definite(g: Germs) -> GermMove | None:
    """Split a generator whose terms cannot cancel: it is of the order of the sum of their absolute
    values."""
    for i, f in enumerate(g.gens):
        if 1 < len(f.poly) <= 60 and of_one_sign(g, f):
            return g.generators([["split", i]])
    return None


def of_one_sign(g: Germs, f: Generator) -> bool:
    """f = monomial · (terms that are all ≥ 0), up to a sign."""
    if len({c > 0 for _, c in f.terms}) > 1:
        return False
    low = f.content
    return all((e - low.get(i, 0)) % 2 == 0 or i in g.positive for t, _ in f.terms for i, e in t)


def _promising(f: Generator, h: Generator) -> Iterator[tuple[dict[int, int], flint.fmpq]]:
    """(q, ρ) such that f − ρ·q·h has not many more terms new than gone, q a monomial."""
    import numpy as np

    quotients = f.exponents[:, None, :] - h.exponents[None, :, :]
    pairs = np.argwhere((quotients >= 0).all(axis=2))
    meet: Counter[bytes] = Counter()
    gone: Counter[tuple[bytes, tuple[int, int]]] = Counter()
    for n, m in pairs:
        key = quotients[n, m].tobytes()
        meet[key] += 1
        gone[key, ratio(f.terms[n][1], h.terms[m][1])] += 1
    for (key, quotient), count in gone.items():
        if len(h.poly) - meet[key] <= 2 * count:
            q = np.frombuffer(key, dtype=np.int64)
            yield {int(i): int(q[i]) for i in np.flatnonzero(q)}, flint.fmpq(*quotient)


def _reduction(g: Germs, f: Generator, h: Generator) -> tuple[int, int, Poly] | None:
    """The monomial m for which f + m·h is nearest to a monomial, with the gain and the length."""
    best: tuple[int, int, Poly] | None = None
    for q, quotient in _promising(f, h):
        multiplier = g.monomial(q) * -quotient
        new = Generator(f.poly + multiplier * h.poly)
        if new.poly.is_zero():
            return -f.cost, 0, multiplier
        gain = (new.cost - f.cost, len(new.poly))
        if gain[0] < 0 and (best is None or gain < best[:2]):
            best = (*gain, multiplier)
    return best


def reduce_by_each_other(g: Germs) -> GermMove | None:
    """Subtract a monomial multiple of one generator from another where that brings it nearer to a
    monomial."""
    gens = g.gens
    if len(gens) < 2 or len(gens) > 40:
        return None
    best: tuple[Any, ...] | None = None
    for i, f in enumerate(gens):
        if len(f.poly) == 1 or len(f.poly) > 60:
            continue
        for j, h in enumerate(gens):
            if i == j or len(h.poly) == 1 or len(h.poly) > 60 or not f.occurs & h.occurs:
                continue
            if h not in f.reductions:
                f.reductions[h] = _reduction(g, f, h)
            found = f.reductions[h]
            if found is None:
                continue
            gain, length, multiplier = found
            if length == 0:
                return g.generators([["add", i, j, multiplier]])
            if best is None or (gain, length, i, j) < best[0]:
                best = ((gain, length, i, j), i, j, multiplier)
    if best is None:
        return None
    return g.generators([["add", best[1], best[2], best[3]]])
