"""The Hessian of the toy model of superposition at regular polygons."""

import pytest
import torch

from singularity_lab import BadInput, OutOfScope
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models.polygons import polygon_loss, polygon_signature, polygon_value
from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.losses.function import FunctionLoss


def polygon(k, features):
    """k features at the critical regular k-gon, the others at 0."""
    w = torch.zeros(features, 2, dtype=torch.float64)
    turn = 2 * torch.pi * torch.arange(k, dtype=torch.float64) / max(k, 1)
    rho = 1 / (1 + (turn.cos()[1:].clamp(min=0) ** 2).sum())
    w[:k] = rho.sqrt() * torch.stack((turn.cos(), turn.sin()), 1)
    return w


def outputs(w, features):
    w = w.reshape(-1, features, 2)
    return torch.relu(w @ w.transpose(1, 2))


@pytest.mark.parametrize(("k", "features"), [(0, 3), (1, 4), (2, 5), (3, 5), (4, 6), (5, 7), (6, 6),
                                             (7, 8), (9, 9), (11, 13), (13, 13)])  # fmt: skip
def test_the_loss_at_some_features_on_a_polygon(k, features):
    """Against the network itself, which is at rest there."""
    start = polygon(k, features)

    def loss(w):
        error = torch.eye(features, dtype=w.dtype) - outputs(w, features)
        return (error**2).sum() / (3 * features)

    slopes = torch.autograd.functional.jacobian(loss, start.flatten())
    assert slopes.abs().max() < 1e-12
    assert float(polygon_loss(k, features)) == pytest.approx(float(loss(start)), abs=1e-12)


@pytest.mark.parametrize(("k", "features"), [(1, 3), (3, 4)])
def test_the_volume_of_the_parameters_that_compute_nearly_the_function(k, features):
    start = polygon(k, features)
    wanted = outputs(start, features)
    seen = FunctionLoss(
        lambda w: ((outputs(w, features) - wanted) ** 2).sum((1, 2)),
        dim=2 * features,
        center=start.flatten(),
    )
    found = measure("volume", seen, half_width=0.2, particles=64, replicates=4, depth=60)
    assert found.estimate.value == pytest.approx(float(polygon_value(k, features)), rel=0.08)


def test_the_pieces_of_a_feature_at_zero():
    """max(u·w, 0)² + |u|⁴ on both sides of the line through w, by the engine."""
    behind, before = rlct(["u^2 + v^2"]), rlct(["u", "u^2 + v^2"], nonnegative="u")
    assert (str(behind.value), behind.multiplicity) == ("1/2", 1)
    assert (str(before.value), before.multiplicity) == ("3/4", 1)
    both = rlct(["u1^2 + v1^2", "u2^2 + v2^2", "r"])
    assert both.value == polygon_value(1, 3)


@pytest.mark.parametrize(
    ("k", "signature"), [(3, (3, 0)), (5, (9, 0)), (6, (7, 2)), (7, (7, 6)), (9, (15, 2))]
)
def test_the_hessian_at_a_regular_polygon(k, signature):
    """Against second differences of the loss in floating point."""
    assert polygon_signature(k) == signature
    turn = 2 * torch.pi * torch.arange(k, dtype=torch.float64) / k
    rho = 1 / (1 + (turn.cos()[1:].clamp(min=0) ** 2).sum())
    start = rho.sqrt() * torch.stack((turn.cos(), turn.sin()), 1)

    def loss(w):
        gram = w.reshape(k, 2) @ w.reshape(k, 2).T
        near = gram.clamp(min=0) ** 2
        return ((1 - gram.diagonal()) ** 2).sum() + near.sum() - near.diagonal().sum()

    slopes = torch.autograd.functional.jacobian(loss, start.flatten())
    values = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, start.flatten()))
    assert slopes.abs().max() < 1e-12
    assert ((values > 1e-9).sum(), (values < -1e-9).sum()) == signature


def test_polygons_with_right_angles_are_on_a_kink():
    with pytest.raises(OutOfScope, match="kink"):
        polygon_signature(8)
    with pytest.raises(BadInput, match="k:"):
        polygon_signature(2)
