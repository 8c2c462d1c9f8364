"""Checkpoints as trainers leave them, and as a callback keeps them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from singularity_lab import Tracker, track
from singularity_lab.spectroscopes import PolynomialLoss
from tests.trajectories.states import given, ruler, states


def test_states_as_trainers_leave_them():
    plain = states(1)[0]
    kept = {
        0: {"state_dict": plain, "epoch": 3},
        1: {"module.weight": plain["weight"]},
        2: {"model": {"_orig_mod.weight": plain["weight"]}},
    }
    assert track(kept, **given()).column("value").tolist() == pytest.approx([math.sqrt(2)] * 3)


def test_any_loss_can_be_a_checkpoint():
    line = PolynomialLoss.from_exponents([([1], [(1, 1)])], center=[3, 4], loss_id="xy")
    path = track([(1, line)], device=ruler, progress=False)
    assert path.rows[0].value == 5.0
    assert path.rows[0].loss == 144.0


def test_a_callback_keeps_what_track_reads(tmp_path):
    net = nn.Linear(2, 1, bias=False)
    memory, folder = Tracker(every=10), Tracker(tmp_path / "kept", every=10)
    for step in range(35):
        with torch.no_grad():
            net.weight.fill_(step)
        memory(step, net)
        folder(step, net)
    paths = [track(source, **given()) for source in (memory, folder, tmp_path / "kept")]
    for path in paths:
        assert path.column("step").tolist() == [0, 10, 20, 30]
        values = [math.sqrt(2) * step for step in (0, 10, 20, 30)]
        assert path.column("value").tolist() == pytest.approx(values)
