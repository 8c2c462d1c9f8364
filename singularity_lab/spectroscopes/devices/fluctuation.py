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

Chains are Metropolis-adjusted Langevin, localised by exp(−γ|w − w*|²/2). Half of those of a data
set begin at w*, half scattered as widely as the localisation allows, and cool: where the two halves
disagree nothing has mixed, and what they disagree on belongs to the interval. As for every reading
at one n, logarithms stay: λ for m > 1 is low by about (m − 1)/log n.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.llc_adjusted import Adjusted
from singularity_lab.spectroscopes.devices.llc_mala import MalaSettings
from singularity_lab.spectroscopes.devices.tempered import draws_needed, potential, seeded_generator
from singularity_lab.spectroscopes.inference.convergence import LARGEST, two_starts
from singularity_lab.spectroscopes.inference.diagnostics import effective_sample_size, split_r_hat
from singularity_lab.spectroscopes.kernels import mala
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import BadLoss, Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

_R_HAT, _FEWEST = 1.1, 4  # R-hat allowed, effective draws a chain


@dataclass(frozen=True)
class FluctuationSettings:
    """The posterior, the data sets, and the chains of each."""

    n: float = setting(10_000.0, "sample size, of a loss with generators; data bring their own")
    beta: float = setting(1.0, "inverse temperature; 1 for Bayes")
    gamma: float = setting(1.0, "strength of the localisation around w*")
    realisations: int = setting(64, "data sets ξ, at least 4")
    chains: int = setting(
        8,
        "chains of a data set, even, at least 2; where there is one set, chains · realisations run",
    )
    burn_in: int = setting(1_000, "steps thrown away")
    draws: int = setting(2_000, "steps averaged, at least 16")
    scales: int = setting(20, "step sizes, log-spaced")
    heated: bool = setting(
        True,
        "whether half of the chains begin scattered, hot, and cool in burn-in; without it all "
        "start at w*, and the reading is never ok",
    )
    level: float = setting(0.9, "of the intervals")
    device: str = setting("cpu", "of torch")

    def __post_init__(self) -> None:
        if not (self.n > 1 and self.beta > 0 and self.gamma >= 0):
            raise BadInput(
                "n, beta, gamma: expected > 1, > 0 and ≥ 0, "
                f"received {self.n}, {self.beta} and {self.gamma}"
            )
        few = self.realisations < 4 or self.chains < 2 or self.draws < 16 or self.burn_in < 0
        if few or self.chains % 2:
            raise BadInput(
                "realisations, chains, draws, burn_in: expected at least 4, 2 (an even number), 16 "
                "and 0, received "
                f"{self.realisations}, {self.chains}, {self.draws} and {self.burn_in}"
            )
        if not 0 < self.level < 1:
            raise BadInput(f"level: expected a number in (0, 1), received {self.level}")


Energy = Callable[[Tensor], tuple[Tensor, Tensor]]
"""u (c, d) → n·K_n (c,) and its gradient (c, d)."""


class _Generators:
    """f_j and K_n of a polynomial loss, with the data sets ξ (k, c) drawn once."""

    def __init__(
        self, loss: PolynomialLoss, s: FluctuationSettings, generator: torch.Generator
    ) -> None:
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
        self.xi = xi.repeat_interleave(s.chains // 2, dim=1).repeat(1, 2)
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

    def mean_k(self, draws: int, groups: int) -> Tensor:
        """n·E[K] by start and realisation, (2, groups)."""
        return self.n * self.squares.sum(0).view(2, groups, -1).mean(2) / draws

    def weight(self) -> float:
        """What Σ Var(fⱼ) is multiplied with."""
        return 2 * self.n


class _Examples:
    """Losses of the examples of one data set."""

    def __init__(self, loss: Any, s: FluctuationSettings) -> None:
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

    def weight(self) -> float:
        """What Σ Var(ℓᵢ) is multiplied with."""
        return 1.0


def _variance(view: Any, draws: int, shape: tuple[int, ...]) -> Tensor:
    """V: the posterior variances summed over what is observed. shape: how the chains, near ones
    first, are divided; the mean is taken over the last axis of it."""
    mean = view.sum.view(len(view.sum), *shape).mean(-1) / draws
    square = view.squares.view(len(view.sum), *shape).mean(-1) / draws
    return view.weight() * (square - mean * mean).sum(0)


class _Empirical:
    """A loss seen through its meter, with n·K_n of the chains' own data sets for its value."""

    def __init__(self, meter: Meter, view: Any) -> None:
        self.loss, self.n, self._energy = meter.loss, view.n, view.energy(meter)

    def k_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        total, slope = self._energy(u)
        return total / self.n, slope / self.n


class _Chains(Adjusted):
    """The chains of all data sets: those from w* of every set, then the scattered ones."""

    def __init__(
        self, meter: Meter, view: Any, s: FluctuationSettings, generator: torch.Generator
    ) -> None:
        self.view, self.source = view, _Empirical(meter, view)
        chains = MalaSettings(
            n=view.n, beta=s.beta, gamma=s.gamma, chains=s.chains * s.realisations,
            burn_in=s.burn_in, draws=s.draws, scales=s.scales, device=s.device,
        )  # fmt: skip
        super().__init__(meter, chains, view.n * s.beta, generator, "mala", s.heated)

    def potential(self, nbeta: float | Tensor) -> mala.Target:
        return potential(self.source, nbeta, self.s.gamma)

    def seen(self, chains: Any) -> None:
        self.view.add(chains.position)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "sums": [self.view.sum, self.view.squares]}

    def resume(self, saved: dict[str, Any]) -> None:
        super().resume(saved)
        self.view.sum, self.view.squares = saved["sums"]


def fluctuation(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """ν, and λ where the loss has generators. See :class:`FluctuationSettings`.

    Estimates: ``lambda`` = β·n(E[K] + E[K_n])/2; ``nu`` from the posterior variance; ``nu by
    errors`` = n(E[K] − E[K_n])/2, an independent reading of the same number. For a loss on data
    ``nu`` alone; its interval then knows the chains, not the luck of the data set. Raises BadInput
    for a loss with neither generators nor ``example_values``.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> plane = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])], loss_id="x^2+y^2")
    >>> r = measure("fluctuation", plane, seed=0, burn_in=200, draws=400)
    >>> r.ok, abs(r.estimates["nu"].value - 1.0) < 0.1
    (True, True)
    """
    s = settings_of(FluctuationSettings, settings, "fluctuation")
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
    outcome, reason = Outcome.OK, ""
    estimates: dict[str, Estimate] = {}
    diagnostics: dict[str, Any] = {"n": view.n, "realisations": s.realisations if polynomial else 1}
    try:
        run = _Chains(meter, view, s, generator)
        drive(run.begin())
        outcome, reason = _read(run, view, s, polynomial, estimates, diagnostics)
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent before the draws were made"
    return meter.reading("fluctuation", s, seed, estimates, outcome, reason, diagnostics)


def _read(
    run: _Chains,
    view: Any,
    s: FluctuationSettings,
    polynomial: bool,
    estimates: dict[str, Estimate],
    diagnostics: dict[str, Any],
) -> tuple[Outcome, str]:
    """Estimates and diagnostics of the draws; outcome and reason."""
    groups, count, draws = s.realisations, run.s.chains, s.draws
    energy = (s.beta * view.n * run.average.total / draws).view(2, groups, -1).mean(2).cpu()
    nu = 0.5 * s.beta * _variance(view, draws, (2, groups, count // (2 * groups))).cpu()
    if not polynomial:  # one law: its variance is that of all chains together
        whole = 0.5 * s.beta * _variance(view, draws, (2, count // 2)).cpu()
        nu = nu + (whole - nu.mean(1))[:, None]
    found = {"nu": two_starts(*nu.numpy(), paired=polynomial)}
    if polynomial:
        general = view.mean_k(draws, groups).cpu()
        trained = energy / s.beta
        found |= {
            "lambda": two_starts(*(0.5 * s.beta * (general + trained)).numpy(), paired=True),
            "nu by errors": two_starts(*(0.5 * (general - trained)).numpy(), paired=True),
        }
        diagnostics |= {"n_k": general.mean(0).tolist(), "n_k_n": trained.mean(0).tolist()}
    if not math.isfinite(found["nu"].value):
        return Outcome.DIVERGED, "chains left the finite numbers"
    # Chains of one realisation have one law: R-hat is taken within each.
    trace = torch.stack(run.average.trace, dim=1).cpu().numpy()
    sets = [trace]
    if polynomial:
        sets = list(np.moveaxis(trace.reshape(2, groups, -1, trace.shape[1]), 0, 1))
        sets = [x.reshape(-1, trace.shape[1]) for x in sets]
    hats = sorted(split_r_hat(x) for x in sets)
    r_hat, ess = hats[len(hats) // 2], sum(effective_sample_size(x) for x in sets)
    if not polynomial:
        # Few draws of a variance seldom hold its tail: their spread is small where they are low.
        # That of one Gaussian variable is known within √(2/draws) of itself, and no better.
        least = abs(found["nu"].value) * math.sqrt(2 / ess) if ess > 0 else math.inf
        found["nu"] = replace(found["nu"], error=max(found["nu"].error, least))
    estimates |= {name: f.interval(s.level) for name, f in found.items()}
    diagnostics |= {
        "nu": nu.mean(0).tolist(),
        "r_hat": r_hat,
        "r_hat_worst": hats[-1],
        "ess": ess,
        "epsilon": run.steps.epsilon.tolist(),
        "acceptance": (run.steps.accepted / run.steps.tried.clamp_min(1e-300)).tolist(),
        "start_gap": found["nu"].gap,
        "standard_error": found["nu"].error,
    }
    fit = two_starts(*energy.numpy(), paired=polynomial)
    level, half = fit.value, 3 * fit.error
    if not polynomial and level + half < 0:
        return Outcome.NO_MINIMUM, (
            "the chains find lower losses than L(w*): train on, or hold them nearer (gamma)"
        )
    if level - half > run.meter.loss.dim / 2 and run.meter.loss.domain is None:
        return Outcome.DIVERGED, (
            f"nβ(E[L] − L(w*)) = {level:.3g} is above d/2 = {run.meter.loss.dim / 2:g}: the chains "
            "have left the basin of w*"
        )
    if r_hat > _R_HAT or ess < _FEWEST * count:
        short = max(_FEWEST * count / max(ess, 1.0), (r_hat**2 - 1) / (_R_HAT**2 - 1))
        return Outcome.NOT_MIXED, (
            f"R-hat {r_hat:.3g} (median), {ess:.0f} effective draws over {count} chains"
            + draws_needed(short, draws)
        )
    complaint = next((f"{k}: {f.complaint}" for k, f in found.items() if f.complaint), "")
    if not complaint and not run.heated:
        complaint = "all chains began at w*: nothing shows that they have left it"
    nu_found = found["nu"]
    if not complaint and not nu_found.error < LARGEST * nu_found.value:
        complaint = (
            f"the standard error {nu_found.error:.3g} is over a fifth of ν = {nu_found.value:.3g}"
        )
        if nu_found.value > 0:
            complaint += draws_needed((nu_found.error / (LARGEST * nu_found.value)) ** 2, draws)
    return (Outcome.NOT_MIXED, complaint) if complaint else (Outcome.OK, "")


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
    Settings=FluctuationSettings,
    run=fluctuation,
    plot=plot,
)
