"""Spectrum: several poles of the zeta function from one curve, and the components that carry them.
Watanabe 2009, ch. 4; Arnold, Gusein-Zade, Varchenko 1988, vol. II.

With x = −log ε (or log β) the volume of {K < ε} (or Z(β)) is Σ_k e^{−λ_k x} P_k(x), deg P_k =
m_k − 1, over the poles −λ_k of ζ(z) = ∫ K^z. The models here are sums of two or three such terms
with free λ_k, m_k ∈ {1, 2}, and coefficients of either sign after the first, fitted to the
increments of the curve with the noise of its replicates; weights are those of the Bayesian
information criterion. A pole is reported where the models that have it weigh more than those that
do not.

The volume of a semialgebraic set has no term e^{−λx}·cos(ωx): the residuals of the best model are
searched for a period, as a control of the device.

Components. Samples at small ε are points near {K = 0}; in log-coordinates a_i = −log|u_i|/x they
gather where the divisors of a resolution map to. The slope of E log|u_i| against −x estimates the
valuation v_i = ord_E(w_i)/ord_E(K) of the divisor E with λ_E = λ (where m = 1). Points are grouped
by their a at the deep end; the share s_c(x) of a group along the ladder gives it a curve of its
own, of slope λ_c = λ − d log s_c/dx.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices import anneal as annealing
from singularity_lab.spectroscopes.devices import ladder as annealing_ladder
from singularity_lab.spectroscopes.devices import volume as splitting
from singularity_lab.spectroscopes.devices.ladder import LadderCurve, resolved_settings
from singularity_lab.spectroscopes.inference import asymptotics, islands
from singularity_lab.spectroscopes.long_run import LongRun, current_run, running
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, Meter
from singularity_lab.spectroscopes.reading import Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

__all__ = ["Poles", "SpectrumSettings", "log_period", "plot", "poles", "spectrum", "valuations"]

_FEWEST = 24  # levels below which poles are not told apart


@dataclass(frozen=True)
class SpectrumSettings:
    """The curve that is fitted, the models, and the ladder that gives components."""

    source: str | None = setting(
        None, "of the curve, volume or anneal; by default volume up to ten dimensions"
    )
    max_poles: int = setting(3, "terms of a model at most, 1 to 3")
    components: int = setting(3, "groups of points looked for at most; 1 for none")
    depth: float = setting(80.0, "of the volume curve")
    particles: int | None = setting(None, "of the source; by default its default")
    replicates: int = setting(16, "of the source")
    ladder: int = setting(
        64,
        "particles of the annealing ladder that gives components and valuations; 0 for neither",
    )
    span: float = setting(40.0, "of that ladder, in e-folds of β")
    level: float = setting(0.9, "of the intervals")

    def __post_init__(self) -> None:
        if self.source not in (None, "volume", "anneal"):
            raise BadInput(f"source: expected 'volume', 'anneal' or None, received {self.source!r}")
        if not 1 <= self.max_poles <= 3 or self.components < 1:
            raise BadInput(
                "max_poles, components: expected 1…3 and at least 1, "
                f"received {self.max_poles} and {self.components}"
            )
        if not (self.depth > 0 and self.span > 0 and self.ladder >= 0 and 0 < self.level < 1):
            raise BadInput(
                f"depth, span, ladder, level: expected positive numbers, received {self}"
            )


# ---------------------------------------------------------------------------------- poles


@dataclass(frozen=True)
class Poles:
    """One fitted model: λ_1 < λ_2 < …, their multiplicities, errors of the λ_k, coefficients (the
    first is 1), evidence, χ² per degree of freedom, fitted log curve."""

    value: tuple[float, ...]
    multiplicity: tuple[int, ...]
    error: tuple[float, ...]
    coefficients: tuple[float, ...]
    evidence: float
    chi2: float
    curve: np.ndarray


def _model(p: np.ndarray, q: np.ndarray, m: Sequence[int]) -> np.ndarray:
    """log Σ_k e^{−λ_k q}·P_k(q); p = (λ_1, log gaps …, log coefficients of P_1, others …)."""
    k = len(m)
    gaps = np.exp(p[1:k])
    at, total = k, np.ones_like(q)
    for j in range(1, m[0]):
        total = total + math.exp(p[at]) * q**j
        at += 1
    for i in range(1, k):
        decay = np.exp(-gaps[:i].sum() * q)
        for j in range(m[i]):
            total = total + p[at] * decay * q**j
            at += 1
    return np.asarray(-p[0] * q + np.log(np.maximum(total, 1e-9)))


def _fit(
    q: np.ndarray,
    data: np.ndarray,
    whiten: np.ndarray,
    m: Sequence[int],
    start: np.ndarray,
    rows: int,
) -> tuple[np.ndarray, float, np.ndarray]:
    """Levenberg–Marquardt for the increments; parameters, χ², covariance."""

    def residual(p: np.ndarray) -> np.ndarray:
        return np.asarray(whiten @ (data - np.diff(_model(p, q, m))))

    def jacobian(p: np.ndarray) -> np.ndarray:
        columns = []
        for i in range(len(p)):
            h = 1e-5 * max(1.0, abs(p[i]))
            up, down = p.copy(), p.copy()
            up[i] += h
            down[i] -= h
            columns.append((residual(up) - residual(down)) / (2 * h))
        return np.stack(columns, 1)

    p, damping = start.copy(), 1e-2
    r = residual(p)
    for _ in range(80):
        j = jacobian(p)
        h = j.T @ j
        # Broad priors keep a parameter that the data do not see where it is.
        prior = np.diag(1e-3 * np.ones(len(p)))
        move = np.linalg.solve(h + prior + damping * np.diag(np.diag(h) + 1e-9), -(j.T @ r))
        new = p + np.clip(move, -1.0, 1.0)
        r2 = residual(new)
        if r2 @ r2 < r @ r:
            gain = r @ r - r2 @ r2
            p, r, damping = new, r2, damping / 5
            if gain < 1e-7:
                break
        else:
            damping *= 6
            if damping > 1e8:
                break
    j = jacobian(p)
    covariance = np.linalg.inv(j.T @ j + 1e-3 * np.eye(len(p)))
    return p, float(r @ r), covariance


def poles(
    x: np.ndarray, increments: np.ndarray, max_poles: int = 3, cuts: Sequence[float] = (0.0, 0.05)
) -> list[Poles]:
    """All models of one to ``max_poles`` terms, the most probable first.

    x (L,), increments of the log curve by replicate (L, R). The evidence is −χ²/2 − (p/2) log L
    less the levels cut; the curve's constant is free.

    >>> x = np.linspace(1, 40, 60)
    >>> curve = np.log(2 * np.exp(-x / 4) - np.exp(-x / 2))
    >>> rng = np.random.default_rng(0)
    >>> steps = np.diff(curve, prepend=0)[:, None] + 0.003 * rng.normal(size=(60, 8))
    >>> best = poles(x, steps, 2)[0]
    >>> [round(v, 2) for v in best.value], best.multiplicity
    ([0.25, 0.5], (1, 1))
    """
    w = islands.weights(increments)
    noise = asymptotics.noise_of(increments, w)
    pooled = islands.pooled(increments, w)
    levels = len(x)
    slope = -(pooled[levels // 2 :].sum()) / (x[-1] - x[levels // 2 - 1])
    out = []
    for cut in sorted({int(c * levels) for c in cuts}):
        q, data = x[cut:] - x[cut], pooled[cut + 1 :]
        n = len(data)
        factor = np.linalg.cholesky(noise.covariance(n))
        whiten = np.linalg.inv(factor)
        for k in range(1, max_poles + 1):
            for m in itertools.product((1, 2), repeat=k):
                if k == 3 and m != (1, 1, 1):
                    continue  # curves do not tell more apart
                best: tuple[np.ndarray, float, np.ndarray] | None = None
                for gap in (0.0,) if k == 1 else (0.08, 0.25, 0.7):
                    first = np.log(0.3) * np.ones(m[0] - 1)
                    rest = -0.2 * np.ones(sum(m[1:]))
                    gaps = np.log(gap * np.ones(k - 1)) if k > 1 else np.zeros(0)
                    start = np.concatenate([[slope], gaps, first, rest])
                    found = _fit(q, data, whiten, m, start, n)
                    if best is None or found[1] < best[1]:
                        best = found
                assert best is not None
                p, chi2, covariance = best
                value = p[0] + np.concatenate([[0.0], np.cumsum(np.exp(p[1:k]))])
                jacobian = np.zeros((k, len(p)))
                jacobian[:, 0] = 1.0
                for i in range(1, k):
                    jacobian[i:, i] = math.exp(p[i])
                inflate = max(1.0, chi2 / max(1, n - len(p)))
                error = np.sqrt(np.diag(jacobian @ covariance @ jacobian.T) * inflate)
                evidence = -0.5 * chi2 - 0.5 * len(p) * math.log(levels) - 0.75 * cut
                out.append(
                    Poles(
                        tuple(float(v) for v in value),
                        tuple(m),
                        tuple(float(e) for e in error),
                        (1.0, *(float(c) for c in p[k:])),
                        float(evidence),
                        chi2 / max(1, n - len(p)),
                        np.stack([x[cut:], pooled[: cut + 1].sum() + _model(p, q, m)]),
                    )
                )
    return sorted(out, key=lambda f: -f.evidence)


def log_period(x: np.ndarray, residual: np.ndarray) -> tuple[float, float, float]:
    """(period in x, amplitude, false-alarm probability) of the strongest periodic residual.

    Lomb–Scargle over L/2 frequencies; residuals of unit variance. The probability that white noise
    shows as much somewhere is 1 − (1 − e^{−power})^{L/2}.

    >>> x = np.arange(0, 50, 0.5)
    >>> period, amplitude, chance = log_period(x, 2 * np.cos(2 * np.pi * x / 5))
    >>> round(float(period)), round(float(amplitude)), bool(chance < 1e-6)
    (5, 2, True)
    """
    y = residual - residual.mean()
    n, span = len(x), float(x[-1] - x[0])
    count = max(1, n // 2)
    best = (0.0, span, 0.0)
    for k in np.linspace(1.0, count, 4 * count):
        w = 2 * math.pi * k / span
        shift = math.atan2(np.sin(2 * w * x).sum(), np.cos(2 * w * x).sum()) / (2 * w)
        c, s = np.cos(w * (x - shift)), np.sin(w * (x - shift))
        cc, ss = max(float(c @ c), 1e-12), max(float(s @ s), 1e-12)
        power = 0.5 * ((y @ c) ** 2 / cc + (y @ s) ** 2 / ss)
        if power > best[0]:
            best = (float(power), span / k, math.hypot((y @ c) / cc, (y @ s) / ss))
    chance = -math.expm1(count * math.log1p(-min(math.exp(-best[0]), 1 - 1e-16)))
    return float(best[1]), float(best[2]), chance


# ---------------------------------------------------------------------------------- components


def valuations(
    x: np.ndarray, snapshots: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes v_i of −E log|u_i| against x over the deeper half, and their jackknife errors (d,).

    x (L,), snapshots log|u| (L, R, n, d), weight (L, R, n) of the particles (None: equal).
    """
    deep = x > 0.5 * (x[0] + x[-1])
    w = np.ones(snapshots.shape[:3]) if weight is None else weight
    q = x[deep] - x[deep].mean()

    def slope(keep: np.ndarray) -> np.ndarray:
        mass = w[deep][:, keep][..., None]
        mean = (mass * snapshots[deep][:, keep]).sum((1, 2)) / np.maximum(mass.sum((1, 2)), 1e-9)
        return np.asarray(-(q @ mean) / (q @ q))

    replicates = snapshots.shape[1]
    everyone = np.ones(replicates, dtype=bool)
    left = []
    for r in range(replicates):
        keep = everyone.copy()
        keep[r] = False
        left.append(slope(keep))
    error = np.sqrt((replicates - 1) * np.var(np.array(left), axis=0))
    return slope(everyone), error


def cluster(a: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Centres (k, d), k ≤ ``most``, of groups of log-coordinates a (n, d).

    k-means from farthest points; a further centre is kept while it takes the mean squared distance
    to a sixth or less: a spread-out group (a logarithm) is not cut in two.
    """
    generator = torch.Generator().manual_seed(seed)
    centres = a.mean(0, keepdims=True)
    spread = float(((a - centres) ** 2).sum(1).mean())
    for k in range(2, most + 1):
        first = int(torch.randint(len(a), (1,), generator=generator))
        new = [a[first]]
        for _ in range(k - 1):
            distance = np.min([((a - c) ** 2).sum(1) for c in new], axis=0)
            new.append(a[int(distance.argmax())])
        trial = np.array(new)
        for _ in range(50):
            which = ((a[:, None] - trial) ** 2).sum(2).argmin(1)
            moved = np.array([
                a[which == c].mean(0) if (which == c).any() else trial[c] for c in range(k)
            ])  # fmt: skip
            if np.allclose(moved, trial):
                break
            trial = moved
        inner = float(((a[:, None] - trial) ** 2).sum(2).min(1).mean())
        if inner > spread / 6 or spread < 1e-4:
            break
        centres, spread = trial, inner
    return centres


def _components(
    curve: LadderCurve, s: SpectrumSettings, seed: int, lam: float, z: float
) -> tuple[dict[str, Estimate], dict[str, Any]]:
    """Valuations and component curves from a ladder's snapshots."""
    x = np.array(curve.x)
    logs = torch.stack(curve.snapshots).double().numpy()  # (L, R, n, d)
    origin = x[0]
    estimates: dict[str, Estimate] = {}
    v, error = valuations(x, logs)
    for i, (value, e) in enumerate(zip(v, error, strict=True)):
        estimates[f"v{i + 1}"] = Estimate(
            float(value), float(value - z * e), float(value + z * e), s.level
        )
    deep = x > x[0] + 0.5 * (x[-1] - x[0])
    a = -logs / np.maximum(x - origin, 1.0)[:, None, None, None]
    last = a[-3:].reshape(-1, a.shape[-1])
    centres = cluster(last, s.components, seed)
    groups: list[dict[str, Any]] = []
    if len(centres) > 1:
        which = ((a[..., None, :] - centres) ** 2).sum(-1).argmin(-1)  # (L, R, n)
        q = x[deep] - x[deep].mean()
        for c in range(len(centres)):
            share = (which == c).mean(2)  # (L, R)
            slopes = []
            replicates = share.shape[1]
            for leave in range(replicates + 1):
                keep = np.arange(replicates) != leave
                mean = np.maximum(share[deep][:, keep].mean(1), 1e-4)
                slopes.append(float(q @ np.log(mean) / (q @ q)))
            rate = slopes[-1]
            e = math.sqrt((replicates - 1) * np.var(slopes[:-1]))
            value = lam - rate
            estimates[f"lambda of component {c + 1}"] = Estimate(
                value, value - z * e, value + z * e, s.level
            )
            inside = (which == c).astype(float)
            of_group, _ = valuations(x, logs, inside)
            groups.append({
                "centre": centres[c], "share": share.mean(1), "valuation": of_group,
            })  # fmt: skip
    return estimates, {"components": groups, "ladder_x": x, "valuation": v}


# ---------------------------------------------------------------------------------- reading


def _source(loss: Loss, meter: Meter, s: SpectrumSettings, generator: torch.Generator) -> Any:
    """The curve of poles: x, increments, stop, reason, and the ladder if it was one."""
    source = s.source or ("volume" if loss.dim <= 10 else "anneal")
    if source == "volume":
        settings = splitting.VolumeSettings(
            depth=s.depth, particles=s.particles, replicates=s.replicates
        )
        curve = splitting.sample(
            loss, meter, splitting.resolved_settings(settings, loss.dim), generator
        )
        return source, np.array(curve.x), np.array(curve.increments), curve.stop, curve.reason, None
    options = annealing_ladder.LadderSettings(
        particles=s.particles,
        replicates=s.replicates,
        span=min(s.span, s.depth),
        hold=0.0,
    )
    ladder = annealing.sample(loss, meter, resolved_settings(options, loss), generator)
    x, increments = np.array(ladder.x), np.array(ladder.increments)
    return source, x, increments, ladder.stop, ladder.reason, ladder


def spectrum(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """Poles λ_1 < λ_2 < … of one curve, a search for periods, valuations and components.

    Estimates: ``lambda`` (the first pole), ``pole 2`` …, ``v1`` … (valuation of every coordinate),
    ``lambda of component c``. See :class:`SpectrumSettings`. multiplicity: P(m) of the first
    pole, 1 or 2, over the models. The reason says where a second pole is not resolved.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> k = PolynomialLoss.from_exponents([([1], [(1, 2)])], loss_id="w1^2*w2^4")
    >>> r = measure("spectrum", k, seed=0, depth=20, particles=64, ladder=0)
    >>> abs(r.lambda_.value - 1 / 4) < 0.02
    True
    """
    s = settings_of(SpectrumSettings, settings, "spectrum")
    meter = Meter(loss, budget)
    generator = torch.Generator().manual_seed(seed)
    # Two samplers share this run: neither may take the other's checkpoint for its own.
    apart = LongRun(progress=current_run().progress)
    with running(apart):
        source, x, increments, stop, reason, ladder = _source(loss, meter, s, generator)
    outcome = stop
    estimates: dict[str, Estimate] = {}
    multiplicity: dict[int, float] | None = None
    diagnostics: dict[str, Any] = {"source": source, "x": x}
    z = asymptotics.normal_quantile(s.level)
    if len(x) >= _FEWEST:
        if outcome is Outcome.FLOOR:
            outcome = Outcome.OK
        fits = poles(x, increments, s.max_poles)
        weight = np.exp(np.array([f.evidence for f in fits]) - fits[0].evidence)
        weight /= weight.sum()
        number = [float(weight[[len(f.value) == k for f in fits]].sum()) for k in (1, 2, 3)]
        best = fits[0]
        for k, e in enumerate(best.error):
            # The spread over models with as many poles belongs to the error; models that do not
            # resolve the pole (an error above its distance from the first) say nothing about it.
            same = [
                (w, f)
                for w, f in zip(weight, fits, strict=True)
                if len(f.value) == len(best.value)
                and (f is best or k == 0 or f.error[k] < f.value[k] - f.value[0])
            ]
            mass = sum(w for w, _ in same)
            mean = sum(w * f.value[k] for w, f in same) / mass
            spread = sum(w * (f.error[k] ** 2 + (f.value[k] - mean) ** 2) for w, f in same) / mass
            half = z * math.sqrt(max(float(spread), e * e))
            name = "lambda" if k == 0 else f"pole {k + 1}"
            estimates[name] = Estimate(float(mean), mean - half, mean + half, s.level)
        first = [float(weight[[f.multiplicity[0] == m for f in fits]].sum()) for m in (1, 2)]
        multiplicity = {1: first[0], 2: first[1]}
        fitted = np.diff(best.curve[1])
        w = islands.weights(increments)
        pooled = islands.pooled(increments, w)
        part = pooled[-len(fitted) :]
        sigma = math.sqrt(asymptotics.noise_of(increments, w).variance)
        period, amplitude, chance = log_period(best.curve[0][1:], (part - fitted) / sigma)
        diagnostics |= {
            "log_v": np.cumsum(pooled),
            "fitted_x": best.curve[0],
            "fitted_log_v": best.curve[1],
            "number_of_poles": number,
            "chi2": best.chi2,
            "log_period": {
                "period": period, "amplitude": amplitude, "false_alarm_probability": chance,
            },
            "models": [
                {"poles": f.value, "multiplicity": f.multiplicity, "weight": float(w)}
                for w, f in list(zip(weight, fits, strict=True))[:8]
            ],
        }  # fmt: skip
        words = []
        if len(best.value) == 1:
            words.append("no second pole is resolved")
        if chance < 1e-3:
            outcome = Outcome.NOT_MIXED if outcome is Outcome.OK else outcome
            words.append(f"residuals have a period of {period:.3g}: the sampler, not the loss")
        if best.chi2 > 2.5 and outcome is Outcome.OK:
            outcome = Outcome.NOT_MIXED
            words.append(f"χ² {best.chi2:.1f} per level")
        reason = "; ".join([*([reason] if reason else []), *words])
        if s.ladder and outcome is not Outcome.BUDGET:
            if ladder is None:
                options = annealing_ladder.LadderSettings(
                    particles=s.ladder, replicates=s.replicates, span=s.span, hold=0.0
                )
                resolved = resolved_settings(options, loss)
                with running(apart):
                    ladder = annealing.sample(loss, meter, resolved, generator)
            if len(ladder.x) >= 8:
                more, extra = _components(ladder, s, seed, estimates["lambda"].value, z)
                estimates |= more
                diagnostics |= extra
    elif outcome in (Outcome.OK, Outcome.FLOOR):
        outcome = Outcome.NOT_MIXED
        reason = f"poles are not identifiable from {len(x)} levels"
    return meter.reading(
        "spectrum", s, seed, estimates, outcome, reason, diagnostics, multiplicity=multiplicity
    )


def plot(reading: Reading, ax: Any = None) -> Any:
    """log V + λx with the fitted sum of poles; valuations in the legend."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    d = reading.diagnostics
    if "log_v" not in d:
        raise BadInput(f"plot: this reading has no curve ({reading.outcome}: {reading.reason})")
    lam = reading.lambda_.value
    x, log_v = np.array(d["x"]), np.array(d["log_v"])
    ax.plot(x, log_v + lam * x, lw=1, label="measured")
    names = ["lambda", "pole 2", "pole 3"]
    found = ", ".join(f"{reading.estimates[n].value:.3g}" for n in names if n in reading.estimates)
    fx = np.array(d["fitted_x"])
    ax.plot(fx, np.array(d["fitted_log_v"]) + lam * fx, "--", label=f"poles {found}")
    if "valuation" in d:
        v = ", ".join(f"{float(t):.3g}" for t in d["valuation"])
        ax.plot([], [], " ", label=f"v = ({v})")
    ax.set_xlabel("x = −log ε")
    ax.set_ylabel(f"log V + {lam:.4g} x")
    ax.set_title(reading.loss_id)
    ax.legend()
    return ax


DEVICE = Device(
    name="spectrum",
    summary="several poles of the zeta function, and the components that carry them",
    scope="Says λ₁ < λ₂ < … where the curve resolves them, valuations, the λ of components, and "
    "whether the residuals have a period, which would accuse the sampler. Of m it tells 1 from 2 "
    "at the first pole.",
    Settings=SpectrumSettings,
    run=spectrum,
    plot=plot,
)
