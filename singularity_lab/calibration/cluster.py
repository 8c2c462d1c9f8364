"""The measurements of a run on Dask: on more than one machine, or on workers of this one.

A task is done when its record lies in the store, which all machines reach by one path: the worker
writes ``shard-KEY.jsonl`` in one step before its future is released, and a task whose record is
there is not measured again. Whatever is killed (a worker, the driver, the scheduler), the same
command goes on where the store stands.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from singularity_lab.calibration.design import Task
from singularity_lab.calibration.store import DIED, Store
from singularity_lab.calibration.worker import failure, perform
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.system.extras import require
from singularity_lab.system.files import write_text

__all__ = ["check_address", "measure_on"]

PATIENCE = 30.0  # seconds without a scheduler before the run says so


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


def measure_on(address: str, tasks: list[Task], store: Store) -> Generator[Task, None, None]:
    """Measure tasks on a cluster; each is yielded when its record is in the store.

    address: ``tcp://HOST:PORT`` of a scheduler whose workers see the store's folder by the same
    path, or ``local:N``. Raises SingularityLabError when the scheduler goes away.
    """
    workers = check_address(address)
    require("cluster", "distributed")
    import distributed

    folder = str(store.folder.resolve())
    messages = [(task, task.message()) for task in tasks]  # BadInput before anything starts
    with _client(address, workers) as client:
        waiting = {
            client.submit(
                _perform, folder, message, key=f"measure-{task.key}", pure=False, priority=-number
            ): (task, message)
            for number, (task, message) in enumerate(messages)
        }
        lost = 0.0
        while waiting:
            try:
                done = distributed.wait(
                    list(waiting), timeout=2, return_when="FIRST_COMPLETED"
                ).done
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
                task, message = waiting.pop(future)
                if future.status == "error":
                    error = future.exception()
                    if isinstance(error, BadInput):
                        raise error
                    reason = f"{type(error).__name__}: {error}"
                    with store.shard() as shard:
                        shard.append(failure(message, DIED, reason))
                yield task


@contextlib.contextmanager
def _client(address: str, workers: int | None) -> Iterator[Any]:
    import distributed

    if workers is None:
        try:
            client = distributed.Client(address, timeout="20s")
        except (OSError, TimeoutError) as error:
            raise BadInput(f"cluster: no scheduler answers at {address}: {error}") from None
        with client:
            yield client
        return
    with (
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            memory_limit=0,
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def _perform(folder: str, message: Mapping[str, Any]) -> str:
    """One task on a worker; its record is on the disk when this returns its key."""
    place = Path(folder)
    if not place.is_dir():
        raise BadInput(f"cluster: a worker does not see the store's folder {folder!r}")
    key = str(message["key"])
    target = place / f"shard-{key}.jsonl"
    if target.exists():
        return key
    try:
        record = perform(message)
    except Exception as error:  # a fault of one task is a line of the table
        record = failure(message, DIED, f"{type(error).__name__}: {error}")
    write_text(target, json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
    return key
