"""The Hessian of the toy model of superposition at regular polygons."""

import pytest
import torch

from singularity_lab import BadInput, OutOfScope
from singularity_lab.models.polygons import polygon_signature


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
