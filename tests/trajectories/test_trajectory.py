"""A trajectory as a table: documents, files, pictures, names of its values."""

from __future__ import annotations

import math

import pytest

from singularity_lab import Trajectory, track
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Reading
from singularity_lab.trajectories import TrajectoryRow
from tests.trajectories.states import given, states


def test_json_parquet_and_pictures(tmp_path):
    path = track(states(), **given(n=[100, 1000], probes={"it's": lambda net: math.nan}))
    back = Trajectory.from_json(path.to_json())
    assert back == path
    assert str(back) == str(path)
    file = path.to_parquet(tmp_path / "run.parquet")
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT step, n, value, reading FROM read_parquet(?) ORDER BY step, n", [str(file)]
        ).fetchall()
    assert [r[:3] for r in rows] == [(r.step, r.n, r.value) for r in path.rows]
    assert Reading.from_json(rows[0][3]) == path.rows[0].reading
    import matplotlib.pyplot as plt

    above, below = path.plot(ladder={"rank 1": 5.0})
    assert below.get_xlabel() == "step"
    assert any(text.get_text() == "rank 1" for text in below.texts)
    plt.close(above.figure)
    for wrong in ("[]", "{}", "no", '{"rows": [{"step": 1}]}'):
        with pytest.raises(BadInput):
            Trajectory.from_json(wrong)


def test_the_ladder_names_only_what_may_be_believed():
    path = Trajectory(
        (
            TrajectoryRow(0, outcome="ok", value=5.2),
            TrajectoryRow(1, outcome="not mixed", value=6.0),
            TrajectoryRow(2, reason="gone"),
        )
    )
    ladder = {"a": 5.0, "b": 6.0}
    assert path.named(ladder) == ["a", None, None]
    assert path.named(ladder, only_ok=False) == ["a", "b", None]
    with pytest.raises(BadInput, match="ladder"):
        path.named({})
    with pytest.raises(BadInput, match="column"):
        path.column("lambda")


def test_what_is_no_row_reading_ladder_or_change_is_told():
    for wrong in ((4.5, 4.6), [None], "rows", 5):
        with pytest.raises(BadInput, match="rows: expected"):
            Trajectory(wrong)
    for wrong in (5.0, None, {"value": 1}):
        with pytest.raises(BadInput, match="reading: expected a Reading"):
            TrajectoryRow.of(0, wrong)
    path = Trajectory((TrajectoryRow(0, outcome="ok", value=5.2),))
    for wrong in ([5.0, 6.0], 5.0, "a"):
        with pytest.raises(BadInput, match="ladder: expected values by name"):
            path.named(wrong)
    for wrong in ([10, 20], 5, ["step"]):
        with pytest.raises(BadInput, match="changes: expected those of change_points"):
            path.plot(changes=wrong)
