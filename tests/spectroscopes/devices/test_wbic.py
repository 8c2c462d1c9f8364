"""λ from two temperatures."""

from __future__ import annotations

import math

import pytest

from singularity_lab.spectroscopes import Outcome, measure
from singularity_lab.spectroscopes.inference.diagnostics import (
    target_by_quadrature,
)
from tests.spectroscopes.germs import crossing, cusp


@pytest.mark.slow
def test_wbic_reads_the_slope_between_two_temperatures():
    """The expected value is the difference quotient of two quadrature targets; within 10 %."""
    loss, n = cusp(), 1e4
    r = measure("wbic", loss, seed=1, chains=256, burn_in=500, draws=1000)
    b = [1 / math.log(n), 1.5 / math.log(n)]
    means = [target_by_quadrature(loss, n, 1.0, beta=x) / x for x in b]
    assert r.estimate.value == pytest.approx(
        (means[0] - means[1]) / (1 / b[0] - 1 / b[1]), rel=0.10
    )


def test_a_slope_that_gamma_holds_says_so():
    """K = x²: nβE[K] = ½·b/(b + γ/2) with b = nβ, and its slope in 1/β the square of that share.
    At b = 14, γ = 200 that is 0.06 and 0.007, far below the noise of a short run; at γ = 1 it is
    0.5, as the device then reads."""
    square = crossing(1)
    short = {"n": 60.0, "chains": 32, "burn_in": 300, "draws": 300}
    held = measure("wbic", square, seed=0, gamma=200.0, **short)
    assert held.outcome is Outcome.NOT_MIXED
    assert "at γ = 200 the localisation holds the chains" in held.reason
    assert "\n" not in held.reason
    free = measure("wbic", square, seed=0, gamma=0.5, ratio=3.0, **short)
    assert "localisation" not in free.reason
