"""Long runs: progress, checkpoints, and resumption to the same reading."""

from __future__ import annotations

import contextlib
import contextvars
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from singularity_lab.errors import BadInput
from singularity_lab.system.files import write_bytes
from singularity_lab.system.stopwatch import Stopwatch


@contextlib.contextmanager
def running(run: LongRun) -> Iterator[None]:
    """A context in which devices keep their state through this run."""
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

    :func:`drive` begins with ``restore()``, and calls ``keep(state, share, word)`` between steps;
    ``state`` is called only when a checkpoint is due.
    """

    path: Path | None = None
    every: float = 60.0
    progress: Callable[[float, str], None] | None = None
    key: str = ""
    _since: Stopwatch = field(default_factory=Stopwatch)

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
        if self.path is None or self._since.seconds < self.every:
            return
        data = io.BytesIO()
        torch.save({"key": self.key, "state": state()}, data)
        write_bytes(self.path, data.getvalue())
        self._since = Stopwatch()


_RUN: contextvars.ContextVar[LongRun | None] = contextvars.ContextVar("long_run", default=None)


def current_run() -> LongRun:
    """The long run that :func:`measure` has set up; one that does nothing outside of it."""
    return _RUN.get() or LongRun()


class Algorithm(Protocol):
    """What runs long, step by step. It holds its state, and knows nothing of clocks and files.

    What is not in ``state()`` must not bear on the reading, save what the settings and the seed
    give: then a continued run is the uninterrupted one, bit for bit.
    """

    def step(self) -> None:
        """Change the state by one step."""
        ...

    def why_stop(self) -> str | None:
        """None while there is more to do; then the reason, "" where all is done as planned."""
        ...

    def told(self) -> tuple[float, str] | None:
        """The share that is done and a word, where it may be told and kept now; else None."""
        ...

    def state(self) -> dict[str, Any]:
        """The state as tensors, numbers, strings, lists and dicts."""
        ...

    def resume(self, saved: dict[str, Any]) -> None:
        """Take up such a state."""
        ...


def drive(algorithm: Algorithm) -> str:
    """Step an algorithm until it says why it stops, and return that; its checkpoint, where there is
    one, is where it begins. Exceptions (a spent budget, say) are the caller's.

    >>> class Count:
    ...     n = 0
    ...     def step(self): self.n += 1
    ...     def why_stop(self): return "three is enough" if self.n == 3 else None
    ...     def told(self): return self.n / 3, f"step {self.n}"
    ...     def state(self): return {"n": self.n}
    ...     def resume(self, saved): self.n = saved["n"]
    >>> with running(LongRun(progress=lambda share, word: print(word))):
    ...     drive(Count())
    step 0
    step 1
    step 2
    step 3
    'three is enough'
    """
    run = current_run()
    saved = run.restore()
    if saved is not None:
        algorithm.resume(saved)
    while True:
        told = algorithm.told()
        if told is not None:
            run.keep(algorithm.state, *told)
        why = algorithm.why_stop()
        if why is not None:
            return why
        algorithm.step()
