"""How large a question about a program may be, and how long its answer may take.

The limits are generous for work (the largest program of the library has 240 parameters and 54
inputs) and far below what would use up memory. They are looked at before anything of that size is
built; only the number of configurations cannot be known in advance, and is counted.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

from singularity_lab.errors import BadInput

TEXT = 200_000  # characters of a program's text
STEPS = 1_000  # of a machine
NAMES = 200  # symbols, states, letters, instructions, wires, …
CASES = 4_096  # inputs
WORD = 1_000  # letters of an input
OPTIONS = 20_000  # options of all choices together
PARAMETERS = 1_000  # of a program whose λ is asked for
OUTPUT_BITS = 12  # wires of a circuit's output
CONFIGURATIONS = 400_000  # of one propagation in the exact semantics, of up to 25 cells each
TERMS = 3_000_000  # sums and products of one propagation
PRODUCTS = 10_000_000  # of terms, where polynomials are expanded
DIGITS = 400  # of a number in a certificate
ROWS = 5_000  # syndromes of a certificate's packing


def at_most(limit: int, number: int, what: str) -> int:
    """The number itself. Raises BadInput, which names both, where it exceeds the limit.

    >>> at_most(STEPS, 7, "steps")
    7
    """
    if number > limit:
        shown = str(number) if number < 10**20 else f"a number of {number.bit_length()} bits"
        raise BadInput(f"{what}: at most {limit} are taken, received {shown}")
    return number


class OutOfTime(BaseException):
    """The time of :func:`time_limit` is used up. No library code catches it by accident."""


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise :class:`OutOfTime` in the block after so many seconds of wall time.

    It is a timer of the process, so no inner loop has to look at a clock. It needs the main thread
    and a system with signals; elsewhere, and for None, the block runs without a limit.

    >>> with time_limit(60.0):
    ...     2 + 2
    4
    """
    here = threading.current_thread() is threading.main_thread()
    if seconds is None or not here or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise OutOfTime

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, stop)
    waiting, interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if waiting:  # a timer that ran before goes on
            left = max(waiting - (time.monotonic() - started), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left, interval)
