"""A small transformer that learns to copy tokens, read along its training.

    OMP_NUM_THREADS=1 python benchmarks/token_training.py --out DIR [--seconds 12] [--checkpoints 8]

One layer of attention with two heads (1,408 parameters) predicts the next token of sequences abcd
abcd, four random tokens and the same again: the second half can be predicted once the heads have
learned to look four places back, the first cannot. At checkpoints in geometric progression `track`
reads the loss against the checkpoint's own function (Kullback–Leibler), in all weights and in those
of the attention (q, k, v, o) alone. Nothing is proved of this network: every reading says that its
regime is *uncalibrated*, and no stratum is named.

Written down before the run: ≥ 60 % of the readings are ``ok``; the reading of the attention's
weights, restricted, is below that of all weights wherever both are ``ok`` (a restriction of a
posterior's directions removes what they add).

DIR keeps the readings (the same command goes on where it stopped), a figure and the table.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from singularity_lab import change_points, track
from singularity_lab.trajectories import Trajectory

VOCABULARY, HALF, WIDTH, HEADS = 8, 4, 16, 2


class Copier(nn.Module):
    """Embedding, one layer of causal attention without a multilayer perceptron, unembedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.place = nn.Parameter(0.1 * torch.randn(2 * HALF, WIDTH))
        self.attention = nn.ModuleDict(
            {name: nn.Linear(WIDTH, WIDTH, bias=False) for name in "qkvo"}
        )
        self.unembed = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embed(tokens) + self.place
        shape = (*tokens.shape, HEADS, WIDTH // HEADS)
        q, k, v = (self.attention[name](x).view(shape).transpose(1, 2) for name in "qkv")
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.unembed(x + self.attention["o"](seen.transpose(1, 2).reshape(x.shape)))


def sequences(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens (count, 2·half) and the token that follows each."""
    generator = torch.Generator().manual_seed(seed)
    first = torch.randint(VOCABULARY, (count, HALF), generator=generator)
    tokens = torch.cat([first, first], 1)
    return tokens, torch.cat([tokens[:, 1:], tokens[:, :1]], 1)


def token_losses(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens of each sequence: (n,)."""
    return functional.cross_entropy(out.transpose(1, 2), y, reduction="none").mean(1)


def trained(steps: int, count: int, seed: int) -> dict[int, Copier]:
    """Copies along training by Adam, at steps in geometric progression."""
    torch.manual_seed(seed)
    net, (x, y) = Copier(), sequences(2000, seed + 1)
    generator = torch.Generator().manual_seed(seed + 2)
    kept = {int(s) for s in np.geomspace(10, steps, count)}
    optimizer, out = torch.optim.Adam(net.parameters(), lr=3e-3), {}
    for step in range(steps + 1):
        if step in kept:
            out[step] = Copier()
            out[step].load_state_dict(net.state_dict())
        rows = torch.randint(len(x), (128,), generator=generator)
        optimizer.zero_grad()
        token_losses(net(x[rows]), y[rows]).mean().backward()
        optimizer.step()
    return out


def second_half(net: Copier) -> float:
    """Share of the tokens of the second half that are predicted right, on fresh sequences."""
    x, y = sequences(200, 1234)
    with torch.no_grad():
        right = net(x).argmax(-1) == y
    return float(right[:, HALF - 1 : -1].double().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of readings and figure")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--checkpoints", type=int, default=8)
    parser.add_argument("--rows", type=int, default=300, help="sequences that are read on")
    parser.add_argument("--seconds", type=float, default=12.0, help="CPU seconds of a reading")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    nets = trained(options.steps, options.checkpoints, options.seed)
    data = sequences(options.rows, options.seed + 1)
    paths: dict[str, Trajectory] = {}
    for name, network in (("all weights", {}), ("attention", {"only": "attention"})):
        paths[name] = track(
            nets, data=data, criterion=token_losses, self_teacher="kl", network=network,
            gamma=100.0, seconds=options.seconds, probes={"copied": second_half}, progress=False,
            store=options.out / f"{name.split()[0]}.jsonl",
        )  # fmt: skip
    lines = ["| step | loss | copied | all weights | attention |", "|" + "---|" * 5]
    rows = list(zip(paths["all weights"].rows, paths["attention"].rows, strict=True))
    for whole, part in rows:
        cells = [f"{r.value:.3g} [{r.low:.3g}, {r.high:.3g}] {r.outcome}" for r in (whole, part)]
        lines.append(
            f"| {whole.step:g} | {whole.loss:.3f} | {whole.probes['copied']:.0%} | {cells[0]} | "
            f"{cells[1]} |"
        )
    every = [r for pair in rows for r in pair]
    both = [(a, b) for a, b in rows if a.ok and b.ok]
    lines += [
        "",
        f"{sum(r.ok for r in every)} of {len(every)} readings are ok; the attention's is below "
        f"that of all weights at {sum(b.value < a.value for a, b in both)} of {len(both)} "
        "checkpoints.",
    ]
    print("\n".join(lines))
    (options.out / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw(paths, options.out / "token-training.png")


def draw(paths: dict[str, Trajectory], file: Path) -> None:
    """Loss and both readings over steps."""
    import matplotlib as mpl

    mpl.use("Agg")

    whole, part = paths["all weights"], paths["attention"]
    above, below = whole.plot(changes=change_points(whole), log_steps=True)
    for ok in (True, False):
        some = [r for r in part.rows if r.ok is ok and math.isfinite(r.low)]
        below.errorbar(
            [r.step * 1.06 for r in some], [r.value for r in some],
            yerr=[[r.value - r.low for r in some], [r.high - r.value for r in some]],
            fmt="s", ms=4, lw=1, color="#D55E00" if ok else "0.75", mfc=None if ok else "none",
            label="attention alone" + ("" if ok else ", not ok"),
        )  # fmt: skip
    every = [r.high for r in (*whole.rows, *part.rows) if math.isfinite(r.high)]
    below.set_ylim(0, 1.05 * max(every))
    below.legend(fontsize="small")
    above.set_title("copying four tokens; readings uncalibrated", fontsize="medium")
    above.figure.savefig(file, dpi=90)


if __name__ == "__main__":
    main()
