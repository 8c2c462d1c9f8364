"""Hessian rank over two: exact at Morse–Bott points, a lower bound elsewhere."""

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import FunctionLoss, Outcome, measure
from singularity_lab.spectroscopes.devices.hessian import matrix
from singularity_lab.spectroscopes.meter import Budget, Meter
from tests.spectroscopes.germs import brieskorn, crossing


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_quadratic_form_has_half_its_rank(rank):
    loss = FunctionLoss(lambda w: (w[:, :rank] ** 2).sum(1) + 0 * w[:, 3], 4)
    assert measure("hessian", loss, seed=0).lambda_.value == rank / 2


def test_a_lower_bound_at_singular_points():
    assert measure("hessian", brieskorn(1, 2), seed=0).lambda_.value == 0.5  # λ = 3/4
    assert measure("hessian", crossing(1, 1), seed=0).lambda_.value == 0.0  # λ = 1/2


def test_differences_are_exact_for_quartics():
    loss = FunctionLoss(
        lambda w: w[:, 0] ** 2 + 3 * w[:, 0] * w[:, 1] + w[:, 1] ** 4 + w[:, 0] ** 3, 2
    )
    gradient, found, _ = matrix(Meter(loss, Budget()), 1e-2)
    expected = torch.tensor([[2.0, 3.0], [3.0, 0.0]], dtype=torch.float64)
    assert torch.allclose(found, expected, atol=1e-8)
    assert torch.allclose(gradient, torch.zeros(2, dtype=torch.float64), atol=1e-12)


def test_a_slope_is_no_minimum_and_settings_are_named():
    slope = FunctionLoss(lambda w: w[:, 0] + w[:, 1] ** 2, 2)
    assert measure("hessian", slope, seed=0).outcome is Outcome.BAD_LOSS
    with pytest.raises(BadInput, match="0 < tolerance < 1"):
        measure("hessian", crossing(1), seed=0, tolerance=2.0)
