"""Names of rows and arms: two problems have two names and two files, and any text can be drawn."""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import Arm, CalibrationRow, plan
from singularity_lab.calibration.report import render
from singularity_lab.calibration.run import calibrate, run_plans
from singularity_lab.catalog.entry import Entry
from singularity_lab.errors import BadInput
from singularity_lab.exact.proof.certificate import Certificate

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


def test_problems_with_one_ideal_are_calibrated_together_each_with_its_proof(tmp_path):
    members = [*PROBLEMS, Entry(id="a/b", ideal=["x^2"]), Entry(id="a_b", ideal=["x^3"])]
    found = calibrate("hessian", members, out=tmp_path, workers=0)
    assert len({r.id for r in found.rows}) == len(members)
    paths = list((tmp_path / "certificates").iterdir())
    kept = [Certificate.load(p) for p in paths]
    assert len(kept) == sum(len(t.certificates) for t in found.truths.values())
    assert all(any(c.problem == CalibrationRow.of(m).problem for c in kept) for m in members)
    # also where a file system ignores case
    assert len({p.name.lower() for p in paths}) == len(paths)


def test_one_name_for_two_problems_is_refused():
    one, two = (plan("hessian", [Entry(id="a", ideal=[f])], 1) for f in ("x^2", "x^3"))
    with pytest.raises(BadInput, match="two problems are named 'a'"):
        run_plans([one, two], None, 0)
    with pytest.raises(BadInput, match="received twice"):
        plan("hessian", [PROBLEMS[0], PROBLEMS[0]], 1)


@pytest.mark.parametrize(
    "names",
    [
        ["$\\bad{$", "{}%#&<b>"],
        pytest.param(
            ["$\\bad{$", "$\\frac{$", "a$b", "$$", "\\$x$", "{}%#&<b>"], marks=pytest.mark.slow
        ),
    ],
)
def test_dollars_and_other_signs_are_drawn_as_they_stand(names, tmp_path):
    """Names that would be broken mathematics of Matplotlib."""
    arms = [Arm("hessian", {}, n) for n in names]
    members = [Entry(id=n, ideal=["x^2", "y^3"]) for n in names]
    members.append(Entry(id="$", ideal=["x^2"]))  # a reading with an error and a cost
    found = calibrate(arms, members, out=tmp_path, workers=0)
    assert "&lt;b&gt;" in found.report(tmp_path / "report.html").read_text(encoding="utf-8")
    reading = next(m.reading for m in found.measurements if m.reading is not None)
    figure = replace(reading, loss_id="$\\bad{$").plot().figure
    figure.savefig(tmp_path / "reading.svg")
    plt.close(figure)


@pytest.mark.slow
def test_the_report_says_how_many_seeds_there_are():
    one = calibrate("hessian", ["nc-1", "nc-1-1"], 1, workers=0)
    more = calibrate("hessian", "nc-1", [1, 2, 3], workers=0)
    three = calibrate("hessian", "nc-1", 3, workers=0)
    assert "seeds, by row" not in render(one)
    assert "means over" not in render(one)
    assert "A reading is of 1 to 4 seeds" in render(one.joined(more))
    assert "Readings are means over 3 seeds" in render(three)
