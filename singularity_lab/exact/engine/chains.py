"""Products of matrices of coordinates, found in a family of germs from its generators alone.

The generators of a linear network are the entries of X₁⋯X_L − C. Variables of X₁ occur in the
generators of one row, those of X_L in one column; the generators of a row are linear in the row of
X₁, and its coefficients are the entries of X₂⋯X_L. So X₁ is peeled off, and the rest in turn. What
is found is multiplied out and compared, and the verifier does the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as cartesian
from typing import Any

import flint

from singularity_lab.algebra import maps
from singularity_lab.errors import CertificateError
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.proof import matrices
from singularity_lab.exact.proof.moves import Schur

Poly = flint.fmpq_mpoly
Matrix = list[list[Poly]]


def schur(g: Germs) -> tuple[Germs, Any] | None:
    """Split off the smooth part of a product of matrices where a factor has an invertible block."""
    if len(g.gens) < 2 or g.signs:
        return None
    rows = _arrange(g)
    if rows is None:
        return None
    for m in (rows, _transposed(rows)):
        found = _peel(m)
        if found is None:
            continue
        for form in _normal_forms(*found):
            moved = _apply(g, *form)
            if moved is not None:
                return moved
    return None


def _transposed(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(c) for c in zip(*rows, strict=True)]


def _apply(
    g: Germs, kind: str, factors: list[Matrix], rank: int, place: int = 0
) -> tuple[Germs, Any] | None:
    try:
        read = matrices.coordinates(factors, g.locals)
    except CertificateError:
        return None
    places = {e.variable for f in read for e in matrices.flat(f)}
    used = {i for i in places if i is not None}
    if not all(map(g.is_free, used)) or used & set(g.unit_variables):
        return None
    if any(Generator(u).occurs & used for u in g.units):
        return None
    try:
        before, after = matrices.schur(read, rank, kind, place)
    except CertificateError:
        return None
    if not maps.equal_sets(before, [f.poly for f in g.gens]) or maps.equal_sets(before, after):
        return None
    texts = tuple(tuple(tuple(str(e) for e in row) for row in f) for f in factors)
    step = Schur(kind=kind, rank=rank, factors=texts, place=place or None).encode()
    return g.but(gens=tuple(Generator(p) for p in after)).normal(), step


def _arrange(g: Germs) -> list[list[Poly]] | None:
    """The generators as a matrix: in the rows and columns that single variables pick out."""
    everything = (1 << len(g.gens)) - 1
    masks: dict[int, int] = {}
    for n, f in enumerate(g.gens):
        for i in f.occurs:
            masks[i] = masks.get(i, 0) | 1 << n
    cells = sorted({m for m in masks.values() if m != everything})
    if not cells or len(cells) > 2 * len(g.gens):
        return None
    across = [m for m in cells if m == cells[0] or not m & cells[0]]
    along = [m for m in cells if m not in across] or [everything]
    rows = []
    for row in across:
        if any((row & c).bit_count() != 1 for c in along):
            return None
        rows.append([g.gens[(row & c).bit_length() - 1].poly for c in along])
    return rows if len(across) * len(along) == len(g.gens) else None


def _peel(m: Sequence[Sequence[Poly]]) -> tuple[list[Matrix], list[list[flint.fmpq]]] | None:
    """Factors X₁, …, X_L of coordinates and a constant matrix C with M = X₁⋯X_L − C."""
    none = [[flint.fmpq(0)] * len(m[0]) for _ in m]
    if all(matrices.entry(p) is not None for row in m for p in row):
        return [[list(row) for row in m]], none
    if len(m) == 1:
        found = _peel(_transposed(m)) if len(m[0]) > 1 else None
        if found is None:
            return None
        return [_transposed(f) for f in reversed(found[0])], _transposed(found[1])
    places: dict[int, set[tuple[int, int]]] = {}
    for i, row in enumerate(m):
        for j, p in enumerate(row):
            for v in maps.occurring(p):
                places.setdefault(v, set()).add((i, j))
    width = len(m[0])
    own: list[list[int]] = [[] for _ in m]
    for v, cells in sorted(places.items()):
        if len(cells) == width and len({i for i, _ in cells}) == 1:
            own[min(cells)[0]].append(v)
    inner: dict[tuple[str, ...], int] = {}
    rest: list[list[Poly]] = []
    at: list[dict[int, int]] = []
    for i, row in enumerate(m):
        here: dict[int, int] = {}
        for v in own[i]:
            slopes = [p.derivative(v) for p in row]
            if any(maps.occurring(s) & set(own[i]) for s in slopes):
                return None
            q = inner.setdefault(tuple(map(str, slopes)), len(inner))
            if q == len(rest):
                rest.append(slopes)
            if q in here:
                return None
            here[q] = v
        at.append(here)
    if not rest:
        return None
    x: Matrix = []
    constants = []
    context = m[0][0].context()
    for row, here in zip(m, at, strict=True):
        left = [
            p - sum((context.gen(v) * rest[q][j] for q, v in here.items()), context.constant(0))
            for j, p in enumerate(row)
        ]
        beta = _combination(rest, left)
        if beta is None:
            return None
        remainder = [
            sum((b * r[j] for b, r in zip(beta, rest, strict=True)), context.constant(0)) - p
            for j, p in enumerate(left)
        ]
        if not all(p.is_constant() for p in remainder):
            return None
        constants.append([maps.constant_value(p) for p in remainder])
        x.append(
            [
                context.constant(b) + (context.gen(here[q]) if q in here else 0)
                for q, b in enumerate(beta)
            ]
        )
    inside = _peel(rest)
    if inside is None or any(c for row in inside[1] for c in row):
        return None
    return [x, *inside[0]], constants


def _combination(rest: list[list[Poly]], left: list[Poly]) -> list[flint.fmpq] | None:
    """Constants b_q with Σ b_q·rest[q] = left up to constants, read off terms that one row has
    alone."""
    tables = [[p.to_dict() for p in row] for row in rest]
    wanted = [p.to_dict() for p in left]
    found = []
    for q, row in enumerate(tables):
        alone = next(
            (
                (j, a)
                for j, table in enumerate(row)
                for a in table
                if any(a) and not any(a in tables[o][j] for o in range(len(rest)) if o != q)
            ),
            None,
        )
        if alone is None:
            return None
        j, a = alone
        found.append(wanted[j].get(a, flint.fmpq(0)) / row[j][a])
    return found


def _normal_forms(
    factors: list[Matrix], constants: list[list[flint.fmpq]]
) -> list[tuple[str, list[Matrix], int, int]]:
    """Ways to bring the invertible blocks to the top: (kind, factors, rank, place)."""
    fixed = [[[_constant(p) for p in row] for row in f] for f in factors]
    ones = [
        (i, j)
        for i, j in cartesian(range(len(constants)), range(len(constants[0])))
        if constants[i][j]
    ]
    if ones:
        paths = [_path(fixed, i) for i, _ in ones]
        good = all(
            p is not None and p[-1] == j and constants[i][j] == 1
            for p, (i, j) in zip(paths, ones, strict=True)
        )
        if not good:
            return []
        nodes = list(zip(*(p for p in paths if p is not None), strict=True))
        if any(len(set(n)) < len(n) for n in nodes):
            return []
        orders = [list(n) for n in nodes]
        return [("through", _permuted(factors, orders), len(ones), 0)]
    forms = []
    for place, x in enumerate(fixed[:-1]):
        if (place == 0) != (len(factors) == 2):
            continue
        pivots = [
            (i, q)
            for i, row in enumerate(x)
            for q, c in enumerate(row)
            if c == 1 and _alone(x, i, q) and (place or not any(fixed[1][q]))
        ]
        orders = [[] for _ in range(len(factors) + 1)]
        orders[place : place + 2] = [[i for i, _ in pivots], [q for _, q in pivots]]
        if pivots:
            kind = "inner" if place else "pivot"
            forms.append((kind, _permuted(factors, orders), len(pivots), place))
    return forms


def _constant(p: Poly) -> flint.fmpq:
    found = matrices.entry(p)
    assert found is not None
    return found[0]


def _alone(x: list[list[flint.fmpq]], i: int, q: int) -> bool:
    return not any(c for n, c in enumerate(x[i]) if n != q) and not any(
        row[q] for n, row in enumerate(x) if n != i
    )


def _path(fixed: list[list[list[flint.fmpq]]], i: int) -> list[int] | None:
    """The nodes from row i on along entries 1 that are alone in their rows and columns."""
    nodes = [i]
    for x in fixed:
        q = next((n for n, c in enumerate(x[nodes[-1]]) if c), None)
        if q is None or x[nodes[-1]][q] != 1 or not _alone(x, nodes[-1], q):
            return None
        nodes.append(q)
    return nodes


def _permuted(factors: list[Matrix], first: list[list[int]]) -> list[Matrix]:
    """The factors with these nodes before the others."""
    sizes = [len(f) for f in factors] + [len(factors[-1][0])]
    orders = [
        [*chosen, *(n for n in range(size) if n not in chosen)]
        for chosen, size in zip(first, sizes, strict=True)
    ]
    return [
        [[f[i][j] for j in columns] for i in rows]
        for f, rows, columns in zip(factors, orders, orders[1:], strict=False)
    ]
