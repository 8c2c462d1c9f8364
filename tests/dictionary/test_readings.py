"""Readings in the dictionary: lines with their command, failures kept; germs asked once."""

from __future__ import annotations

import json
import math
import shlex

from typer.testing import CliRunner

from singularity_lab.catalog.load import load
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.cli import app
from singularity_lab.dictionary.build import build
from singularity_lab.dictionary.journal import Journal
from singularity_lab.dictionary.readings import read_row, reading_line, with_readings
from singularity_lab.dictionary.schema import blanks
from singularity_lab.dictionary.tables import shipped, stored_readings

TAKEN = {
    "device": "volume", "seed": 0, "settings": {}, "value": 0.5, "low": 0.45, "high": 0.55,
    "multiplicity": {1: 0.9, 2: 0.1}, "outcome": "ok", "reason": "", "cpu_seconds": 1.0,
    "evaluations": 10, "claims_lambda": True,
}  # fmt: skip


def line(row="ade-a2", **changes):
    return reading_line(row, TAKEN | changes, ground_truth(row, 0).bounds)


def test_an_interval_that_misses_says_so_and_a_failure_has_its_word():
    assert line().inside.value is False
    assert line(low=0.4).inside.value is True
    failed = line(value=math.nan, low=-math.inf, high=math.inf, outcome="diverged")
    assert {failed.value.status, failed.low.status, failed.inside.status} == {"unknown"}
    assert "diverged" in failed.value.reason
    estimate = line(device="llc", claims_lambda=False, settings={"n": 1000})
    assert (estimate.inside.status, estimate.n) == ("not applicable", 1000)
    assert estimate.command == "singlab measure llc ade-a2 --seed 0 --set n=1000"
    assert line("rbm-3-3").exact.status == "bounds"  # λ is not decided there


def test_a_reading_that_is_made_again_replaces_the_old_one():
    old = [line(), line(seed=1)]
    new = line(value=0.42)
    assert [r.value.value for r in with_readings(old, [new])] == [0.42, 0.5]
    assert len(with_readings(old, [line(settings={"n": 9})])) == 3


def test_the_command_of_a_reading_has_its_limit_and_takes_it_again():
    line = read_row(load("nc-1-1"), "anneal", settings={"particles": 32}, evaluations=1e5)
    words = shlex.split(line.command)
    assert words[:4] == ["singlab", "measure", "anneal", "nc-1-1"]
    assert words[words.index("--evaluations") + 1] == "100000"
    result = CliRunner().invoke(app, [*words[1:], "--json"])
    again = json.loads(result.stdout)
    assert again["cost"]["evaluations"] + again["cost"]["gradients"] == line.evaluations
    assert again["outcome"] == line.outcome == "budget"


def test_the_readings_on_file():
    readings = shipped().readings
    assert len({r.row_id for r in readings}) >= 80
    assert {r.device for r in readings} >= {"volume", "llc-mala"}
    assert any(r.outcome != "ok" for r in readings)
    held = [r for r in readings if r.inside.status == "value" and r.outcome == "ok"]
    assert sum(r.inside.value for r in held) >= 0.8 * len(held)
    for r in (r for r in readings if not r.run_id):
        assert r.row_id in r.command
        if r.device == "volume":
            assert r.code
            assert ("earlier version" in r.note) == (r.orders.status == "no device")


def test_a_row_is_measured_into_a_folder(tmp_path):
    direct = read_row(load("nc-1-1"), "hessian")
    done = CliRunner().invoke(
        app, ["dictionary", "measure", "nc-1-1", "--device", "hessian", "--out", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    (stored,) = stored_readings(tmp_path)
    assert (stored.value, stored.inside) == (direct.value, direct.inside)
    assert stored.inside.value is False  # rank/2 is no λ of a crossing


def test_cells_are_checked_against_the_table():
    done = CliRunner().invoke(app, ["dictionary", "check", "nc-1-1", "--column", "jets"])
    assert done.exit_code == 0
    assert "jets: agrees" in done.output
    wrong = CliRunner().invoke(app, ["dictionary", "check", "nc-1-1", "--column", "ranks"])
    assert wrong.exit_code == 2


def test_germs_that_are_equal_up_to_names_are_asked_once(tmp_path):
    journal = Journal(tmp_path / "cells.jsonl")
    made = build([load("ade-a2"), load("branch-3over2")], journal, 3.0, 1)
    assert blanks(made.tables) == []
    first, second = made.tables.strata
    assert first.jets.value == second.jets.value
    assert first.volume.value == second.volume.value
    assert second.jets.route.endswith("the germ of row ade-a2 up to renaming and signs")
    assert [len(journal.of_group(group)) for group in ("jets", "type")] == [1, 2]
