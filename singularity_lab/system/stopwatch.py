"""One stopwatch: CPU seconds of this process, and seconds on the wall, since a beginning.

Every number of seconds that a result, a reading or a command reports comes from here. Limits in
time are in :mod:`.deadline`; they count the waiting for helper processes too.
"""

from __future__ import annotations

import time

_LINE = 10.0  # seconds between two lines of progress


class Stopwatch:
    """A watch that runs from the moment that it is made.

    spent: CPU seconds that count as spent before, say in the run that a checkpoint was written by.
    children: whether processes that this one has started and that have ended count too.

    >>> watch = Stopwatch()
    >>> 0 <= watch.seconds < 5, 0 <= watch.wall < 500
    (True, True)
    >>> Stopwatch(spent=60.0).seconds >= 60
    True
    """

    def __init__(self, spent: float = 0.0, children: bool = False) -> None:
        self._children = children
        self._cpu = self._now() - spent
        self._wall = time.monotonic() - spent

    @property
    def seconds(self) -> float:
        """CPU seconds since the beginning."""
        return self._now() - self._cpu

    @property
    def wall(self) -> float:
        """Seconds since the beginning, by the clock on the wall."""
        return time.monotonic() - self._wall

    def _now(self) -> float:
        own = time.process_time()
        if not self._children:
            return own
        import resource  # Windows has none

        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return own + ended.ru_utime + ended.ru_stime


class Pace:
    """When a long run says again how far it is, where its lines are kept: every 10 seconds by the
    clock, and every tenth of what has passed when that is longer.

    at_once: whether the first line is due at the beginning.

    >>> pace = Pace(at_once=True)
    >>> pace.due(), pace.due(), Pace().due()
    (True, False, False)
    """

    def __init__(self, at_once: bool = False) -> None:
        self.watch = Stopwatch()
        self._next = 0.0 if at_once else _LINE

    def due(self) -> bool:
        """Whether a line is due; the next one is later."""
        now = self.watch.wall
        if now < self._next:
            return False
        self._next = max(now + _LINE, 1.1 * now)
        return True
