"""Langevin steps: walls, and the divergence of a preconditioner."""

from __future__ import annotations

import pytest
import torch

from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.inference.diagnostics import (
    target_by_quadrature,
)
from singularity_lab.spectroscopes.kernels import layout, sgld
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


@pytest.mark.parametrize("walls", [False, True])
def test_long_chains_move_as_short_ones_do(walls, monkeypatch):
    """K = |u|²/2 in 2¹⁵ dimensions: chains that move in place keep the variance of the others,
    1/(nβ + γ) to the order of the step, and stay between walls."""
    d, nbeta, gamma = 1 << 15, 10.0, 2.0

    def gradient(u):
        return 0.5 * (u * u).sum(1).double(), u.clone()

    wall = torch.full((d,), 0.6) if walls else None
    spread = []
    for long in (1 << 14, 1 << 20):
        monkeypatch.setattr(sgld, "_LONG", long)
        g = torch.Generator().manual_seed(0)
        state = sgld.init(layout.zeros(4, d, torch.float32, by_chain=True), gradient)
        for _ in range(60):
            state = sgld.step(
                state, gradient, epsilon=torch.full((4,), 0.02), nbeta=nbeta, gamma=gamma,
                generator=g, lower=None if wall is None else -wall, upper=wall,
            )  # fmt: skip
        assert torch.equal(state.value, gradient(state.position)[0])
        spread.append(float(state.position.square().mean()))
        if walls:
            assert float(state.position.abs().max()) <= 0.6 + 1e-6
    assert spread[0] == pytest.approx(spread[1], rel=0.02)
    if not walls:
        assert spread[0] == pytest.approx(1 / (nbeta + gamma) / (1 - 0.02 * 12 / 4), rel=0.02)
