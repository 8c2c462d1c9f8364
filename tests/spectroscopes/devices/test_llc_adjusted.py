"""Metropolis-adjusted samplers read the target by quadrature, domain and prior included."""

from __future__ import annotations

import pytest

from singularity_lab.spectroscopes import Domain, Outcome, PolynomialLoss, measure
from singularity_lab.spectroscopes.inference.diagnostics import (
    target_by_quadrature,
)
from tests.spectroscopes.germs import TARGETS, crossing


@pytest.mark.parametrize("device", ["llc-mala", "llc-hmc"])
def test_a_gaussian_has_the_target_in_closed_form(device):
    """K = w²: E[nβK] under exp(−nβw² − γw²/2) is nβ/(2nβ + γ); the same seed reads it twice."""
    square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    settings = {"n": 1e3, "beta": 0.01, "gamma": 5.0, "chains": 64, "burn_in": 100, "draws": 400}
    first, again = (measure(device, square, seed=2, **settings) for _ in range(2))
    assert first.estimate.value == pytest.approx(10 / 25, rel=0.05)
    assert first.fingerprint() == again.fingerprint()


@pytest.mark.parametrize(
    ("device", "loss", "lam"),
    [
        ("llc-mala", *TARGETS[0][:2]),
        ("llc-hmc", *TARGETS[0][:2]),
        ("llc-mala", *TARGETS[3][:2]),
        ("llc-hmc", *TARGETS[1][:2]),
    ],
    ids=lambda x: getattr(x, "loss_id", ""),
)
def test_adjusted_samplers_read_the_target(device, loss, lam):
    """No discretisation error: within 2 % of the quadrature target (fixed) at n = 10⁴, γ = 1."""
    settings = {
        "llc-mala": {"draws": 3000, "burn_in": 1000},
        "llc-hmc": {"draws": 1600, "burn_in": 800},
    }[device]
    r = measure(device, loss, seed=5, **settings)
    target = target_by_quadrature(loss, 1e4, 1.0)
    assert r.outcome is Outcome.OK
    assert r.estimate.value == pytest.approx(target, rel=0.02)
    assert r.diagnostics["r_hat"] < 1.05


@pytest.mark.slow
@pytest.mark.parametrize("n", [1e3, 1e4, 1e6])
@pytest.mark.parametrize("device", ["llc-mala", "llc-hmc"])
def test_the_tabulated_targets_at_every_n_within_two_per_cent(device, n):
    settings = {
        "llc-mala": {"burn_in": 6_000, "draws": 16_000},
        "llc-hmc": {"burn_in": 500, "draws": 2_000, "leapfrogs": 40},
    }[device]
    for loss, _, _ in TARGETS:
        r = measure(device, loss, seed=1, n=n, **settings)
        assert r.estimate.value == pytest.approx(target_by_quadrature(loss, n, 1.0), rel=0.02)


@pytest.mark.slow
def test_a_domain_belongs_to_the_target_of_the_adjusted_samplers():
    """K = w⁴ on w ≥ 0 with the prior w: E[nβK] is that of the quadrature, for both."""
    loss = crossing(2, domain=Domain.orthant(1), prior_exponents=(1.0,))
    target = target_by_quadrature(loss, 1e4, 1.0)
    for device in ("llc-mala", "llc-hmc"):
        r = measure(device, loss, seed=3, burn_in=600, draws=1200)
        assert r.estimate.value == pytest.approx(target, rel=0.03)
