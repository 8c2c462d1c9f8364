"""What the README prints is what the code beside it prints; its examples run as doctests."""

from __future__ import annotations

import re

import pytest


@pytest.fixture(scope="module")
def blocks(repository):
    text = (repository / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```(python|text)\n(.*?)```", text, re.DOTALL)


def test_the_calibration_of_a_constant_prints_so(blocks, capsys, monkeypatch):
    from singularity_lab.calibration import run

    # Which row is scaled, and by what, is drawn: where its λ is 1/2, one interval more contains it.
    monkeypatch.setattr(run.secrets, "randbelow", lambda below: 1)
    code = next(body for kind, body in blocks if kind == "python" and "calibrate(" in body)
    printed = next(body for kind, body in blocks if kind == "text" and "mine" in body)
    exec(code, {})  # the estimator of the page, as its reader types it
    out = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line not in out] == []


def test_a_reading_of_a_network_prints_lines_of_this_form(blocks):
    """Same lines in the same order as a reading of today, the numbers aside."""
    torch = pytest.importorskip("torch")
    from torch import nn

    from singularity_lab import llc

    printed = next(body for kind, body in blocks if kind == "text" and "LLC(n" in body)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)).double()
    x = torch.randn(200, 3, dtype=torch.float64)
    batch = [(x, model(x).detach())]
    said = str(llc(model, batch, nn.MSELoss(), seconds=1e6, progress=False))
    assert shape(said)[1:] == shape(printed.rstrip())[1:]


def shape(text: str) -> list[str]:
    """The lines without their numbers."""
    return [re.sub(r"[-+]?[0-9][0-9.,e+-]*|ok|not mixed", "#", line) for line in text.split("\n")]
