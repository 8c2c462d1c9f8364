"""Why readings of saddle to saddle miss their rungs: the target at finite n, computed exactly.

    python -m benchmarks.saddle_targets

`saddle_to_saddle.py` asks that the interval of a reading holds λ − (m − 1)/log(nβ), the leading
orders of the target nβ·E[K] for n → ∞. This was written after, to see whether device or criterion
is at fault. For two layers, K = ½|W₂W₁|² at the saddle of rank 0 and the localisation γ, the rows
of W₂ are Gaussian given W₁. With the eigenvalues s of W₁W₁ᵀ (h × h, W₁ of a columns, W₂ of b rows)
nβ·E[K] is the mean of Σ (b/2)·nβ·s/(nβ·s + γ) over the density

    ∏ s^((a−h−1)/2) e^(−γs/2) (nβ·s + γ)^(−b/2) · ∏ |sᵢ − sⱼ|,

an integral in h dimensions. It is λ − (m − 1)/log(nβ) but for a constant beside log(nβ) and terms
in √(γ/nβ). At rank r the modes that are learned are regular, with Hessian eigenvalues s_i + s_j
and s_i (balanced layers, s the singular values of the product), and the rest is the saddle of
rank 0 of the widths less r: their sum is the target to this order, not exactly.

Reads `runs/saddle-to-saddle.jsonl` and prints, for each network, rank and n, how many `ok` readings
hold the rung and how many this target.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

RUNS = Path(__file__).parent / "runs" / "saddle-to-saddle.jsonl"
RUNGS = {  # (λ, m) at rank 0, 1, …, as `network_strata` proves them
    "4-3-4": [(5.0, 2), (6.0, 1), (7.0, 2), (7.5, 1)],
    "3-2-3": [(2.5, 1), (3.5, 2), (4.0, 1)],
}
MODES = (8.0, 2.0, 0.5)  # singular values of the target of the runs
GAMMA = 1.0
NODES = 160


def at_rank_zero(a: int, h: int, b: int, nbeta: float, gamma: float = GAMMA) -> float:
    """nβ·E[K] of K = ½|W₂W₁|² around 0, W₁ of h × a and W₂ of b × h, by quadrature in log s."""
    if 0 in (a, h, b):
        return 0.0
    if a < h:
        a, b = b, a
    if a < h:
        raise ValueError("expected a hidden layer that is not the widest")
    x, w = np.polynomial.legendre.leggauss(NODES)
    low, high = math.log(1e-9 / nbeta), math.log(80 / gamma)
    s = np.exp(0.5 * (high - low) * x + 0.5 * (high + low))
    one = w * s ** (0.5 * (a - h + 1)) * np.exp(-0.5 * gamma * s) * (nbeta * s + gamma) ** (-b / 2)
    weight, share = np.ones((1,) * h), np.zeros((1,) * h)
    for i in range(h):
        along = tuple(-1 if k == i else 1 for k in range(h))
        weight = weight * one.reshape(along)
        share = share + (nbeta * s / (nbeta * s + gamma)).reshape(along)
        for j in range(i):
            other = tuple(-1 if k == j else 1 for k in range(h))
            weight = weight * np.abs(s.reshape(along) - s.reshape(other))
    return float(b / 2 * (weight * share).sum() / weight.sum())


def target(widths: tuple[int, int, int], rank: int, nbeta: float) -> float:
    """The target at a rank: of the learned modes, and of the saddle that is left."""
    a, h, b = widths
    s = MODES[:rank]
    hessian = [x + y for x in s for y in s] + [x for x in s for _ in range(a + b - 2 * rank)]
    regular = sum(0.5 * nbeta * x / (nbeta * x + GAMMA) for x in hessian)
    return regular + at_rank_zero(a - rank, h - rank, b - rank, nbeta)


def main() -> None:
    readings = [json.loads(line) for line in RUNS.read_text(encoding="utf-8").splitlines()]
    print(
        "| network | rank | n | rung | target | `ok` readings | hold the rung | hold the target |"
    )
    print("|---|---|---|---|---|---|---|---|")
    totals = {True: [0, 0, 0], False: [0, 0, 0]}
    for network, rungs in RUNGS.items():
        widths = tuple(map(int, network.split("-")))
        for rank, (value, m) in enumerate(rungs):
            for n in (1e3, 1e4, 1e5):
                nbeta = n / math.log(n)
                rung, at = value - (m - 1) / math.log(nbeta), target(widths, rank, nbeta)  # type: ignore[arg-type]
                found = [
                    r for r in readings
                    if r["model"].endswith(" " + network) and r["n"] == n
                    and r["stratum"] == f"rank {rank}" and r["outcome"] == "ok"
                ]  # fmt: skip
                counts = [len(found)] + [
                    sum(r["low"] <= x <= r["high"] for r in found) for x in (rung, at)
                ]
                totals[rank == 0] = [t + c for t, c in zip(totals[rank == 0], counts, strict=True)]
                print(
                    f"| {network} | {rank} | {n:.0e} | {rung:.3f} | {at:.3f} | {counts[0]} | "
                    f"{counts[1]} | {counts[2]} |"
                )
    for zero, words in ((True, "exact, at rank 0"), (False, "to this order, at higher ranks")):
        count, by_rung, by_target = totals[zero]
        print(
            f"\nThe target ({words}) is held by {by_target} of {count} intervals, the rung by "
            f"{by_rung}."
        )


if __name__ == "__main__":
    main()
