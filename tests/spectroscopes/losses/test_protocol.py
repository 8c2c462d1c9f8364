"""The protocol of losses: domains, centred losses, and points that are checked."""

import math

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.function import FunctionLoss
from singularity_lab.spectroscopes.losses.parts import MixtureLoss, RestrictedLoss
from singularity_lab.spectroscopes.losses.protocol import (
    Centred,
    Domain,
    Loss,
    as_columns,
    checked_center,
    checked_points,
)


@pytest.mark.parametrize(
    ("lower", "upper", "match"),
    [
        ((0.0,), (1.0, 2.0), "one length"),
        ((1.0,), (1.0,), "side 0 needs"),
        ((math.nan,), (1.0,), "side 0"),
    ],
)
def test_what_is_no_domain(lower, upper, match):
    with pytest.raises(BadInput, match=f"domain: .*{match}"):
        Domain(lower, upper)


def test_orthants_and_boxes():
    assert Domain.orthant(2).lower == (0.0, 0.0)
    assert Domain.orthant(2, [1]).lower == (-math.inf, 0.0)
    box = Domain.box([1.0, 2.0], 0.5)
    assert (box.lower, box.upper) == ((0.5, 1.5), (1.5, 2.5))
    with pytest.raises(BadInput, match="coordinates: expected indices"):
        Domain.orthant(2, [2])


class Square(Centred):
    def __init__(self, center):
        self.center, self.dim = torch.tensor(center, dtype=torch.float64), len(center)

    def local_value(self, u):
        return (u**2).sum(1)

    def local_value_and_grad(self, u):
        return (u**2).sum(1), 2 * u


def test_a_centred_loss_is_asked_at_displacements():
    loss = Square([1.0, -2.0])
    w = torch.tensor([[1.0, -2.0], [2.0, 0.0]], dtype=torch.float64)
    value, gradient = loss.value_and_grad(w)
    assert value.tolist() == loss.value(w).tolist() == [0.0, 5.0]
    assert gradient.tolist() == [[0.0, 0.0], [2.0, 4.0]]


def the_losses():
    """Losses of every kind in two parameters."""
    from singularity_lab import loss

    cross = loss("x*y", at={"x": 1})
    network = torch.nn.Linear(1, 1).double()
    x = torch.arange(4.0, dtype=torch.float64)[:, None]
    wide = FunctionLoss(lambda w: (w**2).sum(1), 3)
    return {
        "polynomial": cross,
        "function": FunctionLoss(lambda w: (w[:, 0] * w[:, 1]) ** 2, 2),
        "module": loss(network, x, 2 * x),
        "product": loss("rrr-1-1-1-r0"),
        "restricted": RestrictedLoss(wide, [0, 2]),
        "mixture": MixtureLoss({"a": cross, "b": loss("x + y", at={"x": 1})}),
        "centred": Square([1.0, -2.0]),
    }


@pytest.mark.parametrize("kind", the_losses())
def test_one_point_reads_what_it_reads_in_a_batch(kind):
    loss = the_losses()[kind]
    points = torch.tensor([[0.5, -1.25], [2.0, 0.75]], dtype=torch.float64)
    value, slope = loss.value_and_grad(points)
    for k, point in enumerate(points):
        for given in (point, point.numpy(), point.tolist()):
            assert loss.value(given).shape == ()
            assert float(loss.value(given)) == pytest.approx(float(value[k]))
            one, its_slope = loss.value_and_grad(given)
            assert (one.shape, its_slope.shape) == ((), (2,))
            assert its_slope.tolist() == pytest.approx(slope[k].tolist())
    for bad in (None, "x", [], [1.0], torch.ones(3), torch.ones(2, 2, 2), [["1", "2"]]):
        with pytest.raises(BadInput, match=r"w: expected points of the shape \(c, 2\), or one"):
            loss.value(bad)


def test_points_and_centres_are_checked():
    assert checked_points(torch.ones(3, 2), 2).dtype == torch.float64
    assert checked_points(torch.ones(3, 2), 2, single=True).dtype == torch.float32
    for bad in (torch.ones(3), torch.ones(3, 3), [[1.0, 2.0]]):
        with pytest.raises(BadInput, match="w: expected"):
            checked_points(bad, 2)
    for bad in ([1.0], [1.0, math.nan]):
        with pytest.raises(BadInput, match="center"):
            checked_center(bad, 2)


def test_columns_and_the_protocol():
    w = torch.arange(6.0).reshape(3, 2)
    assert as_columns(w).tolist() == w.t().tolist()
    assert as_columns(w).is_contiguous()
    assert isinstance(FunctionLoss(lambda w: w.sum(1) ** 2, 2), Loss)
    assert not isinstance(object(), Loss)
