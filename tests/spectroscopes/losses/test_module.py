"""Modules as losses: minibatches without bias."""

from __future__ import annotations

import itertools

import pytest
import torch

from singularity_lab.spectroscopes.losses.module import ModuleLoss


def test_minibatch_gradients_are_unbiased_and_differ_between_chains():
    net = torch.nn.Linear(1, 1, bias=False)
    x = torch.arange(1.0, 9.0)[:, None]
    loss = ModuleLoss(net, x, torch.zeros_like(x), batch_size=2)
    w = torch.full((4000, 1), 1.0, dtype=torch.float64)
    value, grad = loss.stochastic_value_and_grad(w, torch.Generator().manual_seed(0))
    full, slope = loss.value_and_grad(w[:1])
    assert value.std() > 1  # every chain its own minibatch
    error = value.std() / 4000**0.5
    assert abs(value.mean() - full[0]) < 4 * error
    assert abs(grad.mean() - slope[0, 0]) < 8 * error


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_linear_networks_take_minibatches_from_outer_products(layers):
    """The table gives the numbers of the network itself, on the same rows."""
    torch.manual_seed(layers)
    sizes = [4, 3, 2, 3][: layers + 1]
    net = torch.nn.Sequential(
        *[torch.nn.Linear(a, b, bias=False) for a, b in itertools.pairwise(sizes)]
    )
    x, y = torch.randn(40, sizes[0]), torch.randn(40, sizes[-1])
    fast = ModuleLoss(net, x, y, batch_size=7)
    slow = ModuleLoss(net, x, y, lambda out, y: (out - y) ** 2, batch_size=7)
    assert fast._table is not None
    assert slow._table is None
    w = fast.center + torch.randn((6, fast.dim), dtype=torch.float64)
    for k in range(3):
        ours = fast.stochastic_value_and_grad(w, torch.Generator().manual_seed(k))
        theirs = slow.stochastic_value_and_grad(w, torch.Generator().manual_seed(k))
        assert torch.allclose(ours[0], theirs[0], rtol=1e-12)
        assert torch.allclose(ours[1], theirs[1], rtol=1e-10)
    assert ModuleLoss(torch.nn.Linear(4, 3), x, torch.randn(40, 3), batch_size=7)._table is None
    single = ModuleLoss(net, x, y, dtype=torch.float32)
    assert torch.allclose(single.value(w), fast.value(w), rtol=1e-5)
