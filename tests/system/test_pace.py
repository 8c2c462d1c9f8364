"""How often a long run says how far it is."""

from __future__ import annotations

from itertools import pairwise

from singularity_lab.system.pace import Pace


def test_lines_of_a_long_run_come_every_ten_seconds_and_later_every_tenth_of_the_time():
    pace, now = Pace(), [0.0]

    class Clock:
        @property
        def wall(self):
            return now[0]

    pace.watch = Clock()
    due = []
    for second in range(400):
        now[0] = float(second)
        if pace.due():
            due.append(second)
    assert due[:4] == [10, 20, 30, 40]
    assert all(max(10, a // 10) <= b - a <= max(10, a // 10) + 2 for a, b in pairwise(due))
