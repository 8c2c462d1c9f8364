"""The file of a trajectory under way: one JSON line a finished reading, on the disk before the next
begins.

The first line says what is measured and with which settings; another measurement is refused. Rows
are found again by step, n and the digest of the checkpoint's parameters, so that a file that was
trained anew is measured anew. A torn last line, from whatever interrupted the run, is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from singularity_lab.errors import BadInput
from singularity_lab.trajectories.trajectory import FAILED, TrajectoryRow

__all__ = ["TrajectoryFile"]

_KIND = "singularity_lab trajectory 1"


class TrajectoryFile:
    """Finished rows, by (key of the checkpoint, step, n). path None: in memory alone.

    what: names and settings of the measurement, JSON values. Raises BadInput for a file of another
    measurement, or no such file at all.

    >>> store = TrajectoryFile(None, {"seed": 0})
    >>> store.add(TrajectoryRow(3, n=100, key="a", outcome="ok", value=1.0), 100)
    >>> store.find("a", 3, 100).value, store.find("b", 3, 100)
    (1.0, None)
    """

    def __init__(self, path: str | Path | None, what: Mapping[str, Any]) -> None:
        self.path = None if path is None else Path(path)
        self.what = json.loads(json.dumps(dict(what), default=str))
        self.plan: dict[str, Any] | None = None
        self._rows: dict[tuple[str, float, float | None], TrajectoryRow] = {}
        if self.path is not None and self.path.is_dir():
            raise BadInput(f"store: expected the name of a file, received the folder {self.path}")
        if self.path is not None and self.path.exists() and self.path.stat().st_size:
            self._load(self.path)

    def _load(self, path: Path) -> None:
        text = path.read_bytes()
        whole = text.rfind(b"\n") + 1
        try:
            lines = [json.loads(line) for line in text[:whole].splitlines()]
            head = lines[0] if lines else {"kind": _KIND, "what": self.what, "plan": None}
            kind = head["kind"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"store: {path} is no file of a trajectory ({error})"[:200]) from error
        if kind != _KIND:
            raise BadInput(f"store: expected {_KIND!r}, received {kind!r} in {path}"[:200])
        odd = sorted(
            k for k in {*head["what"], *self.what} if head["what"].get(k) != self.what.get(k)
        )
        if odd:
            raise BadInput(
                f"store: {path} belongs to another measurement: {', '.join(odd)} differ; "
                "give another file"
            )
        self.plan = head["plan"]
        try:
            for data in lines[1:]:
                self._remember(TrajectoryRow.from_dict(data["row"]), data["n"])
        except (KeyError, TypeError) as error:
            raise BadInput(f"store: {path} holds a line that is no row ({error!r})") from error
        if whole < len(text):
            with path.open("r+b") as file:
                file.truncate(whole)

    def begin(self, plan: Mapping[str, Any]) -> None:
        """Fix the settings of all readings: the first line of a new file."""
        self.plan = dict(plan)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write({"kind": _KIND, "what": self.what, "plan": self.plan})

    def add(self, row: TrajectoryRow, n: float | None) -> None:
        """Keep a finished row, read at the n that was asked for; it is on the disk when this
        returns."""
        self._remember(row, n)
        if self.path is not None and self.plan is not None:
            self._write({"n": n, "row": row.to_dict()})

    def find(self, key: str, step: float, n: float | None) -> TrajectoryRow | None:
        """The finished row of this checkpoint, step and n, or None."""
        return self._rows.get((key, float(step), n))

    def _remember(self, row: TrajectoryRow, n: float | None) -> None:
        if row.outcome != FAILED:  # what failed is tried again
            self._rows[row.key, float(row.step), n] = row

    def _write(self, data: Mapping[str, Any]) -> None:
        assert self.path is not None
        with self.path.open("ab") as file:
            line = json.dumps(data, ensure_ascii=False, allow_nan=False, default=str)
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
