"""Training runs: what a file says, the edge to the row they end at, and what is refused."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from singularity_lab.atlas.contradictions import faults
from singularity_lab.atlas.runs import run_pages
from singularity_lab.cli import app
from singularity_lab.dictionary.runs import RunLine, read_runs, trained_edges, with_runs
from singularity_lab.dictionary.schema import blanks
from singularity_lab.dictionary.tables import shipped
from singularity_lab.errors import BadInput


def line(step, rank, n=1e4, **more):
    row = None if rank is None else f"rrr-4-4-3-r{rank}"
    value = None if rank is None else 5.0 + rank
    given = {
        "run": "a", "model": "linear network 4-3-4", "step": step, "n": n, "value": value,
        "low": value, "high": value, "outcome": "ok" if row else "not mixed",
        "stratum": None if rank is None else f"rank {rank}", "row": row,
    }  # fmt: skip
    return given | more


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "runs.jsonl"
    lines = [line(1, 0), line(10, 1), line(100, 2), line(1000, None), line(100, 3, n=1e3)]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


def test_a_run_points_to_the_row_that_its_last_believed_reading_names(file):
    tables = with_runs(shipped(), read_runs(file))
    (edge,) = [e for e in tables.edges if e.source == "a"]
    assert (edge.target, edge.kind) == ("rrr-4-4-3-r2", "trained into")  # at the largest n
    assert "passed rank 0, rank 1, rank 2" in edge.evidence
    assert faults(tables) == []
    assert blanks(tables) == []
    again = with_runs(tables, read_runs(file))
    assert len(again.readings) == len(tables.readings) == len(shipped().readings) + 5
    assert len(again.edges) == len(tables.edges)
    named = [r for r in tables.readings if r.run_id == "a" and r.row_id]
    lams = {s.row_id: s.lam for s in tables.strata if s.on_file}
    assert all(r.exact == lams[r.row_id] and r.inside.status == "not applicable" for r in named)
    pages = {k: p for k, p in run_pages(tables).items() if k.startswith("a-")}
    assert {k: len(p["rows"]) for k, p in pages.items()} == {"a-n-10000": 4, "a-n-1000": 1}
    assert pages["a-n-10000"]["into"][0]["target"] == edge.target


def test_a_run_without_a_believed_reading_points_nowhere():
    assert trained_edges([]) == []
    lines = [RunLine(**line(1, None))]
    assert not [e for e in with_runs(shipped(), lines).edges if e.source == "a"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"step": "ten"}, "line 1: Expected `int`"),
        ({"row": "no-such-row"}, "row: the dictionary has no row 'no-such-row'"),
        ({"colour": 1}, "line 1: .*colour"),
    ],
)
def test_lines_that_are_none(tmp_path, change, says):
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps(line(1, 0) | change))
    with pytest.raises(BadInput, match=says):
        with_runs(shipped(), read_runs(path))


def test_the_command_adds_runs(file, tmp_path):
    done = CliRunner().invoke(app, ["dictionary", "runs", str(tmp_path / "none.jsonl")])
    assert done.exit_code == 2
    assert "none.jsonl" in done.output
