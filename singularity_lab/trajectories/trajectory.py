"""A training run as a table of readings: one row for each checkpoint and sample size."""

from __future__ import annotations

import dataclasses
import html
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from singularity_lab.errors import BadInput, quoted
from singularity_lab.spectroscopes import Reading
from singularity_lab.spectroscopes.reading import ReadingRecord
from singularity_lab.system.documents import Record, converted, decoded
from singularity_lab.system.lines import shortened
from singularity_lab.system.scalars import real
from singularity_lab.trajectories import pictures
from singularity_lab.trajectories.differences import Difference, difference

__all__ = ["FAILED", "Trajectory", "TrajectoryRow"]

FAILED = "failed"  # the outcome of a checkpoint that gave no reading at all
_WIDTH = 200  # of a line of the table; the rows hold the whole reasons
_NUMBERS = ("loss", "gradient", "value", "low", "high", "level", "error", "seconds")


@dataclass(frozen=True)
class TrajectoryRow:
    """The reading at one checkpoint and one sample size, with what else is known there.

    step: of training. n: sample size that sets the resolution, NaN where the device takes none.
    loss, gradient: mean loss of the checkpoint on the data and the norm of its gradient. outcome,
    reason: of the reading, or ``failed`` and why. value, low, high, level: what the device is for,
    with its interval; error: its standard error. seconds: CPU seconds. probes: numbers by name.
    key: digest of the checkpoint's parameters. reading: all that the device said, or None.
    """

    step: float
    n: float = math.nan
    loss: float = math.nan
    gradient: float = math.nan
    outcome: str = FAILED
    reason: str = ""
    value: float = math.nan
    low: float = -math.inf
    high: float = math.inf
    level: float = 0.9
    error: float = math.nan
    seconds: float = 0.0
    probes: Mapping[str, float] = field(default_factory=dict)
    key: str = ""
    reading: Reading | None = field(default=None, repr=False)

    @classmethod
    def of(cls, step: float, reading: Reading, **more: Any) -> TrajectoryRow:
        """The row of a reading; more: the fields that no reading has. Raises BadInput for what is
        no reading."""
        if not isinstance(reading, Reading):
            raise BadInput(f"reading: expected a Reading, received {quoted(reading)}")
        e = reading.estimate
        error = reading.diagnostics.get("standard_error")
        if error is None or not math.isfinite(error):
            error = (e.high - e.low) / 2 / NormalDist().inv_cdf(0.5 * (1 + e.level))
        n = reading.settings.get("n")
        return cls(
            step=step, n=math.nan if n is None else float(n), outcome=str(reading.outcome),
            reason=reading.reason, value=e.value, low=e.low, high=e.high, level=e.level,
            error=error if math.isfinite(error) else math.nan,
            seconds=reading.cost.cpu_seconds, reading=reading, **more,
        )  # fmt: skip

    @property
    def ok(self) -> bool:
        """Whether the interval may be believed."""
        return self.outcome == "ok"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; null for what is not finite."""
        return self.record().plain()

    def record(self) -> RowRecord:
        """The row as a record: plain data, null for what is not finite."""
        return RowRecord(
            step=self.step, outcome=self.outcome, reason=self.reason, key=self.key,
            probes={k: _finite(v) for k, v in self.probes.items()},
            reading=None if self.reading is None else self.reading.record(),
            **{name: _finite(getattr(self, name)) for name in ("n", *_NUMBERS)},
        )  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrajectoryRow:
        """The inverse of :meth:`to_dict`. Raises BadInput, which names the field that is wrong."""
        return cls.from_record(converted(data, RowRecord, "row"))

    @classmethod
    def from_record(cls, data: RowRecord) -> TrajectoryRow:
        """The row that a record holds: null is what was not finite."""
        missing = {"low": -math.inf, "high": math.inf}
        numbers = {name: getattr(data, name) for name in ("n", *_NUMBERS)}
        probes = {k: math.nan if v is None else v for k, v in data.probes.items()}
        return cls(
            step=data.step, outcome=data.outcome, reason=data.reason, probes=probes, key=data.key,
            reading=None if data.reading is None else Reading.of(data.reading),
            **{k: missing.get(k, math.nan) if v is None else v for k, v in numbers.items()},
        )  # fmt: skip


class RowRecord(Record, frozen=True):
    """A row as a document."""

    step: int | float
    n: float | None
    loss: float | None
    gradient: float | None
    outcome: str
    reason: str
    value: float | None
    low: float | None
    high: float | None
    level: float | None
    error: float | None
    seconds: float | None
    probes: dict[str, float | None]
    key: str
    reading: ReadingRecord | None


class TrajectoryRecord(Record, frozen=True):
    """A trajectory as a document."""

    device: str
    about: str
    seed: int
    settings: dict[str, Any]
    rows: list[RowRecord]


def _finite(x: Any) -> Any:
    return None if isinstance(x, float) and not math.isfinite(x) else x


@dataclass(frozen=True)
class Trajectory:
    """Readings over training: rows in the order of steps, all of one device and its settings.

    device, settings, seed: what was run at every checkpoint. about: the loss in a word.

    >>> first = TrajectoryRow(0, loss=2.0, outcome="ok", value=5.0, low=4.9, high=5.1, error=0.06)
    >>> second = TrajectoryRow(10, loss=1.0, outcome="ok", value=6.0, low=5.9, high=6.1, error=0.06)
    >>> third = TrajectoryRow(20, reason="cannot be read")
    >>> path = Trajectory((first, second, third), device="llc", about="a net")
    >>> print(path)
    llc on a net: 3 checkpoints at steps 0 … 20, 2 ok, 1 failed; from 5 at step 0 to 6 at step 10.
      step  loss  gradient  reading             outcome
         0     2         –  5 [4.9, 5.1]        ok
        10     1         –  6 [5.9, 6.1]        ok
        20     –         –  –                   failed: cannot be read
    >>> Trajectory.from_json(path.to_json()) == path
    True
    """

    rows: tuple[TrajectoryRow, ...]
    device: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    about: str = ""

    def __post_init__(self) -> None:
        given = self.rows
        if not isinstance(given, Iterable):
            raise BadInput(f"rows: expected the rows of a trajectory, received {quoted(given)}")
        rows = tuple(given)
        for row in rows:
            if not isinstance(row, TrajectoryRow):
                raise BadInput(f"rows: expected TrajectoryRow's, received {quoted(row)}")
        object.__setattr__(self, "rows", tuple(sorted(rows, key=lambda r: (r.step, r.n))))

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trajectory) and self.to_dict() == other.to_dict()

    # -- parts
    @property
    def sizes(self) -> tuple[float, ...]:
        """The sample sizes n, each once, in order."""
        return tuple(sorted({r.n for r in self.rows if not math.isnan(r.n)}))

    def at(self, n: float) -> Trajectory:
        """The rows of one sample size. Raises BadInput for an n that was not read."""
        if n not in self.sizes:
            raise BadInput(f"n: expected one of {list(self.sizes)}, received {n!r}")
        return dataclasses.replace(self, rows=tuple(r for r in self.rows if r.n == n))

    def one_size(self, n: float | None = None) -> Trajectory:
        """The rows of the sample size n, or of the only one. Raises BadInput where n is needed."""
        if n is not None:
            return self.at(n)
        if len(self.sizes) > 1:
            raise BadInput(f"n: the readings are at {list(self.sizes)}; expected one of them")
        return self

    def column(self, name: str) -> np.ndarray:
        """One column as an array: step, n, loss, gradient, value, low, high, error, seconds, or a
        probe; outcome and reason as texts. Raises BadInput for an unknown name.

        >>> path = Trajectory((TrajectoryRow(0, value=1.0), TrajectoryRow(5, value=2.0)))
        >>> path.column("value").tolist()
        [1.0, 2.0]
        """
        if any(name in r.probes for r in self.rows):
            return np.array([r.probes.get(name, math.nan) for r in self.rows])
        if name in ("step", "n", "outcome", "reason", *_NUMBERS):
            return np.array([getattr(r, name) for r in self.rows])
        known = ["step", "n", "outcome", "reason", *_NUMBERS, *self.probe_names]
        raise BadInput(f"column: expected one of {known}, received {name!r}")

    @property
    def probe_names(self) -> tuple[str, ...]:
        """The names of all probes, in the order of their first appearance."""
        return tuple(dict.fromkeys(name for r in self.rows for name in r.probes))

    def named(self, ladder: Mapping[str, float], *, only_ok: bool = True) -> list[str | None]:
        """For each row the name of the nearest value of a ladder, or None where there is no ``ok``
        reading, or its interval holds two values of the ladder and so names none.

        ladder: what each stratum reads at this n (mind the bias of the target). A name is nothing
        but nearness: how often it is right has to be measured, as ``benchmarks/
        saddle_to_saddle.py`` does for linear networks.

        >>> rows = TrajectoryRow(0, outcome="ok", value=4.8), TrajectoryRow(1, value=5.9)
        >>> Trajectory(rows).named({"rank 0": 5, "rank 1": 6})
        ['rank 0', None]
        >>> Trajectory((TrajectoryRow(0, outcome="ok", value=5.6, low=4.9, high=6.3),)).named(
        ...     {"rank 0": 5, "rank 1": 6})
        [None]
        """
        if not isinstance(ladder, Mapping):
            raise BadInput(f"ladder: expected values by name, received {quoted(ladder)}")
        if not ladder:
            raise BadInput("ladder: expected at least one value, received none")

        def name(r: TrajectoryRow) -> str | None:
            held = {x for x in ladder.values() if r.low <= x <= r.high}
            finite = math.isfinite(r.low) and math.isfinite(r.high)
            if not math.isfinite(r.value) or (only_ok and not r.ok) or (finite and len(held) > 1):
                return None
            return min(ladder, key=lambda rung: abs(ladder[rung] - r.value))

        return [name(r) for r in self.rows]

    def difference(
        self,
        before: float,
        after: float,
        *,
        n: float | None = None,
        only_ok: bool = True,
        shared: bool | None = None,
    ) -> Difference:
        """The reading at the step ``after`` minus that at ``before``: an Estimate at the level of
        the readings, with its standard error and whether the interval leaves 0 out (``changed``).

        n: the sample size where several were read. only_ok: refuse readings that are not ``ok``.
        shared: whether the two may share random numbers. None: they do unless the seeds of both
        are known and differ, so in a run of ``track`` unless it had ``common=False``. Readings that
        share none are independent: the squares of their errors are added. Of readings of ``llc``
        and its kin that share, the chains are compared in pairs, and what is the same in both drops
        out (``paired``). Of others the correlation is not known, and the errors themselves are
        added, which is enough whatever it is, and wider than of independent ones. The level is that
        of two steps chosen beforehand: :func:`change_points` looks everywhere. The interval holds
        noise alone, not what n and γ make of the target.

        Raises BadInput for a step that was not read, or a reading without an error.

        >>> path = Trajectory(tuple(
        ...     TrajectoryRow(k, outcome="ok", value=v, low=v - 0.2, high=v + 0.2, error=0.12)
        ...     for k, v in [(1000, 5.0), (8000, 6.0)]))
        >>> print(path.difference(1000, 8000))
        1 [0.6, 1.4] at 90% from step 1000 to step 8000, errors added, as random numbers may be \
shared: a rise
        >>> path.difference(1000, 8000, shared=False).changed
        True
        """
        path = self.one_size(n)
        a, b = (path._read(step, only_ok) for step in (before, after))
        if a is b:
            raise BadInput(f"step: expected two steps, received {before!r} twice")
        return difference(a, b, shared)

    def _read(self, step: float, only_ok: bool) -> TrajectoryRow:
        """The only row of a step, ``ok`` unless any will do."""
        rows = [r for r in self.rows if r.step == real(step)]
        if len(rows) != 1:
            steps = [r.step for r in self.rows]
            told = f"step: expected one of {steps}, received {quoted(step)}"
            raise BadInput(f"step: {len(rows)} readings are at step {step:g}" if rows else told)
        if only_ok and not rows[0].ok:
            why = rows[0].outcome + (f": {rows[0].reason}" if rows[0].reason else "")
            raise BadInput(
                f"step: the reading at step {step:g} is not ok ({why}); only_ok=False takes it"
            )
        return rows[0]

    # -- text
    def sentence(self) -> str:
        """What was read, and how it ended, in one sentence."""
        if not self.rows:
            return f"{self.device or 'no device'}: no checkpoints."
        steps = [r.step for r in self.rows]
        counts = Counter(r.outcome for r in self.rows)
        ends = ", ".join(f"{c} {w}" for w, c in sorted(counts.items(), key=lambda t: -t[1]))
        out = f"{self.device} on {self.about}: {_count(len(set(steps)), 'checkpoint')}"
        out += f" at steps {steps[0]:g} … {steps[-1]:g}" if len(set(steps)) > 1 else ""
        out += f", n = {', '.join(f'{n:g}' for n in self.sizes)}" if self.sizes else ""
        good = [r for r in self.rows if r.ok]
        out += f", {ends}"
        if len(good) > 1 and len(self.sizes) < 2:
            a, b = good[0], good[-1]
            out += f"; from {a.value:.3g} at step {a.step:g} to {b.value:.3g} at step {b.step:g}"
        return out + "."

    def _columns(self) -> list[tuple[str, bool, list[str]]]:
        """Heading, whether numbers, and the texts of each column of the table."""

        def number(name: str) -> list[str]:
            return [_shown(x) for x in self.column(name).tolist()]

        out = [("step", True, [f"{r.step:g}" for r in self.rows])]
        if len(self.sizes) > 1:
            out.append(("n", True, number("n")))
        out += [("loss", True, number("loss")), ("gradient", True, number("gradient"))]
        out += [(name, True, number(name)) for name in self.probe_names]
        said = [
            f"{r.value:.4g} [{r.low:.4g}, {r.high:.4g}]" if math.isfinite(r.value) else "–"
            for r in self.rows
        ]
        ends = [r.outcome + (f": {r.reason}" if r.reason else "") for r in self.rows]
        return [*out, ("reading", False, said), ("outcome", False, ends)]

    def __str__(self) -> str:
        columns = self._columns()
        lines = [self.sentence()]
        for k in range(-1, len(self.rows)):
            cells = []
            for heading, right, texts in columns:
                wide = max(len(heading), *(len(t) for t in texts)) if texts else len(heading)
                wide = max(wide, 18) if heading == "reading" else wide
                text = heading if k < 0 else texts[k]
                cells.append(text.rjust(wide) if right else text.ljust(wide))
            lines.append(shortened(("  " + "  ".join(cells)).rstrip(), _WIDTH))
        return "\n".join(lines if self.rows else lines[:1])

    def _repr_html_(self) -> str:
        columns = self._columns()
        head = "".join(f"<th>{html.escape(h)}</th>" for h, _, _ in columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(t[k])}</td>" for _, _, t in columns) + "</tr>"
            for k in range(len(self.rows))
        )
        caption = html.escape(self.sentence())
        return f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>"

    # -- pictures
    def plot(
        self,
        axes: Any = None,
        *,
        changes: Iterable[Any] = (),
        ladder: Mapping[str, float] | Sequence[float] = (),
        log_steps: bool = False,
        n: float | None = None,
    ) -> Any:
        """Draw loss and readings with their intervals over steps; returns the two matplotlib axes,
        of one figure: ``path.plot()[0].figure.savefig("run.png")`` saves it.

        axes: a pair to draw into, or None. changes: of :func:`change_points`. ladder: values to
        compare with, by name or not. Readings that are not ``ok`` stand open and grey. n: which
        sample size; all, in different colours, when None.
        """
        return pictures.draw(
            self if n is None else self.at(n), axes, changes, ladder, log_steps=log_steps
        )

    # -- data
    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; :meth:`from_json` reads them back."""
        return TrajectoryRecord(
            device=self.device, about=self.about, seed=self.seed,
            settings={k: _finite(v) for k, v in self.settings.items()},
            rows=[r.record() for r in self.rows],
        ).plain()  # fmt: skip

    def to_json(self, indent: int | None = None) -> str:
        """The trajectory as JSON text, whole readings included."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Trajectory:
        """The inverse of :meth:`to_json`. Raises BadInput, which names the field that is wrong."""
        data = decoded(text, TrajectoryRecord, "trajectory")
        rows = tuple(TrajectoryRow.from_record(r) for r in data.rows)
        return cls(rows, data.device, data.settings, data.seed, data.about)

    def records(self) -> list[dict[str, Any]]:
        """The table as mappings, one a row: the numbers and texts, then the probes; None for what
        is not finite."""
        names = ("step", "n", "loss", "gradient", "outcome", "reason", *_NUMBERS[2:])
        return [
            {name: _finite(getattr(r, name)) for name in names}
            | {name: _finite(r.probes.get(name)) for name in self.probe_names}
            for r in self.rows
        ]

    def to_pandas(self) -> Any:
        """The table as a ``pandas.DataFrame``, without the whole readings.

        >>> Trajectory((TrajectoryRow(0, value=1.5),)).to_pandas()["value"].tolist()
        [1.5]
        """
        import pandas

        return pandas.DataFrame(self.records())

    def to_parquet(self, path: str | Path) -> Path:
        """Write the table as a Parquet file, by DuckDB, with each whole reading as JSON text;
        returns the path. Raises BadInput for a trajectory without rows."""
        import tempfile

        import duckdb

        if not self.rows:
            raise BadInput("rows: expected at least one, received none")
        target = Path(path)
        numbers = {"step", "n", "loss", "gradient", *_NUMBERS, *self.probe_names}
        columns = {
            name: "DOUBLE" if name in numbers else "VARCHAR" for name in self.records()[0]
        } | {"reading": "VARCHAR"}
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "rows.jsonl"
            with lines.open("w", encoding="utf-8") as file:
                for record, row in zip(self.records(), self.rows, strict=True):
                    said = None if row.reading is None else row.reading.to_json()
                    whole = record | {"reading": said}
                    file.write(json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n")
            types = ", ".join(f"{_quoted(k)}: '{v}'" for k, v in columns.items())
            with duckdb.connect() as connection:
                connection.execute(
                    "COPY (SELECT * FROM read_json(?, format = 'newline_delimited', "
                    f"maximum_object_size = 1000000000, columns = {{{types}}})) "
                    f"TO {_quoted(target)} (FORMAT parquet, COMPRESSION zstd)",
                    [str(lines)],
                )
        return target


def _quoted(x: Any) -> str:
    return "'" + str(x).replace("'", "''") + "'"


def _shown(x: float) -> str:
    return f"{x:.4g}" if math.isfinite(x) else "–"


def _count(k: int, word: str) -> str:
    return f"{k} {word}" + "s" * (k != 1)
