"""The field's estimator of the local learning coefficient, and the same target sampled without
discretisation error.

    λ̂ = nβ·(E_β[L] − L(w*)),   β = 1/log n,   E over exp(−nβL(w) − γ|w − w*|²/2)

Lau, Furman, Wang, Murfet, Wei 2023 ("The local learning coefficient"), as in ``devinterp``. Device
``llc`` samples by SGLD and is kept as the field defines it: the baseline. Device ``llc-mala``
samples the same target by Metropolis-adjusted Langevin steps, so that its error is the target's
bias and Monte Carlo noise alone. That bias stays: for multiplicity m the target is about λ − (m −
1)/log n (on w₁²w₂² at n = 10⁴, γ = 1 it is 0.78 λ).

Here n is a setting: the loss may be a population loss K, which then stands for L.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.base import (
    BadLoss,
    Budget,
    BudgetSpent,
    Estimate,
    Meter,
    Outcome,
    Reading,
    settings_of,
    versions,
)
from singularity_lab.spectroscopes.diagnostics import effective_sample_size, split_r_hat
from singularity_lab.spectroscopes.kernels import mala, sgld
from singularity_lab.spectroscopes.loss import Loss

_KEPT = 400  # draws kept per chain for R-hat, ESS and the trace
_LEVEL = 0.9


@dataclass(frozen=True)
class Settings:
    """n: sample size; beta: inverse temperature, None for 1/log n; gamma: localisation strength.

    epsilon: SGLD step. chains, burn_in, draws: chains run at once, steps thrown away, steps
    averaged. minibatch: use the loss's own minibatches, a fresh one for every chain and step.
    """

    n: float = 10_000.0
    beta: float | None = None
    gamma: float = 1.0
    epsilon: float = 1e-4
    chains: int = 128
    burn_in: int = 10_000
    draws: int = 10_000
    minibatch: bool = False

    def __post_init__(self) -> None:
        _check(self)
        if not self.epsilon > 0:
            raise BadInput(f"epsilon: expected a positive step, got {self.epsilon}")


@dataclass(frozen=True)
class MalaSettings:
    """As :class:`Settings`; steps range over ``scales`` log-spaced sizes, with weights learned in
    burn-in.

    smallest, largest: range of ε; None for 10⁻³/(nβ·h) … 1/γ, h the largest Hessian eigenvalue
    within the localisation.
    """

    n: float = 10_000.0
    beta: float | None = None
    gamma: float = 1.0
    chains: int = 256
    burn_in: int = 2_000
    draws: int = 4_000
    scales: int = 20
    smallest: float | None = None
    largest: float | None = None

    def __post_init__(self) -> None:
        _check(self)


def _check(s: Any) -> None:
    if not s.n > 1:
        raise BadInput(f"n: expected a sample size above 1, got {s.n}")
    if not (s.beta is None or s.beta > 0):
        raise BadInput(f"beta: expected a positive inverse temperature or None, got {s.beta}")
    if not s.gamma >= 0:
        raise BadInput(f"gamma: expected γ ≥ 0, got {s.gamma}")
    if s.chains < 2 or s.draws < 8 or s.burn_in < 0:
        raise BadInput(
            "chains, draws, burn_in: expected at least 2, 8 and 0, "
            f"got {s.chains}, {s.draws} and {s.burn_in}"
        )


def _nbeta(s: Any) -> float:
    return float(s.n * (1 / math.log(s.n) if s.beta is None else s.beta))


# ---------------------------------------------------------------------------------- the average


class Average:
    """Running mean of K per chain over the draws (never over burn-in), and a thinned trace with
    it."""

    def __init__(self, chains: int, burn_in: int, draws: int) -> None:
        self.total = torch.zeros(chains, dtype=torch.float64)
        self.count = 0
        self.every = max(1, math.ceil(draws / _KEPT))
        self.every_burn = max(1, math.ceil(burn_in / _KEPT))
        self.trace: list[Tensor] = []
        self.burn_trace: list[Tensor] = []

    def add(self, value: Tensor) -> None:
        self.total += value
        if self.count % self.every == 0:
            self.trace.append(value.clone())
        self.count += 1

    def burn(self, t: int, value: Tensor) -> None:
        if t % self.every_burn == 0:
            self.burn_trace.append(value.clone())


def _reading(
    device: str,
    loss: Loss,
    meter: Meter,
    s: Any,
    seed: int,
    average: Average,
    nbeta: float,
    cut: str | None,
    extra: dict[str, Any],
    biased: str = "",
) -> Reading:
    """Per-chain estimates, their spread, R-hat and ESS, and the outcome that they allow."""
    estimates: dict[str, Estimate] = {}
    diagnostics: dict[str, Any] = {"nbeta": nbeta, **extra}
    outcome, reason = Outcome.OK, ""
    if average.count < 8:
        outcome, reason = Outcome.BUDGET, f"{cut} spent in burn-in"
    else:
        per_chain = nbeta * average.total / average.count
        finite = torch.isfinite(per_chain)
        trace = nbeta * torch.stack(average.trace, dim=1)
        lost = int((~finite).sum())
        kept, trace = per_chain[finite], trace[finite]
        diagnostics |= {
            "per_chain": per_chain.tolist(),
            "diverged_chains": lost,
            "draws": average.count,
            "trace_mean": trace.mean(0).tolist() if len(kept) else [],
            "burn_in_trace_mean": [
                float(nbeta * v[finite].mean()) if len(kept) else None for v in average.burn_trace
            ],
        }
        if len(kept) >= 2:
            mean, spread = float(kept.mean()), float(kept.std())
            half = 1.645 * spread / math.sqrt(len(kept))
            estimates["lambda"] = Estimate(mean, mean - half, mean + half, _LEVEL)
            r_hat = split_r_hat(trace.numpy())
            ess = effective_sample_size(trace.numpy())
            diagnostics |= {"chain_std": spread, "r_hat": r_hat, "ess": ess}
            if mean < -2 * half:
                outcome = Outcome.BAD_LOSS
                reason = "w* is no minimum: the mean loss of the chains is below L(w*)"
            elif r_hat > 1.1 or ess < 4 * len(kept):
                outcome = Outcome.NOT_MIXED
                reason = f"R-hat {r_hat:.3g}, {ess:.0f} effective draws over {len(kept)} chains"
            elif mean > 10 * loss.dim:
                outcome = Outcome.DIVERGED
                reason = f"λ̂ = {mean:.3g} is far above d/2 = {loss.dim / 2:g}: step too large"
            elif cut is not None:
                outcome, reason = Outcome.BUDGET, f"{cut} spent after {average.count} draws"
            elif biased:
                outcome, reason = Outcome.BIASED_TARGET, biased
        if lost:
            outcome = Outcome.DIVERGED
            reason = f"{lost} of {len(per_chain)} chains left the finite numbers"
    return Reading(
        device=device,
        loss_id=loss.loss_id,
        dim=loss.dim,
        settings=asdict(s),
        seed=seed,
        estimates=estimates,
        multiplicity=None,
        outcome=outcome,
        reason=reason,
        cost=meter.cost(),
        diagnostics=diagnostics,
        versions=versions(),
    )


def _walls(loss: Loss) -> tuple[Tensor | None, Tensor | None]:
    """Walls as displacements, columns (d, 1)."""
    if loss.domain is None:
        return None, None
    lower = torch.tensor(loss.domain.lower, dtype=torch.float64) - loss.center
    upper = torch.tensor(loss.domain.upper, dtype=torch.float64) - loss.center
    return lower[:, None], upper[:, None]


# ---------------------------------------------------------------------------------- SGLD


def llc(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ̂ = nβ(E[L] − L(w*)) by SGLD from w*, chains batched. See :class:`Settings`.

    The interval is for the chains' mean (spread over chains / √chains), not for λ: it knows
    neither the bias of the target, nor that of the step. Chains reflect at the walls of a domain.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> r = measure("llc", square, seed=0, n=1000, epsilon=1e-3, burn_in=500, draws=2000)
    >>> abs(r.lambda_.value - 0.5) < 0.05
    True
    """
    s = settings_of(Settings, settings, "llc")
    meter = Meter(loss, budget)
    generator = torch.Generator().manual_seed(seed)
    nbeta = _nbeta(s)
    gradient: Callable[[Tensor], tuple[Tensor, Tensor]] = meter.k_and_grad
    if s.minibatch:
        draw = getattr(loss, "stochastic_value_and_grad", None)
        if draw is None:
            raise BadInput(f"minibatch: loss {loss.loss_id} has no stochastic_value_and_grad")
        gradient = meter.counted(lambda u: draw(u + loss.center, generator))
    lower, upper = _walls(loss)
    average = Average(s.chains, s.burn_in, s.draws)
    cut = None
    try:
        state = sgld.init(torch.zeros((loss.dim, s.chains), dtype=torch.float64), gradient)
        if not bool(torch.isfinite(state.gradient).all()):
            raise BadLoss("the gradient at the centre is not finite", meter.counts())
        for t in range(s.burn_in + s.draws):
            state = sgld.step(
                state,
                gradient,
                epsilon=s.epsilon,
                nbeta=nbeta,
                gamma=s.gamma,
                generator=generator,
                lower=lower,
                upper=upper,
            )
            if t < s.burn_in:
                average.burn(t, state.value)
            else:
                average.add(state.value)
    except BudgetSpent as error:
        cut = str(error)
    biased = "the prior factor ∏|w|^τ is not part of this estimator" * bool(loss.prior_exponents)
    return _reading("llc", loss, meter, s, seed, average, nbeta, cut, {}, biased)


# ---------------------------------------------------------------------------------- MALA


def potential(meter: Meter, nbeta: float, gamma: float) -> mala.Potential:
    """U = nβK + γ|u|²/2 − Σ τᵢ log|wᵢ| on columns (d, c), +∞ outside the domain or where K is not
    finite."""
    lower, upper = _walls(meter.loss)
    tau = meter.loss.prior_exponents
    exponents = None if tau is None else torch.tensor(tau, dtype=torch.float64)[:, None]
    center = meter.loss.center[:, None]

    def evaluate(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        value, grad = meter.k_and_grad(u.t())
        slope = nbeta * grad.t() + gamma * u
        total = nbeta * value + 0.5 * gamma * (u * u).sum(0)
        if exponents is not None:
            w = u + center
            total = total - (exponents * torch.log(w.abs())).sum(0)
            slope = slope - exponents / w
        if lower is not None and upper is not None:
            outside = ((u < lower) | (u > upper)).any(0)
            total = torch.where(outside, math.inf, total)
        return total, slope, value

    return evaluate


def curvature(meter: Meter, radius: float, generator: torch.Generator, count: int = 64) -> float:
    """Largest |∇K(u + δv) − ∇K(u)|/δ over random points within the radius and random unit
    directions v."""
    d = meter.loss.dim
    u = radius * torch.randn((count, d), generator=generator, dtype=torch.float64) / math.sqrt(d)
    v = torch.randn((count, d), generator=generator, dtype=torch.float64)
    v = v / v.norm(dim=1, keepdim=True)
    delta = 1e-4 * radius
    _, a = meter.k_and_grad(u)
    _, b = meter.k_and_grad(u + delta * v)
    h = (b - a).norm(dim=1) / delta
    h = h[torch.isfinite(h)]
    return float(h.max()) if len(h) else math.inf


def sample(
    meter: Meter,
    s: MalaSettings,
    nbeta: float,
    generator: torch.Generator,
    average: Average,
) -> mala.Steps:
    """Run MALA for exp(−nβK − γ|u|²/2): warm-up with adaptation, then draws into ``average``."""
    loss = meter.loss
    radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
    h = nbeta * curvature(meter, radius, generator) + s.gamma
    largest = radius**2 if s.largest is None else s.largest
    smallest = min(1e-3 * largest, 0.1 / h) if s.smallest is None else s.smallest
    if not (0 < smallest < largest < math.inf):
        raise BadLoss(f"no step size fits a curvature of {h:.3g}", meter.counts())
    steps = mala.steps(smallest, largest, s.scales)
    evaluate = potential(meter, nbeta, s.gamma)
    start = torch.zeros((loss.dim, s.chains), dtype=torch.float64)
    if loss.domain is not None or loss.prior_exponents is not None:
        # Start inside: at a wall, or where a prior factor vanishes, the potential is not smooth.
        start = start + 1e-3 * radius * torch.rand(
            start.shape, generator=generator, dtype=torch.float64
        )
    state = mala.init(start, evaluate)
    if not bool(torch.isfinite(state.potential).all()):
        raise BadLoss("the loss is not finite near the centre", meter.counts())
    for t in range(s.burn_in):
        state = mala.step(state, steps, evaluate, generator, count=True)
        average.burn(t, state.value)
        if t % 50 == 49:
            steps = mala.adapt(steps)
    for _ in range(s.draws):
        state = mala.step(state, steps, evaluate, generator)
        average.add(state.value)
    return steps


def llc_mala(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ̂ = nβ(E[L] − L(w*)) with the same target as :func:`llc`, by Metropolis-adjusted Langevin
    steps.

    No discretisation error: what is left is the bias of the target and Monte Carlo noise. Domain
    and monomial prior belong to the target exactly. See :class:`MalaSettings`.
    """
    s = settings_of(MalaSettings, settings, "llc-mala")
    meter = Meter(loss, budget)
    generator = torch.Generator().manual_seed(seed)
    nbeta = _nbeta(s)
    average = Average(s.chains, s.burn_in, s.draws)
    cut, extra = None, {}
    try:
        steps = sample(meter, s, nbeta, generator, average)
        extra = {
            "epsilon": steps.epsilon.tolist(),
            "step_weights": steps.weights.tolist(),
            "acceptance": (steps.accepted / steps.tried).tolist(),
        }
    except BudgetSpent as error:
        cut = str(error)
    return _reading("llc-mala", loss, meter, s, seed, average, nbeta, cut, extra)


# ---------------------------------------------------------------------------------- plot


def plot(reading: Reading, ax: Any = None) -> Any:
    """nβK averaged over chains along burn-in and draws, with the estimate and its interval."""
    import matplotlib.pyplot as plt

    ax = ax if ax is not None else plt.subplots()[1]
    burn = np.array(reading.diagnostics["burn_in_trace_mean"], dtype=float)
    draws = np.array(reading.diagnostics["trace_mean"], dtype=float)
    s, done = reading.settings, reading.diagnostics["draws"]
    ax.plot(np.linspace(-s["burn_in"], 0, len(burn), endpoint=False), burn, color="0.7")
    ax.plot(np.linspace(0, done, len(draws), endpoint=False), draws)
    e = reading.lambda_
    ax.axhspan(e.low, e.high, alpha=0.3)
    ax.axhline(e.value, ls="--")
    ax.set_xlabel("step after burn-in")
    ax.set_ylabel("nβ(L − L*) averaged over chains")
    ax.set_title(f"{reading.device} on {reading.loss_id}: {reading.outcome}")
    return ax
