"""Factors over Q that keep to a time limit: what may take long is factored in a process that can be
ended.

FLINT factors polynomials in one variable in a time that the degree tells. In more variables the
time may grow without warning (``(x^300 - y^7)*(x^3 - y^30)`` takes minutes), and a call into C
cannot be interrupted. Under a limit (:mod:`singularity_lab.system.deadline`) polynomials of large
degrees go to a helper process, whose CPU seconds count; without a limit FLINT is called here.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from functools import lru_cache
from typing import Any

import flint

from singularity_lab.system.deadline import (
    OutOfTime,
    check_time,
    count_waiting,
    factoring_time,
    time_left,
)
from singularity_lab.system.stopwatch import Stopwatch

Poly = flint.fmpq_mpoly
Factors = tuple[flint.fmpq, list[tuple[Poly, int]]]
_QUICK = 2_000  # product of the two largest degrees up to which FLINT takes well below a second

_HELPER = """
import json, signal, sys, time
import flint
for line in sys.stdin:
    seconds, n, terms = json.loads(line)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, seconds)  # ends the process, also in a call into C
    context = flint.fmpq_mpoly_ctx.get([f"x{i}" for i in range(n)], "lex")
    number = lambda c, d: flint.fmpq(flint.fmpz(c), flint.fmpz(d))
    content, factors = context.from_dict({tuple(a): number(c, d) for a, c, d in terms}).factor()
    text = lambda q: [str(q.p), str(q.q)]
    listed = lambda q: [[list(map(int, a)), *text(c)] for a, c in q.to_dict().items()]
    found = [[listed(q), int(e)] for q, e in factors]
    signal.setitimer(signal.ITIMER_PROF, 0)
    print(json.dumps([text(content), found, time.process_time() - began]), flush=True)
"""


def factor(p: Poly) -> Factors:
    """The content of p and its irreducible factors over Q with exponents, as FLINT gives them.

    Raises OutOfTime where the time limit of the thread does not suffice.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> content, factors = factor(parse("2*x^2 - 2*y^2").flint)
    >>> print(content, sorted((str(q), e) for q, e in factors))
    2 [('x + y', 1), ('x - y', 1)]
    """
    degrees = sorted((int(d) for d in p.degrees() if d), reverse=True)
    if len(degrees) < 2:
        check_time(factoring_time(max(degrees, default=0)))
    elif degrees[0] * degrees[1] > _QUICK and len(p) > 1:
        left = time_left()
        if left < float("inf") and hasattr(select, "poll"):
            return _apart(p, left)
    return p.factor()


def factor_if_quick(p: Poly, seconds: float = 1.0) -> Factors:
    """The factors as :func:`factor` gives them, or p itself as its only factor where that takes
    more than a number of seconds."""
    try:
        degrees = sorted((int(d) for d in p.degrees() if d), reverse=True)
        if len(degrees) > 1 and degrees[0] * degrees[1] > _QUICK and len(p) > 1:
            left = time_left()
            if left < float("inf") and hasattr(select, "poll"):
                return _apart(p, min(seconds, left / 4))
        return factor(p)
    except OutOfTime:
        check_time()
        return flint.fmpq(1), [(p, 1)]


def _apart(p: Poly, seconds: float) -> Factors:
    """The factors by the helper process, within so many seconds of waiting; else OutOfTime."""
    check_time()
    terms = [[list(map(int, a)), str(c.p), str(c.q)] for a, c in p.to_dict().items()]
    names = p.context().nvars()
    key = json.dumps([names, terms])
    known = _known(key)
    if not known or (known[0] is None and known[1] < seconds):
        answer = _helper.ask(json.dumps([seconds, names, terms]), seconds)
        count_waiting(seconds if answer is None else json.loads(answer)[2])
        known[:] = [answer, seconds]
    if known[0] is None:
        raise OutOfTime
    (top, bottom), found, _ = json.loads(known[0])
    context = p.context()

    def number(c: str, d: str) -> flint.fmpq:
        return flint.fmpq(flint.fmpz(c), flint.fmpz(d))

    return number(top, bottom), [
        (context.from_dict({tuple(a): number(c, d) for a, c, d in listed}), int(e))
        for listed, e in found
    ]


@lru_cache(maxsize=1000)
def _known(key: str) -> list[Any]:
    """What the helper has said of a polynomial: its answer (or None), and the seconds it had."""
    return []


class _Helper:
    """One process that factors, started at first need and ended where it takes too long."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, request: str, seconds: float) -> str | None:
        """The answer to one line, or None where none came in time."""
        with self.lock:
            process = self.process
            if process is None or process.poll() is not None:
                process = self.process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _HELPER],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for this process
                )
            assert process.stdin is not None
            assert process.stdout is not None
            done = False
            try:
                process.stdin.write(request.encode() + b"\n")
                process.stdin.flush()
                # the process ends itself after its CPU seconds; on a busy machine that takes longer
                watch, most = Stopwatch(), 20 * seconds + 20
                found = b""
                while not found.endswith(b"\n"):
                    left = most - watch.wall
                    ready = left > 0 and select.select([process.stdout], [], [], left)[0]
                    piece = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
                    if not piece:
                        return None
                    found += piece
                done = True
                return found.decode()
            except BrokenPipeError:
                return None
            finally:
                if not done:
                    self.end()

    def end(self) -> None:
        """End the process; the next question starts another one."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


_helper = _Helper()
atexit.register(_helper.end)
