"""How fast a large store of readings is queried and reported, and how much memory it takes.

    OMP_NUM_THREADS=1 python benchmarks/calibration_store.py FOLDER [--readings 100000]

Makes a store of synthetic readings (λ plus noise; each with the full JSON of a reading of
``volume``, about 12 kB) on the rows of ``standard`` for five devices, then runs ``singlab calibrate
report`` and one query in processes of their own. Prints CPU seconds, peak memory and the size of
the page. A folder that has a store is measured as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from singularity_lab.calibration.archive import keep_plans, keep_rows
from singularity_lab.calibration.design import Arm, plan
from singularity_lab.calibration.measurement import Truth
from singularity_lab.calibration.record_store import COLUMNS, RecordStore
from singularity_lab.calibration.row_sets import row_set

DEVICES = ("volume", "anneal", "llc", "llc-mala", "llc-hmc")


def make(folder: Path, readings: int) -> None:
    """A store of so many readings, written through shards as a run does."""
    chosen = row_set("standard")
    seeds = readings // (len(chosen.rows) * len(DEVICES))
    work = plan([Arm(d) for d in DEVICES], chosen.rows, seeds)
    store = RecordStore(folder)
    truths = {row.id: Truth.of(row) for row in chosen.rows}
    keep_rows(store, chosen.rows, truths)
    keep_plans(store, [work], str(chosen))
    generator = random.Random(0)
    tasks = work.tasks()
    for start in range(0, len(tasks), 5000):
        with store.shard() as shard:
            lines = []
            for task in tasks[start : start + 5000]:
                exact = float(truths[task.row.id].value or 0)
                value = exact * (1 + generator.gauss(0, 0.03))
                half = 0.05 * exact
                curve = [round(generator.random(), 6) for _ in range(400)]
                p = {"1": 0.6, "2": 0.4}
                lines.append(dict.fromkeys(COLUMNS) | {
                    "key": task.key, "row": task.row.id, "arm": task.arm.label,
                    "device": task.arm.device, "settings": "{}", "seed": task.seed,
                    "value": value, "low": value - half, "high": value + half, "level": 0.9,
                    "outcome": "ok", "reason": "", "evaluations": 10**6, "gradients": 0,
                    "cpu_seconds": 1.0, "multiplicity": json.dumps(p), "version": task.version,
                    "written": 0.0,
                    "reading": json.dumps(reading(task, value, half, curve, p)),
                })  # fmt: skip
            # one sync for all of them: a run syncs each, which is not what is measured here
            shard.extend(lines)
    store.compact()


def reading(task, value, half, curve, p):
    estimate = {"value": value, "low": value - half, "high": value + half, "level": 0.9}
    return {
        "device": task.arm.device, "loss_id": task.row.id, "dim": task.row.dimension,
        "estimate": estimate, "lambda": estimate, "multiplicity": p, "outcome": "ok",
        "reason": "", "estimates": {}, "seed": task.seed, "settings": {},
        "cost": {"evaluations": 10**6, "gradients": 0, "cpu_seconds": 1.0, "peak_memory": 0},
        "diagnostics": {"x_seen": curve, "values": curve, "errors": curve}, "versions": {},
    }  # fmt: skip


def measured(*words: str) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, after.ru_maxrss / 1024


QUERY = (
    "SELECT arm, count(*), avg(value), quantile_cont(cpu_seconds, 0.9) FROM readings GROUP BY arm"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readings", type=int, default=100_000)
    options = parser.parse_args()
    if not (options.folder / "plans.json").exists():
        if os.fork() == 0:  # in a process of its own, whose memory does not count
            make(options.folder, options.readings)
            os._exit(0)
        os.wait()
    store = RecordStore(options.folder)
    store.parts()
    started = time.process_time()
    found = store.query(QUERY)
    query = time.process_time() - started
    cpu, memory = measured(
        "-m", "singularity_lab.cli", "calibrate", "report", "--store", str(options.folder)
    )
    page = (options.folder / "report.html").stat().st_size / 2**20
    print(f"readings: {sum(row[1] for row in found)}")
    print(f"query: {query:.2f} CPU s")
    print(f"report: {cpu:.1f} CPU s, peak {memory:.0f} MB, page {page:.2f} MB")


if __name__ == "__main__":
    main()
