"""Losses: values and gradients against independent evaluations; cancellation-free generators;
clear refusals."""

from __future__ import annotations

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.function import FunctionLoss
from singularity_lab.spectroscopes.losses.module import ModuleLoss
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Domain, Loss


def test_function_and_module_losses_have_the_gradients_of_finite_differences():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    x = torch.randn(11, 2)
    module = ModuleLoss(net, x, torch.sin(x[:, :1]))
    function = FunctionLoss(lambda w: torch.sin(w[0]) * w[1] ** 2, 2, batched=False)
    for loss in (module, function):
        assert isinstance(loss, Loss)
        g = torch.Generator().manual_seed(3)
        w = loss.center + torch.randn((4, loss.dim), generator=g, dtype=torch.float64)
        value, grad = loss.value_and_grad(w)
        assert torch.allclose(value, loss.value(w))
        h = 1e-6 * torch.eye(loss.dim, dtype=torch.float64)
        for row, slope in zip(w, grad, strict=True):
            numeric = (loss.value(row + h) - loss.value(row - h)) / 2e-6
            assert torch.allclose(numeric, slope, atol=1e-7)


@pytest.mark.parametrize(
    ("build", "word"),
    [
        (lambda: PolynomialLoss.from_exponents([]), "generators"),
        (lambda: PolynomialLoss.from_exponents([([1], [(1, 0), (0, 1)])]), "exponent row"),
        (lambda: PolynomialLoss.from_exponents([([1], [(-1,)])]), "exponents"),
        (lambda: PolynomialLoss.from_exponents([([1, 1], [(1,), (1, 2)])]), "exponents a row"),
        (lambda: PolynomialLoss.from_exponents([([float("nan")], [(1,)])]), "finite"),
        (lambda: PolynomialLoss.from_exponents([([1], [(1,)])], center=[1, 2]), "center"),
        (
            lambda: PolynomialLoss.from_exponents(
                [([1], [(1,)])], center=[-1], domain=Domain.orthant(1)
            ),
            "contain the center",
        ),
        (lambda: PolynomialLoss.from_exponents([([1], [(1,)])], prior_exponents=[-1]), "τ > −1"),
        (
            lambda: PolynomialLoss.from_exponents([([1], [(1,)]), ([1], [(2,)])], as_loss=True),
            "exactly one",
        ),
        (lambda: Domain((0.0,), (0.0,)), "lower < upper"),
        (lambda: Domain.orthant(2, (5,)), "coordinates"),
        (lambda: FunctionLoss(lambda w: w, 2).value(torch.zeros((3, 2))), "shape"),
        (lambda: FunctionLoss(lambda w: w[:, 0], 2).value(torch.zeros((3, 5))), r"\(c, 2\)"),
        (lambda: ModuleLoss(torch.nn.Linear(1, 1), torch.ones(3, 1), torch.ones(2, 1)), "rows"),
        (
            lambda: ModuleLoss(
                torch.nn.Linear(1, 1), torch.ones(3, 1), torch.ones(3, 1), batch_size=9
            ),
            "batch_size",
        ),
    ],
)
def test_bad_input_names_the_argument_and_the_rule(build, word):
    with pytest.raises(BadInput, match=word):
        build()
