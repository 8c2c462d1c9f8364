"""The local learning coefficient by Metropolis-adjusted samplers: MALA and Hamiltonian Monte
Carlo."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.llc import R_HAT, may_scatter, plot, scattered
from singularity_lab.spectroscopes.devices.tempered import (
    Average,
    check_settings,
    curvature,
    inverse_temperature,
    plain,
    potential,
    reading_of_average,
    seeded_generator,
    starting_points,
    walls_of,
)
from singularity_lab.spectroscopes.kernels import hmc, mala
from singularity_lab.spectroscopes.long_run import current_run
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
            raise BadInput(f"leapfrogs: expected at least 1, got {self.leapfrogs}")


_COOL = 8  # steps between the temperatures of a heated warm-up


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
        start = starting_points(loss, s, radius, generator)
        if heated:

            def calm(u: Tensor) -> Tensor:
                energy, _, _ = evaluate_hot(u)
                return torch.isfinite(energy) & (energy <= 2.0 * loss.dim + 20.0)

            evaluate_hot = potential(meter, nbeta * heat, s.gamma)
            walls = walls_of(loss, s.device)
            start[:, middle:] = scattered(meter, s, generator, walls, calm, s.chains - middle)
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
                        "state": plain(state),
                        "steps": plain(steps),
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
    generator = seeded_generator(s, seed)
    nbeta = inverse_temperature(s)
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
    return reading_of_average(name, loss, meter, s, seed, average, nbeta, cut, extra, kinds, R_HAT)


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
