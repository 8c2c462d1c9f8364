"""Budgets and counters."""

from __future__ import annotations

import torch

from singularity_lab.spectroscopes.meter import Budget, Meter
from tests.spectroscopes.germs import crossing


def test_the_meter_counts_every_point():
    loss = crossing(1, 1)
    meter = Meter(loss, Budget())
    meter.k(torch.zeros((7, 2)))
    meter.k_and_grad(torch.zeros((5, 2)))
    assert meter.counts() == (8, 5)  # one evaluation at the centre
