"""Arnold's classification of simple and unimodal function germs, as a determinator.

Arnold 1972, 1976; Arnold, Gusein-Zade and Varchenko 1985, chapters 15–17. The class of a germ with
isolated critical point is read from the residual part of the splitting lemma: from its corank, the
tangent cone (a binary cubic or quartic, or a plane cubic), and the Milnor number μ; for the series
T_{p,q,r} also from the order of the germ along the double points of the tangent cone.

The exponent p of T_{p,q,r} at a double point of the cone: in the chart of the blow-up there, f/x^d
is a nondegenerate quadratic form in the other coordinates at x = 0, so eliminating these leaves
c·x^(p−d)·unit. Factors are taken over Q: conjugate double points have equal exponents, so μ gives
them.

Real forms. Over R the coefficients of a normal form can be scaled to ±1 by positive factors and the
signs of the coordinates; what is left are products of signs that no such change alters. They are
read at the singular point e of the tangent cone: the cubic is x·Q(y, z) + C(y, z) there, and c·x^p
is the term along e after elimination. Real nodes are crossings or isolated by the sign of disc Q;
P8 is told apart by the sign of the cubic's discriminant (Aronhold's T² + 64·S³: a cubic with an
oval if it is negative).
"""

from __future__ import annotations

from collections.abc import Sequence

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.errors import BadInput, Undecided
from singularity_lab.exact.classification.corank_three import corank_3
from singularity_lab.exact.classification.corank_two import corank_2
from singularity_lab.exact.classification.normal_forms import Arnold


def classify(residual: Polynomial, milnor: int, precision: int | None = None) -> Arnold:
    """The class of a germ of order ≥ 3, given its Milnor number.

    residual: the residual part of the splitting lemma (in as many variables as the corank), known
    up to the degree ``precision`` (exact unless given; at least μ + 1 is enough for all that is
    asked: germs are (μ + 1)-determined, Mather 1968). milnor: its Milnor number.

    Raises Undecided where the precision does not suffice.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(classify(parse("x^3 + y^4 + z^5 + x*y*z"), 11))
    T_{3,4,5} (real form T_{3,4,5}: node 4+, node 5): x^3 + y^4 + ... + a*x*y*z, a != 0, modality 1
    """
    n = len(residual.variables)
    if milnor < 1:
        raise BadInput(f"milnor: an integer >= 1 is needed, received {milnor}")
    if n == 0 or milnor == 1:
        return Arnold("A1", "A", 1, 0, normal_form="x^2")
    residual = _rename(residual, ("x", "y", "z", "w")[:n] if n <= 4 else residual.variables)
    if n == 1:
        return _a_series(residual, milnor)
    if n == 2:
        return corank_2(residual, milnor, precision)
    if n == 3:
        return corank_3(residual, milnor, precision)
    return Arnold(f"corank {n}, mu = {milnor}", "", milnor, None)


def _rename(f: Polynomial, names: Sequence[str]) -> Polynomial:
    return Polynomial.from_terms(dict(f.terms()), tuple(names))


def _a_series(g: Polynomial, mu: int) -> Arnold:
    if g.order != mu + 1:
        raise Undecided(f"A series: order {g.order} of the residual part, but mu = {mu}")
    (lead,) = [c for a, c in g.terms() if a[0] == mu + 1]
    real = f"A{mu}{'+' if lead > 0 else '-'}" if mu % 2 else ""
    sign = "" if lead > 0 or not mu % 2 else "-"
    return Arnold(f"A{mu}", "A", mu, 0, real=real, normal_form=f"{sign}x^{mu + 1}")
