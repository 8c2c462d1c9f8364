"""SIGKILL at random moments over drivers, workers and the scheduler: what a sweep loses, and what
it makes twice.

    python benchmarks/calibration_kills.py FOLDER [--moments 20] [--seed 0] [--patience 240]

Sweeps of cheap tasks run by the local pool and on Dask. At a random moment, for one in four during
start-up and else while tasks are at work, one process is killed: the driver (the others are left to
find out), a worker, or the scheduler. Where the run ends by that, the same command is given again
(after the scheduler, on a new cluster), until it has finished. Then the table is compared with that
of an undisturbed run, and every task that was begun after a record of it had been written is a
finished task made twice. One line of JSON for each moment goes into FOLDER/kills.jsonl, and the
same command goes on where it stopped. Exit code 1 if a table differs or a finished task was made
again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from calibration_tasks import begun, start, sweep

from singularity_lab.calibration.archive import open_store
from singularity_lab.calibration.record_store import RecordStore

SEEDS, SECONDS = 16, 0.25  # tasks of a run, and what each takes
VICTIMS = ("pool driver", "pool worker", "dask driver", "dask worker", "dask scheduler")


class Cluster:
    """A Dask scheduler with two workers, each in a process of its own."""

    def __init__(self, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        self.scheduler = start(["-m", "distributed.cli.dask_scheduler", *words], log)
        self.address = f"tcp://127.0.0.1:{self.port}"
        words = [self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        words += ["--death-timeout", "60"]
        self.workers = [start(["-m", "distributed.cli.dask_worker", *words], log) for _ in "12"]

    def end(self) -> None:
        """End what is left of it."""
        for process in (*self.workers, self.scheduler):
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here, with its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children(pid: int) -> list[int]:
    """The processes that a process has started and that live."""
    found = []
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(place.name))
    return found


def table(folder: Path) -> list[tuple[Any, ...]]:
    """What a store says: one line for each measurement."""
    found = open_store(folder / "out").measurements
    return sorted((m.row.id, m.seed, m.value, m.low, m.high, m.outcome) for m in found)


def made_twice(folder: Path) -> list[int]:
    """The seeds that were begun after a record of them had been written."""
    import duckdb

    first: dict[int, float] = {}
    for part in RecordStore(folder / "out").parts():
        sql = "SELECT seed, min(written) FROM read_parquet(?) WHERE outcome <> 'died' GROUP BY seed"
        for seed, written in duckdb.execute(sql, [str(part)]).fetchall():
            first[seed] = min(written, first.get(seed, written))
    return [seed for seed, moment, _ in begun(folder) if moment > first.get(seed, moment)]


def run_out(process: subprocess.Popen[bytes], patience: float) -> int:
    """The exit code of a run; one that takes longer is ended, and counts as -1."""
    try:
        return process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        end(process)
        return -1


def wait_for_tasks(folder: Path, run: subprocess.Popen[bytes], seconds: float) -> None:
    """Until so long after the first task has begun, or the run has ended."""
    while not begun(folder) and run.poll() is None:
        time.sleep(0.02)
    time.sleep(seconds)


def trial(
    folder: Path, victim: str, early: bool, share: float, usual: float, patience: float
) -> dict[str, Any]:
    """One run with one kill, and what came of it. early: during start-up, whose usual length is
    known, else while tasks are at work; share: of this time; patience: seconds for a run."""
    kind, _, whom = victim.partition(" ")
    folder.mkdir(parents=True)
    clusters: list[Cluster] = []

    def runner() -> list[str]:
        if kind == "pool":
            return ["--workers", "2"]
        if whom == "driver":
            return ["--cluster", "local:2"]
        if not clusters or clusters[-1].scheduler.poll() is not None:
            clusters.append(Cluster(folder / "cluster.log"))
        return ["--cluster", clusters[-1].address]

    runs = [sweep(folder, SEEDS, SECONDS, runner())]
    try:
        if early:
            time.sleep(share * usual)
        else:
            wait_for_tasks(folder, runs[0], share * SEEDS * SECONDS / 2)
        before = len(begun(folder))
        killed = runs[0].pid
        if whom == "scheduler":
            killed = clusters[0].scheduler.pid
        elif kind == "pool" and whom == "worker":
            workers = children(runs[0].pid)
            killed = workers[0] if workers else 0
        elif whom == "worker":
            killed = clusters[0].workers[0].pid
        if killed and (whom != "driver" or runs[0].poll() is None):
            os.kill(killed, signal.SIGKILL)
        code = run_out(runs[0], patience)
        while code != 0 and len(runs) < 4:
            runs.append(sweep(folder, SEEDS, SECONDS, runner()))
            code = run_out(runs[-1], patience)
    finally:
        for process in runs:
            end(process)
        for cluster in clusters:
            cluster.end()
    finished = len(begun(folder))
    return {
        "victim": victim, "early": early, "begun_before": before, "killed": bool(killed),
        "runs": len(runs), "exit": code, "begun": finished,
        "made_twice": made_twice(folder) if code == 0 else None,
        "table": table(folder) if code == 0 else None,
    }  # fmt: skip


def undisturbed(folder: Path, patience: float) -> tuple[list[tuple[Any, ...]], dict[str, float]]:
    """The table of runs that nobody disturbs, and the seconds that each kind takes."""
    usual = {}
    tables = []
    for kind, runner in (("pool", ["--workers", "2"]), ("dask", ["--cluster", "local:2"])):
        started = time.time()
        if run_out(sweep(folder / kind, SEEDS, SECONDS, runner), patience) != 0:
            sys.exit(f"the undisturbed run fails: {folder / kind / 'log'}")
        usual[kind] = begun(folder / kind)[0][1] - started
        tables.append(table(folder / kind))
    if tables[0] != tables[1] or len(tables[0]) != SEEDS:
        sys.exit("the pool and Dask give two tables")
    return tables[0], usual


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=240.0, help="seconds for a run")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = options.folder.resolve()
    journal, kept = folder / "kills.jsonl", folder / "undisturbed.json"
    if not kept.exists():
        found, usual = undisturbed(folder / f"undisturbed-{os.getpid()}", options.patience)
        kept.write_text(json.dumps({"table": found, "usual": usual}))
    said = json.loads(kept.read_text())
    done = [json.loads(x) for x in journal.read_text().splitlines()] if journal.exists() else []
    for number in range(len(done), options.moments):
        victim = VICTIMS[number % len(VICTIMS)]
        generator = random.Random(f"{options.seed} {number}")
        usual = said["usual"][victim.partition(" ")[0]]
        place = folder / f"kill-{number:02}-{os.getpid()}"
        early = number // len(VICTIMS) % 4 == 3
        found = trial(place, victim, early, generator.uniform(0.02, 1.0), usual, options.patience)
        found["same"] = json.loads(json.dumps(found.pop("table"))) == said["table"]
        with journal.open("a") as file:
            file.write(json.dumps(found) + "\n")
        done.append(found)
        print(json.dumps(found), flush=True)
    wrong = [x for x in done if not x["same"] or x["made_twice"]]
    again = sum(x["begun"] - SEEDS for x in done)
    print(
        f"{len(done)} moments, {sum(x['killed'] for x in done)} kills: {len(done) - len(wrong)} "
        f"tables are those of the undisturbed run, with no finished task made twice; "
        f"{again} tasks at work were begun again"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
