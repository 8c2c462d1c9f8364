"""What devices of the localised tempered posterior share: potential, walls, starting points,
averages."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.inference.convergence import (
    LARGEST,
    ChainGroup,
    Judgement,
    group_intervals,
    judge,
)
from singularity_lab.spectroscopes.keeping import Keeper
from singularity_lab.spectroscopes.kernels import layout, mala
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Meter
from singularity_lab.spectroscopes.reading import Estimate, Outcome, Reading

_KEPT = 400  # windows of draws kept per chain for R-hat, ESS and the trace
_SHOWN = 512  # chains whose averages are told; with more, fewer windows are kept
_LEVEL = 0.9
_BELOW = 3.0  # standard errors of a group of chains below L(w*)
_FEWEST = 4  # effective draws a chain that ``judge`` asks for
_HOPELESS = 1_000  # times the draws, from where another number of draws is no advice

EVERY = 128  # steps between two looks at the clock of the checkpoints


def check_settings(s: Any) -> None:
    """Raise BadInput for settings that are out of range."""
    if not s.n > 1:
        raise BadInput(f"n: expected a sample size above 1, received {s.n}")
    if not (s.beta is None or s.beta > 0):
        raise BadInput(f"beta: expected a positive inverse temperature or None, received {s.beta}")
    if not s.gamma >= 0:
        raise BadInput(f"gamma: expected γ ≥ 0, received {s.gamma}")
    if s.keep not in ("", "losses") or s.kept < 1:
        raise BadInput(
            "keep, kept: expected '' or 'losses' and at least 1, "
            f"received {s.keep!r} and {s.kept!r}"
        )
    if s.chains < 2 or s.draws < 8 or s.burn_in < 0:
        raise BadInput(
            "chains, draws, burn_in: expected at least 2, 8 and 0, "
            f"received {s.chains}, {s.draws} and {s.burn_in}"
        )


def inverse_temperature(s: Any) -> float:
    """nβ, with β = 1/log n unless the settings give it."""
    return float(s.n * (1 / math.log(s.n) if s.beta is None else s.beta))


def seeded_generator(s: Any, seed: int) -> torch.Generator:
    """The one source of randomness of a run, on the device where the chains live."""
    try:
        return torch.Generator(device=s.device).manual_seed(seed)
    except RuntimeError as error:
        raise BadInput(f"device: torch cannot compute on {s.device!r}: {error}") from error


# ---------------------------------------------------------------------------------- the average


class Average:
    """Running mean of K per chain over the draws (never over burn-in), with averages over
    consecutive windows of draws, and of burn-in. runs: that go side by side, of so many chains
    each."""

    def __init__(
        self,
        chains: int,
        burn_in: int,
        draws: int,
        device: torch.device | str = "cpu",
        runs: int = 1,
    ) -> None:
        self.total = torch.zeros(runs * chains, dtype=torch.float64, device=device)
        self.window = torch.zeros_like(self.total)
        self.count = 0
        kept = min(_KEPT, max(40, _KEPT * _SHOWN // chains))
        self.every = max(1, math.ceil(draws / kept))
        self.every_burn = max(1, math.ceil(burn_in / _KEPT))
        self.trace: list[Tensor] = []
        self.burn_trace: list[Tensor] = []
        self.probes: list[Tensor] = []

    def add(self, value: Tensor) -> None:
        """Add one draw of every chain to the average."""
        self.total += value
        self.window += value
        self.count += 1
        if self.count % self.every == 0:
            self.trace.append(self.window / self.every)
            self.window = torch.zeros_like(self.total)

    def burn(self, t: int, value: Tensor) -> None:
        """Keep the mean of one step of burn-in for the trace; it is not averaged."""
        if t % self.every_burn == 0:
            self.burn_trace.append(value.to(torch.float64, copy=True))

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the average."""
        return {
            "total": self.total,
            "window": self.window,
            "count": self.count,
            "trace": list(self.trace),
            "burn_trace": list(self.burn_trace),
            "probes": list(self.probes),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Take up the average where :meth:`state` left it."""
        self.total, self.window, self.count = state["total"], state["window"], state["count"]
        self.trace, self.burn_trace = state["trace"], state["burn_trace"]
        self.probes = state["probes"]

    def of_run(self, k: int, runs: int) -> Average:
        """The average of the k-th of several runs."""
        out = copy.copy(self)
        size = len(self.total) // runs
        part = slice(k * size, (k + 1) * size)
        out.total, out.window = self.total[part], self.window[part]
        for name in ("trace", "burn_trace", "probes"):
            setattr(out, name, [x[part] for x in getattr(self, name)])
        return out

    def groups(self, factor: float, kinds: Sequence[Mapping[str, bool]]) -> list[ChainGroup]:
        """The chains in as many equal groups as there are kinds, in their order; the chains that
        left the finite numbers are left out. factor: multiplies K."""
        means = (factor * self.total / self.count).cpu().numpy()
        trace = (factor * torch.stack(self.trace, dim=1)).cpu().numpy()
        probes = (factor * torch.stack(self.probes, dim=1)).cpu().numpy() if self.probes else None
        out, size = [], len(means) // len(kinds)
        for k, kind in enumerate(kinds):
            part = np.arange(k * size, (k + 1) * size if k + 1 < len(kinds) else len(means))
            part = part[np.isfinite(means[part]) & np.isfinite(trace[part]).all(1)]
            probe = None if probes is None else probes[part]
            out.append(ChainGroup(means[part], trace[part], probe, **kind))
        return out


def plain(x: Any) -> dict[str, Any]:
    """The fields of a frozen state, as a checkpoint keeps them."""
    return {f.name: getattr(x, f.name) for f in fields(x)}


def reading_of_average(
    device: str,
    loss: Loss,
    meter: Meter,
    s: Any,
    seed: int,
    average: Average,
    nbeta: float,
    cut: str | None,
    extra: dict[str, Any],
    kinds: Sequence[Mapping[str, bool]],
    r_hat: float,
    biased: str = "",
) -> Reading:
    """The estimate ``llc`` with its interval, the parts that it was made of, and the outcome."""
    estimates: dict[str, Estimate] = {}
    diagnostics: dict[str, Any] = {"nbeta": nbeta, "loss_at_centre": meter.offset, **extra}
    outcome, reason = Outcome.OK, ""
    if average.count < 8 or len(average.trace) < 4:
        outcome, reason = Outcome.BUDGET, f"{cut} spent in burn-in"
        return meter.reading(device, s, seed, estimates, outcome, reason, diagnostics)
    groups = average.groups(nbeta, kinds)
    means = (nbeta * average.total / average.count).cpu()
    lost = len(means) - sum(len(g.means) for g in groups)
    whole = np.concatenate([g.windows for g in groups])
    diagnostics |= {
        "per_chain": means[:_SHOWN].tolist(),
        "groups": [dict(kind) for kind in kinds],
        "diverged_chains": lost,
        "draws": average.count,
        "trace_mean": whole.mean(0).tolist() if len(whole) else [],
        "burn_in_trace_mean": [float(nbeta * v.cpu().nanmean()) for v in average.burn_trace],
    }
    if all(len(g.means) >= 2 for g in groups):
        verdict = judge(
            groups,
            r_hat=r_hat,
            relaxation=extra.get("relaxation_steps", 0.0),
            draws=average.count,
        )
        estimates["llc"] = e = verdict.interval(_LEVEL)
        if len(groups) > 1:
            for g, mean in zip(groups, group_intervals(groups, _LEVEL), strict=True):
                estimates[("scattered" if g.scattered else "from w*") + ", ε/2" * g.halved] = mean
        diagnostics |= verdict.numbers | {
            "standard_error": verdict.error,
            "loss_of_chains": meter.offset + e.value / nbeta,
        }
        outcome, reason = _outcome(loss, meter, s, verdict, e, cut, average.count, biased, groups)
        if outcome is Outcome.NOT_MIXED and any(g.scattered for g in groups):
            times = times_the_draws(
                verdict, e, r_hat=r_hat, relaxation=extra.get("relaxation_steps", 0.0),
                chains=sum(len(g.means) for g in groups), draws=average.count,
            )  # fmt: skip
            reason += draws_needed(times, average.count)
            if times == 1:
                reason += f"; draws do not mend it, a burn_in beyond {s.burn_in:,} may"
            elif math.isfinite(times):
                diagnostics["draws_needed"] = _round_up(times * average.count)
    if lost:
        outcome = Outcome.DIVERGED
        reason = f"{lost} of {len(means)} chains left the finite numbers"
    return meter.reading(device, s, seed, estimates, outcome, reason, diagnostics)


def times_the_draws(
    verdict: Judgement, e: Estimate, *, r_hat: float, relaxation: float, chains: int, draws: int
) -> float:
    """How many times the draws a reading that is not mixed needs, at least; 1 where draws are not
    what it lacks, NaN where nothing can be said.

    r_hat: the largest allowed; relaxation: steps that the localisation needs; chains: in all;
    draws: of a chain. Effective draws grow like draws, and R̂² − 1 and the squared error fall like
    1/draws, once the chains move about: before that the number is a lower bound.
    """
    n = verdict.numbers
    if not (n["ess"] > 0 and math.isfinite(n["r_hat"]) and e.value > 0):
        return math.nan
    mixing = max(_FEWEST * chains / n["ess"], (n["r_hat"] ** 2 - 1) / (r_hat**2 - 1))
    noise = max(verdict.error / (LARGEST * e.value), (e.value - e.low) / e.value) ** 2
    if mixing <= 1 and verdict.complaint and not verdict.noisy and relaxation <= draws:
        return 1.0
    return max(mixing, noise, relaxation / draws)


def draws_needed(times: float, draws: int) -> str:
    """The words that so many times the draws of a chain are needed; "" where they are not.

    >>> draws_needed(3.17, 240)
    '; at least about 770 draws a chain are needed, 240 were made'
    """
    if not times > 1:
        return ""
    if not times < _HOPELESS:
        return f"; {_HOPELESS:,} times as many draws would not do"
    needed = _round_up(times * draws)
    return f"; at least about {needed:,} draws a chain are needed, {draws:,} were made"


def _round_up(x: float) -> int:
    """The next integer with two digits before zeros."""
    unit = 10 ** max(0, math.floor(math.log10(x)) - 1)
    return math.ceil(x / unit) * unit


def with_draws(
    reading: Reading, keeper: Keeper | None, kinds: Sequence[Mapping[str, bool]], nbeta: float
) -> Reading:
    """The reading together with what a keeper saw, where there is one."""
    if keeper is None:
        return reading
    return replace(reading, draws=keeper.draws(kinds, nbeta))


def _outcome(
    loss: Loss,
    meter: Meter,
    s: Any,
    verdict: Judgement,
    e: Estimate,
    cut: str | None,
    draws: int,
    biased: str,
    groups: Sequence[ChainGroup],
) -> tuple[Outcome, str]:
    """The outcome of a run whose chains all stayed finite, and why."""
    if e.value == 0.0 and verdict.numbers["chain_std"] == 0.0:
        return (
            Outcome.BAD_LOSS,
            "the loss is constant where the chains went: nothing to measure",
        )
    below = [
        float(g.means.mean() + _BELOW * g.means.std(ddof=1) / math.sqrt(len(g.means))) < 0
        for g in groups
    ]
    if e.high < 0 or any(below):
        return Outcome.NO_MINIMUM, (
            "the chains find lower losses than L(w*): train on, hold the chains nearer (a larger "
            "gamma), or measure the loss against the checkpoint's own outputs"
        )
    if e.low > loss.dim / (2 if loss.domain is None and loss.prior_exponents is None else 1):
        return Outcome.DIVERGED, (
            f"{e.value:.3g} is above d/2 = {loss.dim / 2:g}, the most that a minimum can give: the "
            "chains have left the basin of w*, or the step is too large"
        )
    if cut is not None:
        return Outcome.BUDGET, f"{cut} spent after {draws} draws"
    if verdict.complaint:
        return (Outcome.BIASED_TARGET if verdict.biased else Outcome.NOT_MIXED), verdict.complaint
    if not any(g.scattered for g in groups):
        words = "all chains began at w*: nothing shows that they have left it"
        if not may_scatter(loss, s.gamma):
            words += "; scattered ones need a localisation (gamma) or a box"
        return Outcome.NOT_MIXED, words
    if e.low < 0:
        return Outcome.NOT_MIXED, f"the interval [{e.low:.3g}, {e.high:.3g}] holds negative values"
    return (Outcome.BIASED_TARGET, biased) if biased else (Outcome.OK, "")


def may_scatter(loss: Loss, gamma: float) -> bool:
    """True if there is a scale to scatter chains on: a localisation, or walls on every side."""
    if gamma > 0:
        return True
    return loss.domain is not None and all(
        math.isfinite(x) for x in (*loss.domain.lower, *loss.domain.upper)
    )


def walls_of(loss: Loss, device: str | torch.device = "cpu") -> tuple[Tensor | None, Tensor | None]:
    """The walls of the domain as displacements from w*, (d,), or (None, None)."""
    if loss.domain is None:
        return None, None
    center = loss.center.to("cpu", torch.float64)
    lower = torch.tensor(loss.domain.lower, dtype=torch.float64) - center
    upper = torch.tensor(loss.domain.upper, dtype=torch.float64) - center
    return lower.to(device), upper.to(device)


class LossAndGradient(Protocol):
    """What a potential is made of: a loss, and K with its gradient at displacements."""

    loss: Loss

    def k_and_grad(self, u: Tensor, /) -> tuple[Tensor, Tensor]:
        """K(w* + u) − K(w*) and ∇K for u (c, d) → (c,), (c, d)."""
        ...


def potential(meter: LossAndGradient, nbeta: float | Tensor, gamma: float) -> mala.Target:
    """U = nβK + γ|u|²/2 − Σ τᵢ log|wᵢ| on u (c, d), +∞ outside the domain or where K is not
    finite."""
    tau = meter.loss.prior_exponents
    device = torch.device("cpu")
    walls = walls_of(meter.loss)
    exponents = None if tau is None else torch.tensor(tau, dtype=torch.float64)
    center = meter.loss.center

    def evaluate(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        nonlocal device, walls, exponents, center
        if u.device != device:
            device = u.device
            walls, center = walls_of(meter.loss, device), center.to(device)
            exponents = None if exponents is None else exponents.to(device)
        value, grad = meter.k_and_grad(u)
        slope = (nbeta[:, None] if isinstance(nbeta, Tensor) else nbeta) * grad + gamma * u
        total = nbeta * value + 0.5 * gamma * (u * u).sum(1)
        if exponents is not None:
            w = u + center
            total = total - (exponents * torch.log(w.abs())).sum(1)
            slope = slope - exponents / w
        lower, upper = walls
        if lower is not None and upper is not None:
            outside = ((u < lower) | (u > upper)).any(1)
            total = torch.where(outside, math.inf, total)
        return total, slope, value

    return evaluate


def largest_eigenvalue(meter: Meter, points: Tensor, radius: float, rounds: int = 12) -> float:
    """The largest absolute Hessian eigenvalue over points u (k, d), by power iteration on
    difference quotients of ∇K; infinite when no gradient there is finite. k·(rounds + 1) gradients.

    Random directions see h/√d of an eigenvalue h: a step chosen by them is far too large in many
    dimensions.
    """
    single = getattr(meter.loss, "dtype", None) == torch.float32
    delta = (1e-2 if single else 1e-4) * radius
    _, at = meter.k_and_grad(points)
    generator = torch.Generator(device=points.device).manual_seed(0)
    v = torch.randn(points.shape, generator=generator, dtype=torch.float64, device=points.device)
    v = v / v.norm(dim=1, keepdim=True)
    h = torch.zeros(len(points), dtype=torch.float64, device=points.device)
    for _ in range(rounds):
        _, beside = meter.k_and_grad(points + delta * v)
        product = (beside - at) / delta
        size = product.norm(dim=1)
        h = torch.maximum(h, size)
        v = torch.where((size > 0)[:, None], product / size.clamp_min(1e-300)[:, None], v)
    h = h[torch.isfinite(h)]
    return float(h.max()) if len(h) else math.inf


def curvature(meter: Meter, radius: float, generator: torch.Generator, count: int = 64) -> float:
    """The largest Hessian eigenvalue over ``count`` random points within the radius."""
    shape = (count if meter.loss.dim <= 50 else min(count, 8), meter.loss.dim)
    u = torch.randn(shape, generator=generator, dtype=torch.float64, device=generator.device)
    return largest_eigenvalue(meter, radius * u / math.sqrt(meter.loss.dim), radius)


def starting_points(loss: Loss, s: Any, radius: float, generator: torch.Generator) -> Tensor:
    """Displacements (c, d), at the centre; a little inside where a wall or a prior factor makes the
    potential rough there."""
    by_chain = getattr(loss, "by_chain", False)
    start = layout.zeros(s.chains, loss.dim, device=s.device, by_chain=by_chain)
    if loss.domain is None and loss.prior_exponents is None:
        return start
    shape = (loss.dim, s.chains)
    shift = torch.rand(shape, generator=generator, dtype=torch.float64, device=s.device).t()
    lower, upper = walls_of(loss, s.device)
    # Never very near to it: at w the prior factor has the slope τ/w, and steps must be below w².
    shift = 1e-2 * radius * (0.5 + 0.5 * shift)
    if lower is not None and upper is not None:
        # Towards the inside, and never beyond the other wall.
        sign = torch.where(upper > -lower, 1.0, -1.0)
        width = torch.minimum(upper - lower, torch.ones_like(upper))
        shift = sign * shift * width
    return start + shift
