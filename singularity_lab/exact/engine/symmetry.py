"""Families of germs up to renaming of variables and changes of sign.

A family is a coloured graph: variables, terms and generators are nodes. Colour refinement
(Weisfeiler and Leman 1968) with individualisation gives a labelling; equal labelled forms give a
renaming, and the signs solve a linear system over GF(2). A renaming found here is only a
suggestion: the verifier checks it. The labelling of two isomorphic families may differ where
refinement is weak; then sharing is lost, not truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from singularity_lab.exact.engine.germs import Centre, Generator, Germs, Term
from singularity_lab.system.deadline import check_time

Colours = dict[int, int]
Key = tuple[Any, ...]


_MASK = (1 << 61) - 1
_MANY = 16  # variables of a group, for which exchanges are tried before labelled forms


def _graph(g: Germs) -> list[tuple[int, list[tuple[int, Term]]]]:
    """Generators and units as (kind, [(weight, term)]), coefficients up to a common factor and
    sign."""
    graph = []
    for kind, f in _polys(g):
        if len(f.poly) == 1:
            graph.append((kind, [(1, f.terms[0][0])]))
            continue
        size = [(abs(int(c.p)), int(c.q)) for _, c in f.terms]
        common = lcm(*(q for _, q in size))
        whole = [p * (common // q) for p, q in size]
        divisor = gcd(*whole)
        graph.append((kind, [(w // divisor, t) for w, (t, _) in zip(whole, f.terms, strict=True)]))
    return graph


def _start(g: Germs) -> dict[int, Any]:
    roles = {"local": 0, "param": 1, "unit": 2}
    return {
        i: (roles[r] + 3 * (i == g.symbol), i in g.positive, g.k.get(i, 0), g.h.get(i, Fraction(0)))
        for i, r in sorted(g.role.items())
    }


def _refine(graph: list[Any], colours: Colours) -> Colours:
    """The coarsest stable colouring below the given one; colours are hashes that know no names."""
    count = len(set(colours.values()))
    while True:
        check_time()
        seen = dict.fromkeys(colours, 0)
        for kind, terms in graph:
            looks = []
            total = 0
            for w, t in terms:
                look = hash((w, sum([hash((colours[i], e)) for i, e in t])))
                looks.append(look)
                total += hash((look, 1)) & _MASK
            inside: Colours = {}
            for (_, t), look in zip(terms, looks, strict=True):
                for i, e in t:
                    inside[i] = inside.get(i, 0) + (hash((look, e)) & _MASK)
            for i, mark in inside.items():
                seen[i] += hash((kind, total, mark)) & _MASK
        new = {i: hash((c, seen[i])) for i, c in colours.items()}
        distinct = len(set(new.values()))
        if distinct == count:
            return new
        colours, count = new, distinct


def colour_classes(g: Germs) -> list[list[int]]:
    """Variables that colour refinement cannot tell apart: unions of orbits of the symmetry
    group."""
    colours = _refine(_graph(g), {i: hash(v) for i, v in _start(g).items()})
    classes: dict[int, list[int]] = {}
    for i, c in colours.items():
        classes.setdefault(c, []).append(i)
    return [sorted(classes[c]) for c in sorted(classes)]


def labelling(g: Germs, marked: Sequence[int] = ()) -> tuple[Key, tuple[int, ...]]:
    """A form of the family without names or signs, and the variables in the order used.

    marked: variables that are told apart from the others first.
    """
    graph, start = _graph(g), _start(g)
    colours = _refine(graph, {i: hash((v, i in marked)) for i, v in start.items()})
    while len(set(colours.values())) < len(colours):
        count = Counter(colours.values())
        cell = min((n, c) for c, n in count.items() if n > 1)[1]
        chosen = min(i for i, c in colours.items() if c == cell)
        colours = _refine(graph, {i: hash((c, i != chosen)) for i, c in colours.items()})
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
    """Signs s_i = ±1 with which x_i ↦ s_i·y_i maps each polynomial of g to one of ``other`` up to
    a scalar.

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


def symmetries(g: Germs, groups: Centre) -> list[dict[str, tuple[str, int]]]:
    """Symmetries x ↦ ±y of the family that join alike variables of a centre into orbits.

    Each takes the variables that stand for an orbit so far to others, by the labelled forms in
    which these are marked. Only maps that respect the groups are kept.
    """
    group = {i: n for n, part in enumerate(groups) for i, _ in part}
    found: list[dict[str, tuple[str, int]]] = []
    plain = {i: (n, 1) for i, n in enumerate(g.names) if i in g.role and i != g.symbol}
    for part in groups:
        root = {i: i for i, _ in part}

        def find(i: int, root: dict[int, int] = root) -> int:
            while root[i] != i:
                i = root[i]
            return i

        first = part[0][0]
        form = None
        if len(part) > _MANY:
            alike = [first, *(i for i, _ in part[1:] if _is_exchange(g, first, i))]
            if len(alike) > 1:  # one cycle joins them
                cycle = {
                    i: (g.names[j], 1) for i, j in zip(alike, alike[1:] + alike[:1], strict=True)
                }
                found.append({g.names[i]: to for i, to in {**plain, **cycle}.items()})
                for i in alike:
                    root[i] = min(alike)
        for other, _ in part[1:]:
            if find(other) == find(first):
                continue
            check_time()
            form = form or labelling(g, [first])
            key, order = labelling(g, [other])
            if key != form[0]:
                continue
            s = signs(g, form[1], g, order)
            to = dict(zip(form[1], order, strict=True))
            if s is None or any(group[i] != group.get(to[i]) for i in group):
                continue
            found.append({g.names[i]: (g.names[j], s[i]) for i, j in to.items()})
            for i, _ in part:
                a, b = find(i), find(to[i])
                root[max(a, b)] = min(a, b)
    return found


def _is_exchange(g: Germs, i: int, j: int) -> bool:
    """True if the family stays as it is when two variables change places."""
    start = _start(g)
    if start[i] != start[j]:
        return False
    other = {i: j, j: i}

    def moved(p: Generator) -> frozenset[tuple[frozenset[tuple[int, int]], str]]:
        return frozenset(
            (frozenset((other.get(v, v), e) for v, e in t), str(c)) for t, c in p.terms
        )

    for kind in (0, 1):
        changed = [f for k, f in _polys(g) if k == kind and (i in f.occurs or j in f.occurs)]
        images = Counter(map(moved, changed))
        if images != Counter(
            frozenset((frozenset(t), str(c)) for t, c in f.terms) for f in changed
        ):
            return False
    return True


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
