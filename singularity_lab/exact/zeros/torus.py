"""Very affine varieties {p_1 = … = p_k = 0} ⊂ (C*)^n: emptiness, smoothness, number of components.

A monomial change of coordinates by a matrix of GL_n(Z) is an automorphism of the torus. It brings
the exponents of the p's (each up to a unit monomial) into the first r coordinates, r the rank of
their differences, so that everything is decided in (C*)^r.

Emptiness is decided over C: by a monomial in the span of the p's; by a gcd for r = 1; by a Gröbner
basis with the inverse of the coordinates adjoined (Rabinowitsch 1929). Nothing here is numerical.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import Any

import flint

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.algebra.univariate import count_roots, univariate
from singularity_lab.exact.zeros.decide import no_common_zero
from singularity_lab.exact.zeros.find import FoundZero

_LIMITS = (160, 600, 4_000)  # Gröbner: basis length, terms, bits


@dataclass(frozen=True)
class LatticeForm:
    """Polynomials in torus coordinates t = x^U of which only the first ``rank`` occur.

    polys: in ``rank`` variables t1, t2, …, without common monomial each. matrix: U in GL_n(Z), its
    columns the exponents of the t's in the x's; exponents a become a·U up to a shift.
    """

    polys: tuple[Polynomial, ...]
    rank: int
    matrix: tuple[tuple[int, ...], ...]


def lattice_form(polys: Sequence[Polynomial]) -> LatticeForm:
    """The same subvariety of the torus in as few coordinates as possible.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> form = lattice_form([parse("x^4*y^2 - 2*x^2*y^5 + y^8")])
    >>> form.rank, str(form.polys[0])
    (1, 't1^2 - 2*t1 + 1')
    """
    n = len(polys[0].variables)
    differences = []
    for p in polys:
        support = p.support()
        differences += [[x - y for x, y in zip(a, support[0], strict=True)] for a in support[1:]]
    u, rank = _column_form(differences, n)
    names = tuple(f"t{i + 1}" for i in range(rank))
    images = []
    for p in polys:
        moved = {
            tuple(sum(a[i] * u[i][j] for i in range(n)) for j in range(rank)): c
            for a, c in p.terms()
        }
        low = [min((b[j] for b in moved), default=0) for j in range(rank)]
        images.append(
            Polynomial.from_terms(
                {tuple(b - s for b, s in zip(e, low, strict=True)): c for e, c in moved.items()},
                names,
            )
        )
    return LatticeForm(tuple(images), rank, tuple(map(tuple, u)))


def _column_form(rows: Sequence[Sequence[int]], n: int) -> tuple[list[list[int]], int]:
    """(U, r) with U in GL_n(Z) such that rows·U vanishes outside its first r columns (Hermite)."""
    u = [[int(i == j) for j in range(n)] for i in range(n)]
    work = [list(row) for row in rows]
    rank = 0
    for row in work:
        # Euclid on the entries of this row in the columns from `rank` on
        while True:
            live = [j for j in range(rank, n) if row[j]]
            if len(live) <= 1:
                break
            small = min(live, key=lambda j: abs(row[j]))
            for j in live:
                if j != small:
                    q = row[j] // row[small]
                    for matrix in (work, u):
                        for line in matrix:
                            line[j] -= q * line[small]
        if live:
            (j,) = live
            for matrix in (work, u):
                for line in matrix:
                    line[rank], line[j] = line[j], line[rank]
            if row[rank] < 0:
                for matrix in (work, u):
                    for line in matrix:
                        line[rank] = -line[rank]
            rank += 1
    return u, rank


def inverse_matrix(u: Sequence[Sequence[int]]) -> list[list[int]]:
    """The inverse of a matrix of GL_n(Z)."""
    n = len(u)
    inverse = flint.fmpz_mat(n, n, [e for row in u for e in row]).inv()
    return [[int((inverse[i, j]).p) for j in range(n)] for i in range(n)]


def has_zero(polys: Sequence[Polynomial]) -> bool | None:
    """Whether the polynomials have a common zero in (C*)^n; None when the limits do not decide.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> has_zero([parse("x^2 + y^2")]), has_zero([parse("x^2", "x y")])
    (True, False)
    >>> has_zero([parse("x + y + 1"), parse("x + y", "x y")])
    False
    """
    live = [p for p in polys if not p.is_zero]
    if not live:
        return True
    if any(len(p.flint) == 1 for p in live):
        return False
    return _has_zero(tuple(live))


@lru_cache(maxsize=4096)
def _has_zero(polys: tuple[Polynomial, ...]) -> bool | None:
    if len(polys) == 1:
        return True  # not a monomial: a nonconstant Laurent polynomial has a zero in the torus
    form = lattice_form(polys)
    if any(len(p.flint) == 1 for p in _span(polys)):
        return False
    if form.rank == 1:
        common = univariate(form.polys[0], "t1")
        for p in form.polys[1:]:
            common = common.gcd(univariate(p, "t1"))
        return bool(common.degree() > 0 and _without_zero(common).degree() > 0)
    return _groebner_has_zero(form.polys)


def _without_zero(p: flint.fmpq_poly) -> flint.fmpq_poly:
    """p without its root 0."""
    coefficients = p.coeffs()
    low = next(i for i, c in enumerate(coefficients) if c != 0)
    return flint.fmpq_poly(coefficients[low:])


def _span(polys: Sequence[Polynomial]) -> list[Polynomial]:
    """An echelon basis of the Q-span."""
    columns = sorted({a for p in polys for a in p.support()})
    matrix = flint.fmpq_mat(len(polys), len(columns))
    for i, p in enumerate(polys):
        for a, c in p.terms():
            matrix[i, columns.index(a)] = flint.fmpq(c.numerator, c.denominator)
    reduced, rank = matrix.rref()
    names = polys[0].variables
    return [
        Polynomial.from_terms(
            {
                a: Fraction(int(reduced[i, j].p), int(reduced[i, j].q))
                for j, a in enumerate(columns)
                if reduced[i, j] != 0
            },
            names,
        )
        for i in range(rank)
    ]


def _groebner_has_zero(polys: Sequence[Polynomial]) -> bool | None:
    names = polys[0].variables
    context = flint.fmpz_mpoly_ctx.get((*names, "inv"), flint.Ordering.degrevlex)
    ideal = []
    for p in polys:
        scale = lcm(*(c.denominator for _, c in p.terms()))
        ideal.append(context.from_dict({(*a, 0): int(c * scale) for a, c in p.terms()}))
    ideal.append(context.from_dict({(*(1,) * len(names), 1): 1, (0,) * (len(names) + 1): -1}))
    basis: Any
    basis, finished = flint.fmpz_mpoly_vec(ideal, context).buchberger_naive(limits=_LIMITS)
    members = [basis[i] for i in range(len(basis))]
    if any(p.is_constant() and not p.is_zero() for p in members):
        return False
    return True if finished else None


def logarithmic_derivatives(f: Polynomial) -> list[Polynomial]:
    """x_i ∂f/∂x_i for all i."""
    return [
        Polynomial.from_terms({a: c * a[i] for a, c in f.terms() if a[i]}, f.variables)
        for i in range(len(f.variables))
    ]


def is_smooth(f: Polynomial) -> bool | None:
    """Whether {f = 0} is smooth in (C*)^n, and reduced; None when the limits do not decide.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> is_smooth(parse("x^2 - y^3")), is_smooth(parse("(x^2 - y^3)^2"))
    (True, False)
    >>> is_smooth(parse("x^2 + y^2*z + z^5"))
    True
    """
    if len(f.flint) == 1:
        return True
    return _is_smooth(f)


@lru_cache(maxsize=4096)
def _is_smooth(f: Polynomial) -> bool | None:
    form = lattice_form([f])
    p = form.polys[0]
    zero = has_zero([p, *logarithmic_derivatives(p)])
    return None if zero is None else not zero


@dataclass(frozen=True)
class Components:
    """The numbers of irreducible components of a reduced hypersurface in the torus, by field.

    Over R those are counted whose real points are dense in them. None: not decided.
    """

    over_c: int | None
    over_r: int | None
    over_q: int | None

    def over(self, field: str) -> int | None:
        """The number of components over "C", "R" or "Q"; None where unknown."""
        return {"C": self.over_c, "R": self.over_r, "Q": self.over_q}[field]


@lru_cache(maxsize=4096)
def components(f: Polynomial) -> Components:
    """Components of {f = 0} in the torus, without multiplicities.

    In one coordinate: roots. In more, for each factor over Q: it is irreducible over C if its
    Newton polytope is no proper multiple (Gao 2001); if it is linear in a variable; if it has a
    smooth rational point; or if it is nondegenerate on all faces of its Newton polytope, since two
    factors of such a polynomial would meet in the torus (Bernstein 1975; Khovanskii 1977).

    >>> from singularity_lab.algebra.polynomial import parse
    >>> components(parse("x^4 - y^4"))
    Components(over_c=4, over_r=2, over_q=3)
    >>> components(parse("x^2 + y^2 + z^2"))
    Components(over_c=1, over_r=0, over_q=1)
    """
    form = lattice_form([f])
    if form.rank == 0:
        return Components(0, 0, 0)
    p = form.polys[0]
    if form.rank == 1:
        dense = _without_zero(univariate(p, "t1"))
        square_free = dense / dense.gcd(dense.derivative())
        factors = [q for q, _ in square_free.factor()[1]]
        return Components(
            int(square_free.degree()), count_roots(square_free, "nonzero"), len(factors)
        )
    total_c: int | None = 0
    total_r: int | None = 0
    count = 0
    for q, _ in p.factor()[1]:
        if len(q.flint) == 1:
            continue
        count += 1
        if len(q.used_variables()) < form.rank and lattice_form([q]).rank < form.rank:
            one = components(q)
            total_c = _plus(total_c, one.over_c)
            total_r = _plus(total_r, one.over_r)
            continue
        irreducible = _absolutely_irreducible(q)
        total_c = _plus(total_c, 1 if irreducible else None)
        answer = no_common_zero([q], dict.fromkeys(q.variables, "nonzero"))
        if isinstance(answer, dict):
            continue
        real = (
            1 if irreducible and isinstance(answer, FoundZero) and _smooth_at(q, answer) else None
        )
        total_r = _plus(total_r, real)
    return Components(total_c, total_r, count)


def _plus(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _absolutely_irreducible(q: Polynomial) -> bool:
    """A sufficient test for a factor that is irreducible over Q.

    Over C such a factor is a product of d conjugates with one Newton polytope P, so its own is d·P,
    and d divides all differences of vertices (Gao 2001).
    """
    vertices = [a for face in polytope_faces(q.support()) if len(face) == 1 for a in face]
    if gcd(*(x - y for a in vertices for x, y in zip(a, vertices[0], strict=True))) == 1:
        return True
    for i in range(len(q.variables)):
        if max(a[i] for a in q.support()) == 1:
            return True  # content-free, being irreducible over Q
    zero = no_common_zero([q], dict.fromkeys(q.variables, "nonzero"), 0.5)
    if isinstance(zero, FoundZero) and zero.evidence["kind"] == "point" and _smooth_at(q, zero):
        return True  # each conjugate would pass through it
    return nondegenerate_polytope(q) is True


def _smooth_at(q: Polynomial, zero: FoundZero) -> bool:
    """Whether real points near the zero are Zariski dense: a change of sign, or a smooth point."""
    if zero.evidence["kind"] != "point":
        return True
    point = [Fraction(x) for x in zero.evidence["point"]]
    return any(d(point) for d in logarithmic_derivatives(q))


def nondegenerate_polytope(f: Polynomial) -> bool | None:
    """Whether f is smooth in (C*)^n on each face of its Newton polytope.

    The faces are those that some integer weight, of any signs, minimises.
    """
    return smooth_on(f, polytope_faces(f.support()))


def smooth_on(f: Polynomial, faces: Iterable[Collection[Exponent]]) -> bool | None:
    """Whether the part of f on each of these faces is smooth in (C*)^n; None where that of some
    face is not decided, and none is singular."""
    answer: bool | None = True
    for face in faces:
        part = Polynomial.from_terms({a: c for a, c in f.terms() if a in face}, f.variables)
        smooth = is_smooth(part)
        if smooth is False:
            return False
        if smooth is None:
            answer = None
    return answer


def polytope_faces(support: Sequence[Exponent]) -> tuple[frozenset[Exponent], ...]:
    """All faces of conv(support), as sets of the support points on them.

    They are the compact faces of Newton polyhedra of its images under reflections: each orthant of
    weights sees those that it minimises, after a shift into the positive orthant.

    >>> len(polytope_faces([(0, 0), (1, 0), (0, 1), (1, 1)]))  # a square
    9
    """
    n = len(support[0])
    high = [max(a[i] for a in support) for i in range(n)]
    faces: set[frozenset[Exponent]] = {frozenset(support)}
    for mask in range(1 << n):
        flip = {
            tuple(high[i] - e if mask >> i & 1 else e for i, e in enumerate(a)): a for a in support
        }
        polyhedron = NewtonPolyhedron.of(sorted(flip))
        for face in weight_faces(polyhedron):
            faces.add(frozenset(flip[a] for a in face))
    return tuple(sorted(faces, key=lambda face: (len(face), sorted(face))))


def weight_faces(polyhedron: NewtonPolyhedron) -> tuple[frozenset[Exponent], ...]:
    """The support points on each face of a Newton polyhedron, compact or not: all weights v ≥ 0."""
    masks = {a: 0 for a in polyhedron.support}
    for j, f in enumerate(polyhedron.facets):
        for a in polyhedron.support:
            if sum(w * e for w, e in zip(f.normal, a, strict=True)) == f.value:
                masks[a] |= 1 << j
    start = {masks[v] for v in polyhedron.vertices}
    known = set(start)
    queue = list(start)
    while queue:
        face = queue.pop()
        for other in list(masks.values()):
            join = face & other
            if join not in known:
                known.add(join)
                queue.append(join)
    return tuple(
        sorted(
            {frozenset(a for a, m in masks.items() if m & face == face) for face in known},
            key=lambda face: (len(face), sorted(face)),
        )
    )
