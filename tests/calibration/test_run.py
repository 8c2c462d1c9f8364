"""Runs: a plan is fixed and ordered, failures stay, interruption loses nothing, the same call
resumes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import Arm, CalibrationRow
from singularity_lab.calibration.record_store import RecordStore
from singularity_lab.calibration.run import calibrate
from singularity_lab.catalog.load import load
from singularity_lab.errors import BadInput
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.verify import verify

HERE = str(Path(__file__).parent)
LINE, CUSP = LocalProblem.build("x"), LocalProblem.build("x^2 - y^3")


@pytest.fixture(autouse=True)
def _own_cache_and_devices(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.syspath_prepend(HERE)


# -- the plan --------------------------------------------------------------------------------------


def test_an_unknown_device_is_refused_before_anything_starts(tmp_path):
    with pytest.raises(BadInput, match="device: none is called"):
        calibrate("no-such-device", LINE, out=tmp_path)
    with pytest.raises(BadInput, match="cannot be imported"):
        calibrate("devices:absent", LINE, out=tmp_path)
    assert RecordStore(tmp_path).records() == []


def test_a_function_of_this_session_runs_in_this_process_only():
    from devices import half_dimension

    def local(loss, *, seed, budget, **settings):
        return half_dimension(loss, seed=seed, budget=budget, **settings)

    assert calibrate(local, LINE, workers=0).measurements[0].value == 0.5
    with pytest.raises(BadInput, match="workers=0"):
        calibrate(local, LINE, workers=1)


# -- runs ------------------------------------------------------------------------------------------


def test_truth_and_readings_are_joined_by_row():
    from devices import half_dimension

    found = calibrate(half_dimension, [LINE, CUSP, load("nc-1-1")], 2, workers=0)
    seen = [
        (m.row.id, m.seed, str(m.truth.value), m.truth.multiplicity, m.value)
        for m in found.measurements
    ]
    assert seen == [
        ("(x)", 0, "1/2", 1, 0.5),
        ("(-y^3 + x^2)", 0, "5/12", 1, 1.0),
        ("nc-1-1", 0, "1/2", 2, 1.0),
        ("(x)", 1, "1/2", 1, 0.501),
        ("(-y^3 + x^2)", 1, "5/12", 1, 1.001),
        ("nc-1-1", 1, "1/2", 2, 1.001),
    ]
    assert [m.covered for m in found.measurements] == [True, False, False] * 2
    assert [m.multiplicity_right for m in found.measurements] == [True, True, False] * 2


def test_certificates_of_the_rows_lie_beside_the_readings_and_verify(tmp_path):
    calibrate("hessian", ["nc-1-1", "bp-2-3"], out=tmp_path, workers=0)
    for name, value in (("nc-1-1", "1/2"), ("bp-2-3", "5/12")):
        certificate = Certificate.load(tmp_path / "certificates" / f"{name}.json")
        verify(certificate)
        assert str(certificate.claim.value) == value


def test_the_worker_sees_the_loss_and_nothing_of_the_truth(tmp_path):
    """What is handed to a device has no attribute that a proof could hide in."""
    seen = []

    def spy(loss, *, seed, budget, **settings):
        from devices import half_dimension

        seen.append(loss)
        return half_dimension(loss, seed=seed, budget=budget)

    calibrate(spy, "nc-1-1", workers=0)
    held = json.dumps({k: repr(v) for k, v in vars(seen[0]).items()})
    assert "Fraction(1, 2)" not in held
    assert not any(hasattr(seen[0], name) for name in ("entry", "truth", "claims", "claim"))


def test_refusal_crash_and_kill_stay_in_the_table_and_harm_nobody(tmp_path):
    flag = tmp_path / "flag"
    out = tmp_path / "out"
    arms = [
        Arm("devices:half_dimension", label="good"),
        Arm("devices:refuse", label="refuse"),
        Arm("devices:killed", {"flag": str(flag)}, label="killed"),
        Arm("devices:crash", label="crash"),
    ]
    found = calibrate(arms, [CUSP], out=out, workers=1)
    outcome = {m.arm: (m.outcome, m.value) for m in found.measurements}
    assert outcome["good"] == ("ok", 1.0)
    assert outcome["refuse"] == ("failed", None)
    assert outcome["crash"] == ("failed", None)
    assert outcome["killed"] == ("died", None)
    reasons = {m.arm: m.reason for m in found.measurements}
    assert "one too many" in reasons["refuse"]
    assert "crash failed: AttributeError: " in reasons["crash"]
    assert reasons["killed"] == "killed by signal 9"
    s = {s.arm: s for s in found.per_class("all")}
    assert (s["crash"].readings, s["crash"].answered) == (1, 0)
    # A process that died is tried again by the same call; a refusal is an answer.
    again = calibrate(arms, [CUSP], out=out, workers=1)
    outcome = {m.arm: m.outcome for m in again.measurements}
    assert outcome == {"good": "ok", "refuse": "failed", "crash": "failed", "killed": "ok"}


def test_a_task_whose_worker_is_killed_once_is_made_again_by_the_same_run(tmp_path):
    """A killed worker is not the task's fault until it happens again."""
    arms = [
        Arm("devices:killed", {"flag": str(tmp_path / "one"), "times": 1}, label="once"),
        Arm("devices:talks", label="talks"),
        Arm("devices:ends", label="ends"),
    ]
    found = calibrate(arms, [CUSP], out=tmp_path / "out", workers=1)
    assert {m.arm: m.outcome for m in found.measurements} == {
        "once": "ok", "talks": "ok", "ends": "died",
    }  # fmt: skip
    assert (tmp_path / "one").read_text() == "xx"
    # not what an earlier task of the same worker said
    assert found.measurements[2].reason == "exit code 7"


def test_an_estimator_that_is_edited_while_it_runs_ends_the_run_no_less(tmp_path, monkeypatch):
    """What was measured counts for the code with which the run began; the next measures again."""
    (tmp_path / "edited.py").write_text(
        "def mine(loss, seed, budget):\n"
        "    with open(__file__, 'a') as file:\n"
        "        file.write(f'x{seed} = 1\\n')\n"
        "    return 0.5\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for measured in (2, 4):
        found = calibrate("edited:mine", [CUSP], 2, out=tmp_path / "out", workers=0)
        assert [m.value for m in found.measurements] == [0.5, 0.5]
        assert (tmp_path / "edited.py").read_text().count("\nx") == measured


@pytest.mark.slow
def test_processes_read_what_this_process_reads(tmp_path):
    quick = ("llc", {"chains": 8, "burn_in": 20, "draws": 40})
    here = calibrate(quick, ["nc-1-1", "bp-2-3"], 2, workers=0)
    there = calibrate(quick, ["nc-1-1", "bp-2-3"], 2, workers=1)
    assert [m.value for m in here.measurements] == [m.value for m in there.measurements]
    assert all(m.value is not None for m in here.measurements)


def test_what_is_measured_is_not_measured_again(tmp_path):
    steps = []

    def progress(what, done, total, last):
        if what == "measuring":
            steps.append((done, total))

    first = calibrate("hessian", [LINE, CUSP], out=tmp_path, workers=0, progress=progress)
    assert steps == [(0, 2), (1, 2), (2, 2)]
    steps.clear()
    second = calibrate(
        "hessian", [LINE, CUSP, "nc-1-1"], out=tmp_path, workers=0, progress=progress
    )
    assert steps == [(2, 3), (3, 3)]
    assert [m.text for m in second.measurements[:2]] == [m.text for m in first.measurements]


def test_an_interrupted_run_keeps_all_that_was_finished_and_goes_on(tmp_path):
    """SIGINT in the middle: the finished ones are in the store; the same call does the rest."""
    script = tmp_path / "script.py"
    script.write_text(
        "import signal, sys\n"
        "from singularity_lab import calibrate\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job's may be ignored
        "def tell(what, done, total, last):\n"
        "    print(what, done, total, flush=True)\n"
        "calibrate(('devices:slow', {'seconds': 0.3}), ['nc-1-1', 'bp-2-3'], 10,\n"
        "          out=sys.argv[1], workers=1, progress=tell)\n"
    )  # a script without a main guard: workers must not run it again
    out = tmp_path / "out"
    run = subprocess.Popen(
        [sys.executable, str(script), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([HERE, *filter(None, sys.path)])},
        cwd=Path(__file__).parents[2],
    )
    with run:
        for line in run.stdout:
            if line.startswith("measuring 4 "):
                break
        run.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in run.communicate(timeout=60)[1]
    kept = RecordStore(out).records()
    assert 4 <= len(kept) < 20
    begun = []
    found = calibrate(
        ("devices:slow", {"seconds": 0.3}),
        ["nc-1-1", "bp-2-3"],
        10,
        out=out,
        workers=0,
        progress=lambda what, done, total, last: (
            begun.append(done) if what == "measuring" else None
        ),
    )
    assert begun == list(range(len(kept), 21))  # the kept ones were not measured again
    assert [m.value for m in found.measurements] == [0.5] * 20


def test_a_folder_in_use_is_refused(tmp_path):
    store = RecordStore(tmp_path)
    with store.lock(), pytest.raises(BadInput, match="another calibration"):
        calibrate("hessian", LINE, out=tmp_path, workers=0)


def test_rows_come_as_ids_entries_and_problems():
    assert CalibrationRow.of("nc-1-1").family == "normal_crossing"
    assert CalibrationRow.of(load("nc-1-1")) == CalibrationRow.of("nc-1-1")
    assert CalibrationRow.of(CUSP).id == "(-y^3 + x^2)"
    wide = LocalProblem.build(" + ".join(f"x{i}^2" for i in range(30)))
    assert CalibrationRow.of(wide).id.startswith("problem-")


def test_one_measurement_needs_no_other_process(monkeypatch):
    from singularity_lab.calibration import run

    asked = []
    usual = run.run_plans
    monkeypatch.setattr(
        run, "run_plans", lambda p, out, workers, *a: asked.append(workers) or usual(p, out, 0, *a)
    )
    calibrate("hessian", [LINE])
    calibrate("hessian", [LINE, CUSP])
    assert asked == [0, 2]
