"""A grid of short runs of the field's estimator, to choose its step, localisation and sample size.

The number that ``llc`` reads is a property of its target, exp(−nβL − γ|w − w*|²/2), and of how well
the chains sample it. At one n and γ every step ε has the same target: where runs at neighbouring ε
are ``ok`` and agree, the sampler has met it (*flat*). Where γ is small enough that the next γ reads
the same as well, the localisation does not show in the number. The grid keeps every run, whatever
became of it.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.protocol import Loss, require_loss
from singularity_lab.spectroscopes.measuring import measure
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.networks import (
    check_field_device,
    check_number,
    network_loss,
    planned,
)
from singularity_lab.spectroscopes.reading import Outcome, Reading, ReadingRecord
from singularity_lab.system.documents import Record, decoded
from singularity_lab.system.lines import shortened
from singularity_lab.system.scalars import real

__all__ = ["GridRun", "Recommendation", "Sweep", "sweep"]

_AROUND = (1 / 9, 1 / 3, 1.0, 3.0)  # times the automatic step
_GAMMAS = (1.0, 10.0, 100.0)
_AGREE = 3.0  # standard errors of the difference
_SMALL = 0.05  # of the value, an error that shows what there is to see
_WIDTH = 180  # of a line of the table; the whole reason stands in the records
_COLOURS = {
    "ok": "#FFFFFF", "biased target": "#E69F00", "not mixed": "#56B4E9", "diverged": "#D55E00",
    "no minimum": "#CC79A7",
}  # fmt: skip


@dataclass(frozen=True)
class GridRun:
    """One run: its step (None for a device that has none, or that chooses it), localisation,
    sample size and reading."""

    epsilon: float | None
    gamma: float
    n: float
    reading: Reading

    @property
    def error(self) -> float:
        """Standard error of the estimate; NaN where the device gave none."""
        error = self.reading.diagnostics.get("standard_error")
        return math.nan if error is None else float(error)


@dataclass(frozen=True)
class Recommendation:
    """The cell to use, or None where no run may be believed, and why, in words."""

    cell: GridRun | None
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Sweep:
    """The runs of a grid, in the order of n, γ and ε. Prints as its recommendation and a table."""

    cells: tuple[GridRun, ...]

    @property
    def flat(self) -> tuple[bool, ...]:
        """For each cell: ``ok``, and in agreement with the ``ok`` cell at a neighbouring step (of
        the same γ and n), so that sampler and target agree. With a single step, or a device without
        one, ``ok`` alone."""
        return tuple(c in self._runs(c.gamma, c.n) for c in self.cells)

    def at(self, gamma: float, n: float) -> list[GridRun]:
        """The cells of one γ and n, in the order of ε."""
        return [c for c in self.cells if c.gamma == gamma and c.n == n]

    def _runs(self, gamma: float, n: float) -> list[GridRun]:
        """The longest run of neighbouring steps that are all ok and all agree."""
        column = self.at(gamma, n)
        best: list[GridRun] = []
        for i in range(len(column)):
            for j in range(i + 1, len(column) + 1):
                run = column[i:j]
                if len(run) > len(best) and _agree(run):
                    best = run
        return best if len(best) > 1 or len(column) == 1 else []

    @property
    def recommendation(self) -> Recommendation:
        """The smallest γ at the largest n where the reading does not depend on the step, and there
        the step with the least error."""
        for n in sorted({c.n for c in self.cells}, reverse=True):
            gammas = sorted({c.gamma for c in self.cells if c.n == n})
            for k, gamma in enumerate(gammas):
                run = self._runs(gamma, n)
                if run:
                    return self._recommended(run, gammas, k)
        return Recommendation(None, self._refusal())

    def _recommended(
        self, run: Sequence[GridRun], gammas: Sequence[float], k: int
    ) -> Recommendation:
        best = min(run, key=lambda c: c.error if math.isfinite(c.error) else math.inf)
        e, words = best.reading.estimate, []
        step = "" if best.epsilon is None else f"epsilon = {best.epsilon:.3g}, "
        words.append(
            f"Use {step}gamma = {best.gamma:g} at n = {best.n:g}: "
            f"{best.reading.symbol('llc')} = {e}."
        )
        if len(run) > 1:
            words.append(
                f"There {len(run)} steps from {run[0].epsilon:.3g} to {run[-1].epsilon:.3g} are ok "
                "and agree: the sampler meets its target, and this step has the least error."
            )
        else:
            words.append(
                "The run is ok; with one step nothing shows that the step does not matter."
            )
        column = self.at(best.gamma, best.n)
        for c in column:
            if c not in run:
                why = "ok, but apart from the others" if c.reading.ok else _why(c.reading)
                words.append(f"At epsilon = {c.epsilon:.3g}: {why}.")
        if k:
            less = self.at(gammas[k - 1], best.n)
            why = Counter(str(c.reading.outcome) for c in less).most_common(1)[0][0]
            words.append(f"At gamma = {gammas[k - 1]:g} no two steps agree (mostly {why}).")
        if k + 1 < len(gammas):
            other = self._runs(gammas[k + 1], best.n)
            if other:
                c = min(other, key=lambda c: c.error)
                gap = c.reading.estimate.value - e.value
                noise = math.hypot(c.error, best.error)
                told = "the number depends on the localisation"
                if abs(gap) <= 2 * noise:
                    told = "too uncertain to say whether the localisation shows"
                    if noise < _SMALL * abs(e.value):
                        told = "the localisation does not show"
                words.append(
                    f"At gamma = {c.gamma:g} the reading is {c.reading.estimate.value:.4g}, "
                    f"apart by {gap:+.2g} ± {noise:.2g}: {told}."
                )
        return Recommendation(best, " ".join(words))

    def _refusal(self) -> str:
        counts = Counter(str(c.reading.outcome) for c in self.cells)
        ends = ", ".join(f"{v} {k}" for k, v in counts.most_common())
        lone = [c for c in self.cells if c.reading.ok]
        most = counts.most_common(1)[0][0]
        larger = f"gamma above {max(c.gamma for c in self.cells):g}"
        tried = [c.epsilon for c in self.cells if c.epsilon is not None]
        smaller = f"steps below {min(tried):.2g}" if tried else "smaller steps"
        spent = sum(c.reading.cost.cpu_seconds for c in self.cells)
        advice = {
            "not mixed": f"{self._more_draws()}, or {larger}",
            "biased target": f"{smaller} with more draws",
            "diverged": f"{smaller}, or {larger}",
            "no minimum": f"to train on, {larger}, or self_teacher=True",
            "budget": f"more seconds than the {spent:.0f} that were spent",
        }.get(most, "another loss: see the reasons in the table")
        if lone:
            advice = f"steps between those tried, since {len(lone)} run is ok alone; or {advice}"
        return f"No setting of this grid can be recommended ({ends}). Try {advice}."

    def _more_draws(self) -> str:
        """The number of draws with which the nearest of the cells that have not mixed would."""
        needs = []
        for c in self.cells:
            needed, made = (c.reading.diagnostics.get(x) for x in ("draws_needed", "draws"))
            if needed and made:
                needs.append((needed / made, needed, made, c))
        if not needs:
            return "more draws"
        times, needed, made, c = min(needs, key=lambda x: x[0])
        spent = sum(x.reading.cost.cpu_seconds for x in self.cells)
        step = "" if c.epsilon is None else f", epsilon = {c.epsilon:.3g}"
        before = c.reading.settings["burn_in"]
        burn_in = math.ceil(times * before)
        return (
            f"draws={needed} and burn_in={burn_in} instead of {made} and {before} (about "
            f"{max(1, times * spent):.0f} CPU seconds), which is the least that gamma = "
            f"{c.gamma:g}{step} needs"
        )

    @property
    def scope(self) -> str:
        """What the grid scans, and what it does not, in one line."""
        reading = self.cells[0].reading
        kind = reading.settings.get("sampler")
        sampler = f"{reading.device} ({kind})" if kind else reading.device
        axes = "gamma, n" if all(c.epsilon is None for c in self.cells) else "epsilon, gamma, n"
        return (
            f"scanned: {axes} of {sampler} alone, at one seed; no other device, and not how near "
            "the number is to λ"
        )

    # -- text
    def records(self) -> list[dict[str, Any]]:
        """The table as mappings, one a cell."""
        return [
            {
                "n": c.n, "gamma": c.gamma, "epsilon": c.epsilon, "outcome": str(c.reading.outcome),
                "reason": c.reading.reason, "value": c.reading.estimate.value,
                "low": c.reading.estimate.low, "high": c.reading.estimate.high, "error": c.error,
                "flat": flat, "seconds": c.reading.cost.cpu_seconds,
            }
            for c, flat in zip(self.cells, self.flat, strict=True)
        ]  # fmt: skip

    def to_pandas(self) -> Any:
        """The table as a ``pandas.DataFrame``."""
        import pandas

        return pandas.DataFrame(self.records())

    def __str__(self) -> str:
        lines, steps = [str(self.recommendation)], len({c.epsilon for c in self.cells}) > 1
        lines.append(f"  {'n':>8} {'gamma':>7} {'epsilon':>9}  {'reading':<26} flat  outcome")
        for r in self.records():
            step = "–" if r["epsilon"] is None else f"{r['epsilon']:.2e}"
            said = "–"
            if math.isfinite(r["value"]):
                said = f"{r['value']:.4g} [{r['low']:.4g}, {r['high']:.4g}]"
            why = r["outcome"] + (f": {r['reason']}" if r["reason"] else "")
            mark = "yes" if r["flat"] and steps else ""
            line = f"  {r['n']:>8g} {r['gamma']:>7g} {step:>9}  {said:<26} {mark:<4}  {why}"
            lines.append(shortened(line, _WIDTH))
        if steps:
            lines.append("  flat: ok, and in agreement with the ok run at a neighbouring step")
        lines.append(f"  {self.scope}")
        return "\n".join(lines)

    # -- pictures
    def plot(self, axes: Any = None) -> Any:
        """Draw ε against γ, one panel for each n: the readings, coloured by outcome, those that are
        flat framed, the recommended one bold. Returns the list of matplotlib axes."""
        import matplotlib.pyplot as plt
        from matplotlib.patches import Rectangle

        sizes = sorted({c.n for c in self.cells})
        steps: list[Any] = list(dict.fromkeys(c.epsilon for c in self.cells))
        steps.sort(key=lambda e: -1.0 if e is None else e)
        gammas = sorted({c.gamma for c in self.cells})
        if axes is None:
            wide = (1.2 + 1.0 * len(steps)) * len(sizes) + 0.8
            figure = plt.figure(figsize=(max(wide, 5.0), 1.8 + 0.6 * len(gammas)))
            figure.set_layout_engine("constrained")
            axes = [figure.add_subplot(1, len(sizes), k + 1) for k in range(len(sizes))]
        axes = list(np.ravel(axes))
        chosen, seen = self.recommendation.cell, {}
        for c, flat in zip(self.cells, self.flat, strict=True):
            ax = axes[sizes.index(c.n)]
            x, y = steps.index(c.epsilon), gammas.index(c.gamma)
            outcome = str(c.reading.outcome)
            colour = _COLOURS.get(outcome, "#BBBBBB")
            tile = Rectangle((x - 0.5, y - 0.5), 1, 1, fc=colour, ec="0.8", alpha=0.6)
            seen[outcome] = ax.add_patch(tile)
            if flat:
                frame = Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, fill=False, ec="#009E73", lw=2)
                seen["sampler and target agree"] = ax.add_patch(frame)
            value = c.reading.estimate.value
            text = f"{value:.3g}" if math.isfinite(value) else "–"
            ax.text(
                x, y, text, ha="center", va="center", fontsize="small",
                weight="bold" if c is chosen else "normal",
            )  # fmt: skip
        for ax, n in zip(axes, sizes, strict=True):
            ax.set_xlim(-0.5, len(steps) - 0.5)
            ax.set_ylim(-0.5, len(gammas) - 0.5)
            ax.set_xticks(range(len(steps)), ["own" if e is None else f"{e:.1e}" for e in steps])
            ax.set_yticks(range(len(gammas)), [f"{g:g}" for g in gammas])
            ax.set_xlabel("ε")
            ax.set_title(f"n = {n:g}", fontsize="medium")
        axes[0].set_ylabel("γ")
        axes[0].figure.legend(
            list(seen.values()), list(seen), loc="outside lower center", ncols=3, fontsize="small"
        )
        return axes

    # -- data
    def to_json(self, indent: int | None = None) -> str:
        """The sweep as JSON text, whole readings included."""
        data = [
            CellRecord(epsilon=c.epsilon, gamma=c.gamma, n=c.n, reading=c.reading.record()).plain()
            for c in self.cells
        ]
        return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Sweep:
        """The inverse of :meth:`to_json`. Raises BadInput, which names the field that is wrong."""
        cells = decoded(text, list[CellRecord], "sweep")
        return cls(tuple(GridRun(c.epsilon, c.gamma, c.n, Reading.of(c.reading)) for c in cells))


class CellRecord(Record, frozen=True):
    """A run of a sweep as a document."""

    epsilon: float | None
    gamma: float
    n: float
    reading: ReadingRecord


def _agree(cells: Sequence[GridRun]) -> bool:
    """All ok, and any two within the error of their difference."""
    if not all(c.reading.ok and math.isfinite(c.error) for c in cells):
        return False
    return all(
        abs(a.reading.estimate.value - b.reading.estimate.value)
        <= _AGREE * math.hypot(a.error, b.error)
        for k, a in enumerate(cells)
        for b in cells[:k]
    )


def _why(reading: Reading) -> str:
    return str(reading.outcome) + (f" ({reading.reason})" if reading.reason else "")


def sweep(
    loss: Loss | torch.nn.Module,
    data: Any = None,
    criterion: Any = None,
    *,
    epsilon: Sequence[float] | None = None,
    gamma: Sequence[float] = _GAMMAS,
    n: Sequence[float] | None = None,
    device: str = "llc",
    self_teacher: bool | str = False,
    seed: int = 0,
    seconds: float = 60.0,
    progress: Callable[[float, str], None] | None = None,
    **settings: Any,
) -> Sweep:
    """Return a grid of short runs over step, localisation and sample size, with the outcome of
    each, a picture, and the settings to use.

    Only these settings of the field's samplers (``llc``: SGLD; ``llc-hmc``, ``llc-mala``: no step)
    are scanned, at one point and seed. Nothing is said of other devices, of chains, burn_in and
    draws, which are the same in every run, or of how near the number is to λ.

    loss: a Loss, or a torch module together with data and criterion (and self_teacher) as in
    ``network_loss``. epsilon: steps of SGLD; None takes four around the
    automatic one. gamma, n: localisations and sample sizes; n None is the number of examples (10⁴
    for a loss without data). device: "llc", or "llc-hmc" and "llc-mala", which choose their step.
    seconds: CPU seconds for all runs together, to which their usual length is shortened (that of
    "llc" grows with them too, up to four times; no other does); give burn_in and draws for longer
    runs, and for runs of a fixed length. progress: called with the share done and words. settings:
    of the device. A run that fails is a cell with its outcome. Raises BadInput for an empty or
    unreadable grid.

    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    >>> found = sweep(square, epsilon=[1e-3, 2e-3, 1], gamma=[1.0], n=[1000], chains=16,
    ...               burn_in=1000, draws=3000)
    >>> [str(c.reading.outcome) for c in found.cells]
    ['ok', 'ok', 'diverged']
    >>> found.recommendation.cell.epsilon < 0.01
    True
    """
    if isinstance(loss, torch.nn.Module):
        loss = network_loss(loss, data, criterion, self_teacher=self_teacher)
    require_loss(loss, " or a torch module")
    device = "llc" if device is None else device
    check_field_device(device)
    seconds = check_number("seconds", seconds)
    sizes = _axis("n", (float(getattr(loss, "n_data", 10_000)),) if n is None else n, 1.0)
    gammas = _axis("gamma", gamma, 0.0)
    if device != "llc":
        if epsilon is not None:
            raise BadInput(f"epsilon: {device} chooses its step, received {epsilon!r}"[:120])
        steps: tuple[float | None, ...] = (None,)
    elif epsilon is None:
        middle = _automatic(loss, gammas[0], sizes[-1])
        steps = tuple(middle * f for f in _AROUND)
    else:
        steps = _axis("epsilon", epsilon, 0.0)
    grid = list(product(sizes, gammas, steps))
    _, plan = planned(loss, device, seconds / len(grid), settings)
    chosen = {**plan, **settings}
    limit = Budget(cpu_seconds=2 * seconds / len(grid) + 5)
    cells = []
    for k, (size, g, e) in enumerate(grid):
        if progress is not None:
            progress(k / len(grid), f"run {k + 1} of {len(grid)}")
        one = chosen | {"n": size, "gamma": g} | ({} if e is None else {"epsilon": e})
        cells.append(GridRun(e, g, size, measure(device, loss, seed=seed, budget=limit, **one)))
    return Sweep(tuple(cells))


def _axis(name: str, values: Sequence[float], above: float) -> tuple[float, ...]:
    """One side of the grid, in order, each value once."""
    one = real(values)
    out = [real(x) for x in values] if one is None else [one]
    found = {x for x in out if x is not None and math.isfinite(x) and x > above}
    if not out or None in out or len(found) < len(set(out)):
        raise BadInput(
            f"{name}: expected finite numbers above {above:g}, received {values!r}"[:120]
        )
    return tuple(sorted(found))


def _automatic(loss: Loss, gamma: float, n: float) -> float:
    """The step that ``llc`` takes from the curvature at w* and near it."""
    reading = measure(
        "llc", loss, seed=0, n=n, gamma=gamma, epsilon=None, chains=2, burn_in=0, draws=8,
        check=False,
    )  # fmt: skip
    step = reading.diagnostics.get("epsilon")
    if reading.outcome is Outcome.BAD_LOSS or step is None:
        raise BadInput(f"loss: no step can be found ({reading.reason}); give epsilon")
    return float(step)
