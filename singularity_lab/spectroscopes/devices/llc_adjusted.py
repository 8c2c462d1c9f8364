"""The local learning coefficient by Metropolis-adjusted samplers: MALA and Hamiltonian Monte
Carlo."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.llc import R_HAT, plot, scattered
from singularity_lab.spectroscopes.devices.tempered import (
    Average,
    check_settings,
    curvature,
    inverse_temperature,
    may_scatter,
    plain,
    potential,
    reading_of_average,
    seeded_generator,
    starting_points,
    walls_of,
    with_draws,
)
from singularity_lab.spectroscopes.keeping import Keeper
from singularity_lab.spectroscopes.kernels import hmc, mala
from singularity_lab.spectroscopes.kernels.accept import MetropolisState
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import BadLoss, Reading


@dataclass(frozen=True)
class MalaSettings:
    """The target, the chains, and the histogram of steps, whose weights are learned in burn-in.

    A chain from w* takes long to walk outwards along a valley and reads low; one that was heated
    and cools lags behind and reads high: what they disagree on has not mixed.
    """

    n: float = setting(10_000.0, "sample size, above 1")
    beta: float | None = setting(None, "inverse temperature; by default 1/log n")
    gamma: float = setting(1.0, "strength of the localisation around w*")
    chains: int = setting(256, "chains run at once, at least 2")
    burn_in: int = setting(2_000, "steps thrown away")
    draws: int = setting(4_000, "steps averaged, at least 8")
    scales: int = setting(20, "step sizes, log-spaced from smallest to largest")
    smallest: float | None = setting(
        None, "smallest ε; by default 10⁻³/(nβh), h the largest Hessian eigenvalue nearby"
    )
    largest: float | None = setting(None, "largest ε; by default 1/γ")
    heated: bool = setting(
        True,
        "whether the second half of the chains begins scattered, at a temperature where nβh is γ, "
        "and cools over three quarters of burn-in; without it all start at w*, and the reading is "
        "never ok",
    )
    keep: str = setting(
        "", '"losses" to keep the losses of the examples at every draw, for ``reading.draws``'
    )
    kept: int = setting(200, "draws of a chain that are kept at most, evenly spread")
    device: str = setting("cpu", "of torch")

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class HmcSettings(MalaSettings):
    """As :class:`MalaSettings`, for trajectories: a draw costs (leapfrogs + 1)/2 gradients a
    chain."""

    burn_in: int = setting(400, "trajectories thrown away")
    draws: int = setting(800, "trajectories averaged, at least 8")
    scales: int = setting(16, "leapfrog steps, log-spaced from smallest to largest")
    smallest: float | None = setting(
        None, "smallest leapfrog step; by default √ of that of llc-mala"
    )
    largest: float | None = setting(None, "largest leapfrog step; by default γ^(−1/2)")
    leapfrogs: int = setting(10, "largest length of a trajectory; lengths are uniform")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.leapfrogs < 1:
            raise BadInput(f"leapfrogs: expected at least 1, received {self.leapfrogs}")


_COOL = 8  # steps between the temperatures of a heated warm-up


class Adjusted:
    """Chains of MALA or HMC for exp(−nβK − γ|u|²/2): warm-up with adaptation, then draws into an
    average. An :class:`~singularity_lab.spectroscopes.long_run.Algorithm`.

    kernel: mala or hmc. heated: the second half of the chains begins its warm-up scattered and hot.
    """

    def __init__(
        self,
        meter: Meter,
        s: Any,
        nbeta: float,
        generator: torch.Generator,
        kernel: str = "mala",
        heated: bool = False,
    ) -> None:
        loss = meter.loss
        self.meter, self.s, self.nbeta, self.generator = meter, s, nbeta, generator
        self.kernel, self.kind = kernel, hmc if kernel == "hmc" else mala
        self.average = Average(s.chains, s.burn_in, s.draws, s.device)
        self.keeper = Keeper(loss, meter, s.draws, s.kept) if s.keep else None
        self.heated = heated and may_scatter(loss, s.gamma)
        long = self.heated and s.gamma > 0 and s.burn_in >= 16
        self.cooling = 3 * s.burn_in // 4 if long else -1
        self.middle = (s.chains + 1) // 2
        self.hot = (torch.arange(s.chains, device=s.device) >= self.middle).double()
        self.evaluate = self.potential(nbeta)
        self.t, self.heat = 0, 1.0
        self.chains: Any = None
        self.steps: Any = None

    def potential(self, nbeta: float | Tensor) -> mala.Target:
        """What is sampled at an inverse temperature, or at one for each chain."""
        return potential(self.meter, nbeta, self.s.gamma)

    def seen(self, chains: Any) -> None:
        """Called with the state of the chains at every draw."""
        if self.keeper is not None:
            self.keeper.add(self.t - self.s.burn_in, chains.position, chains.value)

    def _at(self, position: Tensor) -> Any:
        return self.kind.init(position, self.evaluate)

    def begin(self) -> Adjusted:
        """Choose the range of steps and place the chains."""
        s, meter, loss, generator = self.s, self.meter, self.meter.loss, self.generator
        radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
        root = 0.5 if self.kernel == "hmc" else 1.0
        h = self.nbeta * curvature(meter, radius, generator) + s.gamma
        largest = (radius**2) ** root if s.largest is None else s.largest
        smallest = (
            min(1e-3 * radius**2, (0.01 if self.cooling > 0 else 0.1) / h) ** root
            if s.smallest is None
            else s.smallest
        )
        if not (0 < smallest < largest < math.inf):
            raise BadLoss(f"no step size fits a curvature of {h:.3g}", meter.counts())
        if s.gamma > 0:
            self.heat = s.gamma / h  # there h counts as much as the localisation
        start = starting_points(loss, s, radius, generator)
        if self.heated:
            evaluate_hot = potential(meter, self.nbeta * self.heat, s.gamma)

            def calm(u: Tensor) -> Tensor:
                energy, _, _ = evaluate_hot(u)
                return torch.isfinite(energy) & (energy <= 2.0 * loss.dim + 20.0)

            walls, cold = walls_of(loss, s.device), self.middle
            start[cold:] = scattered(meter, s, generator, walls, calm, s.chains - cold)
        groups = 2 if self.heated else 1
        self.steps = self.kind.steps(smallest, largest, s.scales, groups, device=s.device)
        self.chains = self._at(start.contiguous() if self.kernel == "hmc" else start)
        if not bool(torch.isfinite(self.chains.potential).all()):
            raise BadLoss("the loss is not finite near the centre", meter.counts())
        return self

    def step(self) -> None:
        s, t = self.s, self.t
        if t <= self.cooling and (t % _COOL == 0 or t == self.cooling):
            left = 1.0 - (t if t == self.cooling else t - t % _COOL) / self.cooling
            self._temper(left)
            self.chains = self._at(self.chains.position)
        learn = t < s.burn_in
        if self.kernel == "hmc":
            self.chains = hmc.step(
                self.chains, self.steps, self.evaluate, self.generator,
                leapfrogs=s.leapfrogs, learn=learn,
            )  # fmt: skip
        else:
            self.chains = mala.step(self.chains, self.steps, self.evaluate, self.generator, learn)
        if learn and (t + 1) % (20 if self.kernel == "hmc" else 50) == 0:
            self.steps = self.kind.adapt(self.steps)
        if learn:
            self.average.burn(t, self.chains.value)
        else:
            self.average.add(self.chains.value)
            self.seen(self.chains)
        self.t += 1

    def _temper(self, left: float) -> None:
        self.evaluate = self.potential(self.nbeta * self.heat ** (left * self.hot))

    def why_stop(self) -> str | None:
        return "" if self.t == self.s.burn_in + self.s.draws else None

    def told(self) -> tuple[float, str] | None:
        s = self.s
        share = self.t / (s.burn_in + s.draws)
        # A multiple of _COOL: the temperature is set again in the first step from a checkpoint.
        return (
            (share, f"draw {max(0, self.t - s.burn_in)} of {s.draws}") if not self.t % 16 else None
        )

    def state(self) -> dict[str, Any]:
        return {
            "t": self.t,
            "heat": self.heat,
            "chains": plain(self.chains),
            "steps": plain(self.steps),
            "average": self.average.state(),
            "kept": None if self.keeper is None else self.keeper.state(),
            "generator": self.generator.get_state(),
            "meter": self.meter.state(),
        }

    def resume(self, saved: dict[str, Any]) -> None:
        self.t, self.heat = saved["t"], saved["heat"]
        self.chains = MetropolisState(**saved["chains"])
        self.steps = self.kind.Steps(**saved["steps"])
        self.average.resume(saved["average"])
        if self.keeper is not None:
            self.keeper.resume(saved["kept"])
        self.generator.set_state(saved["generator"])
        self.meter.resume(saved["meter"])


def adjusted_run(kernel: str, s: Any, loss: Loss, seed: int, budget: Budget) -> Adjusted:
    """A run of ``llc-mala`` or ``llc-hmc`` that has not begun."""
    meter = Meter(loss, budget)
    return Adjusted(meter, s, inverse_temperature(s), seeded_generator(s, seed), kernel, s.heated)


def adjusted_reading(run: Adjusted, seed: int, cut: str | None) -> Reading:
    """The reading of a run. cut: the limit that ended it early, or None."""
    extra = {}
    if cut is None:
        rate = (run.steps.accepted + 1e-300) / (run.steps.tried + 1e-300)
        extra = {
            "epsilon": run.steps.epsilon.tolist(),
            "step_weights": run.steps.weights.tolist(),
            "acceptance": rate.tolist(),
        }
    halves: list[dict[str, bool]] = [{"scattered": False}, {"scattered": True}]
    kinds = halves if run.heated else [{}]
    reading = reading_of_average(
        f"llc-{run.kernel}", run.meter.loss, run.meter, run.s, seed, run.average, run.nbeta, cut,
        extra, kinds, R_HAT,
    )  # fmt: skip
    return with_draws(reading, run.keeper, kinds, run.nbeta)


def _adjusted(kernel: str, s: Any, loss: Loss, seed: int, budget: Budget) -> Reading:
    """The reading of ``llc-mala`` or ``llc-hmc``."""
    run, cut = adjusted_run(kernel, s, loss, seed, budget), None
    try:
        drive(run.begin())
    except BudgetSpent as error:
        cut = str(error)
    return adjusted_reading(run, seed, cut)


def llc_mala(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """The estimate nβ(E[L] − L(w*)) with the same target as :func:`llc`, by Metropolis-adjusted
    Langevin steps.

    No discretisation error: what is left is the bias of the target and Monte Carlo noise. Domain
    and monomial prior belong to the target exactly. See :class:`MalaSettings`.
    """
    s = settings_of(MalaSettings, settings, "llc-mala")
    return _adjusted("mala", s, loss, seed, budget)


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
    return _adjusted("hmc", s, loss, seed, budget)


MALA = Device(
    name="llc-mala",
    summary="the baseline's target, sampled without discretisation error by MALA",
    scope="Says the estimate of llc with domain and prior kept exactly: what is left is Monte "
    "Carlo noise, which the interval covers, and the bias of the target, which it does not. It "
    "claims no λ and does not speak of m.",
    Settings=MalaSettings,
    run=llc_mala,
    plot=plot,
)
HMC = Device(
    name="llc-hmc",
    summary="the baseline's target, sampled without discretisation error by Hamiltonian "
    "trajectories",
    scope="Says the estimate of llc, as llc-mala does, by fewer and longer steps. It claims no λ "
    "and does not speak of m.",
    Settings=HmcSettings,
    run=llc_hmc,
    plot=plot,
)
