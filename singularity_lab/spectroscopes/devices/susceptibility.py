"""Susceptibilities: covariances of losses under the localised tempered posterior.

The response of a component to a change of the data (Baker, Wang, Hoogland,
Murfet 2025). Let only the weights of C move, under e^{−nβK − γ|u|²/2}; with φ = K there, and the
loss tilted to K + h·(K_part − K),

    χ(C, part) = d/dh E_h[φ] at h = 0 = −nβ·Cov(φ, K_part − K).

A positive χ: with more weight on the part, the posterior of C moves to higher total loss. Half of
the chains begin at w*, half scattered; error bars come from the jackknife over independent groups
of chains and from what the two halves disagree on.
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
from singularity_lab.spectroscopes.devices.llc import R_HAT
from singularity_lab.spectroscopes.devices.llc_adjusted import Adjusted
from singularity_lab.spectroscopes.devices.llc_hmc import HmcSettings
from singularity_lab.spectroscopes.inference.convergence import Judgement, interval, judge
from singularity_lab.spectroscopes.losses.parts import RestrictedLoss, component_indices
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import Estimate, Outcome, Reading
from singularity_lab.system.extras import plain, pyplot


@dataclass(frozen=True)
class SusceptibilitySettings:
    """The law e^{−nβK − γ|u|²/2} on the weights of a component, and the chains."""

    n: float = setting(1_000.0, "sample size, above 1")
    beta: float | None = setting(None, "inverse temperature; by default 1/log n")
    gamma: float = setting(1.0, "strength of the localisation around w*, above 0")
    components: Sequence[str] | None = setting(
        None, "names of components; by default all weights together and each that the loss names"
    )
    groups: int = setting(16, "independent groups of chains, an even number, at least 4")
    chains: int = setting(16, "chains of a group")
    burn_in: int = setting(300, "trajectories thrown away")
    draws: int = setting(600, "trajectories kept, at least 8")
    leapfrogs: int = setting(8, "largest length of a trajectory")
    device: str = setting("cpu", "of torch")
    level: float = setting(0.9, "of the intervals")

    def __post_init__(self) -> None:
        if not (self.n > 1 and (self.beta is None or self.beta > 0) and self.gamma > 0):
            raise BadInput(f"n, beta, gamma: expected n > 1, β > 0 and γ > 0, received {self}")
        few = self.groups < 4 or self.chains < 1 or self.draws < 8 or self.burn_in < 0
        if few or self.groups % 2:
            raise BadInput(
                "groups, chains, draws, burn_in: expected at least 4 (even), 1, 8 and 0, received "
                f"{self.groups}, {self.chains}, {self.draws} and {self.burn_in}"
            )
        if not (self.leapfrogs >= 1 and 0 < self.level < 1):
            raise BadInput(f"leapfrogs, level: expected ≥ 1 and in (0, 1), received {self}")


@dataclass(frozen=True)
class Covariances:
    """By component: K (draws, chains) relative to w*, and ΔK = K_part − K by part. The first half
    of the chains began at w*, the second scattered. judgement: of the average of nβK."""

    total: Tensor
    tilt: dict[str, Tensor]
    acceptance: float
    judgement: Judgement


class _Chains(Adjusted):
    """Hamiltonian chains that keep K and K_part at every draw."""

    def __init__(
        self,
        meter: Meter,
        parts: Mapping[str, Meter],
        s: SusceptibilitySettings,
        nbeta: float,
        generator: torch.Generator,
    ) -> None:
        chains = HmcSettings(
            n=s.n, beta=s.beta, gamma=s.gamma, chains=s.groups * s.chains, burn_in=s.burn_in,
            draws=s.draws, leapfrogs=s.leapfrogs, device=s.device,
        )  # fmt: skip
        super().__init__(meter, chains, nbeta, generator, "hmc", heated=True)
        self.parts = parts
        self.totals: list[Tensor] = []
        self.tilts: dict[str, list[Tensor]] = {name: [] for name in parts}
        self.moved = 0.0

    def seen(self, chains: Any) -> None:
        if self.totals:
            self.moved += float((chains.value != self.totals[-1]).double().mean())
        self.totals.append(chains.value)
        for name, part in self.parts.items():
            self.tilts[name].append(part.k(chains.position) - chains.value)


def draw(
    loss: Loss,
    meter: Meter,
    indices: Sequence[int] | None,
    s: SusceptibilitySettings,
    nbeta: float,
    generator: torch.Generator,
) -> Covariances:
    """Sample the localised law of a component by Hamiltonian trajectories, half of them from w*,
    half scattered, and K, K_part at every draw."""
    if loss.prior_exponents is not None:
        raise BadInput("prior_exponents: susceptibilities are defined for the flat prior here")
    parts: Mapping[str, Loss] = getattr(loss, "parts", None) or {}

    def restricted(whole: Loss) -> Loss:
        return whole if indices is None else RestrictedLoss(whole, indices)

    spent, budget = meter.evaluations + meter.gradients, meter.budget
    own = Meter(
        restricted(loss),
        Budget(budget.evaluations - spent, budget.cpu_seconds - meter.cpu_seconds()),
    )
    meters = {name: Meter(restricted(part), Budget()) for name, part in parts.items()}
    run = _Chains(own, meters, s, nbeta, generator)
    try:
        run.begin()
        while run.why_stop() is None:
            run.step()
    finally:
        meter.gradients += own.gradients
        meter.evaluations += own.evaluations + sum(m.evaluations for m in meters.values())
    kinds = [{"scattered": False}, {"scattered": True}]
    judgement = judge(run.average.groups(nbeta, kinds), r_hat=R_HAT)
    tilts = {n: torch.stack(x) for n, x in run.tilts.items()}
    return Covariances(torch.stack(run.totals), tilts, run.moved / (s.draws - 1), judgement)


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


def _response(
    c: Covariances, part: str, s: SusceptibilitySettings, nbeta: float
) -> tuple[Estimate, str]:
    """χ with its interval, and what the two starts disagree on."""
    half, tilt = c.total.shape[1] // 2, c.tilt[part]
    value, error = _covariance(c.total, tilt, s.groups)
    near, noise = _covariance(c.total[:, :half], tilt[:, :half], s.groups // 2)
    far, other = _covariance(c.total[:, half:], tilt[:, half:], s.groups // 2)
    gap, chi = far - near, -nbeta * value
    complaint = ""
    if abs(gap) > 4 * math.hypot(noise, other) + 1e-12 * abs(value):
        complaint = (
            f"chains from w* read χ = {-nbeta * near:.3g}, scattered ones {-nbeta * far:.3g}"
        )
    whole = nbeta * math.hypot(error, gap / 2)
    return interval(chi, whole, s.groups // 2 - 1, s.level), complaint


def susceptibility(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """χ(C, part) = −nβ·Cov(K, K_part − K) for components C of the weights and parts of the data.

    The loss names its ``parts`` (:class:`MixtureLoss`) and, for components, its ``components``.
    Estimates: ``llc`` = nβE[K] with all weights moving, ``E[C]`` = nβE[K] with C moving,
    ``chi[C, part]``: numbers at this n, β and γ. See :class:`SusceptibilitySettings`.
    Raises BadInput for a loss without parts.
    """
    s = settings_of(SusceptibilitySettings, settings, "susceptibility")
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
    try:
        for name in dict.fromkeys(wanted):
            indices = None if name == "all" else component_indices(loss, name)
            c = draw(loss, meter, indices, s, nbeta, generator)
            verdict, flat = c.judgement, not bool(c.total.any())
            estimates["llc" if name == "all" else f"E[{name}]"] = e = verdict.interval(s.level)
            complaints = ["" if flat else verdict.complaint]
            for part in c.tilt:
                estimates[f"chi[{name}, {part}]"], complaint = _response(c, part, s, nbeta)
                complaints.append(complaint)
            rows[name] = {
                "acceptance": c.acceptance,
                "standard_error": verdict.error,
                **verdict.numbers,
            }
            if outcome is Outcome.OK and e.high < 0:
                outcome = Outcome.NO_MINIMUM
                reason = f"component {name}: the chains find lower losses than K(w*)"
            elif outcome is Outcome.OK and any(complaints):
                outcome = Outcome.NOT_MIXED
                reason = f"component {name}: {next(x for x in complaints if x)}"
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
    ax.set_yticks(range(len(chosen)), [plain(k[4:-1]) for k in chosen])
    ax.set_xlabel("χ = −nβ Cov(K, K_part − K)")
    ax.set_title(reading.loss_id)
    return ax


DEVICE = Device(
    name="susceptibility",
    summary="linear response of a component of the weights to a change of the data",
    scope="Says χ(component, part) with error bars at one temperature, for a loss with parts of "
    "data, beside the estimate of llc. It claims no λ and does not speak of m.",
    Settings=SusceptibilitySettings,
    run=susceptibility,
    plot=plot,
)
