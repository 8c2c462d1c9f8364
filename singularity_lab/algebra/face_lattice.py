"""The compact faces of a Newton polyhedron Γ = conv(S) + R≥0^n, checked to be all of them.

The half-spaces are enumerated a second time, by code that shares nothing with
:mod:`singularity_lab.algebra.polyhedra`: the double description method with *algebraic* adjacency,
the points in another order (there adjacency is combinatorial; Fukuda and Prodon 1996). Each one
listed is seen to hold with equality somewhere, so that only a half-space missing in both
enumerations could escape.

Given all half-spaces, the smallest face through some points lies on those that all of them lie on,
and it is compact if these bound each axis. A list of compact faces that has the vertices, and with
a face and a vertex the smallest face through both if that is compact, has all: each compact face is
reached from one of its vertices by adding the others, inside itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import gcd
from operator import mul

import flint

from singularity_lab.algebra.polynomial import Exponent
from singularity_lab.errors import CertificateError

HalfSpace = tuple[Exponent, int]


def check_faces(
    support: Collection[Exponent],
    half_spaces: Sequence[HalfSpace],
    faces: Collection[frozenset[Exponent]],
) -> None:
    """Accept a proof that these are the compact faces of conv(support) + the orthant.

    half_spaces: (w, h) for {x : ⟨w, x⟩ ≥ h}, w primitive. faces: sets of points of the support, the
    vertices included. Raises CertificateError that says what is missing.

    >>> support, sides = [(2, 0), (0, 3)], [((1, 0), 0), ((0, 1), 0), ((3, 2), 6)]
    >>> faces = [frozenset({a}) for a in support] + [frozenset(support)]
    >>> check_faces(support, sides, faces)
    >>> check_faces(support, sides, faces[:2])
    Traceback (most recent call last):
    ...
    singularity_lab.errors.CertificateError: the face through (0, 3), (2, 0) is left out
    >>> check_faces(support, sides[:2], faces)
    Traceback (most recent call last):
    ...
    singularity_lab.errors.CertificateError: a half-space is left out: <(3, 2), x> >= 6
    """
    points = sorted(set(support))
    n = len(points[0])
    for w, h in half_spaces:
        least = min(sum(map(mul, w, a)) for a in points)
        _require(min(w) >= 0 and h == least, "no half-space of the polyhedron: <{}, x> >= {}", w, h)
    for w, h in set(facets(points)).difference(half_spaces):
        _require(False, "a half-space is left out: <{}, x> >= {}", w, h)

    through = {a: _mask(sum(map(mul, w, a)) == h for w, h in half_spaces) for a in points}
    bounding = [_mask(w[i] > 0 for w, _ in half_spaces) for i in range(n)]
    listed = set()
    for face in faces:
        common = -1
        for a in face:
            common &= through[a]
        whole = {a for a, mask in through.items() if mask & common == common}
        compact = face == whole and all(common & side for side in bounding)
        _require(compact, "{} is no compact face", sorted(face))
        listed.add(common)
    normals = [w for w, _ in half_spaces]
    corners = [mask for mask in through.values() if _rank(normals, mask) == n]
    for corner in corners:
        for mask in (*listed, corner):
            joined = mask & corner
            if joined not in listed and all(joined & side for side in bounding):
                inside = [str(a) for a, at in through.items() if at & joined == joined]
                _require(False, "the face through {} is left out", ", ".join(inside))


def facets(points: Sequence[Exponent]) -> list[HalfSpace]:
    """The (w, h), w primitive, for which ⟨w, x⟩ ≥ h is a facet of conv(points) + the orthant.

    They are extreme rays of the cone {(w, h) : w ≥ 0, ⟨w, a⟩ ≥ h}. It is cut by one point after the
    other. A new extreme ray lies on a two-dimensional face between two old ones: the constraints
    with equality at both have rank n − 1.

    >>> facets([(2, 0), (0, 3), (2, 3)])
    [((0, 1), 0), ((1, 0), 0), ((3, 2), 6)]
    """
    n = len(points[0])
    lower = [a for a in points if not any(b != a and all(map(int.__le__, b, a)) for b in points)]
    first, *others = sorted(lower, key=lambda a: (max(a), a), reverse=True)
    unit = [tuple(int(i == j) for j in range(n)) for i in range(n)]
    rows = [*((*e, 0) for e in unit), (*first, -1)]
    rays = [((*(0,) * n, -1), (1 << n) - 1)]
    rays += [((*e, first[i]), (1 << (n + 1)) - 1 - (1 << i)) for i, e in enumerate(unit)]
    for a in others:
        row, bit = (*a, -1), 1 << len(rows)
        values = [(sum(map(mul, row, ray)), ray, mask) for ray, mask in rays]
        below = [(-value, ray, mask) for value, ray, mask in values if value < 0]
        above = [(value, ray, mask) for value, ray, mask in values if value > 0]
        rays = [(ray, mask if value else mask | bit) for value, ray, mask in values if value >= 0]
        for down, low, at_low in below:
            for up, high, at_high in above:
                common = at_low & at_high
                if common.bit_count() >= n - 1 and _rank(rows, common) == n - 1:
                    ray = [up * x + down * y for x, y in zip(low, high, strict=True)]
                    rays.append((tuple(x // gcd(*ray) for x in ray), common | bit))
        rows.append(row)
    return sorted((ray[:n], ray[n]) for ray, _ in rays if any(ray[:n]))


def _rank(rows: Sequence[Exponent], mask: int) -> int:
    """The rank of the rows that a mask selects."""
    chosen = [row for j, row in enumerate(rows) if mask >> j & 1]
    return int(flint.fmpz_mat([list(row) for row in chosen]).rank()) if chosen else 0


def _mask(bits: Iterable[bool]) -> int:
    return sum(1 << j for j, bit in enumerate(bits) if bit)


def _require(truth: bool, message: str, *about: object) -> None:
    if not truth:
        raise CertificateError(message.format(*about))
