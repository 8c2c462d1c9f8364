"""What a result says: as text, as JSON, and where it is not proved."""

from fractions import Fraction

import pytest

from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import Undecided
from singularity_lab.exact.engine.result import describe_loss
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.verify import verify


@pytest.mark.parametrize("text", ["x^2 - y^3", "x*y", "x^2 + y^2"])
def test_an_exact_result_as_json_has_a_certificate_that_verifies(text):
    result = rlct(text)
    document = result.to_json()
    assert document["status"] == "exact"
    assert Fraction(document["lambda"]) == result.value
    assert document["lower"] == document["upper"]
    verify(Certificate.from_json(document["certificate"]))
    assert str(result).startswith(f"lambda = {result.value}, m = {result.multiplicity} for K = ")


def test_notebooks_show_the_value_or_the_bounds():
    exact = rlct("x^2 - y^3")
    assert "5/12" in exact._repr_html_()
    assert exact.plot() is not None
    bounds = rlct("(x^2 - y^3)^2*z - x^5*y^2*w^3 + z^7*w", nodes=1)
    assert str(bounds.bounds.upper.value) in bounds._repr_html_()


def test_one_generator_is_told_twice_lambda():
    assert "2 lambda = 5/6" in str(rlct("x^2 - y^3"))
    assert "2 lambda" not in str(rlct(["x^2", "y^3"]))
    assert "2 lambda = 5/6" in str(rlct("x^2 - sqrt(2)*y^3"))
    assert "2 lambda = 5/6" in str(rlct("sin(x)^2 - y^3"))
    assert "2 lambda" not in str(rlct(["sin(x)", "y"]))
    assert "steps to" not in str(rlct("x^2 - sqrt(2)*y^3"))
    assert "2 lambda" not in str(rlct("x^2 + y^2", convention="loss"))


def test_bounds_are_told_with_both_sides():
    result = rlct("(x^2 - y^3)^2*z - x^5*y^2*w^3 + z^7*w", nodes=1)
    if result.exact:
        pytest.skip("the first chart decides it")
    document = result.to_json()
    assert document["status"] == "bounds"
    assert Fraction(document["lower"]["lambda"]) <= Fraction(document["upper"]["lambda"])
    with pytest.raises(Undecided) as caught:
        _ = result.certificate
    assert caught.value.bounds == result.bounds
    assert "<=" in str(result)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (LocalProblem.build("x - y"), "K = (x - y)^2 at the origin"),
        (LocalProblem.build("x^2", convention="loss"), "K = x^2 at the origin"),
        (LocalProblem.build("x - 1", at={"x": 1}), "x = 1"),
        (LocalProblem.build("x*y", convention="two-sided"), "|x*y|"),
        (LocalProblem.build("x*y", over="R^d"), "x*y"),
        (AnalyticProblem.build("sin(x)"), "sin(x)"),
    ],
)
def test_the_loss_in_words(problem, words):
    assert words in describe_loss(problem)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x2y3", True),
        ("e*x", True),
        ("x2*y3", True),
        ("x^2*y3", True),
        ("x2*y2 + x3*y3", False),
        ("a*e - d*b", False),
        ("xy", True),
        ("x^2 + xy", True),
        ("mu*nu", False),
        ("x1^2 + w2", False),
    ],
)
def test_names_that_may_have_been_meant_otherwise_are_listed(text, told):
    assert ("\n  variables: " in str(rlct(text))) == told
