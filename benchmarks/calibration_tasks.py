"""A task that costs a known time and notes when it began, and what the benchmarks of the runner do
with it: sweeps in processes of their own, and what their notes and records say afterwards."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PLAN = """rows = ["nc-1-1"]
seeds = {seeds}
[[devices]]
name = "calibration_tasks:noted"
folder = '{folder}'
seconds = {seconds}
busy = {busy}
"""


def noted(loss: Any, *, seed: int, budget: Any, folder: str, seconds: float, busy: bool) -> Any:
    """Reads 1/2 + seed after so many seconds, slept or (busy) computed; leaves a note of its
    beginning."""
    began = time.time()
    path = os.path.join(folder, f"{seed}-{began:.6f}-{os.getpid()}-{secrets.token_hex(4)}")
    with open(path, "w"):
        pass
    if busy:
        until = time.process_time() + seconds
        while time.process_time() < until:
            sum(range(10_000))
    else:
        time.sleep(seconds)
    return 0.5 + seed, 0.1


def start(words: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """A Python process of its own session, with this folder on its path; what it prints goes to a
    file."""
    path = [str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(filter(None, path))}
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, *words],
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def sweep(
    folder: Path, seeds: int, seconds: float, runner: Sequence[str], busy: bool = False
) -> subprocess.Popen[bytes]:
    """``singlab calibrate run`` of so many tasks into ``folder/out``. runner: its options."""
    notes = folder / "notes"
    notes.mkdir(parents=True, exist_ok=True)
    plan = folder / "plan.toml"
    plan.write_text(PLAN.format(seeds=seeds, folder=notes, seconds=seconds, busy=str(busy).lower()))
    words = ["-m", "singularity_lab.cli", "calibrate", "run", str(plan), "--store"]
    return start([*words, str(folder / "out"), *runner], folder / "log")


def begun(folder: Path) -> list[tuple[int, float, int]]:
    """Seed, time and process of every beginning that was noted, in order."""
    pattern = re.compile(r"(\d+)-(\d+\.\d+)-(\d+)-")
    matches = [pattern.match(p.name) for p in (folder / "notes").iterdir()]
    found = [(int(m[1]), float(m[2]), int(m[3])) for m in matches if m is not None]
    return sorted(found, key=lambda note: note[1])
