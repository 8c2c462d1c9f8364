"""Dask: the same table as by the local pool; whatever is killed, nothing that was finished is lost
or made twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from singularity_lab.calibration.archive import open_store

HERE = Path(__file__).parent
PLAN = """
rows = ["nc-1-1", "bp-2-3"]
seeds = 5
[[devices]]
name = "devices:noted"
folder = "{folder}"
seconds = 0.3
"""


def start(*words, **options):
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)]),
        "OMP_NUM_THREADS": "1",
        "SINGLAB_CACHE": str(options["folder"] / "cache"),
    }
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        env=env,
        cwd=options["folder"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def sweep(folder, *cluster):
    plan = folder / "plan.toml"
    plan.write_text(PLAN.format(folder=folder / "notes"))
    (folder / "notes").mkdir(exist_ok=True)
    words = ("singularity_lab.cli", "calibrate", "run", str(plan), "--store", str(folder / "out"))
    return start(*words, *cluster, folder=folder)


def table(folder):
    found = open_store(folder / "out")
    assert all(m.outcome == "ok" for m in found.measurements)
    return sorted((m.row.id, m.seed, m.value, m.low, m.high) for m in found.measurements)


def finished_twice(folder):
    """Tasks that were begun again after they had been finished, as the device noted them."""
    notes = [p.name.split(".") for p in (folder / "notes").iterdir()]
    done = [name for name, _, what in notes if what == "done"]
    return [name for name in set(done) if done.count(name) > 1]


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [(), ("--cluster", "local:2")])
@pytest.mark.parametrize("seed", range(5))
def test_the_driver_is_killed_at_a_random_moment(cluster, seed, tmp_path):
    if cluster:
        pytest.importorskip("distributed")
    generator = random.Random(seed)
    whole = tmp_path / "whole"
    whole.mkdir()
    assert sweep(whole, *cluster).wait(timeout=600) == 0
    broken = tmp_path / "broken"
    broken.mkdir()
    run = sweep(broken, *cluster)
    while not any((broken / "notes").glob("*.done")) and run.poll() is None:
        time.sleep(0.05)
    time.sleep(generator.uniform(0, 3))
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert sweep(broken, *cluster).wait(timeout=600) == 0
    assert table(broken) == table(whole)
    assert len(table(whole)) == 10
    # what was on the disk is not made again; a task whose note is there and whose record was not
    # yet on the disk is one of the two that were cut
    assert len(finished_twice(broken)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "scheduler"])
@pytest.mark.parametrize("seed", range(5))
def test_a_worker_or_the_scheduler_is_killed_at_a_random_moment(victim, seed, tmp_path):
    pytest.importorskip("distributed")
    generator = random.Random(seed)

    def cluster(port):
        scheduler = start(
            "distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard", folder=tmp_path
        )
        workers = [
            start(
                "distributed.cli.dask_worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1",
                "--no-dashboard", "--no-nanny", "--death-timeout", "60", folder=tmp_path,
            )
            for _ in range(2)
        ]  # fmt: skip
        return scheduler, workers

    port = 20000 + (os.getpid() * 7 + seed * 2 + (victim == "worker")) % 20000
    scheduler, workers = cluster(port)
    processes = [scheduler, *workers]
    try:
        run = sweep(tmp_path, "--cluster", f"tcp://127.0.0.1:{port}")
        processes.append(run)
        while not any((tmp_path / "notes").glob("*.done")) and run.poll() is None:
            time.sleep(0.05)
        time.sleep(generator.uniform(0, 2))
        if victim == "worker":
            workers[0].kill()
            assert run.wait(timeout=600) == 0
        else:
            scheduler.kill()
            assert run.wait(timeout=600) != 0  # it says so, and ends
            again, more = cluster(port + 1)
            processes += [again, *more]
            run = sweep(tmp_path, "--cluster", f"tcp://127.0.0.1:{port + 1}")
            processes.append(run)
            assert run.wait(timeout=600) == 0
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.wait()
    assert len(table(tmp_path)) == 10
    assert len(finished_twice(tmp_path)) <= 2
