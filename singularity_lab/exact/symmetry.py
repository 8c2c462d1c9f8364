"""Families of germs up to renaming of variables and changes of sign.

A family is a coloured graph: variables, terms and generators are nodes. Colour refinement (Weisfeiler and
Leman 1968) with individualisation gives a labelling; equal labelled forms give a renaming, and the signs
solve a linear system over GF(2). A renaming found here is only a suggestion: the verifier checks it.
The labelling of two isomorphic families may differ where refinement is weak; then sharing is lost, not truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from singularity_lab.exact.germs import Generator, Germs

Colours = dict[int, int]
Key = tuple[Any, ...]


def _graph(g: Germs) -> list[tuple[int, list[tuple[Any, Any]]]]:
    """Generators and units as (kind, [(weight, term)]), coefficients up to a common factor and sign."""
    polys = [(0, f) for f in g.gens] + [(1, Generator(u)) for u in g.units]
    graph = []
    for kind, f in polys:
        total = sum((abs(Fraction(int(c.p), int(c.q))) for _, c in f.terms), Fraction(0))
        graph.append((kind, [(abs(Fraction(int(c.p), int(c.q))) / total, t) for t, c in f.terms]))
    return graph


def _start(g: Germs) -> dict[int, Any]:
    roles = {"local": 0, "param": 1, "unit": 2}
    return {
        i: (roles[r], i in g.positive, g.k.get(i, 0), g.h.get(i, Fraction(0)))
        for i, r in sorted(g.role.items())
    }


def _rank(values: dict[int, Any]) -> Colours:
    """Colours as small integers, in an order that does not depend on the names."""
    order = {v: n for n, v in enumerate(sorted(set(values.values())))}
    return {i: order[v] for i, v in values.items()}


def _refine(graph: list[Any], colours: Colours) -> Colours:
    while True:
        seen: dict[int, list[Any]] = {i: [] for i in colours}
        for kind, terms in graph:
            looks = [(w, tuple(sorted((colours[i], e) for i, e in t))) for w, t in terms]
            whole = hash((kind, tuple(sorted(looks))))
            for (_, t), look in zip(terms, looks, strict=True):
                mark = hash((whole, look))
                for i, e in t:
                    seen[i].append((mark, e))
        new = _rank({i: (c, tuple(sorted(seen[i]))) for i, c in colours.items()})
        if len(set(new.values())) == len(set(colours.values())):
            return new
        colours = new


def colour_classes(g: Germs) -> list[list[int]]:
    """Variables that colour refinement cannot tell apart: unions of orbits of the symmetry group."""
    colours = _refine(_graph(g), _rank(_start(g)))
    classes: dict[int, list[int]] = {}
    for i, c in colours.items():
        classes.setdefault(c, []).append(i)
    return [sorted(classes[c]) for c in sorted(classes)]


def labelling(g: Germs) -> tuple[Key, tuple[int, ...]]:
    """A form of the family without names or signs, and the variables in the order used."""
    graph, start = _graph(g), _start(g)
    colours = _refine(graph, _rank(start))
    while len(set(colours.values())) < len(colours):
        count = Counter(colours.values())
        cell = min((n, c) for c, n in count.items() if n > 1)[1]
        chosen = min(i for i, c in colours.items() if c == cell)
        colours = _refine(graph, _rank({i: (c, i != chosen) for i, c in colours.items()}))
    order = tuple(sorted(colours, key=lambda i: colours[i]))
    place = {i: n for n, i in enumerate(order)}
    form = sorted(
        (kind, tuple(sorted((w, tuple(sorted((place[i], e) for i, e in t))) for w, t in terms)))
        for kind, terms in graph
    )
    return (tuple(start[i] for i in order), tuple(form)), order


def signs(
    g: Germs, order: Sequence[int], other: Germs, other_order: Sequence[int]
) -> dict[int, int] | None:
    """Signs s_i = ±1 with which x_i ↦ s_i·y_i maps each polynomial of g to one of ``other`` up to a scalar.

    None if there are none. Both families have the same labelled form.
    """
    to = dict(zip(order, other_order, strict=True))
    theirs: dict[Any, list[Generator]] = {}
    for kind, f in _polys(other):
        theirs.setdefault((kind, frozenset(t for t, _ in f.terms)), []).append(f)
    rows: list[tuple[int, int]] = []  # bit mask of variables and generators, right-hand side
    position = {i: n for n, i in enumerate(order)}
    base = len(order)
    for n, (kind, f) in enumerate(_polys(g)):
        image = {tuple(sorted((to[i], e) for i, e in t)): (t, c) for t, c in f.terms}
        candidates = theirs.get((kind, frozenset(image)))
        if not candidates:
            return None
        for term, c in candidates[0].terms:
            mine, d = image[term]
            mask = 1 << (base + n)
            for i, e in mine:
                if e % 2:
                    mask ^= 1 << position[i]
            rows.append((mask, int((c > 0) != (d > 0))))
    rows += [(1 << position[i], 0) for i in g.positive if i in position]
    solution = _solve_gf2(rows)
    if solution is None:
        return None
    return {i: -1 if solution >> position[i] & 1 else 1 for i in order}


def _polys(g: Germs) -> list[tuple[int, Generator]]:
    return [(0, f) for f in g.gens] + [(1, Generator(u)) for u in g.units]


def _solve_gf2(rows: list[tuple[int, int]]) -> int | None:
    """A solution of a linear system over GF(2) as a bit mask, free variables 0."""
    pivots: list[tuple[int, int]] = []
    for mask, value in rows:
        for pmask, pvalue in pivots:
            if mask & (pmask & -pmask):
                mask, value = mask ^ pmask, value ^ pvalue
        if mask == 0:
            if value:
                return None
            continue
        low = mask & -mask
        pivots = [(m ^ mask, v ^ value) if m & low else (m, v) for m, v in pivots]
        pivots.append((mask, value))
    return sum((m & -m) for m, v in pivots if v)
