"""Settings and curve of an annealing ladder, whichever sampler climbs it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import setting
from singularity_lab.spectroscopes.kernels import hmc
from singularity_lab.spectroscopes.kernels.localised import Localised
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Meter
from singularity_lab.spectroscopes.reading import BadLoss, Outcome

FEWEST = 16  # levels below which a curve says nothing

LAG = 0.02  # share of E[βK] by which a chain may lag
_MANY = 150  # dimensions above which particles are not resampled
_FEW, _FEWER = 30, 10  # dimensions up to which particles go deep, and deepest
_NEAR = 0.3  # σ: about the standard deviation of the box of ``volume``


@dataclass(frozen=True)
class LadderSettings:
    """The neighbourhood, the ladder, and what climbs it."""

    sigma: float | None = setting(
        None,
        "width of the Gaussian around w*; by default 0.3, and above 150 dimensions a tenth of the "
        "root mean square of w* (1 where w* = 0)",
    )
    shrinks: int | None = setting(
        None,
        "times that the width may be halved because the Gaussian reaches a worse singularity than "
        "w* (particles > 1); by default 5, and 0 where sigma is given",
    )
    replicates: int | None = setting(
        None, "independent runs, at least 3; by default chosen by the dimension"
    )
    particles: int | None = setting(
        None,
        "particles of a run; 1 for chains that are never resampled; by default chosen by the "
        "dimension",
    )
    span: float | None = setting(
        None,
        "e-folds of β after the first level; by default 100 up to 10 dimensions, 60 up to 30, else "
        "20",
    )
    ess: float = setting(
        0.6, "relative effective sample size that fixes the next level (particles > 1)"
    )
    spacing: float = setting(0.5, "largest step of log β")
    rounds: int = setting(3, "rounds of moves in a level (particles > 1)")
    trajectories: int | None = setting(
        None, "trajectories of a round, or of a level for chains; by default 2, or 32 for chains"
    )
    leapfrogs: int | None = setting(
        None, "largest length of a trajectory; by default 8, or 16 for chains"
    )
    stiff: int | None = setting(
        None,
        "directions of the Hessian at w* looked for, in which chains move in units of their width; "
        "0 for none, by default chosen by the dimension",
    )
    hold: float = setting(
        0.15,
        "share of all evaluations spent at the last temperature: by as much as E[βK] still falls "
        "there the interval reaches lower (particles > 1); 0 for none",
    )
    max_multiplicity: int = setting(8, "largest m considered, never above d")
    device: str = setting("cpu", "of torch")
    level: float = setting(0.9, "of the intervals")

    def __post_init__(self) -> None:
        if self.sigma is not None and not (self.sigma > 0 and math.isfinite(self.sigma)):
            raise BadInput(f"sigma: expected a positive width or None, received {self.sigma}")
        if self.replicates is not None and self.replicates < 3:
            raise BadInput(f"replicates: expected at least 3, received {self.replicates}")
        n = self.particles
        if n is not None and not (n == 1 or (n >= 8 and n % 2 == 0)):
            raise BadInput(f"particles: expected 1 or an even number ≥ 8, received {n}")
        if self.span is not None and not self.span > 0:
            raise BadInput(f"span: expected a positive number or None, received {self.span}")
        if not (0 < self.ess < 1 and self.spacing > 0 and 0 < self.level < 1):
            raise BadInput(f"ess, spacing, level: expected (0, 1), > 0 and (0, 1), received {self}")
        if not 0 <= self.hold < 1:
            raise BadInput(f"hold: expected a share in [0, 1), received {self.hold}")
        if self.shrinks is not None and self.shrinks < 0:
            raise BadInput(f"shrinks: expected at least 0 or None, received {self.shrinks}")
        if n == 1 and self.shrinks:
            raise BadInput(f"shrinks: chains (particles = 1) take 0 alone, received {self.shrinks}")
        for name in ("rounds", "trajectories", "leapfrogs", "max_multiplicity"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BadInput(f"{name}: expected at least 1, received {value}")


def resolved_settings(s: LadderSettings, loss: Loss) -> LadderSettings:
    """The settings with what was left open chosen for the loss."""
    d = loss.dim
    chains = s.particles == 1 if s.particles is not None else d > _MANY
    rms = float(loss.center.double().square().mean().sqrt())
    return replace(
        s,
        sigma=s.sigma if s.sigma is not None else _width(d, rms),
        shrinks=s.shrinks if s.shrinks is not None else (0 if chains or s.sigma is not None else 5),
        particles=s.particles
        if s.particles is not None
        else (1 if chains else 256 if d <= _FEW else 128),
        replicates=s.replicates
        if s.replicates is not None
        else (8 if not chains else max(4, min(16, 200_000 // d))),
        span=s.span if s.span is not None else _span(d, chains),
        trajectories=s.trajectories if s.trajectories is not None else (32 if chains else 2),
        leapfrogs=s.leapfrogs if s.leapfrogs is not None else (16 if chains else 8),
        stiff=s.stiff if s.stiff is not None else (min(d, 600, 20_000_000 // d) if chains else 0),
        max_multiplicity=min(s.max_multiplicity, d),
    )


def _span(d: int, chains: bool) -> float:
    """The e-folds that nobody has asked for."""
    if chains or d > _FEW:
        return 20.0
    return 100.0 if d <= _FEWER else 60.0


def _width(d: int, rms: float) -> float:
    """The width of the Gaussian that nobody has asked for."""
    if d <= _MANY:
        return _NEAR
    return 0.1 * rms if rms > 0 else 1.0


@dataclass
class LadderCurve:
    """What the sampler saw. Per level: x = log β; increments of log Z by replicate; E[βK] and
    Var(βK) by replicate; acceptance of trajectories; E|u|²/(dσ²); share of the particles that
    are within the median distance of the prior from w* (particles).

    sigma: width of the Gaussian, after it was halved.
    lag: share of E[βK] by which the first half of a level's draws lies above the second (chains);
    lagging: whether the ladder ended for that. stiff: stiff directions used. baths: sizes of
    the blocks drawn exactly. snapshots: log|u| of some particles of every replicate, (R, n, d) a
    level. points, values: last
    positions and K. held: E[βK] by replicate after every round at the last temperature.
    moves: acceptance by family. stop, reason: why it ended. center: x of one level
    and E[βK] there of chains that began at w* itself, by replicate.
    """

    x: list[float] = field(default_factory=list)
    increments: list[np.ndarray] = field(default_factory=list)
    energy: list[np.ndarray] = field(default_factory=list)
    variance: list[np.ndarray] = field(default_factory=list)
    acceptance: list[float] = field(default_factory=list)
    radius: list[float] = field(default_factory=list)
    inner: list[float] = field(default_factory=list)
    sigma: float = math.nan
    stiff: int = 0
    baths: list[int] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)
    lagging: bool = False
    snapshots: list[Tensor] = field(default_factory=list)
    points: Tensor | None = None
    values: Tensor | None = None
    stop: Outcome = Outcome.OK
    reason: str = ""
    center: tuple[float, np.ndarray] | None = None
    held: list[np.ndarray] = field(default_factory=list)
    moves: dict[str, float] = field(default_factory=dict)

    def drop(self, levels: int) -> None:
        """Forget the last levels."""
        for column in (self.x, self.increments, self.energy, self.variance, self.acceptance,
                       self.radius, self.inner, self.lag):  # fmt: skip
            del column[-levels:]

    def clear(self) -> None:
        """Forget all levels."""
        for name in (*_NUMBERS, *_ARRAYS, "snapshots"):
            getattr(self, name).clear()

    def packed(self) -> dict[str, Any]:
        """The curve for a checkpoint."""
        out: dict[str, Any] = {name: list(getattr(self, name)) for name in _NUMBERS}
        out |= {
            name: [torch.from_numpy(np.array(v)) for v in getattr(self, name)] for name in _ARRAYS
        }
        return out | {"snapshots": list(self.snapshots), "moves": dict(self.moves)}

    def unpack(self, saved: dict[str, Any]) -> None:
        """The inverse of :meth:`packed`, in place."""
        for name in _NUMBERS:
            setattr(self, name, list(saved[name]))
        for name in _ARRAYS:
            setattr(self, name, [v.numpy() for v in saved[name]])
        self.snapshots, self.moves = list(saved["snapshots"]), dict(saved["moves"])


_NUMBERS = ("x", "acceptance", "radius", "inner", "lag")
_ARRAYS = ("increments", "energy", "variance")


def histogram(steps: hmc.Steps) -> list[Tensor]:
    """The step sizes, their weights, and how often each was tried and accepted."""
    return [steps.epsilon, steps.weights, steps.tried.clone(), steps.accepted.clone()]


def check(value: Tensor, meter: Meter, at: Tensor) -> None:
    """Raises BadLoss for NaN, mostly infinite, constant values, or one below K(w*)."""
    if bool(torch.isnan(value).any()):
        raise BadLoss("the loss is NaN near the centre", meter.counts())
    if float(torch.isinf(value).double().mean()) > 0.5:
        raise BadLoss("the loss is infinite on most of the neighbourhood", meter.counts())
    if bool((value == value[0]).all()):
        raise BadLoss("the loss is constant near the centre", meter.counts())
    lowest = float(value.min())
    if lowest < -16 * 2.0**-52 * meter.scale:
        distance = float(at[int(value.argmin())].norm())
        raise BadLoss(
            f"w* is no minimum: the loss is lower by {-lowest:.3g} at distance {distance:.3g}",
            meter.counts(),
        )


def below_rounding(law: Localised, u: Tensor, value: Tensor, beta: float) -> bool:
    """Whether βK changes by over 1/5 at more than a twentieth of the points when u moves by a few
    units in the last place of the arithmetic."""
    eps = float(getattr(law.meter.loss, "rounding", 2.0**-52))
    some = u[:: max(1, len(u) // 64)]
    known = value[:: max(1, len(u) // 64)]
    scale = some.abs() if law.meter.exact_near_center else some.abs() + law.center.abs()
    signs = torch.where(torch.arange(some.shape[1], device=u.device) % 2 == 0, 1.0, -1.0)
    moved = law.meter.k(some + 4 * eps * scale * signs)
    noise = beta * (moved - known).abs() > 0.2
    return float(noise.double().mean()) > 0.05 or 16 * beta * eps * law.meter.scale > 0.2


def grid(s: LadderSettings, span: float) -> hmc.Steps:
    """Step sizes from σ down by the span of the ladder, half an e-fold apart."""
    assert s.sigma is not None
    count = 10 + math.ceil(span)
    return hmc.steps(s.sigma * math.exp(-0.5 * (count - 1)), s.sigma, count, device=s.device)


def record(
    curve: LadderCurve, x: float, energy: Tensor, variance: Tensor, u: Tensor, s: LadderSettings
) -> None:
    """Add a rung to the curve: energy, variance and radius by copy."""
    curve.x.append(x)
    curve.energy.append(energy.cpu().numpy())
    curve.variance.append(variance.cpu().numpy())
    curve.radius.append(float((u * u).mean()) / float(s.sigma or 1.0) ** 2)


class Ladder:
    """A ladder as a sampler climbs it, level by level: what chains and particles share.

    u, value: positions (N, d) drawn from the prior, and K there.
    """

    def __init__(
        self,
        law: Localised,
        u: Tensor,
        value: Tensor,
        s: LadderSettings,
        generator: torch.Generator,
        curve: LadderCurve,
    ) -> None:
        self.law, self.s, self.generator, self.curve = law, s, generator, curve
        self.ended = False
        self.begin(u, value)

    def begin(self, u: Tensor, value: Tensor) -> None:
        """Set the state that stands before the first level."""
        raise NotImplementedError

    def is_below_rounding(self, u: Tensor, value: Tensor, beta: float) -> bool:
        """Whether rounding of K is reached at β; the curve then ends there, and says so."""
        if not below_rounding(self.law, u, value, beta):
            return False
        self.curve.stop = Outcome.FLOOR
        self.curve.reason = f"rounding of K is reached at β = {beta:.1e}"
        self.ended = True
        return True
