"""Binomial intervals and rank correlation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from singularity_lab.errors import BadInput


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval for a binomial proportion. Clopper & Pearson 1934.

    >>> low, high = clopper_pearson(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.555, 0.997)
    """
    from scipy.special import betaincinv

    if not 0 <= successes <= trials:
        raise BadInput(f"successes: 0 <= k <= n is needed, received {successes} of {trials}")
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    k, n = successes, trials
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Kendall's τ_b: concordant minus discordant pairs, corrected for ties; None without a pair to
    compare.

    >>> rank_correlation([1, 2, 3], [1.0, 2.5, 2.6])
    1.0
    """
    a = np.sign(np.subtract.outer(np.asarray(x, float), np.asarray(x, float)))
    b = np.sign(np.subtract.outer(np.asarray(y, float), np.asarray(y, float)))
    scale = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / scale if scale else None
