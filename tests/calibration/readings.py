"""Readings of rows with known truths, for tests of scores."""

from __future__ import annotations

from fractions import Fraction

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.measurement import Measurement, Truth

ROW = CalibrationRow("cusp", "curves", 2, LocalProblem.build("x^2 - y^3"))


def exactly(value, m=1):
    at = RLCT(Fraction(value), m)
    return Truth(Bounds(at, at), "proved")


def reading(value, half=None, truth=None, row=ROW, arm="device", outcome="ok", p=None, seed=0):
    low, high = (None, None) if half is None or value is None else (value - half, value + half)
    return Measurement(
        row, arm, seed, truth or exactly("5/12"), value, low, high, 0.9, outcome,
        probabilities=p, evaluations=10, gradients=5, cpu_seconds=2.0,
    )  # fmt: skip
