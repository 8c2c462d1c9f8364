"""Calls in this process, in others, on Dask have the same outcomes, with errors that say why."""

from __future__ import annotations

import os
import signal

import pytest

from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.system.workers import check_address, workers


def halves(n):
    if n % 2:
        raise ValueError(f"{n} is odd")
    return n // 2


def die(n):
    os.kill(os.getpid(), signal.SIGKILL)


def outcomes(jobs, cluster=""):
    with workers(jobs, cluster) as run:
        found = {o.key: o for o in run(halves, {"six": (6,), "three": (3,), "two": (2,)})}
    assert (found["six"].result, found["two"].result) == (3, 1)
    assert isinstance(found["three"].error, ValueError)
    assert str(found["three"].error) == "3 is odd"


def test_calls_in_processes_end_each_for_itself():
    outcomes(2)


@pytest.mark.slow
def test_calls_on_dask_end_likewise():
    outcomes(1, "local:2")


def test_calls_in_this_process_raise_where_they_fail():
    with workers(1) as run:
        assert [(o.key, o.result) for o in run(halves, {"a": (4,), "b": (8,)})] == [
            ("a", 2),
            ("b", 4),
        ]
        with pytest.raises(ValueError, match="3 is odd"):
            list(run(halves, {"three": (3,)}))


@pytest.mark.slow
def test_a_process_that_is_killed_is_one_line():
    with workers(2) as run, pytest.raises(SingularityLabError, match="a worker process was killed"):
        list(run(die, {"a": (1,), "b": (2,)}))


def test_an_address_is_a_scheduler_or_a_number_of_workers():
    assert check_address("local:2") == 2
    assert check_address("tcp://host:8786") is None
    for wrong in ("local:0", "local:x", "tcp:", "host:8786", "", "http://host"):
        with pytest.raises(BadInput, match="cluster: local:N or tcp://HOST:PORT"):
            check_address(wrong)
    with pytest.raises(BadInput, match="cluster: local:N"), workers(1, "local:0"):
        pass
    with pytest.raises(BadInput, match="jobs: at least one"), workers(0):
        pass
