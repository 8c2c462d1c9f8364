"""Jets of linear networks, seen as functions alone, against what is proved.

    OMP_NUM_THREADS=1 python benchmarks/network_jets.py [--rows 40] [--order 4] [--large]

*Codimensions.* Rows of the catalog with up to 50 parameters, two to five layers, at the point of
least rank. The device `jet` sees outputs minus outputs at w*. Exact: the codimension of J_0 is that
of the largest stratum of {W_L⋯W_1 = C} (`network_strata`; every stratum comes near the point of
least rank). J_m has at most (m + 1) times it, by the jets at smooth points, and at least 2λ(m + 1),
λ by Aoyagi 2024, as λ ≤ codim J_m/(2(m + 1)); where both agree, so where 2λ is the codimension of
J_0, that is the codimension of J_m. Rows where they do not are counted apart, by the interval.

*Large* (--large): networks of 10³ and 10⁴ parameters at order 0, λ ≤ codim J_0/2 against the local
λ. At points of least rank jets begin at some distance and are followed towards w*; how near they
came is told. *Trained* (--trained): the same sizes after training to a true zero of a target of the
rank, by gradient descent and then Levenberg–Marquardt; there w* is a smooth point of its zeros, the
jet is w* itself, and the local λ is half the codimension of the stratum with the ranks of all
partial products (`NetworkStratum`), which are counted apart from the device.
"""

from __future__ import annotations

import argparse
import math
import time
from itertools import pairwise

import torch

from singularity_lab import network_strata
from singularity_lab.catalog.formulas import aoyagi_2024
from singularity_lab.catalog.load import entries
from singularity_lab.catalog.quiver_strata import NetworkStratum
from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss

LARGE = [
    ((18, 18, 18, 18), 0), ((18, 18, 18, 18), 3), ((22, 22, 22), 0), ((16, 16, 16, 16, 16), 0),
    ((30, 12, 25, 14), 2), ((50, 50, 50, 50, 50), 5),
]  # fmt: skip


def networks(count: int) -> list[tuple[tuple[int, ...], int]]:
    """(widths, rank) of rows of the catalog with up to 50 parameters: all deep ones, then two-layer
    ones spread over their sizes."""
    deep, flat = set(), set()
    for e in entries():
        p = e.parameters
        if e.builder == "deep_linear":
            deep.add((tuple(p["widths"]), p["rank"]))
        elif e.builder == "reduced_rank_regression":
            flat.add(((p["inputs"], p["hidden"], p["outputs"]), p["rank"]))

    def size(row: tuple[tuple[int, ...], int]) -> int:
        return sum(a * b for a, b in zip(row[0], row[0][1:], strict=False))

    small = [sorted((r for r in rows if size(r) <= 50), key=size) for rows in (deep, flat)]
    half = count // 2
    return [rows[k * len(rows) // half] for rows in small for k in range(min(half, len(rows)))]


def codimension(widths: tuple[int, ...], rank: int) -> int:
    """The codimension of {W_L⋯W_1 = C}, C of the rank, by strata."""
    return min(s.dimension - s.orbit_dimension for s in network_strata(widths, rank))


def trained_factors(widths: tuple[int, ...], rank: int, seed: int = 0) -> list[torch.Tensor]:
    """Layers of a network that was trained from the usual random ones to W_L⋯W_1 = diag(1^rank, 0),
    to about 10⁻¹²."""
    generator = torch.Generator().manual_seed(seed)
    goal = torch.zeros(widths[-1], widths[0], dtype=torch.float64)
    goal[range(rank), range(rank)] = 1.0
    layers = [
        (torch.randn(b, a, generator=generator, dtype=torch.float64) / a**0.5).requires_grad_(True)
        for a, b in pairwise(widths)
    ]
    optimizer = torch.optim.Adam(layers, lr=3e-3)

    def product(parts: list[torch.Tensor]) -> torch.Tensor:
        out = parts[0]
        for layer in parts[1:]:
            out = layer @ out
        return out

    for step in range(3_000):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * 0.5 ** (step / 300)
        optimizer.zero_grad()
        (product(layers) - goal).square().sum().backward()
        optimizer.step()
    parts = []
    for x in layers:  # directions that die have not died yet
        u, s, v = torch.linalg.svd(x.detach(), full_matrices=False)
        parts.append(u @ torch.diag(torch.where(s > 0.05, s, 0.0)) @ v)
    # Newton's steps, an equal share by each layer, along what is not degenerate
    for count in range(200):
        left = goal - product(parts)
        if float(left.norm()) < 1e-13:
            break
        cut = 1e-3 if count < 100 else 1e-5
        eye = torch.eye(widths[0], dtype=torch.float64)
        before = [eye, *(product(parts[:k]) for k in range(1, len(parts)))]
        after = [*(product(parts[k + 1 :]) for k in range(len(parts) - 1)), torch.eye(widths[-1])]
        parts = [
            x
            + torch.linalg.pinv(a.double(), rtol=cut)
            @ left
            @ torch.linalg.pinv(b, rtol=cut)
            / len(parts)
            for x, a, b in zip(parts, after, before, strict=True)
        ]
    return parts


def ranks_of(parts: list[torch.Tensor]) -> NetworkStratum:
    """The stratum of a point, by the numerical ranks of all partial products, at 10⁻⁴."""
    widths, found = (parts[0].shape[1], *(x.shape[0] for x in parts)), {}
    for i in range(len(parts)):
        out = parts[i]
        for j in range(i, len(parts)):
            out = out if j == i else parts[j] @ out
            found[i, j + 1] = int(torch.linalg.matrix_rank(out, atol=1e-4, rtol=0.0))
    return NetworkStratum.of_ranks(widths, found)


def large(trained: bool) -> None:
    """The table of large networks."""
    print("| network | rank | d | λ | bound | above λ | distance | CPU s |\n" + "|---" * 8 + "|")
    for widths, rank in LARGE:
        if trained:
            parts = trained_factors(widths, rank)
            loss, at = MatrixProductLoss(parts), ranks_of(parts)
            truth = (loss.dim - at.orbit_dimension) / 2
        else:
            loss = MatrixProductLoss.at_rank(list(widths), rank)
            truth = float(aoyagi_2024(widths, rank).value)
        more = {"starts": 4} if loss.dim < 5_000 else {"starts": 1, "radius": 1.2}
        r = measure("jet", loss, seed=0, order=0, iterations=60, **more)
        found = r.lambda_.value if "lambda" in r.estimates else math.nan
        near = next((x["distance"] for x in r.diagnostics["strata"]), math.nan)
        print(
            f"| {'-'.join(map(str, widths))} | {rank} | {loss.dim:,} | {truth:g} | {found:g} | "
            f"{found / truth - 1:.2%} | {near:.2g} | {r.cost.cpu_seconds:.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--order", type=int, default=4)
    parser.add_argument("--starts", type=int, default=2)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--trained", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.large or options.trained:
        large(options.trained)
        return
    print("| network | rank | d | 2λ | exact J_0 | J_0 … by the device | |\n" + "|---" * 7 + "|")
    right = sure = inside = between = missing = 0
    begin = time.process_time()
    for widths, rank in networks(options.rows):
        loss, first = MatrixProductLoss.at_rank(list(widths), rank), codimension(widths, rank)
        twice = 2 * aoyagi_2024(widths, rank).value
        r = measure("jet", loss, seed=0, order=options.order, starts=options.starts, iterations=25)
        seen = []
        for m in range(options.order + 1):
            e = r.estimates.get(f"codim J_{m}")
            seen.append(None if e is None else int(e.value))
        good = True
        for m, c in enumerate(seen):
            least, most = math.ceil(twice * (m + 1)), first * (m + 1)
            missing += c is None
            if least == most:
                sure += 1
                right += c == most
                good &= c == most
            else:
                between += 1
                inside += c is not None and least <= c <= most
        print(
            f"| {'-'.join(map(str, widths))} | {rank} | {loss.dim} | {twice} | {first} | "
            f"{', '.join('–' if c is None else str(c) for c in seen)} | {'' if good else 'not'} |",
            flush=True,
        )
    print(
        f"\n{right} of {sure} codimensions are the exact ones; {inside} of {between} others lie in "
        f"their interval; {missing} were not found; {time.process_time() - begin:.0f} CPU seconds"
    )


if __name__ == "__main__":
    main()
