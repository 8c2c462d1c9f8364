"""Calls of Python by a library of C that loses what is raised in them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from singularity_lab.system.deadline import check_time, time_left

__all__ = ["deferred"]


@contextmanager
def deferred() -> Iterator[Callable[[], bool]]:
    """A body in which neither the clock nor Ctrl-C raises. It gets a function that says whether to
    end soon; what was held is raised after the body.

    >>> from singularity_lab.system.deadline import TimeLimit
    >>> with TimeLimit(0.01) as limit:
    ...     with deferred() as over:
    ...         while not over():
    ...             pass
    ...     print("not reached")
    >>> limit.expired
    True
    """
    caught: list[tuple[Any, ...]] = []
    usual: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGPROF"):  # Windows has no SIGPROF
            number = getattr(signal, name, None)
            if number is not None and callable(handler := signal.getsignal(number)):
                usual[number] = handler

    def keep(number: int, frame: Any) -> None:
        if number == signal.SIGINT:
            caught.append((number, frame))

    try:
        for number in usual:
            signal.signal(number, keep)
        yield lambda: bool(caught) or time_left() < 0
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    if caught:
        usual[signal.SIGINT](*caught[-1])
    check_time()
