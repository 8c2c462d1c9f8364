"""Moves to other generators of the same ideal: the verifier follows each."""

import pytest
from engine_germs import germs, keeps_the_value, texts

from singularity_lab.exact.engine import generator_moves as moves


@pytest.mark.parametrize(
    ("move", "gens", "after"),
    [
        (moves.strip_units, ["(1 + x)*y^2", "x^3"], ["y^2", "x^3"]),
        (moves.reduce_by_monomials, ["x^2*y + x*y^3 + y^4", "x^2"], ["x*y^3 + y^4", "x^2"]),
        (moves.split_definite, ["x^2 + y^4"], ["y^4", "x^2"]),
        (moves.reduce_by_each_other, ["x + y", "x - y"], ["2*y", "x - y"]),
    ],
)
def test_a_move_keeps_the_value(move, gens, after):
    found = texts(keeps_the_value(move, germs(*gens)))
    assert sorted(found) == sorted(after)


def test_a_monomial_up_to_a_unit():
    g = germs("x^2*y*(1 + x - y)", "x + y")
    assert moves.monomial_of(g, g.gens[0]) == {0: 2, 1: 1}
    assert moves.monomial_of(g, g.gens[1]) is None


@pytest.mark.parametrize(
    ("f", "options", "definite"),
    [
        ("x^2 + y^2", {}, True),
        ("-x^2*y^2 - x^4", {}, True),
        ("x^2 - y^2", {}, False),
        ("x + y", {}, False),
        ("x + y", {"nonnegative": "x y"}, True),
        ("x*(y^2 + z^2)", {}, True),
    ],
)
def test_terms_of_one_sign(f, options, definite):
    g = germs(f, **options)
    assert moves.of_one_sign(g, g.gens[0]) is definite
    assert (moves.split_definite(g) is not None) is definite


def test_nothing_to_do():
    g = germs("x^2 - y^3")
    for move in (moves.strip_units, moves.reduce_by_monomials, moves.split_definite):
        assert move(g) is None
