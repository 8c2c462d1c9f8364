"""Binomial intervals and rank correlation."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.calibration.statistics import (
    chi_squared_quantile,
    clopper_pearson,
    rank_correlation,
    sign_test,
)
from singularity_lab.errors import BadInput


def test_clopper_pearson_in_closed_form():
    """k = 0: the upper end is 1 − (α/2)^(1/n); k = n by symmetry."""
    low, high = clopper_pearson(0, 20)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert clopper_pearson(20, 20) == (pytest.approx(0.025 ** (1 / 20)), 1.0)
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    with pytest.raises(BadInput, match="k <= n"):
        clopper_pearson(3, 2)


@given(st.integers(0, 30), st.integers(1, 30))
def test_clopper_pearson_holds_the_proportion_and_grows_with_it(k, n):
    k = min(k, n)
    low, high = clopper_pearson(k, n)
    assert low <= k / n <= high
    if k < n:
        assert (low, high) < clopper_pearson(k + 1, n)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.5, 0.999))
def test_against_scipy(a, b, level):
    """The same numbers as scipy.stats, which takes a second to import."""
    from scipy import stats

    assert chi_squared_quantile(level, a + 1) == pytest.approx(stats.chi2.ppf(level, a + 1))
    assert sign_test(a, 0) == pytest.approx(min(1.0, 2 * 0.5**a))
    if a + b:
        found = stats.binomtest(a, a + b)
        assert sign_test(a, b) == pytest.approx(found.pvalue)
        interval = found.proportion_ci(level, method="exact")
        assert clopper_pearson(a, a + b, level) == pytest.approx((interval.low, interval.high))


def test_rank_correlation():
    assert rank_correlation([1, 2, 3, 4], [10, 20, 30, 40]) == 1.0
    assert rank_correlation([1, 2, 3, 4], [4, 3, 2, 1]) == -1.0
    assert rank_correlation([1, 2, 3], [5, 5, 5]) is None
    # one discordant pair of six
    assert rank_correlation([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    # a tie in λ: 5 comparable pairs, of 5 and 6 untied ones
    assert rank_correlation([1, 1, 2, 3], [1, 2, 3, 4]) == pytest.approx(5 / math.sqrt(30))


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([-1.5, 0.0, 0.25, 7.0])), max_size=12))
def test_rank_correlation_counts_pairs(points):
    """τ_b by its definition: over the pairs, one by one."""
    x, y = [p for p, _ in points], [q for _, q in points]
    pairs = [(np.sign(p - r), np.sign(q - s)) for (p, q), (r, s) in combinations(points, 2)]
    scale = math.sqrt(sum(bool(a) for a, _ in pairs) * sum(bool(b) for _, b in pairs))
    counted = sum(a * b for a, b in pairs) / scale if scale else None
    assert rank_correlation(x, y) == (counted if counted is None else pytest.approx(counted))


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0.5, 0.999))
def test_clopper_pearson_leaves_half_of_the_rest_on_each_side(k, n, level):
    """At the ends of the interval the tails of the binomial distribution are (1 − level)/2."""
    k = min(k, n)
    low, high = clopper_pearson(k, n, level)

    def at_least(j, p):
        return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(j, n + 1))

    if k > 0:
        assert at_least(k, low) == pytest.approx((1 - level) / 2, rel=1e-6)
    if k < n:
        assert 1 - at_least(k + 1, high) == pytest.approx((1 - level) / 2, rel=1e-6)
