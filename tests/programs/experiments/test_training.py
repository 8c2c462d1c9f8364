"""Program synthesis on W: events of descents and of annealing, replayed."""

from __future__ import annotations

import pytest

from singularity_lab.programs import hitting_number, program
from singularity_lab.programs.experiments.training import anneal, descend, tally

MINI = program("detectA-mini")


def test_descent_builds_a_program_step_by_step():
    runs = descend(MINI, seed=1, runs=20, updates=200, steps=2, rate=0.1)
    counts = tally(runs)
    assert counts["replayed"] >= 18
    assert counts["solves"] >= 14
    for r in runs:
        assert r.events[0].step == 0
        steps = [e.step for e in r.events]
        assert steps == sorted(set(steps))
        # the log is a history: the supports follow from the first by what was gained and lost
        now = {(c, o) for c, options in r.events[0].support for o in options}
        for e in r.events[1:]:
            now = now - set(e.lost) | set(e.gained)
        assert now == {(c, o) for c, options in r.support.items() for o in options}
        if r.face:
            assert r.solves
            assert hitting_number(MINI, 2, support={k: frozenset(v) for k, v in r.support.items()})
    assert len(runs[0].story()) == len(runs[0].events) - 1


def test_annealing_logs_the_faces_that_it_visits():
    runs = anneal(MINI, seed=1, runs=20, steps=2, moves=300, ns=(1, 10, 100, 1000, 10000))
    counts = tally(runs)
    assert counts["runs"] == 20
    assert counts["solves"] >= 18
    assert counts["replayed"] >= 18
    for r in runs:
        at = [e.step for e in r.events]
        assert at == sorted(set(at))
        assert at[0] == 0
        now = {(c, o) for c, options in r.events[0].support for o in options}
        for e in r.events[1:]:
            now = now - set(e.lost) | set(e.gained)
        assert now == {(c, o) for c, options in r.support.items() for o in options}
    assert runs == anneal(MINI, seed=1, runs=20, steps=2, moves=300, ns=(1, 10, 100, 1000, 10000))
    assert len({r.events for r in runs}) > 10


@pytest.mark.slow
def test_nine_runs_in_ten_replay():
    counts = tally(descend(MINI, seed=5, runs=300, updates=600, steps=2, rate=0.1))
    assert counts["replayed"] >= 270
