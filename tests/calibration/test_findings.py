"""What a calibration found: classes, ranks, tables and files."""

from __future__ import annotations

import csv
import json

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.results import Calibration
from singularity_lab.errors import BadInput
from tests.calibration.readings import exactly, reading


@pytest.fixture
def calibration():
    rows = [
        CalibrationRow("one", "a", 1, LocalProblem.build("x")),
        CalibrationRow("two", "a", 2, LocalProblem.build("x*y")),
        CalibrationRow("three", "b", 11, LocalProblem.build("x*y*z")),
    ]
    truths = {"one": exactly("1/2"), "two": exactly("1/2", 2), "three": exactly("3/4", 4)}
    found = []
    for row in rows:
        lam = float(truths[row.id].value)
        found.append(reading(lam, 0.1, truths[row.id], row, "good", p={1: 0.9, 2: 0.1}))
        found.append(reading(0.5 * lam, 0.01, truths[row.id], row, "poor"))
    return Calibration(tuple(rows), (("good", {}), ("poor", {"n": 3})), (0,), truths, tuple(found))


def test_classes_split_by_multiplicity_dimension_and_family(calibration):
    names = [(s.group, s.arm) for s in calibration.per_class("multiplicity")]
    assert names == [(g, a) for g in ("m = 1", "m = 2", "m ≥ 3") for a in ("good", "poor")]
    dimensions = [s.group for s in calibration.per_class("dimension") if s.arm == "good"]
    assert dimensions == ["d = 1–2", "d > 10"]
    families = {(s.group, s.arm): s.rows for s in calibration.per_class("family")}
    assert families == {("a", "good"): 2, ("a", "poor"): 2, ("b", "good"): 1, ("b", "poor"): 1}
    with pytest.raises(BadInput, match="kind"):
        calibration.per_class("colour")


def test_rank_fidelity_is_that_of_the_means(calibration):
    assert calibration.rank_fidelity() == {
        "good": pytest.approx(1.0),
        "poor": pytest.approx(1.0),
    }  # half of λ orders the rows as λ does


def test_the_table_says_what_was_measured(calibration, tmp_path):
    written = {p.name: p for p in calibration.save(tmp_path)}
    assert set(written) == {"calibration.csv", "calibration.json"}
    with written["calibration.csv"].open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 6
    poor = next(x for x in lines if x["id"] == "three" and x["device"] == "poor")
    assert (poor["lambda"], poor["multiplicity"], poor["covered"]) == ("3/4", "4", "False")
    assert float(poor["relative_error"]) == -0.5
    good = next(x for x in lines if x["id"] == "two" and x["device"] == "good")
    assert (good["most_probable_m"], good["p_true_m"]) == ("1", "0.1")
    document = json.loads(written["calibration.json"].read_text(encoding="utf-8"))
    assert len(document["table"]) == 6
    assert document["classes"]["all"][1]["relative_bias"] == -0.5
    assert document["arms"][1] == {"label": "poor", "settings": {"n": 3}}


def test_it_prints_as_a_table(calibration):
    text = str(calibration)
    assert "three" in text
    assert "−50.0 %" in text
    assert "0.25 [0.24, 0.26]" in text
    assert calibration._repr_html_().count("<tr>") == 7
