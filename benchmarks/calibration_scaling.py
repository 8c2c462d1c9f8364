"""What a second worker is worth to a sweep, and what a task costs beside its own work.

    python benchmarks/calibration_scaling.py FOLDER [--tasks 8] [--seconds 1] [--kinds sleep busy]

Sweeps of tasks that take a second, slept or computed, by one worker and by two, of the local pool
and on Dask. Start-up is left out: the rate of a worker is told by the moments at which its tasks
began, and what a task takes beyond its second is overhead. A machine that does other things shares
out its cores, so that beside each run of computed tasks as many bare processes that compute the
same are timed: where two of them are not worth twice one, two workers cannot be.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from calibration_tasks import begun, start, sweep

RUNNERS = {"local pool": ("--workers", "{}"), "Dask": ("--cluster", "local:{}")}
BARE = """
import sys, time
sys.path.insert(0, sys.argv[1])
from calibration_tasks import noted
for seed in range(int(sys.argv[3])):
    noted(None, seed=seed, budget=None, folder=sys.argv[2], seconds=float(sys.argv[4]), busy=True)
noted(None, seed=seed, budget=None, folder=sys.argv[2], seconds=0.0, busy=True)
"""


def rate(folder: Path, workers: int) -> float:
    """Tasks per second of all workers together, each from its first beginning to its last."""
    by_worker: dict[int, list[float]] = {}
    for _, moment, worker in begun(folder):
        by_worker.setdefault(worker, []).append(moment)
    if len(by_worker) != workers:
        sys.exit(f"{workers} workers were asked for, {len(by_worker)} came: {folder}")
    return sum((len(x) - 1) / (x[-1] - x[0]) for x in by_worker.values())


def run(folder: Path, workers: int, tasks: int, seconds: float, runner: str, busy: bool) -> float:
    """The rate of a sweep of so many tasks for each worker."""
    words = [word.format(workers) for word in RUNNERS[runner]]
    process = sweep(folder, tasks * workers, seconds, words, busy)
    if process.wait() != 0:
        sys.exit(f"the run fails: {folder / 'log'}")
    return rate(folder, workers)


def bare(folder: Path, workers: int, tasks: int, seconds: float) -> float:
    """The rate of processes that do nothing but the computed tasks."""
    notes = folder / "notes"
    notes.mkdir(parents=True)
    here = str(Path(__file__).resolve().parent)
    words = ["-c", BARE, here, str(notes), str(tasks), str(seconds)]
    processes: list[subprocess.Popen[bytes]] = [
        start(words, folder / "log") for _ in range(workers)
    ]
    if any([process.wait() for process in processes]):
        sys.exit(f"a bare process fails: {folder / 'log'}")
    return rate(folder, workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--kinds", nargs="+", choices=("sleep", "busy"), default=["sleep", "busy"])
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder} exists already")
    folder = options.folder.resolve()
    tasks, seconds = options.tasks, options.seconds
    for kind in options.kinds:
        alone = {}
        if kind == "busy":
            found = [bare(folder / f"bare-{n}", n, tasks, seconds) for n in (1, 2)]
            print(f"bare processes, computing: two are worth {found[1] / found[0]:.2f} of one")
        for runner in RUNNERS:
            place = folder / f"{kind}-{runner.replace(' ', '-')}"
            found = [run(place / str(n), n, tasks, seconds, runner, kind == "busy") for n in (1, 2)]
            alone[runner] = found[1]
            text = f"{runner}, {kind}: two workers are worth {found[1] / found[0]:.2f} of one"
            if kind == "sleep":
                over = [100 * (n / x / seconds - 1) for n, x in zip((1, 2), found, strict=True)]
                text += (
                    f"; a task takes {over[0]:.1f} % and {over[1]:.1f} % beyond its {seconds:g} s"
                )
            print(text, flush=True)
        ratio = alone["Dask"] / alone["local pool"]
        print(f"Dask with two workers, {kind}: {ratio:.2f} of the local pool", flush=True)


if __name__ == "__main__":
    main()
