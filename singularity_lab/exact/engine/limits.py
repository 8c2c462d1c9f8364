"""Limits of a search: memory, and an interrupt that ends it in good order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Protocol

from singularity_lab.system.deadline import TimeLimit

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident() -> float:
    """The memory that the process holds, in MiB: the most so far where the system tells no more."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * _PAGE / 2**20
    except OSError:
        if resource is None:
            return 0.0
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used / 2**20 if sys.platform == "darwin" else used / 2**10


class Stoppable(Protocol):
    """A search that ends soon after it is told why."""

    ended: str
    limit: TimeLimit


@contextmanager
def stopped_by_interrupt(search: Stoppable) -> Iterator[None]:
    """A first Ctrl-C ends the search with its bounds, within a second; a second one raises
    KeyboardInterrupt.

    A handler other than Python's stays in force, unless it has a method ``search_ended``: that is
    called in place of the handler when a search ends so.
    """
    usual: Any = signal.getsignal(signal.SIGINT)
    told = getattr(usual, "search_ended", None)
    if threading.current_thread() is not threading.main_thread() or (
        usual is not signal.default_int_handler and told is None
    ):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if search.ended:
            usual(number, frame)
            return
        search.ended = "interrupted"
        search.limit.shorten(0.5)
        if told is not None:
            told()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
