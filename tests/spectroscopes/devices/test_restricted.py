"""Restricted coefficients and susceptibilities: against the restricted polynomial's proved λ, and
Gaussian covariances in closed form."""

from __future__ import annotations

import pytest

from singularity_lab import rlct
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Loss, PolynomialLoss, measure
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from singularity_lab.spectroscopes.losses.parts import (
    MixtureLoss,
)
from tests.spectroscopes.germs import brieskorn

SMALL = {"particles": 64, "depth": 25.0, "max_sweeps": 20}


@pytest.mark.parametrize("component", ["W1", pytest.param("W2", marks=pytest.mark.slow)])
def test_a_factor_of_a_regression_has_the_lambda_of_the_restricted_polynomial(component):
    """2×2×2 at rank 1, other factor frozen at diag(1, 0): K is the square of two coordinates."""
    k = MatrixProductLoss.at_rank([2, 2, 2], 1)
    proved = rlct(["a", "b"], variables=["a", "b", "c", "d"])  # entries that the frozen one keeps
    r = measure("restricted", k, seed=0, component=component, **SMALL)
    assert r.dim == 4
    assert r.lambda_.value == pytest.approx(float(proved.value), rel=0.04)


@pytest.mark.slow
def test_a_block_of_a_deeper_row():
    """W₃W₂W₁ with the middle layer frozen at diag(1, 0): the ideal of a column times a row."""
    k = MatrixProductLoss.at_rank([2, 2, 2, 2], 1)
    moved = [*k.components["W1"], *k.components["W3"]]
    # (1 + u)(1 + v) − 1 in the corner, u and v rows and columns: three regular directions
    proved = rlct(["u + v + u*v", "s + u*s", "t + t*v", "s*t"], variables=["u", "v", "s", "t"])
    r = measure("restricted", k, seed=0, component=moved, **SMALL)
    assert r.lambda_.value == pytest.approx(float(proved.value), rel=0.05)


def test_data_restrict_too():
    """Data that see w₁ only: λ = 1/4 from w₁⁴, where all data give 1/4 + 1/2."""
    parts = {
        "first": PolynomialLoss.from_exponents([([1], [(2, 0)])], loss_id="a"),
        "second": PolynomialLoss.from_exponents([([1], [(0, 1)])], loss_id="b"),
    }
    mixed = MixtureLoss(parts)
    assert isinstance(mixed, Loss)
    r = measure("restricted", mixed, seed=0, part="first", **SMALL)
    assert r.lambda_.value == pytest.approx(1 / 4, rel=0.05)
    with pytest.raises(BadInput, match="part"):
        measure("restricted", mixed, seed=0, part="third")


# -- susceptibilities


def test_its_plot_is_that_of_the_volume():
    r = measure("restricted", brieskorn(1, 2), seed=0, component=[1], **SMALL)
    assert len(r.plot().lines) == 2
