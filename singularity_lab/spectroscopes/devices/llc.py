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
:mod:`singularity_lab.spectroscopes.inference.convergence` says when the outcome is ``ok``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.tempered import (
    EVERY,
    Average,
    check_settings,
    inverse_temperature,
    largest_eigenvalue,
    may_scatter,
    plain,
    reading_of_average,
    seeded_generator,
    walls_of,
    with_draws,
)
from singularity_lab.spectroscopes.keeping import Keeper
from singularity_lab.spectroscopes.kernels import layout, sgld, sgnht
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import BadLoss, Reading
from singularity_lab.system.extras import pyplot

_PROBE = 5  # steps between two looks at the batch that never changes
SAMPLERS = ("sgld", "rmsprop", "sgnht")
_R_HAT_SGLD, R_HAT = 1.2, 1.1  # largest allowed, of unadjusted and of adjusted chains


@dataclass(frozen=True)
class LlcSettings:
    """The target, the sampler and its steps, the chains, and how they are checked."""

    n: float = setting(10_000.0, "sample size, above 1")
    beta: float | None = setting(None, "inverse temperature; by default 1/log n")
    gamma: float = setting(1.0, "strength of the localisation around w*")
    sampler: str = setting("sgld", "sgld, rmsprop or sgnht")
    epsilon: float | None = setting(
        1e-4,
        "step of the sampler (of SGNHT h², h its step in time); None for 0.2/(nβh + γ), h the "
        "largest Hessian eigenvalue near w*, and again where the chains are during burn-in",
    )
    chains: int = setting(128, "chains run at once; a multiple of 4, at least 8, where checked")
    burn_in: int = setting(10_000, "steps thrown away")
    draws: int = setting(10_000, "steps averaged, at least 8")
    minibatch: bool = setting(
        False, "whether the loss's own minibatches are used, a fresh one for every chain and step"
    )
    check: bool = setting(
        True,
        "whether four groups of chains run, by start (w* or scattered) and step (ε or ε/2); "
        "without it all run from w* at ε, as the field does, and the reading is never ok",
    )
    divergence: bool = setting(True, "of RMSprop-SGLD: whether the term Γ is kept")
    decay: float = setting(0.99, "of RMSprop-SGLD: α, in [0, 1)")
    stability: float = setting(0.1, "of RMSprop-SGLD: δ, above 0")
    friction: float = setting(1.0, "of SGNHT: A, above 0")
    precision: str = setting(
        "double",
        "of the chains; single is about twice as fast, and right while nβK is far above nβ·2⁻⁴⁸; "
        "a loss that computes in single precision has chains in it",
    )
    keep: str = setting(
        "", '"losses" to keep the losses of the examples at every draw, for ``reading.draws``'
    )
    kept: int = setting(200, "draws of a chain that are kept at most, evenly spread")
    device: str = setting("cpu", "of torch")

    def __post_init__(self) -> None:
        check_settings(self)
        if self.check and (self.chains % 4 or self.chains < 8):
            raise BadInput(
                "chains: expected a multiple of 4, at least 8 (four groups; check=False runs one), "
                f"received {self.chains}"
            )
        if self.sampler not in SAMPLERS:
            raise BadInput(f"sampler: expected one of {SAMPLERS}, received {self.sampler!r}")
        if not (self.epsilon is None or self.epsilon > 0):
            raise BadInput(f"epsilon: expected a positive step or None, received {self.epsilon}")
        if not (0 <= self.decay < 1 and self.stability > 0 and self.friction > 0):
            raise BadInput(
                "decay, stability, friction: expected in [0, 1), > 0 and > 0, "
                f"received {self.decay}, {self.stability} and {self.friction}"
            )
        if self.precision not in ("double", "single"):
            raise BadInput(f"precision: expected double or single, received {self.precision!r}")


# ---------------------------------------------------------------------------------- SGLD, SGNHT


class _Minibatches:
    """∇K on fresh minibatches, and again on the rows of the last one."""

    def __init__(self, meter: Meter, loss: Any, generator: torch.Generator) -> None:
        self.generator = generator
        self.last = generator.get_state()
        self._meter, self._draw = meter, loss.stochastic_value_and_grad
        draw = self._draw
        self._fresh = meter.counted(lambda u: draw(meter.at(u), generator))
        self._again = meter.counted(lambda u: draw(meter.at(u), self._replayed()))
        self._writes = getattr(loss, "stochastic_into", None)
        self._into = meter.counted(self._written)

    def _replayed(self) -> torch.Generator:
        generator = torch.Generator(device=self.generator.device)
        return generator.set_state(self.last)

    def __call__(self, u: Tensor) -> tuple[Tensor, Tensor]:
        self.last = self.generator.get_state()
        return self._fresh(u)

    def into(self, u: Tensor, gradient: Tensor) -> Tensor:
        """K on fresh minibatches, and ∇K written into ``gradient``."""
        self.last = self.generator.get_state()
        value, _ = self._into(u, gradient)
        return value

    def _written(self, u: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        if self._writes is not None:
            return self._writes(self._meter.at(u), self.generator, gradient), gradient
        value, slope = self._draw(self._meter.at(u), self.generator)
        return value, gradient.copy_(slope)

    def again(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """∇K at other points on the rows of the last call."""
        return self._again(u)


def _langevin(
    s: LlcSettings,
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
            sgnht.SgnhtState,
        )
    if s.sampler == "rmsprop":
        same = gradient.again if isinstance(gradient, _Minibatches) else gradient
        return (
            lambda u: sgld.init(u, gradient, rmsprop=True),
            lambda x: sgld.rmsprop_step(
                x, gradient, epsilon=epsilon, decay=s.decay, stability=s.stability,
                probe=same if s.divergence else None, **common,
            ),
            sgld.SgldState,
        )  # fmt: skip
    return (
        lambda u: sgld.init(u, gradient),
        lambda x: sgld.step(x, gradient, epsilon=epsilon, **common),
        sgld.SgldState,
    )


def scattered(
    meter: Meter,
    s: Any,
    generator: torch.Generator,
    walls: tuple[Tensor | None, Tensor | None],
    calm: Callable[[Tensor], Tensor],
    count: int,
) -> Tensor:
    """Displacements (count, d) from N(0, 1/γ), each halved until ``calm`` (a mask over them) holds.

    Without localisation a wall on every side is needed, and the law is uniform between them.
    """
    d, (lower, upper) = meter.loss.dim, walls
    if s.gamma > 0:
        u = torch.randn((d, count), generator=generator, dtype=torch.float64, device=s.device)
        u = u.t() / math.sqrt(s.gamma)
    else:
        u = torch.rand((d, count), generator=generator, dtype=torch.float64, device=s.device)
        u = lower + (upper - lower) * u.t()  # type: ignore[operator]
    if lower is not None and upper is not None:
        inside = 0.999  # w* may stand on a wall: fold to the inside, never on it
        u = torch.where((u < lower) & (upper > 0), -u, u)
        u = torch.where((u > upper) & (lower < 0), -u, u)
        u = torch.maximum(torch.minimum(u, inside * upper), inside * lower)
    for _ in range(40):
        wild = ~calm(u)
        if not bool(wild.any()):
            break
        u = torch.where(wild[:, None], u / 2, u)
    return u


class _Chains:
    """The chains of one run, an :class:`~singularity_lab.spectroscopes.long_run.Algorithm`."""

    def __init__(self, loss: Loss, meter: Meter, s: LlcSettings, seed: int) -> None:
        self.loss, self.meter, self.s, self.seed = loss, meter, s, seed
        self.generator = seeded_generator(s, seed)
        self.nbeta = inverse_temperature(s)
        self.gradient: sgld.Gradient = meter.k_and_grad
        self.probe: Callable[[Tensor], Tensor] | None = None
        if s.minibatch:
            if getattr(loss, "stochastic_value_and_grad", None) is None:
                raise BadInput(f"minibatch: loss {loss.loss_id} has no stochastic_value_and_grad")
            self.gradient = _Minibatches(meter, loss, self.generator)
            fixed = getattr(loss, "fixed_value", None)
            if fixed is not None and s.check:  # unchecked readings are never ok
                self.probe = lambda u: fixed(meter.at(u))
        single = s.precision == "single" or getattr(loss, "dtype", None) == torch.float32
        self.dtype = torch.float32 if single else torch.float64
        self.walls = walls_of(loss, s.device)
        self.quarter = s.chains // 4
        self.check = s.check and may_scatter(loss, s.gamma)
        self.kinds: list[dict[str, bool]] = [{}]
        self.share = torch.ones(s.chains, dtype=self.dtype, device=s.device)
        if self.check:
            self.kinds = [
                {"halved": half, "scattered": far}
                for half in (False, True)
                for far in (False, True)
            ]
            self.share[2 * self.quarter :] = 0.5
        self.average = Average(s.chains, s.burn_in, s.draws, s.device)
        self.keeper = Keeper(loss, meter, s.draws, s.kept) if s.keep else None
        self.extra: dict[str, Any] = {"sampler": s.sampler}
        self.epsilon, self.t = s.epsilon, 0
        self.chains: Any = None

    def begin(self) -> None:
        """Choose the step, where none is given, and place the chains."""
        s, meter, quarter = self.s, self.meter, self.quarter
        if self.epsilon is None:
            near = _near(self.loss, s, torch.Generator().manual_seed(self.seed))
            self.epsilon = _stable(meter, s, self.nbeta, near.to(s.device))
        self._kernel()
        by_chain = getattr(self.loss, "by_chain", False)
        start = layout.zeros(s.chains, self.loss.dim, device=s.device, by_chain=by_chain)
        if self.check:
            half = 0.5 * self.epsilon

            def calm(u: Tensor) -> Tensor:
                value, slope = meter.k_and_grad(u)
                force = self.nbeta * slope + s.gamma * u
                after = meter.k(u - half * force)
                return after <= value.clamp_min(0.0) + 1.0 / self.nbeta

            far = scattered(meter, s, self.generator, self.walls, calm, 2 * quarter)
            start[quarter : 2 * quarter] = far[:quarter]
            start[3 * quarter :] = far[quarter:]
            self.extra["scatter"] = float(far.norm(dim=1).mean())
        self.chains = self._init(start.to(self.dtype))
        if not bool(torch.isfinite(self.chains.gradient).all()):
            raise BadLoss("the gradient at the centre is not finite", meter.counts())

    def _kernel(self) -> None:
        assert self.epsilon is not None
        self._init, self._step, self._kind = _langevin(
            self.s, self.epsilon * self.share, self.nbeta, self.gradient, self.generator, self.walls
        )

    def step(self) -> None:
        s, t = self.s, self.t
        if s.epsilon is None and t < s.burn_in and t in (s.burn_in // 2, 3 * s.burn_in // 4):
            some = self.chains.position[:: max(1, s.chains // 8)].to(torch.float64)
            self.epsilon = min(self.epsilon, _stable(self.meter, s, self.nbeta, some))  # type: ignore[type-var]
            self._kernel()
        self.chains = self._step(self.chains)
        if t < s.burn_in:
            self.average.burn(t, self.chains.value)
        else:
            self.average.add(self.chains.value)
            if self.probe is not None and t % _PROBE == 0:
                self.average.probes.append(self.probe(self.chains.position))
            if self.keeper is not None:
                self.keeper.add(t - s.burn_in, self.chains.position, self.chains.value)
        self.t += 1

    def why_stop(self) -> str | None:
        return "" if self.t == self.s.burn_in + self.s.draws else None

    def told(self) -> tuple[float, str] | None:
        total = self.s.burn_in + self.s.draws
        return (self.t / total, f"step {self.t} of {total}") if self.t % EVERY == 0 else None

    def state(self) -> dict[str, Any]:
        return {
            "t": self.t,
            "epsilon": self.epsilon,
            "extra": self.extra,
            "chains": plain(self.chains),
            "average": self.average.state(),
            "kept": None if self.keeper is None else self.keeper.state(),
            "generator": self.generator.get_state(),
            "last": getattr(self.gradient, "last", None),
            "meter": self.meter.state(),
        }

    def resume(self, saved: dict[str, Any]) -> None:
        self.t, self.epsilon, self.extra = saved["t"], saved["epsilon"], saved["extra"]
        self._kernel()
        self.chains = self._kind(**saved["chains"])
        self.average.resume(saved["average"])
        if self.keeper is not None:
            self.keeper.resume(saved["kept"])
        self.generator.set_state(saved["generator"])
        if isinstance(self.gradient, _Minibatches):
            self.gradient.last = saved["last"]
        self.meter.resume(saved["meter"])


def llc(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """The local learning coefficient estimate nβ(E[L] − L(w*)) at one n, β and γ, by SGLD (or
    RMSprop-SGLD, SGNHT), chains batched. See :class:`LlcSettings`.

    Estimates: ``llc``, extrapolated to ε = 0 from ε and ε/2, with an interval for *its own target*
    (not for λ: it does not know the bias (m − 1)/log n); then the groups of chains by start and
    step. Chains reflect at the walls of a domain.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> r = measure("llc", square, seed=0, n=1000, epsilon=1e-3, burn_in=2000, draws=4000)
    >>> r.ok, abs(r.estimates["llc"].value - 0.5) < 0.05
    (True, True)
    """
    s = settings_of(LlcSettings, settings, "llc")
    meter = Meter(loss, budget)
    run, cut = _Chains(loss, meter, s, seed), None
    try:
        run.begin()
        drive(run)
    except BudgetSpent as error:
        cut = str(error)
    biased = "the prior factor ∏|w|^τ is not part of this estimator" * bool(loss.prior_exponents)
    extra = {**run.extra, "epsilon": run.epsilon}
    if s.gamma > 0 and run.epsilon is not None:
        extra["relaxation_steps"] = 2 / (run.epsilon * s.gamma)
    reading = reading_of_average(
        "llc", loss, meter, s, seed, run.average, run.nbeta, cut, extra, run.kinds, _R_HAT_SGLD,
        biased,
    )  # fmt: skip
    return with_draws(reading, run.keeper, run.kinds, run.nbeta)


# ---------------------------------------------------------------------------------- MALA, HMC


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


DEVICE = Device(
    name="llc",
    summary="the field's SGLD estimator nβ(E[L] − L(w*)), the baseline",
    scope="Says the local learning coefficient estimate at one n, β and γ, with an interval for "
    "that target. It claims no λ, from which the target differs by about (m − 1)/log n, and does "
    "not speak of m.",
    Settings=LlcSettings,
    run=llc,
    plot=plot,
)
