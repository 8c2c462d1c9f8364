"""The Newton polyhedron Γ(S) = conv(S) + R≥0^n of a finite set of exponents, in exact integers.

Its facets come from the double description method with combinatorial adjacency (Motzkin, Raiffa,
Thompson and Thrall 1953; Fukuda and Prodon 1996), applied to the cone of supporting half-spaces
{(w, h) : w ≥ 0, ⟨w, a⟩ ≥ h for a in S}. Its compact faces are found by joining vertices
(Kaibel and Pfetsch 2002); they are the faces that some strictly positive weight minimises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd
from operator import mul
from typing import TYPE_CHECKING

from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.system.counting import counted
from singularity_lab.system.deadline import check_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Exponent = tuple[int, ...]
Number = int | Fraction


@dataclass(frozen=True)
class Facet:
    """A facet {x in Γ : ⟨normal, x⟩ = value} with its primitive inner normal ≥ 0."""

    normal: Exponent
    value: int


@dataclass(frozen=True)
class NewtonPolyhedron:
    """Γ = conv(support) + R≥0^n.

    support: the exponents given, sorted, without repetition. vertices: those that no weight can do
    without. facets: all of them, bounded or not, sorted by normal; Γ is {x : ⟨w, x⟩ ≥ h for each}.

    >>> P = NewtonPolyhedron.of([(4, 0), (2, 3), (0, 6), (3, 3)])
    >>> P.vertices
    ((0, 6), (4, 0))
    >>> [(f.normal, f.value) for f in P.facets]
    [((0, 1), 0), ((1, 0), 0), ((3, 2), 12)]
    >>> [sorted(face) for face in P.compact_faces()]
    [[(0, 6)], [(4, 0)], [(0, 6), (2, 3), (4, 0)]]
    """

    support: tuple[Exponent, ...]
    vertices: tuple[Exponent, ...]
    facets: tuple[Facet, ...]

    @classmethod
    def of(cls, support: Sequence[Sequence[int]], limit: int = 20_000) -> NewtonPolyhedron:
        """The polyhedron of a non-empty support.

        Raises OutOfScope when more than ``limit`` half-spaces appear on the way, or when it
        compares more than 2,000 · ``limit`` triples of them.
        """
        points = tuple(sorted({tuple(a) for a in support}))
        n = len(points[0]) if points else 0
        if not points or any(len(a) != n or any(e < 0 for e in a) for a in points):
            raise BadInput(
                f"support: exponents of one length with entries >= 0 are needed, "
                f"received {points!r}"
            )
        lower = minimal_elements(points)
        rays = _half_spaces(lower, n, limit)
        facets = tuple(sorted((Facet(w, h) for w, h in rays), key=lambda f: f.normal))
        # A vertex is fixed by the facets through it: no other minimal element lies on all of them.
        masks = [_through(facets, a) for a in lower]
        vertices = tuple(
            a
            for a, mask in zip(lower, masks, strict=True)
            if not any(mask & other == mask != other for other in masks)
        )
        return cls(points, vertices, facets)

    @property
    def dimension(self) -> int:
        return len(self.support[0])

    @cached_property
    def incidence(self) -> dict[Exponent, int]:
        """For each support point, the bit mask of the facets through it."""
        return {a: _through(self.facets, a) for a in self.support}

    @cached_property
    def bounding_facets(self) -> tuple[int, ...]:
        """For each axis, the mask of the facets whose normal is positive there."""
        return tuple(
            _mask(j for j, f in enumerate(self.facets) if f.normal[i])
            for i in range(self.dimension)
        )

    def compact_faces(self, limit: int = 20_000) -> tuple[frozenset[Exponent], ...]:
        """All compact faces, vertices included, as sets of the support points that lie on them.

        Sorted by size, then lexicographically. Raises OutOfScope when there are more than
        ``limit``.
        """
        start = [self.incidence[v] for v in self.vertices]
        known = set(start)
        queue = list(known)
        while queue:
            check_time()
            face = queue.pop()
            for vertex in start:
                join = face & vertex
                if join in known or not all(join & b for b in self.bounding_facets):
                    continue
                known.add(join)
                queue.append(join)
                if len(known) > limit:
                    raise OutOfScope(
                        f"Newton polyhedron: more than {limit} compact faces "
                        f"({len(self.vertices)} vertices in dimension {self.dimension})"
                    )
        listed = list(self.incidence.items())  # sorted, as the support is
        faces = [tuple(a for a, mask in listed if mask & face == face) for face in known]
        return tuple(map(frozenset, sorted(faces, key=lambda face: (len(face), face))))

    def minimised_by(self, weight: Sequence[int]) -> frozenset[Exponent]:
        """The support points on the face where ⟨weight, ·⟩ is smallest (weight ≥ 0)."""
        values = {a: sum(w * e for w, e in zip(weight, a, strict=True)) for a in self.support}
        smallest = min(values.values())
        return frozenset(a for a, value in values.items() if value == smallest)

    def distance(self, direction: Sequence[Number] | None = None) -> Fraction:
        """The t with t·direction on the boundary of Γ; the direction is (1, …, 1) unless given.

        For K = Σ f² nondegenerate, λ = 1/(2t) (Varchenko 1976): the ray is that of 1 + prior.

        >>> NewtonPolyhedron.of([(2, 0), (0, 3)]).distance()
        Fraction(6, 5)
        """
        ray = self.ray(direction)
        return max(
            Fraction(f.value) / sum(w * x for w, x in zip(f.normal, ray, strict=True))
            for f in self.facets
        )

    def hit_face(self, direction: Sequence[Number] | None = None) -> frozenset[Exponent]:
        """The support points on the smallest face that the ray of the direction hits.

        >>> sorted(NewtonPolyhedron.of([(2, 0), (0, 3)]).hit_face())
        [(0, 3), (2, 0)]
        """
        hit = self.hit_facets(direction)
        return frozenset(a for a, mask in self.incidence.items() if mask & hit == hit)

    def hit_facets(self, direction: Sequence[Number] | None) -> int:
        """The mask of the facets through the point where the ray meets the boundary."""
        ray, t = self.ray(direction), self.distance(direction)
        return _mask(
            j
            for j, f in enumerate(self.facets)
            if t * sum(w * x for w, x in zip(f.normal, ray, strict=True)) == f.value
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        direction: Sequence[Number] | None = None,
        names: Sequence[str] | None = None,
    ) -> Axes:
        """Draw Γ in the plane or in space: support, compact faces, the ray and the face that it
        hits.

        ax: axes to draw into (3-d ones for three variables), new ones unless given. direction: that
        of the ray, (1, …, 1) unless given. names: of the variables. Matplotlib is imported here
        only. Raises OutOfScope in other dimensions.

        >>> axes = NewtonPolyhedron.of([(2, 0), (0, 3)]).plot()
        >>> axes.get_title()
        'distance 6/5'
        """
        from singularity_lab.pictures.polyhedra import polyhedron_with_ray

        return polyhedron_with_ray(self, ax, direction=direction, names=names)

    def ray(self, direction: Sequence[Number] | None) -> tuple[Number, ...]:
        """The direction, all ones unless given; raises BadInput unless it is positive."""
        ray = (1,) * self.dimension if direction is None else tuple(direction)
        if len(ray) != self.dimension or any(x <= 0 for x in ray):
            raise BadInput(
                f"direction: {self.dimension} positive numbers are needed, received {ray}"
            )
        return ray

    def _repr_html_(self) -> str:
        from singularity_lab.system.notebooks import table  # a replay does not read it

        lines = [(f"({', '.join(map(str, f.normal))})", f.value) for f in self.facets]
        corners = ", ".join(map(str, self.vertices))
        title = f"Newton polyhedron with vertices {corners}"
        return table(title, ("normal w of a facet", "⟨w, x⟩ ≥"), lines)

    def __str__(self) -> str:
        corners = ", ".join(map(str, self.vertices))
        walls = sum(not f.value for f in self.facets)
        inner = counted(len(self.facets) - walls, "facet")
        beside = f" besides {walls} in coordinate hyperplanes" if walls else ""
        return f"Newton polyhedron with vertices {corners} and {inner}{beside}"


def minimal_elements(points: Sequence[Exponent]) -> tuple[Exponent, ...]:
    """The points that are not ≥ another one in every coordinate, sorted.

    >>> minimal_elements([(2, 0), (2, 1), (0, 3)])
    ((0, 3), (2, 0))
    """
    kept: list[Exponent] = []
    for a in sorted(set(points), key=lambda a: (sum(a), a)):
        check_time()
        if not any(all(x <= y for x, y in zip(b, a, strict=True)) for b in kept):
            kept.append(a)
    return tuple(sorted(kept))


def _half_spaces(points: Sequence[Exponent], n: int, limit: int) -> list[tuple[Exponent, int]]:
    """The extreme rays (w, h), w ≠ 0, of {w ≥ 0, ⟨w, a⟩ ≥ h}, by double description.

    A ray carries the mask of the constraints it satisfies with equality: bits 0 … n − 1 for
    w_i ≥ 0, then one for each point. Two rays are adjacent iff no third has all their equalities.
    """
    # The order of insertion decides the size on the way; by distance from the first is a good one.
    first, *rest = sorted(points, key=lambda a: (sum(a), a))
    zero = (1 << n) - 1
    rays: list[tuple[tuple[int, ...], int]] = [((*(0,) * n, -1), zero)]
    for i in range(n):
        w = tuple(int(k == i) for k in range(n))
        rays.append(((*w, first[i]), (zero ^ (1 << i)) | (1 << n)))
    work = 0
    for step, a in enumerate(rest, start=1):
        check_time()
        bit = 1 << (n + step)
        negative, positive, kept = [], [], []
        for ray, mask in rays:
            value = sum(map(mul, ray, a)) - ray[n]
            if value < 0:
                negative.append((ray, mask, value))
            elif value > 0:
                positive.append((ray, mask, value))
                kept.append((ray, mask))
            else:
                kept.append((ray, mask | bit))
        masks = [mask for _, mask in rays]
        work += len(negative) * len(positive) * len(masks)
        if work > limit * 2_000:
            raise OutOfScope(f"Newton polyhedron: too large for double description ({n} variables)")
        for u, mask_u, value_u in negative:
            check_time()
            for v, mask_v, value_v in positive:
                common = mask_u & mask_v
                if common.bit_count() < n - 1:
                    continue
                if sum(1 for mask in masks if mask & common == common) > 2:
                    continue
                ray = tuple(value_v * x - value_u * y for x, y in zip(u, v, strict=True))
                g = gcd(*ray)
                kept.append((tuple(x // g for x in ray), common | bit))
        rays = kept
        if len(rays) > limit:
            raise OutOfScope(f"Newton polyhedron: more than {limit} half-spaces in dimension {n}")
    return [(ray[:n], ray[n]) for ray, _ in rays if any(ray[:n])]


def _through(facets: Sequence[Facet], a: Exponent) -> int:
    """The mask of the facets through a."""
    return _mask(j for j, f in enumerate(facets) if sum(map(mul, f.normal, a)) == f.value)


def _mask(bits: Iterable[int]) -> int:
    mask = 0
    for j in bits:
        mask |= 1 << j
    return mask
