"""Arms against each other: silence wins nothing."""

from __future__ import annotations

from tests.calibration.planted import only_easy, right, table


def test_silence_does_not_rise_in_the_leaderboard():
    from singularity_lab.calibration.comparison import leaderboard, pairs

    found = table({"right": right, "easy": only_easy})
    assert [p.arm for p in leaderboard(found)] == ["right", "easy"]
    (pair,) = pairs(found)
    assert pair.decided
    assert pair.better > pair.worse
