"""Charts of weighted blow-ups: they cover the fibre, one for each orbit of symmetries."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.charts import charts, representatives

CENTRES = st.lists(st.integers(1, 4), min_size=1, max_size=3)


def covers(point, listed):
    """Whether x_i = sign·t^w of some chart, at the first group that does not vanish."""
    first = min(g for (g, _), value in point.items() if value)
    for c in listed:
        value = point.get((c.group, c.variable), 0)
        signs = (1, -1) if c.two_sided else (c.sign,)
        if c.group == first and value and (value > 0) * 2 - 1 in signs:
            return True
    return False


@settings(max_examples=30)
@given(CENTRES, st.data())
def test_each_point_of_the_fibre_is_in_a_chart(weights, data):
    names = [f"x{i}" for i in range(len(weights))]
    cut = data.draw(st.integers(0, len(weights) - 1))
    groups = [
        list(zip(names, weights, strict=True))[:cut],
        list(zip(names, weights, strict=True))[cut:],
    ]
    groups = [g for g in groups if g]
    walls = set(data.draw(st.lists(st.sampled_from(names), unique=True)))
    listed = charts(groups, walls)
    places = [(g, x) for g, group in enumerate(groups) for x, _ in group]
    for values in itertools.product((-1, 0, 1), repeat=len(places)):
        point = dict(zip(places, values, strict=True))
        if any(values) and all(v >= 0 for (_, x), v in point.items() if x in walls):
            assert covers(point, listed)


def test_walls_have_no_negative_chart():
    assert {c.sign for c in charts([[("x", 2)]], {"x"})} == {1}
    assert {c.sign for c in charts([[("x", 2)]], set())} == {1, -1}
    assert [c.two_sided for c in charts([[("x", 3)]], {"x"})] == [False]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_symmetric_group_leaves_one_chart(n):
    names = [f"x{i}" for i in range(n)]
    listed = charts([[(x, 1) for x in names]], ())
    turn = {x: (names[(i + 1) % n], 1) for i, x in enumerate(names)}
    assert len(listed) == n
    assert len(representatives(listed, [turn])) == 1
    assert len(representatives(listed, [])) == n


def test_a_symmetry_of_another_centre_is_refused():
    swap = {"x": ("y", 1), "y": ("x", 1)}
    with pytest.raises(CertificateError):
        representatives(charts([[("x", 2), ("y", 1)]], ()), [swap])
    with pytest.raises(CertificateError):
        representatives(charts([[("x", 1)], [("y", 1)]], ()), [swap])
