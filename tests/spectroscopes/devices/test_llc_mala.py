"""The device llc-mala: its settings (its readings: test_llc_adjusted.py)."""

from __future__ import annotations

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.devices.llc_mala import MalaSettings
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.measuring import measure


def test_settings_are_checked():
    with pytest.raises(BadInput, match="n: "):
        MalaSettings(n=0.5)
    with pytest.raises(BadInput, match="none that is called 'epsilon'"):
        measure("llc-mala", PolynomialLoss.from_exponents([([1], [(1,)])]), seed=0, epsilon=1)
