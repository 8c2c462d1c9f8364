"""Moves to other coordinates: the verifier follows each, and (λ, m) is the same."""

import pytest
from engine_germs import germs, keeps_the_value, texts

from singularity_lab.exact.engine import coordinate_moves as moves


@pytest.mark.parametrize(
    ("move", "gens", "after"),
    [
        (moves.eliminate, ["x + y^2", "x*y"], ["x", "-y^3 + x*y"]),
        (moves.eliminate, ["x + y", "x - y"], ["x", "x - 2*y"]),
        (moves.smooth_coordinate, ["x + y^2 + x*z", "z^3"], ["x", "z^3"]),
        (moves.smooth_factor, ["(x + y^2)^2*z"], ["1"]),
        (moves.rescale, ["x*(1 + y)", "y^3 + x*(1 + y)*y"], ["x", "y^3 + x*y"]),
        (moves.pivot, ["x + y", "x - y"], ["x + y", "-2*y"]),
    ],
)
def test_a_move_keeps_the_value(move, gens, after):
    assert texts(keeps_the_value(move, germs(*gens))) == after


def test_a_generator_of_a_monomial_times_a_coordinate_is_straightened():
    g = germs("z*(x + y^2) + z^2*y", "x*z^3 + y^5")
    found = moves.straighten(g)
    if found is not None:
        keeps_the_value(moves.straighten, g)
    assert moves.straighten(germs("x*y")) is None


@pytest.mark.parametrize(
    "move", [moves.eliminate, moves.straighten, moves.smooth_coordinate, moves.smooth_factor]
)
def test_there_is_nothing_to_do_at_monomials_and_cusps(move):
    for g in (germs("x^2*y", "y^3"), germs("x^2 - y^3")):
        assert move(g) is None


@pytest.mark.parametrize("options", [{"nonnegative": "x y"}, {"prior": {"x": 1, "y": 1}}])
def test_what_carries_a_wall_or_a_prior_is_no_free_coordinate(options):
    g = germs("x + y^2", "x*y", **options)
    assert moves.eliminate(g) is None
    assert moves.smooth_coordinate(g) is None
