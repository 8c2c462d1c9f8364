"""Diagnostics: split R-hat, effective sample size, and the exact target of the
learning-coefficient estimator.

R-hat and ESS: Vehtari, Gelman, Simpson, Carpenter, Bürkner 2021 (split chains, Geyer's initial
monotone sequence). The target nβE[K] under exp(−nβK − γ|w − w*|²/2) is computed by adaptive
quadrature in one or two dimensions: even a perfect sampler reads this number, not λ. For a loss of
multiplicity m it is about λ − (m − 1)/log n.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from singularity_lab.errors import BadInput, Undecided
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, Meter

__all__ = ["effective_sample_size", "split_r_hat", "target_by_quadrature"]


def _split(draws: np.ndarray) -> np.ndarray:
    x = np.asarray(draws, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 4:
        raise BadInput(f"draws: expected shape (chains, draws ≥ 4), received {x.shape}")
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, -half:]])


def split_r_hat(draws: np.ndarray) -> float:
    """√(pooled variance / within-chain variance) of split chains; 1 when the chains agree.

    draws: (chains, draws). Infinite when chains are constant and differ; 1 when all draws are
    equal.

    >>> bool(split_r_hat(np.random.default_rng(0).normal(size=(4, 1000))) < 1.01)
    True
    """
    x = _split(draws)
    n = x.shape[1]
    within = x.var(axis=1, ddof=1).mean()
    between = x.mean(axis=1).var(ddof=1)
    if within == 0.0:
        return 1.0 if between == 0.0 else math.inf
    return float(np.sqrt((n - 1) / n + between / within))


def effective_sample_size(draws: np.ndarray) -> float:
    """Number of independent draws that would give the mean the same variance (all chains together).

    draws: (chains, draws). Sums autocorrelations of split chains in pairs while they stay positive
    and decreasing.
    """
    x = _split(draws)
    chains, n = x.shape
    centred = x - x.mean(axis=1, keepdims=True)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, size, axis=1)
    cov = np.fft.irfft(spectrum * np.conj(spectrum), size, axis=1)[:, :n].mean(axis=0) / n
    within = x.var(axis=1, ddof=1).mean()
    if within == 0.0:
        return float(chains * n) if x.max() == x.min() else float(chains)
    total = within * (n - 1) / n + x.mean(axis=1).var(ddof=1)
    rho = 1.0 - (within - cov * n / (n - 1)) / total
    rho[0] = 1.0
    tau, previous = -1.0, math.inf
    for t in range(0, n - 1, 2):
        pair = rho[t] + rho[t + 1]
        if pair <= 0.0:
            break
        previous = min(previous, pair)
        tau += 2.0 * previous
    return float(chains * n / max(tau, 1.0 / math.log10(max(chains * n, 10))))


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_CUT = 46.0  # of −log density below its maximum, where nothing is left
_RESOLVED = 3.0  # difference of √(−log density) between neighbouring nodes of a cell that is smooth


def target_by_quadrature(
    loss: Loss,
    n: float,
    gamma: float,
    *,
    beta: float | None = None,
    tolerance: float = 1e-6,
    max_cells: int = 4_000_000,
) -> float:
    """nβE[K] under exp(−nβK(w) − γ|w − w*|²/2)·prior, by adaptive Gauss quadrature (d ≤ 2).

    n: sample size; β defaults to 1/log n; γ > 0 localises. In two dimensions the integral over w₁
    is taken for each of the nodes in w₂. Cells are halved where that changes numerator or
    denominator by a share of ``tolerance``, and where √(−log density), which is about linear
    across a valley of K, may come near 0 between its nodes: so that no valley is missed, however
    thin. Raises BadInput for d > 2 or γ ≤ 0, Undecided when ``max_cells`` cells do not suffice.

    The regular case K = w² has the closed form ½·nβ/(nβ + γ/2):

    >>> from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
    >>> k = PolynomialLoss.from_exponents([([1], [(1,)])])
    >>> nbeta = 1000 / math.log(1000)
    >>> abs(target_by_quadrature(k, 1000, 1.0) - 0.5 * nbeta / (nbeta + 0.5)) < 1e-6
    True
    """
    d = loss.dim
    if d > 2:
        raise BadInput(f"loss: quadrature is for d ≤ 2, received d = {d}")
    if not (n > 1 and gamma > 0):
        raise BadInput(f"n, gamma: expected n > 1 and γ > 0, received {n} and {gamma}")
    nbeta = n * (1 / math.log(n) if beta is None else beta)
    meter = Meter(loss, Budget())
    reach = math.sqrt(2 * 40 / gamma)
    center = loss.center.numpy()
    lower, upper = np.full(d, -reach), np.full(d, reach)
    if loss.domain is not None:
        lower = np.maximum(lower, np.array(loss.domain.lower) - center)
        upper = np.minimum(upper, np.array(loss.domain.upper) - center)
    tau = np.array(loss.prior_exponents) if loss.prior_exponents else None
    budget = [max_cells]

    def density(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logarithm of the density, and nβK, at displacements u (…, d)."""
        flat = np.ascontiguousarray(u.reshape(-1, d))
        k = nbeta * meter.k(torch.from_numpy(flat)).numpy()
        log = -k - 0.5 * gamma * (flat**2).sum(1)
        if tau is not None:
            with np.errstate(divide="ignore"):
                log += (tau * np.log(np.abs(flat + center))).sum(1)
        return log.reshape(u.shape[:-1]), k.reshape(u.shape[:-1])

    def along(j: int) -> np.ndarray:
        """Edges graded towards the centre, down to 2⁻³² of the reach."""
        graded = reach * 2.0 ** -np.arange(33.0)
        inside = np.concatenate([-graded, [0.0], graded])
        inside = inside[(inside > lower[j]) & (inside < upper[j])]
        return np.unique(np.concatenate([[lower[j]], inside, [upper[j]]]))

    if d == 1:
        _, mean = _integral(lambda _, x: density(x[..., None]), along(0), 1, tolerance, budget)
        return float(mean[0])

    def inner(_: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fixed = y.ravel()

        def line(which: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return density(np.stack([x, np.broadcast_to(fixed[which, None], x.shape)], axis=-1))

        log, mean = _integral(line, along(0), len(fixed), tolerance, budget)
        return log.reshape(y.shape), mean.reshape(y.shape)

    _, mean = _integral(inner, along(1), 1, tolerance, budget)
    return float(mean[0])


def _integral(
    function: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    edges: np.ndarray,
    count: int,
    tolerance: float,
    budget: list[int],
) -> tuple[np.ndarray, np.ndarray]:
    """log ∫ e^L and the mean of k under e^L for ``count`` densities on a line, (count,) each.

    function: indices of densities (c,) and points (c, q) → L and k there, (c, q). budget: the cells
    that are left, spent in place. Raises Undecided without any left.
    """

    def looked(which: np.ndarray, a: np.ndarray, b: np.ndarray) -> _Cells:
        budget[0] -= len(which)
        if budget[0] < 0:
            raise Undecided("quadrature: the cells do not suffice")
        runs = []
        for start in range(0, len(which), 20_000):
            part = slice(start, start + 20_000)
            middle, half = 0.5 * (a + b)[part, None], 0.5 * (b - a)[part, None]
            runs.append(function(which[part], middle + half * _NODES))
        log = np.concatenate([r[0] for r in runs])
        return _Cells(which, a, b, log, np.concatenate([r[1] for r in runs]))

    cells = looked(
        np.repeat(np.arange(count), len(edges) - 1),
        np.tile(edges[:-1], count),
        np.tile(edges[1:], count),
    )
    top = np.full(count, -math.inf)
    done = np.zeros((2, count))
    while len(cells.which):
        middle = 0.5 * (cells.a + cells.b)
        pair = looked(
            np.repeat(cells.which, 2),
            np.stack([cells.a, middle], 1).ravel(),
            np.stack([middle, cells.b], 1).ravel(),
        )
        new = top.copy()
        for some in (cells, pair):
            np.maximum.at(new, some.which, some.log.max(1))
        done *= np.exp(np.where(np.isfinite(top), top - new, 0.0))
        top = new
        coarse, parts = cells.sums(top), pair.sums(top)
        fine = parts.reshape(2, -1, 2).sum(2)
        total = done.copy()
        for row, values in zip(total, fine, strict=True):
            np.add.at(row, cells.which, values)
        with np.errstate(over="ignore"):  # nothing is found yet where the total is 0
            change = np.abs(fine - coarse) / np.maximum(total, 1e-300)[:, cells.which]
        # A narrow cell is as good as its neighbours: halving it for ever finds rounding.
        narrow = cells.b - cells.a < 1e-13 * (edges[-1] - edges[0])
        met = ((change.max(0) < 1e-2 * tolerance) & pair.smooth(top)) | narrow
        for row, values in zip(done, fine, strict=True):
            np.add.at(row, cells.which[met], values[met])
        cells = pair.taken(np.repeat(~met, 2))
    return top + np.log(done[0]), done[1] / done[0]


@dataclass(frozen=True)
class _Cells:
    """Intervals [a, b] of the lines ``which``, with log density and k at their nodes (c, 6)."""

    which: np.ndarray
    a: np.ndarray
    b: np.ndarray
    log: np.ndarray
    k: np.ndarray

    def sums(self, top: np.ndarray) -> np.ndarray:
        """∫ e^{L − top} and ∫ k e^{L − top} over each cell, (2, c)."""
        mass = (
            np.exp(self.log - top[self.which, None]) * _WEIGHTS * (0.5 * (self.b - self.a))[:, None]
        )
        return np.stack([mass.sum(1), (mass * self.k).sum(1)])

    def smooth(self, top: np.ndarray) -> np.ndarray:
        """For consecutive pairs of cells: whether the nodes tell all there is, or whether nothing
        is there."""
        depth = np.minimum(np.maximum(top[self.which, None] - self.log, 0.0), 1e280)
        root = np.sqrt(depth).reshape(-1, 12)
        steps = np.abs(np.diff(root, axis=1))
        wide = np.maximum(steps, np.maximum(np.roll(steps, 1, 1), np.roll(steps, -1, 1)))
        lowest = (np.minimum(root[:, 1:], root[:, :-1]) - wide).min(1)
        return (lowest > math.sqrt(_CUT)) | (steps.max(1) < _RESOLVED)

    def taken(self, rows: np.ndarray) -> _Cells:
        """Some of the cells."""
        return _Cells(*(x[rows] for x in (self.which, self.a, self.b, self.log, self.k)))
