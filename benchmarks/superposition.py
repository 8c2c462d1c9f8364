"""Superposition: five features in two dimensions, read along training, with the polygon at each
checkpoint.

    OMP_NUM_THREADS=1 python benchmarks/superposition.py --out DIR [--seeds 0 1] [--checkpoints 14]

The network is x ↦ relu(WᵀWx + b) with W of size 2 × 5 (Elhage et al. 2022; Chen, Lau, Mendel, Wei
and Murfet 2023). An input is one feature at a time, of a magnitude between 0 and 1; the loss is the
mean square over features, magnitudes and outputs. W is small at first, descent finds columns one
after the other and ends in a square (one feature given up) or a pentagon.

At every checkpoint `track` reads both losses by llc-hmc, all checkpoints side by side:
*self-teacher*, against the network's own function, and *excess*, against the data. n is large and
the chains are held near (``--n``, ``--gamma``): where an output is near 0, wide chains find places
where it is switched off, and stay there.

Behind the readings stands what is proved.
While every output is active the function is (WᵀW, b), and its distance from itself at W of rank r
is that of the ideal of the entries of WᵀW − W₀ᵀW₀ and of b − b₀: (λ, m) by `rlct` at W₀ of rank 0,
1 and 2. The rank that n can see counts the singular values of W above (nβ)^(−1/4), as WᵀW is
quadratic in W. Where outputs are switched off the active ones give an ideal of their own: (λ, m),
or bounds, at the checkpoint rounded to multiples of 1/64, its singular values below (nβ)^(−1/4)
set to 0; rotations of the plane give λ ≤ 7 where W is not 0. Where it depends on an output that is
within 3(nβ)^(−1/2) of being switched, the checkpoint is *on a wall* and nothing is proved.

Written down before the run:

1. Where every output is active and no singular value of W is within a factor of three of
   (nβ)^(−1/4), the rung nearest to an ``ok`` reading of the self-teacher is that of the rank, at
   ≥ 80 % of such checkpoints. (The constant beside log(nβ) is unknown to the rung.)
2. The excess says `no minimum` before the last plateau, and `ok` with the same number as the
   self-teacher, within the intervals, at a pentagon that descent has reached.

DIR keeps the readings (the same command goes on where it stopped), a figure and the table.
"""

from __future__ import annotations

import argparse
import copy
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from singularity_lab import rlct, track
from singularity_lab.errors import Undecided
from singularity_lab.spectroscopes import FunctionLoss
from singularity_lab.trajectories import Trajectory

FEATURES, MAGNITUDES, RATE = 5, 12, 0.1
HMC = {"chains": 12, "leapfrogs": 12}
GRID = 64  # of the rounded checkpoints
PAIRS = [(i, j) for i in range(FEATURES) for j in range(i, FEATURES)]


class Superposition(torch.nn.Module):
    """relu(WᵀWx + b)."""

    def __init__(self, seed: int, size: float = 0.001) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.W = torch.nn.Parameter(size * torch.randn(2, FEATURES, generator=generator))
        self.b = torch.nn.Parameter(torch.zeros(FEATURES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x @ self.W.t() @ self.W + self.b)


def inputs() -> torch.Tensor:
    """One feature at a time, at magnitudes that are spread evenly."""
    sizes = (torch.arange(MAGNITUDES) + 0.5) / MAGNITUDES
    return torch.cat([s * torch.eye(FEATURES) for s in sizes])


def trained(seed: int, steps: int, count: int, size: float) -> dict[int, Superposition]:
    """Copies of the network along a descent, at steps in geometric progression."""
    net, x = Superposition(seed, size), inputs()
    kept = {int(s) for s in np.geomspace(10, steps, count)}
    out = {}
    descent = torch.optim.SGD(net.parameters(), lr=RATE * FEATURES)
    for step in range(steps + 1):
        if step in kept:
            copy = Superposition(seed)
            copy.load_state_dict(net.state_dict())
            out[step] = copy
        descent.zero_grad()
        torch.nn.functional.mse_loss(net(x), x).backward()
        descent.step()
    return out


def ladder() -> list[tuple[float, int]]:
    """(λ, m) of the loss against the own function at W of rank 0, 1 and 2, all outputs active,
    proved."""
    out = []
    for rank in range(3):
        at = {f"w{k}{k}": 1 for k in range(rank)}
        ideal = [f"b{i}" for i in range(FEATURES)]
        for i, j in PAIRS:
            own = int(i == j and i < rank)
            ideal.append(
                f"w0{i}*w0{j} + w1{i}*w1{j} - {own}" if own else f"w0{i}*w0{j}+w1{i}*w1{j}"
            )
        found = rlct(ideal, at=at).rlct
        out.append((float(found.value), found.multiplicity))
    return out


def seen(net: Superposition, star: float) -> tuple[list[list[Fraction]], list[Fraction]]:
    """W and b at a resolution: singular values of W below it set to 0, then multiples of 1/GRID of
    the factors of a rank one, or of the entries."""
    u, s, v = torch.linalg.svd(net.W.detach(), full_matrices=False)
    rank = int((s >= star).sum())

    def rounded(x: float) -> Fraction:
        return Fraction(round(x * GRID), GRID)

    if rank == 1:
        root = float(s[0]) ** 0.5
        left = [rounded(root * float(x)) for x in u[:, 0]]
        right = [rounded(root * float(x)) for x in v[0]]
        w = [[a * c for c in right] for a in left]
    else:
        w = [[rounded(float(x)) * (rank > 1) for x in row] for row in net.W.detach()]
    return w, [rounded(float(x)) for x in net.b.detach()]


def ideal_of(w: list[list[Fraction]], b: list[Fraction], on: torch.Tensor) -> tuple[str, ...]:
    """The residuals of the active outputs near (W, b): on (magnitudes, features, outputs)."""
    out = []
    for j in range(FEATURES):
        for i in range(FEATURES):
            own = w[0][i] * w[0][j] + w[1][i] * w[1][j]
            entry = f"w0{i}*w0{j}+w1{i}*w1{j}-({own})"
            active = [int(k) for k in on[:, i, j].nonzero()[:, 0]]
            if len(active) > 1:  # two magnitudes tell the entry from the offset
                out += [entry, f"b{j}-({b[j]})"]
            elif active:
                size = Fraction(2 * active[0] + 1, 2 * MAGNITUDES)
                out.append(f"({size})*({entry})+b{j}-({b[j]})")
    return tuple(sorted(set(out)))


def exact(net: Superposition, n: float) -> str:
    """What is proved of the loss against the own function at the checkpoint as n sees it: (λ, m),
    bounds, or that it is on a wall."""
    nbeta = n / math.log(n)
    w, b = seen(net, nbeta**-0.25)
    with torch.no_grad():
        x = inputs()
        before = (x @ net.W.t() @ net.W + net.b).view(MAGNITUDES, FEATURES, FEATURES)
    edge = 3 * nbeta**-0.5
    ideal = ideal_of(w, b, before > edge)
    if ideal != ideal_of(w, b, before > -edge):
        return "on a wall"
    at = {f"w{k}{i}": w[k][i] for k in range(2) for i in range(FEATURES)}
    at |= {f"b{i}": b[i] for i in range(FEATURES)}
    try:
        found = rlct(list(ideal), at=at, budget=3).rlct
    except Undecided as error:
        low, high = error.bounds.lower, error.bounds.upper
        ends = [low.value if low else Fraction(0), high.value if high else Fraction(len(at), 2)]
        if any(map(any, w)):  # rotations of the plane move W and no output: zeros of dimension 1
            ends[1] = min(ends[1], Fraction(len(at) - 1, 2))
        return f"λ = {ends[0]}" if ends[0] == ends[1] else f"λ in [{ends[0]}, {ends[1]}]"
    return f"({found.value}, {found.multiplicity})"


def squares(w: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of the outputs at (W, b) (c, 15) from a goal (c, rows, 5)."""
    x = inputs().double()
    matrix, b = w[:, : 2 * FEATURES].view(-1, 2, FEATURES), w[:, 2 * FEATURES :]
    out = torch.relu((x @ matrix.transpose(1, 2)) @ matrix + b[:, None])
    return ((out - goal) ** 2).mean((1, 2))


def losses(nets: dict[int, Superposition], own: bool) -> dict[int, FunctionLoss]:
    """At every checkpoint the loss against its own function, or against the data."""
    out = {}
    for step, net in nets.items():
        w = torch.cat([net.W.detach().reshape(-1), net.b.detach()]).double()
        with torch.no_grad():
            goal = copy.deepcopy(net).double()(inputs().double()) if own else inputs().double()
        name = "superposition, " + ("self-teacher" if own else "excess")
        out[step] = FunctionLoss(squares, len(w), center=w, given=goal, loss_id=name)
    return out


def polygon(net: Superposition) -> str:
    """The columns of W that are longer than ½, as a word."""
    long = int((net.W.norm(dim=0) > 0.5).sum())
    return {0: "–", 1: "one column", 2: "two columns", 3: "triangle", 4: "square", 5: "pentagon"}[
        long
    ]


def active(net: Superposition) -> bool:
    """True if no output is switched off at any input."""
    with torch.no_grad():
        return bool((inputs() @ net.W.t() @ net.W + net.b > 0).all())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of readings and figures")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--checkpoints", type=int, default=14)
    parser.add_argument("--init", type=float, default=0.001, help="size of the first W")
    parser.add_argument("--n", type=float, default=1e8)
    parser.add_argument("--gamma", type=float, default=300.0)
    parser.add_argument("--burn-in", type=int, default=600)
    parser.add_argument("--draws", type=int, default=1200)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    proved = ladder()
    nbeta = options.n / math.log(options.n)
    values = [v - (m - 1) / math.log(nbeta) for v, m in proved]
    star = nbeta**-0.25
    print("proved (λ, m) at rank 0, 1, 2:", proved)
    lines = [
        "| seed | step | loss | W | σ/σ* | all outputs | proved | self-teacher | excess |",
        "|" + "---|" * 9,
    ]
    named, early, late, inside, runs = [], [], [], [], []
    for seed in options.seeds:
        nets = trained(seed, options.steps, options.checkpoints, options.init)
        paths: dict[bool, Trajectory] = {}
        for own in (True, False):
            paths[own] = track(
                losses(nets, own), device="llc-hmc", n=options.n,
                gamma=options.gamma, burn_in=options.burn_in, draws=options.draws,
                progress=False, seed=seed, seconds=120,
                store=options.out / f"seed{seed}-{'own' if own else 'excess'}.jsonl", **HMC,
            )  # fmt: skip
        data = paths[False]  # its column loss is the loss on the data
        paths[True] = replace(
            paths[True],
            rows=tuple(
                replace(a, loss=b.loss) for a, b in zip(paths[True].rows, data.rows, strict=True)
            ),
        )
        runs.append((seed, nets, paths))
        for step, net, mine, data in zip(
            nets, nets.values(), paths[True].rows, paths[False].rows, strict=True
        ):
            sigma = (torch.linalg.svdvals(net.W.detach()) / star).tolist()
            clear = active(net) and not any(1 / 3 < s < 3 for s in sigma)
            if clear and mine.ok:
                rank = sum(s >= 1 for s in sigma)
                near = min(range(3), key=lambda r, v=mine.value: abs(values[r] - v))
                named.append(near == rank)
            known = exact(net, options.n)
            if known[0] in "(λ" and " in " not in known and mine.ok:
                value, m = known[1:-1].split(",") if known[0] == "(" else (known[4:], "1")
                rung = float(Fraction(value)) - (int(m) - 1) / math.log(nbeta)
                inside.append(mine.low <= rung <= mine.high)
            end = mine.loss <= 1.05 * paths[True].rows[-1].loss  # the last plateau
            if not end:
                early.append(data.outcome == "no minimum")
            elif polygon(net) == "pentagon":
                meet = data.low <= mine.high and mine.low <= data.high
                late.append(data.ok and mine.ok and meet)
            cells = [f"{r.value:.2f} [{r.low:.2f}, {r.high:.2f}] {r.outcome}" for r in (mine, data)]
            lines.append(
                f"| {seed} | {step} | {mine.loss:.4f} | {polygon(net)} | "
                f"{sigma[0]:.2g}, {sigma[1]:.2g} | {'active' if active(net) else 'some off'} | "
                f"{known} | {cells[0]} | {cells[1]} |"
            )
    lines.append("")
    own = [r for _, _, paths in runs for r in paths[True].rows]
    lines += [
        f"{sum(r.ok for r in own)} of {len(own)} readings of the self-teacher are ok; the proved "
        f"value is within the interval of {sum(inside)} of {len(inside)} that have one.",
        f"Criterion 1: {sum(named)} of {len(named)} named right.",
        f"Criterion 2: `no minimum` at {sum(early)} of {len(early)} before the last plateau; both "
        f"ok and equal at {sum(late)} of {len(late)} pentagons there.",
    ]
    print("\n".join(lines))
    (options.out / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw(runs, values, options.out / "superposition.png")


def draw(runs: list, values: list[float], file: Path) -> None:
    """Loss, both readings and the columns of W, for every seed."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        3, len(runs), sharex="col", figsize=(3.4 * len(runs), 5.6), layout="constrained",
        height_ratios=(1, 1.7, 0.7), squeeze=False,
    )  # fmt: skip
    for (seed, nets, paths), (above, below, under) in zip(runs, axes.T, strict=True):
        paths[True].plot(
            axes=(above, below), log_steps=True,
            ladder={f"rank {r}": v for r, v in enumerate(values)},
        )  # fmt: skip
        good = [r for r in paths[False].rows if r.ok]
        below.errorbar(
            [r.step * 1.05 for r in good], [r.value for r in good],
            yerr=[[r.value - r.low for r in good], [r.high - r.value for r in good]],
            fmt="s", ms=4, lw=1, color="#D55E00", label="excess, ok",
        )  # fmt: skip
        below.legend(fontsize="x-small", loc="lower right")
        above.set_title(f"seed {seed}", fontsize="medium")
        steps = list(nets)
        for step in steps[:: max(1, len(steps) // 7)]:
            place = math.log(step / steps[0]) / math.log(steps[-1] / steps[0])
            small = under.inset_axes((0.02 + 0.88 * place, 0.05, 0.1, 0.9))
            for column in nets[step].W.detach().t().tolist():
                small.plot([0, column[0]], [0, column[1]], color="#0072B2", lw=1)
            small.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal", xticks=[], yticks=[])
        under.set_yticks([])
        under.set_xlabel("step; below: the columns of W")
    figure.savefig(file, dpi=70)


if __name__ == "__main__":
    main()
