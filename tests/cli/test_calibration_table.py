"""The table of a calibration in a terminal."""

from dataclasses import replace

import pytest

from singularity_lab.calibration.run import calibrate
from singularity_lab.cli.calibration_table import print_calibration


@pytest.fixture(scope="module")
def found():
    return calibrate("hessian", ["nc-1", "nc-1-1"], workers=0)


def test_each_row_is_printed_with_its_truth_and_its_reading(found, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    print_calibration(found)
    out = capsys.readouterr().out
    lines = out.splitlines()
    one = next(line for line in lines if "nc-1 " in line)
    two = next(line for line in lines if "nc-1-1" in line)
    assert "1/2" in one
    assert "1/2" in two
    assert "0.5" in one  # rank 1
    assert "hessian" in out


def test_without_measurements_there_is_still_a_table(found, capsys):
    print_calibration(replace(found, measurements=()))
    out = capsys.readouterr().out
    assert "Proved and measured" in out
    assert "nc-1-1" not in out
