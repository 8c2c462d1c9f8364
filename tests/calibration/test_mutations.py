"""Ten ways to break a device or the harness, each flagged by its name in the report; and what is
not broken is not flagged."""

from __future__ import annotations

import broken_devices as devices

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.ledger import every_ledger
from singularity_lab.calibration.report import render
from singularity_lab.calibration.run import calibrate
from tests.calibration.planted import PLANE, SPHERE_ROW, in_report, names

MOVED = LocalProblem.build(["x - 1", "y + 2"], at={"x": 1, "y": -2})


def read(estimator, rows=(PLANE, MOVED, SPHERE_ROW), seeds=3):
    return every_ledger(calibrate(estimator, list(rows), seeds, workers=0))


# -- samplers --------------------------------------------------------------------------------------


def test_an_unbroken_sampler_is_not_flagged():
    assert names(read(devices.honest)) == set()


def test_averaging_over_burn_in():
    found = read(devices.over_burn_in)
    assert "not its own target" in names(found)
    in_report(found, "not its own target")


def test_sgnht_without_its_momentum_term():
    broken = read(devices.sgnht_without_momentum_term, [SPHERE_ROW], 1)
    assert names(broken) == {"wrong on the sphere"}
    assert names(read(devices.sgnht_with_momentum_term, [SPHERE_ROW], 1)) == set()
    in_report(broken, "wrong on the sphere")


def test_minibatches_that_all_chains_share():
    name = "spread between seeds exceeds its own error"
    found = read(devices.shared_minibatches, [PLANE, MOVED], 8)
    assert name in names(found)
    in_report(found, name)
    assert name not in names(read(devices.own_minibatches, [PLANE, MOVED], 8))


def test_a_localisation_that_cuts_the_zeros_off():
    cross = LocalProblem.build("x*y")  # its target at n = 10⁴ is 0.78 λ at γ = 1, 0.13 λ at 100
    found = read(devices.collapsed, [cross], 1)
    assert "target collapses" in names(found)
    in_report(found, "target collapses")
    assert "target collapses" not in names(read(devices.honest, [cross], 1))


def test_a_device_that_reports_no_cost():
    found = read(devices.free_of_charge, [PLANE], 1)
    assert "false cost" in names(found)
    in_report(found, "false cost")
    assert found.measurements[0].points > 0
    assert "false cost" not in names(read(devices.honest, [PLANE], 1))


def test_a_device_that_peeks():
    def by_import(loss, seed, budget):
        from singularity_lab.exact.engine.solve import rlct

        return float(rlct("x*y").value)

    found = read(by_import, [PLANE], 2)
    assert names(found) == {"peeks"}
    assert "imported singularity_lab.exact" in in_report(found, "peeks")
    assert "by_import: peeks.</strong>" in render(found)


# -- tables made by hand: what a device answers is λ, a bias and noise -----------------------------
