"""``singlab measure`` with every device, on an expression, a row, a function and a loss of one's
own; the keys of its JSON."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from singularity_lab.cli import app
from tests.spectroscopes.test_reading import QUICK

MODULE = """
import torch
from singularity_lab.spectroscopes import ModuleLoss

def product(w):
    return (w[:, 0] * w[:, 1]) ** 2

net = torch.nn.Linear(2, 1, bias=False).double()
x = torch.eye(2, dtype=torch.float64).repeat(4, 1)
own = ModuleLoss(net, x, net(x).detach(), batch_size=2, loss_id="own network")
"""


def run(*words: object) -> tuple[int, dict]:
    result = CliRunner().invoke(app, ["measure", *map(str, words), "--json"])
    assert result.exit_code in (0, 2, 3), result.output
    return result.exit_code, json.loads(result.stdout)


def flags(device: str) -> list[str]:
    return [x for k, v in QUICK[device].items() for x in ("--set", f"{k}={v}")]


@pytest.mark.parametrize("device", sorted(QUICK))
def test_every_device_measures_an_expression_and_a_row(device):
    for target in (["x*y"], ["nc-1-1"]):
        code, data = run(device, *target, "--seed", 7, *flags(device))
        assert code == 0
        assert set(data["lambda"]) == {"value", "low", "high", "level"}
        assert {"evaluations", "gradients", "cpu_seconds"} <= set(data["cost"])
        assert data["seed"] == 7
        assert data["outcome"] != "bad loss"
        if device == "volume":
            assert sum(data["multiplicity"].values()) == pytest.approx(1.0)


def test_a_function_and_a_network_of_one_s_own(tmp_path, monkeypatch):
    (tmp_path / "network_of_ones_own.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    code, data = run("llc", "network_of_ones_own:product", "--dim", 2, *flags("llc"))
    assert (code, data["dim"]) == (0, 2)
    code, data = run(
        "llc", "network_of_ones_own:own", "--set", "burn_in=20", "--set", "draws=40",
        "--set", "chains=8", "--set", "minibatch=true",
    )  # fmt: skip
    assert (code, data["loss_id"]) == (0, "own network")
    code, data = run(
        "fluctuation", "network_of_ones_own:own", "--set", "burn_in=40", "--set", "draws=60",
        "--set", "realisations=4",
    )  # fmt: skip
    assert code == 3  # ν, but no λ, from one data set
    assert data["lambda"]["value"] is None
    assert data["estimates"]["nu"]["value"] is not None


def test_a_checkpoint_by_the_command_and_a_loss_without_minimum(tmp_path):
    file = tmp_path / "run.pt"
    words = ["volume", "x*y", "--seed", 1, *flags("volume"), "--checkpoint", file]
    assert run(*words)[1]["lambda"] == run(*words)[1]["lambda"]
    code, data = run("llc-hmc", "x^2 - y^2", "--as", "loss", *flags("llc-hmc"))
    assert (code, data["outcome"]) == (2, "no minimum")
    assert "lower losses" in data["reason"]
