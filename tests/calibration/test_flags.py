"""What the harness finds wrong, and what is right."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.probes import probes
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.run import calibrate
from tests.calibration.planted import SIGMA, in_report, names, only_easy, probe_of, right, table


def twice_as_wide(value, generator):
    return float(value.value) + generator.gauss(0, SIGMA), 2 * 1.645 * SIGMA


def biased(value, generator):
    bias = 0.0 if value.multiplicity == 1 else -0.3
    return float(value.value) + bias + generator.gauss(0, SIGMA), 1.645 * SIGMA


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


def test_a_name_is_a_trap_for_who_looks_it_up():
    table = {"nc-1-1": 0.5, "bp-2-3": 5 / 12}

    def mine(loss, seed, budget):
        return table.get(loss.loss_id, 0.7)

    rows = [*map(probe_of, ("nc-1-1", "bp-2-3")), *probes(map(probe_of, table), 1)]
    found = calibrate(mine, rows, workers=0)
    from singularity_lab.calibration.flags import flags

    assert "peeks" in {f.name for f in flags(found)}
    honest = calibrate(lambda loss, seed, budget: 0.7, rows, workers=0)
    assert "peeks" not in {f.name for f in flags(honest)}


@pytest.mark.parametrize("value", [5 / 12, 0.5])
def test_a_number_for_everything_is_no_peeping(value):
    """The λ of the decoy's name, but also of every other germ."""
    from singularity_lab.calibration.flags import flags

    rows = [*map(probe_of, ("nc-1-1", "bp-2-3", "ade-d4", "rrr-2-2-1-r0"))]
    for secret in range(2):
        found = calibrate(
            lambda loss, seed, budget: value, [*rows, *probes(rows, secret)], workers=0
        )
        assert {f.name for f in flags(found)} >= {"reads a constant", "wrong on the sphere"}
        assert "peeks" not in {f.name for f in flags(found)}
