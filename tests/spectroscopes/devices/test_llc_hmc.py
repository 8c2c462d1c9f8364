"""The device llc-hmc: its target at a regular minimum, the same seed twice, and its settings."""

from __future__ import annotations

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.devices.llc_hmc import HmcSettings
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.measuring import measure


def test_a_gaussian_has_the_target_in_closed_form():
    """K = w²: E[nβK] under exp(−nβw² − γw²/2) is nβ/(2nβ + γ)."""
    square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    settings = {"n": 1e3, "beta": 0.01, "gamma": 5.0, "chains": 64, "burn_in": 100, "draws": 400}
    first, again = (measure("llc-hmc", square, seed=2, **settings) for _ in range(2))
    assert first.estimate.value == pytest.approx(10 / 25, rel=0.05)
    assert first.fingerprint() == again.fingerprint()


def test_settings_are_checked():
    with pytest.raises(BadInput, match="n: "):
        HmcSettings(n=0.5)
    with pytest.raises(BadInput, match="none that is called 'epsilon'"):
        measure("llc-hmc", PolynomialLoss.from_exponents([([1], [(1,)])]), seed=0, epsilon=1)


def test_the_length_of_a_trajectory_is_checked():
    with pytest.raises(BadInput, match="leapfrogs: expected at least 1, received 0"):
        HmcSettings(leapfrogs=0)
