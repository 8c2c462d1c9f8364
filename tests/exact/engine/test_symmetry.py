"""Families up to renaming and signs: labelled forms, maps between them, symmetries of centres."""

import itertools

import pytest
from engine_germs import germs
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.exact.engine.symmetry import colour_classes, labelling, signs, symmetries


@settings(max_examples=15)
@given(st.permutations("xyz"))
def test_the_labelled_form_forgets_names(order):
    text = "x^2*y - y^3*z + z^4"
    moved = "".join(dict(zip("xyz", order, strict=True)).get(c, c) for c in text)
    one, other = germs(text, variables="x y z"), germs(moved, variables="x y z")
    (key, first), (again, second) = labelling(one), labelling(other)
    assert key == again
    assert signs(one, first, other, second) is not None


@pytest.mark.parametrize("flips", list(itertools.product((1, -1), repeat=2)))
def test_signs_are_found(flips):
    a, b = flips
    one = germs("x^3 + x*y + y^2", variables="x y")
    other = germs(f"({a}*x)^3 + ({a * b})*x*y + y^2", variables="x y")
    (key, first), (again, second) = labelling(one), labelling(other)
    assert key == again
    found = signs(one, first, other, second)
    assert found is not None


def test_other_germs_have_no_map():
    one, other = germs("x^2 + y^2*x", variables="x y"), germs("x^2 + y^3*x", variables="x y")
    assert labelling(one)[0] != labelling(other)[0]
    walls = germs("x + y^2*x^2", nonnegative="x"), germs("x - y^2*x^2", nonnegative="x")
    (_, first), (_, second) = map(labelling, walls)
    assert signs(walls[0], first, walls[1], second) is None


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("x*y*z", [3]),
        ("x^2 + y^2 + z^3", [1, 2]),
        ("x*y + y*z + z*x", [3]),
        ("x + y^2 + z^3", [1, 1, 1]),
    ],
)
def test_alike_variables(text, classes):
    assert sorted(len(c) for c in colour_classes(germs(text))) == classes


def test_symmetries_join_the_variables_of_a_centre():
    g = germs("x*y*z", "x^2 + y^2 + z^2")
    found = symmetries(g, [[(0, 1), (1, 1), (2, 1)]])
    reached = {0}
    for _ in range(3):
        for s in found:
            reached |= {g.names.index(s[g.names[i]][0]) for i in set(reached)}
    assert reached == {0, 1, 2}
    alone = symmetries(germs("x^2 + y^3"), [[(0, 1), (1, 1)]])
    assert all(s[v][0] == v for s in alone for v in "xy")


def test_many_alike_variables_are_joined_by_one_cycle():
    names = [f"x{i:02}" for i in range(18)]
    g = germs("*".join(names), " + ".join(f"{v}^2" for v in names))
    (cycle,) = symmetries(g, [[(i, 1) for i in range(18)]])
    seen, at = [], names[0]
    for _ in names:
        seen.append(at)
        at, sign = cycle[at]
        assert sign == 1
    assert sorted(seen) == names
