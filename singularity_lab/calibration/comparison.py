"""Arms against each other: a leaderboard with error bars over rows, paired comparisons, cost
curves.

Readings of one row are not independent: everything is resampled over *rows*. A reading without a
value counts as an error of its own, larger than any other, wherever errors are ordered; a device
that answers only easy rows does not rise by it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from singularity_lab.calibration.findings import Findings, once
from singularity_lab.calibration.measurement import Measurement
from singularity_lab.calibration.statistics import clopper_pearson, sign_test
from singularity_lab.calibration.summaries import CLASSES

__all__ = [
    "ArmPair",
    "CostPoint",
    "Standing",
    "bootstrap",
    "cost_curve",
    "coverage_curve",
    "half_width",
    "leaderboard",
    "members_by_arm",
    "pairs",
    "share_with_band",
]

IDENTIFIED = 0.8  # P(m) from which on a reading says that it is this m
RESAMPLES = 1000
BAND = 0.95
SIGNIFICANT = 0.05
LEVELS = (0.5, 0.68, 0.8, 0.9, 0.95)
FloatInterval = tuple[float, float]


def bootstrap(
    sums: np.ndarray, counts: np.ndarray, resamples: int = RESAMPLES, level: float = BAND
) -> FloatInterval | None:
    """The percentile interval of Σ sums / Σ counts over rows drawn with replacement.

    sums, counts: one number for each row. None with fewer than two rows. The draw is always the
    same. Efron 1979; rows are the unit, as readings of one row are not independent.

    >>> low, high = bootstrap(np.array([1.0, 0.0] * 50), np.ones(100))
    >>> 0.35 < low < 0.45 and 0.55 < high < 0.65
    True
    """
    n = len(sums)
    if n < 2:
        return None
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=resamples)
    bottom = weights @ counts
    ratio = (weights @ sums)[bottom > 0] / bottom[bottom > 0]
    tail = (1 - level) / 2
    return float(np.quantile(ratio, tail)), float(np.quantile(ratio, 1 - tail))


def _by_row(members: Sequence[Measurement]) -> dict[str, list[Measurement]]:
    found: dict[str, list[Measurement]] = {}
    for m in members:
        found.setdefault(m.row.id, []).append(m)
    return found


def share_with_band(
    members: Sequence[Measurement], hit: str, judged: str = ""
) -> tuple[int, int, FloatInterval | None]:
    """How many of the readings have the property ``hit``, of how many, and the band over rows.

    hit: the name of a property of a measurement that is true, false or None (not judged).
    """
    sums, counts = [], []
    for group in _by_row(members).values():
        seen = [x for m in group if (x := getattr(m, hit)) is not None]
        if seen:
            sums.append(float(sum(map(bool, seen))))
            counts.append(float(len(seen)))
    return int(sum(sums)), int(sum(counts)), _band(sums, counts)


def _band(sums: Sequence[float], counts: Sequence[float]) -> FloatInterval | None:
    """The bootstrap band of a share; where no row differs from another, which tells resampling
    nothing, the Clopper–Pearson interval with rows as trials."""
    n = len(sums)
    shares = {a / b for a, b in zip(sums, counts, strict=True)}
    if n >= 2 and len(shares) == 1:
        return clopper_pearson(round(n * shares.pop()), n, BAND)
    return bootstrap(np.array(sums), np.array(counts))


def row_errors(members: Sequence[Measurement]) -> dict[str, float]:
    """The median |relative error| of each row with proved λ > 0, ∞ where half of its readings have
    no value."""
    found = {}
    for row, group in _by_row(members).items():
        if not group[0].truth.value:
            continue
        errors = [math.inf if m.relative_error is None else abs(m.relative_error) for m in group]
        found[row] = float(np.median(errors))
    return found


@dataclass(frozen=True)
class Standing:
    """A line of the leaderboard.

    error: the median over rows of the median |relative error|, ∞ where most rows have none; band:
    95 % over rows. places: the best and the worst place that the paired comparisons leave open.
    answered, with_interval, ok: shares of all readings. covered of intervals: *all* intervals
    given, with the band over rows, and the level that they claim.
    """

    arm: str
    rows: int
    readings: int
    error: float
    band: FloatInterval | None
    places: tuple[int, int]
    answered: float
    with_interval: float
    ok: float
    covered: int
    intervals: int
    coverage_band: FloatInterval | None
    level: float | None

    @property
    def coverage(self) -> float | None:
        """The share of all intervals that contain λ."""
        return self.covered / self.intervals if self.intervals else None

    @property
    def place(self) -> str:
        """The places in words; an arm that never answered has none."""
        first, last = self.places
        if not self.answered:
            return "–"
        return str(first) if first == last else f"{first}–{last}"


@dataclass(frozen=True)
class ArmPair:
    """Two arms on the same rows. better, worse: rows on which the first has the smaller median
    |error|, and the larger; p: of the two-sided sign test (Dixon and Mood 1946), ties left out."""

    first: str
    second: str
    better: int
    worse: int
    ties: int
    p: float

    @property
    def decided(self) -> bool:
        """Whether the sign test tells the arms apart at 5 %."""
        return self.p < SIGNIFICANT


@once
def members_by_arm(calibration: Findings) -> dict[str, list[Measurement]]:
    """The readings of each arm on the rows of the set itself, without the harness's own."""
    found: dict[str, list[Measurement]] = {arm: [] for arm, _ in calibration.arms}
    for m in calibration.measurements:
        if not m.row.is_probe:
            found[m.arm].append(m)
    return found


@once
def _errors(calibration: Findings) -> dict[str, dict[str, float]]:
    """The errors of each arm by row."""
    return {arm: row_errors(members) for arm, members in members_by_arm(calibration).items()}


@once
def pairs(calibration: Findings) -> list[ArmPair]:
    """Every two arms on the rows that both were measured on, in the order of the plan."""
    errors = _errors(calibration)
    arms = list(errors)
    return [_pair(a, b, errors[a], errors[b]) for i, a in enumerate(arms) for b in arms[i + 1 :]]


def _pair(a: str, b: str, first: Mapping[str, float], second: Mapping[str, float]) -> ArmPair:
    both = [(first[r], second[r]) for r in first if r in second]
    better, worse = sum(x < y for x, y in both), sum(x > y for x, y in both)
    p = sign_test(better, worse)
    return ArmPair(a, b, better, worse, len(both) - better - worse, p)


@once
def leaderboard(calibration: Findings) -> list[Standing]:
    """The arms by median error, each with the places that the comparisons leave open.

    A place is worth what the paired comparisons say: an arm is ahead of another only where the sign
    test over rows tells them apart, or where it answers and the other never does.
    """
    ahead: dict[str, int] = {arm: 0 for arm, _ in calibration.arms}
    behind = dict(ahead)
    silent = {
        arm: all(m.value is None for m in members)
        for arm, members in members_by_arm(calibration).items()
    }
    for pair in pairs(calibration):
        if pair.decided:
            winner, loser = (
                (pair.first, pair.second) if pair.better > pair.worse else (pair.second, pair.first)
            )
        elif silent[pair.first] != silent[pair.second]:  # an answer is ahead of none
            winner, loser = pair.first, pair.second
            if silent[winner]:
                winner, loser = loser, winner
        else:
            continue
        behind[winner] += 1
        ahead[loser] += 1
    found = []
    for arm, members in members_by_arm(calibration).items():
        errors = np.array(list(_errors(calibration)[arm].values()))
        n = max(1, len(members))
        covered, intervals, band = share_with_band(members, "covered")
        levels = {m.level for m in members if m.low is not None}
        found.append(
            Standing(
                arm=arm,
                rows=len(errors),
                readings=len(members),
                error=float(np.median(errors)) if len(errors) else math.nan,
                band=_median_band(errors),
                places=(1 + ahead[arm], len(ahead) - behind[arm]),
                answered=sum(m.value is not None for m in members) / n,
                with_interval=sum(m.low is not None and m.high is not None for m in members) / n,
                ok=sum(m.ok for m in members) / n,
                covered=covered,
                intervals=intervals,
                coverage_band=band,
                level=levels.pop() if len(levels) == 1 else None,
            )
        )
    return sorted(found, key=lambda p: (math.isnan(p.error), p.error))


def _median_band(errors: np.ndarray) -> FloatInterval | None:
    if len(errors) < 2:
        return None
    draws = np.random.default_rng(0).choice(errors, (RESAMPLES, len(errors)))
    medians = np.sort(np.median(draws, axis=1))
    tail = (1 - BAND) / 2
    last = RESAMPLES - 1
    return float(medians[round(tail * last)]), float(medians[round((1 - tail) * last)])


@dataclass(frozen=True)
class CostPoint:
    """The errors that an arm has at one budget. allowed: evaluations that the budget allows (None:
    no limit); spent: the median of those taken; error, decile: median and upper decile over rows.
    """

    arm: str
    allowed: float | None
    spent: float | None
    error: float
    decile: float
    rows: int


@once
def cost_curve(calibration: Findings) -> list[CostPoint]:
    """Error against evaluations: a point for each arm and budget of the run."""
    found = []
    for arm, members in members_by_arm(calibration).items():
        budgets: dict[float | None, list[Measurement]] = {}
        for m in members:
            budgets.setdefault(m.allowed, []).append(m)
        for allowed in sorted(budgets, key=lambda x: math.inf if x is None else x):
            errors = np.array(list(row_errors(budgets[allowed]).values()))
            spent = [m.points for m in budgets[allowed] if m.points is not None]
            if len(errors):
                ordered = np.sort(errors)
                found.append(
                    CostPoint(
                        arm,
                        allowed,
                        float(np.median(spent)) if spent else None,
                        float(np.median(errors)),
                        float(ordered[math.ceil(0.9 * len(ordered)) - 1]),
                        len(errors),
                    )
                )
    return found


def coverage_curve(members: Sequence[Measurement]) -> list[dict[str, Any]]:
    """Coverage at five levels, with bands over rows; empty for readings without a distribution.

    Only readings that say P(m) give a distribution for λ; its interval at another level is the one
    given, scaled about the reading by the quantiles of the normal law.
    """
    judged = [
        m
        for m in members
        if m.probabilities
        and m.low is not None
        and m.high is not None
        and m.level
        and m.truth.value
    ]
    needed = [np.array([_quantile_needed(m) for m in g]) for g in _by_row(judged).values()]
    found = []
    for level in LEVELS if judged else ():
        sums = [float((z <= half_width(level) + 1e-12).sum()) for z in needed]
        counts = [float(len(z)) for z in needed]
        share = sum(sums) / sum(counts)
        band = _band(sums, counts)
        found.append({"level": level, "coverage": share, "band": band, "readings": len(judged)})
    return found


@lru_cache(maxsize=64)
def half_width(level: float) -> float:
    """Half of the width, in standard errors, of a normal law's interval at this level."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def _quantile_needed(m: Measurement) -> float:
    """The number of standard errors by which an interval must reach out to contain λ."""
    assert m.level is not None
    assert m.value is not None
    assert m.low is not None
    assert m.high is not None
    exact = m.truth.number
    assert exact is not None
    side = m.high - m.value if exact > m.value else m.value - m.low
    off = abs(exact - m.value)
    if off <= 1e-12:
        return 0.0
    return off / side * half_width(m.level) if side > 0 else math.inf


@once
def classes(calibration: Findings, kind: str = "multiplicity") -> list[dict[str, Any]]:
    """Per class and arm: all intervals, the share with one and the share ok, with bands over
    rows."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for arm, members in members_by_arm(calibration).items():
        for m in members:
            groups.setdefault((CLASSES[kind](m), arm), []).append(m)
    found = []
    for (name, arm), members in sorted(groups.items()):
        covered, intervals, band = share_with_band(members, "covered")
        n = len(members)
        found.append({
            "class": name,
            "arm": arm,
            "readings": n,
            "answered": sum(m.value is not None for m in members) / n,
            "with_interval": sum(m.low is not None and m.high is not None for m in members) / n,
            "ok": sum(m.ok for m in members) / n,
            "covered": covered,
            "intervals": intervals,
            "coverage": covered / intervals if intervals else None,
            "band": band,
            "identified": sum(_identified(m) for m in members) / n,
            "identified_right": _identified_right(members),
        })  # fmt: skip
    return found


def _identified(m: Measurement) -> bool:
    return bool(m.probabilities) and max((m.probabilities or {}).values()) >= IDENTIFIED


def _identified_right(members: Sequence[Measurement]) -> float | None:
    said = [
        bool(m.multiplicity_right)
        for m in members
        if _identified(m) and m.multiplicity_right is not None
    ]
    return sum(said) / len(said) if said else None
