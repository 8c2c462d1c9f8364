"""Readings joined with the truth of their rows."""

from fractions import Fraction

import pytest

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.calibration.design import plan
from singularity_lab.calibration.measurement import Truth
from singularity_lab.calibration.score import join, score
from singularity_lab.calibration.worker import failure, perform

HALF = RLCT(Fraction(1, 2), 1)
TRUTH = Truth(Bounds(HALF, HALF), "proved")


@pytest.fixture(scope="module")
def work():
    return plan("hessian", ["nc-1", "nc-1-1"], 2)


def test_each_task_has_its_measurement_in_the_order_of_the_plan(work):
    tasks = work.tasks()
    records = {t.key: perform(t.message()) for t in tasks}
    found = score(work, work.tasks(), dict.fromkeys(("nc-1", "nc-1-1"), TRUTH), records)
    assert [(m.row.id, m.seed) for m in found.measurements] == [(t.row.id, t.seed) for t in tasks]
    errors = {m.row.id: m.error for m in found.measurements}
    assert errors == {"nc-1": 0.0, "nc-1-1": -0.5}  # the rank of w₁²w₂² is 0
    assert found.seeds == (0, 1)


def test_a_failure_stays(work):
    task = work.tasks()[0]
    record = failure(task.message(), "failed", "no luck")
    found = join(task.row, TRUTH, record)
    assert (found.value, found.outcome, found.reason) == (None, "failed", "no luck")
    assert found.error is None
    assert not found.has_reading


def test_a_whole_reading_is_fetched_where_it_is_wanted(work):
    task = work.tasks()[0]
    record = perform(task.message())
    asked = []

    def fetch():
        asked.append(task.key)
        return record["reading"]

    found = join(task.row, TRUTH, {**record, "reading": None}, fetch)
    assert asked == []
    assert found.reading.estimate.value == found.value == 0.5
    assert asked == [task.key]
    assert (
        join(task.row, TRUTH, {**record, "multiplicity": '{"1": 0.75, "2": 0.25}'}).multiplicity
        == 1
    )
