"""Neither the clock nor Ctrl-C raises in a body; both are heard after it."""

import signal

import pytest

from singularity_lab.system.deadline import TimeLimit
from singularity_lab.system.deferred import deferred


def test_a_body_that_is_in_time_is_left_alone():
    with deferred() as over:
        assert over() is False


def test_an_interrupt_is_raised_after_the_body():
    done = []
    with pytest.raises(KeyboardInterrupt), deferred() as over:  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        assert over()
        done.append("body")
    assert done == ["body"]


def test_an_error_of_the_body_is_its_own():
    with pytest.raises(ZeroDivisionError), deferred():
        1 / 0  # noqa: B018


def test_the_handler_is_given_back():
    before = signal.getsignal(signal.SIGINT)
    with TimeLimit(5), deferred():
        pass
    assert signal.getsignal(signal.SIGINT) is before
