"""Plots: what they draw is what they were given; the Newton polygon's geometry is exact."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction

import matplotlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.errors import BadInput
from singularity_lab.pictures import measurements
from singularity_lab.pictures.polyhedra import _hit, _lower_hull, newton_polygon


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def point(arm, exact, value, low=None, high=None, label="row", m=1):
    return {
        "arm": arm,
        "label": label,
        "exact": exact,
        "multiplicity": m,
        "value": value,
        "low": low,
        "high": high,
    }


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# -- the Newton polygon -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "shift", "title"),
    [
        ([(2, 0), (0, 3)], (0, 0), "hit at t = 6/5"),  # the cusp
        ([(1, 1)], (0, 0), "hit at t = 1"),  # a vertex
        ([(2, 5)], (0, 0), "hit at t = 5"),  # an unbounded edge
        ([(5, 2)], (0, 0), "hit at t = 5"),
        ([(1, 1)], (1, 0), "hit at t = 1"),  # prior x: the vertical edge is met first
        ([(4, 0), (2, 1), (0, 5)], (Fraction(1, 2), 0), "hit at t = 5/4"),
    ],
)
def test_the_ray_hits_the_polygon_where_it_should(points, shift, title):
    assert newton_polygon(points, shift=shift).get_title() == title


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(any), min_size=1, max_size=6)
)
def test_the_polygon_of_the_plot_is_that_of_the_proof_arm(points):
    corners = _lower_hull(sorted(set(points)))
    exact = NewtonPolyhedron.of(sorted(set(points)))
    assert tuple(corners) == exact.vertices
    t, (first, second) = _hit(corners, (1, 1))
    assert t == exact.distance()
    ends = {e for e in (first, second) if e in set(corners)}
    assert ends <= {tuple(a) for a in exact.hit_face()}


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "at least one exponent"),
        ([(0, 0)], "unit"),
        ([(1, 2, 3)], "pairs"),
        ([(-1, 2)], ">= 0"),
    ],
)
def test_what_is_no_polygon_is_refused(points, message):
    with pytest.raises(BadInput, match=message):
        newton_polygon(points)


# -- calibration ------------------------------------------------------------------------------


def test_a_reading_stands_at_its_value_and_beside_its_lambda():
    ax = measurements.calibration(
        [point("a", 0.5, 0.4, 0.35, 0.45), point("b", 0.5, 0.5), point("a", 2.0, 1.9, 1.8, 2.0)]
    )
    assert labels(ax) == ["reading = λ", "a", "b"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    places = [(float(x), float(y)) for d in dots for x, y in d.get_xydata()]
    assert sorted(y for _, y in places) == [0.4, 1.9]
    for x, y in places:
        exact = {0.4: 0.5, 1.9: 2.0}[y]
        assert abs(x / exact - 1) < 0.02


def test_an_interval_is_a_line_of_its_own_at_its_reading():
    points = [point("a", 0.5, 0.4, 0.35, 0.45), point("a", 1.0, 1.1), point("a", 2, 1.9, 1.8, 2)]
    dots, lines = (
        next(
            x
            for x in measurements.calibration(points).lines[1:]
            if (x.get_marker() == "o") is is_dot
        )
        for is_dot in (True, False)
    )
    at = {float(y): float(x) for x, y in dots.get_xydata()}
    ends = [[float(v) for v in pair] for pair in lines.get_xydata()]
    assert [y for _, y in ends[:2]] == [0.35, 0.45]
    assert [x for x, _ in ends[:2]] == [at[0.4], at[0.4]]
    assert all(math.isnan(v) for v in ends[2])  # a gap: intervals do not hang together
    assert [y for _, y in ends[3:5]] == [1.8, 2.0]


def test_readings_at_zero_are_drawn_all_the_same():
    ax = measurements.calibration(
        [point("hessian", 0.5, 0.0, 0.0, 0.0), point("hessian", 1.0, 1.0)]
    )
    triangles = [line for line in ax.lines if line.get_marker() == "v"]
    assert len(triangles) == 1
    assert float(triangles[0].get_ydata()[0]) > 0  # on a logarithmic axis


def test_errors_by_row_clips_and_says_so():
    ax = measurements.errors_by_row(
        [point("a", 0.5, 0.4, label="one"), point("a", 0.5, 0.0, label="two", m=None)]
    )
    assert [t.get_text() for t in ax.get_yticklabels()] == ["one  (m = 1)", "two  (m = ?)"]
    assert [t.get_text() for t in ax.texts] == ["−100 %"]


def test_coverage_bars_have_the_height_of_the_share():
    bars = [
        {"arm": "a", "group": "m = 1", "covered": 3, "intervals": 4, "low": 0.2, "high": 0.99,
         "level": 0.9},
        {"arm": "a", "group": "m = 2", "covered": 0, "intervals": 0, "low": 0, "high": 1,
         "level": None},
    ]  # fmt: skip
    ax = measurements.coverage(bars)
    assert [p.get_height() for p in ax.patches] == [0.75]
    with pytest.raises(BadInput, match="with intervals"):
        measurements.coverage(bars[1:])


def test_the_ledger_shows_the_parts_and_their_sum():
    row = {"row": "nc-1-1", "exact": 0.5, "target_bias": -0.11, "discretisation": 0.01,
           "discretisation_error": 0.002, "monte_carlo": 0.005}  # fmt: skip
    ax = measurements.ledger([row])
    assert [p.get_width() for p in ax.patches] == pytest.approx([-22.0, 2.0])
    total = [line for line in ax.lines if line.get_marker() == "D"]
    assert float(total[0].get_xdata()[0]) == pytest.approx(-20.0)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_the_volume_curve_less_its_slope_is_the_proved_line(m):
    x = [float(k) for k in range(2, 30)]
    log_v = [3 - 0.5 * u + (m - 1) * math.log(u) for u in x]
    ax = measurements.volume_curve(x, log_v, exact=(Fraction(1, 2), m), error=[0.1] * len(x))
    measured, proved = ax.lines
    assert proved.get_label() == f"proved: λ = 1/2, m = {m}"
    assert measured.get_ydata() == pytest.approx(proved.get_ydata())
    with pytest.raises(BadInput, match="one length"):
        measurements.volume_curve([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    "draw", [measurements.calibration, measurements.errors_by_row, measurements.ledger]
)
def test_nothing_to_draw_is_refused(draw):
    with pytest.raises(BadInput, match="at least one"):
        draw([])


def test_a_legend_of_many_long_names_leaves_the_axes_room():
    """Matplotlib warns where the layout collapses."""
    points = [
        {"arm": f"a device of long name {k} @1e+06", "label": "cusp", "exact": 0.5, "value": 0.5,
         "multiplicity": 1, "low": 0.4, "high": 0.6}
        for k in range(6)
    ]  # fmt: skip
    figure = measurements.errors_by_row(points).get_figure()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.canvas.draw()
    assert figure.axes[0].get_position().width > 0.3
