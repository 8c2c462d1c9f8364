"""Anneal: log Z(β) and E_β[βK] along a ladder of temperatures; λ and m from them. Del Moral,
Doucet, Jasra 2006 (sequential Monte Carlo); Gelman, Meng 1998 (thermodynamic integration).

The law at inverse temperature β is e^{−βK(w)} π(w), π a Gaussian of width σ around w*, cut with the
domain and times the monomial prior. With x = log β,

    −log Z(β) = λx − (m − 1) log x + O(1),   −d log Z/dx = E_β[βK] = λ − (m − 1)/x + …,
    d E_β[βK]/dx = E_β[βK] − Var_β(βK)

(the last is minus the heat capacity, less the kinetic part). Log Z has the expansion of log V at
ε = 1/β, pole by pole, and goes to the same inference,
:mod:`singularity_lab.spectroscopes.inference.asymptotics`.

Two regimes. In few dimensions R replicates of N particles are reweighted and resampled from level
to level (increments of log Z are logarithms of mean weights), then move by Hamiltonian trajectories
and by the moves of :mod:`singularity_lab.spectroscopes.kernels.gibbs`. Replicates are weighed
against each other (:mod:`singularity_lab.spectroscopes.inference.islands`): one that lags counts
less. Where the particles leave w* the Gaussian reaches a worse singularity, and its width is
halved. In many dimensions (N = 1) each replicate is one chain that cools down; E_β[βK] is averaged
at every level, and its integral over x is log Z.

A chain that cools lags behind where it relaxes more slowly than β grows: E_β[βK] then rises above
its limit. Every level therefore compares the two halves of its draws; where the first half lies
higher on two levels in a row, the ladder ends before them. And replicates that all lag agree with
each other: so at one level chains also begin at w* itself and walk outwards; where they do not come
to the E[βK] of those that cooled, nothing has mixed. Particles lag as well, in all replicates
alike: the last of the evaluations are spent at the last temperature. By as much as E[βK] still
falls there every interval of λ reaches lower, and a quarter of that is taken off λ̂. Directions that
are stiff at w* itself (regular ones) do not slow the chains: they are found beforehand and moved in
units of their width.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, settings_of
from singularity_lab.spectroscopes.devices.anneal_chains import Chains
from singularity_lab.spectroscopes.devices.anneal_particles import Particles, leaves_center
from singularity_lab.spectroscopes.devices.ladder import (
    FEWEST,
    LadderCurve,
    LadderSettings,
    check,
    resolved_settings,
)
from singularity_lab.spectroscopes.inference import asymptotics, islands
from singularity_lab.spectroscopes.inference.convergence import two_starts
from singularity_lab.spectroscopes.inference.heat_capacity import credible, heat_capacity, plateau
from singularity_lab.spectroscopes.kernels.localised import Localised
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

__all__ = [
    "anneal",
    "free_energy_difference",
    "plot",
    "sample",
]

_WORTH = 0.5  # effective share of the replicates, in the median over levels, below which none is ok
_RISE = 0.1  # of E[βK] an e-fold of β, above which e^{−λx} has not set in
_IN_FIT = 0.25  # share of the lag at the end that is in λ̂, on average (see docs/devices.md)
_UNREAD = 0.5  # lag as a share of λ̂ from which nothing is read
_APART = 0.05  # share of E[βK] by which chains that began elsewhere may differ

# ---------------------------------------------------------------------------------- sampling


def sample(loss: Loss, meter: Meter, s: LadderSettings, generator: torch.Generator) -> LadderCurve:
    """Run the ladder to the stated span, the floor or the budget: particles or chains.

    Raises BadLoss for a loss that is NaN, mostly infinite, constant, or lower somewhere than at
    w*.
    """
    assert s.sigma is not None
    assert s.particles is not None
    assert s.replicates is not None
    law = Localised(meter, s.sigma, torch.device(s.device))
    curve = LadderCurve()
    u = law.draw(s.replicates * s.particles, generator)
    try:
        value = meter.k(u)
        check(value, meter, u)
        if s.particles == 1:
            chains = Chains(law, u, value, s, generator, curve)
            drive(chains)
            if len(curve.x) >= FEWEST:
                window = plateau(np.array(curve.x), np.array(curve.energy), s.level)[1]["window"]
                chains.from_center(window[1])
        else:
            particles = Particles(law, u, value, s, generator, curve)
            drive(particles)
            if len(curve.x) >= FEWEST:
                particles.hold()
                if curve.stop is not Outcome.BUDGET:
                    particles.from_center()
    except BudgetSpent as error:
        at = curve.x[-1] if curve.x else -math.inf
        curve.stop, curve.reason = Outcome.BUDGET, f"{error} spent at log β = {at:.1f}"
    return curve


def lag(energy: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Return how far E[βK] of each replicate lay, over the last tenth of the ladder, above what it
    came to at the last temperature, (R,).

    energy: by level and replicate (L, R). held: by round and replicate (T, R); the second half
    counts.

    >>> lag(np.full((100, 2), 1.5), np.array([[1.5, 1.5], [1.25, 1.0]])).tolist()
    [0.25, 0.5]
    """
    last = energy[-max(1, len(energy) // 10) :]
    return np.asarray(last.mean(0) - held[len(held) // 2 :].mean(0))


# ---------------------------------------------------------------------------------- reading


def anneal(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ with an interval, P(m), log Z(β) and E_β[βK] along a ladder. See :class:`LadderSettings`.

    Estimates: ``lambda`` (averaged over models), ``lambda given m=…``, ``next pole``, ``log Z`` at
    the last level, ``m by heat capacity``. Diagnostics: the ladder (x = log β, log Z, E[βK],
    Var(βK), with errors), models, acceptance. multiplicity is None, and the reason says so, where
    the ladder is too short to say anything about m; where it says nothing about λ either, there are
    no estimates.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> cross = PolynomialLoss.from_exponents([([1], [(1, 1)])], loss_id="w1^2*w2^2")
    >>> r = measure("anneal", cross, seed=0, span=20, particles=32)
    >>> abs(r.lambda_.value - 0.5) < 0.1
    True
    """
    s = resolved_settings(settings_of(LadderSettings, settings, "anneal"), loss)
    meter = Meter(loss, budget)
    generator = torch.Generator(device=s.device).manual_seed(seed)
    curve = sample(loss, meter, s, generator)
    outcome, reason = curve.stop, curve.reason
    estimates: dict[str, Estimate] = {}
    multiplicity: dict[int, float] | None = None
    diagnostics: dict[str, Any] = {
        "x": curve.x,
        "acceptance": curve.acceptance,
        "radius": curve.radius,
        "inner_share": curve.inner,
        "sigma": curve.sigma if s.particles != 1 else s.sigma,
        "moves": curve.moves,
        "stiff_directions": curve.stiff,
        "quadratic_blocks": curve.baths,
        "lag": curve.lag,
        "held_rounds": len(curve.held),
    }
    if curve.x:
        increments = np.array(curve.increments)
        x = np.array(curve.x)
        energy, variance = np.array(curve.energy), np.array(curve.variance)
        root = math.sqrt(energy.shape[1])
        # Of chains the increments are logarithms averaged already.
        pooled = increments.mean(1)
        if s.particles != 1:
            w = islands.weights(increments)
            pooled = islands.pooled(increments, w)
            diagnostics["replicate_share"] = islands.share(w)
        log_z = np.cumsum(pooled)
        log_z_error = np.cumsum(increments, axis=0).std(axis=1, ddof=1) / root
        diagnostics |= {
            "log_z": log_z,
            "log_z_error": log_z_error,
            "energy": energy.mean(1),
            "energy_error": energy.std(1, ddof=1) / root,
            "variance": variance.mean(1),
        }
        half = asymptotics.normal_quantile(s.level) * float(log_z_error[-1])
        estimates["log Z"] = Estimate(
            float(log_z[-1]), float(log_z[-1]) - half, float(log_z[-1]) + half, s.level
        )
    if len(curve.x) >= FEWEST and s.particles == 1:
        outcome, reason = _limit(curve, x, energy, s, estimates, diagnostics)
    elif len(curve.x) >= FEWEST:
        outcome, reason, multiplicity = _infer(
            curve, x, increments, energy, variance, s, estimates, diagnostics
        )
    elif outcome is Outcome.OK:
        outcome = Outcome.NOT_MIXED
        reason = f"m and λ are not identifiable from a ladder of {len(curve.x)} levels" + (
            f": {reason}" if reason else ""
        )
    if curve.center is not None:
        complaint = _disagreement(curve, estimates, diagnostics)
        if complaint and outcome is Outcome.OK:
            outcome, reason = Outcome.NOT_MIXED, complaint
    if "lambda" not in estimates:
        estimates = {}  # the first one would be the headline, and log Z is no reading of λ
    return meter.reading(
        "anneal", s, seed, estimates, outcome, reason, diagnostics, multiplicity=multiplicity
    )


def _disagreement(
    curve: LadderCurve, estimates: dict[str, Estimate], diagnostics: dict[str, Any]
) -> str:
    """What chains from w* and those of the ladder disagree on at one level, or "". Where chains are
    read, half of it goes into the interval of λ."""
    assert curve.center is not None
    x, near = curve.center
    far = curve.energy[int(np.argmin(np.abs(np.array(curve.x) - x)))]
    found = two_starts(near, far)
    diagnostics["start_gap"], diagnostics["start_gap_at"] = found.gap, x
    e = estimates.get("lambda")
    if e is not None and "plateau" in diagnostics:
        more = abs(found.gap) / 2 * asymptotics.normal_quantile(e.level)
        below, above = (math.hypot(side, more) for side in (e.value - e.low, e.high - e.value))
        estimates["lambda"] = replace(e, low=e.value - below, high=e.value + above)
    if found.complaint and abs(found.gap) > _APART * found.value:
        return f"E[βK] at β = {math.exp(x):.2g}: {found.complaint}"
    return ""


def _limit(
    curve: LadderCurve,
    x: np.ndarray,
    energy: np.ndarray,
    s: LadderSettings,
    estimates: dict[str, Estimate],
    diagnostics: dict[str, Any],
) -> tuple[Outcome, str]:
    """The limit of E[βK] into ``estimates``; outcome and reason. Chains do not speak of m."""
    found, models = plateau(x, energy, s.level)
    # A chain that lags by a share of its energy has a λ that is too large by about as much.
    tail = max(1, len(x) // 4)
    slack = max(0.0, float(np.mean(curve.lag[-tail:]))) * found.value
    others = dict(estimates)
    estimates.clear()
    estimates["lambda"] = replace(found, low=found.low - 2 * slack)
    estimates |= others
    diagnostics["plateau"] = models
    words = "m is not identifiable by chains" + (f"; {curve.reason}" if curve.reason else "")
    # E must have come within a tenth of its limit.
    if abs(2 * models["slope"]) > 0.1 * found.value:
        return Outcome.NOT_MIXED, (
            f"E[βK] still changes by {models['slope']:.3g} an e-fold of β where it is flattest; "
            + words
        )
    if curve.stop is Outcome.FLOOR:
        return Outcome.OK, words
    return curve.stop, words


def _infer(
    curve: LadderCurve,
    x: np.ndarray,
    increments: np.ndarray,
    energy: np.ndarray,
    variance: np.ndarray,
    s: LadderSettings,
    estimates: dict[str, Estimate],
    diagnostics: dict[str, Any],
) -> tuple[Outcome, str, dict[int, float] | None]:
    """Models of log Z, their average into ``estimates``; outcome, reason, P(m)."""
    w = islands.weights(increments)
    fit = asymptotics.infer(
        x, increments, max_multiplicity=s.max_multiplicity, level=s.level, weights=w
    )
    log_z = diagnostics["log_z"]
    read = fit.estimates(s.level)
    behind = lag(energy, np.array(curve.held)) if curve.held else np.zeros(energy.shape[1])
    diagnostics["held_lag"] = slack = max(0.0, float(behind.mean()))
    for name, e in read.items():
        if name.startswith("lambda"):
            low = max(0.0, e.low - slack)
            read[name] = replace(e, value=max(low, e.value - _IN_FIT * slack), low=low)
    others = dict(estimates)
    estimates.clear()
    estimates |= read | others
    diagnostics |= {"fitted_x": fit.curve[0], "fitted_log_z": fit.curve[1], **fit.diagnostics()}
    # Second reading of m; withdrawn where more than two values are left.
    by_heat = heat_capacity(x, energy, variance)
    diagnostics["multiplicity_by_heat_capacity"] = by_heat
    second = credible(by_heat, s.level)
    if second is not None:
        estimates["m by heat capacity"] = second
    outcome, reason = curve.stop, curve.reason
    multiplicity: dict[int, float] | None = fit.multiplicity
    # The last third of the ladder must add little to E[βK].
    third = max(1, len(x) // 3)
    middle, end = float(energy[-2 * third : -third].mean()), float(energy[-third:].mean())
    apart = float(x[-third:].mean() - x[-2 * third : -third].mean())
    unread = ""
    if end > (1 + min(0.25, _RISE * apart)) * middle or -float(log_z[-1]) < 4.0:
        # A fit to levels at which e^{−λx} has not set in: λ = −14 for 3, say.
        unread = f"E[βK] has risen from {middle:.3g} to {end:.3g} at β = {math.exp(x[-1]):.1e}"
    elif slack > _UNREAD * fit.value:
        unread = f"E[βK] falls by {slack:.3g} at the last β, {math.exp(x[-1]):.1e}"
    if unread:
        estimates.clear()
        multiplicity = None
        reason = f"m and λ are not identifiable at this depth: {unread}" + (
            f"; {reason}" if reason else ""
        )
        if outcome in (Outcome.OK, Outcome.FLOOR):
            outcome = Outcome.NOT_MIXED
    elif outcome is Outcome.FLOOR and len(x) >= 2 * FEWEST:
        outcome = Outcome.OK
    if outcome is Outcome.OK and leaves_center(curve):
        outcome = Outcome.BIASED_TARGET
        reason = (
            f"the Gaussian reaches a worse singularity than w* (the share near w* fell from 0.5 to "
            f"{curve.inner[-1]:.2g}): use a smaller sigma"
        )
    noise = float(behind.std(ddof=1)) / math.sqrt(len(behind))
    if outcome is Outcome.OK and slack > max(_APART * fit.value, 3 * noise):
        outcome = Outcome.NOT_MIXED
        reason = (
            f"the particles lag: E[βK] falls by {slack:.3g} at β = {math.exp(x[-1]):.1e} where "
            "they move on: use more rounds"
        )
    left = float(np.median(islands.share(w)))
    if outcome is Outcome.OK and left < _WORTH:
        outcome = Outcome.NOT_MIXED
        reason = f"replicates differ so much that {left:.0%} of them count: use more particles"
    if outcome is Outcome.OK and (fit.chi2 > 2.5 or fit.noise.slow > 0.6):
        outcome = Outcome.NOT_MIXED
        reason = (
            f"replicates disagree over many levels (slow share {fit.noise.slow:.2f}, "
            f"χ² {fit.chi2:.1f} per level)"
        )
    return outcome, reason, multiplicity


def free_energy_difference(
    first: Reading, second: Reading, log_beta: float | None = None
) -> Estimate:
    """F₂ − F₁ = log Z₁(β) − log Z₂(β) of two neighbourhoods (phases) at one temperature.

    first, second: readings of ``anneal`` with the same σ and dimension, around two centres of one
    loss. log_beta: where; by default the last x that both ladders reach. A positive difference says
    that the first phase is preferred. Intervals at the level of the first reading; errors are
    independent. Raises BadInput for readings of other devices, of unequal σ or dimension, or x
    outside a ladder.
    """
    for name, r in (("first", first), ("second", second)):
        if r.device != "anneal" or "log_z" not in r.diagnostics:
            raise BadInput(
                f"{name}: expected a reading of anneal with a ladder, received {r.device}"
            )
    widths = [r.diagnostics["sigma"] for r in (first, second)]
    if first.dim != second.dim or widths[0] != widths[1]:
        raise BadInput(
            "first, second: expected one dimension and one sigma, received "
            f"{first.dim}, {widths[0]} and {second.dim}, {widths[1]}"
        )
    ends = [(r.diagnostics["x"][0], r.diagnostics["x"][-1]) for r in (first, second)]
    at = min(b for _, b in ends) if log_beta is None else float(log_beta)
    if not all(a <= at <= b for a, b in ends):
        raise BadInput(f"log_beta: expected a point of both ladders {ends}, received {at}")

    def read(r: Reading, key: str) -> float:
        return float(np.interp(at, np.array(r.diagnostics["x"]), np.array(r.diagnostics[key])))

    value = read(first, "log_z") - read(second, "log_z")
    error = math.hypot(read(first, "log_z_error"), read(second, "log_z_error"))
    level = float(first.settings["level"])
    half = asymptotics.normal_quantile(level) * error
    return Estimate(value, value - half, value + half, level)


def plot(reading: Reading, ax: Any = None) -> Any:
    """E_β[βK] and Var_β(βK) against log β, with λ and its interval."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    d = reading.diagnostics
    if "energy" not in d:
        raise BadInput(f"plot: this reading has no ladder ({reading.outcome}: {reading.reason})")
    x, energy, error = (np.array(d[k]) for k in ("x", "energy", "energy_error"))
    ax.fill_between(x, energy - error, energy + error, alpha=0.3)
    ax.plot(x, energy, label="E[βK]")
    ax.plot(x, np.array(d["variance"]), ":", label="Var(βK)")
    e = reading.lambda_
    if math.isfinite(e.value):
        ax.axhspan(e.low, e.high, alpha=0.15, color="0.5")
        ax.axhline(e.value, ls="--", color="0.3", label=f"λ = {e.value:.4g}")
    ax.set_xlabel("x = log β")
    ax.set_title(f"{reading.loss_id}: λ = {e}")
    ax.legend()
    return ax


DEVICE = Device(
    name="anneal",
    summary="λ and m from a ladder of temperatures, up to 10⁵ parameters",
    scope="Says λ with an interval, P(m), log Z(β) and E[βK] along the ladder, for a loss with "
    "gradients. With chains, above 150 dimensions, it does not speak of m; m is not identified "
    "reliably beyond a few dimensions.",
    Settings=LadderSettings,
    run=anneal,
    plot=plot,
)
