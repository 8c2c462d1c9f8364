"""Susceptibilities: fourth moments of a Gaussian, error bars that cover, and outcomes."""

from __future__ import annotations

import math

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import FunctionLoss, Outcome, PolynomialLoss, measure
from singularity_lab.spectroscopes.losses.parts import (
    MixtureLoss,
    RestrictedLoss,
)
from tests.spectroscopes.germs import crossing


def gaussian_pair():
    """K_a = 2w₁², K_b = 2w₂², equal shares: K = w₁² + w₂²."""
    root = 2**0.5
    a = PolynomialLoss.from_exponents([([root], [(1, 0)])], loss_id="2w1^2")
    b = PolynomialLoss.from_exponents([([root], [(0, 1)])], loss_id="2w2^2")
    return MixtureLoss({"a": a, "b": b}, components={"first": [0], "second": [1]})


def test_susceptibilities_of_a_gaussian_are_its_fourth_moments():
    """With w₁ moving alone, Var = 1/(2nβ + γ) = s: K = w₁², K_a − K = w₁², so that
    χ(first, a) = −nβ·Var(w₁²) = −2nβs²; and χ(·, b) = −χ(·, a)."""
    r = measure("susceptibility", gaussian_pair(), seed=0, n=1000.0, burn_in=60, draws=150)
    nbeta = 1000 / math.log(1000)
    s = 1 / (2 * nbeta + 1)
    expected = {
        "chi[first, a]": -2 * nbeta * s**2,
        "chi[first, b]": 2 * nbeta * s**2,
        "chi[second, a]": 2 * nbeta * s**2,
        "chi[all, a]": 0.0,
    }
    for name, value in expected.items():
        e = r.estimates[name]
        error = (e.high - e.low) / 2 / 1.645
        assert abs(e.value - value) < 4 * error
        assert error < 0.2 * 2 * nbeta * s**2
    assert r.outcome is Outcome.OK
    assert r.estimate.value == pytest.approx(2 * nbeta * s, rel=0.05)
    assert r.estimates["E[first]"].value == pytest.approx(nbeta * s, rel=0.05)


@pytest.mark.slow
def test_error_bars_cover():
    """Intervals at 90 % of χ(first, a) over 12 seeds: at least 8 hold the truth."""
    nbeta = 1000 / math.log(1000)
    truth = -2 * nbeta / (2 * nbeta + 1) ** 2
    held = 0
    for seed in range(12):
        r = measure(
            "susceptibility", gaussian_pair(), seed=seed, n=1000.0, burn_in=60, draws=40,
            chains=4, components=["first"],
        )  # fmt: skip
        e = r.estimates["chi[first, a]"]
        held += e.low < truth < e.high
    assert held >= 8


def test_a_part_that_is_everything_has_no_susceptibility():
    k = crossing(1, 1)
    r = measure(
        "susceptibility", MixtureLoss({"all data": k}), seed=0, burn_in=50, draws=50, groups=4
    )
    assert r.estimates["chi[all, all data]"].value == pytest.approx(0.0, abs=1e-12)


def test_outcomes_and_bad_input():
    with pytest.raises(BadInput, match="parts"):
        measure("susceptibility", crossing(1), seed=0)
    with pytest.raises(BadInput, match="component, part"):
        measure("restricted", crossing(1), seed=0)
    with pytest.raises(BadInput, match="reader"):
        measure("restricted", crossing(1), seed=0, component=[0], reader="restricted")
    with pytest.raises(BadInput, match="indices"):
        RestrictedLoss(crossing(1), [1])
    with pytest.raises(BadInput, match="dimension"):
        MixtureLoss({"a": crossing(1), "b": crossing(1, 1)})
    r = measure("susceptibility", gaussian_pair(), seed=0, evaluations=5_000)
    assert r.outcome is Outcome.BUDGET
    slope = FunctionLoss(lambda w: w[:, 0] + 0 * w[:, 1], 2)
    r = measure("susceptibility", MixtureLoss({"a": slope}), seed=0, burn_in=50, draws=50)
    assert r.outcome is Outcome.NO_MINIMUM


def test_plots_and_equal_seeds():
    a, b = (
        measure("susceptibility", gaussian_pair(), seed=1, burn_in=30, draws=30) for _ in range(2)
    )
    assert a.fingerprint() == b.fingerprint()
    assert len(a.plot().lines) == 2 * 6 + 1
