"""One stopwatch: CPU seconds of this process, and seconds on the wall, since a beginning.

Every number of seconds that a result, a reading or a command reports comes from here. Limits in
time are in :mod:`.deadline`; they count the waiting for helper processes too.
"""

from __future__ import annotations

import time


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
