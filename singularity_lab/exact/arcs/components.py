"""Components of hypersurfaces over Q and its number fields, counted as jet schemes need them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import fraction
from singularity_lab.algebra.univariate import count_roots, univariate
from singularity_lab.exact.zeros import torus

GroundField = Literal["C", "R", "Q"]


def hypersurface_components(f: Polynomial, over: GroundField) -> int | None:
    """The irreducible components of {f = 0}, over R those with real points dense in them.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> [hypersurface_components(parse("x*(x^2 + y^2)"), k) for k in ("C", "R", "Q")]
    [3, 1, 2]
    """
    total: int | None = 0
    for q, _ in f.factor()[1]:
        if any(max(a[i] for a in q.support()) == 1 for i in range(len(q.variables))):
            here: int | None = 1  # A·x + B without common factor: a graph where A ≠ 0
        else:
            here = torus.components(q).over(over)
        total = None if total is None or here is None else total + here
    return total


def count_intersection(forms: Sequence[Polynomial], over: GroundField) -> int | None:
    """Components of a smooth complete intersection in the torus, by rational roots of binomials."""
    if len(forms) == 1:
        if len(forms[0].flint) == 1:
            return 0
        return torus.components(forms[0]).over(over)
    for j, f in enumerate(forms):
        form = torus.lattice_form([f])
        if form.rank != 1:
            continue
        total = 0
        p = univariate(form.polys[0], "t1")
        for q, _ in p.factor()[1]:
            if q.degree() == 1 and q[0] == 0:
                continue
            if q.degree() > 1:
                number = {"C": int(q.degree()), "Q": 1, "R": count_roots(q, "nonzero")}[over]
                if number and not _is_graph([*forms[:j], *forms[j + 1 :]]):
                    return None
                total += number
                continue
            root = fraction(-q[0] / q[1])
            n = len(f.variables)
            rest = []
            for g in (*forms[:j], *forms[j + 1 :]):
                terms: dict[tuple[int, ...], Fraction] = {}
                for a, c in g.terms():
                    y = [sum(a[i] * form.matrix[i][k] for i in range(n)) for k in range(n)]
                    key = tuple(y[1:])
                    terms[key] = terms.get(key, Fraction(0)) + c * root ** y[0]
                low = [min(a[k] for a in terms) for k in range(n - 1)]
                rest.append(
                    Polynomial.from_terms(
                        {
                            tuple(x - s for x, s in zip(a, low, strict=True)): c
                            for a, c in terms.items()
                            if c
                        },
                        tuple(f"y{k + 1}" for k in range(1, n)),
                    )
                )
            if any(g.is_zero for g in rest):
                return None
            part = count_intersection(rest, over)
            if part is None:
                return None
            total += part
        return total
    return None


def _is_graph(forms: Sequence[Polynomial]) -> bool:
    """Whether one equation, in the torus, is that of a graph A·y = B with A a monomial."""
    if len(forms) != 1:
        return False
    (f,) = forms
    for i in range(len(f.variables)):
        degrees = [a[i] for a in f.support()]
        if max(degrees) - min(degrees) == 1 and degrees.count(max(degrees)) == 1:
            return True
    return False
