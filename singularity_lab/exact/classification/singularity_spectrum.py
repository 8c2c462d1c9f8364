"""The spectrum of an isolated hypersurface singularity, from weights or the Newton filtration.

Steenbrink 1977; Varchenko and Khovanskii 1985; M. Saito 1988, *Exponents and Newton polyhedra*.

For f convenient and nondegenerate over C, let h be the Newton degree (1 on the compact faces,
linear on the cones over them). The Hodge filtration is the Newton filtration of Ω^n/df∧Ω^(n−1),
whose complex of logarithmic forms is exact, so that with P_I(t) = Σ_{a ∈ N^I} t^h(a)

    Σ t^α = Σ_I (−1)^(n−|I|) · (1 − t)^|I| · P_I(t)          over I ⊂ {1, …, n}.

At t = 1 this is Kouchnirenko's formula for μ. For f quasi-homogeneous with weights w, or
semi-quasi-homogeneous, it is ∏ (t^(w_i) − t)/(1 − t^(w_i)).

Convention: numbers α − 1 in the interval (−1, n − 1), symmetric about n/2 − 1 (as in Singular's
gmssing.lib); a square more adds 1/2.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

import flint

from singularity_lab.algebra.linear import solve_lp
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.zeros.torus import smooth_on, weight_faces

Weights = tuple[Fraction, ...]


def weights(f: Polynomial) -> Weights | None:
    """Weights w > 0 with ⟨w, a⟩ = 1 on the support of f; None where there are none.

    Where they are not unique (the critical point is then not isolated, or f has squares of a
    bilinear form), those are taken that are as near to 1/2 as a linear program sees.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> [str(w) for w in weights(parse("x^2*y + y^4"))], weights(parse("x^2 + x^3"))
    (['3/8', '1/4'], None)
    """
    support = f.support()
    n = len(f.variables)
    if not support:
        return None
    # the affine system ⟨w, a⟩ = 1, by elimination
    rows = [[*map(Fraction, a), Fraction(1)] for a in support]
    matrix = flint.fmpq_mat(
        len(rows), n + 1, [flint.fmpq(x.numerator, x.denominator) for r in rows for x in r]
    )
    reduced, rank = matrix.rref()
    pivots = [next((j for j in range(n + 1) if reduced[i, j] != 0), n) for i in range(rank)]
    if n in pivots:
        return None
    if rank == n:
        found = tuple(Fraction(int(reduced[i, n].p), int(reduced[i, n].q)) for i in range(n))
        return found if all(w > 0 for w in found) else None
    return _balanced_weights(support, n)


def _balanced_weights(support: Sequence[Exponent], n: int) -> Weights | None:
    """Of all weights in (0, 1/2] one with the largest minimum: variables w, s with w_i ≥ s."""
    # maximise s subject to equalities, w_i = s + u_i, u_i ≥ 0, w_i + y_i = 1/2 · …
    rows: list[list[int]] = []
    rhs: list[Fraction] = []
    for a in support:
        rows.append([*a, sum(a), *(0 for _ in range(n))])
        rhs.append(Fraction(1))
    for i in range(n):
        rows.append([*(int(i == j) for j in range(n)), 1, *(int(i == j) for j in range(n))])
        rhs.append(Fraction(1, 2))
    objective = [*(0 for _ in range(n)), 1, *(0 for _ in range(n))]
    found = solve_lp(objective, rows, rhs)
    if found is None:
        return None
    values = found.x
    w = tuple(values[i] + values[n] for i in range(n))
    return w if all(x > 0 for x in w) else None


def from_weights(w: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The spectrum of an isolated quasi-homogeneous singularity with these weights.

    Raises BadInput where ∏ (t^w − t)/(1 − t^w) is no polynomial with coefficients ≥ 0: then no
    isolated singularity has these weights.

    >>> [str(a) for a in from_weights([Fraction(1, 3), Fraction(1, 4)])]
    ['-5/12', '-1/6', '-1/12', '1/12', '1/6', '5/12']
    """
    if any(not 0 < x < 1 for x in w):
        raise BadInput(f"weights: rationals between 0 and 1 are needed, received {list(w)}")
    scale = lcm(*(x.denominator for x in w))
    top = flint.fmpz_poly([1])
    bottom = flint.fmpz_poly([1])
    for x in w:
        k = int(x * scale)
        top *= flint.fmpz_poly([0] * k + [1]) - flint.fmpz_poly([0] * scale + [1])
        bottom *= flint.fmpz_poly([1]) - flint.fmpz_poly([0] * k + [1])
    quotient, rest = divmod(top, bottom)
    coefficients = [int(c) for c in quotient.coeffs()]
    if not rest.is_zero() or any(c < 0 for c in coefficients):
        raise BadInput(f"weights: no isolated singularity has the weights {[str(x) for x in w]}")
    return tuple(Fraction(k, scale) - 1 for k, c in enumerate(coefficients) for _ in range(c))


@dataclass(frozen=True)
class NewtonFiltration:
    """The Newton degree of a convenient polyhedron, on exponents.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> N = NewtonFiltration.of(parse("x^3 + x*y^5 + y^8"))
    >>> str(N.degree((1, 1)))
    '7/15'
    """

    polyhedron: NewtonPolyhedron

    @classmethod
    def of(cls, f: Polynomial) -> NewtonFiltration:
        """The Newton filtration of f; raises OutOfScope where f is not convenient: no pure power of
        some variable occurs."""
        support = f.support()
        for i, v in enumerate(f.variables):
            if not any(a[i] and not any(a[:i] + a[i + 1 :]) for a in support):
                raise OutOfScope(f"Newton filtration: {f} has no power of {v} (not convenient)")
        return cls(NewtonPolyhedron.of(support))

    @cached_property
    def facets(self) -> tuple[tuple[Exponent, int], ...]:
        """(normal, value) of the compact facets."""
        return tuple((f.normal, f.value) for f in self.polyhedron.facets if f.value)

    def degree(self, a: Exponent) -> Fraction:
        """h(a) = min over facets of ⟨v, a⟩/value."""
        return min(
            Fraction(sum(x * y for x, y in zip(v, a, strict=True)), value)
            for v, value in self.facets
        )


def convenient(f: Polynomial, degree: int) -> Polynomial:
    """f with x_i^degree added for each variable of which no pure power occurs.

    For degree ≥ μ + 2 this is f in other coordinates (finite determinacy: Mather 1968; Tougeron).
    """
    n = len(f.variables)
    terms = dict(f.terms())
    for i in range(n):
        if not any(a[i] and not any(a[:i] + a[i + 1 :]) for a in terms):
            terms[tuple(degree * int(i == j) for j in range(n))] = Fraction(1)
    return Polynomial.from_terms(terms, f.variables)


def nondegenerate(f: Polynomial, compact: bool = True) -> bool | None:
    """Whether f is smooth in (C*)^n on each compact face of its Newton polyhedron (Kouchnirenko).

    >>> from singularity_lab.algebra.polynomial import parse
    >>> nondegenerate(parse("x^2 + x*y^2 + y^4")), nondegenerate(parse("x^2 + 2*x*y^2 + y^4"))
    (True, False)
    """
    polyhedron = NewtonPolyhedron.of(f.support())
    faces = polyhedron.compact_faces() if compact else weight_faces(polyhedron)
    return smooth_on(f, faces)


def from_newton(f: Polynomial, milnor: int) -> tuple[Fraction, ...]:
    """The spectrum of f, proved nondegenerate over C, by Saito's formula.

    milnor: μ, found independently; the number of spectral numbers must be μ. Raises OutOfScope
    where f is degenerate, Undecided where nondegeneracy is not decided.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> s = from_newton(parse("x^3 + y^4 + z^6 + x*y*z"), 12)
    >>> [(str(a), k) for a, k in sorted(Counter(s).items())][:4]
    [('0', 1), ('1/6', 1), ('1/4', 1), ('1/3', 2)]
    """
    f = convenient(f, milnor + 2)
    good = nondegenerate(f)
    if good is False:
        raise OutOfScope(f"spectrum: {f} is degenerate on a compact face of its Newton polyhedron")
    if good is None:
        raise Undecided(f"spectrum: nondegeneracy of {f} over C is not decided")
    filtration = NewtonFiltration.of(f)
    n = len(f.variables)
    total: Counter[Fraction] = Counter()
    for size in range(n + 1):
        for chosen in itertools.combinations(range(n), size):
            series = _points_below(filtration, chosen, n)
            for _ in range(size):
                shifted: Counter[Fraction] = Counter(series)
                for h, c in series.items():
                    if h + 1 <= n:
                        shifted[h + 1] -= c
                series = shifted
            for h, c in series.items():
                total[h] += (-1) ** (n - size) * c
    spectrum = tuple(sorted(h - 1 for h, c in total.items() for _ in range(c) if 0 < h < n))
    stray = {h: c for h, c in total.items() if c < 0 or (c and not 0 < h < n)}
    if stray or len(spectrum) != milnor:
        raise Undecided(
            f"spectrum: Saito's formula gives {len(spectrum)} numbers where mu = {milnor}"
        )
    return spectrum


def _points_below(filtration: NewtonFiltration, chosen: Sequence[int], n: int) -> Counter[Fraction]:
    """Σ t^h(a) over a in N^I with h(a) ≤ n."""
    series: Counter[Fraction] = Counter()
    a = [0] * n

    def walk(at: int) -> None:
        if at == len(chosen):
            series[filtration.degree(tuple(a)) if any(a) else Fraction(0)] += 1
            return
        i = chosen[at]
        while not any(a) or filtration.degree(tuple(a)) <= n:
            walk(at + 1)
            a[i] += 1
        a[i] = 0

    walk(0)
    return series


def suspend(spectrum: Sequence[Fraction], squares: int) -> tuple[Fraction, ...]:
    """The spectrum of f(x) + y_1² + … + y_k² (Thom and Sebastiani; Varchenko 1980).

    >>> suspend((Fraction(-1, 3), Fraction(1, 3)), 1)
    (Fraction(1, 6), Fraction(5, 6))
    """
    return tuple(a + Fraction(squares, 2) for a in spectrum)
