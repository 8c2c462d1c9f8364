"""Metropolis-adjusted Langevin steps keep the law; without the correction they would not."""

import pytest
import torch

from singularity_lab.spectroscopes.kernels import accept, mala


def normal(u):
    return (u**2).sum(1) / 2, u, (u**2).sum(1)


@pytest.mark.parametrize("epsilon", [0.1, 0.6])
def test_a_normal_law_is_kept(epsilon):
    generator = torch.Generator().manual_seed(0)
    u = torch.randn(800, 2, generator=generator, dtype=torch.float64)
    state = accept.init(u, normal)
    s = mala.steps(epsilon, epsilon, 1)
    squares = 0.0
    for _ in range(60):
        state = mala.step(state, s, normal, generator)
        squares += float(state.value.mean()) / 60
    assert squares == pytest.approx(2.0, abs=0.15)


def test_weights_go_to_the_steps_that_carry_far():
    s = mala.steps(1e-4, 10.0, 6)
    s.tried[:] = 100
    s.accepted[:] = torch.tensor([100, 100, 100, 100, 0, 0], dtype=s.accepted.dtype)
    found = mala.adapt(s)
    weights = found.weights[0]
    assert torch.allclose(weights.sum(), torch.ones((), dtype=weights.dtype))
    assert int(weights.argmax()) == 3
    assert weights[4] == weights[5] > 0
    assert found.tried.max() <= 50


def test_learning_counts_every_trial():
    generator = torch.Generator().manual_seed(1)
    s = mala.steps(0.1, 0.4, 3, groups=2)
    state = accept.init(torch.zeros(10, 2, dtype=torch.float64), normal)
    before = s.tried.clone()
    mala.step(state, s, normal, generator)
    assert torch.equal(s.tried, before)
    mala.step(state, s, normal, generator, learn=True)
    assert float((s.tried - before).sum()) == 10
    assert (s.accepted <= s.tried).all()
