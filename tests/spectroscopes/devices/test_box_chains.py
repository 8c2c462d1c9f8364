"""Chains in a box: the law that each move keeps, budgets and settings."""

from __future__ import annotations

import pytest

from singularity_lab.catalog.load import load
from singularity_lab.catalog.loss import loss
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Domain
from singularity_lab.spectroscopes.measuring import measure
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Outcome


@pytest.mark.parametrize("name", ["coordinate-slice", "coordinate-walk", "joint-walk"])
def test_an_orthant_with_a_prior(name):
    """K = x on x ≥ 0 with prior x: λ = 2 (α = 2)."""
    corner = PolynomialLoss.from_exponents(
        [([1.0], [(1,)])], loss_id="x", domain=Domain.orthant(1), prior_exponents=(3.0,)
    )  # K = x², so λ = (1 + 3)/2 = 2
    reading = measure(name, corner, seed=2, n=1e4, chains=64, burn_in=60, draws=150)
    assert abs(reading.lambda_.value - 2) < 0.2


def test_budget_and_settings():
    row = loss(load("program-binomial-mixture-2"))
    spent = measure("coordinate-walk", row, seed=0, budget=Budget(evaluations=500))
    assert spent.outcome is Outcome.BUDGET
    with pytest.raises(BadInput, match="no trace"):
        spent.plot()
    with pytest.raises(BadInput, match="expected n > 1"):
        measure("coordinate-walk", row, seed=0, n=0.5)
    with pytest.raises(BadInput, match="half_width > 0"):
        measure("joint-walk", row, seed=0, half_width=-1)
    ax = measure("coordinate-walk", row, seed=0, burn_in=2, draws=4).plot()
    assert ax.get_xlabel() == "sweep"
