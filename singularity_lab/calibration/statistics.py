"""Binomial intervals, the sign test, rank correlation.

By ``scipy.special`` alone: ``scipy.stats`` takes longer to import than all that is computed here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from singularity_lab.errors import BadInput


@lru_cache(maxsize=4096)
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
    tail, failures = (1 - level) / 2, trials - successes
    low = float(betaincinv(successes, failures + 1, tail)) if successes else 0.0
    return low, float(betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0


def sign_test(better: int, worse: int) -> float:
    """The two-sided p value of so many signs of either kind, if both were as probable; 1 for no
    sign. Dixon & Mood 1946.

    >>> sign_test(5, 0), sign_test(3, 3)
    (0.0625, 1.0)
    """
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(better, worse), better + worse, 0.5)))


def chi_squared_quantile(probability: float, degrees: int) -> float:
    """The value that χ² of so many degrees of freedom exceeds with 1 − probability.

    >>> round(chi_squared_quantile(0.95, 1), 3)
    3.841
    """
    from scipy.special import chdtri

    return float(chdtri(degrees, 1 - probability))


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Kendall's τ_b: concordant minus discordant pairs, corrected for ties; None without a pair to
    compare.

    >>> rank_correlation([1, 2, 3], [1.0, 2.5, 2.6])
    1.0
    """
    signs = [np.sign(np.subtract.outer(z, z)) for z in (np.asarray(x), np.asarray(y))]
    scale = math.sqrt(np.count_nonzero(signs[0]) * np.count_nonzero(signs[1]))
    return float((signs[0] * signs[1]).sum() / scale) if scale else None
