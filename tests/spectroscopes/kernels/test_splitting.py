"""Moves below a level keep the uniform law there."""

from __future__ import annotations

import pytest
import torch

from singularity_lab.spectroscopes.kernels import splitting
from tests.spectroscopes.germs import brieskorn


@pytest.mark.parametrize("name", sorted(splitting.families(3)))
def test_every_family_of_moves_keeps_the_uniform_law(name):
    """From exact draws on the unit ball, r³ stays uniform and coordinates keep the variance 1/5."""
    generator = torch.Generator().manual_seed(7)
    loss = brieskorn(1, 1, 1)
    one = torch.ones((3, 1), dtype=torch.float64)
    state = splitting.init(loss.value, -one, one, 0 * one, None, 16, 1024, generator)
    p = state.position.shape[1]
    direction = torch.randn((3, p), generator=generator, dtype=torch.float64)
    radius = torch.rand(p, generator=generator, dtype=torch.float64) ** (1 / 3)
    state.position = direction / direction.norm(dim=0) * radius
    state.value = loss.value(state.position.t())
    splitting.prepare(state, 1.0, generator)
    for _ in range(12):
        splitting.families(3)[name](state, loss.value, generator)
    cube = state.value**1.5
    for power in (1, 2):
        assert float((cube**power).mean()) == pytest.approx(1 / (power + 1), abs=0.012)
    assert float(state.position.square().mean()) == pytest.approx(0.2, abs=0.006)
    assert state.moved  # something was tried


def test_a_log_move_without_its_jacobian_is_rejected_by_that_law(monkeypatch):
    """Negative control: the same check fails when the Jacobian e^{tz} is left out."""
    original = splitting._decide
    monkeypatch.setattr(
        splitting, "_decide", lambda s, k, part, rows, new, ratio, g: original(
            s, k, part, rows, new, None, g
        ),
    )  # fmt: skip
    with pytest.raises(AssertionError):
        test_every_family_of_moves_keeps_the_uniform_law("log")
