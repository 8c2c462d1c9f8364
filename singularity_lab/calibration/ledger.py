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
from typing import Any, TypeVar

import numpy as np

from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.findings import Findings, LedgerRow
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.errors import BadInput, Undecided

__all__ = ["account", "every_ledger", "ledger"]

F = TypeVar("F", bound=Findings)


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
    found = mean_and_errors(sgld)
    check = mean_and_errors(mala)
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


def mean_and_errors(readings: Sequence[Measurement]) -> tuple[float, float, float] | None:
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
    calibration: F,
    rows: Iterable[CalibrationRow] | None = None,
    *,
    sgld: str = "llc",
    mala: str = "llc-mala",
) -> F:
    """The calibration with the ledger of its SGLD arm filled in, for the rows whose target is
    known.

    sgld, mala: labels of the two arms. Both sample one target, so n, β and γ of both must agree:
    raises BadInput where they do not, and where there is no such arm.
    """
    from singularity_lab.spectroscopes.devices.llc import LlcSettings
    from singularity_lab.spectroscopes.devices.llc_mala import MalaSettings

    given = dict(calibration.arms)
    if sgld not in given:
        raise BadInput(f"sgld: expected one of the arms {sorted(given)}, received {sgld!r}")
    first = dataclasses.asdict(LlcSettings(**given[sgld]))
    if mala in given:
        second = dataclasses.asdict(MalaSettings(**given[mala]))
        for name in ("n", "beta", "gamma"):
            if first[name] != second[name]:
                raise BadInput(
                    f"{name}: {sgld} and {mala} must sample one target, "
                    f"received {first[name]} and {second[name]}"
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


def every_ledger(calibration: F) -> F:
    """The calibration with the ledger of each arm that reads nβ(E[L] − L(w*)), on its rows.

    Such an arm is known by its readings: an estimate ``llc``, and n and γ among the settings. Where
    the target is not known by quadrature (more than two parameters), an arm of MALA or HMC chains
    with the same n, β and γ stands for it.
    """
    samplers: dict[str, dict[str, Any]] = {}
    for arm, _ in calibration.arms:
        members = (m for m in calibration.measurements if m.arm == arm and m.has_reading)
        first = next((m for m in members if m.value is not None), None)
        if first is None or first.value is None:
            continue
        reading = first.reading
        known = {"beta": None, **reading.settings}
        if "llc" in reading.estimates and all(
            isinstance(known.get(name), int | float) for name in ("n", "gamma")
        ):
            samplers[arm] = {k: known[k] for k in ("n", "beta", "gamma")} | {
                "device": reading.device
            }
    targets: dict[str, float | None] = {}
    lines = []
    for arm, settings in samplers.items():
        same = [
            other
            for other, theirs in samplers.items()
            if other != arm
            and theirs["device"] in ("llc-mala", "llc-hmc")
            and all(theirs[k] == settings[k] for k in ("n", "beta", "gamma"))
        ]
        for row in calibration.rows:
            members_here = calibration.of(row.id, arm)
            if not members_here or (row.problem and any(row.problem.prior)):
                continue
            if not calibration.truths[row.id].value:
                continue
            key = f"{row.id} {settings['n']} {settings['beta']} {settings['gamma']}"
            if key not in targets:
                targets[key] = _target(row, settings)
            checks = calibration.of(row.id, same[0]) if same else []
            line = account(
                row.id, calibration.truths[row.id], members_here, checks, targets[key], settings
            )
            if line is not None:
                lines.append(dataclasses.replace(line, arm=arm))
    return dataclasses.replace(calibration, ledger=tuple(lines))


def _target(row: CalibrationRow, settings: Mapping[str, Any]) -> float | None:
    """T by quadrature; None in more than two dimensions, without localisation, or where cells run
    out."""
    if row.dimension > 2 or not settings["gamma"] > 0:
        return None
    from singularity_lab.catalog.loss import loss
    from singularity_lab.spectroscopes.inference.diagnostics import target_by_quadrature

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
