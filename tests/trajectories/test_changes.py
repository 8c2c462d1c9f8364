"""Change points: the stated rate of false alarms, power on planted steps, and what is left out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from singularity_lab.errors import BadInput
from singularity_lab.trajectories import Trajectory, TrajectoryRow, change_points
from singularity_lab.trajectories.changes import ChangePoint, ChangePoints


def run(values, errors=0.1, *, outcomes=None, halves=None) -> Trajectory:
    """A trajectory at steps 0, 10, 20, …; halves: half widths of the intervals."""
    errors = np.broadcast_to(errors, len(values))
    rows = []
    for k, (v, s) in enumerate(zip(values, errors, strict=True)):
        half = 1.6449 * s if halves is None else halves[k]
        outcome = "ok" if outcomes is None else outcomes[k]
        rows.append(
            TrajectoryRow(
                10 * k, outcome=outcome, value=v, low=v - half, high=v + half, error=float(s)
            )
        )
    return Trajectory(tuple(rows))


@pytest.mark.parametrize("in_order", [True, False])
def test_flat_readings_raise_an_alarm_as_seldom_as_stated(in_order):
    """80 flat runs of 14 readings with unequal errors, at 10 %: at most 14 alarms (P < 2 %)."""
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(80):
        errors = rng.uniform(0.05, 0.3, size=14)
        path = run(6 + errors * rng.standard_normal(14), errors)
        alarms += bool(change_points(path, 0.1, in_order=in_order))
    assert alarms <= 14
    assert in_order or alarms >= 3  # and the rate is used


def test_errors_that_are_estimates_have_long_tails():
    """Readings of six chains: y − λ is Student's t with 5 degrees of freedom times its error."""
    from scipy.stats import t

    rng = np.random.default_rng(1)
    half = [0.1 * float(t.ppf(0.95, 5))] * 16
    alarms = sum(
        bool(
            change_points(
                run(5 + 0.1 * rng.standard_t(5, size=16), halves=half), 0.1, in_order=False
            )
        )
        for _ in range(80)
    )
    assert alarms <= 14


def test_errors_that_neighbours_share_raise_no_more_alarms():
    """Flat runs whose errors are a slow process (correlation 0.9 from one reading to the next), as
    with one seed for all, at 10 %; taken as independent they raise more alarms than that."""
    rng = np.random.default_rng(5)
    alarms = {True: 0, False: 0}
    for _ in range(40):
        e = [rng.standard_normal()]
        for _ in range(19):
            e.append(0.9 * e[-1] + math.sqrt(1 - 0.81) * rng.standard_normal())
        path = run(5 + 0.1 * np.array(e))
        for shared in alarms:
            alarms[shared] += bool(change_points(path, 0.1, shared=shared, in_order=False))
    assert alarms[True] <= 7
    assert alarms[False] > 8
    steps = np.repeat([5.0, 6.0, 7.0], 8) + 0.05 * rng.standard_normal(24)
    found = [c.between for c in change_points(run(steps), shared=True)]
    assert found == [(70, 80), (150, 160)]


def test_planted_steps_are_found_where_they_are():
    """5 → 6 → 7 → 7.5 with errors of 0.08: all three changes, at their checkpoints."""
    rng = np.random.default_rng(2)
    truth = np.repeat([5.0, 6.0, 7.0, 7.5], 6)
    right = 0
    for _ in range(25):
        found = change_points(run(truth + 0.08 * rng.standard_normal(24), 0.08))
        assert len(found) <= 4
        right += [c.between for c in found] == [(50, 60), (110, 120), (170, 180)]
        assert all(c.low <= c.between[0] and c.between[1] <= c.high for c in found)
    assert right >= 23


def test_levels_and_confidence_of_one_step():
    found = change_points(run([5.0, 5.1, 4.9, 5.0, 5.0, 5.0, 6.0, 6.1, 5.9, 6.0, 6.0, 6.0]))
    assert len(found) == 1
    assert (found[0].before, found[0].after) == pytest.approx((5.0, 6.0))
    assert found[0].step == 55
    assert 0.95 <= found[0].confidence < 1


def test_readings_in_a_random_order_are_no_path():
    """Shuffled steps: clear differences, and no order. 40 shuffles at 5 %: at most 5 alarms."""
    rng = np.random.default_rng(3)
    values = np.repeat([5.0, 6.0, 7.0, 7.5], 6) + 0.05 * rng.standard_normal(24)
    planted = {(50, 60), (110, 120), (170, 180)}
    assert planted <= {c.between for c in change_points(run(values, 0.05))}
    orders = [rng.permutation(24) for _ in range(40)]
    assert sum(bool(change_points(run(values[o], 0.05))) for o in orders) <= 5
    assert all(change_points(run(values[o], 0.05), in_order=False) for o in orders)


def test_readings_that_are_not_ok_count_only_when_asked():
    values = [5.0] * 8 + [9.0] * 8
    outcomes = ["ok"] * 8 + ["not mixed"] * 8
    assert change_points(run(values, outcomes=outcomes)) == []
    assert len(change_points(run(values, outcomes=outcomes), only_ok=False)) == 1


def test_a_drift_below_the_smallest_change_is_not_told():
    values = np.concatenate([np.linspace(5.0, 5.2, 10), np.linspace(6.0, 6.2, 10)])
    errors = 0.01
    assert len(change_points(run(values, errors))) > 1
    found = change_points(run(values, errors), smallest=0.3)
    assert [c.between for c in found] == [(90, 100)]


def test_the_same_seed_gives_the_same_change_points():
    rng = np.random.default_rng(4)
    path = run(np.repeat([5.0, 5.3], 10) + 0.1 * rng.standard_normal(20))
    assert change_points(path, seed=3) == change_points(path, seed=3)


def test_what_is_no_rate_or_several_sizes_is_told():
    two = Trajectory(tuple(TrajectoryRow(k, n=n, value=1.0) for k in range(3) for n in (100, 1000)))
    with pytest.raises(BadInput, match="n: the readings are at"):
        change_points(two)
    for wrong in (0, 1, -0.1, math.nan):
        with pytest.raises(BadInput, match="false_alarm"):
            change_points(two, wrong)
    assert change_points(Trajectory(())) == []


def test_what_is_no_trajectory_is_told():
    path = run([5.0, 6.0])
    for wrong in ([4.5, 4.6, 5.0], None, 5.0, path.rows, path.to_json(), np.ones(3)):
        with pytest.raises(BadInput, match="expected a Trajectory, as track returns it"):
            change_points(wrong)
    for wrong in ("0.05", None, [0.1]):
        with pytest.raises(BadInput, match="false_alarm"):
            change_points(path, wrong)
        with pytest.raises(BadInput, match="smallest"):
            change_points(path, smallest=wrong)


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_fewer_readings_than_an_order_needs_are_told(rate):
    """A clear rise: below the number that the remark has none is found, from there on one is."""
    found = {k: change_points(run([10.0 * j for j in range(k)]), rate) for k in range(2, 8)}
    least = min(k for k, points in found.items() if points)
    assert least == {0.05: 5, 0.2: 4}[rate]
    for k, points in found.items():
        assert bool(points) == (k >= least)
        assert (f"fewer than {least} is told" in points.remark) == (k < least)
        assert repr(points).endswith(")" if k < least else "%")


def test_a_single_step_in_six_readings_is_told_as_too_short():
    path = run([5.0, 5.1, 4.9, 7.1, 6.9, 7.0])
    found = change_points(path, shared=False)
    assert found == []
    assert "among fewer than 8" in str(found)
    assert len(change_points(path, in_order=False, shared=False)) == 1
    flat = change_points(run([5.0, 5.1, 4.9, 5.1, 4.9, 5.0, 5.1, 4.9]))
    assert (flat, flat.remark) == ([], "")


def test_a_rate_below_that_of_the_random_orders_is_told():
    path = run([5.0] * 10 + [9.0] * 10)
    assert "random ones are drawn" in change_points(path, 0.0005).remark
    assert change_points(path, 0.005)


def test_readings_of_which_too_few_count_are_told():
    some = change_points(run([5.0, 6.0, 7.0], outcomes=["ok", "not mixed", "failed"]))
    assert (some, some.remark) == ([], "1 of 3 readings ok, with an error: a change needs two")


def test_change_points_are_printed_one_a_line_and_are_a_list():
    points = ChangePoints(
        ChangePoint(s, (s - 5, s + 5), s - 10, s + 10, 5.0123456789, 6.0, 7.1, 0.999)
        for s in (15, 45)
    )
    assert isinstance(points, list)
    assert str(points).splitlines() == [str(p) for p in points]
    assert str(points[0]) == repr(points[0]) == "step 15 [5, 25]: 5.012 → 6, confidence 99.90%"
    assert points._repr_html_().count("<tr>") == 3
    assert "2 change points" in points._repr_html_()
    assert "1 reading" in ChangePoints(remark="1 reading")._repr_html_()
