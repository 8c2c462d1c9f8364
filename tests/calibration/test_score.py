"""Scores: on readings whose bias, spread and coverage are known, the scores are those numbers."""

from __future__ import annotations

import csv
import json
import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.statistics import clopper_pearson, rank_correlation
from singularity_lab.calibration.summaries import percent, summarise
from singularity_lab.errors import BadInput

ROW = CalibrationRow("cusp", "curves", 2, LocalProblem.build("x^2 - y^3"))


def exactly(value, m=1):
    at = RLCT(Fraction(value), m)
    return Truth(Bounds(at, at), "proved")


def reading(value, half=None, truth=None, row=ROW, arm="device", outcome="ok", p=None, seed=0):
    low, high = (None, None) if half is None or value is None else (value - half, value + half)
    return Measurement(
        row, arm, seed, truth or exactly("5/12"), value, low, high, 0.9, outcome,
        probabilities=p, evaluations=10, gradients=5, cpu_seconds=2.0,
    )  # fmt: skip


# -- one measurement ------------------------------------------------------------------------------


def test_errors_are_relative_to_the_truth():
    m = reading(0.5, truth=exactly("1/4"))
    assert m.error == 0.25
    assert m.relative_error == 1.0


def test_an_interval_covers_when_it_holds_lambda():
    half = exactly("1/2")
    assert reading(0.48, 0.03, half).covered is True
    assert reading(0.48, 0.01, half).covered is False
    assert reading(0.48, None, half).covered is None
    assert reading(0.5, 0.0, half).covered is True  # the point itself
    assert reading(0.1 + 0.2, 0.0, exactly("3/10")).covered is True  # up to rounding


def test_against_bounds_an_interval_can_only_be_refuted():
    bracket = Truth(Bounds(RLCT(Fraction(1, 4), 1), RLCT(Fraction(1, 2), 1)), "bracketed")
    assert reading(0.4, 0.05, bracket).covered is None
    assert reading(0.7, 0.05, bracket).covered is False
    assert reading(0.1, 0.05, bracket).covered is False
    assert reading(0.4, 0.05, bracket).relative_error is None
    assert str(bracket) == "[1/4, 1/2]"


def test_lambda_may_be_proved_where_m_is_open():
    truth = Truth(Bounds(RLCT(Fraction(1, 2), 3), RLCT(Fraction(1, 2), 1)), "bracketed")
    m = reading(0.5, 0.1, truth, p={1: 1.0})
    assert m.covered is True
    assert m.multiplicity_right is None
    assert m.brier is None


def test_probabilities_of_m_are_scored():
    truth = exactly("1/2", 2)
    sure = reading(0.5, p={1: 0.0, 2: 1.0}, truth=truth)
    wrong = reading(0.5, p={1: 1.0, 2: 0.0}, truth=truth)
    blind = reading(0.5, p={1: 1.0}, truth=truth)  # does not even name m = 2
    unsure = reading(0.5, p={1: 0.5, 2: 0.5}, truth=truth)
    assert [x.brier for x in (sure, wrong, blind, unsure)] == [0.0, 2.0, 2.0, 0.5]
    assert [x.multiplicity_right for x in (sure, wrong)] == [True, False]
    assert reading(0.5).multiplicity is None


# -- groups ---------------------------------------------------------------------------------------


def test_known_bias_and_spread_are_recovered():
    """x = 0.8 λ + noise: relative bias −0.2, RMSE √(0.2² + σ²), both to the digits that are
    exact."""
    lam = Fraction(1, 2)
    noise = np.array([-0.03, 0.01, 0.02, 0.0])
    group = [reading(float(0.8 * lam + e), truth=exactly(lam), seed=k) for k, e in enumerate(noise)]
    s = summarise("device", "cusp", group)
    assert s.bias == pytest.approx(-0.1)
    assert s.rmse == pytest.approx(math.sqrt(0.1**2 + (noise**2).mean()))
    assert s.relative_bias == pytest.approx(-0.2)
    assert s.worst == ("cusp", pytest.approx(-0.2))
    assert (s.rows, s.readings, s.answered, s.ok) == (1, 4, 4, 4)
    assert (s.cpu_seconds, s.evaluations) == (2.0, 15.0)


def test_honest_intervals_cover_at_their_level_and_shrunk_ones_do_not():
    rng = np.random.default_rng(1)
    z, sigma, n = 1.6448536, 0.02, 2000
    values = 0.5 + sigma * rng.standard_normal(n)
    honest = [reading(float(v), z * sigma, exactly("1/2"), seed=k) for k, v in enumerate(values)]
    shrunk = [reading(float(v), sigma / 2, exactly("1/2"), seed=k) for k, v in enumerate(values)]
    for group, expected in ((honest, 0.9), (shrunk, 0.3829)):
        s = summarise("device", "all", group)
        low, high = s.coverage_interval
        assert low < expected < high
        assert s.coverage == pytest.approx(expected, abs=0.03)


def test_failures_stay_and_a_warning_is_no_claim():
    group = [
        reading(0.5, 0.01, exactly("1/2")),
        reading(0.9, 0.01, exactly("1/2"), outcome="not mixed", seed=1),
        reading(None, None, exactly("1/2"), outcome="died", seed=2),
    ]
    s = summarise("device", "cusp", group)
    assert (s.readings, s.answered, s.ok) == (3, 2, 1)
    assert (s.covered, s.intervals) == (1, 1)
    assert (s.covered_all, s.intervals_all) == (1, 2)
    assert s.relative_rmse == pytest.approx(0.8 / math.sqrt(2))  # the warned reading counts


def test_bias_in_units_of_lambda_is_not_averaged_over_different_lambda():
    s = summarise(
        "device", "all", [reading(0.4, truth=exactly("1/2")), reading(2.0, truth=exactly(2))]
    )
    assert s.bias is None
    assert s.relative_bias == pytest.approx(-0.1)


def test_a_row_with_lambda_zero_has_no_relative_error():
    s = summarise("device", "all", [reading(0.1, truth=exactly(0))])
    assert s.relative_bias is None
    assert s.bias == pytest.approx(0.1)


# -- statistics
# -------------------------------------------------------------------------------------


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


def test_percent():
    assert [percent(x) for x in (0.123, -0.05, 0.0, None)] == ["+12.3 %", "−5.0 %", "0.0 %", "–"]


# -- the calibration ------------------------------------------------------------------------------


@pytest.fixture
def calibration():
    rows = [
        CalibrationRow("one", "a", 1, LocalProblem.build("x")),
        CalibrationRow("two", "a", 2, LocalProblem.build("x*y")),
        CalibrationRow("three", "b", 11, LocalProblem.build("x*y*z")),
    ]
    truths = {"one": exactly("1/2"), "two": exactly("1/2", 2), "three": exactly("3/4", 4)}
    found = []
    for row in rows:
        lam = float(truths[row.id].value)
        found.append(reading(lam, 0.1, truths[row.id], row, "good", p={1: 0.9, 2: 0.1}))
        found.append(reading(0.5 * lam, 0.01, truths[row.id], row, "poor"))
    return Calibration(tuple(rows), (("good", {}), ("poor", {"n": 3})), (0,), truths, tuple(found))


def test_classes_split_by_multiplicity_dimension_and_family(calibration):
    names = [(s.group, s.arm) for s in calibration.per_class("multiplicity")]
    assert names == [(g, a) for g in ("m = 1", "m = 2", "m ≥ 3") for a in ("good", "poor")]
    dimensions = [s.group for s in calibration.per_class("dimension") if s.arm == "good"]
    assert dimensions == ["d = 1–2", "d > 10"]
    families = {(s.group, s.arm): s.rows for s in calibration.per_class("family")}
    assert families == {("a", "good"): 2, ("a", "poor"): 2, ("b", "good"): 1, ("b", "poor"): 1}
    with pytest.raises(BadInput, match="kind"):
        calibration.per_class("colour")


def test_rank_fidelity_is_that_of_the_means(calibration):
    assert calibration.rank_fidelity() == {
        "good": pytest.approx(1.0),
        "poor": pytest.approx(1.0),
    }  # half of λ orders the rows as λ does


def test_the_table_says_what_was_measured(calibration, tmp_path):
    written = {p.name: p for p in calibration.save(tmp_path)}
    assert set(written) == {"calibration.csv", "calibration.json"}
    with written["calibration.csv"].open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 6
    poor = next(x for x in lines if x["id"] == "three" and x["device"] == "poor")
    assert (poor["lambda"], poor["multiplicity"], poor["covered"]) == ("3/4", "4", "False")
    assert float(poor["relative_error"]) == -0.5
    good = next(x for x in lines if x["id"] == "two" and x["device"] == "good")
    assert (good["most_probable_m"], good["p_true_m"]) == ("1", "0.1")
    document = json.loads(written["calibration.json"].read_text(encoding="utf-8"))
    assert len(document["table"]) == 6
    assert document["classes"]["all"][1]["relative_bias"] == -0.5
    assert document["arms"][1] == {"label": "poor", "settings": {"n": 3}}


def test_it_prints_as_a_table(calibration):
    text = str(calibration)
    assert "three" in text
    assert "−50.0 %" in text
    assert "0.25 [0.24, 0.26]" in text
    assert calibration._repr_html_().count("<tr>") == 7
