"""Whether a time limit had a part in an answer: a count of what limits have ended."""

from __future__ import annotations

from singularity_lab.system.deadline import limits


def cuts() -> int:
    """How often a time limit has ended something in this thread so far.

    Where a call leaves the number as it was, its answer does not depend on the speed of the
    machine: more time would not have changed it.

    >>> from singularity_lab.system.deadline import TimeLimit, check_time
    >>> before = cuts()
    >>> with TimeLimit(0.001):
    ...     while True:
    ...         check_time()
    >>> cuts() - before
    1
    """
    return limits.cuts


def count_cuts(number: int) -> None:
    """Count cuts again, where an answer that was kept is used once more."""
    limits.cuts += number


def is_over(used: float, seconds: float) -> bool:
    """Whether so many CPU seconds are used up, which counts as a cut."""
    late = used > seconds
    limits.cuts += late
    return late
