"""Traces of functions: the same bits or none, and never another branch; long chains."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from singularity_lab.spectroscopes import ModuleLoss
from singularity_lab.spectroscopes.kernels import layout, sgld
from singularity_lab.spectroscopes.losses.traced import Traced

CALLS = 12  # more than a trace needs


def classifier():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    return net, torch.randn(60, 4), torch.randint(3, (60,))


def test_a_trace_gives_the_bits_of_the_function():
    """A gradient mapped over chains, before and after it is traced, at points it has not seen."""
    net, x, y = classifier()
    loss = ModuleLoss(net, x, y, nn.functional.cross_entropy, batch_size=20)
    plain = torch.vmap(torch.func.grad_and_value(loss._single), in_dims=(0, None, None))
    traced = Traced(plain)
    for k in range(CALLS):
        w = torch.randn(3, loss.dim, dtype=torch.float64) * (k + 1)
        for a, b in zip(traced(w, x.double(), y), plain(w, x.double(), y), strict=True):
            assert torch.equal(a, b)
    assert traced.traces == 1


def test_a_branch_on_the_data_is_not_traced():
    """The same shapes, other data, the other branch."""

    def branch(w, x):
        return w * 2 if float(x.max()) > 1 else w * 3

    traced = Traced(branch)
    w, low, high = torch.ones(2), torch.zeros(3), torch.full((3,), 2.0)
    for _ in range(CALLS):
        assert traced(w, low).tolist() == [3.0, 3.0]
    assert traced(w, high).tolist() == [2.0, 2.0]
    assert traced.traces == 0


def test_random_numbers_are_not_traced_into_constants():
    traced = Traced(lambda w: w + torch.rand(2))
    seen = {tuple(traced(torch.zeros(2)).tolist()) for _ in range(2 * CALLS)}
    assert len(seen) == 2 * CALLS


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
