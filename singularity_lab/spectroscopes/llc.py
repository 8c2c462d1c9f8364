"""The field's estimator of the local learning coefficient, and the same target sampled without
discretisation error.

    λ̂ = nβ·(E_β[L] − L(w*)),   β = 1/log n,   E over exp(−nβL(w) − γ|w − w*|²/2)

Lau, Furman, Wang, Murfet, Wei 2023 ("The local learning coefficient"), as in ``devinterp``. Device
``llc`` samples by SGLD, RMSprop-SGLD or SGNHT, and is kept as the field defines it: the baseline.
Devices ``llc-mala`` and ``llc-hmc`` sample the same target by Metropolis-adjusted Langevin steps
and by Hamiltonian trajectories, so that their error is the target's bias and Monte Carlo noise
alone. That bias stays: for multiplicity m the target is about λ − (m − 1)/log n (on w₁²w₂² at n =
10⁴, γ = 1 it is 0.78 λ).

Here n is a setting: the loss may be a population loss K, which then stands for L. What is read is
the estimate ``llc`` at this n, β and γ; no λ is claimed. Half of the chains begin at w*, half are
scattered as widely as the localisation allows, and SGLD takes ε in one half and ε/2 in the other:
:mod:`singularity_lab.spectroscopes.convergence` says when the outcome is ``ok``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
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
from singularity_lab.spectroscopes.convergence import Group, Judgement, interval, judge
from singularity_lab.spectroscopes.kernels import hmc, mala, sgld, sgnht
from singularity_lab.spectroscopes.loss import Loss

_KEPT = 400  # windows of draws kept per chain for R-hat, ESS and the trace
_SHOWN = 512  # chains whose averages are told; with more, fewer windows are kept
_LEVEL = 0.9
_BELOW = 3.0  # standard errors of a group of chains below L(w*)
_PROBE = 5  # steps between two looks at the batch that never changes
_SAMPLERS = ("sgld", "rmsprop", "sgnht")
_R_HAT_SGLD, _R_HAT = 1.2, 1.1  # largest allowed, of unadjusted and of adjusted chains
_EVERY = 128  # steps between two looks at the clock of the checkpoints


@dataclass(frozen=True)
class Settings:
    """n: sample size; beta: inverse temperature, None for 1/log n; gamma: localisation strength.

    sampler: sgld, rmsprop or sgnht. epsilon: its step (of SGNHT h², with h its step in time); None
    takes 0.2/(nβh + γ), h the largest Hessian eigenvalue at w*, near it, and again where the chains
    are during burn-in. chains, burn_in, draws: chains run at once, steps thrown away, steps
    averaged. minibatch: use the loss's own minibatches, a fresh one for every chain and step.
    check: run the four groups of :mod:`singularity_lab.spectroscopes.convergence`; False runs all
    chains from w* at the step ε, as the field does, and is never ``ok``. divergence, decay,
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
    check: bool = True
    divergence: bool = True
    decay: float = 0.99
    stability: float = 0.1
    friction: float = 1.0
    precision: str = "double"
    device: str = "cpu"

    def __post_init__(self) -> None:
        _check(self)
        if self.check and (self.chains % 4 or self.chains < 8):
            raise BadInput(
                "chains: expected a multiple of 4, at least 8 (four groups; check=False runs one), "
                f"got {self.chains}"
            )
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
    within the localisation. heated: the second half of the chains begins scattered, at a
    temperature where nβ·h is γ, and cools (geometrically, over three quarters of the warm-up), with
    step sizes of its own. A chain from w* takes long to walk outwards along a valley and reads low;
    one that cools lags behind and reads high: what they disagree on has not mixed. False starts all
    chains at w*, and is never ``ok``.
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
    heated: bool = True
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
    """Running mean of K per chain over the draws (never over burn-in), with averages over
    consecutive windows of draws, and of burn-in."""

    def __init__(
        self, chains: int, burn_in: int, draws: int, device: torch.device | str = "cpu"
    ) -> None:
        self.total = torch.zeros(chains, dtype=torch.float64, device=device)
        self.window = torch.zeros_like(self.total)
        self.count = 0
        kept = min(_KEPT, max(40, _KEPT * _SHOWN // chains))
        self.every = max(1, math.ceil(draws / kept))
        self.every_burn = max(1, math.ceil(burn_in / _KEPT))
        self.trace: list[Tensor] = []
        self.burn_trace: list[Tensor] = []
        self.probes: list[Tensor] = []

    def add(self, value: Tensor) -> None:
        """One draw of every chain."""
        self.total += value
        self.window += value
        self.count += 1
        if self.count % self.every == 0:
            self.trace.append(self.window / self.every)
            self.window = torch.zeros_like(self.total)

    def burn(self, t: int, value: Tensor) -> None:
        """One step of burn-in: traced, not averaged."""
        if t % self.every_burn == 0:
            self.burn_trace.append(value.to(torch.float64, copy=True))

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "total": self.total,
            "window": self.window,
            "count": self.count,
            "trace": list(self.trace),
            "burn_trace": list(self.burn_trace),
            "probes": list(self.probes),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Back to :meth:`state`."""
        self.total, self.window, self.count = state["total"], state["window"], state["count"]
        self.trace, self.burn_trace = state["trace"], state["burn_trace"]
        self.probes = state["probes"]

    def groups(self, factor: float, kinds: Sequence[Mapping[str, bool]]) -> list[Group]:
        """The chains in as many equal groups as there are kinds, in their order; the chains that
        left the finite numbers are left out. factor: multiplies K."""
        means = (factor * self.total / self.count).cpu().numpy()
        trace = (factor * torch.stack(self.trace, dim=1)).cpu().numpy()
        probes = (factor * torch.stack(self.probes, dim=1)).cpu().numpy() if self.probes else None
        out, size = [], len(means) // len(kinds)
        for k, kind in enumerate(kinds):
            part = np.arange(k * size, (k + 1) * size if k + 1 < len(kinds) else len(means))
            part = part[np.isfinite(means[part]) & np.isfinite(trace[part]).all(1)]
            probe = None if probes is None else probes[part]
            out.append(Group(means[part], trace[part], probe, **kind))
        return out


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
    kinds: Sequence[Mapping[str, bool]],
    r_hat: float,
    biased: str = "",
) -> Reading:
    """The estimate ``llc`` with its interval, the parts that it was made of, and the outcome."""
    estimates: dict[str, Estimate] = {}
    diagnostics: dict[str, Any] = {"nbeta": nbeta, "loss_at_centre": meter.offset, **extra}
    outcome, reason = Outcome.OK, ""
    if average.count < 8 or len(average.trace) < 4:
        outcome, reason = Outcome.BUDGET, f"{cut} spent in burn-in"
        return meter.reading(device, s, seed, estimates, outcome, reason, diagnostics)
    groups = average.groups(nbeta, kinds)
    means = (nbeta * average.total / average.count).cpu()
    lost = len(means) - sum(len(g.means) for g in groups)
    whole = np.concatenate([g.windows for g in groups])
    diagnostics |= {
        "per_chain": means[:_SHOWN].tolist(),
        "groups": [dict(kind) for kind in kinds],
        "diverged_chains": lost,
        "draws": average.count,
        "trace_mean": whole.mean(0).tolist() if len(whole) else [],
        "burn_in_trace_mean": [float(nbeta * v.cpu().nanmean()) for v in average.burn_trace],
    }
    if all(len(g.means) >= 2 for g in groups):
        verdict = judge(
            groups,
            r_hat=r_hat,
            relaxation=extra.get("relaxation_steps", 0.0),
            draws=average.count,
        )
        estimates["llc"] = e = verdict.interval(_LEVEL)
        for g in groups if len(groups) > 1 else []:
            name = ("scattered" if g.scattered else "from w*") + ", ε/2" * g.halved
            spread = float(g.means.std(ddof=1)) / math.sqrt(len(g.means))
            estimates[name] = interval(float(g.means.mean()), spread, len(g.means) - 1, _LEVEL)
        diagnostics |= verdict.numbers | {
            "standard_error": verdict.error,
            "loss_of_chains": meter.offset + e.value / nbeta,
        }
        outcome, reason = _outcome(loss, meter, s, verdict, e, cut, average.count, biased, groups)
    if lost:
        outcome = Outcome.DIVERGED
        reason = f"{lost} of {len(means)} chains left the finite numbers"
    return meter.reading(device, s, seed, estimates, outcome, reason, diagnostics)


def _outcome(
    loss: Loss,
    meter: Meter,
    s: Any,
    verdict: Judgement,
    e: Estimate,
    cut: str | None,
    draws: int,
    biased: str,
    groups: Sequence[Group],
) -> tuple[Outcome, str]:
    """The outcome of a run whose chains all stayed finite, and why."""
    if e.value == 0.0 and verdict.numbers["chain_std"] == 0.0:
        return (
            Outcome.BAD_LOSS,
            "the loss is constant where the chains went: nothing to measure",
        )
    below = [
        float(g.means.mean() + _BELOW * g.means.std(ddof=1) / math.sqrt(len(g.means))) < 0
        for g in groups
    ]
    if e.high < 0 or any(below):
        return Outcome.NO_MINIMUM, (
            "the chains find lower losses than L(w*): train on, hold the chains nearer (a larger "
            "gamma), or measure the loss against the checkpoint's own outputs"
        )
    if e.low > loss.dim / (2 if loss.domain is None and loss.prior_exponents is None else 1):
        return Outcome.DIVERGED, (
            f"{e.value:.3g} is above d/2 = {loss.dim / 2:g}, the most that a minimum can give: the "
            "chains have left the basin of w*, or the step is too large"
        )
    if cut is not None:
        return Outcome.BUDGET, f"{cut} spent after {draws} draws"
    if verdict.complaint:
        return (Outcome.BIASED_TARGET if verdict.biased else Outcome.NOT_MIXED), verdict.complaint
    if not any(g.scattered for g in groups):
        return Outcome.NOT_MIXED, "all chains began at w*: nothing shows that they have left it"
    if e.low < 0:
        return Outcome.NOT_MIXED, f"the interval [{e.low:.3g}, {e.high:.3g}] holds negative values"
    return (Outcome.BIASED_TARGET, biased) if biased else (Outcome.OK, "")


def _walls(loss: Loss, device: str | torch.device = "cpu") -> tuple[Tensor | None, Tensor | None]:
    """Walls as displacements, columns (d, 1)."""
    if loss.domain is None:
        return None, None
    center = loss.center.to("cpu", torch.float64)
    lower = torch.tensor(loss.domain.lower, dtype=torch.float64) - center
    upper = torch.tensor(loss.domain.upper, dtype=torch.float64) - center
    return lower[:, None].to(device), upper[:, None].to(device)


# ---------------------------------------------------------------------------------- SGLD, SGNHT


class _Minibatches:
    """∇K on fresh minibatches, and again on the rows of the last one."""

    def __init__(self, meter: Meter, loss: Any, generator: torch.Generator) -> None:
        self.generator = generator
        self.last = generator.get_state()
        center = loss.center.to(generator.device)
        draw = loss.stochastic_value_and_grad
        self._fresh = meter.counted(lambda u: draw(u + center, generator))
        self._again = meter.counted(lambda u: draw(u + center, self._replayed()))

    def _replayed(self) -> torch.Generator:
        generator = torch.Generator(device=self.generator.device)
        return generator.set_state(self.last)

    def __call__(self, u: Tensor) -> tuple[Tensor, Tensor]:
        self.last = self.generator.get_state()
        return self._fresh(u)

    def again(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """∇K at other points on the rows of the last call."""
        return self._again(u)


def _langevin(
    s: Settings,
    epsilon: Tensor,
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
            lambda x: sgnht.step(x, gradient, h=epsilon.sqrt(), friction=s.friction, **common),
            sgnht.State,
        )
    if s.sampler == "rmsprop":
        same = gradient.again if isinstance(gradient, _Minibatches) else gradient
        return (
            lambda u: sgld.init(u, gradient, rmsprop=True),
            lambda x: sgld.rmsprop_step(
                x, gradient, epsilon=epsilon, decay=s.decay, stability=s.stability,
                probe=same if s.divergence else None, **common,
            ),
            sgld.State,
        )  # fmt: skip
    return (
        lambda u: sgld.init(u, gradient),
        lambda x: sgld.step(x, gradient, epsilon=epsilon, **common),
        sgld.State,
    )


def _scattered(
    meter: Meter,
    s: Any,
    generator: torch.Generator,
    walls: tuple[Tensor | None, Tensor | None],
    calm: Callable[[Tensor], Tensor],
    count: int,
) -> Tensor:
    """Columns (d, count) from N(0, 1/γ), each halved until ``calm`` (a mask over columns) holds.

    Without localisation a wall on every side is needed, and the law is uniform between them.
    """
    d, (lower, upper) = meter.loss.dim, walls
    if s.gamma > 0:
        u = torch.randn((d, count), generator=generator, dtype=torch.float64, device=s.device)
        u = u / math.sqrt(s.gamma)
    else:
        u = torch.rand((d, count), generator=generator, dtype=torch.float64, device=s.device)
        u = lower + (upper - lower) * u  # type: ignore[operator]
    if lower is not None and upper is not None:
        inside = 0.999  # w* may stand on a wall: fold to the inside, never on it
        u = torch.where((u < lower) & (upper > 0), -u, u)
        u = torch.where((u > upper) & (lower < 0), -u, u)
        u = torch.maximum(torch.minimum(u, inside * upper), inside * lower)
    for _ in range(40):
        wild = ~calm(u)
        if not bool(wild.any()):
            break
        u = torch.where(wild, u / 2, u)
    return u


def may_scatter(loss: Loss, gamma: float) -> bool:
    """Whether there is a scale to scatter chains on: a localisation, or walls on every side."""
    if gamma > 0:
        return True
    return loss.domain is not None and all(
        math.isfinite(x) for x in (*loss.domain.lower, *loss.domain.upper)
    )


def llc(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """The local learning coefficient estimate nβ(E[L] − L(w*)) at one n, β and γ, by SGLD (or
    RMSprop-SGLD, SGNHT), chains batched. See :class:`Settings`.

    Estimates: ``llc``, extrapolated to ε = 0 from ε and ε/2, with an interval for *its own target*
    (not for λ: it does not know the bias (m − 1)/log n); then the groups of chains by start and
    step. Chains reflect at the walls of a domain.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> r = measure("llc", square, seed=0, n=1000, epsilon=1e-3, burn_in=2000, draws=4000)
    >>> r.ok, abs(r.estimates["llc"].value - 0.5) < 0.05
    (True, True)
    """
    s = settings_of(Settings, settings, "llc")
    meter = Meter(loss, budget)
    generator = _generator(s, seed)
    nbeta = _nbeta(s)
    gradient: sgld.Gradient = meter.k_and_grad
    probe: Callable[[Tensor], Tensor] | None = None
    if s.minibatch:
        if getattr(loss, "stochastic_value_and_grad", None) is None:
            raise BadInput(f"minibatch: loss {loss.loss_id} has no stochastic_value_and_grad")
        gradient = _Minibatches(meter, loss, generator)
        fixed = getattr(loss, "fixed_value", None)
        if fixed is not None:
            center = loss.center.to(s.device)
            probe = lambda u: fixed(u + center)  # noqa: E731
    dtype = torch.float64 if s.precision == "double" else torch.float32
    walls = _walls(loss, s.device)
    run, cut = current_run(), None
    saved = run.restore()
    quarter = s.chains // 4
    check = s.check and may_scatter(loss, s.gamma)
    kinds: list[dict[str, bool]] = [{}]
    share = torch.ones(s.chains, dtype=dtype, device=s.device)
    if check:
        kinds = [
            {"halved": half, "scattered": far} for half in (False, True) for far in (False, True)
        ]
        share[2 * quarter :] = 0.5
    average = Average(s.chains, s.burn_in, s.draws, s.device)
    total = s.burn_in + s.draws
    epsilon, state, begin = s.epsilon, None, 0
    extra: dict[str, Any] = {"sampler": s.sampler}
    try:
        if saved is None:
            if epsilon is None:
                near = _near(loss, s, torch.Generator().manual_seed(seed))
                epsilon = _stable(meter, s, nbeta, near.to(s.device))
        else:
            epsilon, begin, extra = saved["epsilon"], saved["t"], saved["extra"]
            average.resume(saved["average"])
            generator.set_state(saved["generator"])
            meter.resume(saved["meter"])
        init, step, kind = _langevin(s, epsilon * share, nbeta, gradient, generator, walls)
        if saved is not None:
            state = kind(**saved["state"])
            if isinstance(gradient, _Minibatches):
                gradient.last = saved["last"]
        else:
            start = torch.zeros((loss.dim, s.chains), dtype=torch.float64, device=s.device)
            if check:
                half = 0.5 * epsilon

                def calm(u: Tensor) -> Tensor:
                    value, slope = meter.k_and_grad(u.t())
                    force = nbeta * slope.t() + s.gamma * u
                    after = meter.k((u - half * force).t())
                    return after <= value.clamp_min(0.0) + 1.0 / nbeta

                far = _scattered(meter, s, generator, walls, calm, 2 * quarter)
                start[:, quarter : 2 * quarter] = far[:, :quarter]
                start[:, 3 * quarter :] = far[:, quarter:]
                extra["scatter"] = float(far.norm(dim=0).mean())
            state = init(start.to(dtype))
            if not bool(torch.isfinite(state.gradient).all()):
                raise BadLoss("the gradient at the centre is not finite", meter.counts())
        for t in range(begin, total):
            if t % _EVERY == 0:
                run.keep(
                    lambda t=t, state=state, epsilon=epsilon: {  # type: ignore[misc]
                        "t": t, "epsilon": epsilon, "extra": extra, "state": _plain(state),
                        "average": average.state(), "generator": generator.get_state(),
                        "last": getattr(gradient, "last", None), "meter": meter.state(),
                    },
                    t / total,
                    f"step {t} of {total}",
                )  # fmt: skip
            if s.epsilon is None and t < s.burn_in and t in (s.burn_in // 2, 3 * s.burn_in // 4):
                some = state.position[:, :: max(1, s.chains // 8)].t().to(torch.float64)
                epsilon = min(epsilon, _stable(meter, s, nbeta, some))
                init, step, kind = _langevin(s, epsilon * share, nbeta, gradient, generator, walls)
            state = step(state)
            if t < s.burn_in:
                average.burn(t, state.value)
            else:
                average.add(state.value)
                if probe is not None and t % _PROBE == 0:
                    average.probes.append(probe(state.position.t()))
    except BudgetSpent as error:
        cut = str(error)
    biased = "the prior factor ∏|w|^τ is not part of this estimator" * bool(loss.prior_exponents)
    extra["epsilon"] = epsilon
    if s.gamma > 0 and epsilon is not None:
        extra["relaxation_steps"] = 2 / (epsilon * s.gamma)
    return _reading(
        "llc", loss, meter, s, seed, average, nbeta, cut, extra, kinds, _R_HAT_SGLD, biased
    )


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


def _near(loss: Loss, s: Any, generator: torch.Generator) -> Tensor:
    """w* and random points within the localisation, as displacements (k, d)."""
    radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
    count = 8 if loss.dim > 50 else 32
    u = torch.randn((count, loss.dim), generator=generator, dtype=torch.float64)
    u[0] = 0.0
    return radius * u / math.sqrt(loss.dim)


def _stable(meter: Meter, s: Any, nbeta: float, points: Tensor) -> float:
    """The step 0.2/(nβh + γ), h the largest curvature at the points (k, d)."""
    radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
    h = largest_eigenvalue(meter, points, radius)
    epsilon = 0.2 / (nbeta * h + s.gamma)
    if not 0 < epsilon < math.inf:
        raise BadLoss(f"no step fits a curvature of {h:.3g}", meter.counts())
    return epsilon


def largest_eigenvalue(meter: Meter, points: Tensor, radius: float, rounds: int = 12) -> float:
    """The largest absolute Hessian eigenvalue over points u (k, d), by power iteration on
    difference quotients of ∇K; infinite when no gradient there is finite. k·(rounds + 1) gradients.

    Random directions see h/√d of an eigenvalue h: a step chosen by them is far too large in many
    dimensions.
    """
    single = getattr(meter.loss, "dtype", None) == torch.float32
    delta = (1e-2 if single else 1e-4) * radius
    _, at = meter.k_and_grad(points)
    generator = torch.Generator(device=points.device).manual_seed(0)
    v = torch.randn(points.shape, generator=generator, dtype=torch.float64, device=points.device)
    v = v / v.norm(dim=1, keepdim=True)
    h = torch.zeros(len(points), dtype=torch.float64, device=points.device)
    for _ in range(rounds):
        _, beside = meter.k_and_grad(points + delta * v)
        product = (beside - at) / delta
        size = product.norm(dim=1)
        h = torch.maximum(h, size)
        v = torch.where((size > 0)[:, None], product / size.clamp_min(1e-300)[:, None], v)
    h = h[torch.isfinite(h)]
    return float(h.max()) if len(h) else math.inf


def curvature(meter: Meter, radius: float, generator: torch.Generator, count: int = 64) -> float:
    """The largest Hessian eigenvalue over so many random points within the radius."""
    shape = (count if meter.loss.dim <= 50 else min(count, 8), meter.loss.dim)
    u = torch.randn(shape, generator=generator, dtype=torch.float64, device=generator.device)
    return largest_eigenvalue(meter, radius * u / math.sqrt(meter.loss.dim), radius)


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
    for checkpoints and progress. heated: the second half of the chains begins its warm-up scattered
    and hot. Returns the histograms of steps, one for each half.
    """
    loss, run = meter.loss, current_run()
    radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
    heated = heated and may_scatter(loss, s.gamma)
    cooling = 3 * s.burn_in // 4 if heated and s.gamma > 0 and s.burn_in >= 16 else -1
    middle = (s.chains + 1) // 2
    hot = (torch.arange(s.chains, device=s.device) >= middle).double()
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
        heat = s.gamma / h if s.gamma > 0 else 1.0  # there h counts as much as the localisation
        start = _start(loss, s, radius, generator)
        if heated:

            def calm(u: Tensor) -> Tensor:
                energy, _, _ = evaluate_hot(u)
                return torch.isfinite(energy) & (energy <= 2.0 * loss.dim + 20.0)

            evaluate_hot = potential(meter, nbeta * heat, s.gamma)
            walls = _walls(loss, s.device)
            start[:, middle:] = _scattered(meter, s, generator, walls, calm, s.chains - middle)
        if kernel == "hmc":
            steps = hmc.steps(smallest, largest, s.scales, 2 if heated else 1, device=s.device)
            state = begin_at(start.t().contiguous())
        else:
            steps = mala.steps(smallest, largest, s.scales, 2 if heated else 1, device=s.device)
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
            evaluate = potential(meter, nbeta * heat ** (left * hot), s.gamma)
            state = begin_at(state.position)
        learn = t < s.burn_in
        if kernel == "hmc":
            state = hmc.step(state, steps, target, generator, leapfrogs=s.leapfrogs, learn=learn)
            if learn and t % 20 == 19:
                steps = hmc.adapt(steps)
        else:
            state = mala.step(state, steps, evaluate, generator, learn=learn)
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
    heated = s.heated and may_scatter(loss, s.gamma)
    try:
        kernel = name.removeprefix("llc-")
        steps = sample(meter, s, nbeta, generator, average, kernel=kernel, heated=heated)
        rate = (steps.accepted + 1e-300) / (steps.tried + 1e-300)
        extra = {
            "epsilon": steps.epsilon.tolist(),
            "step_weights": steps.weights.tolist(),
            "acceptance": rate.tolist(),
        }
    except BudgetSpent as error:
        cut = str(error)
    kinds: list[dict[str, bool]] = [{"scattered": False}, {"scattered": True}] if heated else [{}]
    return _reading(name, loss, meter, s, seed, average, nbeta, cut, extra, kinds, _R_HAT)


def llc_mala(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """The estimate nβ(E[L] − L(w*)) with the same target as :func:`llc`, by Metropolis-adjusted
    Langevin steps.

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
    >>> abs(r.estimates["llc"].value - 0.5) < 0.03
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
    e = reading.estimate
    ax.axhspan(e.low, e.high, alpha=0.3)
    ax.axhline(e.value, ls="--")
    ax.set_xlabel("step after burn-in")
    ax.set_ylabel("nβ(L − L*) averaged over chains")
    ax.set_title(f"{reading.device} on {reading.loss_id}: {reading.outcome}")
    return ax
