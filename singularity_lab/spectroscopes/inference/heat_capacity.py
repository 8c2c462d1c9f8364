"""Heat capacities along a ladder of temperatures, and the plateau that reads λ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from singularity_lab.spectroscopes.inference import asymptotics
from singularity_lab.spectroscopes.reading import Estimate

WINDOW = 4.0  # e-folds of β over which E[βK] is compared with a constant


_ONSET = 4.0  # e-folds after the first level, where several exponentials are still alive
_OFFSETS = np.exp(np.linspace(math.log(0.5), math.log(20.0), 16))
_OFFSET, _SPREAD = math.log(3.0), 0.6  # of the logarithm of x₀ + b, before the data
_RATES = np.exp(np.linspace(math.log(0.06), math.log(1.0), 8))
_SIZE = 0.5  # of the coefficient of an exponential


def heat_capacity(
    x: np.ndarray, energy: np.ndarray, variance: np.ndarray, most: int = 4
) -> dict[int, float]:
    """P(m), m = 1 … most, from E_β[βK] and the heat capacity Var_β(βK) together.

    x (L,), energy and variance (L, R) by replicate. With Z = e^{−λx}·(x + b)^{m−1}·(1 + r·e^{−δx}),

        E = λ − (m − 1)/(x + b) − C·e^{−δx},   E − Var = (m − 1)/(x + b)² + C·δ·e^{−δx},

    where the exponential is absent, or of a rate between 1/16 and 1: a pole that is near makes a
    rise as slow as a logarithm's, and the two are told apart by their shape. λ and C are
    integrated out (a Gaussian linear model; a priori C ~ N(0, ¼)), the rate and x₀ + b over grids
    (log-normal about 3, where a ladder begins); the noise is that between replicates, with the
    correlation of neighbouring levels. The first four e-folds are left out. Every m is as probable
    as another before the data. Empty where fewer than eight levels are left.
    """
    x = x - x[0]
    kept = x >= _ONSET
    if kept.sum() < 8:
        return {}
    x, energy, gap = x[kept], energy[kept], energy[kept] - variance[kept]
    scale = [_noise(y) for y in (energy, gap)]
    data = [y.mean(1) for y in (energy, gap)]
    prior = np.exp(-0.5 * ((np.log(_OFFSETS) - _OFFSET) / _SPREAD) ** 2)
    evidence = []
    for a in range(most):
        each = [
            math.log(p) + _evidence(x, (data[0] + a / (x + o), data[1] - a / (x + o) ** 2), scale)
            for o, p in zip(_OFFSETS, prior / prior.sum(), strict=True)
            if a or o == _OFFSETS[0]  # without a logarithm there is no b
        ]
        evidence.append(_log_sum(each) - (0.0 if a else math.log(prior[0] / prior.sum())))
    weights = np.exp(np.array(evidence) - max(evidence))
    return {k + 1: float(w) for k, w in enumerate(weights / weights.sum())}


def _noise(y: np.ndarray) -> float:
    """Standard error of the mean over replicates at a level (L, R), as if levels were independent:
    enlarged by the root of their correlation length."""
    apart = y - y.mean(1, keepdims=True)
    square, length = float((apart**2).mean()), 1.0
    for k in range(1, len(y) // 4):
        share = float((apart[:-k] * apart[k:]).mean()) / square
        if share < 0.05:
            break
        length += 2 * share
    return float(y.std(1, ddof=1).mean()) * math.sqrt(length / y.shape[1])


def _evidence(x: np.ndarray, data: Sequence[np.ndarray], scale: Sequence[float]) -> float:
    """Logarithm of the marginal likelihood of λ − C·e^{−δx} and its derivative, up to a constant:
    half of the weight without an exponential, half over the rates."""
    y = np.concatenate([d / s for d, s in zip(data, scale, strict=True)])
    level = np.concatenate([np.ones_like(x) / scale[0], np.zeros_like(x)])
    out = []
    for rate in (None, *_RATES):
        columns, precision = [level], [1e-4]
        if rate is not None:
            decay = np.exp(-rate * x)
            columns.append(np.concatenate([-decay / scale[0], rate * decay / scale[1]]))
            precision.append(_SIZE**-2)
        design = np.stack(columns, axis=1)
        inner = design.T @ design + np.diag(precision)
        solution = np.linalg.solve(inner, design.T @ y)
        misfit = float(((y - design @ solution) ** 2).sum() + precision @ solution**2)
        share = 0.5 if rate is None else 0.5 / len(_RATES)
        occam = float(np.linalg.slogdet(inner)[1]) - sum(map(math.log, precision))
        out.append(math.log(share) - 0.5 * (misfit + occam))
    return _log_sum(out)


def _log_sum(terms: Sequence[float]) -> float:
    top = max(terms)
    return top + math.log(sum(math.exp(t - top) for t in terms))


def credible(probabilities: dict[int, float], level: float) -> Estimate | None:
    """The most probable m with the range of the fewest values that together have the level; None
    where that are more than two, which says too little to be read.

    >>> print(credible({1: 0.02, 2: 0.9, 3: 0.08}, 0.9))
    2 [2, 2] at 90%
    >>> credible({1: 0.4, 2: 0.3, 3: 0.3}, 0.9) is None
    True
    """
    order = sorted(probabilities, key=lambda m: -probabilities[m])
    chosen: list[int] = []
    for m in order:
        chosen.append(m)
        if sum(probabilities[k] for k in chosen) >= level:
            break
    if not chosen or len(chosen) > 2:
        return None
    return Estimate(float(order[0]), float(min(chosen)), float(max(chosen)), level)


def plateau(x: np.ndarray, energy: np.ndarray, level: float) -> tuple[Estimate, dict[str, Any]]:
    """λ as the limit of E_β[βK], from the flattest window of four e-folds of β.

    x (L,), energy (L, R) by replicate. Below the limit E = λ − C·e^{−δx}, so that λ is the mean of
    E + E′/δ over any window; but where chains begin to lag E′ is too large. The correction E′
    (δ = 1) is taken, and twice its size goes into the interval, as much as δ = ½ or a lag would
    make, together with the spread of replicates. Beyond the flattest window E rises again only
    because the chains lag. A ladder of fewer than four e-folds is one window.

    >>> import numpy as np
    >>> x = np.arange(0, 12, 0.5)
    >>> e = 10 - 8 * np.exp(-x / 2)[:, None] + np.zeros((1, 4))
    >>> abs(plateau(x, e, 0.9)[0].value - 10) < 0.05
    True
    """
    width = max(3, min(len(x) - 1, round(WINDOW / float(x[1] - x[0]))))
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
