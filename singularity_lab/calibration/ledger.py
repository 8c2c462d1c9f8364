"""The error of the field's estimator in three parts: bias of the target, discretisation, Monte
Carlo.

The estimator λ̂ = nβ(E_β[L] − L(w*)) of device ``llc`` is wrong in three ways that have nothing in
common:

    λ̂ − λ = (T − λ)  +  (E λ̂ − T)  +  (λ̂ − E λ̂)
             target     discretisation   Monte Carlo
                        and mixing

T = nβE[K] under the localised tempered posterior is what a perfect sampler reads; it is a property
of n, β and γ, no longer chain changes it, and for multiplicity m it is about λ − (m − 1)/log n. In
one and two dimensions T is computed by quadrature, elsewhere read by MALA chains, which have no
discretisation error, with their own noise. E λ̂ is the mean over seeds. A target bias that exceeds
the noise is a *bias of the device*, and is called so. Watanabe 2009, §6 (the expansion in log n);
Lau et al. 2023 (the estimator).

The ledger also keeps *negative controls* (:func:`run_controls`): samplers that must fail on a row
where others pass. A calibration that could not tell them apart would prove nothing.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from singularity_lab.calibration.design import Row
from singularity_lab.calibration.score import Calibration, Measurement, Truth
from singularity_lab.errors import BadInput, Undecided

if TYPE_CHECKING:
    from singularity_lab.calibration.run import Progress

__all__ = [
    "CONTROL_TOLERANCE",
    "ControlRow",
    "LedgerRow",
    "account",
    "controls",
    "ledger",
    "run_controls",
]

CONTROL_TOLERANCE = 0.1  # of λ, fixed before any run: beyond it a device has failed on its row


@dataclass(frozen=True)
class LedgerRow:
    """The three parts for one row, in units of λ̂ (not relative).

    target, target_error: T and the standard error of T (0 by quadrature). target_by: quadrature or
    MALA. mala, mala_error: the mean reading of MALA chains and its standard error, as a check of T.
    mean, mean_error: mean reading of ``llc`` over seeds, and the standard error of that mean
    (mean_error: from the spread over seeds; from the spread over chains where there is one seed).
    spread: of a single reading. outcomes: what the device itself said, seed by seed.
    """

    row: str
    exact: float
    multiplicity: int | None
    n: float
    gamma: float
    target: float
    target_error: float
    target_by: str
    mala: float | None
    mala_error: float | None
    mean: float
    mean_error: float
    spread: float
    seeds: int
    outcomes: tuple[str, ...]

    @property
    def target_bias(self) -> float:
        """T − λ: no sampler can remove it."""
        return self.target - self.exact

    @property
    def discretisation(self) -> float:
        """Mean reading − T: step size and lack of mixing."""
        return self.mean - self.target

    @property
    def discretisation_error(self) -> float:
        """Standard error of :attr:`discretisation`."""
        return math.hypot(self.mean_error, self.target_error)

    @property
    def dominant(self) -> str:
        """Which part rules: target bias, discretisation, or Monte Carlo.

        A part counts when it exceeds two standard errors and one per cent of λ.
        """
        floor = 0.01 * self.exact
        parts = {
            "target bias": abs(self.target_bias)
            * (abs(self.target_bias) > max(2 * self.target_error, floor)),
            "discretisation": abs(self.discretisation)
            * (abs(self.discretisation) > max(2 * self.discretisation_error, floor)),
        }
        name, size = max(parts.items(), key=lambda item: item[1])
        return name if size > 0 else "Monte Carlo"

    @property
    def cancels(self) -> bool:
        """Do the two systematic parts hide each other? The reading is then right for wrong
        reasons."""
        first, second = self.target_bias, self.discretisation
        significant = abs(first) > max(2 * self.target_error, 0.01 * self.exact) and abs(
            second
        ) > max(2 * self.discretisation_error, 0.01 * self.exact)
        return significant and first * second < 0 and abs(first + second) < 0.5 * abs(first)

    @property
    def verdict(self) -> str:
        """One sentence for the report."""
        share = f"{self.target / self.exact:.2f} λ"
        if self.dominant == "target bias":
            sentence = (
                f"bias of the device: a perfect sampler of its target reads {share}; "
                "more or longer chains do not help"
            )
        elif self.dominant == "discretisation":
            sentence = f"the step or the mixing: the target is {share}, the chains read elsewhere"
        else:
            sentence = "within its Monte Carlo noise"
        return sentence

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, parts included."""
        return dataclasses.asdict(self) | {
            "outcomes": "; ".join(self.outcomes),
            "target_bias": self.target_bias,
            "target_over_lambda": self.target / self.exact,
            "discretisation": self.discretisation,
            "discretisation_error": self.discretisation_error,
            "monte_carlo": self.spread,
            "dominant": self.dominant,
            "cancels": self.cancels,
            "verdict": self.verdict,
        }


def account(
    row: str,
    truth: Truth,
    sgld: Sequence[Measurement],
    mala: Sequence[Measurement],
    target: float | None,
    settings: Mapping[str, Any],
) -> LedgerRow | None:
    """The ledger of one row from its readings; None where λ is open or 0, or nothing was read.

    target: T by quadrature, or None; then the MALA readings stand for it.
    """
    found = _mean(sgld)
    check = _mean(mala)
    if not truth.value or found is None or (target is None and check is None):
        return None
    mean, mean_error, spread = found
    aim, aim_error, by = (target, 0.0, "quadrature") if target is not None else (0.0, 0.0, "")
    if target is None and check is not None:
        aim, aim_error, by = check[0], check[1], "MALA"
    return LedgerRow(
        row=row,
        exact=float(truth.value),
        multiplicity=truth.multiplicity,
        n=float(settings["n"]),
        gamma=float(settings["gamma"]),
        target=float(aim or 0.0),
        target_error=aim_error,
        target_by=by,
        mala=check[0] if check else None,
        mala_error=check[1] if check else None,
        mean=mean,
        mean_error=mean_error,
        spread=spread,
        seeds=len(sgld),
        outcomes=tuple(m.outcome for m in sgld),
    )


def _mean(readings: Sequence[Measurement]) -> tuple[float, float, float] | None:
    """Mean, its standard error, and the spread of one reading.

    With one seed both errors are the half-width of its interval, brought to one standard deviation.
    """
    answered = [m for m in readings if m.value is not None]
    values = [m.value for m in answered if m.value is not None]
    if not values:
        return None
    if len(values) > 1:
        spread = float(np.std(values, ddof=1))
        return float(np.mean(values)), spread / math.sqrt(len(values)), spread
    m = answered[0]
    if m.low is None or m.high is None or m.level is None:
        return values[0], math.inf, math.inf
    from statistics import NormalDist

    error = (m.high - m.low) / 2 / NormalDist().inv_cdf(0.5 + m.level / 2)
    return values[0], error, error


def ledger(
    calibration: Calibration,
    rows: Iterable[Row] | None = None,
    *,
    sgld: str = "llc",
    mala: str = "llc-mala",
) -> Calibration:
    """The calibration with the ledger of its SGLD arm filled in, for the rows whose target is
    known.

    sgld, mala: labels of the two arms. Both sample one target, so n, β and γ of both must agree:
    raises BadInput where they do not, and where there is no such arm.
    """
    from singularity_lab.spectroscopes.llc import MalaSettings, Settings

    given = dict(calibration.arms)
    if sgld not in given:
        raise BadInput(f"sgld: expected one of the arms {sorted(given)}, got {sgld!r}")
    first = dataclasses.asdict(Settings(**given[sgld]))
    if mala in given:
        second = dataclasses.asdict(MalaSettings(**given[mala]))
        for name in ("n", "beta", "gamma"):
            if first[name] != second[name]:
                raise BadInput(
                    f"{name}: {sgld} and {mala} must sample one target, "
                    f"got {first[name]} and {second[name]}"
                )
    lines = []
    for row in calibration.rows if rows is None else rows:
        if not calibration.truths[row.id].value or (row.problem and any(row.problem.prior)):
            continue  # SGLD here has no prior factor: it would be another target
        line = account(
            row.id,
            calibration.truths[row.id],
            calibration.of(row.id, sgld),
            calibration.of(row.id, mala),
            _target(row, first),
            first,
        )
        if line is not None:
            lines.append(line)
    return dataclasses.replace(calibration, ledger=tuple(lines))


def _target(row: Row, settings: Mapping[str, Any]) -> float | None:
    """T by quadrature; None in more than two dimensions, without localisation, or where cells run
    out."""
    if row.dimension > 2 or not settings["gamma"] > 0:
        return None
    from singularity_lab.losses import loss
    from singularity_lab.spectroscopes.diagnostics import target_by_quadrature

    source = row.entry if row.entry is not None else row.problem
    assert source is not None  # a row has an entry or a problem
    try:
        return target_by_quadrature(
            loss(source),
            settings["n"],
            settings["gamma"],
            beta=settings["beta"],
        )
    except Undecided:
        return None


# -- negative controls ----------------------------------------------------------------------------


@dataclass(frozen=True)
class ControlRow:
    """A device on the row of the controls. control: it is kept because it fails.

    exact: the proved λ. mean, error: of its readings over seeds, and the standard error of the
    mean (one seed: from its own interval). covered of seeds: intervals that contain λ. claimed: how
    many readings said ``ok``. reason: why a control fails.
    """

    row: str
    arm: str
    control: bool
    exact: float
    n: float
    mean: float
    error: float
    covered: int
    seeds: int
    claimed: int
    reason: str

    @property
    def relative_error(self) -> float:
        """(Mean reading − λ)/λ."""
        return self.mean / self.exact - 1

    @property
    def fails(self) -> bool:
        """Is the mean further from λ than :data:`CONTROL_TOLERANCE`·λ, and than three standard
        errors?"""
        return abs(self.mean - self.exact) > max(CONTROL_TOLERANCE * self.exact, 3 * self.error)

    @property
    def verdict(self) -> str:
        """``fails``, and why; ``passes``."""
        unseen = f"; it claims {self.claimed} of {self.seeds} readings" if self.fails else ""
        why = f": {self.reason}" if self.fails and self.reason else ""
        return ("fails" if self.fails else "passes") + why + unseen

    @property
    def as_expected(self) -> bool:
        """Controls fail; others pass."""
        return self.fails == self.control

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, verdict included."""
        return dataclasses.asdict(self) | {
            "relative_error": self.relative_error,
            "fails": self.fails,
            "verdict": self.verdict,
            "as_expected": self.as_expected,
        }


def controls(calibration: Calibration) -> tuple[ControlRow, ...]:
    """The lines of the control section: each arm of a calibration on each row with proved λ > 0
    that a control was pointed at.

    An arm is a control where its label is that of a device of
    :data:`singularity_lab.spectroscopes.controls.CONTROLS`.
    """
    from singularity_lab.spectroscopes.controls import CONTROLS

    lines = []
    for row in calibration.rows:
        exact = calibration.truths[row.id].value
        if not exact or not any(calibration.of(row.id, name) for name in CONTROLS):
            continue
        for arm, settings in calibration.arms:
            members = calibration.of(row.id, arm)
            found = _mean(members)
            if found is None:
                continue
            lines.append(
                ControlRow(
                    row=row.id,
                    arm=arm,
                    control=arm in CONTROLS,
                    exact=float(exact),
                    n=float(settings.get("n", math.nan)),
                    mean=found[0],
                    error=found[1],
                    covered=sum(m.covered is True for m in members),
                    seeds=len(members),
                    claimed=sum(m.ok for m in members),
                    reason=CONTROLS.get(arm, ""),
                )
            )
    return tuple(lines)


def run_controls(
    seeds: int | Iterable[int] = 1,
    out: str | Path | None = None,
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Measure the negative controls and their counterparts; the result's ``controls`` are filled
    in, and its report has their section. About 6 CPU seconds for each seed.

    seeds: integers, or how many. out: a folder that keeps the readings.
    """
    from singularity_lab.calibration.design import control_plan
    from singularity_lab.calibration.run import run_plans

    found = run_plans([control_plan(seeds)], out, workers, progress)
    return dataclasses.replace(found, controls=controls(found))
