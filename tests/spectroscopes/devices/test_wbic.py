"""λ from two temperatures."""

from __future__ import annotations

import math

import pytest

from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.inference.diagnostics import (
    target_by_quadrature,
)
from tests.spectroscopes.germs import cusp


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
