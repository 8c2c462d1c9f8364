"""Answers for expressions with functions: against polynomials, and true bounds elsewhere."""

from fractions import Fraction

import pytest

from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.errors import OutOfScope
from singularity_lab.exact.engine.analytic_answer import solve_analytic
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.verify import verify


def solved(problem, budget=5.0):
    return solve_analytic(problem, budget, lambda p, left: rlct(p, budget=left))


@pytest.mark.parametrize(
    ("text", "polynomial"),
    [
        ("a*tanh(b)", "a*b"),
        ("sin(x)^2 - y^3", "x^2 - y^3"),
        (["exp(x) - 1", "log(1 + y)^2"], ["x", "y^2"]),
        ("x/(1 + y) - y^2", "x"),
        ("tan(x)*sinh(y)^3", "x*y^3"),
    ],
)
def test_a_change_of_coordinates_keeps_the_value(text, polynomial):
    answer = solved(AnalyticProblem.build(text))
    (certificate,) = answer.certificates
    verify(certificate)
    assert certificate.claim == rlct(polynomial).rlct
    assert ("to polynomials" in answer.method) == bool(certificate.proof["steps"])


@pytest.mark.parametrize("n", [2, 3, 5])
def test_taylor_terms_of_higher_order(n):
    """cosh(x) − 1 + y^n has x²/2 + y^n; λ = (1/2 + 1/n)/2 where that is at most 1/2."""
    (certificate,) = solved(AnalyticProblem.build(f"cosh(x) - 1 + y^{n}")).certificates
    assert certificate.claim.value == min((Fraction(1, 2) + Fraction(1, n)) / 2, Fraction(1, 2))


def test_bounds_where_there_is_no_reduction():
    problem = AnalyticProblem.build(["(x - sin(y))^2*exp(z) - z^3*tanh(x)", "sin(x*y)*z"])
    answer = solved(problem, 1.0)
    claims = {c.kind: c.claim for c in answer.certificates}
    for certificate in answer.certificates:
        verify(certificate)
    if "exact" not in claims:
        assert claims["lower"] <= claims["upper"]


def test_a_unit_is_out_of_scope():
    with pytest.raises(OutOfScope, match="does not vanish"):
        solved(AnalyticProblem.build("exp(x)"))
