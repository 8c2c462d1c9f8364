"""ReLU networks on finite data: the cell of a point, and mistakes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.catalog.checks import twin_error
from singularity_lab.errors import BadInput
from singularity_lab.models import build

RELU = dict(points=[[1, -2], [1, -1], [1, 1]], units=[[1, "1/2", 1], [0, 3, 1]])


def test_a_relu_cell_is_the_network_and_the_cube_lies_in_it():
    model = build("relu_data_network", **RELU)
    assert max(twin_error(model, points=20)) < 1e-12
    assert model.strata[0].point == (1, 0, Fraction("1/2"), 1, 3, 1)
    assert [str(g) for g in model.ideal.generators] == [
        "a2*b21 - 2*a2*b22",
        "a2*b21 - a2*b22",
        "a1*b11 + a1*b12 + a2*b21 + a2*b22 - 3/2",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(units=[[1, 1, 1]]), r"units\[0\]: lies on the kink of points\[1\]"),
        (dict(units=[[1, 2]]), "units: rows of 3 numbers"),
        (dict(points=[]), "points: rows"),
        (dict(targets=[0, 0, 1]), "targets: the units compute 0, 0, 3/2"),
        (dict(points=[[1, -1]], units=[[1, "1/2", 1]]), "no unit is active"),
    ],
)
def test_relu_mistakes(change, message):
    with pytest.raises(BadInput, match=message):
        build("relu_data_network", **{**RELU, **change})
