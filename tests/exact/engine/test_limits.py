"""Limits and interruption: the search ends with bounds that are certified on both sides."""

import signal
import subprocess
import sys
from fractions import Fraction

import pytest

from singularity_lab import BadInput, rlct, verify
from singularity_lab.exact.engine import limits
from singularity_lab.system.deadline import TimeLimit

SIX_UNITS = ["+".join(f"a{i}*b{i}^{2 * j + 1}" for i in range(6)) for j in range(6)]


@pytest.mark.parametrize("limit", [{"nodes": 12}, {"budget": 1}])
def test_a_limit_ends_the_search_with_bounds(limit):
    """Six tanh units take longer than any of these; λ = 6/5 (Aoyagi 2010) lies between."""
    found = rlct(SIX_UNITS, **limit)
    assert not found.exact
    assert found.bounds.lower.value <= Fraction(6, 5) <= found.bounds.upper.value
    for certificate in found.certificates:
        verify(certificate)
    ended = {"nodes": "nodes", "budget": "time"}[next(iter(limit))]
    assert f"ended by: {ended}" in found.notes[-1]


def test_a_limit_of_memory_ends_the_search():
    """In a process of its own, where no memory lies free."""
    script = (
        "from singularity_lab import rlct; "
        f"print(rlct({SIX_UNITS!r}, memory=4, budget=60).notes[-1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "ended by: memory" in done.stdout


@pytest.mark.parametrize("limit", [{"nodes": 0}, {"memory": -1}, {"budget": 0}])
def test_limits_are_positive(limit):
    with pytest.raises(BadInput, match=next(iter(limit))):
        rlct("x", **limit)


def test_an_interrupt_ends_the_search_with_bounds():
    """In a process of its own, whose SIGINT is Python's."""
    script = (
        "import os, signal, threading; from singularity_lab import rlct; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # a job's may be ignored
        "threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start(); "
        f"found = rlct({SIX_UNITS!r}, budget=120); print(found.notes[-1]); "
        "assert 10 * found.bounds.lower.value <= 12 <= 10 * found.bounds.upper.value; "
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    assert "ended by: interrupted" in done.stdout


@pytest.mark.parametrize("generators", [None, 5, [None], ["x", 1], [["x"]]])
def test_what_is_no_expression(generators):
    with pytest.raises(BadInput, match="generators: expressions are needed"):
        rlct(generators)


def test_memory_is_told_without_the_file_of_the_system(monkeypatch):
    here = limits.resident()
    assert 10 < here < 1e6

    def missing(*_):
        raise OSError

    monkeypatch.setattr("builtins.open", missing)
    assert limits.resident() > 10  # the most so far
    monkeypatch.setattr(limits, "resource", None)
    assert limits.resident() == 0.0


def test_a_first_interrupt_ends_the_search_and_a_second_one_is_raised():
    class Search:
        ended = ""
        limit = TimeLimit(60)

    search = Search()
    with limits.stopped_by_interrupt(search):
        signal.raise_signal(signal.SIGINT)
        assert search.ended == "interrupted"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
