"""The device llc-hmc: its settings (its readings: test_llc_adjusted.py)."""

from __future__ import annotations

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.devices.llc_hmc import HmcSettings
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.measuring import measure


def test_settings_are_checked():
    with pytest.raises(BadInput, match="n: "):
        HmcSettings(n=0.5)
    with pytest.raises(BadInput, match="none that is called 'epsilon'"):
        measure("llc-hmc", PolynomialLoss.from_exponents([([1], [(1,)])]), seed=0, epsilon=1)


def test_the_length_of_a_trajectory_is_checked():
    with pytest.raises(BadInput, match="leapfrogs: expected at least 1, received 0"):
        HmcSettings(leapfrogs=0)
