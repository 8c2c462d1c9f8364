"""Langevin steps: walls, and the divergence of a preconditioner."""

from __future__ import annotations

import pytest

from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.inference.diagnostics import (
    target_by_quadrature,
)
from tests.spectroscopes.germs import crossing


def test_rmsprop_needs_the_divergence_of_its_preconditioner():
    """K = w⁴, no memory (α = 0), so that G is a function of w: with Γ the target within 8 %
    (discretisation), without it 20 % off and more."""
    loss, n = crossing(2), 1000.0
    target = target_by_quadrature(loss, n, 1.0)
    common = {"n": n, "sampler": "rmsprop", "decay": 0.0, "stability": 0.05, "epsilon": 1e-4}
    runs = {"chains": 256, "burn_in": 1000, "draws": 2000, "check": False}
    with_ = measure("llc", loss, seed=1, **common, **runs)
    without = measure("llc", loss, seed=1, divergence=False, **common, **runs)
    assert with_.estimate.value == pytest.approx(target, rel=0.08)
    assert abs(without.estimate.value / target - 1) > 0.2
