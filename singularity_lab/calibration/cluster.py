"""The measurements of a run on Dask: on more than one machine, or on workers of this one.

A task is done when its record lies in the store, which all machines reach by one path: the worker
writes ``shard-KEY.jsonl`` in one step before its future is released, and a task whose record is
there is not measured again. Whatever is killed (a worker, the driver, the scheduler), the same
command goes on where the store stands.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from singularity_lab.calibration.design import Task
from singularity_lab.calibration.record_store import DIED, RecordStore, holds_record, line_of
from singularity_lab.calibration.worker import failure, perform
from singularity_lab.errors import BadInput
from singularity_lab.system.files import write_bytes
from singularity_lab.system.workers import client_of, run_on

__all__ = ["measure_on"]


def measure_on(address: str, tasks: list[Task], store: RecordStore) -> Generator[Task, None, None]:
    """Measure tasks on a cluster; each is yielded when its record is in the store.

    address: ``tcp://HOST:PORT`` of a scheduler whose workers see the store's folder by the same
    path, or ``local:N``. Raises SingularityLabError when the scheduler goes away.
    """
    folder = str(store.folder.resolve())
    named = {f"measure-{task.key}": task for task in tasks}
    # BadInput before anything starts
    calls = {name: (folder, task.message()) for name, task in named.items()}
    with client_of(address) as client:
        for outcome in run_on(client, _perform, calls):
            if isinstance(outcome.error, BadInput):
                raise outcome.error
            if outcome.error is not None:
                reason = f"{type(outcome.error).__name__}: {outcome.error}"
                with store.shard() as shard:
                    shard.append(failure(calls[outcome.key][1], DIED, reason))
            yield named[outcome.key]


def _perform(folder: str, message: Mapping[str, Any]) -> str:
    """One task on a worker; its record is on the disk when this returns its key."""
    place = Path(folder)
    if not place.is_dir():
        raise BadInput(f"cluster: a worker does not see the store's folder {folder!r}")
    key = str(message["key"])
    target = place / f"shard-{key}.jsonl"
    if holds_record(target):
        return key
    try:
        record = perform(message)
    except Exception as error:  # a fault of one task is a line of the table
        record = failure(message, DIED, f"{type(error).__name__}: {error}")
    write_bytes(target, line_of(record))
    return key
