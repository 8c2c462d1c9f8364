"""What an outside estimator may not do while it is being calibrated: look up the answer.

While :func:`watched` runs a function, it runs in a thread of its own, whose stack leads nowhere;
the modules of the proof arm are out of reach of ``import``, and an audit hook (PEP 578) stops and
names: an import of the catalog, the proof arm or this harness; a file of the catalog or a
certificate that is opened; and a look at the frames or objects of the harness by the estimator's
own file. It is a tripwire against shortcuts, no prison: code that means to break out of its process
can. The probes of :mod:`.probes` stand behind it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

__all__ = ["Peeked", "watched"]

T = TypeVar("T")
_LAB = "singularity_lab"
_ANSWERS = tuple(f"{_LAB}.{part}" for part in ("catalog", "exact", "calibration", "dictionary"))
_OPEN = (f"{_LAB}.calibration.twins",)  # where the class of a model lies that is copied or pickled
_LOOKS = {
    "sys._getframe": "the frames of the harness",
    "sys._getframemodulename": "the frames of the harness",
    "sys._current_frames": "the frames of the harness",
    "gc.get_objects": "the objects of the harness",
    "gc.get_referrers": "the objects of the harness",
    "gc.get_referents": "the objects of the harness",
}


class Peeked(BaseException):
    """Raised inside an estimator that looks for the answer; no ``except Exception`` hides it."""


@dataclass
class _Watch:
    """One estimator under watch: its thread, its own file, where the answers lie."""

    file: str
    folders: tuple[str, ...]
    thread: int = 0
    seen: list[str] = field(default_factory=list)
    busy: bool = False

    def found(self, what: str) -> None:
        if what not in self.seen:
            self.seen.append(what)
        raise Peeked(what)


_watching: list[_Watch] = []  # the one that runs now, if any
_hooked = False


def watched(
    function: Callable[[], T], file: str, stop: Callable[[], None]
) -> tuple[T | None, BaseException | None, tuple[str, ...]]:
    """Run a function under watch: what it returned, what it raised, and where it looked.

    file: the estimator's own source file ("" where there is none). stop: called when the caller is
    interrupted, to make the function end at its next evaluation.
    """
    watch = _Watch(file, tuple(_folders()))
    outcome: list[Any] = [None, None]

    def run() -> None:
        watch.thread = threading.get_ident()
        _watching.append(watch)
        try:
            outcome[0] = function()
        except BaseException as error:  # told to the caller, who raises it in its own thread
            outcome[1] = error
        finally:
            _watching.remove(watch)

    _install()
    with _out_of_reach():
        thread = threading.Thread(target=run, name="estimator", daemon=True)
        thread.start()
        try:
            thread.join()
        except BaseException:  # an interrupt: the estimator's thread is told to end
            stop()
            raise
    return outcome[0], outcome[1], tuple(watch.seen)


def _folders() -> Iterator[str]:
    from singularity_lab.catalog.paths import catalog_path
    from singularity_lab.catalog.truth import cache_folder

    for folder in (catalog_path(), cache_folder()):
        yield os.path.join(os.path.realpath(folder), "")


@contextmanager
def _out_of_reach() -> Iterator[None]:
    """The modules with answers are not loaded, as far as anybody asks, and nothing is cached."""
    from singularity_lab.catalog.load import forget

    forget()
    face = sys.modules[_LAB].__dict__
    hidden = {n: m for n, m in sys.modules.items() if n.startswith(_ANSWERS) and n not in _OPEN}
    names = {n.removeprefix(f"{_LAB}.") for n in _ANSWERS}
    bound = {
        n: v
        for n, v in face.items()
        if n in names or str(getattr(v, "__module__", "")).startswith(_ANSWERS)
    }
    for name in hidden:
        del sys.modules[name]
    for name in bound:
        del face[name]
    try:
        yield
    finally:
        sys.modules.update(hidden)
        face.update(bound)


def _install() -> None:
    global _hooked
    if not _hooked:
        sys.addaudithook(_hook)  # for the life of the process; it does nothing between readings
        _hooked = True


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watching:
        return
    watch = _watching[-1]
    if watch.busy or threading.get_ident() != watch.thread:
        return
    if event == "import" and str(args[0]).startswith(_ANSWERS):
        watch.found(f"imported {args[0]}")
    elif event == "open" and isinstance(args[0], str | bytes | os.PathLike):
        path = os.path.realpath(os.fsdecode(args[0]))
        if path.startswith(watch.folders):
            watch.found(f"opened {Path(path).name} of the catalog")
    elif event in _LOOKS and watch.file:
        watch.busy = True
        try:
            frame: FrameType | None = sys._getframe(1)
        finally:
            watch.busy = False
        while frame is not None and os.path.basename(frame.f_code.co_filename) == "inspect.py":
            frame = frame.f_back
        if frame is not None and frame.f_code.co_filename == watch.file:
            watch.found(f"looked at {_LOOKS[event]}")
