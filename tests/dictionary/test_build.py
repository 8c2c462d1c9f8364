"""Building: every cell by a public function, kept at once, nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import pytest

from singularity_lab.catalog.load import load
from singularity_lab.dictionary import build as building
from singularity_lab.dictionary.assemble import places
from singularity_lab.dictionary.build import build, cell_jobs, compute_cells
from singularity_lab.dictionary.columns import GROUPS
from singularity_lab.dictionary.journal import Journal
from singularity_lab.dictionary.known import Stamp, kept_readings, nameless_runs
from singularity_lab.dictionary.runs import trained_edges
from singularity_lab.dictionary.schema import Cell, blanks, cells
from singularity_lab.dictionary.tables import read_tables, shipped
from singularity_lab.errors import BadInput

IDS = ("ade-a2", "bp-2-3", "nc-1-1", "rrr-1-1-2-r0", "rrr-1-1-2-r0-a0b1", "loss-x2-y4")


def rows():
    return [load(i) for i in IDS]


def test_a_build_is_a_function_of_its_rows(tmp_path):
    """Whatever the order of sets, and however much time a cell has: what no limit cut is equal."""
    ids = "ade-a2,bp-2-3,edge-path-3,gauss-2-1d-far,loss-x2-y4,rrr-1-2-1-r0,arnold-j10,nmf-1-1-1-r0"
    made = []
    for seed, limit in (("1", "0.005"), ("2", "1.5")):
        out = tmp_path / seed
        options = ["--ids", ids, "--fresh", "--jobs", "1", "--limit", limit, "--out", str(out)]
        done = subprocess.run(
            [sys.executable, "-m", "singularity_lab.cli", "dictionary", "build", *options,
             "--journal", str(tmp_path / f"{seed}.jsonl")],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        made.append(read_tables(out))
    one, two = made
    assert (one.rows, one.certificates, one.edges) == (two.rows, two.certificates, two.edges)
    equal = cut = 0
    for a, b in zip(one.strata, two.strata, strict=True):
        for (name, x), (_, y) in zip(cells(a), cells(b), strict=True):
            if x.cut or y.cut:
                cut += 1
            else:
                assert x == y, (a.row_id, a.stratum_id, name)
                equal += 1
    assert equal > cut > 0


def test_a_second_build_computes_nothing_and_gives_the_same(tmp_path):
    path = tmp_path / "cells.jsonl"
    first = build(rows(), Journal(path), 3.0, 1)
    assert first.germs > 0
    assert blanks(first.tables) == []
    size = path.stat().st_size
    again = build(rows(), Journal(path), 3.0, 1)
    assert again.germs == 0
    assert again.seconds == 0.0
    assert path.stat().st_size == size
    assert msgspec.json.encode(again.tables) == msgspec.json.encode(first.tables)
    by_id = {s.row_id: s for s in first.tables.strata if s.on_file}
    cusp = by_id["ade-a2"]
    assert (cusp.lam.value, cusp.m.value, cusp.type.value) == ("5/12", 1, "A2")
    assert cusp.jets.value["dimensions"] == [1, 2, 3, 4, 5, 7, 8]
    assert [near["type"] for near in by_id["ade-a2"].adjacencies.value or []] == []
    # a stratum that is no row is there too, with what its own search proves
    off = [s for s in first.tables.strata if not s.on_file]
    assert {(s.row_id, s.stratum_id) for s in off} == {
        ("rrr-1-1-2-r0", "a1b0"),
        ("rrr-1-1-2-r0", "a1b1"),
    }
    assert all(s.lam.value == "1/2" for s in off)
    kinds = {e.kind for e in first.tables.edges}
    assert kinds == {"closure", "class"}


def test_tables_answer_a_build_without_a_journal(tmp_path):
    """A new machine has the tables and no journal: nothing is asked again but what has changed."""
    first = build(rows(), Journal(tmp_path / "cells.jsonl"), 3.0, 1)
    stamp = Stamp(3.0, {g.name: g.version for g in GROUPS} | {"classes": 1})
    again = build(rows(), Journal(None), 3.0, 1, before=[(first.tables, stamp)])
    assert (again.germs, again.seconds) == (0, 0.0)
    assert msgspec.json.encode(again.tables) == msgspec.json.encode(first.tables)
    older = Stamp(3.0, stamp.versions | {"zeta": 0})
    assert build(rows(), Journal(None), 3.0, 1, before=[(first.tables, older)]).germs > 0
    other = [
        msgspec.structs.replace(s, problem="") if s.row_id == "loss-x2-y4" else s
        for s in first.tables.strata
    ]
    moved = msgspec.structs.replace(first.tables, strata=other)
    assert build(rows(), Journal(None), 3.0, 1, before=[(moved, stamp)]).germs == 1


def test_readings_and_edges_on_file_go_with_the_rows_whose_germ_is_the_same(tmp_path):
    """A dictionary of some rows of the shipped one, and one whose row is another germ by now."""
    on_file = shipped()
    few = [load(i) for i in (*IDS, "rrr-4-4-3-r0")]
    ids = {row.id for row in few}
    made = build(few, Journal(None), 3.0, 1, total=0.0, before=[(on_file, None)]).tables
    wanted = [r for r in on_file.readings if not r.run_id and r.row_id in ids]
    assert [r for r in made.readings if not r.run_id] == wanted != []
    assert {r.row_id for r in wanted} > {"ade-a2", "nc-1-1"}
    assert not [r for r in made.readings if r.run_id]  # runs that name rows which are not here
    cell = next(s for s in made.strata if s.row_id == "ade-a2").reading
    assert cell == next(s for s in on_file.strata if s.row_id == "ade-a2").reading
    changed = [
        msgspec.structs.replace(s, problem="another") if s.row_id == "ade-a2" else s
        for s in on_file.strata
    ]
    other = msgspec.structs.replace(on_file, strata=changed)
    again = build(few, Journal(None), 3.0, 1, total=0.0, before=[(other, None)]).tables
    assert again.readings == [r for r in wanted if r.row_id != "ade-a2"]
    # the nearest tables win, and keep what the further ones do not have
    mine = msgspec.structs.replace(wanted[0], note="mine")
    near = msgspec.structs.replace(made, readings=[mine])
    both = build(few, Journal(None), 3.0, 1, total=0.0, before=[(near, None), (on_file, None)])
    assert sorted(map(repr, both.tables.readings)) == sorted(map(repr, [mine, *wanted[1:]]))


def test_all_readings_and_runs_go_where_all_rows_go():
    on_file = shipped()
    assert kept_readings([on_file], on_file.rows, on_file.strata) == on_file.readings
    less = [s for s in on_file.strata if s.row_id != "ade-a2"]
    kept = kept_readings([on_file], on_file.rows, less)
    loose = nameless_runs(on_file.readings)
    assert loose
    assert kept == [r for r in on_file.readings if r.row_id != "ade-a2" and r not in loose]
    assert trained_edges(kept) == [e for e in on_file.edges if e.kind == "trained into"] != []


def test_an_interrupted_build_keeps_what_was_done(tmp_path):
    journal = Journal(tmp_path / "cells.jsonl")

    def stop(done, total, last):
        if done == 2:
            raise KeyboardInterrupt

    listed = places(rows())
    with pytest.raises(KeyboardInterrupt):
        compute_cells(listed, journal, 3.0, 1, groups=GROUPS[:1], progress=stop)
    before = len(cell_jobs(listed, Journal(None), 3.0, GROUPS[:1]))
    left = cell_jobs(listed, Journal(journal.path), 3.0, GROUPS[:1])
    assert len(left) == before - 2


def test_a_build_within_a_total_says_what_it_did_not_reach_and_goes_on(tmp_path):
    journal = Journal(tmp_path / "cells.jsonl")
    few = [load(i) for i in ("nc-1", "bp-2-3")]
    nothing = build(few, journal, 3.0, 1, total=0.0)
    assert (nothing.germs, nothing.seconds, blanks(nothing.tables)) == (2, 0.0, [])
    reasons = {line.jets.reason for line in nothing.tables.strata}
    assert reasons == {"not reached in this build"}
    compute_cells(places(few), journal, 3.0, 1, total=1e-9)  # what was begun is finished
    left = [names for _, names in cell_jobs(places(few), Journal(journal.path), 3.0).values()]
    assert sorted(left, key=len) == [["contact", "jets"], [group.name for group in GROUPS]]
    assert build(few, journal, 3.0, 1).germs == 2
    assert build(few, journal, 3.0, 1).germs == 0


def test_more_time_asks_again_only_what_was_undecided(tmp_path):
    journal = Journal(None)
    question = building.JournalLine("g", "jets", 1, 1.0, 0.5, {"jets": Cell.unknown("1 s")})
    journal.add(question)
    journal.add(building.JournalLine("g", "zeta", 1, 1.0, 0.5, {"zeta": Cell.of({})}))
    assert journal.get("g", "jets", 1, 1.0) is question
    assert journal.get("g", "jets", 1, 2.0) is None
    assert journal.get("g", "zeta", 1, 2.0) is not None
    assert journal.get("g", "zeta", 2, 1.0) is None  # another version of the function


def test_bad_arguments():
    with pytest.raises(BadInput, match="jobs: at least one"):
        compute_cells([], Journal(None), 1.0, 0)
    with pytest.raises(BadInput, match="budget"):
        compute_cells([], Journal(None), -1.0, 1)
    for total in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="total: CPU seconds >= 0"):
            compute_cells([], Journal(None), 1.0, 1, total=total)
