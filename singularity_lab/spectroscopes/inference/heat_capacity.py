"""Heat capacities along a ladder of temperatures, and the plateau that reads λ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from singularity_lab.spectroscopes.inference import asymptotics
from singularity_lab.spectroscopes.reading import Estimate

WINDOW = 4.0  # e-folds of β over which E[βK] is compared with a constant


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
