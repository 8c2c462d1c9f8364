"""A worker carries tasks out: readings, and failures that stay in the table."""

import json
import subprocess
import sys

from terminal import environment

from singularity_lab.calibration.design import plan
from singularity_lab.calibration.record_store import RecordStore
from singularity_lab.calibration.worker import FAILED, failure, perform


def task(device="hessian", row="nc-1", **message):
    (one,) = plan(device, row, 1).tasks()
    return {**one.message(), **message}


def test_a_task_gives_its_reading():
    record = perform(task())
    assert record["key"] == task()["key"]
    assert record["outcome"] == "ok"
    assert record["value"] == 0.5


def test_whatever_a_device_raises_is_a_record():
    def broken(loss, seed, budget):
        raise RuntimeError("out of luck")

    (one,) = plan(broken, "nc-1", 1).tasks()
    record = perform(one.message(here=True), one.arm)
    assert record["outcome"] == FAILED
    assert "out of luck" in record["reason"]
    told = failure(task(), "lost", "the machine went away")
    assert (told["outcome"], told["reason"], told["value"]) == (
        "lost",
        "the machine went away",
        None,
    )


def test_tasks_come_as_lines_and_are_stored(tmp_path):
    RecordStore(tmp_path)
    code = "import sys; from singularity_lab.calibration.worker import main; main(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        input=json.dumps(task()) + "\n",
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert done.stdout.split() == ["ready", task()["key"]]
    assert [r["key"] for r in RecordStore(tmp_path).records()] == [task()["key"]]
