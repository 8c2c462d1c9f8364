"""The singular fluctuation: regular models, a normal crossing by quadrature over data, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import FunctionLoss, ModuleLoss, Outcome, Reading, measure
from tests.spectroscopes.germs import brieskorn, crossing

QUICK = {"burn_in": 300, "draws": 600}


@pytest.mark.parametrize(
    ("beta", "d"),
    [
        (0.5, 4),
        (1.0, 1),
        *(
            pytest.param(*c, marks=pytest.mark.slow)
            for c in ((0.5, 1), (0.5, 2), (1.0, 2), (1.0, 4))
        ),
    ],
)
def test_a_regular_model_has_half_the_dimension(d, beta):
    """ν = λ = d/2 at every β (Watanabe 2009, section 6.4)."""
    r = measure("fluctuation", brieskorn(*[1] * d), seed=1, beta=beta, **QUICK)
    assert r.outcome is Outcome.OK
    assert r.estimates["nu"].value == pytest.approx(d / 2, rel=0.03)
    assert r.lambda_.value == pytest.approx(d / 2, rel=0.03)
    other = r.estimates["nu by errors"]
    assert abs(other.value - d / 2) < 2 * (other.high - other.low)


def test_a_quartic_has_the_fluctuation_of_its_integral():
    """f = w², d = 1: with t = √n·w², ν(1) is a double integral over t > 0 (density t^{−1/2}) and ξ;
    the posterior variance of √2·t, averaged over ξ, by quadrature here. λ = 1/4."""
    t = np.linspace(0, 12, 24_001)[1:] - 2.5e-4
    xi, weight = np.polynomial.hermite_e.hermegauss(60)
    nu = 0.0
    for x, w in zip(xi, weight / weight.sum(), strict=True):
        density = t**-0.5 * np.exp(-t * t + math.sqrt(2) * x * t)
        density /= density.sum()
        mean = (density * t).sum()
        nu += w * ((density * t * t).sum() - mean**2)
    r = measure(
        "fluctuation", brieskorn(2), seed=0, n=1e6, realisations=256, burn_in=1000, draws=400
    )
    e = r.estimates["nu"]
    assert r.ok
    assert e.value == pytest.approx(nu, rel=0.1)
    assert e.low - 0.01 < nu < e.high + 0.01
    assert r.lambda_.value == pytest.approx(0.25, rel=0.05)


def test_data_of_a_linear_model():
    """Least squares with unit noise, half the square as log loss: ν near d/2 = 1."""
    torch.manual_seed(0)
    net = torch.nn.Linear(2, 1, bias=False)
    x = torch.randn(100, 2)
    y = x @ net.weight.detach().t() + torch.randn(100, 1)
    with torch.no_grad():
        net.weight.copy_(torch.linalg.lstsq(x, y).solution.t())
    loss = ModuleLoss(net, x, y, lambda out, y: 0.5 * (out - y) ** 2)
    assert loss.example_values(loss.center[None]).mean() == pytest.approx(
        float(loss.value(loss.center[None])[0])
    )
    r = measure("fluctuation", loss, seed=0, burn_in=100, draws=150, realisations=8)
    assert r.estimates["nu"].value == pytest.approx(1.0, rel=0.25)
    assert math.isnan(r.lambda_.value)
    assert Reading.from_json(r.to_json()).fingerprint() == r.fingerprint()


def regression(reduction: str, frozen: bool = False) -> tuple[ModuleLoss, Tensor, Tensor]:
    """Least squares on two outputs with unit noise, at its minimum, half the square as log loss;
    and its data."""
    torch.manual_seed(0)
    net = torch.nn.Linear(3, 2, bias=frozen)
    x = torch.randn(80, 3)
    y = torch.randn(80, 2)
    with torch.no_grad():
        net.weight.copy_(torch.linalg.lstsq(x, y).solution.t())
        if frozen:
            net.bias.zero_().requires_grad_(False)

    def criterion(out: Tensor, y: Tensor) -> Tensor:
        each = 0.5 * ((out - y) ** 2).sum(1)
        return each if reduction == "none" else getattr(each, reduction)()

    return ModuleLoss(net, x, y, criterion), x, y


@pytest.mark.parametrize(("reduction", "frozen"), [("none", False), ("mean", False), ("sum", True)])
def test_the_reduction_of_the_criterion_and_frozen_parameters_change_nothing(reduction, frozen):
    """ν of six weights in closed form: the posterior is Gaussian, and V a sum over its moments."""
    loss, x, y = regression(reduction, frozen)
    assert loss.dim == 6
    r = measure("fluctuation", loss, seed=0, burn_in=150, draws=150, realisations=4)
    assert r.outcome is Outcome.OK
    residual = y.double() - x.double() @ loss.center.reshape(2, 3).t()
    x = x.double()
    cov = torch.linalg.inv(x.T @ x + torch.eye(3))  # of a row of weights
    leverage = torch.einsum("ni,ij,nj->n", x, cov, x)
    exact = 0.5 * float((residual**2 * leverage[:, None]).sum() + (leverage**2).sum())
    e = r.estimates["nu"]
    assert e.low - 0.1 * exact < exact < e.high + 0.1 * exact


def test_chains_that_have_not_moved_are_not_ok():
    loss, _, _ = regression("mean")
    short = measure("fluctuation", loss, seed=0, burn_in=0, draws=16, realisations=4, scales=2)
    assert not short.ok
    together = measure(
        "fluctuation", loss, seed=0, burn_in=150, draws=150, realisations=4, heated=False
    )
    assert together.outcome is Outcome.NOT_MIXED
    assert "began at w*" in together.reason


@pytest.mark.parametrize("seed", [0, 1])
def test_a_variance_of_few_draws_is_not_known_better_than_that_of_one_variable(seed):
    """The spread of a few groups is by chance far below √(2/effective draws) of the value."""
    torch.manual_seed(0)
    net = torch.nn.Linear(2, 1, bias=False)
    x = torch.randn(30, 2)
    loss = ModuleLoss(net, x, net(x).detach())
    common = {"gamma": 10.0, "realisations": 4, "chains": 4, "seed": seed}
    r = measure("fluctuation", loss, burn_in=100, draws=60, **common)
    nu, ess = r.estimates["nu"], r.diagnostics["ess"]
    error = r.diagnostics["standard_error"]
    assert error >= 0.999 * nu.value * math.sqrt(2 / ess)
    assert nu.high - nu.low > 3.2 * error  # Student's quantile


def test_lower_losses_than_at_the_centre_are_told():
    torch.manual_seed(0)
    x = torch.randn(100, 2)
    loss = ModuleLoss(torch.nn.Linear(2, 1, bias=False), x, x @ torch.ones(2, 1) * 3)
    r = measure("fluctuation", loss, seed=0, burn_in=100, draws=100, realisations=4)
    assert r.outcome is Outcome.NO_MINIMUM


def test_what_has_neither_generators_nor_examples_is_refused():
    with pytest.raises(BadInput, match="example_values"):
        measure("fluctuation", FunctionLoss(lambda w: (w * w).sum(1), 2), seed=0)
    with pytest.raises(BadInput, match="prior factor"):
        measure("fluctuation", crossing(1, prior_exponents=(1.0,)), seed=0)
    with pytest.raises(BadInput, match="realisations"):
        measure("fluctuation", crossing(1), seed=0, realisations=1)
