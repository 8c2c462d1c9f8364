"""Candidate centres of blow-ups of a germ, which the resolution tries in turn."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import gcd, lcm

from singularity_lab.algebra.linear import CoveringSolution, covering_lp
from singularity_lab.exact.engine.germs import LOCAL, Germs, iterate_terms
from singularity_lab.exact.engine.symmetry import colour_classes


def centres(g: Germs) -> list[list[list[tuple[int, int]]]]:
    """Candidate centres with weights: the optimum of the term ideal's linear program, and unions
    of classes of alike variables that meet every term."""
    active = [i for i in g.locals if i in g.occurs]
    classes = [[i for i in c if i in active] for c in colour_classes(g)]
    classes = [c for c in classes if c]
    terms = terms_of(g)
    terms = {t for t in terms if not any(s < t for s in terms)}
    found: list[list[list[tuple[int, int]]]] = []

    def add(weights: dict[int, int]) -> None:
        if len(weights) < 2 or not all(t & weights.keys() for t in terms):
            return
        groups = [[(i, weights[i]) for i in c if i in weights] for c in classes]
        groups = [p for p in groups if p]
        groups = [
            q for p in groups for q in ([p] if len({w for _, w in p}) == 1 else [[x] for x in p])
        ]
        groups.sort(key=lambda p: (-len(p), -p[0][1], p))
        if groups and groups not in found:
            found.append(groups)

    for with_k in (False, True):
        solution = _term_program(g, active, with_k)
        if solution is not None and any(solution.primal):
            primal = dict(zip(active, solution.primal, strict=True))
            for c in classes:
                mean = sum((primal[i] for i in c), Fraction(0)) / len(c)
                primal.update(dict.fromkeys(c, mean))
            scale = lcm(*(v.denominator for v in primal.values()))
            weights = {i: int(v * scale) for i, v in primal.items() if v}
            common = gcd(*weights.values())
            add({i: w // common for i, w in weights.items()})
    hitting: list[tuple[int, ...]] = []
    for size in range(1, min(len(classes), 4) + 1):
        for chosen in itertools.combinations(range(len(classes)), size):
            if any(set(h) <= set(chosen) for h in hitting):
                continue
            union = {i for n in chosen for i in classes[n]}
            if all(t & union for t in terms):
                hitting.append(chosen)
                add(dict.fromkeys(union, 1))
            if len(found) >= 12:
                break
    meets: dict[int, set[int]] = {i: set() for i in active}
    for t in terms_of(g):
        for i in t:
            meets[i] |= t
    for c in classes:
        # one factor of several alike: variables of a class that never meet
        apart: set[int] = set()
        for i in c:
            if not meets[i] & apart:
                apart.add(i)
        if len(apart) < len(c) and all(t & apart for t in terms):
            add(dict.fromkeys(apart, 1))
    if len(active) <= 10:
        small: list[set[int]] = []
        for size in range(1, min(len(active), 4) + 1):
            for subset in itertools.combinations(active, size):
                s = set(subset)
                if any(h <= s for h in small):
                    continue
                if all(t & s for t in terms):
                    small.append(s)
                    if len(found) < 16:
                        add(dict.fromkeys(subset, 1))
    if not found:
        add(dict.fromkeys(active, 1))
    return found


def terms_of(g: Germs) -> set[frozenset[int]]:
    """The sets of local variables of the terms."""
    return {frozenset(i for i, _ in t if g.role[i] == LOCAL) for t in iterate_terms(g.gens)}


def _term_program(g: Germs, active: list[int], with_k: bool) -> CoveringSolution | None:
    place = {i: n for n, i in enumerate(active)}
    rows = set()
    for t in iterate_terms(g.gens):
        row = [0] * len(active)
        for i, e in t:
            if i in place:
                row[place[i]] = e
        if with_k:
            row = [r + g.k.get(i, 0) for i, r in zip(active, row, strict=True)]
        if not any(row):
            return None
        rows.add(tuple(row))
    if not rows:
        return None
    costs = [g.h.get(i, Fraction(0)) + 1 for i in active]
    return covering_lp(costs, sorted(rows))
