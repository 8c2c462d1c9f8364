"""The annealing ladder by a population of weighted particles. Del Moral, Doucet and Jasra 2006."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from singularity_lab.spectroscopes.devices.ladder import (
    Curve,
    Settings,
    below_rounding,
    check,
    grid,
    histogram,
    record,
)
from singularity_lab.spectroscopes.kernels import gibbs, hmc
from singularity_lab.spectroscopes.kernels.localised import Localised
from singularity_lab.spectroscopes.long_run import current_run
from singularity_lab.spectroscopes.reading import Outcome


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


def climb_by_particles(
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
    steps = grid(s, s.span + 6)
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
            "steps": histogram(steps),
            "scales": {name: histogram(h) for name, h in moves.scales.items()},
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
        record(curve, math.log(beta), k.mean(1), k.var(1), state.position, s)
        curve.points, curve.values = state.position, state.value
        curve.moves = {name: b / a for name, (a, b) in sorted(moves.tally.items())}
        some = state.position.view(r, n, -1)[:, :16]
        curve.snapshots.append(some.abs().clamp_min(1e-300).log().float().cpu())
        lowest = float(state.value.min())
        if lowest < -16 * 2.0**-52 * law.meter.scale:
            check(state.value, law.meter, state.position)
        if math.log(beta) - first >= s.span:
            return
        if below_rounding(law, state.position, state.value, beta):
            curve.stop, curve.reason = Outcome.FLOOR, f"rounding of K is reached at β = {beta:.1e}"
            return
