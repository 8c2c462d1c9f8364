"""Diagnostics: split R-hat, effective sample size, and the exact target of the
learning-coefficient estimator.

R-hat and ESS: Vehtari, Gelman, Simpson, Carpenter, Bürkner 2021 (split chains, Geyer's initial
monotone sequence). The target nβE[K] under exp(−nβK − γ|w − w*|²/2) is computed by adaptive
quadrature in one or two dimensions: even a perfect sampler reads this number, not λ. For a loss of
multiplicity m it is about λ − (m − 1)/log n.
"""

from __future__ import annotations

import math

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


def target_by_quadrature(
    loss: Loss,
    n: float,
    gamma: float,
    *,
    beta: float | None = None,
    tolerance: float = 1e-6,
    max_cells: int = 400_000,
) -> float:
    """nβE[K] under exp(−nβK(w) − γ|w − w*|²/2)·prior, by adaptive Gauss quadrature (d ≤ 2).

    n: sample size; β defaults to 1/log n; γ > 0 localises. Cells are split until halving them
    changes numerator and denominator by less than ``tolerance`` relative. Raises BadInput for d >
    2 or γ ≤ 0, Undecided when ``max_cells`` cells do not suffice.

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

    grids = np.meshgrid(*([_NODES] * d), indexing="ij")
    nodes = np.stack([g.ravel() for g in grids], axis=-1)
    weights = np.prod(np.stack(np.meshgrid(*([_WEIGHTS] * d), indexing="ij")), axis=0).ravel()

    def integrate(mid: np.ndarray, half: np.ndarray) -> np.ndarray:
        """∫ e^{−U} and ∫ nβK e^{−U} over cells with midpoints and half-widths (cells, d) → (cells,
        2)."""
        out = np.empty((len(mid), 2))
        for start in range(0, len(mid), 20_000):
            part = slice(start, start + 20_000)
            u = mid[part, None, :] + half[part, None, :] * nodes[None]
            flat = u.reshape(-1, d)
            k = nbeta * meter.k(torch.from_numpy(flat)).numpy()
            log_density = -k - 0.5 * gamma * (flat**2).sum(1)
            if tau is not None:
                with np.errstate(divide="ignore"):
                    log_density += (tau * np.log(np.abs(flat + center))).sum(1)
            density = np.exp(log_density).reshape(-1, len(weights)) * weights
            volume = np.prod(half[part], axis=1)
            out[part, 0] = density.sum(1) * volume
            out[part, 1] = (density * k.reshape(density.shape)).sum(1) * volume
        return out

    # Edges graded towards the centre, down to 2⁻³² of the reach: no peak falls between nodes.
    sides = []
    for a, b in zip(lower, upper, strict=True):
        graded = reach * 2.0 ** -np.arange(33.0)
        inside = np.concatenate([-graded, [0.0], graded])
        inside = inside[(inside > a) & (inside < b)]
        sides.append(np.unique(np.concatenate([[a], inside, [b]])))
    mids = np.meshgrid(*[0.5 * (s[1:] + s[:-1]) for s in sides], indexing="ij")
    mid = np.stack([m.ravel() for m in mids], axis=-1)
    halves = np.meshgrid(*[0.5 * np.diff(s) for s in sides], indexing="ij")
    half = np.stack([h.ravel() for h in halves], axis=-1)
    value = integrate(mid, half)
    corners = np.stack(np.meshgrid(*([[-0.5, 0.5]] * d), indexing="ij"), axis=-1).reshape(-1, d)
    done, used = np.zeros(2), len(mid)
    while len(mid):
        child_mid = (mid[:, None, :] + half[:, None, :] * corners[None]).reshape(-1, d)
        child_half = np.repeat(half / 2, len(corners), axis=0)
        child = integrate(child_mid, child_half)
        used += len(child)
        fine = child.reshape(len(mid), -1, 2).sum(1)
        total = done + fine.sum(0)
        change = np.abs(fine - value) / total
        if change.sum(0).max() < tolerance:
            return float(total[1] / total[0])
        if used > max_cells:
            raise Undecided(
                f"quadrature: {used} cells leave a relative change of {change.sum(0).max():.1e}",
                bounds=float(total[1] / total[0]),
            )
        # A cell is done when its share of the tolerance is met; the small ones go first.
        order = np.argsort(change.max(1))
        met = np.cumsum(change.max(1)[order]) < 0.2 * tolerance
        keep = np.ones(len(mid), dtype=bool)
        keep[order[met]] = False
        done += fine[~keep].sum(0)
        kids = np.repeat(keep, len(corners))
        mid, half, value = child_mid[kids], child_half[kids], child[kids]
    return float(done[1] / done[0])
