"""Limits in CPU seconds: nested, in threads, with and without loops that look at the clock."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time

import pytest

from singularity_lab import BadInput
from singularity_lab.system.deadline import (
    OutOfTime,
    TimeLimit,
    check_time,
    require_seconds,
    time_left,
)
from singularity_lab.system.deferred import deferred


def spin(seconds: float) -> None:
    """Use the processor without a look at any limit."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def alarm() -> str:
    """What could keep an alarm from being heard."""
    return f"{signal.getsignal(signal.SIGPROF)}, {signal.getitimer(signal.ITIMER_PROF)}, " + str(
        (gc.callbacks, threading.current_thread(), sys.getprofile(), sys.gettrace())
    )


def test_a_limit_ends_a_loop_that_looks_and_one_that_does_not():
    for work in (lambda: [check_time() for _ in iter(int, 1)], lambda: spin(5)):
        started = time.process_time()
        with TimeLimit(0.05) as limit:
            work()
        assert limit.expired
        assert time.process_time() - started < 1, alarm()


def test_within_the_limit_nothing_happens():
    with TimeLimit(5) as limit:
        spin(0.01)
        assert 4 < time_left() < 5
    assert not limit.expired
    spin(0.05)
    check_time()
    assert time_left() == float("inf")


def test_of_two_limits_the_earlier_one_ends_the_work():
    reached = []
    with TimeLimit(5) as outer:
        with TimeLimit(0.05) as inner:
            spin(5)
        reached.append("after the inner one")
    assert (inner.expired, outer.expired, len(reached)) == (True, False, 1)
    with TimeLimit(0.05) as outer:
        with TimeLimit(5) as inner:
            spin(5)
        reached.append("never")
    assert (inner.expired, outer.expired, len(reached)) == (False, True, 1)


def test_the_end_stays_and_no_handler_of_errors_hides_it():
    passed = 0
    with TimeLimit(0.02):
        while passed < 100:
            try:
                spin(1)
            except Exception:
                passed = 100
            except OutOfTime:
                passed += 1  # comes again
                if passed == 3:
                    raise
    assert passed == 3


def test_other_exceptions_go_through():
    with pytest.raises(ZeroDivisionError), TimeLimit(5):
        1 / 0  # noqa: B018
    assert time_left() == float("inf")


def test_a_call_that_would_end_too_late_is_not_begun():
    with TimeLimit(5) as limit:
        check_time(1)
        check_time(60)
        pytest.fail("a minute does not fit into five seconds")
    assert limit.expired
    check_time(60)  # without a limit there is time


def test_a_limit_can_be_shortened():
    started = time.process_time()
    with TimeLimit(60) as outer, TimeLimit(50):
        outer.shorten(0.05)
        spin(10)
    assert outer.expired
    assert time.process_time() - started < 1


def test_threads_have_limits_of_their_own():
    found = []

    def work():
        with TimeLimit(0.05) as limit:
            while True:
                check_time()
        found.append(limit.expired)

    with TimeLimit(50) as mine:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [True]
    assert not mine.expired


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer here")
def test_the_timer_leaves_profilers_alone():
    heard = []
    before = signal.signal(signal.SIGPROF, lambda *_: heard.append(1))
    try:
        with TimeLimit(0.02) as limit:
            spin(0.2)
            check_time()
        assert limit.expired
        assert heard == []
        assert signal.getsignal(signal.SIGPROF) is not before
    finally:
        signal.signal(signal.SIGPROF, before)


@pytest.mark.parametrize("budget", [0, -1, float("nan"), True, "60"])
def test_a_budget_is_a_number_of_seconds(budget):
    with pytest.raises(BadInput, match="budget: CPU seconds > 0 are needed"):
        require_seconds(budget)


def test_what_is_held_is_raised_after_the_body():
    """Time and Ctrl-C, also both; the body is told of them, and nothing is raised in it."""
    done = []
    with TimeLimit(0.02) as limit, deferred() as over:
        spin(0.2)
        done.append(over())
    assert limit.expired

    def interrupted():
        with deferred() as over:
            assert not over()
            signal.raise_signal(signal.SIGINT)
            done.append(over())

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(ValueError, match="mine"), deferred():
        raise ValueError("mine")
    assert done == [True, True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with TimeLimit(0.02) as limit:
        spin(1)
    assert limit.expired
