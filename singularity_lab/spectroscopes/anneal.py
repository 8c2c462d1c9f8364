"""Anneal: log Z(β) and E_β[βK] along a ladder of temperatures; λ and m from them. Del Moral,
Doucet, Jasra 2006 (sequential Monte Carlo); Gelman, Meng 1998 (thermodynamic integration).

The law at inverse temperature β is e^{−βK(w)} π(w), π a Gaussian of width σ around w*, cut with the
domain and times the monomial prior. With x = log β,

    −log Z(β) = λx − (m − 1) log x + O(1),   −d log Z/dx = E_β[βK] = λ − (m − 1)/x + …,
    d E_β[βK]/dx = E_β[βK] − Var_β(βK)

(the last is minus the heat capacity, less the kinetic part). Log Z has the expansion of log V at
ε = 1/β, pole by pole, and goes to the same inference, :mod:`.asymptotics`.

Two regimes. In few dimensions R replicates of N particles are reweighted and resampled from level
to level (increments of log Z are logarithms of mean weights), then move by Hamiltonian trajectories
and by the moves of :mod:`.kernels.gibbs`. In many dimensions (N = 1) each replicate is one chain
that cools down; E_β[βK] is averaged at every level, and its integral over x is log Z.

A chain that cools lags behind where it relaxes more slowly than β grows: E_β[βK] then rises above
its limit. Every level therefore compares the two halves of its draws; where the first half lies
higher on two levels in a row, the ladder ends before them. Directions that are stiff at w* itself
(regular ones) do not slow the chains: they are found beforehand and moved in units of their width.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.extras import pyplot
from singularity_lab.spectroscopes import asymptotics
from singularity_lab.spectroscopes.base import (
    BadLoss,
    Budget,
    BudgetSpent,
    Estimate,
    Meter,
    Outcome,
    Reading,
    current_run,
    settings_of,
)
from singularity_lab.spectroscopes.kernels import gibbs, hmc
from singularity_lab.spectroscopes.loss import Loss

__all__ = ["Curve", "Settings", "anneal", "free_energy_difference", "plot", "sample"]

_FEWEST = 16  # levels below which a curve says nothing
_WINDOW = 4.0  # e-folds of β over which E[βK] is compared with a constant
_LAG = 0.02  # share of E[βK] by which a chain may lag
_MANY = 150  # dimensions above which particles are not resampled


@dataclass(frozen=True)
class Settings:
    """sigma: width of the Gaussian around w*; None for 1, and above 150 dimensions for a tenth of
    the root mean square of w* (1 where w* = 0).

    replicates, particles: R independent runs of N particles; particles = 1 means chains that are
    never resampled; None chooses by the dimension. span: e-folds of β after the first level. ess:
    relative effective sample size that fixes the next level (particles > 1). spacing: largest step
    of x. rounds: rounds of moves a level (particles > 1); trajectories, leapfrogs: Hamiltonian
    trajectories of a round, or of a level for chains, and their largest length. stiff: directions
    of the Hessian at w* looked for, in which chains move in units of their width (0: none).
    max_multiplicity: largest m considered. device: of torch. level: of the intervals.
    """

    sigma: float | None = None
    replicates: int | None = None
    particles: int | None = None
    span: float | None = None
    ess: float = 0.6
    spacing: float = 0.5
    rounds: int = 3
    trajectories: int | None = None
    leapfrogs: int | None = None
    stiff: int | None = None
    max_multiplicity: int = 5
    device: str = "cpu"
    level: float = 0.9

    def __post_init__(self) -> None:
        if self.sigma is not None and not (self.sigma > 0 and math.isfinite(self.sigma)):
            raise BadInput(f"sigma: expected a positive width or None, got {self.sigma}")
        if self.replicates is not None and self.replicates < 3:
            raise BadInput(f"replicates: expected at least 3, got {self.replicates}")
        n = self.particles
        if n is not None and not (n == 1 or (n >= 8 and n % 2 == 0)):
            raise BadInput(f"particles: expected 1 or an even number ≥ 8, got {n}")
        if self.span is not None and not self.span > 0:
            raise BadInput(f"span: expected a positive number or None, got {self.span}")
        if not (0 < self.ess < 1 and self.spacing > 0 and 0 < self.level < 1):
            raise BadInput(f"ess, spacing, level: expected (0, 1), > 0 and (0, 1), got {self}")
        for name in ("rounds", "trajectories", "leapfrogs", "max_multiplicity"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BadInput(f"{name}: expected at least 1, got {value}")


def _resolved(s: Settings, loss: Loss) -> Settings:
    d = loss.dim
    chains = s.particles == 1 if s.particles is not None else d > _MANY
    rms = float(loss.center.double().square().mean().sqrt())
    return replace(
        s,
        sigma=s.sigma if s.sigma is not None else (0.1 * rms if d > _MANY and rms > 0 else 1.0),
        particles=s.particles
        if s.particles is not None
        else (1 if chains else 128 if d <= 30 else 64),
        replicates=s.replicates
        if s.replicates is not None
        else (16 if not chains else max(4, min(16, 200_000 // d))),
        span=s.span if s.span is not None else (20.0 if chains else (100.0 if d <= 6 else 20.0)),
        trajectories=s.trajectories if s.trajectories is not None else (32 if chains else 2),
        leapfrogs=s.leapfrogs if s.leapfrogs is not None else (16 if chains else 8),
        stiff=s.stiff if s.stiff is not None else (min(d, 600, 20_000_000 // d) if chains else 0),
        max_multiplicity=min(s.max_multiplicity, d),
    )


# ---------------------------------------------------------------------------------- the law


class Localised(gibbs.Law):
    """K through the meter, and −log π = |u|²/2σ² − Σ τᵢ log|wᵢ|, +∞ outside the domain."""

    def __init__(self, meter: Meter, sigma: float, device: torch.device) -> None:
        loss = meter.loss
        self.meter = meter
        self.sigma = sigma
        self.center = loss.center.to(device, torch.float64)
        self.walls: tuple[Tensor, Tensor] | None = None
        if loss.domain is not None:
            lower, upper = loss.domain.lower, loss.domain.upper
            self.walls = (
                torch.tensor(lower, dtype=torch.float64, device=device) - self.center,
                torch.tensor(upper, dtype=torch.float64, device=device) - self.center,
            )
        tau = loss.prior_exponents
        self.tau = None if tau is None else torch.tensor(tau, dtype=torch.float64, device=device)

    def value(self, u: Tensor) -> Tensor:
        return self.meter.k(u)

    def prior(self, u: Tensor) -> Tensor:
        out = (u * u).sum(1) / (2 * self.sigma**2)
        if self.tau is not None:
            out = out - torch.nan_to_num(self.tau * torch.log((u + self.center).abs())).sum(1)
        if self.walls is not None:
            outside = ((u < self.walls[0]) | (u > self.walls[1])).any(1)
            out = torch.where(outside, math.inf, out)
        return out

    def is_free(self, j: int) -> bool:
        """Whether the prior of a coordinate is the Gaussian alone."""
        walled = self.walls is not None and bool(
            torch.isfinite(self.walls[0][j]) | torch.isfinite(self.walls[1][j])
        )
        return not walled and (self.tau is None or float(self.tau[j]) == 0.0)

    def target(self, beta: float) -> hmc.Target:
        """U = βK − log π, its gradient, and K."""

        def evaluate(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            value, grad = self.meter.k_and_grad(u)
            slope = u / self.sigma**2 + beta * grad
            if self.tau is not None:
                slope = slope - torch.where(self.tau != 0, self.tau / (u + self.center), 0.0)
            return beta * value + self.prior(u), slope, value

        return evaluate

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Independent draws from π (count, d): Gaussian, or by the inverse distribution function
        of each coordinate with a wall or a prior exponent."""
        d, device = self.center.numel(), self.center.device
        shape = (count, d)
        u = self.sigma * torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
        for j in range(d):
            tau = 0.0 if self.tau is None else float(self.tau[j])
            low = -math.inf if self.walls is None else float(self.walls[0][j])
            high = math.inf if self.walls is None else float(self.walls[1][j])
            if tau == 0.0 and low == -math.inf and high == math.inf:
                continue
            c, reach = float(self.center[j]), 8 * self.sigma
            ends = torch.tensor([max(low, -reach) + c, min(high, reach) + c], dtype=torch.float64)
            # In s = sign(w)|w|^{τ+1} the prior factor is flat and the density is smooth.
            ends = torch.sign(ends) * ends.abs() ** (tau + 1)
            s = torch.linspace(float(ends[0]), float(ends[1]), 1 << 14, dtype=torch.float64)
            w = torch.sign(s) * s.abs() ** (1 / (tau + 1))
            mass = torch.cumsum(torch.exp(-((w - c) ** 2) / (2 * self.sigma**2)), 0)
            q = torch.rand(count, generator=generator, dtype=torch.float64, device=device).cpu()
            at = torch.searchsorted(mass / mass[-1], q).clamp_(1, len(s) - 1)
            jitter = torch.rand(count, generator=generator, dtype=torch.float64, device=device)
            point = s[at - 1] + jitter.cpu() * (s[at] - s[at - 1])
            u[:, j] = (torch.sign(point) * point.abs() ** (1 / (tau + 1)) - c).to(device)
        return u


# ---------------------------------------------------------------------------------- sampling


@dataclass
class Curve:
    """What the sampler saw. Per level: x = log β; increments of log Z by replicate; E[βK] and
    Var(βK) by replicate; acceptance of trajectories; E|u|²/(dσ²).

    lag: share of E[βK] by which the first half of a level's draws lies above the second (chains);
    lagging: whether the ladder ended for that. stiff: stiff directions used. baths: sizes of
    the blocks drawn exactly. snapshots: log|u| of some particles of every replicate, (R, n, d) a
    level. points, values: last
    positions and K. moves: acceptance by family. stop, reason: why it ended.
    """

    x: list[float] = field(default_factory=list)
    increments: list[np.ndarray] = field(default_factory=list)
    energy: list[np.ndarray] = field(default_factory=list)
    variance: list[np.ndarray] = field(default_factory=list)
    acceptance: list[float] = field(default_factory=list)
    radius: list[float] = field(default_factory=list)
    stiff: int = 0
    baths: list[int] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)
    lagging: bool = False
    snapshots: list[Tensor] = field(default_factory=list)
    points: Tensor | None = None
    values: Tensor | None = None
    stop: Outcome = Outcome.OK
    reason: str = ""
    moves: dict[str, float] = field(default_factory=dict)

    def drop(self, levels: int) -> None:
        """Forget the last levels."""
        for column in (self.x, self.increments, self.energy, self.variance, self.acceptance,
                       self.radius, self.lag):  # fmt: skip
            del column[-levels:]

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


_NUMBERS = ("x", "acceptance", "radius", "lag")
_ARRAYS = ("increments", "energy", "variance")


def _histogram(steps: hmc.Steps) -> list[Tensor]:
    return [steps.epsilon, steps.weights, steps.tried.clone(), steps.accepted.clone()]


def _check(value: Tensor, meter: Meter, at: Tensor) -> None:
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


def _below_rounding(law: Localised, u: Tensor, value: Tensor, beta: float) -> bool:
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


def _first_beta(value: Tensor, ess: float) -> float:
    """The β at which weights e^{−βK} of draws from the prior keep the effective sample size."""
    low, high = -700.0, 700.0
    for _ in range(60):
        x = 0.5 * (low + high)
        if _relative_ess(-math.exp(x) * value) > ess:
            low = x
        else:
            high = x
    return math.exp(low)


def _relative_ess(log_weight: Tensor) -> float:
    w = torch.exp(log_weight - log_weight.max())
    return float(w.sum() ** 2 / (w * w).sum() / len(w))


def _next_step(value: Tensor, beta: float, s: Settings) -> float:
    """The largest step of x = log β that keeps the effective sample size, at most ``spacing``."""
    low, high = 0.0, s.spacing
    if _relative_ess(-beta * math.expm1(high) * value) > s.ess:
        return high
    for _ in range(40):
        h = 0.5 * (low + high)
        if _relative_ess(-beta * math.expm1(h) * value) > s.ess:
            low = h
        else:
            high = h
    return max(low, 1e-3)


def _resample(log_weight: Tensor, generator: torch.Generator) -> Tensor:
    """Systematic resampling in every replicate: log weights (R, N) → indices into R·N, (R·N,),
    in random order (halves of a replicate must not be copies of each other)."""
    r, n = log_weight.shape
    device = log_weight.device
    w = torch.softmax(log_weight, 1).cumsum(1)
    start = torch.rand((r, 1), generator=generator, dtype=torch.float64, device=device)
    q = (torch.arange(n, device=device) + start) / n
    chosen = torch.searchsorted(w, q).clamp_(max=n - 1)
    keys = torch.rand((r, n), generator=generator, dtype=torch.float64, device=device)
    chosen = chosen.gather(1, keys.argsort(1))
    return (chosen + n * torch.arange(r, device=device)[:, None]).reshape(-1)


def sample(loss: Loss, meter: Meter, s: Settings, generator: torch.Generator) -> Curve:
    """Run the ladder to the stated span, the floor or the budget: particles or chains.

    Raises BadLoss for a loss that is NaN, mostly infinite, constant, or lower somewhere than at
    w*.
    """
    assert s.sigma is not None
    assert s.particles is not None
    assert s.replicates is not None
    law = Localised(meter, s.sigma, torch.device(s.device))
    curve = Curve()
    u = law.draw(s.replicates * s.particles, generator)
    try:
        value = meter.k(u)
        _check(value, meter, u)
        if s.particles == 1:
            _chains(law, u, value, s, generator, curve)
        else:
            _particles(law, u, value, s, generator, curve)
    except BudgetSpent as error:
        at = curve.x[-1] if curve.x else -math.inf
        curve.stop, curve.reason = Outcome.BUDGET, f"{error} spent at log β = {at:.1f}"
    return curve


def _grid(s: Settings, span: float) -> hmc.Steps:
    """Step sizes from σ down by the span of the ladder, half an e-fold apart."""
    assert s.sigma is not None
    count = 10 + math.ceil(span)
    return hmc.steps(s.sigma * math.exp(-0.5 * (count - 1)), s.sigma, count, device=s.device)


def _record(
    curve: Curve, x: float, energy: Tensor, variance: Tensor, u: Tensor, s: Settings
) -> None:
    curve.x.append(x)
    curve.energy.append(energy.cpu().numpy())
    curve.variance.append(variance.cpu().numpy())
    curve.radius.append(float((u * u).mean()) / float(s.sigma or 1.0) ** 2)


def _particles(
    law: Localised,
    u: Tensor,
    value: Tensor,
    s: Settings,
    generator: torch.Generator,
    curve: Curve,
) -> None:
    assert s.particles is not None and s.replicates is not None and s.span is not None  # noqa: PT018
    assert s.sigma is not None and s.trajectories is not None and s.leapfrogs is not None  # noqa: PT018
    r, n = s.replicates, s.particles
    state = gibbs.State(u, value, law.prior(u))
    blocks = getattr(law.meter.loss, "components", None)
    smallest = s.sigma * math.exp(-0.5 * s.span - 3)
    together = list(blocks.values()) if blocks else []
    moves = gibbs.init(u.shape[1], r, smallest, 2 * s.sigma, together, device=s.device)
    free = [j for j in range(u.shape[1]) if law.is_free(j)]
    baths = gibbs.quadratic_blocks(law, u[:: max(1, len(u) // 8)][:8], free, together)
    curve.baths = [len(b) for b in baths]
    steps = _grid(s, s.span + 6)
    beta, first = 0.0, None
    run = current_run()
    saved = run.restore()
    if saved is not None:
        curve.unpack(saved["curve"])
        state = gibbs.State(saved["position"], saved["value"], saved["prior"])
        steps = hmc.Steps(*saved["steps"])
        moves.scales = {name: hmc.Steps(*h) for name, h in saved["scales"].items()}
        moves.tally = {name: list(x) for name, x in saved["tally"].items()}
        beta, first = saved["beta"], saved["first"]
        generator.set_state(saved["generator"])
        law.meter.resume(saved["meter"])

    def snapshot() -> dict[str, Any]:
        return {
            "curve": curve.packed(),
            "position": state.position,
            "value": state.value,
            "prior": state.prior,
            "steps": _histogram(steps),
            "scales": {name: _histogram(h) for name, h in moves.scales.items()},
            "tally": {name: list(x) for name, x in moves.tally.items()},
            "beta": beta,
            "first": first,
            "generator": generator.get_state(),
            "meter": law.meter.state(),
        }

    while True:
        if first is not None:
            run.keep(snapshot, (math.log(beta) - first) / s.span, f"log β = {math.log(beta):.1f}")
        if beta == 0.0:
            new = _first_beta(state.value, s.ess)
        else:
            new = beta * math.exp(_next_step(state.value, beta, s))
        log_weight = (-(new - beta) * state.value).view(r, n)
        curve.increments.append((torch.logsumexp(log_weight, 1) - math.log(n)).cpu().numpy())
        chosen = _resample(log_weight, generator)
        state.position = state.position[chosen]
        state.value, state.prior = state.value[chosen], state.prior[chosen]
        beta = new
        accepted = 0.0
        target = law.target(beta)
        for _ in range(s.rounds):
            order = torch.randperm(len(gibbs.FAMILIES), generator=generator, device=u.device)
            for k in order.tolist():
                gibbs.step(state, moves, gibbs.FAMILIES[k], law, beta, generator)
            if beta * s.sigma**2 * 2.0**-52 * float(state.position.abs().max()) ** 2 < 1e-4:
                for block in baths:
                    gibbs.heat_bath(state, block, law, beta, target, s.sigma, generator)
            chain = hmc.init(state.position, target)
            for _ in range(s.trajectories):
                before = chain.value
                chain = hmc.step(chain, steps, target, generator, leapfrogs=s.leapfrogs, learn=True)
                accepted += float((chain.value != before).double().mean())
            state.position, state.value = chain.position, chain.value
            state.prior = law.prior(chain.position)
        curve.acceptance.append(accepted / (s.rounds * s.trajectories))
        steps = gibbs.useful(steps)
        for name, scales in moves.scales.items():
            moves.scales[name] = gibbs.useful(scales)
        k = (beta * state.value).view(r, n)
        first = math.log(beta) if first is None else first
        _record(curve, math.log(beta), k.mean(1), k.var(1), state.position, s)
        curve.points, curve.values = state.position, state.value
        curve.moves = {name: b / a for name, (a, b) in sorted(moves.tally.items())}
        some = state.position.view(r, n, -1)[:, :16]
        curve.snapshots.append(some.abs().clamp_min(1e-300).log().float().cpu())
        lowest = float(state.value.min())
        if lowest < -16 * 2.0**-52 * law.meter.scale:
            _check(state.value, law.meter, state.position)
        if math.log(beta) - first >= s.span:
            return
        if _below_rounding(law, state.position, state.value, beta):
            curve.stop, curve.reason = Outcome.FLOOR, f"rounding of K is reached at β = {beta:.1e}"
            return


@dataclass(frozen=True)
class Stiff:
    """Stiff directions at w*: h (k,) eigenvalues of the Hessian, q (d, k) their orthonormal
    vectors.

    In z = S⁻¹u, S = (1 + βσ²H)^{−1/2} on the span of q and 1 on its complement, the law of the
    quadratic part is the unit Gaussian of width σ at every β.
    """

    h: Tensor
    q: Tensor

    def apply(self, u: Tensor, factor: Tensor) -> Tensor:
        """(1 + q (factor − 1) qᵀ) u for rows u (c, d)."""
        return u + ((u @ self.q) * (factor - 1.0)) @ self.q.t()


def stiff(law: Localised, count: int, generator: torch.Generator) -> Stiff | None:
    """The leading ``count`` eigenpairs of the Hessian at w*, by subspace iteration on differences
    of gradients (Halko, Martinsson, Tropp 2011); None where they do not hold all stiff directions
    (the smallest is above a thousandth of the largest)."""
    d, device = law.center.numel(), law.center.device
    count = min(count, d)
    q = torch.randn((d, count), generator=generator, dtype=torch.float64, device=device)
    q = torch.linalg.qr(q)[0]
    step = 1e-4 * law.sigma * math.sqrt(d)
    image = q
    for sweep in range(3):
        _, plus = law.meter.k_and_grad(step * q.t())
        _, minus = law.meter.k_and_grad(-step * q.t())
        image = ((plus - minus) / (2 * step)).t()
        small = q.t() @ image
        h, rotation = torch.linalg.eigh(0.5 * (small + small.t()))
        if not bool(torch.isfinite(image).all()) or float(h.max()) <= 0:
            return None
        q = q @ rotation
        if sweep < 2:
            q = torch.linalg.qr(image @ rotation)[0]
    if count < d and float(h.min()) > 1e-3 * float(h.max()):
        return None
    keep = h > 1e-4 * h.max()
    return Stiff(h[keep].contiguous(), q[:, keep].contiguous())


@dataclass
class _Stride:
    """A step size of trajectories, drawn towards 75 % acceptance of all chains."""

    epsilon: float

    def trajectory(
        self, state: hmc.State, target: hmc.Target, s: Settings, generator: torch.Generator
    ) -> tuple[hmc.State, float]:
        """One trajectory of every chain, with the step jittered; the share that moved."""
        assert s.leapfrogs
        steps = hmc.steps(0.7 * self.epsilon, self.epsilon, 4, device=s.device)
        new = hmc.step(state, steps, target, generator, leapfrogs=s.leapfrogs)
        moved = float((new.value != state.value).double().mean())
        self.epsilon *= math.exp(0.25 * (moved - 0.75))
        return new, moved


def _chains(
    law: Localised,
    u: Tensor,
    value: Tensor,
    s: Settings,
    generator: torch.Generator,
    curve: Curve,
) -> None:
    assert s.span is not None and s.sigma is not None  # noqa: PT018
    assert s.trajectories is not None and s.stiff is not None  # noqa: PT018
    # The first level is hot: E[βK] is a hundredth of the dimension at most.
    start = math.log(0.01 * u.shape[1] / float(value.mean().clamp_min(1e-300)))
    walls = stiff(law, s.stiff, generator) if s.stiff and law.walls is None else None
    curve.stiff = 0 if walls is None else len(walls.h)
    stride = _Stride(0.3 * s.sigma)
    before: Tensor | None = None
    state = hmc.State(u, value, u, value)
    factor, lagging = torch.ones(0), 0

    def straight(beta: float) -> tuple[hmc.Target, Tensor]:
        """The target in z, and the diagonal of S."""
        target = law.target(beta)
        if walls is None:
            return target, torch.ones(0)
        s_diagonal = (1 + beta * law.sigma**2 * walls.h).rsqrt()

        def in_z(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            potential, slope, k = target(walls.apply(z, s_diagonal))
            return potential, walls.apply(slope, s_diagonal), k

        return in_z, s_diagonal

    def positions(z: Tensor) -> Tensor:
        return z if walls is None or not len(factor) else walls.apply(z, factor)

    run = current_run()
    saved, begin = run.restore(), 0
    if saved is not None:
        curve.unpack(saved["curve"])
        position = saved["position"]
        state = hmc.State(position, value, position, value)
        stride.epsilon, lagging, begin = saved["epsilon"], saved["lagging"], saved["level"]
        factor, before = saved["factor"], saved["before"]
        generator.set_state(saved["generator"])
        law.meter.resume(saved["meter"])
    last = math.ceil(s.span / s.spacing)

    def snapshot() -> dict[str, Any]:
        return {
            "curve": curve.packed(),
            "position": state.position,
            "epsilon": stride.epsilon,
            "lagging": lagging,
            "level": k,
            "factor": factor,
            "before": before,
            "generator": generator.get_state(),
            "meter": law.meter.state(),
        }

    for k in range(begin, last + 1):
        if k > 0:
            run.keep(snapshot, k / last, f"log β = {curve.x[-1]:.1f}")
        x = start + k * s.spacing
        beta = math.exp(x)
        u = positions(state.position)
        target, factor = straight(beta)
        state = hmc.init(u if walls is None else walls.apply(u, 1 / factor), target)
        stride.epsilon *= math.exp(-0.25 * s.spacing)
        draws, moved = [], 0.0
        for t in range(s.trajectories):
            state, share = stride.trajectory(state, target, s, generator)
            moved += share
            if 3 * t >= s.trajectories:
                draws.append(beta * state.value)
        stack = torch.stack(draws)
        energy, variance = stack.mean(0), stack.var(0)
        half = len(draws) // 2
        drift = stack[:half].mean(0) - stack[half:].mean(0)
        lag = float(drift.mean() / energy.mean())
        error = float(drift.std() / energy.mean()) / math.sqrt(len(drift))
        curve.lag.append(lag)
        change = energy if before is None else 0.5 * s.spacing * (before + energy)
        curve.increments.append(-change.cpu().numpy())
        before = energy
        u = positions(state.position)
        _record(curve, x, energy, variance, u, s)
        curve.acceptance.append(moved / s.trajectories)
        curve.points, curve.values = u, state.value
        if bool(torch.isnan(state.value).any()):
            raise BadLoss("the loss is NaN near the centre", law.meter.counts())
        if float(state.value.min()) < -16 * 2.0**-52 * law.meter.scale:
            _check(state.value, law.meter, u)
        if _below_rounding(law, u, state.value, beta):
            curve.stop, curve.reason = Outcome.FLOOR, f"rounding of K is reached at β = {beta:.1e}"
            return
        lagging = lagging + 1 if lag > max(3 * error, _LAG) else 0
        if lagging == 2:
            curve.drop(2)
            curve.lagging = True
            curve.reason = f"chains relax too slowly beyond β = {math.exp(curve.x[-1]):.1e}"
            return
        width = round(_WINDOW / s.spacing)
        if len(curve.x) > 2 * width + _FEWEST // 2:
            e = np.array(curve.energy)
            at, slopes = flattest(np.array(curve.x), e, width)
            if at + width < len(curve.x) and abs(slopes[at]) < 0.003 * float(e[at:].mean()):
                return  # a plateau, and it has been left again or lasts


# ---------------------------------------------------------------------------------- reading


def heat_capacity(
    x: np.ndarray, energy: np.ndarray, variance: np.ndarray
) -> tuple[float, float, float]:
    """(m − 1) from E = λ − (m − 1)/(x + b) and E − Var = (m − 1)/(x + b)² together.

    x (L,), energy and variance (L, R) by replicate. Least squares over λ and a = m − 1 for each b
    of a grid, each row with the spread seen between replicates. Returns a, its jackknife error
    over replicates, and b.
    """
    replicates = energy.shape[1]

    def fit(e: np.ndarray, f: np.ndarray, se: np.ndarray, sf: np.ndarray) -> tuple[float, float]:
        best = (math.inf, 0.0, 0.0)
        for b in np.exp(np.linspace(math.log(0.5), math.log(60.0), 24)) - x[0]:
            z = x + b
            design = np.concatenate([
                np.stack([np.ones_like(z), -1 / z], 1) / se[:, None],
                np.stack([np.zeros_like(z), 1 / z**2], 1) / sf[:, None],
            ])  # fmt: skip
            data = np.concatenate([e / se, f / sf])
            solution, *_ = np.linalg.lstsq(design, data, rcond=None)
            misfit = float(((data - design @ solution) ** 2).sum())
            if misfit < best[0]:
                best = (misfit, float(solution[1]), float(b))
        return best[1], best[2]

    f = energy - variance
    scale = 1 / math.sqrt(replicates)
    se, sf = (y.std(1, ddof=1).mean() * scale * np.ones(len(x)) for y in (energy, f))
    value, b = fit(energy.mean(1), f.mean(1), se, sf)
    left_out = []
    for r in range(replicates):
        keep = np.arange(replicates) != r
        left_out.append(fit(energy[:, keep].mean(1), f[:, keep].mean(1), se, sf)[0])
    error = math.sqrt((replicates - 1) * np.var(left_out))
    return value, error, b


def plateau(x: np.ndarray, energy: np.ndarray, level: float) -> tuple[Estimate, dict[str, Any]]:
    """λ as the limit of E_β[βK], from the flattest window of four e-folds of β.

    x (L,), energy (L, R) by replicate. Below the limit E = λ − C·e^{−δx}, so that λ is the mean of
    E + E′/δ over any window; but where chains begin to lag E′ is too large. The correction E′
    (δ = 1) is taken, and twice its size goes into the interval, as much as δ = ½ or a lag would
    make, together with the spread of replicates. Beyond the flattest window E rises again only
    because the chains lag. A ladder of fewer than four e-folds is one window.

    >>> x = np.arange(0, 12, 0.5)
    >>> e = 10 - 8 * np.exp(-x / 2)[:, None] + np.zeros((1, 4))
    >>> abs(plateau(x, e, 0.9)[0].value - 10) < 0.05
    True
    """
    width = max(3, min(len(x) - 1, round(_WINDOW / float(x[1] - x[0]))))
    start, slopes = flattest(x, energy, width)
    part = slice(start, start + width)
    q = x[part] - x[part].mean()
    by_replicate = energy[part].mean(0) + (q @ energy[part]) / (q @ q)
    slope = slopes[start]
    value = float(by_replicate.mean())
    error = float(by_replicate.std(ddof=1)) / math.sqrt(energy.shape[1])
    half = math.hypot(asymptotics.normal_quantile(level) * error, 2.0 * slope)
    return Estimate(value, value - half, value + half, level), {
        "window": [float(x[start]), float(x[start + width - 1])],
        "slope": slope,
        "error": error,
    }


def flattest(x: np.ndarray, energy: np.ndarray, width: int) -> tuple[int, np.ndarray]:
    """Start of the window of ``width`` levels with the least relative slope of E, among those
    after the steepest, and the slopes of all windows."""
    mean = energy.mean(1)
    q = np.arange(width) - (width - 1) / 2
    step = float(x[1] - x[0])
    windows = np.lib.stride_tricks.sliding_window_view(mean, width)
    slopes = windows @ q / (q @ q) / step
    after = int(np.argmax(slopes[: max(1, len(slopes) * 2 // 3)]))
    # Windows in which E has not yet half of its final size belong to the onset.
    relative = np.abs(slopes) / windows.mean(1)
    return after + int(np.argmin(relative[after:])), slopes


def anneal(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ with an interval, P(m), log Z(β) and E_β[βK] along a ladder. See :class:`Settings`.

    Estimates: ``lambda`` (averaged over models), ``lambda given m=…``, ``next pole``, ``log Z`` at
    the last level, ``m by heat capacity``. Diagnostics: the ladder (x = log β, log Z, E[βK],
    Var(βK), with errors), models, acceptance. multiplicity is None, and the reason says so, where
    the ladder is too short to say anything about m.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> cross = PolynomialLoss.from_exponents([([1], [(1, 1)])], loss_id="w1^2*w2^2")
    >>> r = measure("anneal", cross, seed=0, span=20, particles=32)
    >>> abs(r.lambda_.value - 0.5) < 0.1
    True
    """
    s = _resolved(settings_of(Settings, settings, "anneal"), loss)
    meter = Meter(loss, budget)
    generator = torch.Generator(device=s.device).manual_seed(seed)
    curve = sample(loss, meter, s, generator)
    outcome, reason = curve.stop, curve.reason
    estimates: dict[str, Estimate] = {}
    multiplicity: dict[int, float] | None = None
    diagnostics: dict[str, Any] = {
        "x": curve.x,
        "acceptance": curve.acceptance,
        "radius": curve.radius,
        "moves": curve.moves,
        "stiff_directions": curve.stiff,
        "quadratic_blocks": curve.baths,
        "lag": curve.lag,
    }
    if curve.x:
        increments = np.array(curve.increments)
        x = np.array(curve.x)
        energy, variance = np.array(curve.energy), np.array(curve.variance)
        root = math.sqrt(energy.shape[1])
        # Of chains the increments are logarithms averaged already.
        pooled = increments.mean(1)
        if s.particles != 1:
            pooled = np.log(np.exp(increments).mean(axis=1))
        log_z = np.cumsum(pooled)
        log_z_error = np.cumsum(increments, axis=0).std(axis=1, ddof=1) / root
        diagnostics |= {
            "log_z": log_z,
            "log_z_error": log_z_error,
            "energy": energy.mean(1),
            "energy_error": energy.std(1, ddof=1) / root,
            "variance": variance.mean(1),
        }
        half = asymptotics.normal_quantile(s.level) * float(log_z_error[-1])
        estimates["log Z"] = Estimate(
            float(log_z[-1]), float(log_z[-1]) - half, float(log_z[-1]) + half, s.level
        )
    if len(curve.x) >= _FEWEST and s.particles == 1:
        outcome, reason = _limit(curve, x, energy, s, estimates, diagnostics)
    elif len(curve.x) >= _FEWEST:
        outcome, reason, multiplicity = _infer(
            curve, x, increments, energy, variance, s, estimates, diagnostics
        )
    elif outcome is Outcome.OK:
        outcome = Outcome.NOT_MIXED
        reason = f"m and λ are not identifiable from a ladder of {len(curve.x)} levels" + (
            f": {reason}" if reason else ""
        )
    return meter.reading(
        "anneal", s, seed, estimates, outcome, reason, diagnostics, multiplicity=multiplicity
    )


def _limit(
    curve: Curve,
    x: np.ndarray,
    energy: np.ndarray,
    s: Settings,
    estimates: dict[str, Estimate],
    diagnostics: dict[str, Any],
) -> tuple[Outcome, str]:
    """The limit of E[βK] into ``estimates``; outcome and reason. Chains do not speak of m."""
    found, models = plateau(x, energy, s.level)
    # A chain that lags by a share of its energy has a λ that is too large by about as much.
    tail = max(1, len(x) // 4)
    slack = max(0.0, float(np.mean(curve.lag[-tail:]))) * found.value
    others = dict(estimates)
    estimates.clear()
    estimates["lambda"] = replace(found, low=found.low - 2 * slack)
    estimates |= others
    diagnostics["plateau"] = models
    words = "m is not identifiable by chains" + (f"; {curve.reason}" if curve.reason else "")
    # E must have come within a tenth of its limit.
    if abs(2 * models["slope"]) > 0.1 * found.value:
        return Outcome.NOT_MIXED, (
            f"E[βK] still changes by {models['slope']:.3g} an e-fold of β where it is flattest; "
            + words
        )
    if curve.stop is Outcome.FLOOR:
        return Outcome.OK, words
    return curve.stop, words


def _infer(
    curve: Curve,
    x: np.ndarray,
    increments: np.ndarray,
    energy: np.ndarray,
    variance: np.ndarray,
    s: Settings,
    estimates: dict[str, Estimate],
    diagnostics: dict[str, Any],
) -> tuple[Outcome, str, dict[int, float] | None]:
    """Models of log Z, their average into ``estimates``; outcome, reason, P(m)."""
    fit = asymptotics.infer(x, increments, max_multiplicity=s.max_multiplicity, level=s.level)
    log_z = diagnostics["log_z"]
    estimates_before = dict(estimates)
    estimates.clear()
    estimates["lambda"] = Estimate(fit.value, fit.low, fit.high, s.level)
    for m, (value, error) in fit.given.items():
        if fit.multiplicity[m] > 0.01:
            half = asymptotics.normal_quantile(s.level) * error
            estimates[f"lambda given m={m}"] = Estimate(value, value - half, value + half, s.level)
    probability, delta = fit.next_pole
    if probability > 0.5:
        estimates["next pole"] = Estimate(
            fit.value + delta, fit.value + delta / 2, fit.value + 2 * delta, s.level
        )
    estimates |= estimates_before
    order = np.argsort(-fit.models["weight"], kind="stable")[:12]
    diagnostics |= {
        "fitted_x": fit.curve[0],
        "fitted_log_z": fit.curve[1],
        "chi2": fit.chi2,
        "noise": asdict(fit.noise),
        "next_pole_probability": probability,
        "models": {k: v[order] for k, v in fit.models.items()},
    }
    # Second reading of m, from levels at which e^{−λx} has set in.
    deep = (x > x[0] + 0.35 * (x[-1] - x[0])) & (-log_z > 2.0)
    if deep.sum() >= 8:
        a, error, _ = heat_capacity(x[deep], energy[deep], variance[deep])
        half = asymptotics.normal_quantile(s.level) * error
        estimates["m by heat capacity"] = Estimate(1 + a, 1 + a - half, 1 + a + half, s.level)
    outcome, reason = curve.stop, curve.reason
    multiplicity: dict[int, float] | None = fit.multiplicity
    # The last third of the ladder must add little to E[βK].
    third = max(1, len(x) // 3)
    middle, end = float(energy[-2 * third : -third].mean()), float(energy[-third:].mean())
    if end > 1.25 * middle or -float(log_z[-1]) < 4.0:
        multiplicity = None
        reason = (
            f"m is not identifiable at this depth: E[βK] has risen from "
            f"{middle:.3g} to {end:.3g} at β = {math.exp(x[-1]):.1e}"
            + (f"; {reason}" if reason else "")
        )
        if outcome in (Outcome.OK, Outcome.FLOOR):
            outcome = Outcome.NOT_MIXED
    elif outcome is Outcome.FLOOR and len(x) >= 2 * _FEWEST:
        outcome = Outcome.OK
    if outcome is Outcome.OK and (fit.chi2 > 2.5 or fit.noise.slow > 0.6):
        outcome = Outcome.NOT_MIXED
        reason = (
            f"replicates disagree over many levels (slow share {fit.noise.slow:.2f}, "
            f"χ² {fit.chi2:.1f} per level)"
        )
    return outcome, reason, multiplicity


def free_energy_difference(
    first: Reading, second: Reading, log_beta: float | None = None
) -> Estimate:
    """F₂ − F₁ = log Z₁(β) − log Z₂(β) of two neighbourhoods (phases) at one temperature.

    first, second: readings of ``anneal`` with the same σ and dimension, around two centres of one
    loss. log_beta: where; None for the last x that both ladders reach. A positive difference says
    that the first phase is preferred. Intervals at the level of the first reading; errors are
    independent. Raises BadInput for readings of other devices, of unequal σ or dimension, or x
    outside a ladder.
    """
    for name, r in (("first", first), ("second", second)):
        if r.device != "anneal" or "log_z" not in r.diagnostics:
            raise BadInput(f"{name}: expected a reading of anneal with a ladder, got {r.device}")
    if first.dim != second.dim or first.settings["sigma"] != second.settings["sigma"]:
        raise BadInput(
            "first, second: expected one dimension and one sigma, got "
            f"{first.dim}, {first.settings['sigma']} and {second.dim}, {second.settings['sigma']}"
        )
    ends = [(r.diagnostics["x"][0], r.diagnostics["x"][-1]) for r in (first, second)]
    at = min(b for _, b in ends) if log_beta is None else float(log_beta)
    if not all(a <= at <= b for a, b in ends):
        raise BadInput(f"log_beta: expected a point of both ladders {ends}, got {at}")

    def read(r: Reading, key: str) -> float:
        return float(np.interp(at, np.array(r.diagnostics["x"]), np.array(r.diagnostics[key])))

    value = read(first, "log_z") - read(second, "log_z")
    error = math.hypot(read(first, "log_z_error"), read(second, "log_z_error"))
    level = float(first.settings["level"])
    half = asymptotics.normal_quantile(level) * error
    return Estimate(value, value - half, value + half, level)


def plot(reading: Reading, ax: Any = None) -> Any:
    """E_β[βK] and Var_β(βK) against log β, with λ and its interval."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    d = reading.diagnostics
    if "energy" not in d:
        raise BadInput(f"plot: this reading has no ladder ({reading.outcome}: {reading.reason})")
    x, energy, error = (np.array(d[k]) for k in ("x", "energy", "energy_error"))
    ax.fill_between(x, energy - error, energy + error, alpha=0.3)
    ax.plot(x, energy, label="E[βK]")
    ax.plot(x, np.array(d["variance"]), ":", label="Var(βK)")
    e = reading.lambda_
    if math.isfinite(e.value):
        ax.axhspan(e.low, e.high, alpha=0.15, color="0.5")
        ax.axhline(e.value, ls="--", color="0.3", label=f"λ = {e.value:.4g}")
    ax.set_xlabel("x = log β")
    ax.set_title(f"{reading.loss_id}: λ = {e}")
    ax.legend()
    return ax
