"""Binomial intervals and rank correlation, by SciPy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from singularity_lab.errors import BadInput


@lru_cache(maxsize=4096)
def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval for a binomial proportion. Clopper & Pearson 1934.

    >>> low, high = clopper_pearson(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.555, 0.997)
    """
    from scipy.stats import binomtest

    if not 0 <= successes <= trials:
        raise BadInput(f"successes: 0 <= k <= n is needed, received {successes} of {trials}")
    if trials == 0:
        return 0.0, 1.0
    interval = binomtest(successes, trials).proportion_ci(level, method="exact")
    return float(interval.low), float(interval.high)


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Kendall's τ_b: concordant minus discordant pairs, corrected for ties; None without a pair to
    compare.

    >>> rank_correlation([1, 2, 3], [1.0, 2.5, 2.6])
    1.0
    """
    from scipy.stats import kendalltau

    if len(set(x)) < 2 or len(set(y)) < 2:
        return None
    return float(kendalltau(x, y).statistic)
