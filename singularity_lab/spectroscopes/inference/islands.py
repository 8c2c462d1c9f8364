"""What replicates of a particle system are worth against each other. Vergé, Dubarry, Del Moral
and Moulines 2015 (islands); Del Moral 2004, Theorem 7.4.2.

A replicate of N particles resamples within itself. The product of its mean weights is an unbiased
estimate of Z, so that log Z is the logarithm of the mean *product* over replicates. The sum of the
logarithms of the mean weights of single levels is something else where a replicate stays for many
levels in a place of small or large K (it mixes slowly): it gives such places the share that they
had long ago, and log Z falls too fast. So at every level a replicate counts by the product of its
last mean weights. Where replicates forget within a few levels these weights are about equal.
"""

from __future__ import annotations

import numpy as np

__all__ = ["WINDOW", "pooled", "share", "weights"]

WINDOW = 20  # levels; what a replicate was worth before them is forgotten


def weights(increments: np.ndarray, window: int = WINDOW) -> np.ndarray:
    """Return what each replicate counts at each level, (L, R), rows of sum 1.

    increments: log mean weights by level and replicate, (L, R). The first row is 1/R.

    >>> weights(np.array([[0.0, np.log(3.0)], [0.0, 0.0]])).tolist()
    [[0.5, 0.5], [0.25, 0.75]]
    """
    before = np.zeros((len(increments) + 1, increments.shape[1]))
    before[1:] = np.cumsum(increments, axis=0)
    first = np.maximum(0, np.arange(len(increments)) - window)
    gain = before[:-1] - before[first]
    w = np.exp(gain - gain.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True)


def pooled(increments: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the increments of log Z of all replicates together, (L,): log Σ w·e^{increment}."""
    top = increments.max(axis=1)
    return top + np.log((w * np.exp(increments - top[:, None])).sum(axis=1))


def share(w: np.ndarray) -> np.ndarray:
    """Return the effective share of the replicates at every level, (L,), in [1/R, 1]: 1/(R Σ w²),
    by which the variance of an average over them is divided."""
    return np.asarray(1.0 / (w.shape[1] * (w * w).sum(axis=1)))
