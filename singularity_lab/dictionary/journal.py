"""The journal of a build: every group of cells that was computed, one JSON line each.

A line is named by what it answers: the germ (its canonical JSON), the group and its version. So a
build that was interrupted goes on where it was, rows of one germ share their cells, and a row that
changes is computed again while all others stay. A line that was cut short by a crash is left out.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from singularity_lab.dictionary.schema import Cell

_log = logging.getLogger(__name__)


class JournalLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """Cells of one group for one germ. limit: the CPU seconds that the group had; seconds: that it
    took."""

    germ: str
    group: str
    version: int
    limit: float
    seconds: float
    cells: dict[str, Cell]

    @property
    def decided(self) -> bool:
        """Whether more time would not change the cells."""
        return not any(c.cut or c.status in ("unknown", "bounds") for c in self.cells.values())


class Journal:
    """The lines of a file, by germ and group; new ones are appended at once.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder) / "cells.jsonl")
    ...     journal.add(JournalLine("g", "jets", 1, 5.0, 0.1, {"jets": Cell.unknown("5 s")}))
    ...     again = Journal(journal.path)
    ...     again.get("g", "jets", 1, 5.0) is not None, again.get("g", "jets", 1, 9.0)
    (True, None)
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lines: dict[tuple[str, str], JournalLine] = {}
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        decoder = msgspec.json.Decoder(JournalLine)
        wrong = 0
        for text in path.read_bytes().splitlines():
            try:
                line = decoder.decode(text)
            except msgspec.MsgspecError:
                wrong += 1
            else:
                self._keep(line)
        if wrong:
            _log.warning("%s", f"{path}: {wrong} lines cannot be read; they are computed again")

    def _keep(self, line: JournalLine) -> None:
        old = self._lines.get((line.germ, line.group))
        if old is None or old.version < line.version or old.limit <= line.limit or line.decided:
            self._lines[line.germ, line.group] = line

    def __len__(self) -> int:
        return len(self._lines)

    def get(self, germ: str, group: str, version: int, limit: float) -> JournalLine | None:
        """The line that answers, unless it is of another version, or undecided within less."""
        line = self._lines.get((germ, group))
        if line is None or line.version != version:
            return None
        return line if line.decided or line.limit >= limit else None

    def best(self, germ: str, group: str) -> JournalLine | None:
        """Whatever is known."""
        return self._lines.get((germ, group))

    def of_group(self, group: str) -> list[JournalLine]:
        """All lines of a group, the latest last."""
        return [line for (_, name), line in self._lines.items() if name == group]

    def add(self, *lines: JournalLine) -> None:
        """Keep lines, in the file too."""
        for line in lines:
            self._keep(line)
        if self.path is None or not lines:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab") as file:
            file.write(msgspec.json.Encoder().encode_lines(lines))
            file.flush()
            os.fsync(file.fileno())
