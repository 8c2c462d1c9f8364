"""Primal and dual solutions of a covering program, checked: its value and the dimension of its
face."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import mul

from singularity_lab.algebra.simplex import LinearRow, flat, scaled
from singularity_lab.errors import CertificateError


def check_covering(
    costs: LinearRow, rows: Sequence[LinearRow], primal: LinearRow, dual: LinearRow
) -> tuple[Fraction, int]:
    """The optimum and the dimension of the optimal face, proved by a primal and a dual solution.

    Weak duality proves the optimum. Let A be the rows with y > 0 and the coordinates whose dual
    constraint is slack: by complementary slackness the optimal face lies in the flat where these
    are tight, of dimension n − rank(A). Every other constraint is strict at v or, where it is
    tight at v, must not raise the rank: then v has a neighbourhood in that flat which is optimal,
    and the dimension is exactly n − rank(A). Raises CertificateError that names the first rule
    that fails.

    >>> from fractions import Fraction
    >>> v = y = [Fraction(1, 2), Fraction(1, 3)]
    >>> check_covering([1, 1], [(2, 0), (0, 3)], v, y)
    (Fraction(5, 6), 0)
    """
    n = len(costs)
    if len(primal) != n or any(len(a) != n for a in rows):
        raise CertificateError(f"covering program: vectors of length {n} are needed")
    if len(dual) != len(rows):
        raise CertificateError(f"covering program: {len(rows)} dual values are needed")
    # integer numerators over a denominator each: v = vs/v_unit, y = ys/y_unit, c = cs/c_unit
    (vs, v_unit), (ys, y_unit), (cs, c_unit) = map(scaled, (primal, dual, costs))
    if min(vs, default=0) < 0:
        raise CertificateError("covering program: the primal solution has a negative entry")
    if min(ys, default=0) < 0:
        raise CertificateError("covering program: the dual solution has a negative entry")
    products = [sum(map(mul, vs, a)) for a in rows]
    if (least := min(products, default=v_unit)) < v_unit:
        a = tuple(rows[products.index(least)])
        raise CertificateError(
            f"covering program: <v, a> = {Fraction(least, v_unit)} < 1 at a = {a}"
        )
    columns = zip(*rows, strict=True) if rows else [()] * n
    used = [c_unit * sum(map(mul, ys, column)) for column in columns]
    slack = [y_unit * c - u for c, u in zip(cs, used, strict=True)]
    if (least := min(slack, default=0)) < 0:
        i = slack.index(least)
        raise CertificateError(f"covering program: the dual exceeds the cost of variable {i}")
    value = Fraction(sum(map(mul, cs, vs)), c_unit * v_unit)
    if (dual_value := Fraction(sum(ys), y_unit)) != value:
        raise CertificateError(
            f"covering program: primal value {value} and dual value {dual_value} differ"
        )
    needed = [a for a, y in zip(rows, ys, strict=True) if y]
    free = [i for i in range(n) if not slack[i]]
    tight = [a for a, p in zip(rows, products, strict=True) if p == v_unit]
    loose = [i for i in range(n) if vs[i]]
    dimension = flat(needed, free)
    # by complementary slackness each needed one is tight: equal numbers are equal sets
    fewer = len(tight) != len(needed) or len(loose) != len(free)
    if fewer and (least := flat(tight, loose)) != dimension:
        raise CertificateError(
            "covering program: the solutions are not strictly complementary, so the dimension "
            f"of the optimal face is not proved (between {least} and {dimension})"
        )
    return value, dimension
