"""When an average over chains may be called ``ok``.

R-hat of the losses alone does not tell a chain that has mixed from one that has not moved:
minibatch noise drowns what the chains disagree on, and chains that all begin at w* agree because
they begin there. So the chains run in *groups*: half begin at w*, half scattered as far as the
localisation allows; and where the step makes an error (SGLD), half take the step ε and half ε/2.

    value           2·L(ε/2) − L(ε), or L where there is one step
    squared error   (2·s_{ε/2})² + s_ε² + (L(ε/2) − L(ε))²/4 + (L_centre − L_scattered)²/4

with s = max(spread over chains/√chains, sd/√ESS), and Student's quantile for the interval. A
reading is ``ok`` when R-hat on windows of draws (and on a batch that never changes, where losses
are of minibatches) is small, every chain has four effective draws, the groups agree, the chains
are longer than one relaxation, and the error is below a fifth of the value. These gates were
chosen on trained networks; the interval, which holds the disagreements, does most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from singularity_lab.spectroscopes.inference.diagnostics import effective_sample_size, split_r_hat
from singularity_lab.spectroscopes.reading import Estimate

__all__ = [
    "LARGEST",
    "ChainGroup",
    "Judgement",
    "TwoStarts",
    "combined",
    "group_intervals",
    "interval",
    "judge",
    "two_starts",
]

_WINDOWS = 20  # windows of a chain on which R-hat is taken
_FEWEST = 4  # effective draws a chain
_ERRORS = 3.0  # of which groups that began elsewhere may differ
_STEP_GAP = 0.25  # of the value, between ε and ε/2
LARGEST = 0.2  # of the value, the standard error of an ``ok`` reading


@dataclass(frozen=True)
class ChainGroup:
    """Chains that began alike and take the same step.

    means: (c,) average of each chain; windows: (c, t) averages over consecutive windows of its
    draws; probe: (c, t') losses on a batch that never changes, or None. scattered: whether they
    began away from w*; halved: whether they take half the step.
    """

    means: np.ndarray
    windows: np.ndarray
    probe: np.ndarray | None = None
    scattered: bool = False
    halved: bool = False


@dataclass(frozen=True)
class Judgement:
    """value, error: of the average, one standard error (NaN when undefined); freedom: degrees of
    freedom of the interval; complaint: what forbids ``ok``, or ""; biased: the complaint is of the
    step alone; noisy: of the size of the error alone; numbers: R-hat, ESS and the gaps, for the
    diagnostics."""

    value: float
    error: float
    freedom: int
    complaint: str
    biased: bool
    numbers: dict[str, float]
    noisy: bool = False

    def interval(self, level: float) -> Estimate:
        """The value with its interval at a level, by Student's quantile."""
        return interval(self.value, self.error, self.freedom, level)


def interval(value: float, error: float, freedom: int, level: float) -> Estimate:
    """Return value ± error · Student's quantile with ``freedom`` degrees of freedom."""
    from scipy.stats import t  # 0.3 s: imported when needed

    half = float(t.ppf(0.5 * (1 + level), max(freedom, 1))) * error
    return Estimate(value, value - half, value + half, level)


def _joined(groups: Sequence[ChainGroup]) -> ChainGroup:
    probes = [g.probe for g in groups if g.probe is not None]
    return ChainGroup(
        np.concatenate([g.means for g in groups]),
        np.concatenate([g.windows for g in groups]),
        np.concatenate(probes) if len(probes) == len(groups) else None,
    )


def _coarse(windows: np.ndarray) -> np.ndarray:
    """At most ``_WINDOWS`` averages of each chain (the last few draws that fill none are left)."""
    c, t = windows.shape
    size = max(1, t // _WINDOWS)
    return windows[:, : size * (t // size)].reshape(c, -1, size).mean(2)


def _error(group: ChainGroup) -> float:
    """Standard error of the mean: the larger of what chains and what draws say."""
    c = len(group.means)
    spread = float(group.means.std(ddof=1)) / math.sqrt(c)
    ess = effective_sample_size(group.windows)
    return max(spread, float(group.windows.std(ddof=1)) / math.sqrt(ess))


def group_intervals(groups: Sequence[ChainGroup], level: float) -> list[Estimate]:
    """The mean of each group with an interval at a level, which a few chains that agree by chance
    do not make short.

    The error is the largest of what the group's chains say, what its draws say, and that of all
    chains that take its step, each about the mean of its own group, scaled to the size of the
    group. Where the groups disagree their intervals part.

    >>> rng = np.random.default_rng(0)
    >>> def group(mean, **kind):
    ...     x = rng.normal(mean, 1.0, size=(6, 200))
    ...     return ChainGroup(x.mean(1), x, **kind)
    >>> for e in group_intervals([group(5), group(6, scattered=True)], 0.9):
    ...     print(e)
    4.968 [4.9099, 5.0261] at 90%
    5.981 [5.9179, 6.0441] at 90%
    """
    out = []
    for group in groups:
        alike = [g for g in groups if g.halved == group.halved]
        pooled = _joined(
            [ChainGroup(g.means - g.means.mean(), g.windows - g.windows.mean()) for g in alike]
        )
        scale = math.sqrt(len(pooled.means) / len(group.means))
        error = max(_error(group), scale * _error(pooled))
        out.append(interval(float(group.means.mean()), error, len(group.means) - 1, level))
    return out


def _r_hat(groups: Sequence[ChainGroup]) -> float:
    """R-hat of all chains that take one step, wherever they began; the larger over windows and
    probes."""
    joined = _joined(groups)
    series = [joined.windows]
    if joined.probe is not None and joined.probe.shape[1] >= 4:
        series.append(joined.probe)
    return max(split_r_hat(_coarse(x)) for x in series)


def judge(
    groups: Sequence[ChainGroup], *, r_hat: float, relaxation: float = 0.0, draws: float = math.inf
) -> Judgement:
    """The value of an average over groups of chains, its error, and what forbids to call it ``ok``.

    groups: at least one with two chains and four windows each. r_hat: the largest allowed.
    relaxation, draws: steps that the slowest direction of the localisation needs, and steps made.

    >>> rng = np.random.default_rng(0)
    >>> def group(mean, **kind):
    ...     x = rng.normal(mean, 1.0, size=(8, 200))
    ...     return ChainGroup(x.mean(1), x, **kind)
    >>> judge([group(5), group(5, scattered=True)], r_hat=1.1).complaint
    ''
    >>> judge([group(5), group(5.2, scattered=True)], r_hat=1.1).complaint
    'chains from w* read 5.04, scattered ones 5.21'
    """
    steps = [[g for g in groups if not g.halved], [g for g in groups if g.halved]]
    steps = [s for s in steps if s]
    joined = [_joined(s) for s in steps]
    means = [float(g.means.mean()) for g in joined]
    errors = [_error(g) for g in joined]
    numbers = {
        "r_hat": max(_r_hat(s) for s in steps),
        "ess": float(sum(effective_sample_size(g.windows) for g in joined)),
        "chain_std": float(joined[-1].means.std(ddof=1)),
    }
    chains = sum(len(g.means) for g in joined)
    value, squared, complaint, biased = means[-1], errors[-1] ** 2, "", False

    starts = [[g for g in groups if g.scattered is side] for side in (False, True)]
    apart = 0.0
    if all(starts):
        near, far = (_joined(s) for s in starts)
        apart = float(far.means.mean() - near.means.mean())
        noise = math.hypot(_error(near), _error(far))
        numbers |= {"start_gap": apart, "start_gap_error": noise}
        if abs(apart) > _ERRORS * noise:
            complaint = (
                f"chains from w* read {float(near.means.mean()):.3g}, "
                f"scattered ones {float(far.means.mean()):.3g}"
            )
    if len(steps) == 2:
        gap = means[1] - means[0]
        value = 2 * means[1] - means[0]
        squared = 4 * errors[1] ** 2 + errors[0] ** 2 + gap**2 / 4
        numbers |= {"step_gap": gap, "step_gap_error": math.hypot(*errors)}
        if not complaint and abs(gap) > _STEP_GAP * abs(value):
            biased = True
            complaint = f"{means[0]:.3g} at the step ε, {means[1]:.3g} at ε/2: discretisation"
    error = math.sqrt(squared + apart**2 / 4)
    if numbers["r_hat"] > r_hat or numbers["ess"] < _FEWEST * chains:
        complaint, biased = (
            f"R-hat {numbers['r_hat']:.3g}, {numbers['ess']:.0f} effective draws over "
            f"{chains} chains",
            False,
        )
    if draws < relaxation:
        complaint = f"{draws:.0f} draws are less than one relaxation, 2/(εγ) = {relaxation:.3g}"
        biased = False
    noisy = not complaint and not error < LARGEST * abs(value)
    if noisy:
        complaint = f"the standard error {error:.3g} is over a fifth of the value {value:.3g}"
    freedom = min(len(g.means) for g in joined) - 1
    return Judgement(value, error, freedom, complaint, biased, numbers, noisy)


def combined(means: np.ndarray, kinds: Sequence[Mapping[str, bool]]) -> tuple[float, float, int]:
    """The value of this module's text, its standard error and the degrees of freedom of that, by
    the means of chains alone.

    means: (groups, chains of each); kinds: of the groups, ``scattered`` and ``halved``.

    >>> value, error, freedom = combined(np.array([[1, 1.2], [1.1, 1.3]]), [{}, {"scattered": 1}])
    >>> round(value, 3), round(error, 3), freedom
    (1.15, 0.082, 3)
    """

    def of(word: str) -> list[np.ndarray]:
        sides = (
            [m for m, kind in zip(means, kinds, strict=True) if bool(kind.get(word)) is side]
            for side in (False, True)
        )
        return [np.concatenate(side) for side in sides if side]

    steps, starts = of("halved"), of("scattered")
    value = float(steps[-1].mean())
    errors = [float(x.std(ddof=1)) / math.sqrt(len(x)) if len(x) > 1 else math.inf for x in steps]
    squared = errors[-1] ** 2
    if len(steps) == 2:
        gap = value - float(steps[0].mean())
        value, squared = value + gap, 4 * errors[1] ** 2 + errors[0] ** 2 + gap**2 / 4
    if len(starts) == 2:
        squared += float(starts[1].mean() - starts[0].mean()) ** 2 / 4
    return value, math.sqrt(squared), min(len(x) for x in steps) - 1


@dataclass(frozen=True)
class TwoStarts:
    """value, error: of an average over chains from w* and scattered ones, one standard error;
    freedom: its degrees of freedom; gap: scattered minus from w*; complaint: what the two starts
    disagree on, or ""."""

    value: float
    error: float
    freedom: int
    gap: float
    complaint: str

    def interval(self, level: float) -> Estimate:
        """The value with its interval at a level, by Student's quantile."""
        return interval(self.value, self.error, self.freedom, level)


def two_starts(near: np.ndarray, far: np.ndarray, *, paired: bool = False) -> TwoStarts:
    """The mean of a quantity that is no average of draws (a variance, a covariance), by independent
    groups of chains that began at w* and by scattered ones.

    near, far: (g,), one value for a group. paired: whether the k-th of both share their data. The
    squared error holds a quarter of the squared gap; the starts disagree where the gap is over
    three of its own errors.

    >>> found = two_starts(np.array([1.0, 1.1, 0.9, 1.0]), np.array([2.0, 2.1, 1.9, 2.0]))
    >>> found.value, found.complaint
    (1.5, 'chains from w* read 1, scattered ones 2')
    """
    count = len(near)
    gaps = far - near
    gap = float(gaps.mean())
    each = [float(x.std(ddof=1)) / math.sqrt(count) for x in (near, far)]
    noise, error = math.hypot(*each), math.hypot(*each) / 2
    if paired:
        noise = float(gaps.std(ddof=1)) / math.sqrt(count)
        error = float((near + far).std(ddof=1)) / 2 / math.sqrt(count)
    complaint = ""
    if abs(gap) > _ERRORS * noise:
        complaint = (
            f"chains from w* read {float(near.mean()):.3g}, scattered ones {float(far.mean()):.3g}"
        )
    value = 0.5 * float(near.mean() + far.mean())
    return TwoStarts(value, math.hypot(error, gap / 2), count - 1, gap, complaint)
