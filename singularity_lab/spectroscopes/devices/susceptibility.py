"""Susceptibilities: covariances of losses under the localised tempered posterior.

The response of a component to a change of the data (Baker, Wang, Hoogland,
Murfet 2025). Let only the weights of C move, under e^{−nβK − γ|u|²/2}; with φ = K there, and the
loss tilted to K + h·(K_part − K),

    χ(C, part) = d/dh E_h[φ] at h = 0 = −nβ·Cov(φ, K_part − K).

A positive χ: with more weight on the part, the posterior of C moves to higher total loss. Error
bars come from the jackknife over independent groups of chains.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.inference import asymptotics
from singularity_lab.spectroscopes.inference.diagnostics import effective_sample_size, split_r_hat
from singularity_lab.spectroscopes.kernels import hmc
from singularity_lab.spectroscopes.losses.parts import component_indices
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import BadLoss, Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot


@dataclass(frozen=True)
class Settings:
    """The law e^{−nβK − γ|u|²/2} on the weights of a component, and the chains."""

    n: float = setting(1_000.0, "sample size, above 1")
    beta: float | None = setting(None, "inverse temperature; by default 1/log n")
    gamma: float = setting(1.0, "strength of the localisation around w*, above 0")
    components: Sequence[str] | None = setting(
        None, "names of components; by default all weights together and each that the loss names"
    )
    groups: int = setting(16, "independent groups of chains, at least 4")
    chains: int = setting(16, "chains of a group")
    burn_in: int = setting(300, "trajectories thrown away")
    draws: int = setting(600, "trajectories kept, at least 8")
    leapfrogs: int = setting(8, "largest length of a trajectory")
    device: str = setting("cpu", "of torch")
    level: float = setting(0.9, "of the intervals")

    def __post_init__(self) -> None:
        if not (self.n > 1 and (self.beta is None or self.beta > 0) and self.gamma > 0):
            raise BadInput(f"n, beta, gamma: expected n > 1, β > 0 and γ > 0, received {self}")
        if self.groups < 4 or self.chains < 1 or self.draws < 8 or self.burn_in < 0:
            raise BadInput(
                "groups, chains, draws, burn_in: expected at least 4, 1, 8 and 0, received "
                f"{self.groups}, {self.chains}, {self.draws} and {self.burn_in}"
            )
        if not (self.leapfrogs >= 1 and 0 < self.level < 1):
            raise BadInput(f"leapfrogs, level: expected ≥ 1 and in (0, 1), received {self}")


@dataclass(frozen=True)
class Covariances:
    """By component: K (draws, chains) relative to w*, and ΔK = K_part − K by part."""

    total: Tensor
    tilt: dict[str, Tensor]
    acceptance: float


def draw(
    loss: Loss,
    meter: Meter,
    indices: Sequence[int] | None,
    s: Settings,
    nbeta: float,
    generator: torch.Generator,
) -> Covariances:
    """Sample the localised law of a component by Hamiltonian trajectories from w*, and K, K_part
    at every draw. Raises BadLoss for a loss that is lower somewhere than at w*."""
    device = torch.device(s.device)
    chosen = torch.arange(loss.dim) if indices is None else torch.tensor(list(indices))
    chosen = chosen.to(device)
    center = loss.center.to(device, torch.float64)
    walls = None
    if loss.domain is not None:
        walls = (
            torch.tensor(loss.domain.lower, dtype=torch.float64, device=device) - center,
            torch.tensor(loss.domain.upper, dtype=torch.float64, device=device) - center,
        )
    if loss.prior_exponents is not None:
        raise BadInput("prior_exponents: susceptibilities are defined for the flat prior here")
    parts: Mapping[str, Loss] = getattr(loss, "parts", None) or {}
    meters = {name: Meter(part, Budget()) for name, part in parts.items()}

    def embed(v: Tensor) -> Tensor:
        u = torch.zeros((v.shape[0], loss.dim), dtype=torch.float64, device=device)
        u[:, chosen] = v
        return u

    def target(v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        u = embed(v)
        value, grad = meter.k_and_grad(u)
        potential = nbeta * value + 0.5 * s.gamma * (v * v).sum(1)
        if walls is not None:
            outside = ((u < walls[0]) | (u > walls[1])).any(1)
            potential = torch.where(outside, math.inf, potential)
        return potential, nbeta * grad[:, chosen] + s.gamma * v, value

    count = s.groups * s.chains
    shape = (count, len(chosen))
    start = (
        1e-3
        / math.sqrt(nbeta)
        * torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
    )
    if walls is not None:
        start = start.clamp(walls[0][chosen], walls[1][chosen])
    state = hmc.init(start, target)
    if not bool(torch.isfinite(state.potential).all()):
        raise BadLoss("the loss is not finite near the centre", meter.counts())
    width = 1 / math.sqrt(s.gamma)
    steps = hmc.steps(1e-3 * width / math.sqrt(nbeta / s.gamma + 1), width, 20, device=device)
    moved = 0.0
    for t in range(s.burn_in):
        state = hmc.step(state, steps, target, generator, leapfrogs=s.leapfrogs, learn=True)
        if t % 20 == 19:
            steps = hmc.adapt(steps)
    totals: list[Tensor] = []
    tilts: dict[str, list[Tensor]] = {name: [] for name in parts}
    for _ in range(s.draws):
        old = state.value
        state = hmc.step(state, steps, target, generator, leapfrogs=s.leapfrogs)
        moved += float((state.value != old).double().mean())
        totals.append(state.value)
        u = embed(state.position)
        for name, m in meters.items():
            tilts[name].append(m.k(u) - state.value)
    meter.evaluations += sum(m.evaluations for m in meters.values())
    total = torch.stack(totals)
    if float(total.mean()) < 0 and float(total.mean(0).max()) < 0:
        raise BadLoss("w* is no minimum: the mean loss is below K(w*)", meter.counts())
    return Covariances(
        total, {n: torch.stack(x) for n, x in tilts.items()}, moved / max(1, s.draws)
    )


def _covariance(phi: Tensor, delta: Tensor, groups: int) -> tuple[float, float]:
    """Cov(φ, Δ) over all draws, and its jackknife error over groups of chains."""
    a = phi.reshape(phi.shape[0], groups, -1).permute(1, 0, 2).reshape(groups, -1)
    b = delta.reshape(delta.shape[0], groups, -1).permute(1, 0, 2).reshape(groups, -1)
    sums = torch.stack([a.mean(1), b.mean(1), (a * b).mean(1)])

    def covariance(x: Tensor) -> Tensor:
        return x[2] - x[0] * x[1]

    everything = float(covariance(sums.mean(1)))
    left = (sums.sum(1, keepdim=True) - sums) / (groups - 1)
    c = covariance(left)
    error = math.sqrt((groups - 1) * float(((c - c.mean()) ** 2).mean()))
    return everything, error


def susceptibility(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """χ(C, part) = −nβ·Cov(K, K_part − K) for components C of the weights and parts of the data.

    The loss names its ``parts`` (:class:`MixtureLoss`) and, for components, its ``components``.
    Estimates: ``lambda`` = nβE[K] with all weights moving (the target of ``llc``: biased as that
    is), ``E[C]`` = nβE[K] with C moving, ``chi[C, part]``. See :class:`Settings`. Raises BadInput
    for a loss without parts.
    """
    s = settings_of(Settings, settings, "susceptibility")
    if not getattr(loss, "parts", None):
        raise BadInput(
            f"loss: {loss.loss_id} has no parts of data; make a MixtureLoss of the losses of parts"
        )
    meter = Meter(loss, budget)
    generator = torch.Generator(device=s.device).manual_seed(seed)
    nbeta = s.n * (1 / math.log(s.n) if s.beta is None else s.beta)
    named: Mapping[str, Sequence[int]] = getattr(loss, "components", None) or {}
    wanted = ["all", *(named if s.components is None else s.components)]
    estimates: dict[str, Estimate] = {}
    rows: dict[str, Any] = {}
    outcome, reason = Outcome.OK, ""
    z = asymptotics.normal_quantile(s.level)
    try:
        for name in dict.fromkeys(wanted):
            indices = None if name == "all" else component_indices(loss, name)
            c = draw(loss, meter, indices, s, nbeta, generator)
            by_group = nbeta * c.total.reshape(s.draws, s.groups, -1).mean((0, 2))
            mean = float(by_group.mean())
            half = z * float(by_group.std()) / math.sqrt(s.groups)
            estimate = Estimate(mean, mean - half, mean + half, s.level)
            estimates["lambda" if name == "all" else f"E[{name}]"] = estimate
            for part, tilt in c.tilt.items():
                covariance, error = _covariance(c.total, tilt, s.groups)
                chi = -nbeta * covariance
                half = z * nbeta * error
                estimates[f"chi[{name}, {part}]"] = Estimate(chi, chi - half, chi + half, s.level)
            trace = c.total.t().cpu().numpy()
            rows[name] = {
                "acceptance": c.acceptance,
                "r_hat": split_r_hat(trace),
                "ess": effective_sample_size(trace),
            }
        worst = max(rows, key=lambda k: rows[k]["r_hat"])
        if rows[worst]["r_hat"] > 1.1:
            outcome = Outcome.NOT_MIXED
            reason = f"R-hat {rows[worst]['r_hat']:.3g} for component {worst}"
        else:
            outcome = Outcome.BIASED_TARGET
            reason = (
                "λ is nβE[K] at one temperature, as in llc; E[C] and χ are at this temperature "
                "by definition"
            )
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent after components {sorted(rows)}"
    return meter.reading(
        "susceptibility", s, seed, estimates, outcome, reason, {"nbeta": nbeta, "components": rows}
    )


def plot(reading: Reading, ax: Any = None) -> Any:
    """Susceptibilities with intervals by component and part."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    chosen = {k: e for k, e in reading.estimates.items() if k.startswith("chi[")}
    if not chosen:
        raise BadInput(f"plot: this reading has no χ ({reading.outcome}: {reading.reason})")
    for row, e in enumerate(chosen.values()):
        ax.plot([e.low, e.high], [row, row], lw=1.5, color="C0")
        ax.plot(e.value, row, "o", color="C0")
    ax.axvline(0.0, color="0.6", lw=1)
    ax.set_yticks(range(len(chosen)), [k[4:-1] for k in chosen])
    ax.set_xlabel("χ = −nβ Cov(K, K_part − K)")
    ax.set_title(reading.loss_id)
    return ax


DEVICE = Device(
    name="susceptibility",
    summary="linear response of a component of the weights to a change of the data",
    scope="Says χ(component, part) with error bars at one temperature, for a loss with parts of "
    "data. Its λ is nβE[K] at that temperature, biased as in llc; it does not speak of m.",
    Settings=Settings,
    run=susceptibility,
    plot=plot,
)
