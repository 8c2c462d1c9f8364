"""The picture of a trajectory: loss above, readings below."""

import matplotlib.pyplot as plt
import pytest

from singularity_lab.trajectories.pictures import draw
from singularity_lab.trajectories.trajectory import Trajectory, TrajectoryRow

ROWS = tuple(
    TrajectoryRow(10 * k, loss=2.0 / (k + 1), outcome=o, value=5.0 + k, low=4.9 + k, high=5.1 + k)
    for k, o in enumerate(["ok", "not mixed", "ok"])
)


@pytest.mark.parametrize("log_steps", [False, True])
def test_both_axes_have_the_steps(log_steps):
    above, below = draw(Trajectory(ROWS, device="llc"), None, (), {}, log_steps=log_steps)
    assert below.get_xlabel() == "step"
    assert (below.get_xscale() != "linear") is log_steps
    assert above.get_ylabel()
    plt.close(above.figure)


def test_a_ladder_is_named_and_axes_that_are_given_are_used():
    _, axes = plt.subplots(2)
    above, below = draw(Trajectory(ROWS), axes, (), {"rank 1": 6.0})
    assert (above, below) == tuple(axes)
    assert "rank 1" in {t.get_text() for t in below.texts}
    plt.close(above.figure)


@pytest.mark.parametrize("first", [0, 10])
def test_a_logarithmic_axis_begins_at_the_first_step_at_the_latest(first):
    rows = [TrajectoryRow(s, loss=1.0, value=5.0, outcome="ok") for s in (first, 100, 10_000)]
    _, below = draw(Trajectory(tuple(rows)), None, (), {}, log_steps=True)
    below.figure.canvas.draw()
    left, right = below.get_xlim()
    assert left == 0 if first == 0 else 0 < left <= 10
    assert right >= 10_000
    assert all(x >= 0 for x in below.get_xticks())
    plt.close(below.figure)
