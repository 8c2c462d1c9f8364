"""Time limits that hold, for loops that look at the clock and for those that do not.

A limit counts the CPU seconds of the process. Loops that may be long call :func:`check_time`, which
raises :class:`OutOfTime` past the innermost limit of the thread. In the main thread a profiling
timer (SIGPROF) raises it too, between any two steps of Python; a call into a library of C ends
first. The end of a limit stays: an exception that is caught on the way comes again at the next look
or tick. Where signals do not work (other threads, Windows), the loops look.
"""

from __future__ import annotations

import gc
import signal
import threading
import time
from types import FrameType, TracebackType

from singularity_lab.errors import BadInput, quoted
from singularity_lab.system.stopwatch import Stopwatch

TICK = 0.05  # CPU seconds between two rings of an alarm that is not heard
_QUIET = ("contextlib.py", "weakref.py", "_weakrefset.py")  # clean-up that must not be cut short


class OutOfTime(BaseException):
    """A time limit is over. No error: handlers of exceptions let it pass."""


class _Limits(threading.local):
    """The limits under which the thread runs, innermost last."""

    def __init__(self) -> None:
        self.stack: list[TimeLimit] = []
        self.waited = 0.0
        self.cuts = 0


limits = _Limits()


def clock() -> float:
    """The seconds that limits count: CPU time of the process, and waiting for helper processes."""
    return time.process_time() + limits.waited


def count_waiting(seconds: float) -> None:
    """Add to the clock of this thread what it has waited for a process that works for it."""
    limits.waited += seconds


class TimeLimit:
    """A context that ends its body after so many CPU seconds; ``expired`` says whether it did.

    seconds: from the beginning of ``watch``, or from now; None for no limit of its own. A
    limit inside another one ends with it at the latest: then the outer one has expired, and the
    exception goes on to it.

    >>> with TimeLimit(0.01) as limit:
    ...     while True:
    ...         check_time()
    >>> limit.expired
    True
    """

    def __init__(self, seconds: float | None, watch: Stopwatch | None = None) -> None:
        begin = clock() - (0.0 if watch is None else watch.seconds)
        self.own = float("inf") if seconds is None else begin + seconds
        self.end = self.own
        self.expired = False

    def __enter__(self) -> TimeLimit:
        stack = limits.stack
        self.end = min(self.own, stack[-1].end) if stack else self.own
        stack.append(self)
        _set_alarm()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        stack = limits.stack
        while stack and stack.pop() is not self:
            pass
        _set_alarm()
        out = kind is OutOfTime
        mine = not stack or self.own <= stack[-1].end  # the earlier one of the two
        self.expired = mine and (out or clock() > self.own)
        limits.cuts += self.expired
        return out and mine

    @property
    def left(self) -> float:
        """CPU seconds left, < 0 after the end."""
        return self.end - clock()

    def shorten(self, seconds: float) -> None:
        """End after so many CPU seconds from now, if that is earlier than before."""
        self.own = min(self.own, clock() + seconds)
        stack = limits.stack
        for n, limit in enumerate(stack):
            limit.end = min(limit.own, stack[n - 1].end) if n else limit.own
        _set_alarm()


def check_time(ahead: float = 0.0) -> None:
    """Raise OutOfTime past the innermost time limit of this thread; else return.

    ahead: CPU seconds, about, of a call into a library that cannot be interrupted: it is not begun
    where the limit would pass before its end.
    """
    stack = limits.stack
    if stack and clock() + ahead > stack[-1].end:
        raise OutOfTime


def factoring_time(degree: int) -> float:
    """CPU seconds, about, for the factors over Q of a polynomial in one variable (measured: 0.35 at
    degree 1,000, 7 at 4,000)."""
    return 4e-7 * degree * degree


def roots_time(degree: int) -> float:
    """CPU seconds, about, for all complex roots of a polynomial in one variable, isolated in balls
    (measured: 0.06 at degree 100, 0.6 at 300)."""
    return 7e-6 * degree * degree


def time_left() -> float:
    """CPU seconds until the innermost time limit of this thread; infinite without one."""
    stack = limits.stack
    return stack[-1].end - clock() if stack else float("inf")


def require_seconds(budget: float | None, zero: bool = False) -> None:
    """Raise BadInput unless a budget is None or a number > 0 (or >= 0)."""
    rule = ">= 0" if zero else "> 0"
    good = budget is None or (
        isinstance(budget, (int, float)) and (budget > 0 or (zero and budget == 0))
    )
    if not good or isinstance(budget, bool):
        raise BadInput(f"budget: CPU seconds {rule} are needed, received {quoted(budget)}")


# -- the alarm ----------------------------------------------------------------------------------


def _set_alarm() -> None:
    """Set the timer to the innermost limit of the main thread, or take it away."""
    if threading.current_thread() is not threading.main_thread():
        return
    if not hasattr(signal, "setitimer"):
        return
    stack = limits.stack
    handler = signal.getsignal(signal.SIGPROF)
    ours = getattr(handler, "__name__", "") == "_ring"  # of this module, or of another copy of it
    if not ours and handler is not signal.SIG_DFL:
        return  # a profiler has the signal: the loops look at the clock
    if stack and stack[-1].end < float("inf"):
        # each time, as a library of C may have taken it; it stays: a late tick must not end the
        # process
        signal.signal(signal.SIGPROF, _ring)
        signal.setitimer(signal.ITIMER_PROF, max(stack[-1].left, 1e-4), TICK)
    elif ours:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _ring(number: int, frame: FrameType | None) -> None:
    stack = limits.stack
    if not stack or clock() <= stack[-1].end:
        return
    inner = frame
    collecting = {getattr(c, "__code__", None) for c in gc.callbacks}
    while frame is not None:
        # limits, clean-up and imports are not left half done: the next tick comes soon
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        if file == __file__ or file.startswith("<frozen importlib"):
            return
        if name == "__del__" or frame.f_code in collecting:
            return  # an exception would be lost there
        if file.endswith(_QUIET) and (frame is inner or name in ("__enter__", "__exit__")):
            return
        frame = frame.f_back
    raise OutOfTime
