"""The difference of two readings of one run, with its error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Estimate, Reading
from singularity_lab.spectroscopes.inference.convergence import combined, interval

__all__ = ["Difference", "difference"]

_FIELD = ("llc", "llc-hmc", "llc-mala")
_PAIRS = 4  # chains of one step, at least


@dataclass(frozen=True)
class Difference(Estimate):
    """The reading at a later place minus that at an earlier one, with its interval.

    before, after: the steps. error: the standard error. shared: whether the readings may share
    random numbers. paired: whether the error is that of the differences of chains with the same
    random numbers. Else errors are added where they may be shared, and their squares where not.

    >>> print(Difference(1.0, 0.8, 1.2, 0.9, before=0, after=10, error=0.12, shared=False))
    1 [0.8, 1.2] at 90% from step 0 to step 10, errors independent: a rise
    """

    before: float
    after: float
    error: float
    shared: bool
    paired: bool = False

    @property
    def changed(self) -> bool:
        """Whether the interval leaves 0 out."""
        return not self.low <= 0 <= self.high

    def __str__(self) -> str:
        errors = "errors added, as random numbers may be shared" if self.shared else ""
        if self.paired:
            errors = "by chains that share their random numbers"
        verdict = "a rise" if self.low > 0 else "a fall" if self.high < 0 else "no change is told"
        return (
            f"{super().__str__()} from step {self.before:g} to step {self.after:g}, "
            f"{errors or 'errors independent'}: {verdict}"
        )


def difference(a: Any, b: Any, shared: bool | None) -> Difference:
    """The reading of row b minus that of row a; shared as in ``Trajectory.difference``.

    Half widths h of the intervals, not below the normal ones of the standard errors, give
    (h_a² + h_b²)^{1/2} for independent errors: at least the level, with Student's law too, whatever
    the two variances are (Banerjee 1961). Errors that are correlated have at most the standard
    deviation s_a + s_b, and the half width h_a + h_b. Where the means of the chains of both are
    known, the k-th of one and the k-th of the other have one source of random numbers: differences
    of such pairs are independent of each other, and have an error of their own.
    """
    if a.level != b.level:
        raise BadInput(f"level: the readings have {a.level!r} and {b.level!r}; expected one")
    if shared is None:
        seeds = [None if r.reading is None else r.reading.seed for r in (a, b)]
        shared = None in seeds or seeds[0] == seeds[1]
    (error_a, half_a), (error_b, half_b) = _widths(a), _widths(b)
    value = b.value - a.value
    pairs = _of_pairs(a, b) if shared else None
    if pairs is not None:
        e = interval(*pairs, a.level)
        return Difference(
            value, e.low, e.high, a.level,
            before=a.step, after=b.step, error=pairs[1], shared=True, paired=True,
        )  # fmt: skip
    half = half_a + half_b if shared else math.hypot(half_a, half_b)
    error = error_a + error_b if shared else math.hypot(error_a, error_b)
    return Difference(
        value, value - half, value + half, a.level,
        before=a.step, after=b.step, error=error, shared=shared,
    )  # fmt: skip


def _widths(row: Any) -> tuple[float, float]:
    """Standard error and half width of a reading."""
    unit = NormalDist().inv_cdf(0.5 * (1 + row.level))
    ends = [x for x in (row.value - row.low, row.high - row.value) if math.isfinite(x)]
    error = row.error if math.isfinite(row.error) else max(ends, default=math.nan) / unit
    if not (math.isfinite(row.value) and error > 0):
        raise BadInput(f"step: the reading at step {row.step:g} has no standard error")
    return float(error), float(max(*ends, error * unit) if ends else error * unit)


def _of_pairs(a: Any, b: Any) -> tuple[float, float, int] | None:
    """The mean of the differences of the chains of two rows, its standard error and the degrees of
    freedom; None where their chains are not known, or not in pairs."""
    if a.reading is None or b.reading is None or a.reading.seed != b.reading.seed:
        return None
    one, two = _chains(a.reading), _chains(b.reading)
    if one is None or two is None or one[1] != two[1] or one[0].shape != two[0].shape:
        return None
    mean, error, freedom = combined(two[0] - one[0], two[1])
    fits = math.isclose(mean, b.value - a.value, rel_tol=1e-6, abs_tol=1e-6 * abs(b.value))
    return (mean, error, freedom) if fits and freedom + 1 >= _PAIRS and error > 0 else None


def _chains(reading: Reading) -> tuple[np.ndarray, list[Mapping[str, bool]]] | None:
    """The means of all chains (groups, chains of each) and the kinds of the groups."""
    told, kinds = reading.diagnostics.get("per_chain"), reading.diagnostics.get("groups")
    if not told or not kinds or None in told or reading.device not in _FIELD:
        return None
    if len(told) != reading.settings.get("chains") or len(told) % len(kinds):
        return None
    means = np.array(told, dtype=float).reshape(len(kinds), -1)
    return (means, [dict(kind) for kind in kinds]) if np.isfinite(means).all() else None
