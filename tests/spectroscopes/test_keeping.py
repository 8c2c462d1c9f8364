"""Draws that are kept while chains run."""

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import ModuleLoss
from singularity_lab.spectroscopes.keeping import Keeper
from singularity_lab.spectroscopes.meter import Budget, Meter
from tests.spectroscopes.germs import crossing


def loss():
    torch.manual_seed(0)
    x = torch.randn(5, 2)
    return ModuleLoss(torch.nn.Linear(2, 1), x, torch.zeros(5, 1))


@pytest.mark.parametrize(
    ("draws", "kept", "seen"), [(10, 10, 10), (10, 5, 5), (10, 3, 3), (10, 99, 10)]
)
def test_one_of_so_many_draws_is_kept(draws, kept, seen):
    k = loss()
    keeper = Keeper(k, Meter(k, Budget()), draws, kept)
    for t in range(draws):
        u = torch.full((4, k.dim), float(t))
        keeper.add(t, u, torch.full((4,), float(t)))
    found = keeper.draws([{}, {"scattered": True}], 1.0)
    assert found.energy.shape[1] == seen
    assert found.energy.shape[0] == 4
    assert list(found.scattered) == [False, False, True, True]


def test_losses_of_examples_are_those_at_the_chains():
    k = loss()
    keeper = Keeper(k, Meter(k, Budget()), 2, 2)
    u = torch.randn(3, k.dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    keeper.add(0, u, k.value(k.center + u))
    found = keeper.draws([{}], 1.0)
    (name,) = found.losses
    kept = torch.as_tensor(found.losses[name])[:, 0]
    assert torch.allclose(kept.mean(-1), k.value(k.center + u), rtol=1e-5)


def test_a_checkpoint_goes_on_and_nothing_is_kept_of_a_loss_without_examples():
    k = loss()
    one = Keeper(k, Meter(k, Budget()), 4, 4)
    assert one.draws([{}], 1.0) is None
    one.add(0, torch.zeros(2, k.dim), torch.zeros(2))
    other = Keeper(k, Meter(k, Budget()), 4, 4)
    other.resume(one.state())
    for keeper in (one, other):
        keeper.add(1, torch.ones(2, k.dim), torch.ones(2))
    assert one.draws([{}], 1.0).energy.tolist() == other.draws([{}], 1.0).energy.tolist()
    with pytest.raises(BadInput, match="no losses of examples to keep"):
        Keeper(crossing(1), Meter(crossing(1), Budget()), 4, 4)
