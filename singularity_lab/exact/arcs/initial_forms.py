"""Thresholds over C from the initial form for weights.

For weights w > 0 with f of order N and initial form f_w, lct(f) ≤ |w|/N, and lct(f) ≥ lct(f_w),
which is the lesser of |w|/N and the threshold of f_w outside 0 (Kollár 1997, section 8; Demailly
and Kollár 2000, semicontinuity).

*Plane curves.* Outside 0, f_w is a product of powers of smooth disjoint curves, so its threshold
there is 1/m for the largest multiplicity m, and f is decided where m ≤ N/|w|. A larger one belongs
to a single root y = c·x^q of the initial form: two of them, or one for weights that are both > 1,
would have N ≥ 2qm > N. So c is rational, however the others are conjugate, and y − c·x^q is the
next coordinate (the adapted coordinates of Varchenko 1976, over C). Either some polygon is adapted,
or y converges to a branch of multiplicity m, and lct(f) = 1/m.

*More variables.* Where the reduced equation of f_w is smooth outside 0, or singular with a Hessian
of rank 2 or more, its threshold there is 1, and that of f_w is 1/m or more.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import flint

from singularity_lab.algebra.factoring import factor_if_quick
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.algebra.rings import ring, to_fmpq
from singularity_lab.errors import OutOfScope, SingularityLabError, Undecided
from singularity_lab.exact.classification.milnor import gradient, local_algebra
from singularity_lab.system.deadline import check_time

_VARIABLES = 5  # of forms whose Hessian is asked
_FACETS = 20
_COLUMNS = 1_500


def curve_threshold(f: Polynomial) -> Fraction:
    """Return lct of a plane curve f = 0 at 0, over C.

    f: a polynomial of two variables that vanishes at 0, and not everywhere. Raises OutOfScope for
    another one.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(curve_threshold(parse("(x^2 - 2*y^2)^2 + y^5")), curve_threshold(parse("(x - y)^3")))
    1/2 1/3

    Reference: Kollár 1997, *Singularities of pairs*.
    """
    if len(f.variables) != 2 or f.is_zero or f({}):
        raise OutOfScope(f"curve_threshold: f of two variables, 0 at the origin, received {f}")
    most = max(int(e) for p, e in f.factor()[1] if not p({}))
    while True:
        check_time()
        polygon = NewtonPolyhedron.of(sorted(f.support()))
        t = polygon.distance()
        hit = polygon.hit_facets(None)
        weights = [v for j, v in enumerate(polygon.facets) if hit >> j & 1]
        if len(weights) > 1 or min(weights[0].normal) != 1:
            return 1 / t  # a vertex; a ray, of a coordinate in f; or an edge of two weights > 1
        p, q = weights[0].normal
        inner, outer = (1, 0) if p == 1 else (0, 1)  # the root is of y in x, or of x in y
        slope = max(p, q)
        edge = [Fraction(0)] * (1 + max(a[inner] for a in f.support()))
        for a, c in f.terms():
            if p * a[0] + q * a[1] == weights[0].value:
                edge[a[inner]] = c
        roots = [
            (root, m)
            for root, m in flint.fmpq_poly([to_fmpq(c) for c in edge]).factor()[1]
            if m > t
        ]
        if not roots:
            return 1 / t
        root, m = roots[0]
        if m == most:
            return Fraction(1, most)
        context = ring(f.variables)
        moved = context.gen(inner) - root[0] / root[1] * context.gen(outer) ** slope
        f = f.substitute({f.variables[inner]: Polynomial(f.variables, moved)})


def bound_below(f: Polynomial) -> tuple[Fraction, tuple[int, ...]]:
    """Return the best lower bound of lct(f) at 0 from initial forms, and its weights.

    The bound is 0 where no form has an equation that is smooth, or has a Hessian of rank 2,
    outside 0.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> bound_below(parse("y*(x^2 + y^2 + z^2)^2"))
    (Fraction(1, 2), (1, 1, 1))
    """
    best: tuple[Fraction, tuple[int, ...]] = Fraction(0), ()
    if len(f.variables) > _VARIABLES:
        return best
    for weights, part in _initial_forms(f):
        n = sum(w * e for w, e in zip(weights, part.support()[0], strict=True))
        factors = factor_if_quick(part.flint)[1]
        bound = min(Fraction(sum(weights), n), Fraction(1, max(int(e) for _, e in factors)))
        if bound <= best[0]:
            continue
        product = ring(f.variables).constant(1)
        for p, _ in factors:
            product = product * p
        if _is_mild(Polynomial(f.variables, product)):
            best = bound, weights
    return best


def _initial_forms(f: Polynomial) -> Iterator[tuple[tuple[int, ...], Polynomial]]:
    """Positive weights with the initial form: of the multiplicity, and of the compact facets."""
    ones = (1,) * len(f.variables)
    try:
        facets = NewtonPolyhedron.of(sorted(f.support())).facets[:_FACETS]
    except SingularityLabError:
        facets = ()
    for weights in dict.fromkeys([ones, *(v.normal for v in facets if all(v.normal))]):
        least = min(_weight(weights, a) for a in f.support())
        terms = {a: c for a, c in f.terms() if _weight(weights, a) == least}
        yield weights, Polynomial.from_terms(terms, f.variables)


def _weight(weights: tuple[int, ...], a: Exponent) -> int:
    return sum(w * e for w, e in zip(weights, a, strict=True))


def _is_mild(g: Polynomial) -> bool:
    """Whether a quasi-homogeneous g is proved smooth outside 0, or singular with a Hessian of rank
    2 or more: g, its derivatives and the 2-minors of its Hessian vanish together at 0 alone."""
    first = gradient(g)
    hessian = [gradient(d) for d in first]
    pairs = list(itertools.combinations(range(len(first)), 2))
    minors = [
        hessian[i][k] * hessian[j][m] - hessian[i][m] * hessian[j][k]
        for n, (i, j) in enumerate(pairs)
        for k, m in pairs[n:]
    ]
    try:
        local_algebra([g, *first, *minors], columns=_COLUMNS)
    except (OutOfScope, Undecided):
        return False
    return True
