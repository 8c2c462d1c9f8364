"""ReLU networks on data: regular truths, and the cells that meet at a kink."""

import itertools
from fractions import Fraction

import pytest
import torch

from singularity_lab import RLCT, BadInput, OutOfScope, rlct
from singularity_lab.models import build
from singularity_lab.models.pieces import cells_at_kinks

LINE = [[1, -2], [1, -1], [1, 1], [1, 2]]
GRID = [[1, x, y] for x in range(-2, 3) for y in range(-2, 3)]
# four units in general position
PLANE = [[1, "1/3", 1, "1/7"], [-1, "-1/5", "1/3", 1], [2, "1/7", -1, "1/9"], [1, "2/7", "2/9", -1]]


def test_a_regular_truth_has_half_its_parameters_less_one_scaling_a_unit():
    """2-4-1 with biases: 17 parameters, 4 scalings (a_h, b_h) -> (a_h/s, s*b_h), s > 0."""
    model = build("relu_data_network", points=GRID, units=PLANE, output_bias="1/2")
    assert model.dimension == 17
    assert rlct(model.problem()).rlct == RLCT(Fraction(13, 2), 1)


def test_the_twin_has_the_output_bias():
    model = build("relu_data_network", points=LINE, units=[[1, "1/2", 1]], output_bias=3)
    at = torch.tensor([[float(c) for c in model.strata[0].point]], dtype=torch.float64)
    moved = at + torch.tensor([[0.01, 0.02, -0.01, 0.125]], dtype=torch.float64)
    assert model.twin(at).item() == 0
    exact = model.value([Fraction(x) for x in moved[0].tolist()])
    assert model.twin(moved).item() == pytest.approx(float(exact), rel=1e-12)


# (units, output bias, values of the cells): by hand, the rank of the active part of the data
KINKS = [
    # the unit starts at x = -1: slope and bias of its line are seen from two or three points
    ([[1, 1, 1]], None, [(1, 1), (1, 1)]),
    ([[1, 1, 1]], 1, [("3/2", 1), ("3/2", 1)]),
    # a unit with a = 0: active anywhere, only a is seen
    ([[0, 1, 1]], None, [("1/2", 1), ("1/2", 1)]),
    # two units with the same kink: the cells where they differ have a node besides the coordinates
    ([[1, 1, 1], [0, 1, 1]], None, [(1, 1), ("3/2", 2), ("3/2", 2), (1, 1)]),
]


@pytest.mark.parametrize(("units", "bias", "values"), KINKS)
def test_cells_that_meet_at_a_kink(units, bias, values):
    cells = cells_at_kinks(LINE, units, bias)
    expected = [RLCT(Fraction(value), m) for value, m in values]
    assert [rlct(p).rlct for p in cells] == expected


def test_a_regular_truth_at_two_kinks_of_one_unit():
    points = [*GRID, [1, "-1/3", 0], [1, "-10/21", 1]]
    cells = cells_at_kinks(points, PLANE, "1/2")
    assert [len(p.inequalities) for p in cells] == [2] * 4
    assert {rlct(p).rlct for p in cells} == {RLCT(Fraction(13, 2), 1)}


def test_each_cell_is_the_network_there():
    """At points of the cells, one in each, the generators are the errors of the network."""
    seen = set()
    for u, v in itertools.product((Fraction(7, 8), Fraction(9, 8)), repeat=2):
        at = {"a1": 2, "a2": 3, "b11": u, "b12": 1, "b21": v, "b22": 1}
        cells = cells_at_kinks(LINE, [[1, 1, 1], [0, 1, 1]])
        (n,) = (i for i, p in enumerate(cells) if all(g(at) > 0 for g in p.inequalities))
        seen.add(n)
        errors = [
            2 * max(u + x, 0) + 3 * max(v + x, 0) - max(1 + x, Fraction(0)) for x in (-2, -1, 1, 2)
        ]
        assert [g(at) for g in cells[n].ideal.generators] == [e for e in errors if e]
    assert seen == {0, 1, 2, 3}


def test_kinks_that_are_not_cut_are_said_to_be_dependent():
    with pytest.raises(OutOfScope, match="dependent"):
        cells_at_kinks(LINE, [[1, 0, 0]])
    with pytest.raises(BadInput, match="no unit is active"):
        cells_at_kinks([[1, 2]], [[1, -3, 1]])
