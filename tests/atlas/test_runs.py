"""Training runs as the page shows them."""

from __future__ import annotations

import pytest
from atlas_pages import put

from singularity_lab.atlas import build
from singularity_lab.errors import BadInput
from singularity_lab.trajectories.trajectory import Trajectory, TrajectoryRow


def test_a_run_is_shown_with_its_misses(tables, tmp_path):
    rows = (
        TrajectoryRow(0, loss=2.0, outcome="ok", value=5.0, low=4.9, high=5.1),
        TrajectoryRow(10, loss=1.0, reason="cannot be read"),
    )
    file = tmp_path / "run of mine.json"
    file.write_text(Trajectory(rows, device="llc").to_json())
    build(tmp_path / "page", tables, runs=[file], machines=())
    _, meta = put(tmp_path / "page" / "data" / "meta.js")
    assert [r["id"] for r in meta["runs"]] == ["run-of-mine"]
    _, run = put(tmp_path / "page" / "data" / "run-run-of-mine.js")
    assert [r["outcome"] for r in run["rows"]] == ["ok", "failed"]
    file.write_text("[1, 2]")
    with pytest.raises(BadInput, match="is no trajectory"):
        build(tmp_path / "page", tables, runs=[file], machines=())
