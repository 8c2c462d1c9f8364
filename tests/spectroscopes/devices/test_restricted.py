"""Restricted coefficients and susceptibilities: against the restricted polynomial's proved λ, and
Gaussian covariances in closed form."""

from __future__ import annotations

import math

import pytest
import torch

from singularity_lab import rlct
from singularity_lab.catalog.loss import loss
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import FunctionLoss, Loss, Outcome, PolynomialLoss, measure
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from singularity_lab.spectroscopes.losses.parts import (
    MixtureLoss,
    RestrictedLoss,
    component_indices,
)
from tests.spectroscopes.germs import brieskorn, crossing

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


def test_restricted_losses_are_the_loss_with_the_rest_frozen():
    k = loss("x^2*y - z^3 + y", variables=["x", "y", "z"], at={"x": 1, "y": 0, "z": 0})
    part = RestrictedLoss(k, [2, 0])
    w = torch.tensor([[0.5, 2.0]], dtype=torch.float64)
    full = torch.tensor([[2.0, 0.0, 0.5]], dtype=torch.float64)
    assert float(part.value(w)) == pytest.approx(float(k.value(full)))
    value, grad = part.value_and_grad(w)
    _, whole = k.value_and_grad(full)
    torch.testing.assert_close(grad, whole[:, [2, 0]])
    torch.testing.assert_close(part.local_value(w - part.center), value)


def test_components_by_name_list_and_text():
    k = MatrixProductLoss.at_rank([2, 2, 2])
    assert component_indices(k, "W2") == [4, 5, 6, 7]
    assert component_indices(k, "0-2,5") == [0, 1, 2, 5]
    assert component_indices(k, [3]) == [3]
    with pytest.raises(BadInput, match="W1"):
        component_indices(k, "W9")


# -- susceptibilities


def gaussian_pair():
    """K_a = 2w₁², K_b = 2w₂², equal shares: K = w₁² + w₂²."""
    root = 2**0.5
    a = PolynomialLoss.from_exponents([([root], [(1, 0)])], loss_id="2w1^2")
    b = PolynomialLoss.from_exponents([([root], [(0, 1)])], loss_id="2w2^2")
    return MixtureLoss({"a": a, "b": b}, components={"first": [0], "second": [1]})


def test_susceptibilities_of_a_gaussian_are_its_fourth_moments():
    """With w₁ moving alone, Var = 1/(2nβ + γ) = s: K = w₁², K_a − K = w₁², so that
    χ(first, a) = −nβ·Var(w₁²) = −2nβs²; and χ(·, b) = −χ(·, a)."""
    r = measure("susceptibility", gaussian_pair(), seed=0, n=1000.0, burn_in=60, draws=150)
    nbeta = 1000 / math.log(1000)
    s = 1 / (2 * nbeta + 1)
    expected = {
        "chi[first, a]": -2 * nbeta * s**2,
        "chi[first, b]": 2 * nbeta * s**2,
        "chi[second, a]": 2 * nbeta * s**2,
        "chi[all, a]": 0.0,
    }
    for name, value in expected.items():
        e = r.estimates[name]
        error = (e.high - e.low) / 2 / 1.645
        assert abs(e.value - value) < 4 * error
        assert error < 0.2 * 2 * nbeta * s**2
    assert r.outcome is Outcome.OK
    assert r.estimate.value == pytest.approx(2 * nbeta * s, rel=0.05)
    assert r.estimates["E[first]"].value == pytest.approx(nbeta * s, rel=0.05)


@pytest.mark.slow
def test_error_bars_cover():
    """Intervals at 90 % of χ(first, a) over 12 seeds: at least 8 hold the truth."""
    nbeta = 1000 / math.log(1000)
    truth = -2 * nbeta / (2 * nbeta + 1) ** 2
    held = 0
    for seed in range(12):
        r = measure(
            "susceptibility", gaussian_pair(), seed=seed, n=1000.0, burn_in=60, draws=40,
            chains=4, components=["first"],
        )  # fmt: skip
        e = r.estimates["chi[first, a]"]
        held += e.low < truth < e.high
    assert held >= 8


def test_a_part_that_is_everything_has_no_susceptibility():
    k = crossing(1, 1)
    r = measure(
        "susceptibility", MixtureLoss({"all data": k}), seed=0, burn_in=50, draws=50, groups=4
    )
    assert r.estimates["chi[all, all data]"].value == pytest.approx(0.0, abs=1e-12)


def test_outcomes_and_bad_input():
    with pytest.raises(BadInput, match="parts"):
        measure("susceptibility", crossing(1), seed=0)
    with pytest.raises(BadInput, match="component, part"):
        measure("restricted", crossing(1), seed=0)
    with pytest.raises(BadInput, match="reader"):
        measure("restricted", crossing(1), seed=0, component=[0], reader="restricted")
    with pytest.raises(BadInput, match="indices"):
        RestrictedLoss(crossing(1), [1])
    with pytest.raises(BadInput, match="dimension"):
        MixtureLoss({"a": crossing(1), "b": crossing(1, 1)})
    r = measure("susceptibility", gaussian_pair(), seed=0, evaluations=5_000)
    assert r.outcome is Outcome.BUDGET
    slope = FunctionLoss(lambda w: w[:, 0] + 0 * w[:, 1], 2)
    r = measure("susceptibility", MixtureLoss({"a": slope}), seed=0, burn_in=50, draws=50)
    assert r.outcome is Outcome.NO_MINIMUM


def test_plots_and_equal_seeds():
    a, b = (
        measure("susceptibility", gaussian_pair(), seed=1, burn_in=30, draws=30) for _ in range(2)
    )
    assert a.fingerprint() == b.fingerprint()
    assert len(a.plot().lines) == 2 * 6 + 1
    r = measure("restricted", brieskorn(1, 2), seed=0, component=[1], **SMALL)
    assert len(r.plot().lines) == 2
