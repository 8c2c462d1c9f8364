"""Moves that shear, y ↦ y − r: the row and column operations of products of matrices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import flint

from singularity_lab.exact.engine.generator_moves import (
    reduce_by_each_other,
    reduce_by_monomials,
    strip_units,
)
from singularity_lab.exact.engine.germs import (
    LOCAL,
    PARAM,
    Generator,
    GermMove,
    GermMoves,
    Germs,
    Poly,
    Term,
    ratio,
)
from singularity_lab.system.deadline import check_time

# By variable y: monomials r with ratios ρ, and how often the pair would cancel terms.
Matches = dict[int, Counter[tuple[Term, tuple[int, int]]]]
Shear = tuple[int, frozenset[tuple[Term, tuple[int, int]]]]


def shear(g: Germs) -> GermMove | None:
    """y ↦ y − Σ ρ·r for monomials r, when most terms m·y stand beside ρ·m·r.

    These are the row and column operations of a matrix product, found from the terms alone.
    """
    linear: Counter[int] = Counter()
    matches: Matches = {}
    for f in g.gens:
        check_time()
        if len(f.poly) == 1 or len(f.poly) > 600:
            continue
        _count(g, f, linear, matches)
    best: tuple[Any, ...] | None = None
    for i, counter in matches.items():
        found = [(r, rho) for (r, rho), n in counter.items() if 2 * n > linear[i]]
        if not found:
            continue
        gain = sum(2 * n - linear[i] for n in (counter[key] for key in found))
        score = (-gain, len(found), i)
        if best is None or score < best[0]:
            best = (score, i, found)
    if best is None:
        return None
    _, i, found = best
    found = [(r, rho) for r, rho in found if not any(j == i for j, _ in r)]
    rest = sum((g.monomial(dict(r)) * flint.fmpq(*rho) for r, rho in found), g.context.constant(0))
    moved, step = g.change(i, g.variables[i] - rest, g.context.constant(1))
    before, after = (sum(len(f.poly) for f in h.gens) for h in (g, moved))
    return (moved, step) if (moved.cost, after) < (g.cost, before) else None


def shear_ahead(g: Germs) -> GermMoves | None:
    """A shear that shortens some generators fully, and lengthens others until these are reduced by
    the first.

    Taken with the moves that follow it, if all together come nearer to monomials.
    """
    votes: Counter[Shear] = Counter()
    for f in g.gens:
        check_time()
        if not 2 <= len(f.poly) <= 300:
            continue
        linear: Counter[int] = Counter()
        matches: Matches = {}
        _count(g, f, linear, matches)
        for i, counter in matches.items():
            full = frozenset(key for key, n in counter.items() if n == linear[i])
            if full:
                votes[i, full] += 1
    ranked = sorted(votes.items(), key=lambda v: (-v[1], -len(v[0][1]), v[0][0], sorted(v[0][1])))
    for trial in _trials(ranked):
        moved, steps = g, []
        for i, found in trial:
            rest = sum(
                (g.monomial(dict(r)) * flint.fmpq(*rho) for r, rho in sorted(found)),
                g.context.constant(0),
            )
            moved, step = moved.change(i, g.variables[i] - rest, g.context.constant(1))
            steps.append(step)
        while True:
            after = reduce_by_monomials(moved) or reduce_by_each_other(moved) or shear(moved)
            if after is None:
                break
            moved = after[0]
            steps.append(after[1])
        if moved.cost < g.cost:
            return moved, steps
    return None


def _count(g: Germs, f: Generator, linear: Counter[int], matches: Matches) -> None:
    """Count in how many terms of f each variable stands, and by y how often m·y stands beside
    ρ·m·r."""
    rests: dict[Term, list[tuple[int, flint.fmpq]]] = {}
    for t, c in f.terms:
        for n, (i, e) in enumerate(t):
            linear[i] += 1
            if e == 1 and g.role[i] in (LOCAL, PARAM) and g.is_free(i):
                rests.setdefault(t[:n] + t[n + 1 :], []).append((i, c))
    for t, c in f.terms:
        for r, m in _small_divisors(t):
            for i, b in rests.get(m, ()):
                if any(j == i for j, _ in r):
                    continue
                if g.role[i] == LOCAL and all(g.role[j] != LOCAL for j, _ in r):
                    continue
                matches.setdefault(i, Counter())[r, ratio(c, b)] += 1


def _trials(ranked: list[tuple[Shear, int]]) -> list[list[Shear]]:
    """The shears that most generators ask for, first those together that the same number does:
    rows move as a whole."""
    trials = [[key] for key, _ in ranked[:3]]
    if len(ranked) > 1:
        chosen: dict[int, Shear] = {}
        used: set[int] = set()
        for (i, found), n in ranked:
            inside = {v for r, _ in found for v, _ in r}
            if n == ranked[0][1] and i not in used and not inside & chosen.keys():
                chosen.setdefault(i, (i, found))
                used |= inside
        if len(chosen) > 1:
            trials.insert(0, list(chosen.values()))
    return trials


def _small_divisors(t: Term) -> Iterator[tuple[Term, Term]]:
    """(r, t/r) for the divisors r of degree 1 or 2 of a monomial."""
    for p, (i, e) in enumerate(t):
        yield ((i, 1),), t[:p] + (((i, e - 1),) if e > 1 else ()) + t[p + 1 :]
    for p, (i, e) in enumerate(t):
        if e > 1:
            yield ((i, 2),), t[:p] + (((i, e - 2),) if e > 2 else ()) + t[p + 1 :]
        head = t[:p] + (((i, e - 1),) if e > 1 else ())
        for q in range(p + 1, len(t)):
            j, d = t[q]
            tail = (((j, d - 1),) if d > 1 else ()) + t[q + 1 :]
            yield ((i, 1), (j, 1)), head + t[p + 1 : q] + tail


def collect(g: Germs) -> GermMoves | None:
    """A shear that makes a repeated coefficient polynomial a coordinate, when that shortens the
    generators."""
    seen: Counter[tuple[Any, ...]] = Counter()
    for f in g.gens:
        check_time()
        if not 2 <= len(f.poly) <= 400:
            continue
        parts: dict[tuple[int, int], list[tuple[Term, flint.fmpq]]] = {}
        for t, c in f.terms:
            for n, (i, e) in enumerate(t):
                parts.setdefault((i, e), []).append((t[:n] + t[n + 1 :], c))
        if f.content:
            shared = f.content
            parts[(-1, 0)] = [
                (tuple((i, e - shared.get(i, 0)) for i, e in t if e > shared.get(i, 0)), c)
                for t, c in f.terms
            ]
        for part in parts.values():
            if len(part) > 1:
                lead = part[0][1]
                seen[tuple((t, ratio(c, lead)) for t, c in part)] += 1
    tried: set[tuple[int, Any]] = set()
    best: tuple[Any, ...] | None = None
    for form, _ in seen.most_common(24):
        check_time()
        alone = [t[0][0] for t, _ in form if len(t) == 1 and t[0][1] == 1]
        for i in alone[:3]:
            if g.role[i] not in (LOCAL, PARAM) or not g.is_free(i) or (i, form) in tried:
                continue
            tried.add((i, form))
            if any(v == i and e > 1 for t, _ in form for v, e in t):
                continue
            slope = [(tuple(x for x in t if x[0] != i), c) for t, c in form if (i, 1) in t]
            coefficient = _from_form(g, slope)
            rest = _from_form(g, [(t, c) for t, c in form if (i, 1) not in t])
            if not g.is_unit(coefficient):
                continue
            if g.role[i] == LOCAL and not g.at_stratum(rest).is_zero():
                continue
            moved, step = g.change(i, g.variables[i] - rest, coefficient)
            steps = [step]
            if not coefficient.is_constant():  # what came in with the denominator may go out again
                stripped = strip_units(moved)
                if stripped is not None:
                    moved, step = stripped
                    steps.append(step)
            gain = (moved.cost, sum(len(f.poly) for f in moved.gens))
            if gain < (g.cost, sum(len(f.poly) for f in g.gens)) and (
                best is None or gain < best[0]
            ):
                best = (gain, moved, steps)
    return None if best is None else (best[1], best[2])


def _from_form(g: Germs, form: list[tuple[Term, tuple[int, int]]]) -> Poly:
    n = len(g.names)
    data = {}
    for t, c in form:
        exponents = [0] * n
        for i, e in t:
            exponents[i] = e
        data[tuple(exponents)] = flint.fmpq(*c)
    return g.context.from_dict(data)
