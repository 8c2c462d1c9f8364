"""A reading joined with the truth of its row: error, coverage, multiplicity."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.errors import BadInput
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.system.counting import counted
from singularity_lab.system.stopwatch import Stopwatch

if TYPE_CHECKING:
    from singularity_lab.catalog.truth import GroundTruth
    from singularity_lab.exact.engine.result import Result
    from singularity_lab.spectroscopes.reading import Reading


# The columns of Measurement.numbers: truths are 1 and 0.
NUMBERS = ("error", "relative_error", "covered", "ok", "multiplicity_right", "brier",
           "cpu_seconds", "points", "level")  # fmt: skip
TIE = 1e-12  # an interval [x, x] contains λ when they agree to rounding


@dataclass(frozen=True)
class Truth:
    """What is proved of a row. status: proved, bracketed, …; method: the kind of proof.

    seconds: CPU time of finding it, or of verifying what was stored.
    """

    bounds: Bounds
    status: str
    method: str = ""
    seconds: float = 0.0
    certificates: tuple[Certificate, ...] = ()

    @classmethod
    def of(cls, row: CalibrationRow) -> Truth:
        """Ask the proof arm; the certificates of rows of the catalog are kept by
        :mod:`singularity_lab.catalog.truth`."""
        watch = Stopwatch()
        found: GroundTruth | Result
        if row.entry is not None:
            from singularity_lab.catalog.truth import ground_truth

            found = ground_truth(row.entry)
            status: str = found.status
        else:
            from singularity_lab.exact.engine.solve import rlct

            assert row.problem is not None  # a row has an entry or a problem
            found = rlct(row.problem)
            status = "proved" if found.exact else "bracketed"
        steps = sum(1 for c in found.certificates for _ in c.steps())
        return cls(
            found.bounds,
            status,
            f"certificate of {counted(steps, 'step')}",
            watch.seconds,
            found.certificates,
        )

    @property
    def rlct(self) -> RLCT | None:
        """(λ, m) where both are proved."""
        return self.bounds.lower if self.bounds.exact else None

    @cached_property
    def value(self) -> Fraction | None:
        """λ where it is proved (m may be open)."""
        low, high = self.bounds.lower, self.bounds.upper
        return low.value if low and high and low.value == high.value else None

    @cached_property
    def number(self) -> float | None:
        """λ as a float, where it is proved."""
        return None if self.value is None else float(self.value)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The proved bounds of λ as floats, infinite where there is none."""
        low, high = self.bounds.lower, self.bounds.upper
        return float(low.value) if low else -math.inf, float(high.value) if high else math.inf

    @cached_property
    def multiplicity(self) -> int | None:
        """m where it is proved."""
        return self.rlct.multiplicity if self.rlct else None

    def __str__(self) -> str:
        if self.value is not None:
            return str(self.value)
        low, high = self.bounds.lower, self.bounds.upper
        return f"[{low.value if low else 0}, {high.value if high else '∞'}]"


@dataclass(frozen=True)
class Measurement:
    """One reading, or one failure to read, beside the truth. None where there is no number."""

    row: CalibrationRow
    arm: str
    seed: int
    truth: Truth
    value: float | None
    low: float | None
    high: float | None
    level: float | None
    outcome: str
    reason: str = ""
    probabilities: Mapping[int, float] | None = None  # P(m)
    evaluations: int | None = None
    gradients: int | None = None
    cpu_seconds: float | None = None
    text: str | None = field(default=None, repr=False)  # the reading as JSON
    reported: int | None = None  # evaluations that an outside estimator itself says it took
    allowed: float | None = None  # evaluations that the budget allows; None for no limit
    fetch: Callable[[], str | None] | None = field(default=None, repr=False, compare=False)

    @property
    def has_reading(self) -> bool:
        """Whether there is a reading, here or in a store."""
        return self.text is not None or (self.fetch is not None and self.value is not None)

    @cached_property
    def reading(self) -> Reading:
        """The reading itself. Raises BadInput where there is none."""
        from singularity_lab.spectroscopes.reading import Reading

        text = self.text if self.text is not None or self.fetch is None else self.fetch()
        if text is None:
            raise BadInput(f"reading: {self.arm} gave none of {self.row.id}: {self.reason}")
        return Reading.from_json(text)

    @property
    def ok(self) -> bool:
        """Whether the device claims that its interval means what it says."""
        return self.outcome == "ok"

    @cached_property
    def error(self) -> float | None:
        """Reading − λ."""
        exact = self.truth.number
        return None if self.value is None or exact is None else self.value - exact

    @property
    def points(self) -> int | None:
        """Evaluations of K and ∇K."""
        return None if self.evaluations is None else self.evaluations + (self.gradients or 0)

    @cached_property
    def relative_error(self) -> float | None:
        """(Reading − λ)/λ; None where λ = 0."""
        exact = self.truth.number
        return None if self.error is None or not exact else self.error / exact

    @cached_property
    def covered(self) -> bool | None:
        """True if λ is in the interval, False too when proved bounds lie outside it, None when it
        cannot be said."""
        if self.low is None or self.high is None:
            return None
        low, high = self.truth.ends
        slack = TIE * max(1.0, abs(self.low), abs(self.high))
        if self.high < low - slack or self.low > high + slack:
            return False
        return True if self.truth.value is not None else None

    @cached_property
    def multiplicity(self) -> int | None:
        """The most probable m, or None where the device does not read m."""
        if not self.probabilities:
            return None
        p = self.probabilities
        return max(p, key=lambda m: (p[m], -m))

    @cached_property
    def multiplicity_right(self) -> bool | None:
        """True if the most probable m is the proved one."""
        if self.multiplicity is None or self.truth.multiplicity is None:
            return None
        return self.multiplicity == self.truth.multiplicity

    @cached_property
    def brier(self) -> float | None:
        """Brier score Σ (P(m) − [m is true])²: 0 is perfect, 2 is certain and wrong."""
        if not self.probabilities or self.truth.multiplicity is None:
            return None
        true = self.truth.multiplicity
        known = {**dict.fromkeys([true], 0.0), **self.probabilities}
        return sum((p - (m == true)) ** 2 for m, p in known.items())

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """What summaries are made of, as :data:`NUMBERS` names it; NaN where there is none."""
        found = (
            self.error,
            self.relative_error,
            self.covered,
            self.ok,
            self.multiplicity_right,
            self.brier,
            self.cpu_seconds,
            self.points,
            self.level,
        )
        return tuple(math.nan if x is None else float(x) for x in found)

    def to_dict(self) -> dict[str, Any]:
        """One line of the table: plain JSON."""
        m = self.truth.multiplicity
        return {
            "id": self.row.id,
            "family": self.row.family,
            "dimension": self.row.dimension,
            "status": self.truth.status,
            "lambda": str(self.truth.value) if self.truth.value is not None else None,
            "bounds": [str(b.value) if b else None for b in _sides(self.truth.bounds)],
            "multiplicity": m,
            "proof": self.truth.method,
            "device": self.arm,
            "seed": self.seed,
            "reading": self.value,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "covered": self.covered,
            "relative_error": self.relative_error,
            "most_probable_m": self.multiplicity,
            "p_true_m": None
            if not self.probabilities or m is None
            else self.probabilities.get(m, 0.0),
            "outcome": self.outcome,
            "reason": self.reason,
            "evaluations": self.evaluations,
            "gradients": self.gradients,
            "cpu_seconds": self.cpu_seconds,
        }


def _sides(bounds: Bounds) -> tuple[RLCT | None, RLCT | None]:
    return bounds.lower, bounds.upper
