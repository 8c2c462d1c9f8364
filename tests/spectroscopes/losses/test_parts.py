"""Losses with the rest frozen, and components by name, list and text."""

from __future__ import annotations

import pytest
import torch

from singularity_lab.catalog.loss import loss
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from singularity_lab.spectroscopes.losses.parts import (
    RestrictedLoss,
    component_indices,
)


def test_restricted_losses_are_the_loss_with_the_rest_frozen():
    k = loss("x^2*y - z^3 + y", variables=["x", "y", "z"], at={"x": 1, "y": 0, "z": 0})
    part = RestrictedLoss(k, [2, 0])
    w = torch.tensor([[0.5, 2.0]], dtype=torch.float64)
    full = torch.tensor([[2.0, 0.0, 0.5]], dtype=torch.float64)
    assert float(part.value(w)) == pytest.approx(float(k.value(full)))
    value, grad = part.value_and_grad(w)
    _, whole = k.value_and_grad(full)
    torch.testing.assert_close(grad, whole[:, [2, 0]])
    torch.testing.assert_close(part.local_value(w - part.center), value)


def test_components_by_name_list_and_text():
    k = MatrixProductLoss.at_rank([2, 2, 2])
    assert component_indices(k, "W2") == [4, 5, 6, 7]
    assert component_indices(k, "0-2,5") == [0, 1, 2, 5]
    assert component_indices(k, [3]) == [3]
    with pytest.raises(BadInput, match="W1"):
        component_indices(k, "W9")
