"""Long runs: progress, checkpoints, and resumption to the same reading."""

from __future__ import annotations

import contextlib
import contextvars
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from singularity_lab.errors import BadInput
from singularity_lab.system.files import write_bytes


@contextlib.contextmanager
def running(run: LongRun) -> Iterator[None]:
    token = _RUN.set(run)
    try:
        yield
    finally:
        _RUN.reset(token)


@dataclass
class LongRun:
    """What a long measurement needs beside its device: a place for checkpoints, and who hears of
    progress.

    path: the checkpoint file, or None. every: CPU seconds between checkpoints. progress: called
    with the share that is done, in [0, 1], and a word about it. key: of the measurement (device,
    loss, settings, seed): a checkpoint of another one is refused.

    A device asks :func:`current_run` for it, begins with ``restore()``, and calls ``keep(state,
    share, word)`` between steps; ``state`` is called only when a checkpoint is due, and gives
    tensors, numbers, strings, lists and dicts. What is not in that state must not bear on the
    reading: then a continued run is the uninterrupted one, bit for bit.
    """

    path: Path | None = None
    every: float = 60.0
    progress: Callable[[float, str], None] | None = None
    key: str = ""
    _last: float = field(default_factory=time.process_time)

    def restore(self) -> dict[str, Any] | None:
        """The state of the last checkpoint, or None to begin. Raises BadInput for a file of another
        measurement."""
        if self.path is None or not self.path.exists():
            return None
        try:
            data = torch.load(self.path, weights_only=True)
            key, state = data["key"], dict(data["state"])
        except Exception as error:  # torch raises what it likes on a damaged file
            why = " ".join(str(error).split())[:200]
            raise BadInput(f"checkpoint: {self.path} cannot be read: {why}") from error
        if key != self.key:
            raise BadInput(
                f"checkpoint: {self.path} belongs to another device, loss, settings or seed"
            )
        return state

    def keep(self, state: Callable[[], dict[str, Any]], share: float, word: str = "") -> None:
        """Tell of progress, and write a checkpoint when one is due (a new file takes the old one's
        place at once)."""
        if self.progress is not None:
            self.progress(share, word)
        if self.path is None or time.process_time() - self._last < self.every:
            return
        data = io.BytesIO()
        torch.save({"key": self.key, "state": state()}, data)
        write_bytes(self.path, data.getvalue())
        self._last = time.process_time()


_RUN: contextvars.ContextVar[LongRun | None] = contextvars.ContextVar("long_run", default=None)


def current_run() -> LongRun:
    """The long run that :func:`measure` has set up; one that does nothing outside of it."""
    return _RUN.get() or LongRun()
