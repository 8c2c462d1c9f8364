"""Definite forms in a loss: squares as they are typed, and in the arguments of functions."""

import pytest

from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.tower import Tower
from singularity_lab.exact.engine.definite import least, squares_as_typed
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.reductions import Stage


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("(x - tanh(y))^2 + 3*(exp(x) - 1)^2", 2),
        ("sin(x)^2 + y^2/3 + (x*exp(y))^2", 3),
        ("2*((x + cos(y) - 1)^2 + y^4)", 2),
    ],
)
def test_a_typed_sum_of_squares(text, forms):
    problem = AnalyticProblem.build(text, convention="loss")
    step = squares_as_typed(problem)
    assert len(step.forms) == forms
    stage = step.replay(Stage.of(problem))
    assert len(stage.gens) == forms
    assert not stage.loss


@pytest.mark.parametrize("text", ["x - tanh(y)", "(exp(x) - 1)^2 - y^2", "(exp(x) - 1)^2 + y"])
def test_what_is_typed_otherwise_is_none(text):
    assert squares_as_typed(AnalyticProblem.build(text, convention="two-sided")) is None


@pytest.mark.parametrize(
    ("loss", "generators"),
    [
        ("1 - cos(x) + (exp(y) - 1)^2", ["x", "y"]),
        ("cosh(x*y) - 1", ["x*y"]),
        ("(1 - exp(x))^2*(1 + y^2) + y^6", ["x", "y^3"]),
    ],
)
def test_a_definite_loss_has_the_value_of_its_forms(loss, generators):
    assert rlct(loss, convention="loss").rlct == rlct(generators).rlct


def test_least_degrees():
    tower = Tower(("x", "y"))
    assert least(tower, parse("x^2*y + y^4", "x y").flint) == 3
    assert least(tower, parse("0", "x y").flint) == 10**6
