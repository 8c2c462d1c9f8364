"""The accept step that kernels share: choices by weight, counts, what is accepted."""

from __future__ import annotations

import math

import torch

from singularity_lab.spectroscopes.kernels import hmc, mala
from singularity_lab.spectroscopes.kernels.accept import MetropolisState, accepted


def test_steps_are_drawn_by_the_weights_of_the_group():
    s = hmc.steps(0.1, 1.0, 3, groups=2)
    weights = torch.tensor([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]], dtype=torch.float64)
    s = hmc.Steps(s.epsilon, weights, s.tried, s.accepted)
    size, place = s.choose(40_000, torch.Generator().manual_seed(0))
    first = torch.bincount(place[:20_000], minlength=3) / 20_000
    assert torch.allclose(first, torch.tensor([0.5, 0.25, 0.25]), atol=0.015)
    assert set(place[20_000:].tolist()) == {4}  # row 1, column 1 of the counts
    assert torch.equal(size, s.epsilon[place % 3])


def test_trials_are_counted_where_they_were_made():
    s = hmc.steps(0.1, 1.0, 2, groups=2)
    s.count(torch.tensor([0, 3, 3]), torch.tensor([True, True, False]))
    assert s.tried.tolist() == [[1, 0], [0, 2]]
    assert s.accepted.tolist() == [[1, 0], [0, 1]]


def test_nothing_moves_to_what_is_no_number():
    ratio = torch.tensor([math.nan, -math.inf, math.inf, 0.0], dtype=torch.float64)
    assert accepted(ratio, torch.Generator().manual_seed(1)).tolist() == [False, False, True, True]
    zero, one = torch.zeros(2, 1), torch.ones(2, 1)
    old, new = (
        MetropolisState(zero, zero[:, 0], zero, zero[:, 0]),
        MetropolisState(one, one[:, 0], one, one[:, 0]),
    )
    moved = old.moved_to(new, torch.tensor([True, False]))
    assert moved.position.tolist() == moved.gradient.tolist() == [[1], [0]]
    assert moved.potential.tolist() == moved.value.tolist() == [1, 0]


def test_both_kernels_keep_a_normal_law():
    """u ~ N(0, 1/4) in two dimensions: the mean of |u|² is 1/2, from chains that begin there."""

    def target(u):
        return 2 * (u * u).sum(1), 4 * u, u.square().sum(1)

    for kernel, largest in ((hmc, 0.8), (mala, 0.5)):
        g = torch.Generator().manual_seed(2)
        start = 0.5 * torch.randn((4_000, 2), generator=g, dtype=torch.float64)
        state, s = kernel.init(start, target), kernel.steps(0.1, largest, 4)
        for _ in range(10):
            state = kernel.step(state, s, target, g)
        # |u|² has the standard deviation 1/2; 4 standard errors
        assert abs(float(state.value.mean()) - 0.5) < 4 * 0.5 / math.sqrt(4_000)
