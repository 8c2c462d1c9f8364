"""The singular fluctuation ν, and λ beside it, from the posterior. Watanabe 2009, Theorem 6.8;
Watanabe 2010 (WAIC).

Under the posterior ∝ exp(−nβ·K_n(w)), with V the sum over examples of the posterior variances of
their log losses, ν(β) = (β/2)·E[V]. The mean Gibbs errors hold both birational invariants,

    n·E[K(w)] = λ/β + ν,      n·E[K_n(w)] = λ/β − ν,

and ν = λ = d/2 for a regular model; the gap between training and generalisation, and so WAIC, is ν.

*A loss with generators*, K = Σ fⱼ², stands for the regression on g = √2·f with unit noise. Its
empirical loss is, to leading order, K_n = Σ fⱼ² − √(2/n)·Σ ξⱼfⱼ with ξ ~ N(0, 1): many data sets
are drawn as many ξ, each with chains of its own, all in one batch; V = 2n·Σ Var(fⱼ). *A loss on
data* (``example_values``) has one data set, and gives ν alone.

Chains are Metropolis-adjusted Langevin, localised by exp(−γ|w − w*|²/2). As for every reading at
one n, logarithms stay: λ for m > 1 is low by about (m − 1)/log n.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.tempered import (
    curvature,
    plain,
    seeded_generator,
    starting_points,
    walls_of,
)
from singularity_lab.spectroscopes.inference.diagnostics import effective_sample_size, split_r_hat
from singularity_lab.spectroscopes.kernels import mala
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.polynomial import PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import BadLoss, Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

_KEPT = 400


@dataclass(frozen=True)
class Settings:
    """The posterior, the data sets, and the chains of each."""

    n: float = setting(10_000.0, "sample size, of a loss with generators; data bring their own")
    beta: float = setting(1.0, "inverse temperature; 1 for Bayes")
    gamma: float = setting(1.0, "strength of the localisation around w*")
    realisations: int = setting(64, "data sets ξ, at least 4")
    chains: int = setting(
        8, "chains of a data set, at least 2; where there is one set, chains · realisations run"
    )
    burn_in: int = setting(1_000, "steps thrown away")
    draws: int = setting(2_000, "steps averaged, at least 16")
    scales: int = setting(20, "step sizes, log-spaced")
    level: float = setting(0.9, "of the intervals")
    device: str = setting("cpu", "of torch")

    def __post_init__(self) -> None:
        if not (self.n > 1 and self.beta > 0 and self.gamma >= 0):
            raise BadInput(
                "n, beta, gamma: expected > 1, > 0 and ≥ 0, "
                f"received {self.n}, {self.beta} and {self.gamma}"
            )
        if self.realisations < 4 or self.chains < 2 or self.draws < 16 or self.burn_in < 0:
            raise BadInput(
                "realisations, chains, draws, burn_in: expected at least 4, 2, 16 and 0, received "
                f"{self.realisations}, {self.chains}, {self.draws} and {self.burn_in}"
            )
        if not 0 < self.level < 1:
            raise BadInput(f"level: expected a number in (0, 1), received {self.level}")


Energy = Callable[[Tensor], tuple[Tensor, Tensor]]
"""u (c, d) → n·K_n (c,) and its gradient (c, d)."""


class _Generators:
    """f_j and K_n of a polynomial loss, with the data sets ξ (k, c) drawn once."""

    def __init__(self, loss: PolynomialLoss, s: Settings, generator: torch.Generator) -> None:
        center = [Fraction(float(x)) for x in loss.center]
        self.parts = [
            PolynomialLoss([g], loss.dim, center=center, as_loss=True) for g in loss.generators
        ]
        at = torch.zeros((1, loss.dim), dtype=torch.float64)
        constant = [float(p.local_value(at)) for p in self.parts]
        if sum(c * c for c in constant) > 1e-9:
            raise BadLoss(f"w* is no zero of K: K(w*) = {sum(c * c for c in constant):.3g}", (0, 0))
        shape = (len(self.parts), s.realisations)
        xi = torch.randn(shape, generator=generator, dtype=torch.float64, device=s.device)
        self.xi = xi.repeat_interleave(s.chains, dim=1)
        self.n = s.n
        count = self.xi.shape[1]
        self.sum = torch.zeros((len(self.parts), count), dtype=torch.float64, device=s.device)
        self.squares = torch.zeros_like(self.sum)

    def energy(self, meter: Meter) -> Energy:
        root = math.sqrt(2 * self.n)

        def call(u: Tensor) -> tuple[Tensor, Tensor]:
            meter.spend_gradients(u.shape[0])
            total, slope = torch.zeros_like(u[:, 0]), torch.zeros_like(u)
            for part, xi in zip(self.parts, self.xi, strict=True):
                f, gradient = part.local_value_and_grad(u)
                total.addcmul_(f, self.n * f - root * xi)
                slope.addcmul_(gradient, (2 * self.n * f - root * xi)[:, None])
            return total, slope

        return call

    def add(self, u: Tensor) -> None:
        for k, part in enumerate(self.parts):
            f = part.local_value(u)
            self.sum[k] += f
            self.squares[k].addcmul_(f, f)

    def variance(self, draws: int, groups: int) -> Tensor:
        """V by realisation: variance over its chains and draws together."""
        mean = self.sum.view(len(self.parts), groups, -1).mean(2) / draws
        square = self.squares.view(len(self.parts), groups, -1).mean(2) / draws
        return 2 * self.n * (square - mean * mean).sum(0)

    def mean_k(self, draws: int, groups: int) -> Tensor:
        """n·E[K] by realisation."""
        return self.n * self.squares.sum(0).view(groups, -1).mean(1) / draws


class _Examples:
    """Losses of the examples of one data set."""

    def __init__(self, loss: Any, s: Settings) -> None:
        self.loss, self.n = loss, float(loss.n_data)
        self.center = loss.center.to(s.device)
        self.sum = torch.zeros(
            (loss.n_data, s.chains * s.realisations), dtype=torch.float64, device=s.device
        )
        self.squares = torch.zeros_like(self.sum)

    def energy(self, meter: Meter) -> Energy:
        def call(u: Tensor) -> tuple[Tensor, Tensor]:
            value, slope = meter.k_and_grad(u)
            return self.n * value, self.n * slope

        return call

    def add(self, u: Tensor) -> None:
        each = self.loss.example_values(u + self.center).t()
        self.sum += each
        self.squares.addcmul_(each, each)

    def variance(self, draws: int, groups: int) -> Tensor:
        """V by group of chains."""
        mean = self.sum.view(self.sum.shape[0], groups, -1).mean(2) / draws
        square = self.squares.view(self.sum.shape[0], groups, -1).mean(2) / draws
        return (square - mean * mean).sum(0)


def _interval(x: Tensor, level: float) -> Estimate:
    """Student's interval for the mean of independent values."""
    from scipy.stats import t  # 0.3 s: imported when needed

    mean, spread = float(x.mean()), float(x.std()) / math.sqrt(len(x))
    half = float(t.ppf(0.5 * (1 + level), len(x) - 1)) * spread
    return Estimate(mean, mean - half, mean + half, level)


class _Chains:
    """The chains of all data sets: an
    :class:`~singularity_lab.spectroscopes.long_run.Algorithm`."""

    def __init__(self, meter: Meter, view: Any, s: Settings, generator: torch.Generator) -> None:
        self.meter, self.view, self.s, self.generator = meter, view, s, generator
        self.count = s.chains * s.realisations
        self.every = max(1, math.ceil(s.draws / _KEPT))
        self.empirical = torch.zeros(self.count, dtype=torch.float64, device=s.device)
        self.trace: list[Tensor] = []
        self.t = 0
        self.energy = view.energy(meter)
        self.walls = walls_of(meter.loss, s.device)

    def begin(self) -> None:
        """Choose the range of steps and place the chains."""
        s, meter = self.s, self.meter

        class Start:  # what starting_points asks of settings
            chains, device = self.count, s.device

        radius = 1 / math.sqrt(s.gamma) if s.gamma > 0 else 1.0
        h = self.view.n * s.beta * curvature(meter, radius, self.generator) + s.gamma
        smallest = min(1e-3 * radius**2, 0.1 / h)
        if not 0 < smallest < math.inf:
            raise BadLoss(f"no step size fits a curvature of {h:.3g}", meter.counts())
        self.steps = mala.steps(smallest, radius**2, s.scales, device=s.device)
        start = starting_points(meter.loss, Start, radius, self.generator)
        self.chains = mala.init(start, self._potential)
        if not bool(torch.isfinite(self.chains.potential).all()):
            raise BadLoss("the loss is not finite near the centre", meter.counts())

    def _potential(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        s, (lower, upper) = self.s, self.walls
        total, slope = self.energy(u)
        all_ = s.beta * total + 0.5 * s.gamma * (u * u).sum(1)
        if lower is not None and upper is not None:
            outside = ((u < lower) | (u > upper)).any(1)
            all_ = torch.where(outside, math.inf, all_)
        return all_, s.beta * slope + s.gamma * u, total

    def step(self) -> None:
        s, t = self.s, self.t
        self.chains = mala.step(
            self.chains, self.steps, self._potential, self.generator, learn=t < s.burn_in
        )
        if t >= s.burn_in:
            self.view.add(self.chains.position)
            self.empirical += self.chains.value
            if (t - s.burn_in) % self.every == 0:
                self.trace.append(s.beta * self.chains.value)
        elif t % 50 == 49:
            self.steps = mala.adapt(self.steps)
        self.t += 1

    def why_stop(self) -> str | None:
        return "" if self.t == self.s.burn_in + self.s.draws else None

    def told(self) -> tuple[float, str] | None:
        total = self.s.burn_in + self.s.draws
        return (self.t / total, f"step {self.t} of {total}") if self.t % 64 == 0 else None

    def state(self) -> dict[str, Any]:
        return {
            "t": self.t,
            "chains": plain(self.chains),
            "steps": plain(self.steps),
            "sums": [self.view.sum, self.view.squares, self.empirical],
            "trace": list(self.trace),
            "generator": self.generator.get_state(),
            "meter": self.meter.state(),
        }

    def resume(self, saved: dict[str, Any]) -> None:
        self.t, self.trace = saved["t"], saved["trace"]
        self.chains = mala.State(**saved["chains"])
        self.steps = mala.Steps(**saved["steps"])
        self.view.sum, self.view.squares, self.empirical = saved["sums"]
        self.generator.set_state(saved["generator"])
        self.meter.resume(saved["meter"])


def fluctuation(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """ν, and λ where the loss has generators. See :class:`Settings`.

    Estimates: ``lambda`` = β·n(E[K] + E[K_n])/2; ``nu`` from the posterior variance; ``nu by
    errors`` = n(E[K] − E[K_n])/2, an independent reading of the same number. For a loss on data
    ``nu`` alone; its interval then knows the chains, not the luck of the data set. Raises BadInput
    for a loss with neither generators nor ``example_values``.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> plane = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])], loss_id="x^2+y^2")
    >>> r = measure("fluctuation", plane, seed=0, burn_in=200, draws=400)
    >>> abs(r.estimates["nu"].value - 1.0) < 0.1
    True
    """
    s = settings_of(Settings, settings, "fluctuation")
    polynomial = isinstance(loss, PolynomialLoss) and not loss.as_loss
    if not polynomial and not hasattr(loss, "example_values"):
        raise BadInput(
            f"loss: fluctuation needs generators of K = Σ fⱼ², or example_values; {loss.loss_id} "
            "has neither"
        )
    if loss.prior_exponents is not None:
        raise BadInput(f"loss: fluctuation knows no prior factor ∏|w|^τ, as {loss.loss_id} has")
    meter = Meter(loss, budget)
    generator = seeded_generator(s, seed)
    view: Any = _Generators(loss, s, generator) if polynomial else _Examples(loss, s)  # type: ignore[arg-type]
    outcome, reason, estimates = Outcome.OK, "", {}
    diagnostics: dict[str, Any] = {"n": view.n, "realisations": s.realisations if polynomial else 1}
    try:
        run = _Chains(meter, view, s, generator)
        run.begin()
        drive(run)
        groups = s.realisations
        v = view.variance(s.draws, groups).cpu()
        nu = 0.5 * s.beta * v
        if polynomial:
            estimates["nu"] = _interval(nu, s.level)
            trained = (run.empirical / s.draws).view(groups, -1).mean(1).cpu()
            general = view.mean_k(s.draws, groups).cpu()
            estimates["lambda"] = _interval(0.5 * s.beta * (general + trained), s.level)
            estimates["nu by errors"] = _interval(0.5 * (general - trained), s.level)
            diagnostics |= {"n_k": general.tolist(), "n_k_n": trained.tolist()}
        else:
            pooled = 0.5 * s.beta * float(view.variance(s.draws, 1))
            spread = _interval(nu, s.level)
            half = 0.5 * (spread.high - spread.low)
            estimates["nu"] = Estimate(pooled, pooled - half, pooled + half, s.level)
        diagnostics["nu"] = nu.tolist()
        # Chains of one realisation have one law: R-hat is taken within each, the largest tells.
        draws = torch.stack(run.trace, dim=1).cpu().numpy()
        sets = [draws] if not polynomial else list(draws.reshape(groups, s.chains, -1))
        hats = sorted(split_r_hat(x) for x in sets)
        r_hat, ess = hats[len(hats) // 2], sum(effective_sample_size(x) for x in sets)
        diagnostics |= {
            "r_hat": r_hat,
            "r_hat_worst": hats[-1],
            "ess": ess,
            "epsilon": run.steps.epsilon.tolist(),
            "acceptance": (run.steps.accepted / run.steps.tried).tolist(),
        }
        if not math.isfinite(estimates["nu"].value):
            outcome, reason = Outcome.DIVERGED, "chains left the finite numbers"
            estimates = {}
        elif r_hat > 1.1 or ess < 4 * run.count:
            outcome = Outcome.NOT_MIXED
            reason = (
                f"R-hat {r_hat:.3g} (median), {ess:.0f} effective draws over {run.count} chains"
            )
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent before the draws were made"
    return meter.reading("fluctuation", s, seed, estimates, outcome, reason, diagnostics)


def plot(reading: Reading, ax: Any = None) -> Any:
    """n·E[K] against n·E[K_n] over data sets, with the lines on which their means lie (sum 2λ/β,
    difference 2ν); for one data set ν by group of chains."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    d = reading.diagnostics
    if "nu" not in d:
        raise BadInput(f"plot: this reading has no draws ({reading.outcome}: {reading.reason})")
    if "n_k" in d:
        ax.plot(d["n_k_n"], d["n_k"], ".", alpha=0.6)
        both, gap = 2 * reading.lambda_.value, 2 * reading.estimates["nu"].value
        both /= reading.settings["beta"]
        ends = [min(d["n_k_n"]), max(d["n_k_n"])]
        ax.plot(ends, [both - x for x in ends], "--", label="sum 2λ/β")
        ax.plot(ends, [gap + x for x in ends], ":", label="difference 2ν")
        ax.set_xlabel("n E[K_n], training")
        ax.set_ylabel("n E[K], generalisation")
        ax.legend()
    else:
        ax.plot(sorted(d["nu"]), "o")
        ax.set_xlabel("group of chains")
        ax.set_ylabel("ν")
    ax.set_title(f"{reading.loss_id}: ν = {reading.estimates['nu']}")
    return ax


DEVICE = Device(
    name="fluctuation",
    summary="the singular fluctuation ν, and λ beside it, from the posterior",
    scope="Says ν, and λ where the loss has generators, at one n: λ is low by about (m − 1)/log n. "
    "For one data set the interval knows the chains, not the luck of the data; it does not speak "
    "of m.",
    Settings=Settings,
    run=fluctuation,
    plot=plot,
)
