"""Negative controls: samplers that move one coordinate at a time, kept because they fail.

All devices here read nE[K] under exp(−nK) ∏|wᵢ|^τᵢ in a box around w*, which is λ + o(1) for m = 1
(Watanabe 2009, Theorem 6.7), by Markov chains that keep this law: after infinitely many sweeps each
is right. They differ in their moves alone. In the valley {p + q + 2a(p − q) = 0} of the binomial
mixture, whose width is n^(−1/2) and whose length is n^(−1/4), a single coordinate moves by about
the width, so that n^(1/2) sweeps are needed to walk along it. Until then the chains, which start at
w*, know its width only: they read the λ = 1/2 of a smooth hypersurface instead of 3/4, agree with
one another, and claim a narrow interval.

- ``coordinate-walk``: a random walk of one coordinate at a time, its scale tuned to an acceptance
  of 0.44 (Roberts and Rosenthal 2001). A control.
- ``coordinate-slice``: each coordinate from its exact conditional law, by slice sampling with
  shrinkage of the whole box (Neal 2003, §4): the best that a coordinate sampler can do. A control.
- ``joint-walk``: the same law with moves of all coordinates at once: differences of other chains
  (ter Braak 2006) and random directions at random scales. It passes.

The calibration shows the controls with the verdict *fails*; a test asks that they do, where the
others pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.inference.diagnostics import split_r_hat
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

__all__ = ["CoordinateSettings", "coordinate_slice", "coordinate_walk", "joint_walk", "plot"]

SHRINKS = 60  # halvings of the slice: below 2⁻⁶⁰ of the box the point stays where it is
SWEEP = Callable[["_Chains", torch.Generator, bool], None]


@dataclass(frozen=True)
class CoordinateSettings:
    """The law, the chains and the box."""

    n: float = setting(1e6, "sample size, above 1")
    chains: int = setting(64, "chains, at least 2")
    burn_in: int = setting(50, "sweeps thrown away")
    draws: int = setting(150, "sweeps averaged, at least 2")
    half_width: float = setting(0.25, "of the box around w*, cut with the domain of the loss")
    start: float = setting(1e-3, "spread of the chains at the start, in widths of the box")

    def __post_init__(self) -> None:
        if not (self.n > 1 and self.chains >= 2 and self.burn_in >= 0 and self.draws >= 2):
            raise BadInput(
                "settings: expected n > 1, chains ≥ 2, burn_in ≥ 0, draws ≥ 2, "
                f"received {self.n}, {self.chains}, {self.burn_in}, {self.draws}"
            )
        if not (self.half_width > 0 and 0 <= self.start <= 1):
            raise BadInput(
                "settings: expected half_width > 0 and 0 ≤ start ≤ 1, "
                f"received {self.half_width}, {self.start}"
            )


@dataclass
class _Chains:
    """u (c, d): displacements from w*; energy (c,): −log of the density; value (c,): K."""

    u: Tensor
    energy: Tensor
    value: Tensor
    law: Callable[[Tensor], tuple[Tensor, Tensor]]
    lower: Tensor
    upper: Tensor
    scale: Tensor  # (d,): step sizes of the walk


def _slice_sweep(x: _Chains, generator: torch.Generator, _: bool) -> None:
    """Each coordinate in turn: a height below the density, then uniform points of the box side,
    which shrinks towards the present point until one lies above the height."""
    c, d = x.u.shape
    for i in range(d):
        height = x.energy - torch.rand(c, generator=generator, dtype=torch.float64).log()
        low, high = x.lower[i].expand(c).clone(), x.upper[i].expand(c).clone()
        waiting = torch.ones(c, dtype=torch.bool)
        here = x.u[:, i].clone()
        for _attempt in range(SHRINKS):
            uniform = torch.rand(c, generator=generator, dtype=torch.float64)
            at = waiting.nonzero().squeeze(1)
            point = low[at] + (high[at] - low[at]) * uniform[at]
            fresh = x.u[at].clone()
            fresh[:, i] = point
            energy, value = x.law(fresh)
            good = energy <= height[at]
            done = at[good]
            x.u[done, i], x.energy[done], x.value[done] = point[good], energy[good], value[good]
            waiting[done] = False
            miss, place = at[~good], point[~good]
            below = place < here[miss]
            low[miss[below]], high[miss[~below]] = place[below], place[~below]
            if not len(miss):
                break


def _walk_sweep(x: _Chains, generator: torch.Generator, warm: bool) -> None:
    """Each coordinate in turn by a Gaussian step; in warm-up its scale follows the acceptance."""
    c, d = x.u.shape
    for i in range(d):
        fresh = x.u.clone()
        fresh[:, i] += x.scale[i] * torch.randn(c, generator=generator, dtype=torch.float64)
        energy, value = x.law(fresh)
        accept = torch.rand(c, generator=generator, dtype=torch.float64).log() < x.energy - energy
        x.u[accept], x.energy[accept], x.value[accept] = (
            fresh[accept], energy[accept], value[accept]
        )  # fmt: skip
        if warm:
            x.scale[i] *= math.exp(0.3 * (float(accept.double().mean()) - 0.44))


def _joint_sweep(x: _Chains, generator: torch.Generator, _: bool) -> None:
    """d steps of all coordinates at once: differences of two chains of the other half (ter Braak
    2006), or a random direction at a random scale between the width of a valley and the box."""
    c, d = x.u.shape
    half = c // 2
    halves = (slice(0, half), slice(half, c))
    side = float((x.upper - x.lower).min())
    for _step in range(d):
        for mine, other in (halves, halves[::-1]):
            u, pool = x.u[mine], x.u[other]
            k = len(u)
            first = torch.randint(len(pool), (k,), generator=generator)
            second = torch.randint(len(pool), (k,), generator=generator)
            choice = torch.rand(k, 1, generator=generator, dtype=torch.float64)
            gap = pool[first] - pool[second]
            stretch = torch.where(choice < 0.1, 1.0, 2.38 / math.sqrt(2 * d))
            size = side * (x.scale.min() / side) ** torch.rand(
                k, 1, generator=generator, dtype=torch.float64
            )
            normal = torch.randn(k, d, generator=generator, dtype=torch.float64)
            fresh = u + torch.where(choice < 0.6, stretch * gap, size * normal / math.sqrt(d))
            energy, value = x.law(fresh)
            ratio = x.energy[mine] - energy
            accept = torch.rand(k, generator=generator, dtype=torch.float64).log() < ratio
            x.u[mine] = torch.where(accept[:, None], fresh, u)
            x.energy[mine] = torch.where(accept, energy, x.energy[mine])
            x.value[mine] = torch.where(accept, value, x.value[mine])


def coordinate_slice(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """nE[K] by slice sampling along coordinates: a negative control. See
    :class:`CoordinateSettings`.

    On K = w² it is right, for a line has no corners; in valleys it is not.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> abs(measure(coordinate_slice, square, seed=0).lambda_.value - 0.5) < 0.03
    True
    """
    return _run("coordinate-slice", _slice_sweep, loss, seed, budget, settings)


def coordinate_walk(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """nE[K] by a random walk in one coordinate at a time: a negative control. See
    :class:`CoordinateSettings`."""
    return _run("coordinate-walk", _walk_sweep, loss, seed, budget, settings)


def joint_walk(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """nE[K] by moves of all coordinates at once: the counterpart of the controls, which shows that
    it is their moves that fail. See :class:`CoordinateSettings`."""
    return _run("joint-walk", _joint_sweep, loss, seed, budget, settings)


def _run(
    name: str, sweep: SWEEP, loss: Loss, seed: int, budget: Budget, settings: dict[str, Any]
) -> Reading:
    s = settings_of(CoordinateSettings, settings, name)
    meter = Meter(loss, budget)
    generator = torch.Generator().manual_seed(seed)
    lower, upper = _box(loss, s.half_width)
    tau = torch.tensor(loss.prior_exponents or (0.0,) * loss.dim, dtype=torch.float64)

    def law(u: Tensor) -> tuple[Tensor, Tensor]:
        """−log density and K at displacements; +∞ outside the box."""
        inside = ((u >= lower) & (u <= upper)).all(1)
        value = meter.k(u.clamp(lower, upper))
        energy = s.n * value
        if bool(tau.any()):
            prior = torch.xlogy(tau, (u + loss.center).abs()).sum(1)
            energy = energy - prior
        return torch.where(inside, energy, torch.inf), value

    noise = torch.rand(s.chains, loss.dim, generator=generator, dtype=torch.float64)
    floor, roof = lower * s.start, upper * s.start
    estimates: dict[str, Estimate] = {}
    outcome, reason, diagnostics = Outcome.OK, "", {}
    try:
        u = floor + (roof - floor) * noise
        energy, value = law(u)
        chains = _Chains(u, energy, value, law, lower, upper, (upper - lower) / math.sqrt(s.n))
        for _ in range(s.burn_in):
            sweep(chains, generator, True)
        trace = []
        for _ in range(s.draws):
            sweep(chains, generator, False)
            trace.append(s.n * chains.value)
        table = torch.stack(trace, dim=1)
        means = table.mean(1)
        mean = float(means.mean())
        half = 1.645 * float(means.std()) / math.sqrt(s.chains)
        estimates["lambda"] = Estimate(mean, mean - half, mean + half, 0.9)
        r_hat = split_r_hat(table.numpy())
        diagnostics = {"r_hat": r_hat, "trace": table.mean(0).tolist()}
        if r_hat > 1.1:
            outcome, reason = Outcome.NOT_MIXED, f"R-hat {r_hat:.3g}"
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent before the end of the chains"
    return meter.reading(name, s, seed, estimates, outcome, reason, diagnostics)


def _box(loss: Loss, half_width: float) -> tuple[Tensor, Tensor]:
    """The box of displacements, cut with the domain of the loss."""
    lower = torch.full((loss.dim,), -half_width, dtype=torch.float64)
    upper = -lower
    if loss.domain is not None:
        center = loss.center.to(torch.float64)
        lower = torch.maximum(lower, torch.tensor(loss.domain.lower).double() - center)
        upper = torch.minimum(upper, torch.tensor(loss.domain.upper).double() - center)
    return lower, upper


def plot(reading: Reading, ax: Any = None) -> Any:
    """n·K, averaged over chains, sweep by sweep: the slow climb that the interval does not see."""
    plt = pyplot()

    if "trace" not in reading.diagnostics:
        raise BadInput(f"plot: this reading has no trace ({reading.outcome}: {reading.reason})")
    ax = ax if ax is not None else plt.subplots()[1]
    ax.plot(reading.diagnostics["trace"], lw=1)
    ax.set_xlabel("sweep")
    ax.set_ylabel("n·K, mean over chains")
    ax.set_title(f"{reading.device} on {reading.loss_id}: reads {reading.lambda_}")
    return ax


WALK = Device(
    name="coordinate-walk",
    summary="a negative control: a random walk in one coordinate at a time",
    scope="Reads nE[K] in a box around w* and claims it as λ. It is right where the minima have no "
    "curved valley, and kept because it is confidently wrong where they have.",
    Settings=CoordinateSettings,
    run=coordinate_walk,
    plot=plot,
    fails="a step in one coordinate is as short as the valley is narrow, which is crossed in "
    "n^(1/2) sweeps; the chains agree long before",
)
SLICE = Device(
    name="coordinate-slice",
    summary="a negative control: slice sampling of one coordinate at a time",
    scope="Reads nE[K] in a box around w* and claims it as λ. It is right where the minima have no "
    "curved valley, and kept because it is confidently wrong where they have.",
    Settings=CoordinateSettings,
    run=coordinate_slice,
    plot=plot,
    fails="the law of one coordinate given the others is as narrow as the valley, which is crossed "
    "in n^(1/2) sweeps; the chains agree long before",
)
JOINT = Device(
    name="joint-walk",
    summary="the counterpart of the controls: all coordinates at once",
    scope="Reads nE[K] in a box around w*, as the controls do, which is λ + o(1) for m = 1 and low "
    "by about (m − 1)/log n otherwise. It is there to show that the controls fail by their moves "
    "alone.",
    Settings=CoordinateSettings,
    run=joint_walk,
    plot=plot,
)
