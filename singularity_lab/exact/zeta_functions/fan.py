"""Dual fans of Newton polyhedra, volumes of their cones, and volumes below monomials."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import factorial, gcd

import flint

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.errors import BadInput
from singularity_lab.exact.zeros.torus import lattice_form, polytope_faces
from singularity_lab.system.deadline import check_time


@dataclass(frozen=True)
class DualFan:
    """The fan dual to a Newton polyhedron: cones as sets of facet normals.

    >>> from singularity_lab.algebra.polyhedra import NewtonPolyhedron
    >>> fan = DualFan(NewtonPolyhedron.of([(2, 0), (0, 3)]))
    >>> [sorted(fan.rays(c)) for c in fan.maximal]
    [[(1, 0), (3, 2)], [(0, 1), (3, 2)]]
    """

    polyhedron: NewtonPolyhedron

    @cached_property
    def _vertex_masks(self) -> dict[Exponent, int]:
        masks = {}
        for a in self.polyhedron.vertices:
            mask = 0
            for j, facet in enumerate(self.polyhedron.facets):
                if sum(w * e for w, e in zip(facet.normal, a, strict=True)) == facet.value:
                    mask |= 1 << j
            masks[a] = mask
        return masks

    @cached_property
    def cones(self) -> frozenset[int]:
        """All cones as masks of facets: the faces of Γ, compact or not."""
        directions = []
        for i in range(self.polyhedron.dimension):
            mask = 0
            for j, facet in enumerate(self.polyhedron.facets):
                if facet.normal[i] == 0:
                    mask |= 1 << j
            directions.append(mask)
        known = set(self._vertex_masks.values())
        queue = list(known)
        while queue:
            check_time()
            face = queue.pop()
            for other in (*self._vertex_masks.values(), *directions):
                join = face & other
                if join not in known:
                    known.add(join)
                    queue.append(join)
        return frozenset(known)

    @cached_property
    def maximal(self) -> tuple[int, ...]:
        """The cones of the vertices, in their order."""
        return tuple(self._vertex_masks[a] for a in self.polyhedron.vertices)

    def rays(self, cone: int) -> list[Exponent]:
        """The primitive generators."""
        facets = self.polyhedron.facets
        return [facets[j].normal for j in range(len(facets)) if cone >> j & 1]

    def order(self, ray: Exponent) -> int:
        """N(v) = min ⟨v, ·⟩ on Γ."""
        return min(
            sum(w * e for w, e in zip(ray, a, strict=True)) for a in self.polyhedron.vertices
        )

    def dual(self, face: Iterable[Exponent]) -> int:
        """The cone of the facets that contain a compact face."""
        mask = -1
        for a in face:
            if a in self._vertex_masks:
                mask &= self._vertex_masks[a]
        return mask

    def simplices(self, cone: int) -> list[tuple[Exponent, ...]]:
        """A subdivision without new rays into simplicial cones of full dimension (pulling)."""
        rays = self.rays(cone)
        dimension = rank(rays)
        if len(rays) == dimension:
            return [tuple(rays)]
        apex = rays[0]
        inside = [c for c in self.cones if c & cone == c and c != cone]
        walls = [c for c in inside if rank(self.rays(c)) == dimension - 1]
        return [
            (apex, *simplex)
            for wall in walls
            if apex not in self.rays(wall)
            for simplex in self.simplices(wall)
        ]


def multiplicity(simplex: Sequence[Exponent]) -> int:
    """The index of the lattice that the vectors span in its saturation: gcd of maximal minors.

    >>> multiplicity([(1, 0), (1, 2)]), multiplicity([(2, 3)])
    (2, 1)
    """
    k, n = len(simplex), len(simplex[0])
    common = 0
    for columns in itertools.combinations(range(n), k):
        minor = flint.fmpz_mat(k, k, [v[c] for v in simplex for c in columns]).det()
        common = gcd(common, int(minor))
    return common


def normalised_volume(points: Sequence[Exponent]) -> int:
    """(dim)!·volume of a lattice polytope in the lattice of its affine span.

    >>> normalised_volume([(0, 2), (2, 0)]), normalised_volume([(0, 0), (2, 0), (0, 2), (1, 1)])
    (2, 4)
    """
    names = tuple(f"x{i}" for i in range(len(points[0])))
    form = lattice_form([Polynomial.from_terms({a: 1 for a in points}, names)])
    if form.rank == 0:
        return 1
    flat = form.polys[0].support()
    faces = polytope_faces(flat)
    return sum(
        abs(
            int(
                flint.fmpz_mat(
                    form.rank,
                    form.rank,
                    [x - y for a in s[1:] for x, y in zip(a, s[0], strict=True)],
                ).det()
            )
        )
        for s in _polytope_simplices(frozenset(flat), faces)
    )


def _polytope_simplices(
    face: frozenset[Exponent], faces: Sequence[frozenset[Exponent]]
) -> list[tuple[Exponent, ...]]:
    """Pulling triangulation of a face by its vertices."""
    dimension = _affine_rank(face)
    vertices = sorted(a for s in faces if len(s) == 1 for a in s if a in face)
    if dimension == 0:
        return [(vertices[0],)]
    apex = vertices[0]
    return [
        (apex, *simplex)
        for wall in faces
        if wall < face and apex not in wall and _affine_rank(wall) == dimension - 1
        for simplex in _polytope_simplices(wall, faces)
    ]


def _affine_rank(points: Iterable[Exponent]) -> int:
    first, *rest = points
    return rank([tuple(x - y for x, y in zip(a, first, strict=True)) for a in rest])


def rank(rows: Sequence[Sequence[int]]) -> int:
    """The rank of an integer matrix."""
    if not rows:
        return 0
    return int(flint.fmpz_mat(len(rows), len(rows[0]), [e for row in rows for e in row]).rank())


# -- monomials: everything in closed form -----------------------------------------------------


@dataclass(frozen=True)
class LogPolynomialTerm:
    """c·ε^exponent·L^power with L = −log ε."""

    exponent: Fraction
    power: int
    coefficient: Fraction


def monomial_volume(
    powers: Sequence[int], prior: Sequence[Fraction | int] | None = None
) -> tuple[LogPolynomialTerm, ...]:
    """All terms of V(ε) = ∫ ∏ x^h over {x in [0, 1]^n, ∏ x^k < ε}, exact for 0 < ε ≤ 1.

    ζ(z) = ∏ 1/(k_i·z + h_i + 1), and V(ε) = −Σ Res_{u > 0} ζ(−u)·ε^u/u (Mellin inversion).
    powers: the k_i ≥ 0, not all 0; prior: the h_i > −1.

    >>> for t in monomial_volume([1, 1]): print(t)
    LogPolynomialTerm(exponent=Fraction(1, 1), power=1, coefficient=Fraction(1, 1))
    LogPolynomialTerm(exponent=Fraction(1, 1), power=0, coefficient=Fraction(1, 1))
    """
    h = [Fraction(x) for x in (prior if prior is not None else [0] * len(powers))]
    if len(h) != len(powers) or any(k < 0 for k in powers) or not any(powers):
        raise BadInput(f"powers: integers >= 0, not all 0, received {list(powers)}")
    if any(x <= -1 for x in h):
        raise BadInput(f"prior: exponents > -1 are needed, received {[str(x) for x in h]}")
    scale = Fraction(1)
    factors: dict[Fraction, int] = {}
    for k, x in zip(powers, h, strict=True):
        if k == 0:
            scale /= x + 1
        else:
            # 1/(h + 1 − k·u) = (−1/k)/(u − (h + 1)/k)
            scale *= Fraction(-1, k)
            root = (x + 1) / k
            factors[root] = factors.get(root, 0) + 1
    terms = []
    for root, order in sorted(factors.items()):
        # g(u) = scale/u·∏_{others} (u − r)^(−e), expanded at the root up to order − 1
        series = [scale] + [Fraction(0)] * (order - 1)
        series = _times_power(series, root, 1)
        for r, e in factors.items():
            if r != root:
                series = _times_power(series, root - r, e)
        # residue of g(u)·(u − root)^(−order)·ε^root·exp(−L·(u − root))
        for j in range(order):
            c = -series[order - 1 - j] * Fraction((-1) ** j, factorial(j))
            if c:
                terms.append(LogPolynomialTerm(root, j, c))
    return tuple(sorted(terms, key=lambda t: (t.exponent, -t.power)))


def _times_power(series: list[Fraction], base: Fraction, power: int) -> list[Fraction]:
    """The truncated series times (base + x)^(−power)."""
    for _ in range(power):
        out: list[Fraction] = []
        for k, c in enumerate(series):
            out.append((c - (out[k - 1] if k else 0)) / base)
        series = out
    return series
