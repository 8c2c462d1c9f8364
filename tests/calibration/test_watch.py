"""Who looks up the answer is seen; honest imports are not."""

from __future__ import annotations

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.run import calibrate
from singularity_lab.catalog.load import load


def read(function, rows, **options):
    return calibrate(function, rows, workers=0, **options).measurements


def test_honest_imports_and_files_are_no_peeking(tmp_path):
    (tmp_path / "notes").write_text("0.5")

    def mine(loss, seed, budget):
        import collections
        import email.charset  # noqa: F401 - a module that is not loaded yet, perhaps

        from singularity_lab.spectroscopes import measure

        collections.namedtuple("Point", "x y")  # the library looks at frames
        return measure("hessian", loss, seed=seed)

    (found,) = read(mine, [LocalProblem.build(["x", "y"])])
    assert (found.value, found.outcome) == (1.0, "ok")
    assert found.reported is not None
    assert load("nc-1-1").id == "nc-1-1"  # and everything is in its place again
