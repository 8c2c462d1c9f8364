"""Volume: the density of states near w* by multilevel splitting; λ, m and the next pole from it.

V(ε) = vol{K < ε} ~ c·ε^λ (−log ε)^{m−1} is measured over a hundred and more e-foldings. Levels y₁ >
y₂ > … are medians of K over the particles of R independent replicates; at every level the particles
above it are replaced by copies of those below, which then move within {K < y_k} ∩ box by the moves
of :mod:`singularity_lab.spectroscopes.kernels.splitting`: no gradients, one evaluation of K a move.
log V accumulates the logarithms of the surviving shares (subset simulation, Au–Beck 2001; Cérou,
Del Moral, Furon, Guyader 2012), replicates weighed against each other
(:mod:`singularity_lab.spectroscopes.inference.islands`). The curve goes to
:mod:`singularity_lab.spectroscopes.inference.asymptotics`.

Two limits are watched. Floating point: a particle at which K changes by more than y/5 when u
moves by a few units in the last place is not copied, and when more than a hundredth of a level is
like that the run stops (near w* itself, generators are resolved down to the smallest doubles).
Locality: the inner box around w* that holds half of the particles at the start keeps at least
that share where w* is the worst point of a germ that is homogeneous about it, since the dilation
by r gives vol{K < ε, |u| < r} = r^d·vol{K < ε·r^{−k}, |u| < 1} ~ r^{d − kλ}·V(ε) and kλ ≤ d. Where
the share falls, the box holds a worse singularity than w*, and the run begins anew in the box of
half the size.

In more than ten dimensions replicates that all move too little agree with each other. So there the
memory of a level, the largest correlation of a feature of the particles with its value at the
start, must have gone: where most levels end by ``max_sweeps`` with it, nothing has mixed. In few
dimensions particles may stay on their branch of {K < ε}, since each branch has its own.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.inference import asymptotics, islands
from singularity_lab.spectroscopes.kernels import splitting
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import BadLoss, Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

_FEWEST = 16  # levels below which a curve says nothing
_SLOW = 0.18  # share of the noise that lasts over levels, from which replicates are not mixed
_REMEMBERED = 0.5  # correlation with the start of a level that sweeps may leave, in the median
_COVERED = 10  # dimensions in which particles cover the box, so that replicates that fail disagree
_LOCAL, _KEPT = 4, 0.4  # levels over which the share of the inner box must stay above this


@dataclass(frozen=True)
class VolumeSettings:
    """The box, the particles, how deep they go and how long they move."""

    half_width: float = setting(0.5, "of the box around w*, cut with the domain of the loss")
    shrinks: int = setting(
        5, "times that the box may be halved because it holds a worse singularity than w*"
    )
    replicates: int = setting(16, "independent runs, at least 4")
    particles: int | None = setting(
        None,
        "particles of a run, even, at least 32; by default 512 up to six dimensions, 256 above",
    )
    depth: float = setting(150.0, "stop at log V = −depth")
    lowest: float = setting(1e-280, "stop at this K")
    max_sweeps: int | None = setting(
        None, "sweeps in a level at most; by default 40, or ten a dimension (100 at most)"
    )
    memory: float = setting(
        0.3, "a level ends earlier when no feature has a larger correlation with its start"
    )
    unresolved: float = setting(0.01, "share of a level lost to rounding at which the run stops")
    max_multiplicity: int = setting(8, "largest m considered, never above d")
    level: float = setting(0.9, "of the intervals")
    device: str = setting("cpu", "of torch")

    def __post_init__(self) -> None:
        if not (self.half_width > 0 and math.isfinite(self.half_width)):
            raise BadInput(f"half_width: expected a positive number, received {self.half_width}")
        if self.shrinks < 0:
            raise BadInput(f"shrinks: expected at least 0, received {self.shrinks}")
        if self.replicates < 4:
            raise BadInput(f"replicates: expected at least 4, received {self.replicates}")
        if self.particles is not None and (self.particles < 32 or self.particles % 2):
            raise BadInput(f"particles: expected an even number ≥ 32, received {self.particles}")
        if self.max_sweeps is not None and self.max_sweeps < 1:
            raise BadInput(f"max_sweeps: expected at least 1, received {self.max_sweeps}")
        if not (self.depth > 0 and 0 < self.lowest < 1 and 0 < self.level < 1):
            raise BadInput(
                f"depth, lowest, level: expected > 0, in (0, 1), in (0, 1), received {self}"
            )
        if self.max_multiplicity < 1:
            raise BadInput(
                f"max_multiplicity: expected at least 1, received {self.max_multiplicity}"
            )


def resolved_settings(s: VolumeSettings, d: int) -> VolumeSettings:
    """The settings with what was left open chosen for the loss."""
    return replace(
        s,
        particles=s.particles if s.particles is not None else (512 if d <= 6 else 256),
        max_sweeps=s.max_sweeps if s.max_sweeps is not None else min(100, max(40, 10 * d)),
        max_multiplicity=min(s.max_multiplicity, d),
    )


# ---------------------------------------------------------------------------------- sampling


@dataclass
class VolumeCurve:
    """What the sampler saw in the box of a half-width. Per level: x = −log y; increments of log V
    by replicate; sweeps made; memory left; share lost to rounding; share of particles in the inner
    box.

    stop, reason: why it ended.
    """

    half_width: float

    x: list[float] = field(default_factory=list)
    increments: list[np.ndarray] = field(default_factory=list)
    sweeps: list[int] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    unresolved: list[float] = field(default_factory=list)
    inner: list[float] = field(default_factory=list)
    stop: Outcome = Outcome.OK
    reason: str = ""
    acceptance: dict[str, float] = field(default_factory=dict)
    probabilities: dict[str, float] = field(default_factory=dict)


def _unresolved(
    meter: Meter, state: splitting.SplittingState, y: float, generator: torch.Generator
) -> Tensor:
    """Mask of particles below y at which K is rounding noise: it changes by over y/5 when u moves
    by a few units in the last place."""
    u = state.position
    noise = torch.rand(u.shape, generator=generator, dtype=torch.float64).sub_(0.5)
    if meter.exact_near_center:
        moved = u * (1.0 + 2.0**-49 * noise)
    else:
        moved = u + 2.0**-49 * noise * (u + state.center).abs()
    change = (meter.k(moved.t()) - state.value).abs()
    return (change > 0.2 * y) & (state.value < y)


def _walls(loss: Loss, half_width: float) -> tuple[Tensor, Tensor, Tensor]:
    """Box ∩ domain as displacements, and the centre: columns (d, 1)."""
    lower = torch.full((loss.dim, 1), -half_width, dtype=torch.float64)
    center = loss.center.to(lower.device, torch.float64)[:, None]
    upper = -lower
    if loss.domain is not None:
        bottom = torch.tensor(loss.domain.lower, dtype=torch.float64)[:, None]
        top = torch.tensor(loss.domain.upper, dtype=torch.float64)[:, None]
        lower, upper = torch.maximum(lower, bottom - center), torch.minimum(upper, top - center)
    return lower, upper, center


def _radius(state: splitting.SplittingState) -> Tensor:
    """Greatest displacement of a coordinate from w*, (P,)."""
    return state.position.abs().amax(0)


def _leaves_center(curve: VolumeCurve) -> bool:
    """Whether the share of the inner box, ½ at the start, has fallen over the last levels."""
    last = curve.inner[-_LOCAL:]
    return len(last) == _LOCAL and sum(last) / _LOCAL < _KEPT


class _Descent:
    """The splitting, level by level, in a box that is halved where it holds a worse singularity
    than w*. An :class:`~singularity_lab.spectroscopes.long_run.Algorithm`."""

    def __init__(
        self, loss: Loss, meter: Meter, s: VolumeSettings, generator: torch.Generator
    ) -> None:
        self.loss, self.meter, self.s, self.generator = loss, meter, s, generator
        self.tolerance = 16 * 2.0**-52 * meter.scale
        self.smallest = s.half_width * 0.5**s.shrinks
        self._empty(s.half_width)

    def _empty(self, half_width: float) -> None:
        self.curve = VolumeCurve(half_width)
        self.schedule = splitting.Schedule(self.loss.dim)
        self.log_v, self.inner = 0.0, 0.0
        self.particles: splitting.SplittingState | None = None
        self.ended = False

    def begin(self, half_width: float) -> None:
        """Fill the box of a half-width with particles."""
        s, meter = self.s, self.meter
        assert s.particles is not None
        self._empty(half_width)
        lower, upper, center = _walls(self.loss, half_width)
        tau = None
        if self.loss.prior_exponents is not None:
            tau = torch.tensor(self.loss.prior_exponents, dtype=torch.float64)[:, None]
        self.particles = splitting.init(
            meter.k, lower, upper, center, tau, s.replicates, s.particles, self.generator
        )
        self.inner = float(_radius(self.particles).median())
        if bool(torch.isnan(self.particles.value).any()):
            raise BadLoss("the loss is NaN inside the box", meter.counts())
        if float(torch.isinf(self.particles.value).double().mean()) > 0.5:
            raise BadLoss("the loss is infinite on most of the box", meter.counts())

    def _end(self, stop: Outcome, reason: str) -> None:
        self.ended, self.curve.stop, self.curve.reason = True, stop, reason

    def step(self) -> None:
        """One level down: those above the median are replaced by copies that move."""
        state, curve, meter = self.particles, self.curve, self.meter
        s, generator, schedule = self.s, self.generator, self.schedule
        assert state is not None
        assert s.max_sweeps is not None
        lowest = float(state.value.min())
        if lowest < -self.tolerance:
            at = state.position[:, int(state.value.argmin())]
            raise BadLoss(
                f"w* is no minimum: the loss is lower by {-lowest:.3g} "
                f"at distance {float(at.norm()):.3g} from it",
                meter.counts(),
            )
        y = float(state.value.median())
        if y <= self.tolerance:
            if not curve.x:
                raise BadLoss(
                    "K equals K(w*) on a set of positive volume: nothing to measure",
                    meter.counts(),
                )
            return self._end(Outcome.FLOOR, f"K = {y:.1e} is below its rounding error")
        if y < s.lowest:
            return self._end(Outcome.OK, "")
        alive = (state.value.view(2, s.replicates, -1) < y).sum((0, 2)).cpu().numpy()
        if alive.min() == 0 or alive.sum() < 0.25 * state.value.numel():
            if not curve.x:
                raise BadLoss("the loss is constant on most of the box", meter.counts())
            return self._end(Outcome.FLOOR, f"K is constant on a plateau at {y:.1e}")
        noisy = _unresolved(meter, state, y, generator)
        share = 2 * float(noisy.double().mean())
        if share > s.unresolved:
            return self._end(Outcome.FLOOR, f"rounding of K is reached at K = {y:.1e}")
        fresh = len(curve.x) % 3 == 0
        splitting.prepare(state, y, generator, fresh, noisy)
        start = splitting.features(state)
        done, left = 0, torch.ones(1, dtype=torch.float64)
        if fresh:
            schedule.trial(state, meter.k, generator)
            done = int(schedule.cost.sum())
        while done < s.max_sweeps:
            for family in schedule.order(10, generator):
                schedule.step(state, meter.k, generator, family)
                done += int(schedule.cost[family])
            left = splitting.memory(splitting.features(state), start)
            if float(left.max()) < s.memory:
                break
        schedule.remember(left)
        self.log_v += math.log(alive.mean() / s.particles)
        curve.x.append(-math.log(y))
        curve.increments.append(np.log(alive / s.particles))
        curve.sweeps.append(done)
        curve.memory.append(float(left.max()))
        curve.unresolved.append(share)
        curve.inner.append(float((_radius(state) <= self.inner).double().mean()))
        if curve.half_width > self.smallest and _leaves_center(curve):
            self.begin(curve.half_width / 2)
        return None

    def why_stop(self) -> str | None:
        return self.curve.reason if self.ended or self.log_v <= -self.s.depth else None

    def told(self) -> tuple[float, str] | None:
        # New tables are drawn at every third level: none need be kept.
        if self.ended or len(self.curve.x) % 3:
            return None
        return min(1.0, -self.log_v / self.s.depth), f"log V = {self.log_v:.1f}"

    def state(self) -> dict[str, Any]:
        assert self.particles is not None
        curve = {
            f.name: getattr(self.curve, f.name)
            for f in fields(VolumeCurve)
            if f.type in ("list[float]", "list[int]")
        }
        return {
            "half_width": self.curve.half_width,
            "inner": self.inner,
            "curve": curve,
            "increments": [torch.from_numpy(i) for i in self.curve.increments],
            "log_v": self.log_v,
            "particles": splitting.snapshot(self.particles, self.schedule),
            "generator": self.generator.get_state(),
            "meter": self.meter.state(),
        }

    def resume(self, saved: dict[str, Any]) -> None:
        self.begin(saved["half_width"])
        assert self.particles is not None
        splitting.restore(self.particles, self.schedule, saved["particles"])
        for name, value in saved["curve"].items():
            setattr(self.curve, name, value)
        self.curve.increments = [i.numpy() for i in saved["increments"]]
        self.log_v, self.inner = saved["log_v"], saved["inner"]
        self.generator.set_state(saved["generator"])
        self.meter.resume(saved["meter"])  # sets the counts back: no evaluation counts twice


def sample(loss: Loss, meter: Meter, s: VolumeSettings, generator: torch.Generator) -> VolumeCurve:
    """Run the splitting down to the stated depth, the floor or the budget, in a box that is halved
    where it holds a worse singularity than w*.

    Raises BadLoss for a loss that is NaN, mostly infinite, constant, or lower somewhere than at
    w*.
    """
    run = _Descent(loss, meter, s, generator)
    try:
        run.begin(s.half_width)
        drive(run)
    except BudgetSpent as error:
        run.curve.stop = Outcome.BUDGET
        run.curve.reason = f"{error} spent at log V = {run.log_v:.1f}"
    curve, schedule = run.curve, run.schedule
    if run.particles is not None:
        curve.acceptance = {n: b / a for n, (a, b) in sorted(run.particles.moved.items())}
    curve.probabilities = dict(zip(schedule.names, schedule.probabilities().tolist(), strict=True))
    return curve


# ---------------------------------------------------------------------------------- reading


def volume(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ with an interval, P(m) and the next pole, from the volume curve.

    See :class:`VolumeSettings`.

    Estimates: ``lambda`` (averaged over models), ``lambda given m=…`` for every m with P(m) > 1
    %, ``next pole`` (its mean position λ + δ, when a next pole is more probable than not).
    Diagnostics: the curve, models, acceptance …

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> cross = PolynomialLoss.from_exponents([([1], [(1, 1)])], loss_id="w1^2*w2^2")
    >>> r = measure("volume", cross, seed=0, depth=60, particles=256)
    >>> r.most_probable_multiplicity, abs(r.lambda_.value - 0.5) < 0.05
    (2, True)
    """
    s = resolved_settings(settings_of(VolumeSettings, settings, "volume"), loss.dim)
    meter = Meter(loss, budget)
    try:
        generator = torch.Generator(device=s.device).manual_seed(seed)
    except RuntimeError as refusal:
        raise BadInput(f"device: torch cannot compute on {s.device!r}: {refusal}") from refusal
    # New tensors are made on that device; without the context on the CPU, which it would slow down.
    with torch.device(s.device) if s.device != "cpu" else contextlib.nullcontext():
        curve = sample(loss, meter, s, generator)
    outcome, reason = curve.stop, curve.reason
    estimates: dict[str, Estimate] = {}
    multiplicity: dict[int, float] | None = None
    diagnostics: dict[str, Any] = {
        "x": curve.x,
        "sweeps": curve.sweeps,
        "memory": curve.memory,
        "unresolved": curve.unresolved,
        "half_width": curve.half_width,
        "inner_share": curve.inner,
        "acceptance": curve.acceptance,
        "family_probabilities": curve.probabilities,
    }
    if len(curve.x) >= _FEWEST:
        increments = np.array(curve.increments)
        x = np.array(curve.x)
        w = islands.weights(increments)
        fit = asymptotics.infer(
            x, increments, max_multiplicity=s.max_multiplicity, level=s.level, weights=w
        )
        log_v = np.cumsum(islands.pooled(increments, w))
        by_replicate = np.cumsum(increments, axis=0)
        estimates = fit.estimates(s.level)
        multiplicity = fit.multiplicity
        diagnostics |= {
            "log_v": log_v,
            "replicate_share": islands.share(w),
            "log_v_error": by_replicate.std(axis=1, ddof=1) / math.sqrt(s.replicates),
            "fitted_x": fit.curve[0],
            "fitted_log_v": fit.curve[1],
            **fit.diagnostics(),
        }
        if outcome is Outcome.FLOOR and len(curve.x) >= 2 * _FEWEST:
            outcome = Outcome.OK  # deep enough; the reason still says where it stopped
        if outcome is Outcome.OK:
            if _leaves_center(curve):
                outcome = Outcome.BIASED_TARGET
                reason = (
                    f"the box holds a worse singularity than w* (the share of its inner part fell "
                    f"from 0.5 to {curve.inner[-1]:.2g}): use a smaller half_width"
                )
            elif fit.chi2 > 4.0 or (fit.noise.slow > _SLOW and fit.noise.rho >= 0.5):
                outcome = Outcome.NOT_MIXED
                reason = (
                    f"replicates disagree over many levels (slow share {fit.noise.slow:.2f}, χ² "
                    f"{fit.chi2:.1f} per level): raise max_sweeps above {s.max_sweeps}"
                )
            elif loss.dim > _COVERED and (left := float(np.median(curve.memory))) > _REMEMBERED:
                outcome = Outcome.NOT_MIXED
                reason = (
                    f"after {s.max_sweeps} sweeps a feature of the particles still has the "
                    f"correlation {left:.2f} with the start of its level: raise max_sweeps, or use "
                    "anneal"
                )
    elif outcome is Outcome.OK:
        outcome, reason = Outcome.FLOOR, f"only {len(curve.x)} levels"
    return meter.reading("volume", s, seed, estimates, outcome, reason, diagnostics, multiplicity)


def plot(reading: Reading, ax: Any = None) -> Any:
    """log V + λx against x: flat for m = 1, logarithmic for m > 1; with the best model."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    d, lam = reading.diagnostics, reading.lambda_.value
    if "log_v" not in d:
        raise BadInput(f"plot: this reading has no curve ({reading.outcome}: {reading.reason})")
    x, log_v, error = (np.array(d[k]) for k in ("x", "log_v", "log_v_error"))
    level = log_v + lam * x
    ax.fill_between(x, level - error, level + error, alpha=0.3)
    ax.plot(x, level, lw=1, label="measured")
    fx, f = np.array(d["fitted_x"]), np.array(d["fitted_log_v"])
    ax.plot(fx, f + lam * fx, "--", label=f"model, m = {reading.most_probable_multiplicity}")
    ax.set_xlabel("x = −log ε")
    ax.set_ylabel(f"log V + {lam:.4g} x")
    ax.set_title(f"{reading.loss_id}: λ = {reading.lambda_}")
    ax.legend()
    return ax


DEVICE = Device(
    name="volume",
    summary="volume scaling by multilevel splitting",
    scope="Says λ with an interval, P(m) and the next pole, from values of K alone, up to some "
    "tens of parameters. It sees nothing below the rounding error of the loss, and takes the worst "
    "point of its box for w*.",
    Settings=VolumeSettings,
    run=volume,
    plot=plot,
)
