"""Moments of inputs, and the population loss that they give."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import dyadic_points, sparse_polynomials

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.errors import BadInput
from singularity_lab.models.moments import Law, coefficients, isserlis, ldl, squared_error

LAWS = [
    Law("gaussian", 2),
    Law("uniform", 2),
    Law("data", 2, ((Fraction(1), Fraction(2)), (Fraction(-1), Fraction(1, 2)))),
]


@given(st.integers(0, 5))
def test_isserlis_in_one_variable_is_the_double_factorial(k):
    expected = 1
    for odd in range(1, 2 * k, 2):
        expected *= odd
    one = ((Fraction(1),),)
    assert isserlis((2 * k,), one) == expected
    assert isserlis((2 * k + 1,), one) == 0


@given(st.tuples(*[st.integers(0, 3)] * 2), st.integers(-3, 3))
def test_isserlis_under_a_change_of_variables(alpha, shear):
    """x = z₁, y = z₂ + s z₁ with independent z: expand the monomial and take moments of z."""
    s = Fraction(shear)
    z = Polynomial.from_terms({(1, 0): 1}, "p q"), Polynomial.from_terms({(0, 1): 1}, "p q")
    monomial = z[0] ** alpha[0] * (z[1] + z[0] * s) ** alpha[1]
    law = Law("gaussian", 2)
    direct = sum((c * law.moment(a) for a, c in monomial.terms()), Fraction(0))
    covariance = ((Fraction(1), s), (s, 1 + s * s))
    assert isserlis(alpha, covariance) == direct


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
@given(f=sparse_polynomials(variables=4, high=2), w=dyadic_points(2))
def test_squared_error_is_the_second_moment(law, f, w):
    """E f(x, w)² at fixed w, from the terms of f² in x, equals the sum of squares."""
    names, inputs = f.variables[:2], f.variables[2:]
    squares = squared_error([f], inputs, names, law)
    assert all(c > 0 for c, _ in squares)
    at_w = f.substitute(dict(zip(names, w, strict=True)))
    direct = sum((c * law.moment(a[2:]) for a, c in (at_w * at_w).terms()), Fraction(0))
    assert sum((c * p(w) ** 2 for c, p in squares), Fraction(0)) == direct


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_quadrature_has_the_moments(law):
    nodes, weights = law.quadrature(6)
    for alpha in [(0, 0), (2, 0), (1, 1), (4, 2), (3, 3), (1, 0)]:
        value = (weights * nodes[:, 0] ** alpha[0] * nodes[:, 1] ** alpha[1]).sum().item()
        assert value == pytest.approx(float(law.moment(alpha)), rel=1e-12, abs=1e-13)


@given(st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=1, max_size=4))
def test_ldl_recovers_a_gram_matrix(rows):
    n = len(rows)
    gram = [[Fraction(sum(x * y for x, y in zip(a, b, strict=True))) for b in rows] for a in rows]
    d, lower = ldl(gram)
    for i in range(n):
        for j in range(n):
            assert gram[i][j] == sum(lower[i][k] * d[k] * lower[j][k] for k in range(n))


@pytest.mark.parametrize("gram", [[[-1]], [[0, 1], [1, 0]], [[1, 2], [2, 1]]])
def test_ldl_refuses_what_is_no_gram_matrix(gram):
    with pytest.raises(BadInput, match="positive semidefinite"):
        ldl([[Fraction(x) for x in row] for row in gram])


def test_coefficients_reassemble():
    from singularity_lab.algebra.polynomial import parse

    f = parse("a*x^2*y + b*x - 3*a*b + x", "a b x y")
    parts = coefficients(f, ["x", "y"], ["a", "b"])
    total = Polynomial.constant(0, "a b x y")
    for (i, j), c in parts.items():
        total = total + c.in_ring("a b x y") * parse(f"x^{i}*y^{j}", "a b x y")
    assert total == f


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("normal", ()),
        ("data", ()),
        ("gaussian", ((Fraction(1),),)),
        ("data", ((Fraction(1),) * 2,)),
    ],
)
def test_bad_laws(kind, points):
    with pytest.raises(BadInput, match="law"):
        Law(kind, 1, points)
