"""What a calibration is written as: headline, Markdown, tables, differences."""

import pytest

from singularity_lab.calibration.report_files import (
    differences,
    headline,
    markdown,
    write_all,
    write_parquet,
)
from tests.calibration.planted import only_easy, right, table


def test_the_headline_counts_all_readings():
    text = headline(table({"right": right}))
    assert "right" in text
    assert text.count("\n") == 0
    silent = headline(table({"silent": lambda value, random: None}))
    assert silent != text
    assert "0" in silent


def test_silence_is_counted_against_an_arm():
    both = headline(table({"right": right, "easy": only_easy}))
    assert "right" in both
    assert "easy" in both


def test_markdown_has_a_table_for_every_part():
    text = markdown(table({"right": right}))
    assert text.startswith("#")
    assert text.count("|---") >= 2
    assert "right" in text


@pytest.mark.filterwarnings("ignore")
def test_files_and_parquet(tmp_path):
    paths = write_all(table({"right": right}), tmp_path)
    assert {p.name for p in paths} >= {"report.html", "report.md"}
    duckdb = pytest.importorskip("duckdb")
    path = write_parquet(tmp_path / "t.parquet", [{"a": 1, "b": "x"}, {"a": 2, "b": None}])
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT a, b FROM read_parquet(?) ORDER BY a", [str(path)]
        ).fetchall()
    assert rows == [(1, "x"), (2, None)]


def test_a_calibration_does_not_differ_from_itself_and_does_from_a_worse_one():
    good = table({"arm": right})
    (same,) = differences(good, good)
    assert (same["p"] or 1) == 1
    worse = table({"arm": lambda value, random: (2 * float(value.value), 0.1)})
    (line,) = differences(good, worse)
    assert line["arm"] == "arm"
    assert line != same


def test_what_is_unlike_in_two_runs_of_one_device_is_named():
    """Other settings or another budget are no repetition: the verdict says so."""
    from singularity_lab.calibration.run import calibrate

    def run(chains, **limits):
        short = {"chains": chains, "burn_in": 16, "draws": 16}
        return calibrate(("llc-hmc", short), "nc-1-1", workers=0, **limits)

    first = run(8)
    (same,), (unlike,) = differences(first, run(8)), differences(first, run(16, evaluations=1e5))
    assert "unlike" not in same["verdict"]
    assert same["verdict"] == "no difference"
    assert "unlike in chains, evaluations allowed" in unlike["verdict"]


def test_no_number_of_a_class_holds_the_probes():
    """An estimator that is right on the probes alone gains nothing in the table of classes."""
    import numpy as np

    from singularity_lab.calibration.run import calibrate

    def half(loss, seed, budget):
        return 0.5, 0.1

    found = calibrate(half, rows="quick", workers=0)
    assert any(m.row.is_probe for m in found.measurements)
    own = [m for m in found.measurements if not m.row.is_probe]
    (summary,) = found.per_class("all")
    assert summary.readings == len(own)
    errors = [m.relative_error for m in own]
    assert summary.median_error == pytest.approx(float(np.median(np.abs(errors))))
    assert summary.relative_bias == pytest.approx(float(np.mean(errors)))
    assert sum(s.readings for s in found.per_class("multiplicity")) == len(own)


def test_a_setting_of_a_sweep_is_compared_with_a_run_at_that_setting():
    """A label names what varies in its own store: the device is the one with the same settings."""
    from singularity_lab.calibration.design import Arm
    from singularity_lab.calibration.report_files import paired
    from singularity_lab.calibration.run import calibrate

    def scaled(loss, seed, budget, by=1.0):
        return 0.5 * by, 0.1

    def arm(by, label):
        return Arm("mine:scaled", {"by": by}, label, scaled)

    many = [arm(by, f"mine:scaled by={by:g}") for by in (1.0, 2.0)]
    swept = calibrate(many, "nc-1-1", workers=0)
    alone = calibrate(arm(2.0, "mine:scaled"), "nc-1-1", workers=0)
    ((label, other),) = paired(swept, alone)
    assert (label, other) == ("mine:scaled by=2", "mine:scaled")
    (line,) = differences(swept, alone)
    assert line["first_error"] == line["second_error"]
    assert "unlike" not in line["verdict"]
    assert not paired(swept, calibrate(arm(3.0, "mine:scaled"), "nc-1-1", workers=0))
