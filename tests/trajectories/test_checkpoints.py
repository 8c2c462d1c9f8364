"""Checkpoints as trainers leave them, and as a callback keeps them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from singularity_lab import Tracker, track
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import PolynomialLoss
from tests.trajectories.states import given, ruler, states


def test_states_as_trainers_leave_them():
    plain = states(1)[0]
    kept = {
        0: {"state_dict": plain, "epoch": 3},
        1: {"module.weight": plain["weight"]},
        2: {"model": {"_orig_mod.weight": plain["weight"]}},
        3: {"state_dict": {"net.weight": plain["weight"], "loss.weight_of": torch.ones(3)}},
    }
    assert track(kept, **given()).column("value").tolist() == pytest.approx([math.sqrt(2)] * 4)


def test_two_parts_that_fit_are_no_checkpoint_of_one():
    plain = states(1)[0]["weight"]
    with pytest.raises(BadInput, match=r"fits several parts of the state dict: student\., teacher"):
        track({0: {"student.weight": plain, "teacher.weight": 2 * plain}}, **given())


def test_a_file_of_a_whole_module_is_told_what_to_save(tmp_path):
    torch.save(nn.Linear(2, 1), tmp_path / "net-1.pt")
    with pytest.raises(BadInput, match=r"net-1\.pt holds more than tensors; save"):
        track(tmp_path, **given())


def test_a_store_is_a_file(tmp_path):
    with pytest.raises(BadInput, match="store: expected the name of a file"):
        track(states(1), **given(store=tmp_path))


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
