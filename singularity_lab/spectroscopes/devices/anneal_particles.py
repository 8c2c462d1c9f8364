"""The annealing ladder by a population of weighted particles. Del Moral, Doucet and Jasra 2006."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from singularity_lab.spectroscopes.devices.ladder import (
    Ladder,
    LadderCurve,
    LadderSettings,
    check,
    grid,
    histogram,
    record,
)
from singularity_lab.spectroscopes.kernels import gibbs, hmc
from singularity_lab.spectroscopes.kernels.localised import Localised
from singularity_lab.spectroscopes.reading import Outcome

_LOCAL, _KEPT = 8, 0.4  # levels over which the share near w* must stay above this
_FALLEN = 0.2  # by which that share may be below the largest that it was
ROUNDS = 15  # of moves that particles from w* make before they count, and while they do


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


def _next_step(value: Tensor, beta: float, s: LadderSettings) -> float:
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


def _distance(u: Tensor) -> Tensor:
    """Greatest displacement of a coordinate from w*, (P,) of (P, d)."""
    return u.abs().amax(1)


def leaves_center(curve: LadderCurve) -> bool:
    """Whether the share of particles near w*, ½ under the prior, is small over the last levels, or
    smaller than it has been: the Gaussian reaches a worse singularity than w*."""
    if len(curve.inner) < _LOCAL:
        return False
    means = torch.tensor(curve.inner).unfold(0, _LOCAL, 1).mean(1)
    return float(means[-1]) < max(_KEPT, float(means.max()) - _FALLEN)


class Particles(Ladder):
    """The ladder climbed by weighted particles, level by level: an
    :class:`~singularity_lab.spectroscopes.long_run.Algorithm`."""

    def begin(self, u: Tensor, value: Tensor) -> None:
        law, s, curve = self.law, self.s, self.curve
        assert s.replicates is not None
        assert s.span is not None
        assert s.sigma is not None
        assert s.shrinks is not None
        if not math.isfinite(curve.sigma):
            self.smallest = s.sigma * 0.5**s.shrinks
        curve.sigma = s.sigma
        self.middle = float(_distance(u).median())
        self.particles = gibbs.GibbsState(u, value, law.prior(u))
        blocks = getattr(law.meter.loss, "components", None)
        smallest = s.sigma * math.exp(-0.5 * s.span - 3)
        together = list(blocks.values()) if blocks else []
        self.moves = gibbs.init(
            u.shape[1], s.replicates, smallest, 2 * s.sigma, together, device=s.device
        )
        free = [j for j in range(u.shape[1]) if law.is_free(j)]
        self.baths = gibbs.quadratic_blocks(law, u[:: max(1, len(u) // 8)][:8], free, together)
        curve.baths = [len(b) for b in self.baths]
        self.steps = grid(s, s.span + 6)
        self.beta, self.first = 0.0, None  # type: float, float | None

    def step(self) -> None:
        """The next temperature: weigh, resample, move."""
        s, law, curve, state = self.s, self.law, self.curve, self.particles
        generator, moves = self.generator, self.moves
        assert s.particles is not None
        assert s.replicates is not None
        assert s.trajectories is not None
        r, n = s.replicates, s.particles
        if self.beta == 0.0:
            beta = _first_beta(state.value, s.ess)
        else:
            beta = self.beta * math.exp(_next_step(state.value, self.beta, s))
        log_weight = (-(beta - self.beta) * state.value).view(r, n)
        increment = (torch.logsumexp(log_weight, 1) - math.log(n)).cpu().numpy()
        chosen = _resample(log_weight, generator)
        state.position = state.position[chosen]
        state.value, state.prior = state.value[chosen], state.prior[chosen]
        self.beta = beta
        accepted = sum(self._moved(state, beta) for _ in range(s.rounds))
        # A budget may end in the moves: the columns grow together, after them.
        curve.increments.append(increment)
        curve.acceptance.append(accepted / (s.rounds * s.trajectories))
        self.steps = gibbs.useful(self.steps)
        for name, scales in moves.scales.items():
            moves.scales[name] = gibbs.useful(scales)
        energy = (beta * state.value).view(r, n)
        self.first = math.log(beta) if self.first is None else self.first
        record(curve, math.log(beta), energy.mean(1), energy.var(1), state.position, s)
        curve.inner.append(float((_distance(state.position) <= self.middle).double().mean()))
        curve.points, curve.values = state.position, state.value
        curve.moves = {name: b / a for name, (a, b) in sorted(moves.tally.items())}
        some = state.position.view(r, n, -1)[:, :16]
        curve.snapshots.append(some.abs().clamp_min(1e-300).log().float().cpu())
        lowest = float(state.value.min())
        if lowest < -16 * 2.0**-52 * law.meter.scale:
            check(state.value, law.meter, state.position)
        if leaves_center(curve) and curve.sigma > self.smallest:
            self._begin_within(curve.sigma / 2)
            return
        self.ended = self._share() >= 1
        if self.ended or self.is_below_rounding(state.position, state.value, beta):
            return
        spent, what = law.meter.spent()
        if spent >= 1 - s.hold and s.hold > 0:  # the rest is for :meth:`hold`
            self.ended = True
            curve.stop = Outcome.BUDGET
            curve.reason = f"{what} spent at log β = {math.log(beta):.1f}"

    def _begin_within(self, sigma: float) -> None:
        """Begin again with a Gaussian of another width."""
        self.s = s = replace(self.s, sigma=sigma)
        assert s.replicates is not None
        assert s.particles is not None
        self.law = Localised(self.law.meter, sigma, self.law.center.device)
        self.curve.clear()
        u = self.law.draw(s.replicates * s.particles, self.generator)
        self.begin(u, self.law.meter.k(u))

    def _moved(self, state: gibbs.GibbsState, beta: float) -> float:
        """One round of all moves at a temperature; the share of trajectories accepted, summed."""
        s, law, generator = self.s, self.law, self.generator
        assert s.sigma is not None
        assert s.trajectories is not None
        assert s.leapfrogs is not None
        target, accepted = law.target(beta), 0.0
        order = torch.randperm(
            len(gibbs.FAMILIES), generator=generator, device=state.position.device
        )
        for k in order.tolist():
            gibbs.step(state, self.moves, gibbs.FAMILIES[k], law, beta, generator)
        if beta * s.sigma**2 * 2.0**-52 * float(state.position.abs().max()) ** 2 < 1e-4:
            for block in self.baths:
                gibbs.heat_bath(state, block, law, beta, target, s.sigma, generator)
        chain = hmc.init(state.position, target)
        for _ in range(s.trajectories):
            before = chain.value
            chain = hmc.step(
                chain, self.steps, target, generator, leapfrogs=s.leapfrogs, learn=True
            )
            accepted += float((chain.value != before).double().mean())
        state.position, state.value = chain.position, chain.value
        state.prior = law.prior(chain.position)
        return accepted

    def hold(self) -> None:
        """Move on at the last temperature, for the share ``hold`` of all evaluations: where the
        particles have kept up with β, E[βK] stays where it is."""
        meter, s = self.law.meter, self.s
        if s.hold == 0:
            return
        assert s.replicates is not None
        assert s.particles is not None
        before = meter.evaluations + meter.gradients
        end = min(before / (1 - s.hold), meter.budget.evaluations)
        cost = 0
        while before + cost <= end:
            self._moved(self.particles, self.beta)
            energy = (self.beta * self.particles.value).view(s.replicates, s.particles)
            self.curve.held.append(energy.mean(1).cpu().numpy())
            now = meter.evaluations + meter.gradients
            before, cost = now, now - before

    def from_center(self) -> None:
        """E[βK] at the last level of a few particles of every replicate that begin at w*: they walk
        outwards where those of the ladder cool inwards, so that levels at which both agree have
        mixed."""
        s, law, r = self.s, self.law, self.s.replicates
        assert r is not None
        few = min(16, s.particles or 16)
        shape = (r * few, law.center.numel())
        width = self.steps.epsilon[0]
        u = width * torch.randn(
            shape, generator=self.generator, dtype=torch.float64, device=law.center.device
        )
        if law.walls is not None:
            u = torch.minimum(torch.maximum(u, law.walls[0]), law.walls[1])
        state = gibbs.GibbsState(u, law.meter.k(u), law.prior(u))
        energy = []
        for k in range(2 * ROUNDS):
            self._moved(state, self.beta)
            if k >= ROUNDS:
                energy.append(self.beta * state.value.view(r, few).mean(1))
        seen = torch.stack(energy).mean(0).cpu().numpy()
        self.curve.center = (self.curve.x[-1], seen)

    def _share(self) -> float:
        assert self.first is not None
        assert self.s.span is not None
        return (math.log(self.beta) - self.first) / self.s.span

    def why_stop(self) -> str | None:
        return self.curve.reason if self.ended else None

    def told(self) -> tuple[float, str] | None:
        if self.first is None or self.ended:
            return None
        return self._share(), f"log β = {math.log(self.beta):.1f}"

    def state(self) -> dict[str, Any]:
        state, moves = self.particles, self.moves
        return {
            "curve": self.curve.packed(),
            "sigma": self.curve.sigma,
            "smallest": self.smallest,
            "middle": self.middle,
            "position": state.position,
            "value": state.value,
            "prior": state.prior,
            "steps": histogram(self.steps),
            "scales": {name: histogram(h) for name, h in moves.scales.items()},
            "tally": {name: list(x) for name, x in moves.tally.items()},
            "beta": self.beta,
            "first": self.first,
            "generator": self.generator.get_state(),
            "meter": self.law.meter.state(),
        }

    def resume(self, saved: dict[str, Any]) -> None:
        if saved["sigma"] != self.curve.sigma:
            self._begin_within(saved["sigma"])
        self.smallest, self.middle = saved["smallest"], saved["middle"]
        self.curve.unpack(saved["curve"])
        self.particles = gibbs.GibbsState(saved["position"], saved["value"], saved["prior"])
        self.curve.points, self.curve.values = saved["position"], saved["value"]
        self.steps = hmc.Steps(*saved["steps"])
        self.moves.scales = {name: hmc.Steps(*h) for name, h in saved["scales"].items()}
        self.moves.tally = {name: list(x) for name, x in saved["tally"].items()}
        self.beta, self.first = saved["beta"], saved["first"]
        self.generator.set_state(saved["generator"])
        self.law.meter.resume(saved["meter"])
