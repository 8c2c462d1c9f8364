"""Shears, the row and column operations of matrix products: (λ, m) is kept, terms are saved."""

import pytest
from engine_germs import germs, keeps_the_value

from singularity_lab.exact.engine import shears


@pytest.mark.parametrize("gens", [["a*c + b*d", "a*e + b*f + b*c"], ["x*y + x*z", "x*z"]])
def test_a_shear_saves_terms(gens):
    g = germs(*gens)
    moved = keeps_the_value(shears.shear, g)
    assert sum(len(f.terms) for f in moved.gens) < sum(len(f.terms) for f in g.gens)


@pytest.mark.parametrize("gens", [["x + y^2", "x*y"], ["x + y", "x - y"]])
def test_a_shear_ahead_comes_nearer_to_monomials(gens):
    g = germs(*gens)
    assert keeps_the_value(shears.shear_ahead, g).cost < g.cost


def test_a_repeated_coefficient_becomes_a_coordinate():
    g = germs("a*c + b*d", "a*e + b*f + b*c")
    keeps_the_value(shears.collect, g)


@pytest.mark.parametrize("move", [shears.shear, shears.shear_ahead, shears.collect])
def test_monomials_and_walls_are_left_alone(move):
    assert move(germs("x^2", "y^3")) is None
    assert move(germs("x*y + x*z", "x*z", nonnegative="x y z")) is None
