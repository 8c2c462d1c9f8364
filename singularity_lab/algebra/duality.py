"""The compact faces of a Newton polyhedron Γ = conv(S) + R≥0^n, proved to be all of them.

Let H be half-spaces {x : ⟨w, x⟩ ≥ h} with w ≥ 0 that contain S, those of the axes among them, so
that P = ∩H ⊇ Γ recedes in the orthant only. P is the hull of its vertices and that orthant: P = Γ
if and only if all of its vertices are in S. They are enumerated here, by the double description
method with algebraic adjacency, from half-spaces to vertices: the way back from that of
:mod:`singularity_lab.algebra.polyhedra`, which goes from points to half-spaces by combinatorial
adjacency (Fukuda and Prodon 1996). A half-space that is left out there is a vertex too many here.

Once P = Γ, the smallest face through some points lies on the half-spaces that all of them lie on,
and it is compact if these bound each axis. A list of compact faces that has the vertices, and with
a face and a vertex the smallest face through both if that is compact, has all: each compact face is
reached from one of its vertices by adding the others, inside itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from math import gcd
from operator import mul

import flint

from singularity_lab.algebra.polynomial import Exponent
from singularity_lab.errors import CertificateError

HalfSpace = tuple[Sequence[int], int]


def check_faces(
    support: Collection[Exponent],
    half_spaces: Sequence[HalfSpace],
    faces: Collection[frozenset[Exponent]],
) -> None:
    """Accept a proof that these are the compact faces of conv(support) + the orthant.

    half_spaces: (w, h) for {x : ⟨w, x⟩ ≥ h}. faces: sets of points of the support, the vertices
    included. Raises CertificateError that says what is missing.

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
    singularity_lab.errors.CertificateError: a half-space is left out: (0, 0) is a vertex
    """
    points = sorted(support)
    n = len(points[0])
    for w, h in half_spaces:
        _require(min(w) >= 0, "half-space {}: its normal is not >= 0", w)
        lowest = min(sum(map(mul, w, a)) for a in points)
        _require(lowest == h, "half-space {}: {} is not its least value", w, h)
    axes = [(tuple(int(i == j) for j in range(n)), min(a[i] for a in points)) for i in range(n)]
    sides = [(tuple(w), h) for w, h in half_spaces]
    _require(set(axes) <= set(sides), "a half-space of an axis is left out")
    corners = vertices(axes, [side for side in sides if side not in axes])
    for corner in corners:
        inside = all(x.denominator == 1 for x in corner) and tuple(map(int, corner)) in support
        _require(inside, "a half-space is left out: ({}) is a vertex", ", ".join(map(str, corner)))

    through = {a: _mask(sum(map(mul, w, a)) == h for w, h in sides) for a in points}
    bounding = [_mask(bool(w[i]) for w, _ in sides) for i in range(n)]
    listed = set()
    for face in faces:
        common = -1
        for a in face:
            common &= through[a]
        whole = {a for a, mask in through.items() if mask & common == common}
        _require(face == whole and all(common & b for b in bounding), "no compact face: {}", face)
        listed.add(common)
    starts = {tuple(map(int, corner)): through[tuple(map(int, corner))] for corner in corners}

    def need(common: int) -> None:
        if common not in listed:
            inside = [a for a, mask in through.items() if mask & common == common]
            _require(False, "the face through {} is left out", ", ".join(map(str, inside)))

    for mask in starts.values():
        need(mask)
    for mask in listed:
        for start in starts.values():
            joined = mask & start
            if joined != mask and all(joined & b for b in bounding):
                need(joined)


def vertices(axes: Sequence[HalfSpace], others: Iterable[HalfSpace]) -> list[tuple[Fraction, ...]]:
    """The vertices of {x : x_i ≥ m_i, ⟨w, x⟩ ≥ h for the others}, w ≥ 0.

    axes: the (e_i, m_i), in order. The cone over the polyhedron is cut by one half-space after the
    other. A new extreme ray lies on a two-dimensional face between two old ones: the half-spaces
    through both have rank n − 1.

    >>> sides = [((3, 2), 6), ((1, 1), 1)]
    >>> for x in vertices([((1, 0), 0), ((0, 1), 0)], sides):
    ...     print(*x)
    2 0
    0 3
    """
    n = len(axes)
    rows = [(*w, -h) for w, h in axes]
    rows.append((*(0,) * n, 1))  # the cone lies where the last coordinate is ≥ 0
    rays = [((*(h for _, h in axes), 1), (1 << n) - 1)]
    rays += [((*w, 0), (1 << n + 1) - 1 ^ 1 << i) for i, (w, _) in enumerate(axes)]
    for w, h in others:
        row, bit = (*w, -h), 1 << len(rows)
        values = [(sum(map(mul, row, ray)), ray, mask) for ray, mask in rays]
        cut = [(ray, mask | bit if value == 0 else mask) for value, ray, mask in values if value >= 0]
        for down, low, mask_low in values:
            if down >= 0:
                continue
            for up, high, mask_high in values:
                common = mask_low & mask_high
                if up <= 0 or common.bit_count() < n - 1:
                    continue
                if _rank([r for j, r in enumerate(rows) if common >> j & 1]) == n - 1:
                    ray = [up * x - down * y for x, y in zip(low, high, strict=True)]
                    divisor = gcd(*ray)
                    cut.append((tuple(x // divisor for x in ray), common | bit))
        rows.append(row)
        rays = cut
    return [tuple(Fraction(x, ray[n]) for x in ray[:n]) for ray, _ in rays if ray[n]]


def _rank(rows: Sequence[Sequence[int]]) -> int:
    return int(flint.fmpz_mat([list(row) for row in rows]).rank()) if rows else 0


def _mask(bits: Iterable[bool]) -> int:
    return sum(1 << j for j, bit in enumerate(bits) if bit)


def _require(truth: bool, message: str, *about: object) -> None:
    if not truth:
        raise CertificateError(message.format(*about))
