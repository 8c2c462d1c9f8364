"""Runs one task of against_devinterp.py with devinterp 1.3.2, inside its own environment.

    python devinterp_networks.py '{"task": …}'

Prints one line of JSON: chain-steps, CPU seconds of the sampling call, and the estimate of every
chain. The networks and the batches stand here, for both sides; nothing of singularity_lab is
imported.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from peers.adapter import devinterp1_chains
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

Criterion = Callable[[Tensor, Tensor], Tensor]


class Attention(nn.Module):
    """One attention layer over tokens with embedding, positions and an output map."""

    def __init__(self, vocabulary: int, length: int, width: int, heads: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(0.1 * torch.randn(length, width))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.unembed = nn.Linear(width, vocabulary, bias=False)
        self.heads = heads

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens) + self.position
        b, t, d = x.shape
        parts = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = parts[0], parts[1], parts[2]
        scores = q @ k.transpose(-1, -2) / math.sqrt(d // self.heads)
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d)
        return self.unembed(x + self.out(y))


def tokens_loss(out: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy over tokens."""
    return nn.functional.cross_entropy(out.transpose(1, 2), y)


def perceptron(*widths: int) -> nn.Sequential:
    """Linear maps with ReLU between them."""
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(widths):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


SIZES: dict[str, tuple[int, ...]] = {
    "mlp 2k": (64, 32, 10), "mlp 85k": (64, 256, 256, 10), "mlp 690k": (64, 512, 1024, 128, 10),
    "attention 1.4k": (8, 8, 16, 2), "attention 84k": (64, 16, 128, 4),
}  # fmt: skip


def problem(task: dict[str, Any]) -> tuple[nn.Module, Tensor, Tensor, Criterion]:
    """Model, inputs, targets and mean criterion of a task: a checkpoint of a file of networks, or
    a network of this file at its initial weights."""
    torch.manual_seed(0)
    name = task["network"]
    if "networks" in task:
        os.environ["ZOO"] = task["zoo"]
        spec = importlib.util.spec_from_file_location("networks_of_user", task["networks"])
        assert spec is not None
        assert spec.loader is not None
        networks = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(networks)
        kind = name.split("-")[0]
        model, x, y = networks.make(kind)
        model.load_state_dict(torch.load(f"{task['zoo']}/{name}.pt", weights_only=True))
        return model.eval(), x, y, networks.crit(kind)[0]
    sizes = SIZES[name]
    if name.startswith("mlp"):
        x, y = torch.randn(1000, sizes[0]), torch.randint(sizes[-1], (1000,))
        return perceptron(*sizes), x, y, nn.functional.cross_entropy
    tokens = torch.randint(sizes[0], (1000, sizes[1] + 1))
    return Attention(*sizes).eval(), tokens[:, :-1], tokens[:, 1:].contiguous(), tokens_loss


class Batches(DataLoader):
    """An endless source of minibatches by indexing, without a worker or a collation: the least
    that a loader can cost. devinterp asks for a DataLoader."""

    def __init__(self, x: Tensor, y: Tensor, size: int) -> None:
        super().__init__(TensorDataset(x, y), batch_size=size)
        self.tensors = (x, y)

    def __len__(self) -> int:
        return 1_000_000

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:  # type: ignore[override]
        x, y = self.tensors
        while True:
            rows = torch.randint(len(x), (self.batch_size,))
            yield x[rows], y[rows]


def sampled(task: dict[str, Any]) -> list[float]:
    """The estimate of every chain, by devinterp's own call."""
    model, x, y, criterion = problem(task)
    with torch.no_grad():
        start = float(criterion(model(x), y))
    return devinterp1_chains(task, model, Batches(x, y, task["batch"]), criterion, start)


def main() -> None:
    """Warm up on a few steps, then the task itself under the clock."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    task = json.loads(sys.argv[1])
    sampled(task | {"draws": 4, "burn_in": 2, "chains": 2})
    started = time.process_time()
    values = sampled(task)
    seconds = time.process_time() - started
    steps = task["chains"] * (task["draws"] + task["burn_in"])
    print(json.dumps({"steps": steps, "cpu_seconds": seconds, "per_chain": values}))


if __name__ == "__main__":
    main()
