"""Calls that do not depend on each other, made here, in processes of this machine, or on Dask.

``catalog prove``, ``dictionary build`` and ``calibrate run`` make theirs by it. What a call leaves
behind is its own affair: it is kept in one step before the call returns, so that whatever is killed
(a worker, the driver, the scheduler), the same command goes on from there.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.system.extras import require
from singularity_lab.system.user_modules import safe_path

__all__ = ["Ended", "Runner", "check_address", "client_of", "run_on", "workers"]

PATIENCE = 30.0  # seconds without a scheduler before a run says so


@dataclass(frozen=True)
class Ended:
    """A call that has ended. key: its name. result: what it returned. error: what it raised, or
    that its worker was lost."""

    key: str
    result: Any = None
    error: Exception | None = None


Runner = Callable[[Callable[..., Any], Mapping[str, tuple[Any, ...]]], Iterator[Ended]]
"""``run(function, {key: arguments})`` yields an outcome for each call, as they end."""


@contextlib.contextmanager
def workers(jobs: int, cluster: str = "") -> Generator[Runner, None, None]:
    """A context with a :data:`Runner`: in this process for one job, else in so many processes, or
    on the Dask cluster at an address (see :func:`check_address`).

    They end at once when the body is left by an exception. Raises BadInput for jobs < 1 and for an
    address that is none, SingularityLabError when a process dies or the scheduler goes away.

    >>> with workers(1) as run:
    ...     [(o.key, o.result) for o in run(pow, {"a": (2, 3), "b": (3, 2)})]
    [('a', 8), ('b', 9)]
    """
    if jobs < 1:
        raise BadInput(f"jobs: at least one process is needed, received {jobs}")
    if cluster:
        with client_of(cluster) as client:
            yield lambda function, calls: run_on(client, function, calls)
    elif jobs == 1:
        yield _here
    else:
        with _pool(jobs) as run:
            yield run


def _here(function: Callable[..., Any], calls: Mapping[str, tuple[Any, ...]]) -> Iterator[Ended]:
    for key, arguments in calls.items():
        yield Ended(key, function(*arguments))


def _ended(key: str, error: BaseException | None, result: Any) -> Ended:
    if error is not None and not isinstance(error, Exception):
        raise error  # an interruption is no outcome of a call
    return Ended(key, result, error)


# -- processes ------------------------------------------------------------------------------------


@contextlib.contextmanager
def _pool(jobs: int) -> Generator[Runner, None, None]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_ignore_interrupts)

    def run(function: Callable[..., Any], calls: Mapping[str, tuple[Any, ...]]) -> Iterator[Ended]:
        waiting = {pool.submit(function, *arguments): key for key, arguments in calls.items()}
        for done in as_completed(waiting):
            error = done.exception()
            if isinstance(error, BrokenProcessPool):
                raise SingularityLabError(
                    "jobs: a worker process was killed (out of memory?); what was finished is "
                    "kept, and the same command goes on"
                )
            yield _ended(waiting[done], error, None if error else done.result())

    with safe_path():
        try:
            yield run
        except BaseException:  # also Ctrl-C: no worker may outlive its caller
            processes = list((getattr(pool, "_processes", None) or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            raise
        else:
            pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


# -- Dask -----------------------------------------------------------------------------------------


def check_address(address: str) -> int | None:
    """The number of workers of ``local:N``; None for the address of a scheduler.

    Raises BadInput for anything else.

    >>> check_address("local:4"), check_address("tcp://10.0.0.1:8786")
    (4, None)
    """
    kind, _, rest = address.partition(":")
    if kind == "local" and rest.isdecimal() and 1 <= int(rest) <= 1024:
        return int(rest)
    if kind in ("tcp", "tls", "ucx", "ws", "wss") and rest.startswith("//") and len(rest) > 2:
        return None
    raise BadInput(f"cluster: local:N or tcp://HOST:PORT is needed, received {address!r}")


@contextlib.contextmanager
def client_of(address: str) -> Generator[Any, None, None]:
    """A context with a Dask client: of the scheduler at ``tcp://HOST:PORT``, or of workers that
    are started here for ``local:N``. Raises BadInput where no scheduler answers."""
    number = check_address(address)
    require("cluster", "distributed")
    import distributed

    if number is None:
        try:
            client = distributed.Client(address, timeout="20s")
        except (OSError, TimeoutError) as error:
            raise BadInput(f"cluster: no scheduler answers at {address}: {error}") from None
        with client:
            yield client
        return
    with (
        distributed.LocalCluster(
            n_workers=number,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            memory_limit=0,
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def run_on(
    client: Any, function: Callable[..., Any], calls: Mapping[str, tuple[Any, ...]]
) -> Generator[Ended, None, None]:
    """Make calls on a cluster, first ones first; an outcome is yielded as each ends.

    Raises SingularityLabError when the scheduler has been away for half a minute.
    """
    import distributed

    waiting = {
        client.submit(function, *arguments, key=key, pure=False, priority=-number): key
        for number, (key, arguments) in enumerate(calls.items())
    }
    lost = 0.0
    while waiting:
        try:
            done = distributed.wait(list(waiting), timeout=2, return_when="FIRST_COMPLETED").done
            lost = 0.0
        except TimeoutError:
            lost = 0.0 if client.status == "running" else lost + 2
            done = set()
        except distributed.client.FuturesCancelledError:
            lost, done = PATIENCE, set()
        if lost >= PATIENCE or any(f.status in ("lost", "cancelled") for f in waiting):
            raise SingularityLabError(
                "cluster: the scheduler is gone; what was finished is kept, and the same "
                "command goes on"
            )
        for future in done:
            error = future.exception() if future.status == "error" else None
            yield _ended(waiting.pop(future), error, None if error else future.result())
