"""Models and data as people have them."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.user_models import (
    WithLoss,
    collected,
    own_targets,
    plain_module,
    unmapped,
)

X, Y = torch.randn(10, 2, generator=torch.Generator().manual_seed(0)), torch.arange(10)


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        TensorDataset(X, Y),
        DataLoader(TensorDataset(X, Y), batch_size=3),
        [(X[:4], Y[:4]), (X[4:], Y[4:])],
    ],
    ids=["pair", "dataset", "loader", "batches"],
)
def test_all_batches_are_joined(data):
    inputs, targets = collected(data)
    assert torch.equal(inputs, X)
    assert torch.equal(targets, Y)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (5, "expected a DataLoader"),
        ([], "at least one batch"),
        (["a"], "batches of tensors"),
        ([(X, Y), (torch.ones(2, 3), Y[:2])], "different shapes"),
    ],
)
def test_what_holds_no_batches(data, match):
    with pytest.raises(BadInput, match=f"data: .*{match}"):
        collected(data)


def test_wrappers_are_taken_off():
    net = nn.Linear(2, 1)
    assert plain_module(net) is plain_module(nn.DataParallel(net)) is net
    for bad in (lambda x: x, "net"):
        with pytest.raises(BadInput, match=r"model: expected a torch.nn.Module"):
            plain_module(bad)


def test_own_targets_make_the_model_a_minimum():
    net = nn.Linear(2, 3)
    before = [p.clone() for p in net.parameters()]
    for kind, criterion in (("squared", None), ("kl", None), (True, nn.CrossEntropyLoss())):
        targets, loss = own_targets(net, X, criterion, kind)
        here = loss(net(X), targets)
        there = loss(net(X) + torch.tensor([0.5, 0.0, -0.5]), targets)
        assert here.mean() < there.mean()
        assert abs(here.mean().item()) < 1e-5
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    with pytest.raises(BadInput, match="self_teacher"):
        own_targets(net, X, lambda a, b: (a - b).abs().mean(), True)


def test_a_model_together_with_its_loss():
    net = nn.Linear(2, 1)
    both = WithLoss(net, lambda model, batch: (model(batch) ** 2).mean(1))
    assert torch.equal(both(X), (net(X) ** 2).mean(1))


def test_what_cannot_be_mapped_is_explained():
    message = unmapped(nn.BatchNorm1d(2), RuntimeError("in-place running_mean"))
    assert message
    assert "\n" not in message
