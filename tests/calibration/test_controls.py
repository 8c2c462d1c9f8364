"""The negative controls fail, and the devices beside them pass, on the same row; the ledger and the
report say so."""

from __future__ import annotations

import dataclasses
import json

import pytest

from singularity_lab.calibration.controls import controls, run_controls
from singularity_lab.calibration.design import CONTROL_ARMS, Arm, control_plan
from singularity_lab.calibration.findings import CONTROL_TOLERANCE
from singularity_lab.catalog.load import load
from singularity_lab.spectroscopes.registry import known

CONTROLS = {name for name, one in known().items() if one.fails}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """One seed of the plan."""
    patch = pytest.MonkeyPatch()
    patch.setenv("SINGLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield run_controls(1)
    patch.undo()


def test_the_controls_fail_where_devices_pass(found):
    """Binomial mixture, λ = 3/4: coordinate samplers read less than 0.68 and claim it; moves of
    all coordinates do not."""
    lines = {line.arm: line for line in found.controls}
    assert set(lines) == {"coordinate-walk", "coordinate-slice", "joint-walk", "llc-mala"}
    assert {name for name, line in lines.items() if line.control} == CONTROLS
    for name, line in lines.items():
        assert line.as_expected, name
        assert line.exact == 0.75
        if line.control:
            assert line.mean < 0.75 * (1 - CONTROL_TOLERANCE)
            assert line.covered == 0
            assert line.claimed == 1  # it does not know
            assert line.verdict.startswith("fails: ")
            assert "n^(1/2) sweeps" in line.verdict
        else:
            assert line.verdict == "passes"


def test_the_verdict_stands_in_the_tables_and_in_the_report(found, tmp_path, capsys):
    found.save(tmp_path)
    document = json.loads((tmp_path / "calibration.json").read_text())
    assert [row["fails"] for row in document["controls"]] == [True, True, False, False]
    assert "fails: a step in one coordinate" in (tmp_path / "controls.csv").read_text()
    page = found.report(tmp_path / "report.html").read_text()
    assert "Negative controls: devices that must fail" in page
    assert "coordinate-walk" in page
    from singularity_lab.cli.calibration_table import print_calibration

    print_calibration(found)
    assert "the coordinate samplers must fail" in capsys.readouterr().out


def test_a_control_that_passed_would_be_seen(found):
    """The control of the control: a right reading of a control is not what is expected."""
    right = [dataclasses.replace(m, value=0.75, low=0.74, high=0.76) for m in found.measurements]
    lines = controls(dataclasses.replace(found, measurements=tuple(right)))
    assert [line.as_expected for line in lines] == [False, False, True, True]


def test_controls_are_known_as_controls():
    assert {"coordinate-slice", "coordinate-walk"} == CONTROLS
    assert [arm.control for arm in CONTROL_ARMS] == [True, True, False, False]
    assert not Arm("volume").control
    assert len(control_plan(2).tasks()) == 8
    assert controls(run_nothing()) == ()


def run_nothing():
    from singularity_lab.calibration.run import calibrate

    return calibrate("hessian", load("nc-1-1"), workers=0)
