"""Heat capacities and the plateau that reads λ."""

from __future__ import annotations

import numpy as np
import pytest

from singularity_lab.spectroscopes.inference.heat_capacity import heat_capacity, plateau


def test_heat_capacity_reads_a_logarithm():
    x = np.linspace(2, 40, 60)[:, None]
    g = np.random.default_rng(0)
    energy = 0.5 - 2 / (x + 3) + 1e-4 * g.normal(size=(60, 8))
    variance = energy - 2 / (x + 3) ** 2
    a, error, _ = heat_capacity(x[:, 0], energy, variance)
    assert a == pytest.approx(2.0, abs=0.1)
    assert error < 0.1


def test_a_lagging_end_does_not_move_the_plateau():
    x = np.arange(0, 16, 0.5)
    rising = 100 - 90 * np.exp(-0.5 * x) + 0.5 * np.exp(np.clip(x - 11, 0, None))
    g = np.random.default_rng(0)
    found, _ = plateau(x, rising[:, None] + 0.3 * g.normal(size=(32, 8)), 0.9)
    assert found.value == pytest.approx(100, rel=0.02)
