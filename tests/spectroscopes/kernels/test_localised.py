"""The localised law: walls and prior exponents belong to it."""

from __future__ import annotations

import pytest

from singularity_lab.spectroscopes import Domain, measure
from tests.spectroscopes.germs import crossing


def test_walls_and_prior_exponents_belong_to_the_law():
    """K = w² on w ≥ 0 with the prior w: λ = 1 (Watanabe 2009, Theorem 2.3 with h = 1)."""
    loss = crossing(1, domain=Domain.orthant(1), prior_exponents=[1.0])
    r = measure("anneal", loss, seed=0, particles=32, span=20.0)
    assert r.lambda_.value == pytest.approx(1.0, rel=0.04)
