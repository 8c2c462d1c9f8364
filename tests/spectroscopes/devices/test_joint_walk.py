"""The counterpart of the controls: it walks along a valley that they do not see."""

from __future__ import annotations

from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.measuring import measure
from singularity_lab.spectroscopes.registry import find_device


def test_it_reads_a_slanted_valley_that_a_coordinate_walk_takes_for_a_line():
    """K = (x + y)² + (x − y)⁴: λ = 1/2 + 1/4, by the coordinates x ± y; across the valley alone it
    is 1/2. Both keep one law, for as many sweeps."""
    valley = PolynomialLoss.from_exponents(
        [([1, 1], [(1, 0), (0, 1)]), ([1, -2, 1], [(2, 0), (1, 1), (0, 2)])], loss_id="valley"
    )
    settings = {"n": 1e6, "chains": 64, "burn_in": 50, "draws": 100}
    joint = measure("joint-walk", valley, seed=1, **settings)
    single = measure("coordinate-walk", valley, seed=1, **settings)
    assert abs(joint.lambda_.value - 0.75) < 0.05
    assert single.lambda_.high < 0.65
    assert not find_device("joint-walk").fails
