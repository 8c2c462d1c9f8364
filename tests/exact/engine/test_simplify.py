"""Simplification to a fixed point: idempotent, followed by the verifier, ended by a limit."""

import pytest
from engine_germs import germs, keeps_the_value, texts
from hypothesis import given, settings
from strategies import ideals

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.simplify import simplify


@pytest.mark.parametrize(
    ("gens", "after"),
    [
        (["x + y^2", "x*y"], ["x", "y^3"]),
        (["(x - y)^3*(1 + x)"], ["1"]),
        (["x^2 + y^4"], ["x^2", "y^4"]),
    ],
)
def test_fixed_points(gens, after):
    moved = keeps_the_value(simplify, germs(*gens))
    assert sorted(t.lstrip("-") for t in texts(moved)) == sorted(after)


@settings(max_examples=15)
@given(ideals())
def test_a_fixed_point_stays(ideal):
    problem = LocalProblem.build(ideal)
    if all(f.is_zero for f in ideal.generators):
        return
    moved, _ = simplify(Germs.of(problem.localize()).normal())
    again, steps = simplify(moved)
    assert steps == []
    assert texts(again) == texts(moved)


def test_a_limit_ends_it():
    g = germs("x + y^2", "x*y")
    moved, steps = simplify(g, lambda: True)
    assert steps == []
    assert texts(moved) == texts(g)
