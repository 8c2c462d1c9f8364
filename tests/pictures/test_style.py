"""Colours, markers and axes that pictures share."""

import matplotlib.pyplot as plt
import pytest

from singularity_lab.pictures.style import (
    COLOURS,
    MARKERS,
    colours_and_markers,
    drawing_axes,
    in_order,
    sized_axes,
)


@pytest.mark.parametrize("n", [1, 7, 20])
def test_as_many_pairs_as_there_are_stay_different(n):
    found = colours_and_markers([f"d{i}" for i in range(n)])
    most = min(n, len(COLOURS))
    assert len(set(found.values())) >= most
    assert all(c in COLOURS and m in MARKERS for c, m in found.values())


def test_names_keep_their_first_place():
    assert in_order(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


def test_axes_that_are_given_are_used():
    _, ax = plt.subplots()
    assert drawing_axes(ax) is ax
    assert sized_axes(ax) is ax
    new = sized_axes(None, 3.0, 2.0)
    assert tuple(new.figure.get_size_inches()) == (3.0, 2.0)
    assert drawing_axes(None, "3d").name == "3d"
    plt.close("all")
