"""R-hat, effective sample sizes, and the target of the localised posterior by quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Domain
from singularity_lab.spectroscopes.inference.diagnostics import (
    effective_sample_size,
    split_r_hat,
    target_by_quadrature,
)
from tests.spectroscopes.germs import TARGETS, brieskorn, crossing, cusp


@pytest.mark.parametrize(
    ("loss", "lam", "shares"), TARGETS, ids=lambda x: getattr(x, "loss_id", "")
)
def test_the_target_of_the_estimator_is_biased_as_tabulated(loss, lam, shares):
    for n, share in zip((1e3, 1e4, 1e6), shares, strict=True):
        assert target_by_quadrature(loss, n, 1.0) / lam == pytest.approx(share, abs=0.0051)


def test_strong_localisation_hides_the_singularity():
    """γ = 100 at n = 10⁴: 0.13 of λ on w₁²w₂², 0.27 on w₁⁴ + w₂⁶."""
    for loss, lam, share in ((crossing(1, 1), 0.5, 0.13), (brieskorn(2, 3), 5 / 12, 0.265)):
        assert target_by_quadrature(loss, 1e4, 100.0) / lam == pytest.approx(share, abs=0.0051)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_target_of_a_monomial_tends_to_its_exponent(k):
    """d = 1, K = w^{2k}: nβE[K] → 1/(2k) as n → ∞, from the Gamma integral."""
    assert target_by_quadrature(crossing(k), 1e12, 1.0) == pytest.approx(1 / (2 * k), rel=2e-3)


def test_target_of_a_cross_is_the_integral_over_one_axis():
    """K = w₁²w₂²: the integral over w₂ is Gaussian, the one over w₁ is a sum here; nine digits."""
    n, t = 1e6, np.linspace(-25.0, 2.5, 200_001)
    nbeta, w = n / math.log(n), np.exp(2 * t)
    density = np.exp(t - w / 2) / np.sqrt(2 * nbeta * w + 1)
    expected = (density * nbeta * w / (2 * nbeta * w + 1)).sum() / density.sum()
    assert target_by_quadrature(crossing(1, 1), n, 1.0) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [1e4, 1e8, 1e12])
def test_target_of_the_cusp_is_that_of_bessel_functions(n):
    """K = (w₁² − w₂³)²: for each w₂ = y the integral over w₁ of exp(−b(w₁² − a)² − w₁²/2), a = y³,
    is one of modified Bessel functions of order ¼ (DLMF 10.32, 12.5), and the sum over log|y| is
    taken here; E[bK] = −b·∂ log Z/∂b. At n = 10¹² the valley is 10⁻⁶ wide and 10 long."""
    t = np.linspace(-40.0, math.log(9.0), 40_001)
    y = np.exp(t)

    def log_z(b):
        parts = []
        for a in (y**3, -(y**3)):
            q = 0.25 - a * b
            z = q * q / (2 * b)
            above = 0.5 * np.log(np.abs(q) / (2 * b)) + np.log(scaled_k(z)) - b * a * a
            below = math.log(math.pi / 2) + 0.5 * np.log(np.abs(q) / b) + np.log(scaled_i(z))
            below += 1 / (16 * b) - a / 2
            parts.append(np.where(q > 0, above, below) - y * y / 2 + t)
        total = np.concatenate(parts)
        return total.max() + math.log(np.exp(total - total.max()).sum())

    b, h = n / math.log(n), 1e-3
    expected = -(log_z(b * math.exp(h)) - log_z(b * math.exp(-h))) / (2 * h)
    assert target_by_quadrature(cusp(), n, 1.0) == pytest.approx(expected, rel=1e-6)


def scaled_k(z):
    """e^z K_{1/4}(z), by its expansion where scipy has none."""
    from scipy.special import kve

    far = (1 - 3 / (32 * z)) * np.sqrt(math.pi / (2 * z))
    return np.where(z < 1e6, kve(0.25, np.minimum(z, 1e6)), far)


def scaled_i(z):
    """e^{−z}(I_{1/4}(z) + I_{−1/4}(z)), by its expansion where scipy has none."""
    from scipy.special import ive

    near, far = np.minimum(z, 1e6), (2 + 3 / (16 * z)) / np.sqrt(2 * math.pi * z)
    return np.where(z < 1e6, ive(0.25, near) + ive(-0.25, near), far)


def test_target_knows_domain_and_prior():
    """∏|w|^τ moves λ to (τ + 1)/(2k); a half line changes nothing for an even K."""
    flat = target_by_quadrature(crossing(2), 1e6, 1.0)
    half = target_by_quadrature(crossing(2, domain=Domain.orthant(1)), 1e6, 1.0)
    assert half == pytest.approx(flat, rel=1e-4)
    tilted = target_by_quadrature(crossing(2, prior_exponents=(1.0,)), 1e12, 1.0)
    assert tilted == pytest.approx(0.5, rel=2e-3)


def test_quadrature_refuses_three_dimensions():
    with pytest.raises(BadInput, match="d ≤ 2"):
        target_by_quadrature(crossing(1, 1, 1), 1e4, 1.0)


def test_r_hat_and_ess_on_a_known_process():
    """AR(1), coefficient ρ: n(1 − ρ)/(1 + ρ) effective draws; separate means: R-hat > 1."""
    rng = np.random.default_rng(0)
    rho, chains, n = 0.8, 20, 4000
    x = np.zeros((chains, n))
    noise = rng.normal(size=(chains, n)) * math.sqrt(1 - rho**2)
    x[:, 0] = rng.normal(size=chains)
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + noise[:, t]
    assert effective_sample_size(x) == pytest.approx(chains * n * (1 - rho) / (1 + rho), rel=0.1)
    assert split_r_hat(x) < 1.02
    assert split_r_hat(x + np.arange(chains)[:, None]) > 1.5
    assert split_r_hat(np.ones((4, 100))) == 1.0


@pytest.mark.slow  # the import of arviz-stats
@pytest.mark.parametrize("chains", [2, 4, 32])
@pytest.mark.parametrize("length", [40, 1000])
@pytest.mark.parametrize("drift", [0.0, 0.05, 1.0])
def test_r_hat_and_ess_agree_with_arviz(chains, length, drift):
    """From independent draws to chains that have not met, where R-hat is far above 1."""
    stats = pytest.importorskip("arviz_stats.base").array_stats
    x = np.random.default_rng(1).normal(size=(chains, length)).cumsum(axis=1) * drift
    x += np.random.default_rng(2).normal(size=x.shape)
    theirs = float(stats.rhat(x, chain_axis=0, draw_axis=1, method="split"))
    assert split_r_hat(x) == pytest.approx(theirs, rel=1e-6)
    theirs = float(stats.ess(x, chain_axis=0, draw_axis=1, method="mean"))
    # theirs ends the sum with a further half term, which short chains that drift can see
    assert effective_sample_size(x) == pytest.approx(theirs, rel=0.05 if length > 40 else 0.25)
