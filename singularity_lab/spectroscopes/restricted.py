"""Restricted learning coefficients and susceptibilities: which weights, and which data, make λ.

``restricted``: λ of w ↦ K(w_C, w*_rest) for a component C of the weights, or of the loss K_h of one
part of the data (Wang, Hoogland, van Wingerden, Furman, Murfet 2024, "refined" local learning
coefficients). The restricted loss is an ordinary loss, and any device can be pointed at it; its λ
is that of the restricted ideal, a smaller or larger number than λ, not a share of it.

``susceptibility``: the response of a component to a change of the data (Baker, Wang, Hoogland,
Murfet 2025). Let only the weights of C move, under e^{−nβK − γ|u|²/2}; with φ = K there, and the
loss tilted to K + h·(K_part − K),

    χ(C, part) = d/dh E_h[φ] at h = 0 = −nβ·Cov(φ, K_part − K).

A positive χ: with more weight on the part, the posterior of C moves to higher total loss. Error
bars come from the jackknife over independent groups of chains.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.extras import pyplot
from singularity_lab.spectroscopes import asymptotics, base
from singularity_lab.spectroscopes.base import (
    BadLoss,
    Budget,
    BudgetSpent,
    Estimate,
    Meter,
    Outcome,
    Reading,
    settings_of,
)
from singularity_lab.spectroscopes.diagnostics import effective_sample_size, split_r_hat
from singularity_lab.spectroscopes.kernels import hmc
from singularity_lab.spectroscopes.loss import Domain, Loss, _points

__all__ = ["MixtureLoss", "RestrictedLoss", "plot", "restricted", "susceptibility"]


# ---------------------------------------------------------------------------------- losses


class RestrictedLoss:
    """K(w_C, w*_rest) as a loss of the coordinates C alone, near w*_C.

    loss: any Loss. indices: C, distinct numbers in 0 … d − 1.

    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> product = PolynomialLoss.from_exponents([([1], [(1, 1)])], center=[0, 2])
    >>> RestrictedLoss(product, [0]).value(torch.tensor([[3.0]])).tolist()
    [36.0]
    """

    kind = "restricted"

    def __init__(self, loss: Loss, indices: Sequence[int], name: str | None = None) -> None:
        chosen = [int(j) for j in indices]
        if (
            not chosen
            or len(set(chosen)) != len(chosen)
            or not all(0 <= j < loss.dim for j in chosen)
        ):
            raise BadInput(
                f"indices: expected distinct numbers in 0…{loss.dim - 1}, got {list(indices)}"
            )
        self.loss = loss
        self.indices = torch.tensor(chosen)
        self.dim = len(chosen)
        self.center = loss.center.double()[self.indices]
        self.domain = None
        if loss.domain is not None:
            self.domain = Domain(
                tuple(loss.domain.lower[j] for j in chosen),
                tuple(loss.domain.upper[j] for j in chosen),
            )
        tau = loss.prior_exponents
        cut = None if tau is None else tuple(tau[j] for j in chosen)
        self.prior_exponents = cut if cut and any(cut) else None
        self.rounding = getattr(loss, "rounding", 2.0**-52)
        if name is None:
            name = hashlib.sha256(repr(chosen).encode()).hexdigest()[:8]
        self.loss_id = f"{loss.loss_id}|{name}"
        if getattr(loss, "local_value", None) is not None:
            self.local_value = self._local_value
        if getattr(loss, "local_value_and_grad", None) is not None:
            self.local_value_and_grad = self._local_value_and_grad

    def _embed(self, v: Tensor, rest: Tensor) -> Tensor:
        v = _points(v, self.dim)
        w = rest.to(v.device).expand(v.shape[0], -1).clone()
        w[:, self.indices.to(v.device)] = v
        return w

    def value(self, w: Tensor) -> Tensor:
        """K at w_C: (c, |C|) → (c,)."""
        return self.loss.value(self._embed(w, self.loss.center.double()))

    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and its gradient in w_C."""
        value, grad = self.loss.value_and_grad(self._embed(w, self.loss.center.double()))
        return value, grad[:, self.indices.to(grad.device)]

    def _local_value(self, u: Tensor) -> Tensor:
        zero = torch.zeros(self.loss.dim, dtype=torch.float64)
        value: Tensor = self.loss.local_value(self._embed(u, zero))  # type: ignore[attr-defined]
        return value

    def _local_value_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        zero = torch.zeros(self.loss.dim, dtype=torch.float64)
        both = self.loss.local_value_and_grad  # type: ignore[attr-defined]
        value, grad = both(self._embed(u, zero))
        return value, grad[:, self.indices.to(grad.device)]


class MixtureLoss:
    """K = Σ weight·K_part over parts of the data, each a loss of the same parameters at one w*.

    parts: name → Loss; weights: name → share of the data (None: equal shares). A device that asks
    for ``parts`` finds them here.

    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> one = PolynomialLoss.from_exponents([([1], [(1, 0)])])
    >>> two = PolynomialLoss.from_exponents([([1], [(0, 1)])])
    >>> MixtureLoss({"a": one, "b": two}).value(torch.tensor([[2.0, 4.0]])).tolist()
    [10.0]
    """

    kind = "mixture"

    def __init__(
        self,
        parts: Mapping[str, Loss],
        weights: Mapping[str, float] | None = None,
        *,
        components: Mapping[str, Sequence[int]] | None = None,
        loss_id: str | None = None,
    ) -> None:
        if not parts:
            raise BadInput("parts: expected at least one loss, got none")
        share = dict.fromkeys(parts, 1 / len(parts)) if weights is None else dict(weights)
        if set(share) != set(parts) or any(not x > 0 for x in share.values()):
            raise BadInput(f"weights: expected a positive number for {sorted(parts)}, got {share}")
        first = next(iter(parts.values()))
        for name, part in parts.items():
            if part.dim != first.dim or not torch.equal(part.center, first.center):
                raise BadInput(f"parts: {name!r} has another dimension or centre than the first")
            if part.prior_exponents != first.prior_exponents or part.domain != first.domain:
                raise BadInput(f"parts: {name!r} has another prior or domain than the first")
        self.parts = dict(parts)
        self.weights = share
        self.dim, self.center, self.domain = first.dim, first.center, first.domain
        self.prior_exponents = first.prior_exponents
        self.rounding = max(float(getattr(p, "rounding", 2.0**-52)) for p in parts.values())
        given = components or getattr(first, "components", None)
        if given:
            self.components = {str(k): list(v) for k, v in given.items()}
        self.loss_id = loss_id or "mixture:" + "+".join(p.loss_id for p in parts.values())
        if all(getattr(p, "local_value_and_grad", None) is not None for p in parts.values()):
            self.local_value = self._local_value
            self.local_value_and_grad = self._local_value_and_grad

    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,)."""
        return _sum([(self.weights[n], p.value(w)) for n, p in self.parts.items()])

    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w."""
        found = [(self.weights[n], p.value_and_grad(w)) for n, p in self.parts.items()]
        return _sum([(a, k) for a, (k, _) in found]), _sum([(a, g) for a, (_, g) in found])

    def _local_value(self, u: Tensor) -> Tensor:
        parts = self.parts.items()
        return _sum([(self.weights[n], p.local_value(u)) for n, p in parts])  # type: ignore[attr-defined]

    def _local_value_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        parts = self.parts.items()
        found = [(self.weights[n], p.local_value_and_grad(u)) for n, p in parts]  # type: ignore[attr-defined]
        return _sum([(a, k) for a, (k, _) in found]), _sum([(a, g) for a, (_, g) in found])


def _sum(terms: list[tuple[float, Tensor]]) -> Tensor:
    total = terms[0][0] * terms[0][1]
    for a, x in terms[1:]:
        total = total + a * x
    return total


def component_indices(loss: Loss, component: str | Sequence[int]) -> list[int]:
    """Indices of a component: a name that the loss knows, a list, or text such as "0-3,7".

    Raises BadInput for a name that is none of these.

    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> component_indices(PolynomialLoss.from_exponents([([1], [(1, 1, 1)])]), "0,2")
    [0, 2]
    """
    known: Mapping[str, Sequence[int]] = getattr(loss, "components", None) or {}
    if not isinstance(component, str):
        if isinstance(component, int):
            return [component]
        return [int(j) for j in component]
    if component in known:
        return list(known[component])
    out: list[int] = []
    for piece in component.split(","):
        low, dash, high = piece.strip().partition("-")
        if not (low.isdigit() and (high.isdigit() or not dash)):
            raise BadInput(
                f"component: expected one of {sorted(known)} or indices such as '0-3,7', "
                f"got {component!r}"
            )
        out += range(int(low), int(high if dash else low) + 1)
    return out


# ---------------------------------------------------------------------------------- restricted


def restricted(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ of a loss restricted to a component of the weights, to a part of the data, or to both.

    component: a name of ``loss.components``, a list of indices, or text such as "0-3,7"; part: a
    name of ``loss.parts``; reader: the device that reads the restricted loss ("volume"). All other
    settings are the reader's. Raises BadInput where neither component nor part is given.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> k = PolynomialLoss.from_exponents([([1], [(2, 0)]), ([1], [(0, 1)])], loss_id="w1^4+w2^2")
    >>> r = measure("restricted", k, seed=0, component=[0], depth=30, particles=64)
    >>> abs(r.lambda_.value - 1 / 4) < 0.02
    True
    """
    component, part = settings.pop("component", None), settings.pop("part", None)
    reader = settings.pop("reader", "volume")
    if component is None and part is None:
        raise BadInput("component, part: at least one of the two is needed")
    if reader in ("restricted", "susceptibility"):
        raise BadInput(f"reader: expected a device that reads λ, got {reader!r}")
    target, words = loss, []
    if part is not None:
        parts: Mapping[str, Loss] = getattr(loss, "parts", None) or {}
        if part not in parts:
            raise BadInput(f"part: expected one of {sorted(parts)}, got {part!r}")
        target = parts[part]
        words.append(f"data {part}")
    if component is not None:
        indices = component_indices(loss, component)
        name = component if isinstance(component, str) else ",".join(map(str, indices))
        target = RestrictedLoss(target, indices, name)
        words.append(f"weights {name}")
    read = base._device(reader)(target, seed=seed, budget=budget, **settings)
    return Reading(
        device="restricted",
        loss_id=loss.loss_id,
        dim=target.dim,
        settings={"component": component, "part": part, "reader": reader, **read.settings},
        seed=seed,
        estimates=read.estimates,
        multiplicity=read.multiplicity,
        outcome=read.outcome,
        reason=f"{', '.join(words)}" + (f": {read.reason}" if read.reason else ""),
        cost=read.cost,
        diagnostics={**read.diagnostics, "restricted_loss_id": target.loss_id},
        versions=read.versions,
    )


# ---------------------------------------------------------------------------------- susceptibility


@dataclass(frozen=True)
class Settings:
    """n, beta, gamma: as in ``llc``; the law is e^{−nβK − γ|u|²/2} on the weights of a component.

    components: names, or None for all weights together and every component that the loss names.
    groups, chains: independent groups of so many chains each. burn_in, draws: trajectories thrown
    away and kept. leapfrogs: largest length of a trajectory. level: of the intervals.
    """

    n: float = 1_000.0
    beta: float | None = None
    gamma: float = 1.0
    components: Sequence[str] | None = None
    groups: int = 16
    chains: int = 16
    burn_in: int = 300
    draws: int = 600
    leapfrogs: int = 8
    device: str = "cpu"
    level: float = 0.9

    def __post_init__(self) -> None:
        if not (self.n > 1 and (self.beta is None or self.beta > 0) and self.gamma > 0):
            raise BadInput(f"n, beta, gamma: expected n > 1, β > 0 and γ > 0, got {self}")
        if self.groups < 4 or self.chains < 1 or self.draws < 8 or self.burn_in < 0:
            raise BadInput(
                "groups, chains, draws, burn_in: expected at least 4, 1, 8 and 0, got "
                f"{self.groups}, {self.chains}, {self.draws} and {self.burn_in}"
            )
        if not (self.leapfrogs >= 1 and 0 < self.level < 1):
            raise BadInput(f"leapfrogs, level: expected ≥ 1 and in (0, 1), got {self}")


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


# ---------------------------------------------------------------------------------- plot


def plot(reading: Reading, ax: Any = None) -> Any:
    """Susceptibilities with intervals by component and part; of ``restricted``, what its reader
    draws."""
    if reading.device == "restricted":
        from dataclasses import replace

        return replace(reading, device=reading.settings["reader"]).plot(ax)
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
