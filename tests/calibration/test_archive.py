"""What a store knows of rows and certificates; names that no two problems share."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.archive import certificate_name
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import load

PROBLEMS = [
    LocalProblem.build("x^2"),
    LocalProblem.build("x_2"),
    LocalProblem.build("x^2", "x y"),
    LocalProblem.build("x^2*y"),
    LocalProblem.build("x^2*y", "y x"),
    LocalProblem.build("x^2*y", at={"y": 1}),
    LocalProblem.build("x^2*y", at={"y": "-1"}),
    LocalProblem.build("x^2*y", prior={"x": 1}),
    LocalProblem.build("x^2*y", nonnegative="x"),
    LocalProblem.build("x^2*y", box={"x": (0, 1)}),
    LocalProblem.build("x^2", convention="loss"),
    LocalProblem.build("X^2"),
]


def test_files_of_rows_on_file_have_their_ids_and_impostors_have_not():
    assert certificate_name(CalibrationRow.of("nc-1-1")) == "nc-1-1"
    for entry in (
        Entry(id="nc-1-1", ideal=["x^2"]),
        Entry(id="nc-1-1.lower", ideal=["x"]),
        Entry(id="../nc-1-1", ideal=["x"]),
        load("deep_linear:widths=[1,1,7,1],rank=0"),
    ):
        name = certificate_name(CalibrationRow.of(entry))
        assert "_" in name
        assert "/" not in name


@settings(max_examples=20)
@given(st.lists(st.text(min_size=1, max_size=300), min_size=2, max_size=4, unique=True))
def test_certificate_names_are_injective_and_short(texts):
    names = [certificate_name(CalibrationRow(t, "f", 1, PROBLEMS[0])).lower() for t in texts]
    assert len(set(names)) == len(texts)
    assert all(len(n) <= 80 and n.isascii() and "/" not in n for n in names)
