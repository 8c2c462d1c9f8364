"""Clouds of samples, named blind by the orders of their coordinates."""

from __future__ import annotations

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.programs.experiments.clouds import (
    confusion,
    exact_orders,
    measured_orders,
    nearest,
)

NAMES = (
    "xor-lookup", "xor-4nand-shared", "xor-4nand-separate", "xor-and-or-nand", "xor-two-minterms",
    "xor-tmr-frozen", "identity-direct", "identity-chain2", "identity-chain2-separate",
    "identity-double-not", "identity-tmr-frozen", "identity-tmr", "identity-tmr-separate-frozen",
    "identity-5mr-frozen",
)  # fmt: skip


def test_slopes_of_exact_power_laws_are_named():
    orders = exact_orders("xor-4nand-shared")
    low, high = [tuple(-v for v in orders)] * 3, [tuple(-3 * v for v in orders)] * 3
    found = measured_orders(low, high, 2.718281828459045**2)
    assert found == pytest.approx(orders)
    candidates = {name: exact_orders(name) for name in NAMES}
    assert nearest(found, candidates) == "xor-4nand-shared"
    with pytest.raises(BadInput, match="at least one sample"):
        measured_orders([], high, 2.0)


@pytest.mark.slow
def test_clouds_of_fourteen_programs():
    """At least 95 % are given their own orders; programs with equal orders are one group."""
    table = confusion(NAMES)
    assert len(set(table.groups.values())) >= 10
    assert table.right >= 0.95 * table.total, str(table)
