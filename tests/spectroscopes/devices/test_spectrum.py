"""Spectra: poles against the exact expansion of monomial volumes, valuations against weights, a
period that is put in, and controls."""

from __future__ import annotations

import math

import numpy as np
import pytest

from singularity_lab.errors import BadInput
from singularity_lab.exact.zeta_functions.fan import monomial_volume
from singularity_lab.spectroscopes import Outcome, measure
from singularity_lab.spectroscopes.devices.spectrum import cluster, log_period, poles, valuations
from tests.spectroscopes.germs import brieskorn, crossing, cusp


def exact_curve(powers, x):
    """log V at ε = e^{−x}, in closed form."""
    terms = monomial_volume(powers)
    volume = sum(float(t.coefficient) * np.exp(-float(t.exponent) * x) * x**t.power for t in terms)
    return np.log(volume)


def noisy_increments(curve, sigma, seed=0, replicates=8):
    steps = np.diff(curve, prepend=0.0)[:, None]
    return steps + sigma * np.random.default_rng(seed).normal(size=(len(curve), replicates))


@pytest.mark.parametrize("powers", [(2, 4), (2, 6), (4, 6)])
def test_two_poles_of_a_monomial_are_those_of_its_zeta_function(powers):
    exact = sorted({float(t.exponent) for t in monomial_volume(powers)})
    x = np.linspace(0.5, 30, 70)
    best = poles(x, noisy_increments(exact_curve(powers, x), 3e-4), 2)[0]
    assert best.multiplicity == (1, 1)
    assert best.value[0] == pytest.approx(exact[0], rel=0.005)
    assert best.value[1] == pytest.approx(exact[1], rel=0.05)


def test_a_double_pole_is_one_pole_with_a_logarithm():
    x = np.linspace(0.5, 40, 80)
    best = poles(x, noisy_increments(exact_curve((2, 2), x), 3e-4), 2)[0]
    assert best.multiplicity == (2,)
    assert best.value[0] == pytest.approx(0.5, rel=0.005)


def test_one_pole_is_not_turned_into_two():
    x = np.linspace(0.5, 40, 80)
    best = poles(x, noisy_increments(-0.4 * x, 1e-3), 3)[0]
    assert best.multiplicity == (1,)
    assert best.value[0] == pytest.approx(0.4, rel=0.002)


@pytest.mark.slow
def test_the_device_reads_two_poles_of_a_monomial():
    """w₁²w₂⁴ in a box: poles 1/4 and 1/2 (zeta function 1/((2z + 1)(4z + 1)))."""
    exact = sorted({float(t.exponent) for t in monomial_volume((2, 4))})
    r = measure("spectrum", crossing(1, 2), seed=0, particles=4096, depth=16, ladder=0)
    assert r.ok, r.reason
    assert r.lambda_.value == pytest.approx(exact[0], rel=0.02)
    assert r.estimates["pole 2"].low < exact[1] < r.estimates["pole 2"].high
    assert r.estimates["pole 2"].value == pytest.approx(exact[1], rel=0.2)
    assert r.multiplicity[1] > 0.5


@pytest.mark.parametrize(
    ("loss", "ladder"),
    [pytest.param(cusp(), 64, marks=pytest.mark.slow), (brieskorn(2, 3), 16)],
    ids=lambda x: getattr(x, "loss_id", ""),
)
def test_the_valuation_is_the_vector_of_weights(loss, ladder):
    """v = (1/4, 1/6): the divisor of the weighted blow-up (3, 2), with ord_E(K) = 12."""
    r = measure(
        "spectrum", loss, seed=1, depth=16, particles=64, ladder=ladder, span=40.0, max_poles=1
    )
    for name, v in (("v1", 1 / 4), ("v2", 1 / 6)):
        e = r.estimates[name]
        assert e.value == pytest.approx(v, rel=0.15)
    assert abs(r.estimates["v1"].value / r.estimates["v2"].value - 1.5) < 0.2


def test_valuations_and_clusters_of_made_points():
    g = np.random.default_rng(0)
    x = np.linspace(0, 20, 30)
    logs = -x[:, None, None, None] * np.array([0.5, 0.0]) + 0.1 * g.normal(size=(30, 6, 20, 2))
    v, error = valuations(x, logs)
    assert v == pytest.approx([0.5, 0.0], abs=0.01)
    assert (error < 0.01).all()
    a = np.concatenate([g.normal(0, 0.02, (50, 2)) + c for c in ((0.5, 0.0), (0.0, 0.25))])
    assert len(cluster(a, 3, seed=0)) == 2
    t = g.random((200, 1))
    segment = np.concatenate([t, 1 - t], 1)  # a logarithm: spread along an edge
    assert len(cluster(segment, 3, seed=0)) == 1


def test_a_period_is_found_where_there_is_one_and_not_elsewhere():
    x = np.linspace(0, 60, 120)
    noise = np.random.default_rng(0).normal(size=120)
    _, _, chance = log_period(x, noise)
    assert chance > 0.01
    period, amplitude, chance = log_period(x, noise + 1.5 * np.cos(2 * math.pi * x / 7))
    assert period == pytest.approx(7, rel=0.05)
    assert amplitude == pytest.approx(1.5, rel=0.3)
    assert chance < 1e-6


def test_too_short_a_curve_identifies_no_poles():
    r = measure("spectrum", crossing(1, 2), seed=0, particles=64, depth=5, ladder=0)
    assert r.outcome is Outcome.NOT_MIXED
    assert "not identifiable" in r.reason
    assert not r.estimates


def test_a_budget_ends_it():
    r = measure("spectrum", crossing(1, 2), seed=0, evaluations=30_000)
    assert r.outcome is Outcome.BUDGET


def test_equal_seeds_equal_readings_and_a_plot():
    a, b = (
        measure(
            "spectrum", crossing(2), seed=2, particles=32, depth=18, ladder=8, span=8.0, max_poles=1
        )
        for _ in range(2)
    )
    assert a.fingerprint() == b.fingerprint()
    assert len(a.plot().lines) == 3


@pytest.mark.parametrize("settings", [{"source": "x"}, {"max_poles": 4}, {"depth": -1}])
def test_bad_settings_are_named(settings):
    with pytest.raises(BadInput):
        measure("spectrum", crossing(1), seed=0, **settings)
