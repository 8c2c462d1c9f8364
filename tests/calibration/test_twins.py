"""Rows as torch modules: the twin has the loss of its row."""

from __future__ import annotations

import pytest
import torch

from singularity_lab.calibration.twins import twin
from singularity_lab.catalog.load import load
from singularity_lab.catalog.loss import loss as loss_of


@pytest.mark.parametrize("row", ["rrr-2-2-1-r0-a0b1", "deep-2-1-1-1-r0", "bp-2-3", "edge-path-4"])
def test_the_twin_of_a_row_has_its_loss(row):
    entry = load(row)
    problem = entry.problem()
    model, x, y = twin(problem, entry)
    flat = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    assert flat.tolist() == [float(c) for c in problem.point]
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        w = torch.randn(len(flat), generator=generator)
        torch.nn.utils.vector_to_parameters(w, model.parameters())
        mean = float(((model(x) - y) ** 2).sum(1).mean().detach())
        exact = float(loss_of(problem).value(w.unsqueeze(0).double())[0])
        assert mean == pytest.approx(exact, rel=1e-4)
