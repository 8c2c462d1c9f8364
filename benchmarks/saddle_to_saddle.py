"""Saddle to saddle: training of deep linear networks, read blind, against the proved ladder.

    python benchmarks/saddle_to_saddle.py --out DIR            # small: 4-3-4, one seed, one n
    python benchmarks/saddle_to_saddle.py --out DIR --full     # 3 networks × 5 seeds × 3 n, jets

All readings of a run, 24 checkpoints at each n, go side by side as one batch of chains.

A bias-free linear network W_L⋯W_1 is trained by gradient descent on K = ½‖W_L⋯W_1 − C‖², C =
diag(8, 2, ½), from small random weights. It passes near saddles, where the product has rank 0, 1,
2, …, and leaves them one after the other. At 24 checkpoints (at times in geometric progression)
`track` reads the loss against the checkpoint's own function, ½‖W_L⋯W_1 − P‖², with llc-hmc at γ =
1 and β = 1/log n. The device sees weights and loss alone. Behind the readings stands what is
proved: (λ_r, m_r) at the stratum where all partial products have rank r (`network_strata`, `rlct`),
hence the rungs λ_r − (m_r − 1)/log(nβ). `truth`: the number of modes with σ_k ≥ σ*, where σ_k is
the L-th root of a singular value of the product, and σ* = (nβ)^(−1/(2L)), which is (nβ)^(−1/4) for
two layers. A checkpoint is *away* from transitions when no mode has ½ < σ_k/σ* < 2.

Written down before any of the runs:

1. The rung nearest to the reading is the true one at ≥ 95 % of the checkpoints away from
   transitions that have an ``ok`` reading.
2. At ≥ 85 % of these the reading's 90 % interval holds its rung.
3. The first checkpoint that is named r + 1 or more is within one checkpoint of the first with σ_k
   ≥ σ*, and a change point's interval comes within one checkpoint of each crossing.
4. False alarms: `change_points` at 5 % tells of one in at most 1 of 15 runs without a transition
   (the trained network moved on by noisy gradients, an own seed at each checkpoint), and in at
   most 1 of 15 runs with the checkpoints in random order.
5. Negative control: the same device on the loss against C, where a saddle is no minimum, names the
   true rung at fewer than half of the checkpoints away from transitions before the last rung, and
   mostly says that there is no minimum.
6. With several n: log σ at which readings pass half-way between two rungs, against log nβ, has the
   slope −1/(2L) within its 90 % bootstrap interval (over runs).

With ``--jets``, at the first seed of each network and the middle n: the codimensions of the jet
schemes J_0, J_1, J_2 along the run, by the device `jet` from outputs alone. A checkpoint is seen at
the resolution of n: singular values of a layer below σ* count as 0. Beside them stand λ_r of the
rank that is so seen, and the bound of λ that the codimensions give.

DIR keeps every reading (the same command goes on where it stopped), a figure for each run, one of
the first seed of each network (`saddle-to-saddle.png`), `summary.json` and `runs.jsonl`, a line a
reading: run, model, step, n, value, low, high, outcome, stratum (the rung that the reading names,
null where it names none), row (of that stratum in the catalog, null where it has none). The table
is printed. `benchmarks/runs/saddle-to-saddle.jsonl` is the file of the full experiment.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from singularity_lab import change_points, network_strata, rlct, track
from singularity_lab.catalog.load import entries
from singularity_lab.spectroscopes import FunctionLoss, measure
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from singularity_lab.trajectories import Trajectory

NETWORKS = {"4-3-4": (4, 3, 4), "3-2-3": (3, 2, 3), "3-2-2-3": (3, 2, 2, 3)}
TARGETS = (8.0, 2.0, 0.5)
SMALL = {1: 1e-3, 2: 1e-3, 3: 0.03}  # standard deviation of the first weights, by depth
RATE = 0.004
HMC = {"gamma": 1.0, "chains": 16, "leapfrogs": 10}


class Network:
    """Matrices W_1, …, W_L of given widths, as vectors of all entries."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        self.shapes = [(b, a) for a, b in pairwise(widths)]
        self.sizes = [a * b for a, b in self.shapes]
        self.depth, self.dim = len(self.shapes), sum(self.sizes)
        self._seen: tuple = (None, [], [])
        self.target = torch.zeros(widths[-1], widths[0], dtype=torch.float64)
        for k, s in enumerate(TARGETS[: min(widths[0], widths[-1])]):
            self.target[k, k] = s

    def layers(self, w: torch.Tensor) -> list[torch.Tensor]:
        """(c, d) → matrices (c, n_k, n_{k−1})."""
        pieces = w.split(self.sizes, dim=1)
        return [p.reshape(-1, *s) for p, s in zip(pieces, self.shapes, strict=True)]

    def product(self, w: torch.Tensor) -> torch.Tensor:
        """W_L⋯W_1 for one vector (d,)."""
        out = torch.eye(self.shapes[0][1], dtype=torch.float64)
        for layer in self.layers(w[None]):
            out = layer[0] @ out
        return out

    def _forward(self, w: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Layers and their partial products, once for the value and the gradient at one tensor."""
        if self._seen[0] is not w:
            layers = self.layers(w)
            prefix = [layers[0]]
            for layer in layers[1:]:
                prefix.append(torch.bmm(layer, prefix[-1]))
            self._seen = (w, layers, prefix)
        return self._seen[1], self._seen[2]

    def value(self, w: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
        """½‖W_L⋯W_1 − goal‖² for vectors (c, d) and goals (c, n_L, n_0)."""
        return 0.5 * ((self._forward(w)[1][-1] - goal) ** 2).sum((1, 2))

    def gradient(self, w: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
        """Its gradient (c, d)."""
        layers, prefix = self._forward(w)
        back = prefix[-1] - goal
        parts = []
        for k in range(self.depth - 1, 0, -1):
            parts.append(torch.bmm(back, prefix[k - 1].transpose(1, 2)).flatten(1))
            back = torch.bmm(layers[k].transpose(1, 2), back)
        return torch.cat([back.flatten(1), *parts[::-1]], dim=1)

    def loss(self, center: torch.Tensor, goal: torch.Tensor, name: str) -> FunctionLoss:
        """½‖W_L⋯W_1 − goal‖² near a centre."""
        return FunctionLoss(
            self.value, self.dim, center=center, gradient=self.gradient, given=goal, loss_id=name
        )

    def modes(self, w: torch.Tensor) -> list[float]:
        """σ_k, the largest first."""
        return (torch.linalg.svdvals(self.product(w)) ** (1 / self.depth)).tolist()


def descent(net: Network, seed: int) -> tuple[list[torch.Tensor], list[int]]:
    """The weights at every step of a descent until all modes that can have grown, and the steps at
    which they have."""
    generator = torch.Generator().manual_seed(seed)
    w = SMALL[net.depth] * torch.randn(net.dim, generator=generator, dtype=torch.float64)
    at = net.loss(torch.zeros(net.dim), net.target, "descent")
    path, grown = [w], []
    most = min(min(s) for s in net.shapes)
    while len(path) < 200_000:
        _, slope = at.value_and_grad(w[None])
        w = w - RATE * slope[0]
        path.append(w)
        step = len(path) - 1
        if len(grown) < most and step % 10 == 0 and net.modes(w)[len(grown)] > 0.2:
            grown.append(step)
        if len(grown) == most and step >= 2.5 * grown[-1]:
            break
    return path, grown


def trained(net: Network, seed: int, count: int) -> list[tuple[int, torch.Tensor]]:
    """Checkpoints (step, weights) of a descent, from before the first mode has grown until all
    that can have grown."""
    path, grown = descent(net, seed)
    first, last = grown[0] / 3, len(path) - 1
    steps = np.unique(np.geomspace(first, last, count).astype(int))
    return [(int(s), path[int(s)]) for s in steps]


def moved(net: Network, w: torch.Tensor, seed: int, count: int) -> list[tuple[int, torch.Tensor]]:
    """Checkpoints of a trained network under noisy gradients: it moves, and no mode comes or
    goes."""
    generator = torch.Generator().manual_seed(1_000 + seed)
    at = net.loss(torch.zeros(net.dim), net.product(w), "noise")
    out = []
    for step in range(50 * count):
        _, slope = at.value_and_grad(w[None])
        noise = torch.randn(net.dim, generator=generator, dtype=torch.float64)
        w = w - RATE * (slope[0] + noise)
        if step % 50 == 0:
            out.append((step, w))
    return out


def ladder(widths: tuple[int, ...]) -> list[tuple[float, int]]:
    """(λ_r, m_r) for r = 0, 1, …, proved, at the points all of whose partial products have rank
    r."""
    whole, out = (0, len(widths) - 1), []
    for rank in range(min(widths) + 1):
        stratum = next(
            s
            for s in network_strata(widths, rank)
            if all(interval == whole for interval, m in s.multiplicities.items() if m)
        )
        found = rlct(stratum.problem()).rlct
        out.append((float(found.value), found.multiplicity))
    return out


def catalog_rows(widths: tuple[int, ...]) -> dict[str, str]:
    """The rows of the catalog at the rungs of a network, by name: of its deepest points of each
    rank."""
    out = {}
    for e in entries():
        p = e.parameters
        if e.builder == "reduced_rank_regression":
            shape = (p["inputs"], p["hidden"], p["outputs"])
        elif e.builder == "deep_linear":
            shape = tuple(p["widths"])
        else:
            continue
        place = e.stratum() if shape == widths else None
        if place is not None and place.deepest:
            out[f"rank {p['rank']}"] = e.id
    return out


def nbeta(n: float) -> float:
    """n/log n."""
    return n / math.log(n)


def rungs(proved: list[tuple[float, int]], n: float) -> dict[str, float]:
    """What each rank reads at n, by name."""
    return {f"rank {r}": v - (m - 1) / math.log(nbeta(n)) for r, (v, m) in enumerate(proved)}


class Run:
    """One training run with its readings, and what is counted of it."""

    def __init__(self, name: str, seed: int, options: argparse.Namespace) -> None:
        self.name, self.seed, self.options = name, seed, options
        self.net = Network(NETWORKS[name])
        self.proved = ladder(NETWORKS[name])
        self.checkpoints = trained(self.net, seed, options.checkpoints)
        self.modes = {s: self.net.modes(w) for s, w in self.checkpoints}
        self.label = f"{name}-seed{seed}"

    def read(self, what: str, checkpoints: list, n: list[float], own: bool, **more) -> Trajectory:
        """`track` with a store of its own. own: the loss against the checkpoint's own function."""

        def loss(w: torch.Tensor) -> FunctionLoss:
            goal = self.net.product(w) if own else self.net.target
            return self.net.loss(w, goal, f"{self.name}, {'own function' if own else 'target'}")

        goal = self.net.target

        def distance(at: FunctionLoss) -> float:
            return 0.5 * float(((self.net.product(at.center) - goal) ** 2).sum())

        settings = {**HMC, "burn_in": self.options.burn_in, "draws": self.options.draws, **more}
        return track(
            [(s, loss(w)) for s, w in checkpoints], device="llc-hmc", n=n,
            probes={"against_target": distance},
            seed=self.seed, seconds=600, store=self.options.out / f"{self.label}-{what}.jsonl",
            progress=True, **settings,
        )  # fmt: skip

    def star(self, n: float) -> float:
        """σ*: the size of a mode that is seen at n."""
        return nbeta(n) ** (-1 / (2 * self.net.depth))

    def rank(self, step: int, n: float) -> int:
        """Modes that are seen at n."""
        most = len(self.proved) - 1
        return sum(s >= self.star(n) for s in self.modes[step][:most])

    def away(self, step: int, n: float) -> bool:
        """No mode is near the size that is seen."""
        return not any(0.5 < s / self.star(n) < 2 for s in self.modes[step])

    def count(self, path: Trajectory, n: float) -> dict:
        """What the criteria ask of the readings at one n."""
        rows, steps = path.at(n).rows, list(self.modes)
        values = rungs(self.proved, n)
        names = path.at(n).named(values)
        truth = [self.rank(s, n) for s in steps]
        good = [k for k, r in enumerate(rows) if r.ok and self.away(steps[k], n)]
        right = [names[k] == f"rank {truth[k]}" for k in good]
        inside = [rows[k].low <= values[f"rank {truth[k]}"] <= rows[k].high for k in good]
        gaps = [rows[k].value / values[f"rank {truth[k]}"] - 1 for k in good]
        changes = change_points(path, n=n)
        crossings = []
        for rank in range(1, max(truth) + 1):
            crossed = next(k for k, t in enumerate(truth) if t >= rank)
            if crossed == 0:
                continue
            named = next(
                (k for k, x in enumerate(names) if x is not None and int(x[5:]) >= rank), None
            )
            near = [
                c
                for c in changes
                if c.low <= steps[min(crossed + 1, len(steps) - 1)]
                and c.high >= steps[max(crossed - 2, 0)]
            ]
            crossings.append(
                {
                    "rank": rank, "crossed": crossed, "named": named, "change_point": bool(near),
                    "sigma": self.passed(rows, steps, values, rank),
                }
            )  # fmt: skip
        shuffled = 0
        rng = random.Random(self.seed)
        for _ in range(self.options.shuffles):
            order = rng.sample(range(len(rows)), len(rows))
            mixed = tuple(replace(rows[k], step=i) for i, k in enumerate(order))
            shuffled += bool(change_points(replace(path, rows=mixed)))
        return {
            "run": self.label, "n": n, "depth": self.net.depth, "checkpoints": len(rows),
            "ok": sum(r.ok for r in rows), "away_ok": len(good),
            "away": sum(self.away(s, n) for s in steps), "named": sum(right),
            "inside": sum(inside), "mean_gap": float(np.mean(gaps)) if gaps else None,
            "changes": len(changes), "crossings": crossings, "shuffles": self.options.shuffles,
            "shuffled_alarms": shuffled, "cpu_seconds": sum(r.seconds for r in rows),
        }  # fmt: skip

    def passed(self, rows, steps, values, rank: int) -> float | None:
        """σ_rank where the readings pass half-way from one rung to the next, between checkpoints
        by interpolation in log σ."""
        half = 0.5 * (values[f"rank {rank - 1}"] + values[f"rank {rank}"])
        for (a, r), (b, s) in pairwise(zip(steps, rows, strict=True)):
            if r.ok and s.ok and r.value < half <= s.value:
                t = (half - r.value) / (s.value - r.value)
                low, high = self.modes[a][rank - 1], self.modes[b][rank - 1]
                return math.exp((1 - t) * math.log(low) + t * math.log(high))
        return None

    def control(self, n: float) -> dict:
        """Criterion 5 on every second checkpoint."""
        last = max(self.rank(s, n) for s in self.modes)
        before = [c for c in self.checkpoints[::2] if self.rank(c[0], n) < last]
        some = [c for c in before if self.away(c[0], n)]
        if not some:
            return {"points": 0}
        short = {"burn_in": self.options.burn_in // 4, "draws": self.options.draws // 4}
        path = self.read("control", some, [n], own=False, **short)
        names = path.named(rungs(self.proved, n))
        right = sum(x == f"rank {self.rank(s, n)}" for x, (s, _) in zip(names, some, strict=True))
        ends = path.column("outcome").tolist()
        return {"points": len(some), "named": right, "no_minimum": ends.count("no minimum")}

    def still(self, n: float) -> dict:
        """Criterion 4 without a transition."""
        path = self.read(
            "still", moved(self.net, self.checkpoints[-1][1], self.seed, self.options.checkpoints),
            [n], own=True, common=False,
        )  # fmt: skip
        return {"ok": sum(r.ok for r in path.rows), "alarms": len(change_points(path))}

    def staircase(self, n: float) -> list[dict]:
        """Codimensions of jets at every checkpoint as it is seen at n, beside the rung there."""
        file, star, out = self.options.out / f"{self.label}-jets.json", self.star(n), []
        if file.exists():
            return json.loads(file.read_text(encoding="utf-8"))
        for step, w in self.checkpoints:
            seen = []
            for layer in self.net.layers(w[None]):
                u, s, v = torch.linalg.svd(layer[0], full_matrices=False)
                seen.append(u @ torch.diag(torch.where(s >= star, s, 0.0)) @ v)
            r = measure(
                "jet", MatrixProductLoss(seen), seed=self.seed, order=2, starts=2, iterations=25
            )
            rank = min(int(torch.linalg.matrix_rank(x)) for x in seen)
            codim = [r.estimates.get(f"codim J_{m}") for m in range(3)]
            out.append(
                {
                    "step": step, "rank": rank, "lambda": self.proved[rank][0],
                    "codimensions": [None if c is None else int(c.value) for c in codim],
                    "bound": r.lambda_.value if "lambda" in r.estimates else None,
                    "cpu_seconds": round(r.cost.cpu_seconds, 2),
                }
            )  # fmt: skip
        file.write_text(json.dumps(out, indent=1), encoding="utf-8")
        return out

    def lines(self, path: Trajectory) -> list[dict]:
        """What the run leaves for others, a line a reading."""
        known, out = catalog_rows(NETWORKS[self.name]), []
        for n in self.options.n:
            part = path.at(n)
            names = part.named(rungs(self.proved, n))
            for r, name in zip(part.rows, names, strict=True):
                numbers = {k: _kept(getattr(r, k)) for k in ("value", "low", "high")}
                out.append(
                    {
                        "run": self.label, "model": f"linear network {self.name}",
                        "step": int(r.step), "n": n, **numbers, "outcome": r.outcome,
                        "stratum": name, "row": known.get(name or ""),
                    }
                )  # fmt: skip
        return out

    def draw(self, path: Trajectory, n: float) -> None:
        """The figure of the run at one n."""
        import matplotlib as mpl

        mpl.use("Agg")
        import matplotlib.pyplot as plt

        shown = replace(
            path.at(n),
            rows=tuple(replace(r, loss=r.probes["against_target"]) for r in path.at(n).rows),
        )
        changes = change_points(path, n=n)
        axes = shown.plot(ladder=rungs(self.proved, n), changes=changes, log_steps=True)
        axes[0].set_ylabel("loss against the target")
        axes[0].set_title(f"{self.name}, seed {self.seed}, n = {n:g}", fontsize="medium")
        axes[0].figure.savefig(self.options.out / f"{self.label}-n{n:g}.png", dpi=160)
        plt.close(axes[0].figure)


def _kept(x: float) -> float | None:
    """A number of a line: five digits, None where it is not finite."""
    return float(f"{x:.5g}") if math.isfinite(x) else None


def wide(runs: list[tuple[Run, Trajectory]], n: float, file: Path) -> None:
    """One figure of several runs at one n: loss, readings on the proved rungs, and codimensions
    where jets were read."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    jets = any(run.options.jets for run, _ in runs)
    figure, axes = plt.subplots(
        2 + jets, len(runs), sharex="col", squeeze=False, layout="constrained",
        figsize=(3.6 * len(runs), 4.2 + 1.3 * jets), height_ratios=(1, 1.7, 1)[: 2 + jets],
    )  # fmt: skip
    for (run, path), column in zip(runs, axes.T, strict=True):
        rows = tuple(replace(r, loss=r.probes["against_target"]) for r in path.at(n).rows)
        replace(path.at(n), rows=rows).plot(
            axes=tuple(column[:2]), ladder=rungs(run.proved, n), log_steps=True,
            changes=change_points(path, n=n),
        )  # fmt: skip
        column[0].set_title(f"{run.name}, n = {n:g}", fontsize="medium")
        if jets:
            seen = run.staircase(n)
            for m in range(3):
                some = [(x["step"], x["codimensions"][m]) for x in seen]
                column[2].step(
                    *zip(*[(a, c / (2 * (m + 1))) for a, c in some if c is not None], strict=True),
                    where="post", lw=2.2 - 0.8 * m, label=f"m = {m}", color=("0.75", "0.4", "k")[m],
                )  # fmt: skip
            column[2].set_ylabel("codim J_m/2(m + 1)")
            column[2].set_xlabel("step")
            column[1].set_xlabel("")
        for ax in column[1:]:
            ax.set_ylabel(ax.get_ylabel() if run is runs[0][0] else "")
    if jets:
        axes[2][0].legend(fontsize="x-small")
    axes[0][0].set_ylabel("loss against the target")
    figure.savefig(file, dpi=75)
    plt.close(figure)


def slope(counts: list[dict]) -> dict | None:
    """Slope of log σ against log nβ, an offset for each depth and rank, by depth, with its
    bootstrap interval over runs."""
    out = {}
    for depth in sorted({c["depth"] for c in counts}):
        points = [
            (c["run"], x["rank"], math.log(nbeta(c["n"])), math.log(x["sigma"]))
            for c in counts
            if c["depth"] == depth
            for x in c["crossings"]
            if x["sigma"]
        ]
        runs = sorted({p[0] for p in points})
        if len({p[2] for p in points}) < 2 or len(runs) < 2:
            continue

        def fitted(some: list[str], points: list = points) -> float:
            top = bottom = 0.0
            for run in some:
                for rank in {p[1] for p in points if p[0] == run}:
                    x, y = np.array([p[2:] for p in points if p[:2] == (run, rank)]).T
                    top += float(((x - x.mean()) * (y - y.mean())).sum())
                    bottom += float(((x - x.mean()) ** 2).sum())
            return top / bottom if bottom else math.nan

        rng = random.Random(0)
        draws = [fitted(rng.choices(runs, k=len(runs))) for _ in range(500)]
        low, high = np.nanquantile(draws, [0.05, 0.95]).tolist()
        out[str(depth)] = {
            "slope": fitted(runs), "low": low, "high": high, "expected": -1 / (2 * depth),
        }  # fmt: skip
    return out or None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of readings and figures")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["4-3-4"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--n", type=float, nargs="+", default=[1e4])
    parser.add_argument("--checkpoints", type=int, default=24)
    parser.add_argument("--burn-in", type=int, default=500)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--shuffles", type=int, default=15, help="random orders for each run and n")
    parser.add_argument("--no-controls", action="store_true", help="criteria 1 to 3 alone")
    parser.add_argument("--jets", action="store_true", help="codimensions along the first seeds")
    parser.add_argument("--full", action="store_true", help="3 networks, 5 seeds, 3 n, long, jets")
    options = parser.parse_args()
    if options.full:
        options.networks, options.seeds = list(NETWORKS), list(range(5))
        options.n, options.burn_in, options.draws = [1e3, 1e4, 1e5], 3000, 2000
        options.jets = True
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    counts, controls, stills, lines, shown, stairs = [], [], [], [], [], {}
    middle = sorted(options.n)[len(options.n) // 2]
    for name in options.networks:
        for seed in options.seeds:
            run = Run(name, seed, options)
            path = run.read("path", run.checkpoints, options.n, own=True)
            for n in options.n:
                counts.append(run.count(path, n))
                run.draw(path, n)
                print(json.dumps({k: v for k, v in counts[-1].items() if k != "crossings"}))
            lines += run.lines(path)
            if seed == options.seeds[0]:
                shown.append((run, path))
                stairs[run.label] = run.staircase(middle) if options.jets else []
            if not options.no_controls:
                controls.append({"run": run.label, **run.control(middle)})
                stills.append({"run": run.label, **run.still(middle)})
                print(json.dumps({"control": controls[-1], "still": stills[-1]}), flush=True)
    wide(shown, middle, options.out / "saddle-to-saddle.png")
    with (options.out / "runs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(x, ensure_ascii=False) + "\n" for x in lines)
    report(counts, controls, stills, stairs, options.out)


def report(
    counts: list[dict], controls: list[dict], stills: list[dict], stairs: dict, out: Path
) -> None:
    """The table of the criteria, printed and kept."""
    away = sum(c["away_ok"] for c in counts)
    crossings = [x for c in counts for x in c["crossings"]]
    timely = [x["named"] is not None and abs(x["named"] - x["crossed"]) <= 1 for x in crossings]
    points = sum(c["points"] for c in controls)
    shuffles = sum(c["shuffles"] for c in counts)
    steps = [x for seen in stairs.values() for x in seen]
    table = {
        "ok readings away from transitions": f"{away} of {sum(c['away'] for c in counts)}",
        "1. stratum named (≥ 95 %)": f"{sum(c['named'] for c in counts)} of {away}",
        "2. rung in the interval (≥ 85 %)": f"{sum(c['inside'] for c in counts)} of {away}",
        "3. named within one checkpoint": f"{sum(timely)} of {len(timely)}",
        "3. change point there": f"{sum(x['change_point'] for x in crossings)} of {len(crossings)}",
        "4. alarms without transition (≤ 1 of 15)":
            f"{sum(bool(s['alarms']) for s in stills)} of {len(stills)}",
        "4. alarms in random orders (≤ 1 of 15)":
            f"{sum(c['shuffled_alarms'] for c in counts)} of {shuffles}",
        "5. control: true rung (< half)": f"{sum(c.get('named', 0) for c in controls)} of {points}",
        "5. control: no minimum": f"{sum(c.get('no_minimum', 0) for c in controls)} of {points}",
        "6. exponents": slope(counts) or "several n and runs needed",
        "jets: bound of λ equal to λ_r":
            f"{sum(x['bound'] == x['lambda'] for x in steps)} of {len(steps)}",
        "CPU seconds of the readings": round(sum(c["cpu_seconds"] for c in counts)),
    }  # fmt: skip
    print("\n| criterion | seen |\n|---|---|")
    for line, seen in table.items():
        print(f"| {line} | {seen} |")
    summary = {
        "table": table,
        "runs": counts,
        "controls": controls,
        "still": stills,
        "jets": stairs,
    }
    text = json.dumps(summary, indent=1, ensure_ascii=False)
    (out / "summary.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
