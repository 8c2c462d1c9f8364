"""Change points of a trajectory, with a stated rate of false alarms.

Readings y_i with standard errors s_i. A *window* is a run of readings split in a left and a right
part; its statistic is the difference of their weighted means in units of its own error,

    z = (|ȳ_right − ȳ_left| − smallest)₊ / (e_left² + e_right²)^{1/2}.

For independent errors e² = 1/Σ s_i⁻². Readings of one seed share their noise where the checkpoints
are near to each other, and less where they are apart, so that averages over a stretch need not be
better than one reading: there e is the weighted mean of the s_i.

The threshold is the (1 − α)-quantile of the largest z over *all* windows when nothing changes,
simulated with the readings' own errors (Student's law where their error is itself an estimate). So
with probability ≥ 1 − α no window without a change exceeds it, at once for all of them, wherever
else the run changes: the narrowest windows above the threshold, taken one after the other without
overlap, each hold a change (narrowest significance pursuit, Fryzlewicz 2021). Readings in an order
that says nothing are no path either, however far apart they are: von Neumann's ratio of successive
differences has to be smaller than in 1 − α of the random orders.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count as count_from
from itertools import pairwise

import numpy as np

from singularity_lab.errors import BadInput, quoted
from singularity_lab.system.counting import counted
from singularity_lab.system.scalars import real
from singularity_lab.trajectories.trajectory import Trajectory

__all__ = ["ChangePoint", "ChangePoints", "change_points"]

_SIMULATED = 1_000  # flat runs behind a threshold
_ORDERS = 1_000  # random orders
_CELLS = 4_000_000  # numbers held at once


@dataclass(frozen=True, repr=False)
class ChangePoint:
    """A change of the reading between two checkpoints.

    step: midway between the checkpoints ``between``, the most probable place. low, high: steps
    between which a change is, with the confidence of all change points together that was asked
    for. before, after: weighted means of the readings on either side, up to the neighbouring
    changes. z: of the window in units of its error. confidence: 1 − the probability that a flat
    run shows as large a z anywhere.
    """

    step: float
    between: tuple[float, float]
    low: float
    high: float
    before: float
    after: float
    z: float
    confidence: float

    def __str__(self) -> str:
        return (
            f"step {self.step:g} [{self.low:g}, {self.high:g}]: {self.before:.4g} → "
            f"{self.after:.4g}, confidence {self.confidence:.2%}"
        )

    def __repr__(self) -> str:
        return str(self)


class ChangePoints(list[ChangePoint]):
    """Change points in order, a list that is printed one a line; ``remark``, which is printed with
    them, says why none could be told.

    >>> ChangePoints(), ChangePoints(remark="1 reading")
    ([], [] (1 reading))
    >>> ChangePoints([ChangePoint(15, (10, 20), 0, 30, 5.0, 6.0, 7.1, 0.999)])
    step 15 [0, 30]: 5 → 6, confidence 99.90%
    """

    def __init__(self, found: Iterable[ChangePoint] = (), remark: str = "") -> None:
        super().__init__(found)
        self.remark = remark

    def __repr__(self) -> str:
        lines = "\n".join(map(str, self)) if self else "[]"
        return lines + (f" ({self.remark})" if self.remark else "")

    def _repr_html_(self) -> str:
        head = ("step", "between", "before", "after", "confidence")
        body = "".join(
            "<tr>"
            + f"<td>{c.step:g}</td><td>{c.low:g} … {c.high:g}</td><td>{c.before:.4g}</td>"
            + f"<td>{c.after:.4g}</td><td>{c.confidence:.2%}</td></tr>"
            for c in self
        )
        told = html.escape(f"{counted(len(self), 'change point')} {self.remark}".strip())
        heads = "".join(f"<th>{h}</th>" for h in head) if self else ""
        return f"<table><caption>{told}</caption><tr>{heads}</tr>{body}</table>"


def change_points(
    trajectory: Trajectory,
    false_alarm: float = 0.05,
    *,
    n: float | None = None,
    smallest: float = 0.0,
    only_ok: bool = True,
    in_order: bool = True,
    shared: bool | None = None,
    seed: int = 0,
) -> ChangePoints:
    """Return the steps at which the readings change, in order; with probability at most
    ``false_alarm`` there are more of them than changes.

    n: the sample size where several were read. smallest: changes up to this size are not asked
    for (a drift along a plateau). only_ok: leave out the readings that are not ``ok``. in_order:
    find nothing unless the order of the readings matters; False looks at their errors alone (a
    single step in a handful of readings may be told only so: the list has a ``remark`` then).
    shared: whether neighbouring readings may share their errors; None takes this of readings that
    have one seed. seed: of the simulations. The rate holds as far as the stated errors do.

    Raises BadInput for what is no Trajectory of :func:`track`, a rate outside (0, 1), or several n
    and none chosen.

    >>> from singularity_lab.trajectories import Trajectory, TrajectoryRow
    >>> def run(values):
    ...     return Trajectory(tuple(
    ...         TrajectoryRow(10 * k, outcome="ok", value=v, error=0.1)
    ...         for k, v in enumerate(values)))
    >>> for change in change_points(run([5.0, 5.1, 4.9, 5.0, 5.1, 6.1, 5.9, 6.0, 6.1, 6.0])):
    ...     print(change.between, f"{change.before:.2f} → {change.after:.2f}")
    (40, 50) 5.02 → 6.02
    >>> change_points(run([5.0, 5.1, 4.9, 5.0, 5.1, 5.1, 4.9, 5.0, 5.1, 5.0]))
    []
    >>> change_points(run([4.5, 4.6, 5.0]))
    [] (3 readings: no order of fewer than 5 is told from a random one at 5%; in_order=False \
looks at their errors alone)
    """
    if not isinstance(trajectory, Trajectory):
        raise BadInput(
            f"trajectory: expected a Trajectory, as track returns it, received {quoted(trajectory)}"
        )
    rate, size = real(false_alarm), real(smallest)
    if rate is None or not 0 < rate < 1:
        raise BadInput(f"false_alarm: expected a rate in (0, 1), received {quoted(false_alarm)}")
    if size is None or not size >= 0:
        raise BadInput(f"smallest: expected a size ≥ 0, received {quoted(smallest)}")
    path = trajectory.one_size(n)
    rows = [
        r for r in path.rows if math.isfinite(r.value) and r.error > 0 and (r.ok or not only_ok)
    ]
    if len(rows) < 2:
        kind = "ok, with an error" if only_ok else "with an error"
        return ChangePoints(
            remark=f"{len(rows)} of {counted(len(path), 'reading')} {kind}: a change needs two"
        )
    y = np.array([r.value for r in rows])
    s = np.array([r.error for r in rows])
    rng = np.random.default_rng(seed)
    if shared is None:
        seeds = [r.reading.seed for r in rows if r.reading is not None]
        shared = len(seeds) > 1 and len(set(seeds)) == 1
    flat = s * _noise(rng, rows)
    every = _scan(flat, s, 0.0, shared)
    largest = np.sort(np.max([z.max(axis=1) for _, _, z in every], axis=0))
    threshold = float(np.quantile(largest, 1 - rate, method="higher"))
    if in_order and _order(y, s, rng) > rate:
        return ChangePoints(remark=_few(len(rows), rate))
    windows = [
        (left + right - 1, -float(z[0, first]), int(first))  # the narrowest, then the clearest
        for left, right, z in _scan(y[None], s, size, shared)
        for first in np.flatnonzero(z[0] > threshold)
    ]
    found: list[tuple[int, int, float]] = []
    for width, z, first in sorted(windows):
        last = first + width
        if all(last <= a or first >= b for a, b, _ in found):
            found.append((first, last, -z))
    found.sort()
    places = _places(y, s, found)
    edges = [0, *places, len(y)]
    means = [float(np.average(y[a:b], weights=s[a:b] ** -2.0)) for a, b in pairwise(edges)]
    steps = [r.step for r in rows]
    return ChangePoints(
        ChangePoint(
            step=(steps[at - 1] + steps[at]) / 2,
            between=(steps[at - 1], steps[at]),
            low=steps[first],
            high=steps[last],
            before=means[k],
            after=means[k + 1],
            z=value,
            confidence=1 - (1 + int((largest >= value).sum())) / (1 + len(largest)),
        )
        for k, (at, (first, last, value)) in enumerate(zip(places, found, strict=True))
    )


def _few(count: int, rate: float) -> str:
    """What readings are too few for: of k! orders the best and its reverse are as good, and of the
    ways to choose k/2 readings, the two that a single step in the middle has."""
    if rate < 1 / (1 + _ORDERS):
        return f"no order is told at {100 * rate:.3g}%, as {_ORDERS} random ones are drawn"
    any_order, step = (
        next(k for k in count_from(2) if 2 / ways(k) <= rate)
        for ways in (math.factorial, lambda k: math.comb(k, k // 2))
    )
    if count >= step:
        return ""
    told = (
        f"no order of fewer than {any_order} is told"
        if count < any_order
        else f"a single step among fewer than {step} may not be told"
    )
    return (
        f"{counted(count, 'reading')}: {told} from a random one at {100 * rate:.3g}%; "
        "in_order=False looks at their errors alone"
    )


def _noise(rng: np.random.Generator, rows: list) -> np.ndarray:
    """(simulations, readings) of unit noise: Student's law with the freedom that a reading's
    interval shows, normal where it shows none."""
    from scipy.stats import t

    freedom = np.arange(1, 201)
    out = rng.standard_normal((_SIMULATED, len(rows)))
    for k, r in enumerate(rows):
        ratio = (r.high - r.low) / 2 / r.error
        if not math.isfinite(ratio):
            continue
        quantiles = t.ppf(0.5 * (1 + r.level), freedom)
        nearest = int(freedom[np.argmin(np.abs(quantiles - ratio))])
        if nearest < freedom[-1]:
            out[:, k] /= np.sqrt(rng.chisquare(nearest, _SIMULATED) / nearest)
    return out


def _lengths(count: int) -> list[int]:
    """1, 2, 3, 4, 6, 8, 12, … below ``count``."""
    out = sorted({base * 2**k for k in range(count.bit_length()) for base in (1, 3)})
    return [x for x in out if x < count]


def _scan(
    y: np.ndarray, s: np.ndarray, smallest: float, shared: bool
) -> Iterator[tuple[int, int, np.ndarray]]:
    """The lengths of left and right part, and z (runs, first readings) of all windows of these
    lengths in each run of y (runs, readings)."""
    w = s**-2.0
    total = np.concatenate([[0.0], np.cumsum(w)])
    root = np.concatenate([[0.0], np.cumsum(1 / s)])
    moment = np.concatenate([np.zeros((len(y), 1)), np.cumsum(w * y, axis=1)], axis=1)
    count = y.shape[1]
    for left in _lengths(count):
        for right in _lengths(count - left + 1):
            first = np.arange(count - left - right + 1)
            middle, last = first + left, first + left + right
            a, b = total[middle] - total[first], total[last] - total[middle]
            before = (moment[:, middle] - moment[:, first]) / a
            after = (moment[:, last] - moment[:, middle]) / b
            size = np.maximum(np.abs(after - before) - smallest, 0.0)
            errors = 1 / a + 1 / b
            if shared:
                means = (root[middle] - root[first]) / a, (root[last] - root[middle]) / b
                errors = means[0] ** 2 + means[1] ** 2
            yield left, right, size / np.sqrt(errors)


def _order(y: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> float:
    """The share of random orders whose successive differences are as small, in units of their
    errors."""

    def ratio(value: np.ndarray, error: np.ndarray) -> np.ndarray:
        gaps = np.diff(value, axis=-1) ** 2 / (error[..., 1:] ** 2 + error[..., :-1] ** 2)
        return gaps.sum(-1)

    seen = float(ratio(y, s))
    batch = max(1, _CELLS // len(y))
    fewer = 0
    for start in range(0, _ORDERS, batch):
        size = min(batch, _ORDERS - start)
        order = rng.permuted(np.tile(np.arange(len(y)), (size, 1)), axis=1)
        fewer += int((ratio(y[order], s[order]) <= seen * (1 + 1e-12)).sum())
    return (1 + fewer) / (1 + _ORDERS)


def _places(y: np.ndarray, s: np.ndarray, found: list[tuple[int, int, float]]) -> list[int]:
    """In each window the first reading after the change: the split of the readings between the
    neighbouring windows that is most probable."""
    places = []
    for k, (first, last, _) in enumerate(found):
        start = found[k - 1][1] if k else 0
        stop = found[k + 1][0] + 1 if k + 1 < len(found) else len(y)
        w = s[start:stop] ** -2.0

        def gain(at: int, start: int = start, stop: int = stop, w: np.ndarray = w) -> float:
            left, right = w[: at - start], w[at - start :]
            means = np.average(y[start:at], weights=left), np.average(y[at:stop], weights=right)
            return float((means[0] - means[1]) ** 2 / (1 / left.sum() + 1 / right.sum()))

        places.append(max(range(first + 1, last + 1), key=gain))
    return places
