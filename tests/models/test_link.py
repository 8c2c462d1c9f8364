"""Regressions by a link: the ideal, the cross-entropy as typed, and its torch twin agree."""

from fractions import Fraction

import pytest
import torch

from singularity_lab import rlct
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.models import link

# (natural, family, inputs, truth, lambda, m): rank of the inputs, products and the table of tanh
# networks (Aoyagi and Watanabe 2005: two units at a zero truth have 2/3) say the values.
CASES = [
    ("a*tanh(b*x)", "logistic", {"x": [1, 2]}, None, "1/2", 2),
    ("w0 + w1*x", "logistic", {"x": [0, 1, 2]}, {"w0": 1, "w1": -2}, "1", 1),
    ("w0 + w1*x + w2*x^2", "logistic", {"x": [0, 1]}, {"w0": 1}, "1", 1),
    ("exp(w0 + w1*x)", "poisson", {"x": [0, 1, 2]}, {"w1": 1}, "1", 1),
    ("exp(a*b*x)", "poisson", {"x": [1, 2]}, None, "1/2", 2),
    ("1 + a*b*x", "poisson", {"x": [1, 2]}, None, "1/2", 2),
    (["u1*v*x", "u2*v*x", "u3*v*x"], "softmax", {"x": [1]}, None, "1/2", 1),
    (["u1*x", "u2*x", "0"], "softmax", {"x": [1, 2, 3]}, {"u1": 1, "u2": -1}, "1", 1),
    ("a*tanh(b*x) + c*tanh(d*x)", "gaussian", {"x": [1, 2]}, None, "2/3", 1),
    (["a*b", "a*c"], "gaussian", "", None, "1/2", 1),
]


@pytest.mark.parametrize(("natural", "family", "inputs", "truth", "value", "m"), CASES)
def test_the_ideal_and_the_cross_entropy_agree(natural, family, inputs, truth, value, m):
    model = link(natural, family=family, inputs=inputs, truth=truth)
    expected = (Fraction(value), m)
    found = rlct(model, budget=20)
    assert (found.value, found.multiplicity) == expected
    typed = rlct(
        model.cross_entropy(), model.parameters, at=model.truth, convention="loss", budget=20
    )
    assert (typed.value, typed.multiplicity) == expected


@pytest.mark.parametrize(("natural", "family", "inputs", "truth", "value", "m"), CASES)
def test_the_twin_is_comparable_with_the_squares_of_the_ideal(
    natural, family, inputs, truth, value, m
):
    """K / Σ g² stays between two positive bounds near the truth, and K = 0 at it."""
    model = link(natural, family=family, inputs=inputs, truth=truth)
    center = torch.tensor([[float(v) for v in model.truth]], dtype=torch.float64)
    assert abs(float(model.twin(center))) < 1e-14
    noise = torch.Generator().manual_seed(3)
    steps = torch.randn(40, len(model.parameters), dtype=torch.float64, generator=noise)
    points = center + 0.05 * steps
    gaussian = link([f"({g})" for g in model.generators], family="gaussian", inputs={},
                    truth=model.truth, variables=model.parameters)  # fmt: skip
    ratio = model.twin(points) / gaussian.twin(points)
    assert ratio.min() > 0.001
    assert ratio.max() < 20


def test_a_regular_model_has_the_hessian_of_its_fisher_information():
    """d² K at the truth is X' diag(p(1 − p)) X/n for a logistic regression, of rank 2λ."""
    truth = {"w0": 1, "w1": -1}
    model = link("w0 + w1*x", family="logistic", inputs={"x": [0, 1, 3]}, truth=truth)
    center = torch.tensor([1.0, -1.0], dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(lambda w: model.twin(w[None])[0], center)
    x = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    p = torch.sigmoid(x @ center)
    assert torch.allclose(hessian, x.T @ torch.diag(p * (1 - p)) @ x / 3)
    assert 2 * rlct(model).value == int(torch.linalg.matrix_rank(hessian))


def test_uniform_inputs_take_the_coefficients():
    model = link("a*b*x + c*x^2", family="gaussian", inputs="x")
    assert model.generators == ("a*b", "c")
    assert rlct(model).rlct == rlct(["a*b", "c"]).rlct
    points = torch.tensor([[0.1, 0.2, 0.0], [0.0, 0.3, 0.3]], dtype=torch.float64)
    exact = torch.tensor([0.02**2 / 3 / 2, 0.09 / 5 / 2], dtype=torch.float64)
    assert torch.allclose(model.twin(points), exact)
    assert model.loss().dim == 3


@pytest.mark.parametrize(
    ("natural", "options", "error", "message"),
    [
        ("a", {"family": "gamma"}, BadInput, "family: "),
        (["a", "b"], {"family": "logistic"}, BadInput, "natural: logistic takes one"),
        ("a", {"family": "softmax"}, BadInput, "natural: softmax takes a logit"),
        ("a", {"family": "poisson"}, BadInput, "a rate is positive"),
        ("a*x", {"family": "gaussian", "inputs": {"x": []}}, BadInput, "inputs: lists of one"),
        ("tanh(a*x)", {"family": "gaussian", "inputs": "x"}, OutOfScope, "finitely many inputs"),
    ],
)
def test_what_does_not_fit_gets_one_line(natural, options, error, message):
    with pytest.raises(error, match=message):
        link(natural, **options)
