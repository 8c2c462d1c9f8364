"""Carry out a calibration: prove the rows, measure them in worker processes, keep everything,
score.

Each finished measurement is on the disk before its worker takes the next (:mod:`.record_store`), so
that a run that is stopped, by Ctrl-C or by a power cut, is taken up where it was by the same call:
a task is named by its content, and what has been measured is not measured again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.archive import (
    certificate_name,
    keep_open_rows,
    keep_plans,
    keep_rows,
)
from singularity_lab.calibration.design import Arm, CalibrationRow, Plan, Task, arms_of, plan
from singularity_lab.calibration.ledger import every_ledger
from singularity_lab.calibration.measurement import Truth
from singularity_lab.calibration.probes import probes
from singularity_lab.calibration.record_store import (
    COLUMNS,
    DIED,
    SCORED,
    RecordStore,
    StoredRecord,
    holds_record,
    shards_of,
)
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.row_sets import LARGEST, RowSet, is_name, row_set
from singularity_lab.calibration.score import score
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.system.files import read_json, write_text
from singularity_lab.system.user_modules import path_without_here

if TYPE_CHECKING:
    from singularity_lab.catalog.entry import Entry
    from singularity_lab.spectroscopes.meter import Budget

__all__ = ["calibrate", "measure_all", "prove_all", "run_plans"]

READINGS = 2000  # up to so many whole readings are kept in memory
Progress = Callable[[str, int, int, str], None]  # (what, done, of how many, the last one)


def calibrate(
    devices: Any,
    rows: str | Entry | LocalProblem | Iterable[str | Entry | LocalProblem] = "quick",
    seeds: int | Iterable[int] = 1,
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    budget: Budget | float | None = None,
    evaluations: float | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Return the calibration of devices or estimators: readings at rows whose truth is proved,
    scored against it.

    devices: one or several of: a name, a function, a pair (device, settings). A function of your
    own, ``mine(loss, seed, budget)``, sees a loss without a name: ``loss.value(w)`` and
    ``loss.value_and_grad(w)`` at points w (c, d), ``loss.dim``, ``loss.center``; it returns a
    number, an estimate with its standard error, (estimate, low, high) at 90 %, or a Reading. What
    it evaluates and the CPU seconds that it takes are counted for it, and where it fails, its row
    says why. With :func:`~singularity_lab.calibration.estimators.torch_estimator` it gets a model
    and a loader instead. rows: a set by name (``quick``, ``standard``, ``deep-linear``, ``hidden``,
    ``hidden:SEED``), to which :mod:`.probes` are added for functions of your own; or, without
    probes, ids of the catalog, entries, local problems. seeds: integers, or how many. out: the
    folder that keeps readings and certificates (the same call goes on where it stopped); without it
    nothing is kept.
    workers: processes; 0 measures in this process, which also serves a function that no other
    process could import; None: two, or none for such a function or a single measurement. budget:
    CPU seconds of one measurement; evaluations: how many of K and ∇K it may take; None for no
    limit. progress: called with what is done, how much of it, out of how much, and the last one's
    name.

    Returns a :class:`~singularity_lab.calibration.results.Calibration`; failures stay in it, and it
    prints as a table with a verdict in words (a line for each device and class of m). What a device
    refuses whatever the loss is ends the call before anything is measured. Raises BadInput for a
    plan that makes no sense.

    >>> c = calibrate("hessian", LocalProblem.build(["x", "y"]), workers=0)
    >>> print(c.measurements[0].truth.value, c.measurements[0].value)
    1 1.0
    """
    arms = arms_of(devices)
    for arm in arms:  # before rows are drawn and proved
        arm.check()
    title = ""
    if isinstance(rows, str) and is_name(rows):
        chosen = chosen_set(rows, out)
        title = str(chosen)
        added = probes(chosen.rows, secret_of(out)) if any(a.outside for a in arms) else ()
        work = plan(arms, (*chosen.rows, *added), seeds, budget, evaluations)
    else:
        work = plan(arms, rows, seeds, budget, evaluations)
    if workers is None:
        workers = 2 if len(work.tasks()) > 1 and all(map(is_portable, arms)) else 0
    found = run_plans([work], out, workers, progress, title)
    if not title:
        return found
    found = every_ledger(found)
    return dataclasses.replace(found, row_set=title)


def is_portable(arm: Arm) -> bool:
    """True for an arm that another process can import."""
    try:
        arm.portable()
    except BadInput as error:
        if "cannot be imported by another process" in str(error):
            return False
        raise
    return True


def secret_of(out: str | Path | None, called: str = "out") -> int:
    """The number that fixes the probes of a store; a new one where nothing is kept."""
    return int(_kept(out, "secret", lambda: secrets.randbelow(2**63), called))


def chosen_set(name: str, out: str | Path | None, called: str = "out") -> RowSet:
    """The set of that name; the draw of ``hidden`` is that which the store began with."""
    if name == "hidden":
        draw = f"hidden:{secrets.randbelow(LARGEST)}"
        name = str(_kept(out, "hidden", lambda: draw, called))
    return row_set(name)


def _kept(out: str | Path | None, name: str, draw: Callable[[], Any], called: str) -> Any:
    """A value that is drawn once for a store. called: the folder's argument, for messages."""
    if out is None:
        return draw()
    path = RecordStore(out, called).folder / "draws.json"
    kept = read_json(path, called) if path.exists() else {}
    if not isinstance(kept, dict):
        raise BadInput(f"{called}: {path} is damaged; it is to hold a JSON object")
    if name not in kept:
        kept[name] = draw()
        write_text(path, json.dumps(kept) + "\n")
    return kept[name]


def run_plans(
    plans: Sequence[Plan],
    out: str | Path | None,
    workers: int = 2,
    progress: Progress | None = None,
    title: str = "",
    cluster: str = "",
    called: str = "out",
) -> Calibration:
    """Several plans as one run: rows are proved once, tasks of all plans are measured in their
    order. title: the name of the set that the rows are, which the store keeps. cluster: the address
    of a Dask scheduler, or ``local:N``, instead of workers (:mod:`.cluster`). called: the argument
    by which messages call the folder."""
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        raise BadInput(f"workers: an integer >= 0 is needed, received {workers!r}")
    with contextlib.ExitStack() as stack:
        temporary = out is None
        if out is None:
            out = stack.enter_context(tempfile.TemporaryDirectory(prefix="singlab-"))
        store = RecordStore(out, called)
        stack.enter_context(store.lock())
        rows: dict[str, CalibrationRow] = {}
        for row in (row for work in plans for row in work.rows):
            if rows.setdefault(row.id, row).source() != row.source():
                raise BadInput(f"rows: two problems are named {row.id!r}; give one another id")
        keep_open_rows(store, rows.values())
        keep_plans(store, plans, title)
        truths = prove_all(rows.values(), store.folder / "certificates", progress)
        keep_rows(store, rows.values(), truths)
        # once: their keys hold the code of the devices, which may be edited while a run goes on
        asked = [work.tasks() for work in plans]
        tasks = list({t.key: t for some in asked for t in some}.values())
        records = measure_all(tasks, store, workers, progress, cluster)
        kept = None if temporary else store
    scored = [score(w, t, truths, records, kept) for w, t in zip(plans, asked, strict=True)]
    return functools.reduce(Calibration.joined, scored)


# -- proofs ----------------------------------------------------------------------------------------


def prove_all(
    rows: Iterable[CalibrationRow], folder: Path | None = None, progress: Progress | None = None
) -> dict[str, Truth]:
    """The truth of every row, by the proof arm; certificates go into ``folder``, one file a
    side."""
    rows = list(rows)
    truths = {}
    for number, row in enumerate(rows):
        if progress:
            progress("proving", number, len(rows), row.id)
        truth = Truth.of(row)
        if folder is not None:
            folder.mkdir(exist_ok=True)
            for certificate in truth.certificates:
                side = "" if certificate.kind == "exact" else f".{certificate.kind}"
                certificate.save(folder / f"{certificate_name(row)}{side}.json")
        truths[row.id] = truth
    if progress:
        progress("proving", len(rows), len(rows), "")
    return truths


# -- measurements ----------------------------------------------------------------------------------


def measure_all(
    tasks: Sequence[Task],
    store: RecordStore,
    workers: int,
    progress: Progress | None = None,
    cluster: str = "",
) -> dict[str, StoredRecord]:
    """Make the measurements that the store lacks; all the tasks' records by key."""
    have = store.finished()
    missing = [t for t in tasks if t.key not in have]
    done = len(tasks) - len(missing)
    finished: Generator[Task, None, None]
    if cluster and missing:
        from singularity_lab.calibration.cluster import measure_on

        finished = measure_on(cluster, missing, store)
    elif workers == 0:
        finished = _here(missing, store)
    else:
        finished = _pool(missing, store, workers)
    if progress:
        progress("measuring", done, len(tasks), "")
    with contextlib.closing(finished):
        for task in finished:
            done += 1
            if progress:
                label = f"{task.row.id}: {task.arm.label}, seed {task.seed}"
                progress("measuring", done, len(tasks), label)
    store.compact()
    store.forget_missing()
    columns = tuple(COLUMNS) if len(tasks) <= READINGS else SCORED
    found = {r["key"]: r for r in store.records(columns)}
    return {t.key: found[t.key] for t in tasks}


def _here(tasks: list[Task], store: RecordStore) -> Generator[Task, None, None]:
    """In this process. What a device raises unexpectedly is raised: there is somebody to see it."""
    from singularity_lab.calibration.worker import perform

    with store.shard() as shard:
        for task in tasks:
            shard.append(perform(task.message(here=True), task.arm))
            yield task


@dataclass(frozen=True)
class _Death:
    task: Task
    reason: str


def _pool(tasks: list[Task], store: RecordStore, workers: int) -> Generator[Task, None, None]:
    """Worker processes, each fed by a thread; a worker that dies costs one record and is
    replaced."""
    from singularity_lab.calibration.worker import failure

    messages = [(task, task.message()) for task in tasks]  # BadInput before anything starts
    todo: queue.SimpleQueue[tuple[Task, dict[str, Any]]] = queue.SimpleQueue()
    for pair in messages:
        todo.put(pair)
    results: queue.SimpleQueue[Task | _Death | SingularityLabError] = queue.SimpleQueue()
    by_key = {task.key: message for task, message in messages}
    stop = threading.Event()
    crew = [_Feeder(store.folder, todo, results, stop) for _ in range(min(workers, len(tasks)))]
    finished = False
    try:
        for feeder in crew:
            feeder.start()
        with store.shard() as shard:
            for _ in tasks:
                result = results.get()
                if isinstance(result, SingularityLabError):
                    raise result
                if isinstance(result, _Death):
                    shard.append(failure(by_key[result.task.key], DIED, result.reason))
                    result = result.task
                yield result
        finished = True
    finally:
        stop.set()
        for feeder in crew:
            if not finished:
                feeder.kill()
        for feeder in crew:
            feeder.join()


class _Feeder(threading.Thread):
    """Feeds one worker process and replaces it when it dies."""

    def __init__(
        self,
        folder: Path,
        todo: queue.SimpleQueue[tuple[Task, dict[str, Any]]],
        results: queue.SimpleQueue[Task | _Death | SingularityLabError],
        stop: threading.Event,
    ) -> None:
        super().__init__(daemon=True)
        self._folder, self._todo, self._results, self._stop_all = folder, todo, results, stop
        self._process: subprocess.Popen[str] | None = None
        self._guard = threading.Lock()
        self._said = 0  # bytes of errors from before the task at work
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by run()

    def run(self) -> None:
        with self._errors:
            while not self._stop_all.is_set():
                try:
                    task, message = self._todo.get_nowait()
                except queue.Empty:
                    break
                self._one(task, message)
            self._close()

    def _one(self, task: Task, message: dict[str, Any]) -> None:
        """One task, and once again where its worker ended at it: it may have been killed for no
        fault of the task."""
        for last in (False, True):
            process = self._process or self._begin()
            if process is None:
                return
            assert process.stdin is not None
            assert process.stdout is not None
            self._said = os.fstat(self._errors.fileno()).st_size
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(message) + "\n")
                process.stdin.flush()
            if process.stdout.readline().strip() == task.key:
                return self._results.put(task)
            if self._stop_all.is_set():
                return None
            self._close()
            if any(holds_record(p, task.key) for p in self._folder.glob(shards_of(process.pid))):
                return self._results.put(task)  # its end came between the record and the word
            if last:
                self._results.put(_Death(task, self._why(process)))
        return None

    def _begin(self) -> subprocess.Popen[str] | None:
        """Start a worker; when it cannot even start, say so once and stop everything."""
        with self._guard:
            if self._stop_all.is_set():
                return None
            self._errors.seek(0)
            self._errors.truncate()
            self._said = 0
            self._process = process = subprocess.Popen(
                [sys.executable, "-P", "-c", _WORKER, _PACKAGE, str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                env=_environment(),
                start_new_session=True,  # Ctrl-C reaches the parent alone
            )
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            self._close()
            if not self._stop_all.is_set():
                self._stop_all.set()
                self._results.put(
                    SingularityLabError(f"a worker cannot start: {self._why(process)}")
                )
            return None
        return process

    def _why(self, process: subprocess.Popen[str]) -> str:
        """Why a worker has ended: by what it said since it began with its task."""
        self._errors.seek(self._said)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        if process.returncode < 0:
            return f"killed by signal {-process.returncode}"
        return lines[-1] if lines else f"exit code {process.returncode}"

    def _close(self) -> None:
        """Close the pipes and wait: a live worker ends when its input does."""
        process = self._process
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        process.wait()
        with self._guard:
            self._process = None

    def kill(self) -> None:
        """End the worker now. Between tasks nothing is lost; a task at work is measured again
        later."""
        with self._guard:
            if self._process is not None:
                self._process.kill()


# A worker is given the package by its place, so that it is the parent's whatever the import path
# says; the current folder is not on that path (user_modules.py).
_PACKAGE = str(Path(__file__).resolve().parents[1] / "__init__.py")
_WORKER = """
import os, sys
from importlib import util
spec = util.spec_from_file_location(
    "singularity_lab", sys.argv[1], submodule_search_locations=[os.path.dirname(sys.argv[1])]
)
sys.modules[spec.name] = package = util.module_from_spec(spec)
spec.loader.exec_module(package)
from singularity_lab.calibration.worker import main
main(sys.argv[2])
"""


def _environment() -> dict[str, str]:
    """The parent's, with its import path but for the current folder, and one thread: two workers
    then fill two cores."""
    path = os.pathsep.join(path_without_here())
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
