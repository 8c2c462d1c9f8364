"""Orders of coordinates read off the samples of volume, against weights that are known."""

from __future__ import annotations

import pytest

from singularity_lab.spectroscopes import PolynomialLoss, measure
from singularity_lab.spectroscopes.directions import measured_orders

SMALL = {"particles": 32, "replicates": 6, "depth": 25.0}


@pytest.mark.parametrize(
    ("powers", "weights"),
    [((1, 2), (1 / 2, 1 / 4)), ((2, 3), (1 / 4, 1 / 6))],
)
def test_sums_of_powers(powers, weights):
    """K = Σ x_i^(2p_i): the one divisor has the weights 1/(2p_i)."""
    exponents = [
        ([1], [tuple(p * (i == j) for j in range(len(powers)))]) for i, p in enumerate(powers)
    ]
    loss = PolynomialLoss.from_exponents(exponents, loss_id=f"powers {powers}")
    _, found = measured_orders(loss, seed=1, **SMALL)
    for value, error, weight in zip(found.values, found.errors, weights, strict=True):
        assert abs(value - weight) <= 3 * error + 0.05


def test_the_reading_is_that_of_volume_itself():
    loss = PolynomialLoss.from_exponents([([1], [(1, 1)])], loss_id="w1^2*w2^2")
    seen, orders = measured_orders(loss, seed=2, **SMALL)
    plain = measure("volume", loss, seed=2, **SMALL)
    assert seen.fingerprint() == plain.fingerprint()
    # two divisors tie, and by symmetry the samples' centre lies half-way: λ = 1/2 in all
    assert sum(orders.values) == pytest.approx(0.5, abs=0.1)


def test_a_run_that_is_too_short_has_no_orders():
    loss = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    _, orders = measured_orders(loss, seed=0, particles=32, replicates=4, depth=3.0)
    assert orders.values == ()
