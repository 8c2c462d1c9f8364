"""Readings along checkpoints: what is read, what is kept, what is told."""

from __future__ import annotations

import json
import math
import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from singularity_lab import track
from singularity_lab.errors import BadInput
from singularity_lab.trajectories import Interrupted, TrajectoryRow
from singularity_lab.trajectories.tracking import _Told
from tests.trajectories.states import breaks, calls, given, states


@pytest.fixture(autouse=True)
def _fresh():
    calls.clear()
    breaks.clear()


def test_every_checkpoint_is_read_and_the_model_stays_as_it_was():
    arguments = given(n=[100, 1000], probes={"first": lambda net: net.weight[0, 0].item()})
    before = arguments["model"].weight.clone()
    path = track(states(), **arguments)
    assert torch.equal(arguments["model"].weight, before)
    assert path.sizes == (100.0, 1000.0)
    assert path.at(100.0).column("step").tolist() == [0, 10, 20, 30, 40]
    assert path.at(1000.0).column("first").tolist() == [1, 2, 3, 4, 5]
    assert path.at(100.0).column("value").tolist() == pytest.approx(
        [math.sqrt(2) * k for k in range(1, 6)]
    )
    assert {seed for seed, _ in calls} == {0}  # common random numbers


def test_loss_and_gradient_are_those_on_the_data_also_when_the_teacher_is_the_checkpoint():
    arguments = given()
    x, y = arguments["data"]
    for teacher in (True, False):
        path = track(states(), self_teacher=teacher, **arguments)
        w = torch.full((1, 2), 3.0)
        residual = x @ w.T - y
        row = path.rows[2]
        assert row.loss == pytest.approx(float((residual**2).mean()), rel=1e-5)
        slope = 2 * (residual * x).mean(0)
        assert row.gradient == pytest.approx(float(slope.norm()), rel=1e-5)
        assert ("self-teacher" in path.about) is teacher


def test_own_seeds_where_they_are_asked_for():
    track(states(3), **given(common=False, seed=7))
    assert [seed for seed, _ in calls] == [7, 8, 9]


def test_a_checkpoint_that_fails_is_a_row_with_its_reason(tmp_path):
    for step, state in states(3).items():
        torch.save(state, tmp_path / f"net-{step}.pt")
    (tmp_path / "net-30.pt").write_bytes(b"no checkpoint")
    torch.save({"weight": torch.ones(1, 3)}, tmp_path / "net-40.pt")
    torch.save({"weight": torch.full((1, 2), math.nan)}, tmp_path / "net-50.pt")
    path = track(tmp_path, **given())
    assert path.column("step").tolist() == [0, 10, 20, 30, 40, 50]
    assert path.column("outcome").tolist() == ["ok"] * 3 + ["failed"] * 3
    assert "weight has shape (1, 3), in the model (1, 2)" in path.rows[4].reason
    assert "weight is not finite" in path.rows[5].reason
    assert "3 ok, 3 failed" in str(path)
    breaks[len(calls) + 2] = RuntimeError
    broken = track(states(), **given())
    assert broken.rows[1].reason == "RuntimeError: the device broke"
    assert broken.column("outcome").tolist() == ["ok", "failed", "ok", "ok", "ok"]


def test_finished_checkpoints_are_not_measured_again(tmp_path):
    store = tmp_path / "run.jsonl"
    whole = track(states(), **given())
    calls.clear()
    track(dict(list(states().items())[:3]), **given(store=store))
    assert len(calls) == 3
    path = track(states(), **given(store=store))
    assert len(calls) == 5
    assert (
        path.to_pandas().drop(columns="seconds").equals(whole.to_pandas().drop(columns="seconds"))
    )
    changed = states()
    changed[20]["weight"][0, 0] += 1.0  # trained anew: read anew
    again = track(changed, **given(store=store))
    assert len(calls) == 6
    assert again.rows[2].value != path.rows[2].value


def test_an_interruption_loses_nothing_that_was_finished(tmp_path):
    store = tmp_path / "run.jsonl"
    breaks[4] = KeyboardInterrupt
    with pytest.raises(Interrupted) as told:
        track(states(), **given(store=store))
    assert isinstance(told.value, KeyboardInterrupt)
    assert told.value.trajectory.column("step").tolist() == [0, 10, 20]
    with store.open("ab") as file:
        file.write(b'{"n": null, "row": {"st')  # torn by the interruption
    breaks.clear()
    path = track(states(), **given(store=store))
    assert len(path) == 5
    assert len(calls) == 4 + 2
    assert all(json.loads(line) for line in store.read_text().splitlines())


def test_arguments_that_are_wrong_everywhere_are_told_at_once():
    for change, word in [
        ({"data": None}, "data"),
        ({"criterion": lambda o, y: o.sum() ** 2}, "criterion"),
        ({"device": "lcc"}, "device"),
        ({"n": 0.5}, "n: expected"),
        ({"seconds": -1}, "seconds"),
    ]:
        with pytest.raises(BadInput, match=word):
            track(states(), **{**given(), **change})
    assert calls == []
    for source, word in [([], "at least one"), (5, "folder"), ("nowhere/*.pt", "found none")]:
        with pytest.raises(BadInput, match=word):
            track(source, **given())
    with pytest.raises(BadInput, match="each step once"):
        track([(0, nn.Linear(2, 1)), (0, nn.Linear(2, 1))], **given())


def test_progress_says_what_is_left():
    heard = []
    track(states(), **given(progress=lambda share, words: heard.append((share, words))))
    shares = [share for share, _ in heard]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert "s left by the clock" in heard[-2][1]


def test_the_time_left_is_of_the_clock_and_not_of_the_processor():
    """Half of the readings, in 10 s by the clock: 10 s are left, whatever the processor did."""
    heard = []
    told = _Told(lambda share, words: heard.append(words), 4)
    told.watch = SimpleNamespace(wall=10.0, seconds=70.0)
    told.finished = told.measured = 1
    told.done(TrajectoryRow(10, outcome="ok"))
    assert heard == ["2 of 4 readings, 10 s left by the clock, step 10: ok"]


@pytest.mark.slow
def test_a_real_device_reads_a_training_run_the_same_twice():
    """w² from w = 3 down: not at its minimum, against its own function it reads ½ everywhere."""
    x = torch.ones(30, 1)
    run = {k: {"weight": torch.tensor([[3.0 - k]])} for k in range(2)}

    def read():
        return track(
            run, model=nn.Linear(1, 1, bias=False), data=(x, 0 * x), device="llc-hmc", n=1000,
            gamma=1.0, burn_in=60, draws=100, leapfrogs=8,
            progress=False,
        )  # fmt: skip

    path = read()
    assert path.column("value").tolist() == pytest.approx([0.5] * 2, rel=0.2)
    assert path.column("loss").tolist() == pytest.approx([9, 4])
    assert [r.reading.fingerprint() for r in path.rows] == [
        r.reading.fingerprint() for r in read().rows
    ]


def test_files_may_be_listed_and_states_named_by_their_files(tmp_path):
    files = []
    for step, state in states(2).items():
        files.append(tmp_path / f"net-{step}.pt")
        torch.save({"net": state, "optimizer": {}, "epoch": step}, files[-1])
    whole = track(states(2), **given()).column("value").tolist()
    assert track(files, **given()).column("value").tolist() == whole
    assert (
        track(dict(zip((0, 10), files, strict=True)), **given()).column("value").tolist() == whole
    )


@pytest.mark.parametrize(
    ("checkpoints", "more", "words"),
    [
        (list(states(2).values()), {}, "dict(zip(steps, states))"),
        (states(2), {"model": None}, "none of 2 can be read: model: expected the torch.nn.Module"),
        (states(2), {"model": nn.Linear(3, 1, bias=False)}, "(1, 2), in the model (1, 3)"),
        ({0: {"bias": torch.ones(1)}}, {}, "the model's weight is not among bias"),
        (states(1), {"n": "1e3x"}, "n: expected sample sizes above 1, received '1e3x'"),
        (states(1), {"seconds": "5"}, "seconds: expected a positive number"),
    ],
)
def test_what_can_be_right_at_no_checkpoint_is_one_line(checkpoints, more, words):
    with pytest.raises(BadInput, match=re.escape(words)) as told:
        track(checkpoints, **given(**more))
    assert "\n" not in str(told.value)


def test_a_file_without_a_step_is_left_out_by_a_pattern(tmp_path):
    torch.save(states(1)[0], tmp_path / "net-0.pt")
    torch.save(states(1)[0], tmp_path / "final.pt")
    with pytest.raises(BadInput, match="leave it out by a pattern"):
        track(tmp_path, **given())
    assert len(track(str(tmp_path / "net-*.pt"), **given())) == 1


def test_a_first_batch_is_small_and_a_slow_one_makes_the_next_smaller(tmp_path, monkeypatch):
    """What is finished is in the store before a long run is over."""
    from singularity_lab.trajectories import tracking

    batches, usual = [], tracking._Run._side_by_side

    def watched(run, batch):
        batches.append(len(batch))
        return usual(run, batch)

    monkeypatch.setattr(tracking._Run, "_side_by_side", watched)
    monkeypatch.setattr(tracking, "_FIRST", 3)
    x = torch.randn(20, 1)
    states = {k: torch.nn.Linear(1, 1) for k in range(8)}
    short = {"n": 100, "gamma": 1.0, "burn_in": 10, "draws": 20, "progress": False}
    track(states, data=(x, x), device="llc-hmc", **short)
    assert batches[0] == 3
    assert sum(batches) == 8
    assert max(batches[1:]) > 3
    batches.clear()
    monkeypatch.setattr(tracking, "_PATIENCE", 1e-9)
    track({k: states[k] for k in range(5)}, data=(x, x), device="llc-hmc", **short)
    assert batches == [3]  # the others one by one


def test_where_nobody_sees_a_terminal_whole_lines_are_printed(capsys):
    x = torch.randn(20, 1)
    keep = {0: torch.nn.Linear(1, 1), 1: torch.nn.Linear(1, 1)}
    track(keep, data=(x, x), device="llc-hmc", n=100, gamma=1.0, burn_in=10, draws=20)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["2 readings: llc-hmc, 10 + 20 steps at each checkpoint"]
