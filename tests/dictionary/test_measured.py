"""Measured columns: readings beside what is proved, shared by equal germs, failures kept."""

from __future__ import annotations

import msgspec
import pytest
from typer.testing import CliRunner

from singularity_lab.catalog.load import load
from singularity_lab.cli import app
from singularity_lab.dictionary.build import build
from singularity_lab.dictionary.journal import Journal
from singularity_lab.dictionary.measured import compare, with_measurements
from singularity_lab.dictionary.readings import LARGEST, claims, read_row, rows_to_read
from singularity_lab.dictionary.schema import Cell, Tables, blanks
from singularity_lab.dictionary.tables import read_tables, shipped, write_tables

CHEAP = {"particles": 32, "replicates": 6, "depth": 25.0}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    journal = Journal(tmp_path_factory.mktemp("journal") / "cells.jsonl")
    return build([load("ade-a2"), load("branch-3over2"), load("ade-a4")], journal, 3.0, 1).tables


@pytest.fixture(scope="module")
def line():
    return read_row(load("ade-a2"), "volume", 0, CHEAP)


def test_one_reading_serves_all_rows_of_a_germ(tables, line):
    assert [row.id for row in rows_to_read(tables)] == ["ade-a2", "ade-a4"]
    cusp, branch, other = with_measurements(tables.strata, tables.rows, [line])
    assert cusp.reading.value["row"] == branch.reading.value["row"] == "ade-a2"
    assert branch.reading.route.endswith("whose germ is the same up to renaming and signs")
    assert other.reading.status == other.valuation.status == "unknown"
    read = msgspec.structs.replace(tables, readings=[line])
    assert [row.id for row in rows_to_read(read)] == ["ade-a4"]
    found = cusp.valuation.value
    assert found["tied"] == 1
    assert found["within"] is True  # the weights of the cusp are (1/4, 1/6)
    assert found["nearest"] == pytest.approx({"x": 1 / 4, "y": 1 / 6}, abs=1e-4)


def test_a_failure_is_shown_when_there_is_nothing_better(tables, line):
    bad = msgspec.structs.replace(line, outcome="not mixed", seed=7)
    (cusp, *_) = with_measurements(tables.strata, tables.rows, [bad])
    assert cusp.reading.value["outcome"] == "not mixed"
    (cusp, *_) = with_measurements(tables.strata, tables.rows, [bad, line])
    assert cusp.reading.value["outcome"] == line.outcome
    assert blanks(Tables(rows=tables.rows, strata=[cusp])) == []


def test_orders_are_held_against_the_polytope_of_tied_divisors():
    crossing = [
        {"k": 2, "weights": {"x": "1"}, "chart": 0},
        {"k": 2, "weights": {"y": "1"}, "chart": 0},
        {"k": 9, "weights": {"z": "1"}, "chart": 3},  # of another chart: no coordinate here
    ]
    inside = compare({"x": (0.4, 0.01), "y": (0.1, 0.01)}, crossing)
    assert inside.within
    assert inside.nearest == pytest.approx({"x": 0.4, "y": 0.1}, abs=1e-4)
    outside = compare({"x": (0.5, 0.01), "y": (0.3, 0.01)}, crossing)
    assert not outside.within
    assert compare({"x": (0.5, 0.01)}, crossing[2:]) is None
    assert (
        inside.spanned,
        compare({"x": (0.5, 0.01), "y": (0.0, 0.01)}, crossing[:1]).spanned,
    ) == (2, 1)


def test_fewer_divisors_than_meet_judge_nothing(tables, line):
    """m of them meet where λ has the multiplicity m: the cusp's one divisor would not do for 2."""
    first, *rest = tables.strata
    two = msgspec.structs.replace(first, m=Cell.of(2))
    (cusp, *_) = with_measurements([two, *rest], tables.rows, [line])
    found = cusp.valuation.value
    assert (found["within"], found["tied"], len(found["divisors"])) == (None, 1, 1)
    assert cusp.valuation.route.startswith("1 of the 2 that meet have weights")


def test_the_columns_on_file():
    """What the cells say is in the table of readings, and readings mostly hold λ."""
    tables = shipped()
    readings = {(r.row_id, r.device, r.seed): r for r in tables.readings}
    proved = [
        (row, line)
        for row, line in zip(tables.rows, [s for s in tables.strata if s.on_file], strict=True)
        if line.lam.status == "value" and row.d <= LARGEST
    ]
    told = [line.reading.value for _, line in proved if line.reading.status == "value"]
    assert len(told) >= 100
    for cell in told:
        assert readings[cell["row"], cell["device"], cell["seed"]].value.value == cell["value"]
    good = [c for c in told if c["outcome"] == "ok" and c["inside"] is not None]
    assert sum(c["inside"] for c in good) >= 0.8 * len(good)
    for row, line in zip(tables.rows, [s for s in tables.strata if s.on_file], strict=True):
        if row.d > LARGEST and line.reading.status != "value":
            assert line.reading.status == "no device"
    assert any(claims(r) for r in tables.readings)


def test_missing_readings_are_taken_in_pieces(tables, tmp_path):
    write_tables(tables, tmp_path)
    asked = ["dictionary", "measure", "--missing", "--out", str(tmp_path), "--total", "0.01"]
    short = ["--set", "particles=32", "--set", "replicates=4", "--set", "depth=12"]
    first = CliRunner().invoke(app, [*asked, *short])
    assert first.exit_code == 0, first.output
    assert "the same command goes on" in first.output
    (line,) = read_tables(tmp_path).readings
    assert read_tables(tmp_path).strata[1].reading.value["row"] == line.row_id == "ade-a2"
    again = CliRunner().invoke(app, [*asked, *short])
    assert again.exit_code == 0, again.output
    assert {r.row_id for r in read_tables(tmp_path).readings} == {"ade-a2", "ade-a4"}
    both = CliRunner().invoke(app, ["dictionary", "measure", "ade-a2", "--missing"])
    assert both.exit_code == 2
