"""How often a long run says how far it is, where its lines are kept."""

from __future__ import annotations

from singularity_lab.system.stopwatch import Stopwatch

_LINE = 10.0  # seconds between two lines of progress


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
