"""``singlab track`` on a folder of checkpoints."""

from __future__ import annotations

import json

import pytest
import torch
from typer.testing import CliRunner

from singularity_lab import llc, track
from singularity_lab.cli import app

MODULE = """
import torch
def model(): return torch.nn.Linear(1, 1, bias=False)
def data(): return torch.ones(30, 1), torch.zeros(30, 1)
"""
COMMON = ["--device", "llc-hmc", "--gamma", "1", "--n", "1000", "--set", "burn_in=60"]
COMMON += ["--set", "draws=80", "--set", "leapfrogs=6"]


def singlab(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        app(list(arguments), prog_name="singlab")
    out, err = capsys.readouterr()
    return int(ended.value.code), out, err


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "trained_line.py").write_text(MODULE)
    (tmp_path / "run").mkdir()
    for step in (0, 5):
        torch.save({"weight": torch.tensor([[3.0 - step]])}, tmp_path / "run" / f"net-{step}.pt")
    monkeypatch.chdir(tmp_path)
    return ["track", "run", "--model", "trained_line:model", "--data", "trained_line:data"]


def test_readings_of_a_folder_and_their_files(run, capsys):
    store = ["--store", "kept.jsonl"]
    code, out, _ = singlab(capsys, *run, *COMMON, *store, "--out", "run.parquet")
    assert code == 0
    assert "2 checkpoints at steps 0 … 5" in out
    assert "change points (at most 5% false alarms): 0" in out
    assert "2 readings: no order of fewer than 5 is told from a random one at 5%" in out
    code, out, _ = singlab(capsys, *run, *COMMON, *store, "--json", "--out", "run.png")
    read = json.loads(out)
    assert [r["step"] for r in read["rows"]] == [0, 5]
    assert read["change_points"] == []
    code, _, err = singlab(capsys, *run, *COMMON, *store, "--seed", "1")
    assert code == 2
    assert "seed differ" in err


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (["--model", "trained_line"], "--model: the form module:function is needed"),
        (["--data", "trained_line:nothing"], "cannot be imported"),
        (["--criterion", "no_such_loss"], "torch.nn.functional (mse_loss, cross_entropy"),
        (["--criterion", "Linear"], "torch.nn.functional (mse_loss, cross_entropy"),
        (["--n", "many"], "--n: expected numbers"),
    ],
)
def test_what_cannot_be_is_one_line(run, capsys, change, word):
    code, _, err = singlab(capsys, *run, *change)
    assert code == 2
    assert word in err
    assert len(err.strip().splitlines()) == 1


def test_a_criterion_is_a_name_a_class_or_what_makes_one(run, capsys):
    read = []
    for name in ("mse_loss", "MSELoss", "torch.nn:MSELoss", "torch.nn.functional:mse_loss"):
        code, out, _ = singlab(capsys, *run, *COMMON, "--criterion", name, "--json")
        assert code == 0
        read.append([r["value"] for r in json.loads(out)["rows"]])
    assert read == [read[0]] * 4


def test_a_command_that_others_would_have_is_told_its_name_here(capsys):
    code, _, err = singlab(capsys, "llc", "x^2")
    assert code == 2
    assert "singlab measure llc-hmc" in err


def test_what_seconds_plan_is_told_as_no_limit():
    shown = CliRunner().invoke(app, ["track", "--help"], env={"COLUMNS": "300"}).stdout
    text = " ".join(shown.replace("│", " ").split())
    assert "to which its usual length is shortened; more do not lengthen it (--set draws=N" in text
    assert "they are no limit" in text
    for function in (track, llc):
        told = " ".join(function.__doc__.split())
        assert "seconds: CPU seconds of" in told
        assert "no limit" in told
