"""Deep linear networks of 10³, 10⁴ and 10⁵ parameters: `anneal` against local truth.

    OMP_NUM_THREADS=1 python benchmarks/bench_deep_linear.py [--size 1000] [--seeds 1] [--json FILE]

The truth is λ at the drawn point w*, not the least λ of the model. At a draw of full-rank factors
the product map is a submersion onto the matrices of its rank r = min width, and λ = r(n_0 + n_L −
r)/2. At a point of least rank over a truth of rank r it is Aoyagi's (2024, Theorem 2). A two-layer
point with rank W₁ = r + a and rank W₂ = r + b splits off regular parts and leaves a reduced-rank
regression at zero: λ = [r(n_0 + n_2 − r) + a(n_2 − r) + b(n_0 − r − a)]/2 + λ_AW(n_0 − r − a,
n_2 − r − b, n_1 − r − a − b). The device sees the loss alone. CPU seconds are those of the process;
a row counts as met within 5 %.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import torch

from singularity_lab.catalog.formulas import aoyagi_2024, aoyagi_watanabe_2005
from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss


@dataclass(frozen=True)
class Row:
    """One network: widths, the kind of w*, settings of the device."""

    widths: tuple[int, ...]
    point: str  # "full", "least r", "up r a b"
    settings: dict[str, Any] = field(default_factory=dict)
    dtype: torch.dtype = torch.float64

    def loss(self, seed: int) -> MatrixProductLoss:
        kind, *numbers = self.point.split()
        if kind == "full":
            return MatrixProductLoss.random(self.widths, seed=seed, dtype=self.dtype)
        if kind == "least":
            return MatrixProductLoss.random(
                self.widths, int(numbers[0]), seed=seed, dtype=self.dtype
            )
        r, a, b = (int(x) for x in numbers)
        first = torch.zeros((self.widths[1], self.widths[0]), dtype=torch.float64)
        second = torch.zeros((self.widths[2], self.widths[1]), dtype=torch.float64)
        first[range(r + a), range(r + a)] = 1.0
        second[range(r), range(r)] = 1.0
        for k in range(b):
            second[r + k, r + a + k] = 1.0
        return MatrixProductLoss([first, second], dtype=self.dtype)

    def truth(self) -> Fraction:
        kind, *numbers = self.point.split()
        if kind == "full":
            r = min(self.widths)
            return Fraction(r * (self.widths[0] + self.widths[-1] - r), 2)
        if kind == "least":
            return Fraction(aoyagi_2024(self.widths, int(numbers[0])).value)
        r, a, b = (int(x) for x in numbers)
        n0, n1, n2 = self.widths
        regular = Fraction(r * (n0 + n2 - r) + a * (n2 - r) + b * (n0 - r - a), 2)
        rest = aoyagi_watanabe_2005(n0 - r - a, n2 - r - b, n1 - r - a - b, 0)
        return regular + Fraction(rest.value)


_LONG = {"stiff": 0, "replicates": 8, "trajectories": 48, "leapfrogs": 24}
_LARGE = {"stiff": 0, "replicates": 3, "trajectories": 24, "leapfrogs": 24, "spacing": 0.75}
ROWS = {
    1_000: [
        Row((22, 22, 22), "full", {"stiff": 0}),
        Row((22, 22, 22), "least 5", {"sigma": 0.2}),
        Row((22, 22, 22), "up 4 3 5", {"sigma": 0.3}),
        Row((18, 18, 18, 18), "full", {"stiff": 0}),
        Row((18, 18, 18, 18), "least 4", {"sigma": 0.3}),
        Row((30, 20, 10, 20, 8), "full", {"stiff": 0}),
    ],
    10_000: [
        Row((58, 58, 58, 58), "full", _LONG),
        Row((70, 70, 70), "full", _LONG),
        Row((70, 70, 70), "least 4", {"sigma": 0.1, "replicates": 6}),
    ],
    100_000: [
        Row((224, 224, 224), "full", _LARGE, torch.float32),
        Row((300, 150, 300, 100), "full", _LARGE, torch.float32),
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, choices=sorted(ROWS), action="append")
    parser.add_argument("--row", type=int, action="append", help="rows of a size, from 0")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--json", help="also write the readings here, one a line")
    args = parser.parse_args()
    print(
        "| widths | w* | d | λ local | reading, 90 % interval | error | outcome | K + ∇K | CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for size in args.size or sorted(ROWS):
        for number, row in enumerate(ROWS[size]):
            if args.row and number not in args.row:
                continue
            for seed in range(args.seeds):
                loss, truth = row.loss(seed), float(row.truth())
                r = measure("anneal", loss, seed=seed, particles=1, **row.settings)
                e, c = r.lambda_, r.cost
                print(
                    f"| {'-'.join(map(str, row.widths))} | {row.point} | {loss.dim} | {truth:g} | "
                    f"{e.value:.1f} [{e.low:.1f}, {e.high:.1f}] | {e.value / truth - 1:+.1%} | "
                    f"{r.outcome} | {c.evaluations + c.gradients:,} | {c.cpu_seconds:.0f} |",
                    flush=True,
                )
                if args.json:
                    with open(args.json, "a", encoding="utf-8") as file:
                        file.write(json.dumps({"truth": truth} | r.to_dict()) + "\n")


if __name__ == "__main__":
    main()
