"""A finer look at one transition of a deep linear network: at which σ do readings cross half-way?

    OMP_NUM_THREADS=1 python -m benchmarks.saddle_collapse --out FILE.json [--networks 3-2-3]

`saddle_to_saddle.py` asks for the exponent of the transitions from 24 checkpoints over a whole run,
and found it outside of its interval. This was written after, to see whether the grid is at fault:
at each n, 14 checkpoints of a descent with σ_1 between σ*/4 and 4σ*, σ* = (nβ)^(−1/(2L)), read side
by side, and σ_1 where the readings pass half-way from the rung of rank 0 to that of rank 1.
Expected, if nothing but σ/σ* counts: log σ_1 falls with log nβ at the slope −1/(2L), −1/4 for two
layers and −1/6 for three. The interval is a bootstrap over seeds; slopes between neighbouring n
show whether the law is still on its way.
"""

from __future__ import annotations

import argparse
import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from benchmarks.saddle_to_saddle import HMC, NETWORKS, Network, descent, ladder, nbeta, rungs
from singularity_lab.spectroscopes import measure_each

COUNT, REACH = 14, 4.0


def crossing(name: str, seed: int, n: float, draws: int) -> dict:
    """σ_1 where the readings at one n pass half-way, None where no pair of ``ok`` readings does."""
    net = Network(NETWORKS[name])
    path, _ = descent(net, seed)
    sizes = np.array([net.modes(w)[0] for w in path[: len(path) // 2]])
    star = nbeta(n) ** (-1 / (2 * net.depth))
    targets = star * np.geomspace(1 / REACH, REACH, COUNT)
    steps = sorted({int(np.argmax(sizes >= s)) for s in targets if sizes.max() >= s})
    losses = [net.loss(path[s], net.product(path[s]), f"{name}, own function") for s in steps]
    settings = {**HMC, "burn_in": draws, "draws": draws, "n": n}
    readings = measure_each(
        "llc-hmc", losses, seeds=[seed] * len(losses), settings=[settings] * len(losses)
    )
    values = rungs(ladder(NETWORKS[name]), n)
    half = 0.5 * (values["rank 0"] + values["rank 1"])
    found = None
    good = [(s, r) for s, r in zip(steps, readings, strict=True) if r.ok]
    for (a, r), (b, s) in pairwise(good):
        if r.estimate.value < half <= s.estimate.value:
            t = (half - r.estimate.value) / (s.estimate.value - r.estimate.value)
            found = math.exp((1 - t) * math.log(sizes[a]) + t * math.log(sizes[b]))
            break
    return {
        "network": name, "seed": seed, "n": n, "sigma": found, "star": star, "ok": len(good),
        "readings": len(readings), "cpu_seconds": sum(r.cost.cpu_seconds for r in readings),
    }  # fmt: skip


def slope(points: list[dict]) -> float:
    """Slope of log σ against log nβ, with an offset for each seed."""
    top = bottom = 0.0
    for seed in {p["seed"] for p in points}:
        some = [p for p in points if p["seed"] == seed]
        x = np.log([nbeta(p["n"]) for p in some])
        y = np.log([p["sigma"] for p in some])
        top += float(((x - x.mean()) * (y - y.mean())).sum())
        bottom += float(((x - x.mean()) ** 2).sum())
    return top / bottom if bottom else math.nan


def report(points: list[dict], name: str) -> str:
    """A line of the table."""
    some = [p for p in points if p["network"] == name and p["sigma"]]
    seeds, sizes = sorted({p["seed"] for p in some}), sorted({p["n"] for p in some})
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(500):
        chosen = rng.choice(seeds, len(seeds))
        sample = [{**p, "seed": k} for k, s in enumerate(chosen) for p in some if p["seed"] == s]
        draws.append(slope(sample))
    low, high = np.nanquantile(draws, [0.05, 0.95])
    steps = [slope([p for p in some if p["n"] in pair]) for pair in pairwise(sizes)]
    ratios = [
        np.exp(np.mean([math.log(p["sigma"] / p["star"]) for p in some if p["n"] == n]))
        for n in sizes
    ]
    depth = len(NETWORKS[name]) - 1
    return (
        f"| {name} | {-1 / (2 * depth):.3f} | {slope(some):.3f} [{low:.3f}, {high:.3f}] | "
        f"{', '.join(f'{x:.3f}' for x in steps)} | {', '.join(f'{x:.2f}' for x in ratios)} | "
        f"{sum(p['ok'] for p in some)} of {sum(p['readings'] for p in some)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="a file: what is in it is kept")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["3-2-3", "3-2-2-3"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--n", type=float, nargs="+", default=[1e3, 1e4, 1e5, 1e6])
    parser.add_argument("--draws", type=int, default=1000, help="of burn-in, and averaged")
    options = parser.parse_args()
    torch.set_num_threads(1)
    points = json.loads(options.out.read_text()) if options.out.exists() else []
    known = {(p["network"], p["seed"], p["n"]) for p in points}
    for name in options.networks:
        for seed in options.seeds:
            for n in options.n:
                if (name, seed, n) not in known:
                    points.append(crossing(name, seed, n, options.draws))
                    options.out.write_text(json.dumps(points, indent=1), encoding="utf-8")
    print("| network | expected | slope | between neighbouring n | σ/σ* at each n | `ok` |")
    print("|---|---|---|---|---|---|")
    for name in options.networks:
        print(report(points, name))


if __name__ == "__main__":
    main()
