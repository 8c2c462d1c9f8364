"""Several losses by one call give the numbers of each alone."""

import pytest
import torch

from singularity_lab.spectroscopes import FunctionLoss
from singularity_lab.spectroscopes.losses.side_by_side import at_displacements
from tests.spectroscopes.germs import brieskorn, crossing


def distance(w, a):
    return ((w - a) ** 2).sum(1) + w[:, 0] ** 4


def wells(*places):
    points = [torch.tensor(p, dtype=torch.float64) for p in places]
    return [FunctionLoss(distance, 2, center=a, given=a) for a in points]


@pytest.mark.parametrize(
    ("losses", "one_call"),
    [
        (wells((0.0, 0.0), (1.0, 2.0), (3.0, -1.0)), True),
        ([brieskorn(1, 2), crossing(1, 1)], False),
        (wells((1.0, 1.0)), False),
    ],
)
def test_values_and_gradients_are_those_of_each(losses, one_call):
    evaluate, together = at_displacements(losses)
    assert together is one_call
    u = torch.randn(
        3 * len(losses), 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    value, gradient = evaluate(u)
    for k, loss in enumerate(losses):
        rows = slice(3 * k, 3 * k + 3)
        v, g = loss.value_and_grad(loss.center + u[rows])
        assert torch.allclose(value[rows], v)
        assert torch.allclose(gradient[rows], g)


def test_losses_that_say_they_go_together_and_do_not_are_found_out():
    class Wrong(FunctionLoss):
        def side_by_side(self, others):
            return lambda w: (w.sum(1), torch.ones_like(w))

    losses = [Wrong(lambda w: (w**2).sum(1), 2, center=c) for c in ([0.0, 0.0], [1.0, 0.0])]
    evaluate, together = at_displacements(losses)
    assert not together
    assert evaluate(torch.zeros(2, 2, dtype=torch.float64))[0].tolist() == [0.0, 1.0]
