"""How fast each direction of a posterior shrinks with the sample size: the "cloud" of functions
near f(w*), and the optimal valuation behind it. Watanabe 2009, ch. 6; Gelfand–Leray by
resolution: Arnold, Gusein-Zade, Varchenko 1988, vol. II.

Under exp(−nβK − γ|w − w*|²/2) the mass lies, for large n, over the divisors E of a resolution whose
ratio is λ. If there is one (m = 1) with v = ord_E, normalised so that v(K) = 1, then nβK has a
limit in law, and so has |g|·(nβ)^{v(g)} for any analytic g on it: hence

    E log|g| = −v(g)·log(nβ) + O(1).

With m divisors that meet, v is the mean over the simplex that they span. For the outputs of a
model, g = f_x(w) − f_x(w*), the slopes say how fast the cloud of functions that the posterior
allows shrinks at the input x: ½ where the loss is governed, faster where f_x is constrained more
than K needs; for single weights they are the valuation itself. The kernels are exact, so that what
is left is mixing, finite n, and noise; the interval holds all three as far as the runs show them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.devices.llc_adjusted import Adjusted
from singularity_lab.spectroscopes.devices.llc_hmc import HmcSettings
from singularity_lab.spectroscopes.devices.tempered import reading_of_average, seeded_generator
from singularity_lab.spectroscopes.inference.convergence import interval, two_starts
from singularity_lab.spectroscopes.long_run import drive
from singularity_lab.spectroscopes.losses.module import ModuleLoss
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import Estimate, Reading
from singularity_lab.system.extras import pyplot

__all__ = ["Scaling", "scaling"]

_LEVEL = 0.9
_R_HAT = 1.1
_EVERY = 4  # draws between two looks at what is observed
_BATCHES = 4  # groups of chains from each start, whose means are independent
_SMALLEST = 1e-300

Observed = Callable[[Tensor], Tensor]
"""w (c, d) → values (c, q) of functions that vanish at w*."""


@dataclass(frozen=True)
class Scaling:
    """Mean logarithms along a ladder of sample sizes, and their slopes.

    nbeta (L,); names of what was observed (q,); means, errors (L, q) of E log|g|, one standard
    error; orders: for each name the slope −d E log|g| / d log(nβ), which is v(g)/v(K); readings:
    of ``llc-hmc`` at each n, with its outcome.
    """

    nbeta: np.ndarray
    names: tuple[str, ...]
    means: np.ndarray
    errors: np.ndarray
    orders: Mapping[str, Estimate]
    readings: tuple[Reading, ...]

    @property
    def ok(self) -> bool:
        """True if the chains mixed at every n."""
        return all(r.ok for r in self.readings)

    def __str__(self) -> str:
        lines = [f"orders on {self.readings[0].loss_id}, K of order 1:"]
        lines += [f"  {name}: {e}" for name, e in self.orders.items()]
        for r in self.readings:
            if not r.ok:
                lines.append(f"  n = {r.settings['n']:g}: {r.outcome} ({r.reason})")
        return "\n".join(lines)

    def plot(self, ax: Any = None) -> Any:
        """E log|g| against log(nβ), a line for each g."""
        plt = pyplot()

        ax = ax if ax is not None else plt.subplots()[1]
        x = np.log(self.nbeta)
        for j, name in enumerate(self.names):
            e = self.orders[name]
            ax.errorbar(x, self.means[:, j], self.errors[:, j], fmt="o-", label=f"{name}: {e}")
        ax.set_xlabel("log nβ")
        ax.set_ylabel("E log|g|")
        ax.legend()
        return ax


class _Logs(Adjusted):
    """Chains that add up log|g| of what is observed."""

    def __init__(self, observed: Observed, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.observed = observed
        self.sum: Tensor | None = None
        self.looks = 0

    def seen(self, chains: Any) -> None:
        if self.t % _EVERY:
            return
        center = self.meter.loss.center.to(chains.position.device)
        logs = self.observed(chains.position + center).abs().clamp_min(_SMALLEST).log()
        self.sum = logs if self.sum is None else self.sum + logs
        self.looks += 1


def scaling(
    loss: Loss,
    ns: Sequence[float] = (1e3, 1e4, 1e5, 1e6),
    *,
    observe: Mapping[str, Observed] | None = None,
    beta: float | None = 1.0,
    gamma: float = 1.0,
    seed: int = 0,
    seconds: float = math.inf,
    chains: int = 64,
    burn_in: int = 400,
    draws: int = 800,
    leapfrogs: int = 20,
) -> Scaling:
    """Return how E log|g| falls with the sample size under the posterior of a loss, for K, each
    weight, and each output of the model: the orders of the optimal valuation.

    ns: at least three sample sizes, from where K is governed by its germ at w*. observe: functions
    of w (c, d) → (c, q) that vanish at w*, by name; by default K, the displacements of the weights
    (up to 16), and the generators of K or the outputs of a torch model on 64 rows (up to 16). beta:
    inverse temperature, None for 1/log n. gamma, chains, burn_in, draws, leapfrogs: of ``llc-hmc``.
    seconds: CPU seconds for all sizes. An interval holds noise, the difference of chains from w*
    and scattered ones, and what the slope changes between the two halves of the ladder.
    Raises BadInput for fewer than three sizes or a function of another shape.

    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> k = PolynomialLoss.from_exponents([([1], [(2, 0)]), ([1], [(0, 3)])], loss_id="x^4+y^6")
    >>> found = scaling(k, chains=32, burn_in=200, draws=400)
    >>> [round(found.orders[g].value * 12) for g in ("K", "w1", "w2", "f1", "f2")]
    [12, 3, 2, 6, 6]
    """
    sizes = sorted({float(n) for n in ns})
    if len(sizes) < 3 or not (sizes[0] > 1 and math.isfinite(sizes[-1])):
        raise BadInput(f"ns: expected at least three sizes above 1, received {list(ns)}")
    watched = _default(loss) if observe is None else dict(observe)
    names, observed = _together(loss, watched)
    budget = Budget(cpu_seconds=seconds / len(sizes))
    found, readings, nbetas = [], [], []
    for k, n in enumerate(sizes):
        s = HmcSettings(
            n=n, beta=beta, gamma=gamma, chains=chains, burn_in=burn_in, draws=draws,
            leapfrogs=leapfrogs,
        )  # fmt: skip
        nbeta = n / math.log(n) if beta is None else n * beta
        meter, cut = Meter(loss, budget), None
        run = _Logs(
            observed, meter, s, nbeta, seeded_generator(s, seed + 1_000 * k), "hmc", heated=True
        )
        try:
            drive(run.begin())
        except BudgetSpent as error:
            cut = str(error)
        kinds = [{"scattered": False}, {"scattered": True}] if run.heated else [{}]
        readings.append(
            reading_of_average(
                "llc-hmc", loss, meter, s, seed, run.average, nbeta, cut, {}, kinds, _R_HAT
            )
        )
        if run.sum is not None:
            nbetas.append(nbeta)
            found.append(_batches((run.sum / run.looks).cpu().numpy()))
    if len(found) < 3:
        raise BadInput(f"seconds: {seconds:g} CPU seconds end in burn-in; give more")
    x = np.log(np.array(nbetas))
    means = np.array([[f.value for f in row] for row in found])
    errors = np.array([[f.error for f in row] for row in found])
    freedom = 2 * (_BATCHES - 1)
    orders = {name: _slope(x, -means[:, j], errors[:, j], freedom) for j, name in enumerate(names)}
    return Scaling(np.exp(x), names, means, errors, orders, tuple(readings))


def _batches(logs: np.ndarray) -> list[Any]:
    """For each column of chain means (c, q) the mean over both starts and its error."""
    half = len(logs) // 2

    def groups(part: np.ndarray) -> np.ndarray:
        return np.array([g.mean(0) for g in np.array_split(part, _BATCHES)])

    near, far = groups(logs[:half]), groups(logs[half:])
    return [two_starts(near[:, j], far[:, j]) for j in range(logs.shape[1])]


def _slope(x: np.ndarray, y: np.ndarray, error: np.ndarray, freedom: int) -> Estimate:
    """The slope of y on x by weighted least squares, with an interval that holds what it changes
    from the first half of the points to the second: about what is left where that change falls
    by a third from half to half."""

    def fit(part: slice) -> tuple[float, float]:
        w = 1 / np.maximum(error[part], 1e-12) ** 2
        q = x[part] - np.average(x[part], weights=w)
        scale = float((w * q * q).sum())
        return float((w * q * y[part]).sum()) / scale, 1 / math.sqrt(scale)

    value, noise = fit(slice(None))
    half = (len(x) + 1) // 2
    bend = fit(slice(len(x) - half, None))[0] - fit(slice(0, half))[0]
    return interval(value, math.hypot(noise, bend), freedom, _LEVEL)


def _default(loss: Loss) -> dict[str, Observed]:
    """K, weights, and generators or outputs."""
    center = loss.center
    out: dict[str, Observed] = {"K": _from_center(lambda w: loss.value(w)[:, None], center)}
    for j in range(min(loss.dim, 16)):
        out[f"w{j + 1}"] = partial(_displacement, center, j)
    if isinstance(loss, PolynomialLoss) and not loss.as_loss:
        for j, g in enumerate(loss.generators[:16]):
            part = PolynomialLoss([g], loss.dim, as_loss=True)
            out[f"f{j + 1}"] = _from_center(partial(_column, part), center)
    elif isinstance(loss, ModuleLoss):
        mapped = torch.vmap(loss.residuals)
        loss.residuals(center)  # outputs at w* are kept on the first call
        out["output"] = lambda w: mapped(w)[:, :16]
    return out


def _displacement(center: Tensor, j: int, w: Tensor) -> Tensor:
    return (w - center)[:, j : j + 1]


def _column(loss: PolynomialLoss, w: Tensor) -> Tensor:
    return loss.value(w)[:, None]


def _from_center(function: Observed, center: Tensor) -> Observed:
    """The function less its value at w*."""
    start = function(center[None])
    return lambda w: function(w) - start


def _together(loss: Loss, watched: Mapping[str, Observed]) -> tuple[tuple[str, ...], Observed]:
    """One function for all that is observed, and a name for each of its columns."""
    names: list[str] = []
    probe = loss.center[None].repeat(3, 1)
    for name, function in watched.items():
        values = function(probe)
        if not (isinstance(values, Tensor) and values.ndim == 2 and len(values) == 3):
            shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
            raise BadInput(
                f"observe: expected {name!r} to give (3, q) at 3 points, received {shape}"
            )
        count = values.shape[1]
        names += [name] if count == 1 else [f"{name} {k + 1}" for k in range(count)]
    functions = tuple(watched.values())

    def observed(w: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.cat([f(w).to(torch.float64) for f in functions], dim=1)

    return tuple(names), observed
