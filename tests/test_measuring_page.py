"""The page on measuring runs as it is written, each block within the two minutes it promises."""

from __future__ import annotations

import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

PAGE = Path(__file__).parents[1] / "docs" / "measuring.md"
LIMIT = 120.0  # CPU seconds of one recipe


def blocks(language: str) -> list[str]:
    """The code blocks of the page in a language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def commands() -> list[str]:
    """The commands on ``my_losses:trained``, lines joined."""
    text = "\n".join(blocks("console")).replace("\\\n", " ")
    return [
        " ".join(line[2:].split())
        for line in text.splitlines()
        if line.startswith("$ singlab measure") and "my_losses:trained" in line
    ]


def losses(folder: Path) -> None:
    """Save the block that the page says to save."""
    (source,) = (b for b in blocks("python") if "trained = ModuleLoss" in b)
    (folder / "my_losses.py").write_text(source, encoding="utf-8")


def test_the_page_has_its_three_recipes():
    assert [c.split()[2] for c in commands()] == ["llc-hmc", "llc", "fluctuation"]


@pytest.mark.slow
@pytest.mark.parametrize("k", range(3))
def test_a_recipe_ends_in_two_minutes_and_is_ok(k, tmp_path):
    """The exit code is 3 where no λ is claimed."""
    losses(tmp_path)
    words = shlex.split(commands()[k])[1:]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "singularity_lab.cli", *words],
        cwd=tmp_path, capture_output=True, text=True, timeout=10 * LIMIT, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.returncode in (0, 3), done.stdout + done.stderr
    assert "d = 9): ok" in done.stdout, done.stdout
    assert spent < LIMIT


class Named(nn.Module):
    """A small classifier whose parameters have the names that the page uses."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 6)
        self.blocks = nn.ModuleList([nn.ModuleDict({"attn": nn.Linear(6, 6)})])
        self.add_module("0", nn.Linear(6, 6))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.tanh(self.embed(x))
        x = x + self.blocks[0]["attn"](x)
        return self.head(torch.tanh(self.get_submodule("0")(x)))


@pytest.mark.slow
def test_the_python_blocks_of_the_page_run(tmp_path, monkeypatch):
    """All of them in one namespace, with a model and data as the page supposes them."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    x = torch.randn(240, 4)
    y = (x @ torch.randn(4, 3) + 0.5 * torch.randn(240, 3)).argmax(1)
    model, optimiser = (net := Named()), torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(300):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimiser.step()
    data = torch.utils.data.TensorDataset(x, y)
    names = {
        "model": model,
        "data": data,
        "criterion": nn.CrossEntropyLoss(),
        "train_loader": torch.utils.data.DataLoader(data, batch_size=40),
        "test_set": torch.utils.data.TensorDataset(x[:20], y[:20]),
    }
    ran = [b for b in blocks("python") if "reading.plot" not in b]
    assert len(ran) >= 5
    for block in ran:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        exec(compile(block, "measuring.md", "exec"), names)
        calls = max(1, len(re.findall(r"\bllc\(", block)))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < calls * LIMIT, block
