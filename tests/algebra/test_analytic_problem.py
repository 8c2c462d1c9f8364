"""Expressions with functions: read as germs, and told from polynomials."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.analytic_problem import AnalyticProblem, analytic_texts, variables_of
from singularity_lab.errors import BadInput, OutOfScope, ParseError


@pytest.mark.parametrize(
    "text",
    [
        "exp(x)*exp(-x) - 1",
        "(1 - x^2)/(1 + x) - 1 + x",
        "tan(x)*cos(x) - sin(x)",
    ],
)
def test_identities_hold_as_germs(text):
    tower, (germ,) = AnalyticProblem.build(text).germs()
    assert "x" in tower.variables
    assert germ.is_zero


@pytest.mark.parametrize(
    "text", ["exp(x) - 1 - x", "tanh(x) - x", "cos(x) - 1", "exp(x) - exp(2*x)"]
)
def test_germs_that_agree_to_some_order_are_not_zero(text):
    _, (germ,) = AnalyticProblem.build(text).germs()
    assert not germ.is_zero
    assert germ.value().rational() == 0


def test_a_function_or_a_division_by_no_number_is_what_makes_texts_analytic():
    assert analytic_texts(["x^2", "exp(x)"]) == ("x^2", "exp(x)")
    assert analytic_texts("1/(1 + x)") == ("1/(1 + x)",)
    assert analytic_texts(["x^2/3 - y"]) is None
    assert analytic_texts(7) is None


def test_functions_and_pi_are_no_variables():
    assert variables_of(["a*tanh(w10*x + w2)", "pi*b"]) == ("a", "b", "w2", "w10", "x")


@settings(max_examples=25)
@given(st.fractions(-3, 3, max_denominator=4))
def test_the_germ_at_a_point_has_the_value_there(a):
    _, (germ,) = AnalyticProblem.build("exp(x - y) - 1", at={"x": a, "y": a}).germs()
    assert germ.value().rational() == 0
    _, (moved,) = AnalyticProblem.build("x^2/(1 + y^2)", at={"x": a, "y": 0}).germs()
    assert moved.value().rational() == a**2


def test_a_wall_is_met_where_the_point_lies_on_it():
    build = AnalyticProblem.build
    assert build("exp(x) - 1 + y", nonnegative="x").at_walls == ("x",)
    assert build("exp(x - 1) - 1", at={"x": 1}, nonnegative="x").at_walls == ()
    assert build("exp(x) - 1 + y", nonnegative="x").bound == {"x"}


def test_the_frame_is_a_polynomial_problem_in_the_same_names():
    problem = AnalyticProblem.build("exp(x) - 1 + y", prior={"y": 1})
    frame = problem.frame(["x + y"], "ideal")
    assert frame.variables == problem.variables
    assert frame.prior == (0, 1)


@pytest.mark.parametrize(
    ("text", "options", "error", "match"),
    [
        ("foo(x)", {}, ParseError, "no function that is read"),
        ("log(x)", {}, BadInput, "analytic for > 0 only"),
        ("1/x", {}, BadInput, "is 0 at the point"),
        ("exp(x)", {"variables": "x pi"}, BadInput, "pi is the number"),
        ("exp(x) - 1", {"convention": "sum"}, BadInput, "convention: 'ideal', 'loss' or"),
    ],
)
def test_what_is_no_germ_is_refused(text, options, error, match):
    with pytest.raises(error, match=match):
        AnalyticProblem.build(text, **options).germs()


def test_a_problem_with_a_point_is_given_no_other():
    problem = AnalyticProblem.build("exp(x) - 1")
    assert AnalyticProblem.of(problem) is problem
    with pytest.raises(BadInput, match="at: given by the problem"):
        AnalyticProblem.of(problem, at={"x": 1})
    with pytest.raises(OutOfScope, match="are read at a point"):
        AnalyticProblem.of("exp(x) - 1", over="R^d")
    assert AnalyticProblem.of("x^2 - y") is None
    assert AnalyticProblem.build("exp(x)", at={"x": "1/2"}).point == (Fraction(1, 2),)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("exp()", "needed"),
        ("exp(x", "is missing here"),
        ("exp(x)*", "needed"),
        ("exp(x) y", "unexpected"),
        ("exp(x)^y", "exponent"),
        ("", "received nothing"),
        (["exp(x) - 1", ""], "received nothing"),
    ],
)
def test_the_place_of_what_does_not_fit_is_told(text, match):
    with pytest.raises(BadInput, match=match):
        AnalyticProblem.build(text).germs()


def test_one_expression_for_a_loss():
    with pytest.raises(BadInput, match="convention: loss takes one expression, received 2"):
        AnalyticProblem.build(["exp(x)", "y"], convention="loss")
    with pytest.raises(BadInput, match="expressions as text are needed"):
        AnalyticProblem.build([1, 2])
