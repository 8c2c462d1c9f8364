"""The field's estimator of the local learning coefficient, and the same target sampled without
discretisation error.

    λ̂ = nβ·(E_β[L] − L(w*)),   β = 1/log n,   E over exp(−nβL(w) − γ|w − w*|²/2)

Lau, Furman, Wang, Murfet, Wei 2023 ("The local learning coefficient"), as in ``devinterp``. Device
``llc`` samples by SGLD, RMSprop-SGLD or SGNHT, and is kept as the field defines it: the baseline.
Devices ``llc-mala`` and ``llc-hmc`` sample the same target by Metropolis-adjusted Langevin steps
and by Hamiltonian trajectories, so that their error is the target's bias and Monte Carlo noise
alone. That bias stays: for multiplicity m the target is about λ − (m − 1)/log n (on w₁²w₂² at n =
10⁴, γ = 1 it is 0.78 λ).

Here n is a setting: the loss may be a population loss K, which then stands for L.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.extras import pyplot
from singularity_lab.spectroscopes.base import (
    BadLoss,
    Budget,
    BudgetSpent,
    Estimate,
    Meter,
    Outcome,
    Reading,
    current_run,
    settings_of,
)
from singularity_lab.spectroscopes.diagnostics import effective_sample_size, split_r_hat
from singularity_lab.spectroscopes.kernels import hmc, mala, sgld, sgnht
from singularity_lab.spectroscopes.loss import Loss

_KEPT = 400  # draws kept per chain for R-hat, ESS and the trace
_SHOWN = 512  # chains whose trace is kept
_LEVEL = 0.9
_SAMPLERS = ("sgld", "rmsprop", "sgnht")
_EVERY = 128  # steps between two looks at the clock of the checkpoints


@dataclass(frozen=True)
class Settings:
    """n: sample size; beta: inverse temperature, None for 1/log n; gamma: localisation strength.

    sampler: sgld, rmsprop or sgnht. epsilon: its step (of SGNHT h², with h its step in time); None
    takes 0.2/(nβh + γ), h the largest curvature within the localisation. chains, burn_in, draws:
    chains run at once, steps thrown away, steps averaged. minibatch: use the loss's own
    minibatches, a fresh one for every chain and step. halving: run again at ε/2, report both and
    their extrapolation, and call the target biased where they differ. divergence, decay,
    stability: of RMSprop-SGLD, the term Γ, α and δ. friction: A of SGNHT. precision: of the chains;
    single is about twice as fast, and right while nβK is far above nβ·2⁻⁴⁸. device: of torch.
    """

    n: float = 10_000.0
    beta: float | None = None
    gamma: float = 1.0
    sampler: str = "sgld"
    epsilon: float | None = 1e-4
    chains: int = 128
    burn_in: int = 10_000
    draws: int = 10_000
    minibatch: bool = False
    halving: bool = False
    divergence: bool = True
    decay: float = 0.99
    stability: float = 0.1
    friction: float = 1.0
    precision: str = "double"
    device: str = "cpu"

    def __post_init__(self) -> None:
        _check(self)
        if self.sampler not in _SAMPLERS:
            raise BadInput(f"sampler: expected one of {_SAMPLERS}, got {self.sampler!r}")
        if not (self.epsilon is None or self.epsilon > 0):
            raise BadInput(f"epsilon: expected a positive step or None, got {self.epsilon}")
        if not (0 <= self.decay < 1 and self.stability > 0 and self.friction > 0):
            raise BadInput(
                "decay, stability, friction: expected in [0, 1), > 0 and > 0, "
                f"got {self.decay}, {self.stability} and {self.friction}"
            )
        if self.precision not in ("double", "single"):
            raise BadInput(f"precision: expected double or single, got {self.precision!r}")


@dataclass(frozen=True)
class MalaSettings:
    """As :class:`Settings`; steps range over ``scales`` log-spaced sizes, with weights learned in
    burn-in.

    smallest, largest: range of ε; None for 10⁻³/(nβ·h) … 1/γ, h the largest Hessian eigenvalue
    within the localisation. heated: every second chain begins its warm-up where nβ·h is γ, and
    cools (geometrically, over three quarters of it). A chain from w* takes long to walk outwards
    along a valley and reads low; one that cools lags behind and reads high: what they disagree on
    has not mixed. None for that up to ten parameters; above, all chains begin at w*.
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
    heated: bool | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True)
class HmcSettings(MalaSettings):
    """As :class:`MalaSettings`; leapfrogs: at most so many in a trajectory (their number is
    uniform). smallest, largest: range of the leapfrog step, √ of that of MALA's ε. A draw is a
    trajectory, (leapfrogs + 1)/2 gradients a chain."""

    burn_in: int = 400
    draws: int = 800
    scales: int = 16
    leapfrogs: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.leapfrogs < 1:
            raise BadInput(f"leapfrogs: expected at least 1, got {self.leapfrogs}")


_COOL = 8  # steps between the temperatures of a heated warm-up


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


def _generator(s: Any, seed: int) -> torch.Generator:
    """The one source of randomness of a run, on the device where the chains live."""
    try:
        return torch.Generator(device=s.device).manual_seed(seed)
    except RuntimeError as error:
        raise BadInput(f"device: torch cannot compute on {s.device!r}: {error}") from error


# ---------------------------------------------------------------------------------- the average


class Average:
    """Running mean of K per chain over the draws (never over burn-in), and a thinned trace with
    it."""

    def __init__(
        self, chains: int, burn_in: int, draws: int, device: torch.device | str = "cpu"
    ) -> None:
        self.total = torch.zeros(chains, dtype=torch.float64, device=device)
        self.count = 0
        self.every = max(1, math.ceil(draws / _KEPT))
        self.every_burn = max(1, math.ceil(burn_in / _KEPT))
        self.trace: list[Tensor] = []
        self.burn_trace: list[Tensor] = []

    def add(self, value: Tensor) -> None:
        """One draw of every chain."""
        self.total += value
        if self.count % self.every == 0:
            self.trace.append(value[:_SHOWN].to(torch.float64, copy=True))
        self.count += 1

    def burn(self, t: int, value: Tensor) -> None:
        """One step of burn-in: traced, not averaged."""
        if t % self.every_burn == 0:
            self.burn_trace.append(value[:_SHOWN].to(torch.float64, copy=True))

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "total": self.total,
            "count": self.count,
            "trace": list(self.trace),
            "burn_trace": list(self.burn_trace),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Back to :meth:`state`."""
        self.total, self.count = state["total"], state["count"]
        self.trace, self.burn_trace = state["trace"], state["burn_trace"]


def _plain(x: Any) -> dict[str, Any]:
    """The fields of a frozen state, as a checkpoint keeps them."""
    return {f.name: getattr(x, f.name) for f in fields(x)}


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
    more: dict[str, Estimate] | None = None,
) -> Reading:
    """Per-chain estimates, their spread, R-hat and ESS, and the outcome that they allow."""
    estimates: dict[str, Estimate] = {}
    diagnostics: dict[str, Any] = {"nbeta": nbeta, **extra}
    outcome, reason = Outcome.OK, ""
    if average.count < 8:
        outcome, reason = Outcome.BUDGET, f"{cut} spent in burn-in"
    else:
        per_chain = (nbeta * average.total / average.count).cpu()
        finite = torch.isfinite(per_chain)
        trace = nbeta * torch.stack(average.trace, dim=1).cpu()
        lost = int((~finite).sum())
        kept, shown = per_chain[finite], finite[:_SHOWN]
        trace = trace[shown]
        diagnostics |= {
            "per_chain": per_chain[:_SHOWN].tolist(),
            "diverged_chains": lost,
            "draws": average.count,
            "trace_mean": trace.mean(0).tolist() if len(trace) else [],
            "burn_in_trace_mean": [
                float(nbeta * v.cpu()[shown].mean()) if len(trace) else None
                for v in average.burn_trace
            ],
        }
        if len(kept) >= 2 and len(trace) >= 2:
            mean, spread = float(kept.mean()), float(kept.std())
            half = 1.645 * spread / math.sqrt(len(kept))
            estimates["lambda"] = Estimate(mean, mean - half, mean + half, _LEVEL)
            r_hat = split_r_hat(trace.numpy())
            ess = effective_sample_size(trace.numpy())
            diagnostics |= {"chain_std": spread, "r_hat": r_hat, "ess": ess}
            if mean < -2 * half:
                outcome = Outcome.BAD_LOSS
                reason = "w* is no minimum: the mean loss of the chains is below L(w*)"
            elif mean == 0.0 and spread == 0.0:
                outcome = Outcome.BAD_LOSS
                reason = "the loss is constant where the chains went: nothing to measure"
            elif cut is not None:
                outcome, reason = Outcome.BUDGET, f"{cut} spent after {average.count} draws"
            elif r_hat > 1.1 or ess < 4 * len(trace):
                outcome = Outcome.NOT_MIXED
                reason = f"R-hat {r_hat:.3g}, {ess:.0f} effective draws over {len(trace)} chains"
            elif mean > 10 * loss.dim:
                outcome = Outcome.DIVERGED
                reason = f"λ̂ = {mean:.3g} is far above d/2 = {loss.dim / 2:g}: step too large"
            elif biased:
                outcome, reason = Outcome.BIASED_TARGET, biased
        if lost:
            outcome = Outcome.DIVERGED
            reason = f"{lost} of {len(per_chain)} chains left the finite numbers"
    return meter.reading(
        device, s, seed, estimates | (more or {} if estimates else {}), outcome, reason, diagnostics
    )


def _walls(loss: Loss, device: str | torch.device = "cpu") -> tuple[Tensor | None, Tensor | None]:
    """Walls as displacements, columns (d, 1)."""
    if loss.domain is None:
        return None, None
    center = loss.center.to("cpu", torch.float64)
    lower = torch.tensor(loss.domain.lower, dtype=torch.float64) - center
    upper = torch.tensor(loss.domain.upper, dtype=torch.float64) - center
    return lower[:, None].to(device), upper[:, None].to(device)


# ---------------------------------------------------------------------------------- SGLD, SGNHT


def _langevin(
    s: Settings,
    epsilon: float,
    nbeta: float,
    gradient: sgld.Gradient,
    generator: torch.Generator,
    walls: tuple[Tensor | None, Tensor | None],
) -> tuple[Callable[[Tensor], Any], Callable[[Any], Any], type]:
    """``init`` and ``step`` of the chosen sampler, its numbers filled in, and its state's type."""
    common: dict[str, Any] = {
        "nbeta": nbeta, "gamma": s.gamma, "generator": generator,
        "lower": walls[0], "upper": walls[1],
    }  # fmt: skip
    if s.sampler == "sgnht":
        return (
            lambda u: sgnht.init(u, gradient, generator, friction=s.friction),
            lambda x: sgnht.step(
                x, gradient, h=math.sqrt(epsilon), friction=s.friction, **common
            ),
            sgnht.State,
        )  # fmt: skip
    if s.sampler == "rmsprop":
        return (
            lambda u: sgld.init(u, gradient, rmsprop=True),
            lambda x: sgld.rmsprop_step(
                x, gradient, epsilon=epsilon, decay=s.decay, stability=s.stability,
                divergence=s.divergence, **common,
            ),
            sgld.State,
        )  # fmt: skip
    return (
        lambda u: sgld.init(u, gradient),
        lambda x: sgld.step(x, gradient, epsilon=epsilon, **common),
        sgld.State,
    )


def llc(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ̂ = nβ(E[L] − L(w*)) by SGLD (or RMSprop-SGLD, SGNHT) from w*, chains batched. See
    :class:`Settings`.

    The interval is for the chains' mean (spread over chains / √chains), not for λ: it knows
    neither the bias of the target, nor that of the step (``halving`` looks for the latter). Chains
    reflect at the walls of a domain.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> r = measure("llc", square, seed=0, n=1000, epsilon=1e-3, burn_in=500, draws=2000)
    >>> abs(r.lambda_.value - 0.5) < 0.05
    True
    """
    s = settings_of(Settings, settings, "llc")
    meter = Meter(loss, budget)
    generator = _generator(s, seed)
    nbeta = _nbeta(s)
    gradient: sgld.Gradient = meter.k_and_grad
    if s.minibatch:
        draw = getattr(loss, "stochastic_value_and_grad", None)
        if draw is None:
            raise BadInput(f"minibatch: loss {loss.loss_id} has no stochastic_value_and_grad")
        center = loss.center.to(s.device)
        gradient = meter.counted(lambda u: draw(u + center, generator))
    dtype = torch.float64 if s.precision == "double" else torch.float32
    walls = _walls(loss, s.device)
    run, cut = current_run(), None
    saved = run.restore()
    epsilon = s.epsilon
    if epsilon is None:
        if saved is None:
            radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
            h = curvature(meter, radius, torch.Generator().manual_seed(seed))
            epsilon = 0.2 / (nbeta * h + s.gamma)
            if not 0 < epsilon < math.inf:
                raise BadLoss(f"no step fits a curvature of {h:.3g}", meter.counts())
        else:
            epsilon = saved["epsilon"]
    rounds = [Average(s.chains, s.burn_in, s.draws, s.device) for _ in range(1 + s.halving)]
    total = s.burn_in + s.draws
    first, begin, state = 0, 0, None
    if saved is not None:
        first, begin = saved["round"], saved["t"]
        for average, kept in zip(rounds, saved["averages"], strict=True):
            average.resume(kept)
        generator.set_state(saved["generator"])
        meter.resume(saved["meter"])
    try:
        for k in range(first, len(rounds)):
            init, step, kind = _langevin(s, epsilon / 2**k, nbeta, gradient, generator, walls)
            average = rounds[k]
            if saved is not None and k == first:
                state = kind(**saved["state"])
            else:
                begin = 0
                state = init(torch.zeros((loss.dim, s.chains), dtype=dtype, device=s.device))
                if not bool(torch.isfinite(state.gradient).all()):
                    raise BadLoss("the gradient at the centre is not finite", meter.counts())
            for t in range(begin, total):
                if t % _EVERY == 0:
                    run.keep(
                        lambda k=k, t=t, state=state: {  # type: ignore[misc]
                            "round": k, "t": t, "epsilon": epsilon, "state": _plain(state),
                            "averages": [a.state() for a in rounds],
                            "generator": generator.get_state(), "meter": meter.state(),
                        },
                        (k + t / total) / len(rounds),
                        f"step {t} of {total}",
                    )  # fmt: skip
                state = step(state)
                if t < s.burn_in:
                    average.burn(t, state.value)
                else:
                    average.add(state.value)
    except BudgetSpent as error:
        cut = str(error)
    biased = "the prior factor ∏|w|^τ is not part of this estimator" * bool(loss.prior_exponents)
    extra: dict[str, Any] = {"epsilon": epsilon, "sampler": s.sampler}
    if s.gamma > 0:
        extra["relaxation_steps"] = 2 / (epsilon * s.gamma)
    more: dict[str, Estimate] = {}
    if s.halving and rounds[1].count >= 8:
        whole, half = (nbeta * (a.total / a.count).cpu() for a in rounds)
        values = [float(x.mean()) for x in (whole, half)]
        errors = [1.645 * float(x.std()) / math.sqrt(s.chains) for x in (whole, half)]
        straight = 2 * values[1] - values[0]
        spread = math.hypot(2 * errors[1], errors[0])
        more["lambda at half the step"] = Estimate(
            values[1], values[1] - errors[1], values[1] + errors[1], _LEVEL
        )
        more["lambda extrapolated"] = Estimate(
            straight, straight - spread, straight + spread, _LEVEL
        )
        gap, noise = values[0] - values[1], math.hypot(*errors)
        extra["halving"] = {"difference": gap, "error": noise}
        if abs(gap) > 1.5 * noise and abs(gap) > 0.02 * abs(values[0]) and not biased:
            biased = (
                f"halving the step changes the estimate by {-gap:.3g} ± {noise:.2g}: discretisation"
            )
    return _reading("llc", loss, meter, s, seed, rounds[0], nbeta, cut, extra, biased, more)


# ---------------------------------------------------------------------------------- MALA, HMC


def potential(meter: Meter, nbeta: float | Tensor, gamma: float) -> mala.Potential:
    """U = nβK + γ|u|²/2 − Σ τᵢ log|wᵢ| on columns (d, c), +∞ outside the domain or where K is not
    finite."""
    tau = meter.loss.prior_exponents
    device = torch.device("cpu")
    walls = _walls(meter.loss)
    exponents = None if tau is None else torch.tensor(tau, dtype=torch.float64)[:, None]
    center = meter.loss.center[:, None]

    def evaluate(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        nonlocal device, walls, exponents, center
        if u.device != device:
            device = u.device
            walls, center = _walls(meter.loss, device), center.to(device)
            exponents = None if exponents is None else exponents.to(device)
        value, grad = meter.k_and_grad(u.t())
        slope = nbeta * grad.t() + gamma * u
        total = nbeta * value + 0.5 * gamma * (u * u).sum(0)
        if exponents is not None:
            w = u + center
            total = total - (exponents * torch.log(w.abs())).sum(0)
            slope = slope - exponents / w
        lower, upper = walls
        if lower is not None and upper is not None:
            outside = ((u < lower) | (u > upper)).any(0)
            total = torch.where(outside, math.inf, total)
        return total, slope, value

    return evaluate


def curvature(meter: Meter, radius: float, generator: torch.Generator, count: int = 64) -> float:
    """Largest |∇K(u + δv) − ∇K(u)|/δ over random points within the radius and random unit
    directions v."""
    d, device = meter.loss.dim, generator.device
    shape = (count, d)
    u = torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
    u = radius * u / math.sqrt(d)
    v = torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
    v = v / v.norm(dim=1, keepdim=True)
    delta = 1e-4 * radius
    _, a = meter.k_and_grad(u)
    _, b = meter.k_and_grad(u + delta * v)
    h = (b - a).norm(dim=1) / delta
    h = h[torch.isfinite(h)]
    return float(h.max()) if len(h) else math.inf


def _start(loss: Loss, s: Any, radius: float, generator: torch.Generator) -> Tensor:
    """Columns (d, c) at the centre; a little inside where a wall or a prior factor makes the
    potential rough there."""
    start = torch.zeros((loss.dim, s.chains), dtype=torch.float64, device=s.device)
    if loss.domain is None and loss.prior_exponents is None:
        return start
    shift = torch.rand(start.shape, generator=generator, dtype=torch.float64, device=s.device)
    lower, upper = _walls(loss, s.device)
    # Never very near to it: at w the prior factor has the slope τ/w, and steps must be below w².
    shift = 1e-2 * radius * (0.5 + 0.5 * shift)
    if lower is not None and upper is not None:
        # Towards the inside, and never beyond the other wall.
        sign = torch.where(upper > -lower, 1.0, -1.0)
        width = torch.minimum(upper - lower, torch.ones_like(upper))
        shift = sign * shift * width
    return start + shift


def sample(
    meter: Meter,
    s: Any,
    nbeta: float,
    generator: torch.Generator,
    average: Average,
    also: Callable[[Tensor], None] | None = None,
    kernel: str = "mala",
    part: tuple[int, int] = (0, 1),
    heated: bool = False,
) -> Any:
    """Run MALA or HMC for exp(−nβK − γ|u|²/2): warm-up with adaptation, then draws into
    ``average``.

    also: called with every draw's positions (c, d). part: (k, of): which of several runs this is,
    for checkpoints and progress. heated: every second chain begins its warm-up hot.
    Returns the histogram of steps.
    """
    loss, run = meter.loss, current_run()
    radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
    cooling = 3 * s.burn_in // 4 if heated and s.gamma > 0 and s.burn_in >= 16 else -1
    odd = (torch.arange(s.chains, device=s.device) % 2).double()
    evaluate = potential(meter, nbeta, s.gamma)
    resumable = also is None and part[1] == 1
    saved = run.restore() if resumable else None
    root = 0.5 if kernel == "hmc" else 1.0
    state: Any
    steps: Any

    def target(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        total, slope, value = evaluate(u.t())
        return total, slope.t(), value

    def begin_at(position: Tensor) -> Any:
        return hmc.init(position, target) if kernel == "hmc" else mala.init(position, evaluate)

    if saved is None:
        h = nbeta * curvature(meter, radius, generator) + s.gamma
        largest = (radius**2) ** root if s.largest is None else s.largest
        smallest = (
            min(1e-3 * radius**2, (0.01 if cooling > 0 else 0.1) / h) ** root
            if s.smallest is None
            else s.smallest
        )
        if not (0 < smallest < largest < math.inf):
            raise BadLoss(f"no step size fits a curvature of {h:.3g}", meter.counts())
        heat = s.gamma / h  # there the largest curvature is that of the localisation
        start = _start(loss, s, radius, generator)
        if kernel == "hmc":
            steps = hmc.steps(smallest, largest, s.scales, device=s.device)
            state = begin_at(start.t().contiguous())
        else:
            steps = mala.steps(smallest, largest, s.scales, device=s.device)
            state = begin_at(start)
        if not bool(torch.isfinite(state.potential).all()):
            raise BadLoss("the loss is not finite near the centre", meter.counts())
        begin = 0
    else:
        begin, heat = saved["t"], saved["heat"]
        average.resume(saved["average"])
        generator.set_state(saved["generator"])
        meter.resume(saved["meter"])
        kind = hmc if kernel == "hmc" else mala
        steps, state = kind.Steps(**saved["steps"]), kind.State(**saved["state"])
    total = s.burn_in + s.draws
    for t in range(begin, total):
        if t % 16 == 0:
            share, word = (
                (part[0] + t / total) / part[1],
                f"draw {max(0, t - s.burn_in)} of {s.draws}",
            )
            if resumable:
                run.keep(
                    lambda t=t, state=state, steps=steps: {  # type: ignore[misc]
                        "t": t,
                        "heat": heat,
                        "state": _plain(state),
                        "steps": _plain(steps),
                        "average": average.state(),
                        "generator": generator.get_state(),
                        "meter": meter.state(),
                    },
                    share,
                    word,
                )
            elif run.progress is not None:
                run.progress(share, word)
        if t <= cooling and (t % _COOL == 0 or t == cooling):
            left = 1.0 - (t if t == cooling else t - t % _COOL) / cooling
            evaluate = potential(meter, nbeta * heat ** (left * odd), s.gamma)
            state = begin_at(state.position)
        learn = t < s.burn_in
        if kernel == "hmc":
            state = hmc.step(state, steps, target, generator, leapfrogs=s.leapfrogs, learn=learn)
            if learn and t % 20 == 19:
                steps = hmc.adapt(steps)
        else:
            state = mala.step(state, steps, evaluate, generator, count=learn)
            if learn and t % 50 == 49:
                steps = mala.adapt(steps)
        if learn:
            average.burn(t, state.value)
        else:
            average.add(state.value)
            if also is not None:
                also(state.position if kernel == "hmc" else state.position.t())
    return steps


def _adjusted(name: str, s: Any, loss: Loss, seed: int, budget: Budget) -> Reading:
    """The reading of ``llc-mala`` or ``llc-hmc``."""
    meter = Meter(loss, budget)
    generator = _generator(s, seed)
    nbeta = _nbeta(s)
    average = Average(s.chains, s.burn_in, s.draws, s.device)
    cut, extra = None, {}
    try:
        heated = s.heated if s.heated is not None else loss.dim <= 10
        kernel = name.removeprefix("llc-")
        steps = sample(meter, s, nbeta, generator, average, kernel=kernel, heated=heated)
        rate = (steps.accepted + 1e-300) / (steps.tried + 1e-300)
        extra = {
            "epsilon": steps.epsilon.tolist(),
            "step_weights": steps.weights.reshape(-1).tolist(),
            "acceptance": rate.reshape(-1).tolist(),
        }
    except BudgetSpent as error:
        cut = str(error)
    return _reading(name, loss, meter, s, seed, average, nbeta, cut, extra)


def llc_mala(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ̂ = nβ(E[L] − L(w*)) with the same target as :func:`llc`, by Metropolis-adjusted Langevin
    steps.

    No discretisation error: what is left is the bias of the target and Monte Carlo noise. Domain
    and monomial prior belong to the target exactly. See :class:`MalaSettings`.
    """
    s = settings_of(MalaSettings, settings, "llc-mala")
    return _adjusted("llc-mala", s, loss, seed, budget)


def llc_hmc(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """As :func:`llc_mala`, by Hamiltonian trajectories: fewer, longer steps. See
    :class:`HmcSettings`.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> r = measure("llc-hmc", square, seed=0, burn_in=100, draws=200)
    >>> abs(r.lambda_.value - 0.5) < 0.03
    True
    """
    s = settings_of(HmcSettings, settings, "llc-hmc")
    return _adjusted("llc-hmc", s, loss, seed, budget)


# ---------------------------------------------------------------------------------- plot


def plot(reading: Reading, ax: Any = None) -> Any:
    """nβK averaged over chains along burn-in and draws, with the estimate and its interval."""
    plt = pyplot()

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
