"""The ladder climbed by weighted particles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss


def log_z_of_three_by_three(beta: float) -> float:
    """log Z(β) of K = ‖AB‖², A and B 3×3, under independent standard normals.

    Integrating B out leaves E det(1 + 2βAᵀA)^{−3/2}; the eigenvalues of AᵀA have the density
    ∏ l^{−1/2} e^{−l/2} ∏_{i<j} |l_i − l_j| (Muirhead 1982, Theorem 3.2.18).
    """
    t = np.linspace(-60, math.log(80), 1500)
    s = np.exp(t)

    def integral(b: float) -> float:
        w = np.exp(-s / 2) * np.sqrt(s) * (1 + 2 * b * s) ** -1.5

        def below(p):
            return np.cumsum(w * s**p) - w * s**p

        def above(p):
            return (w * s**p).sum() - np.cumsum(w * s**p)

        terms = above(2) * s * below(0) - above(2) * below(1) - above(1) * s**2 * below(0)
        terms += s**2 * below(1) * above(0) + above(1) * below(2) - s * below(2) * above(0)
        return float((w * terms).sum())

    return math.log(integral(beta) / integral(0.0))


def test_log_z_and_energies_are_those_of_the_closed_form():
    r = measure(
        "anneal", MatrixProductLoss.at_rank([3, 3, 3]), seed=0, particles=32, sigma=1.0, span=12.0
    )
    d = r.diagnostics
    assert d["quadratic_blocks"] == [9, 9]
    for k in range(4, len(d["x"]), 6):
        exact = log_z_of_three_by_three(math.exp(d["x"][k]))
        assert d["log_z"][k] == pytest.approx(exact, abs=4 * d["log_z_error"][k] + 0.02)
    k, h = len(d["x"]) - 1, 0.05
    x = d["x"][k]
    slope = log_z_of_three_by_three(math.exp(x - h)) - log_z_of_three_by_three(math.exp(x + h))
    assert d["energy"][k] == pytest.approx(slope / (2 * h), abs=4 * d["energy_error"][k])
