"""Ten ways to break a device or the harness, each flagged by its name in the report; and what is
not broken is not flagged."""

from __future__ import annotations

import random
from fractions import Fraction

import broken_devices as devices
import pytest

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import Row, plan
from singularity_lab.calibration.flags import flags
from singularity_lab.calibration.ledger import every_ledger
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.pages import markdown
from singularity_lab.calibration.probes import SPHERE, probes
from singularity_lab.calibration.report import render
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.run import calibrate
from singularity_lab.errors import BadInput

PLANE = LocalProblem.build(["x", "y"])
MOVED = LocalProblem.build(["x - 1", "y + 2"], at={"x": 1, "y": -2})
SPHERE_ROW = probes([], 0)[0]


def names(calibration, arm=None):
    found = flags(calibration)
    return {f.name for f in found if arm is None or f.arm == arm}


def read(estimator, rows=(PLANE, MOVED, SPHERE_ROW), seeds=3):
    return every_ledger(calibrate(estimator, list(rows), seeds, workers=0))


def in_report(calibration, name):
    page = markdown(calibration)
    assert f": {name}: " in page
    return page


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

ROWS = [
    (
        Row(f"row-{k:02}", "made up", 2 + k % 3, PLANE),
        RLCT(Fraction(1 + k % 5, 1 + k % 4), 1 + k % 3),
    )
    for k in range(40)
]


def table(answers, seeds=3):
    """A calibration of arms by name: functions (λ, m, random) → (value, half-width) or None."""
    rows = tuple(row for row, _ in ROWS)
    truths = {row.id: Truth(Bounds(v, v), "proved") for row, v in ROWS}
    found = []
    for arm, answer in answers.items():
        for row, value in ROWS:
            for seed in range(seeds):
                said = answer(value, random.Random(f"{row.id} {seed} {arm}"))
                v, h = said if said is not None else (None, None)
                found.append(
                    Measurement(
                        row, arm, seed, truths[row.id], v,
                        None if v is None else v - h, None if v is None else v + h,
                        None if v is None else 0.9, "ok" if v is not None else "failed",
                    )
                )  # fmt: skip
    return Calibration(rows, tuple((a, {}) for a in answers), tuple(range(seeds)), truths,
                       tuple(found))  # fmt: skip


SIGMA = 0.05


def right(value, generator):
    return float(value.value) + generator.gauss(0, SIGMA), 1.645 * SIGMA


def twice_as_wide(value, generator):
    return float(value.value) + generator.gauss(0, SIGMA), 2 * 1.645 * SIGMA


def biased(value, generator):
    bias = 0.0 if value.multiplicity == 1 else -0.3
    return float(value.value) + bias + generator.gauss(0, SIGMA), 1.645 * SIGMA


def only_easy(value, generator):
    return right(value, generator) if value.multiplicity == 1 else None


def test_what_is_right_is_not_flagged():
    assert names(table({"right": right, "too": right})) == set()


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (twice_as_wide, "intervals too wide"),
        (biased, "intervals from its own spread"),
        (biased, "intervals do not cover"),
        (only_easy, "answers only easy rows"),
    ],
)
def test_intervals_and_silence(answer, name):
    found = table({"right": right, "broken": answer})
    assert name in names(found, "broken")
    assert names(found, "right") == set()
    in_report(found, name)


def test_silence_does_not_rise_in_the_leaderboard():
    from singularity_lab.calibration.comparison import leaderboard, pairs

    found = table({"right": right, "easy": only_easy})
    assert [p.arm for p in leaderboard(found)] == ["right", "easy"]
    (pair,) = pairs(found)
    assert pair.decided
    assert pair.better > pair.worse


def test_a_wrong_truth_is_in_doubt_when_devices_agree_against_it():
    """A reduced-rank λ by the formula r(H + K − r)/2, which is wrong: 9/2 where 21/2 is right."""
    found = table({"right": right, "too": right})
    wrong = Truth(Bounds(RLCT(Fraction(9, 2), 1), RLCT(Fraction(9, 2), 1)), "proved")
    truths = {**found.truths, "row-07": wrong}
    measurements = tuple(
        Measurement(**{**_fields(m), "truth": truths[m.row.id]}) for m in found.measurements
    )
    broken = Calibration(found.rows, found.arms, found.seeds, truths, measurements)
    assert names(broken, "") == {"truth in doubt"}
    assert "row-07" in in_report(broken, "truth in doubt")


def test_a_truth_that_its_certificate_does_not_prove():
    found = calibrate("hessian", "nc-1-1", workers=0)
    truth = found.truths["nc-1-1"]
    other = Bounds(RLCT(Fraction(3, 4), 1), RLCT(Fraction(3, 4), 1))
    wrong = Truth(other, truth.status, truth.method, 0.0, truth.certificates)
    broken = Calibration(found.rows, found.arms, found.seeds, {"nc-1-1": wrong}, ())
    assert names(found, "") == set()
    assert names(broken) == {"wrong truth"}
    in_report(broken, "wrong truth")


def _fields(m):
    return {name: getattr(m, name) for name in m.__dataclass_fields__}


def test_the_sphere_has_no_name():
    assert SPHERE_ROW.id == SPHERE
    assert SPHERE_ROW.shown == ""
    with pytest.raises(BadInput, match="rows"):
        plan("hessian", [SPHERE_ROW, SPHERE_ROW], 1)
