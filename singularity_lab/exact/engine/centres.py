"""Candidate centres of blow-ups of a germ, which the resolution tries in turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

from singularity_lab.algebra.linear import CoveringSolution, covering_lp
from singularity_lab.exact.engine.germs import LOCAL, Germs, iterate_terms
from singularity_lab.exact.engine.limits import SUBSET, SUBSETS, SUBSETS_OF, UNIONS, UNITED
from singularity_lab.exact.engine.symmetry import colour_classes

Weights = dict[int, int]
Groups = list[list[tuple[int, int]]]


@dataclass(frozen=True)
class Surroundings:
    """What the sources of centres look at: the local variables that occur, in classes of alike
    ones, and the sets of them that stand in one term."""

    germ: Germs
    active: list[int]
    classes: list[list[int]]
    met: set[frozenset[int]]

    @classmethod
    def of(cls, g: Germs) -> Surroundings:
        active = [i for i in g.locals if i in g.occurs]
        classes = [[i for i in c if i in active] for c in colour_classes(g)]
        return cls(g, active, [c for c in classes if c], terms_of(g))

    @cached_property
    def terms(self) -> list[frozenset[int]]:
        """The least of the sets: a centre has to meet each."""
        return [t for t in self.met if not any(s < t for s in self.met)]

    def meets_all(self, chosen: set[int]) -> bool:
        """Whether every term has one of the variables."""
        return all(t & chosen for t in self.terms)


def centres(g: Germs) -> list[Groups]:
    """Candidate centres with weights, in groups of alike variables: what each source of them has,
    as long as there are not enough; all variables that occur where there is no other."""
    around = Surroundings.of(g)
    found: list[Groups] = []
    for source, most in SOURCES:
        for weights in source(around):
            if most is not None and len(found) >= most:
                break
            groups = grouped(weights, around)
            if groups and groups not in found:
                found.append(groups)
    if not found and (groups := grouped(dict.fromkeys(around.active, 1), around)):
        found.append(groups)
    return found


def grouped(weights: Weights, around: Surroundings) -> Groups:
    """The centre in groups of alike variables of one weight, the largest first; none if it has less
    than two variables or misses a term."""
    if len(weights) < 2 or not around.meets_all(set(weights)):
        return []
    groups = [[(i, weights[i]) for i in c if i in weights] for c in around.classes]
    groups = [
        q for p in groups if p for q in ([p] if len({w for _, w in p}) == 1 else [[x] for x in p])
    ]
    return sorted(groups, key=lambda p: (-len(p), -p[0][1], p))


# -- sources ---------------------------------------------------------------------------------------


def optimal_weights(around: Surroundings) -> Iterator[Weights]:
    """The optimum of the term ideal's linear program, without and with the monomial factor of K,
    alike variables having the mean of theirs."""
    for with_k in (False, True):
        solution = _term_program(around.germ, around.active, with_k)
        if solution is not None and any(solution.primal):
            primal = dict(zip(around.active, solution.primal, strict=True))
            for c in around.classes:
                mean = sum((primal[i] for i in c), Fraction(0)) / len(c)
                primal.update(dict.fromkeys(c, mean))
            scale = lcm(*(v.denominator for v in primal.values()))
            weights = {i: int(v * scale) for i, v in primal.items() if v}
            common = gcd(*weights.values())
            yield {i: w // common for i, w in weights.items()}


def unions_of_classes(around: Surroundings) -> Iterator[Weights]:
    """The least unions of classes of alike variables that meet every term."""

    def union(chosen: set[int]) -> set[int]:
        return {i for n in chosen for i in around.classes[n]}

    places = range(len(around.classes))
    for chosen in least_sets(places, UNITED, lambda c: around.meets_all(union(c))):
        yield dict.fromkeys(union(chosen), 1)


def apart_in_a_class(around: Surroundings) -> Iterator[Weights]:
    """One factor of several alike: variables of one class that stand together in no term."""
    meets: dict[int, set[int]] = {i: set() for i in around.active}
    for t in around.met:
        for i in t:
            meets[i] |= t
    for c in around.classes:
        apart: set[int] = set()
        for i in c:
            if not meets[i] & apart:
                apart.add(i)
        if len(apart) < len(c) and around.meets_all(apart):
            yield dict.fromkeys(apart, 1)


def small_sets(around: Surroundings) -> Iterator[Weights]:
    """The least sets of few variables that meet every term, without regard to classes."""
    if len(around.active) <= SUBSETS_OF:
        for chosen in least_sets(around.active, SUBSET, around.meets_all):
            yield dict.fromkeys(chosen, 1)


# Where centres come from, and how many are enough.
SOURCES: tuple[tuple[Callable[[Surroundings], Iterator[Weights]], int | None], ...] = (
    (optimal_weights, None),
    (unions_of_classes, UNIONS),
    (apart_in_a_class, None),
    (small_sets, SUBSETS),
)


def least_sets(
    items: Sequence[int], most: int, enough: Callable[[set[int]], bool]
) -> Iterator[set[int]]:
    """The sets of at most so many items that are enough while no smaller set in them is."""
    found: list[set[int]] = []
    for size in range(1, min(len(items), most) + 1):
        for chosen in map(set, itertools.combinations(items, size)):
            if not any(s <= chosen for s in found) and enough(chosen):
                found.append(chosen)
                yield chosen


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
