"""A calibration in words."""

from __future__ import annotations

import re

import pytest

from singularity_lab.calibration.verdict import tolerance
from tests.calibration.planted import right, table


def test_five_lines_print_a_verdict_for_each_class():
    from singularity_lab import calibrate as face

    def mine(loss, seed, budget):
        return 0.5, 0.02

    text = str(face(mine, rows="quick"))
    assert "rows: quick (12 rows, " in text
    for line in (
        "mine, m = 1 (5 rows): wrong: 0 of 5 rows within tolerance, median error 50.0 % of λ",
        "mine, m = 2 (4 rows): wrong: 1 of 4 rows",
        "mine, m ≥ 3 (3 rows): wrong: 1 of 3 rows",
        "! mine: wrong on the sphere: it reads 0.5 on x² + y² + z², where λ = 3/2",
        "! mine: intervals do not cover: ",
    ):
        assert line in text
    # the scaled row is drawn: two rows of twelve have λ = 1/2, and one of them may be it
    assert re.search(r"[23] of all 15 intervals, 3 of them of probes, given at 90% contain λ", text)


@pytest.mark.parametrize(
    ("times", "word"), [(0.9, "right"), (1.1, "near"), (4.9, "near"), (5.1, "wrong")]
)
def test_the_word_of_a_class_is_that_of_its_errors(times, word):
    """Errors of so many tolerances, for every class; beyond 10 % of λ none is near."""

    def off(value, generator):
        return float(value.value) * (1 + times * tolerance(value.multiplicity, 4)), 1.0

    for m, line in zip((1, 2, 3), table({"mine": off}).verdict.splitlines(), strict=False):
        far = times * tolerance(m, 4) > 0.1
        assert f": {'wrong' if far else word}: " in line, line


def test_readings_that_are_not_positive_are_counted():
    def low(value, generator):
        return -0.25 if value.multiplicity == 3 else float(value.value), 0.1

    found = table({"low": low, "right": right}, seeds=2)
    lines = [x for x in found.verdict.splitlines() if "not positive" in x]
    few = 2 * sum(t.multiplicity == 3 for t in found.truths.values())
    assert len(lines) == 1
    assert f"! low: not positive: {few} of 80 readings are ≤ 0, the least -0.25 on " in lines[0]


def test_the_cost_is_said_for_each_device():
    from singularity_lab import calibrate

    def mine(loss, seed, budget):
        loss.value([[0.0] * loss.dim] * 3)
        loss.value_and_grad([0.0] * loss.dim)
        return 0.5

    said = str(calibrate([mine, "hessian"], ["nc-1-1", "bp-2-3"], seeds=2, workers=0))
    assert re.search(
        r"^mine: 4 readings took 16 evaluations of K or ∇K and \S+ CPU s\.$", said, re.M
    )
    assert re.search(r"^hessian: 4 readings took [\d,]+ evaluations? of ", said, re.M)
