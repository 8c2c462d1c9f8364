"""The ledger: each part of the error is put where it was planted, and 0.78 λ is a bias of the
device."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import Arm, CalibrationRow
from singularity_lab.calibration.ledger import account, ledger
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.run import calibrate
from singularity_lab.errors import BadInput

SETTINGS = {"n": 1e4, "gamma": 1.0, "beta": None}
HALF = Truth(Bounds(RLCT(Fraction(1, 2), 2), RLCT(Fraction(1, 2), 2)), "proved")
ROW = CalibrationRow("cross", "test", 2, LocalProblem.build("x*y"))


def readings(*values, half=0.01):
    return [
        Measurement(ROW, "llc", k, HALF, v, v - half, v + half, 0.9, "ok")
        for k, v in enumerate(values)
    ]


def test_the_parts_add_up_to_the_error():
    line = account("cross", HALF, readings(0.40, 0.42, 0.44), readings(0.39), 0.39, SETTINGS)
    assert line.target_bias == pytest.approx(-0.11)
    assert line.discretisation == pytest.approx(0.03)
    assert line.target_bias + line.discretisation == pytest.approx(line.mean - line.exact)
    assert line.spread == pytest.approx(0.02)
    assert line.mean_error == pytest.approx(0.02 / 3**0.5)
    assert (line.target_by, line.target_error) == ("quadrature", 0.0)


@pytest.mark.parametrize(
    ("target", "values", "dominant"),
    [
        (0.39, (0.39, 0.40, 0.38), "target bias"),
        (0.50, (0.60, 0.61, 0.59), "discretisation"),
        (0.50, (0.45, 0.55, 0.50), "Monte Carlo"),
        (0.39, (0.60, 0.61, 0.59), "discretisation"),  # larger than the bias that it hides
    ],
)
def test_the_planted_part_is_the_dominant_one(target, values, dominant):
    line = account("cross", HALF, readings(*values), [], target, SETTINGS)
    assert line.dominant == dominant
    assert ("bias of the device" in line.verdict) == (dominant == "target bias")


def test_two_errors_that_cancel_are_told():
    right_for_wrong_reasons = account("cross", HALF, readings(0.49, 0.50, 0.51), [], 0.40, SETTINGS)
    assert right_for_wrong_reasons.cancels
    honest = account("cross", HALF, readings(0.39, 0.40, 0.41), [], 0.40, SETTINGS)
    assert not honest.cancels


def test_without_quadrature_mala_stands_for_the_target_with_its_noise():
    line = account("cross", HALF, readings(0.40, 0.42), readings(0.38, 0.40), None, SETTINGS)
    assert (line.target, line.target_by) == (pytest.approx(0.39), "MALA")
    assert line.target_error == pytest.approx(0.01)
    assert line.discretisation_error == pytest.approx((0.01**2 + 0.01**2) ** 0.5)


def test_one_seed_takes_its_noise_from_its_chains():
    line = account("cross", HALF, readings(0.40, half=0.0164485), [], 0.39, SETTINGS)
    assert line.mean_error == pytest.approx(0.01, rel=1e-4)  # the half-width at 90 % is 1.645 σ


def test_rows_without_truth_or_reading_have_no_line():
    unknown = Truth(Bounds(None, None), "unknown")
    assert account("cross", unknown, readings(0.4), [], 0.39, SETTINGS) is None
    assert account("cross", HALF, [], readings(0.4), 0.39, SETTINGS) is None
    assert account("cross", HALF, readings(0.4), [], None, SETTINGS) is None


def test_the_known_bias_is_a_bias_of_the_device(tmp_path, monkeypatch):
    """w1²w2² at n = 10⁴, γ = 1: the target is 0.78 λ by quadrature; short chains suffice to see
    it."""
    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path))
    found = calibrate(
        [("llc", {"chains": 64, "burn_in": 3000, "draws": 3000, "epsilon": 3e-4})],
        ["nc-1-1", "nc-2-2-prior-0-1"],
        2,
        workers=0,
    )
    lines = ledger(found).ledger
    assert [line.row for line in lines] == ["nc-1-1"]  # the other has a prior: another target
    (line,) = lines
    assert line.target / line.exact == pytest.approx(0.78, abs=0.005)
    assert line.target_by == "quadrature"
    assert abs(line.discretisation) < abs(line.target_bias)
    assert line.dominant == "target bias"
    assert "bias of the device" in line.verdict
    assert line.to_dict()["target_over_lambda"] == pytest.approx(0.78, abs=0.005)


def test_both_arms_must_sample_one_target():
    short = {"chains": 8, "burn_in": 10, "draws": 10}
    arms = [Arm("llc", short), Arm("llc-mala", {**short, "gamma": 2.0})]
    found = calibrate(arms, LocalProblem.build("x*y"), workers=0)
    with pytest.raises(BadInput, match="gamma"):
        ledger(found)
    with pytest.raises(BadInput, match="expected one of the arms"):
        ledger(found, sgld="absent")
