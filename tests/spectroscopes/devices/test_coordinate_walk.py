"""The control coordinate-walk: right where there is no valley, and the same for the same seed."""

from __future__ import annotations

from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.measuring import measure
from singularity_lab.spectroscopes.registry import find_device


def test_it_is_right_where_there_is_no_valley():
    """x² + y² has λ = 1: it is the valley that the control fails in."""
    round_ = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])], loss_id="x^2+y^2")
    first, again = (
        measure("coordinate-walk", round_, seed=1, n=1e4, chains=64, burn_in=40, draws=100)
        for _ in range(2)
    )
    assert first.ok
    assert abs(first.lambda_.value - 1) < 0.1
    assert first.fingerprint() == again.fingerprint()
    assert find_device("coordinate-walk").fails
