"""Weights for which a family is quasi-homogeneous, and the parameters that they move to 0."""

import pytest
from engine_germs import germs, keeps_the_value, texts, with_roles

from singularity_lab.exact.engine.gradings import contract, gradings


@pytest.mark.parametrize(
    ("gens", "rank"),
    [
        (["x^2 - y^3"], 1),
        (["x*y"], 2),
        (["x^2 + y^3 + x*y"], 0),
        (["x^2 - y^3", "x*y*z"], 2),
        (["x + y + z"], 1),
    ],
)
def test_the_rank_of_the_lattice_of_weights(gens, rank):
    g = germs(*gens)
    basis = gradings(g, False)
    assert len(basis) == rank
    for weights in basis:
        for f in g.gens:
            degrees = {sum(weights[i] * e for i, e in term) for term, _ in f.terms}
            assert len(degrees) == 1


def test_a_parameter_of_positive_weight_becomes_local():
    g = with_roles("p:param x:local", "p*x - x^2")
    moved = keeps_the_value(contract, g)
    assert set(moved.role.values()) == {"local"}
    assert texts(moved) == ["p - x"]


@pytest.mark.parametrize("gens", [["p*x - x^2 + x"], ["x^2 + p^2*x - x*p"]])
def test_a_parameter_without_a_dilation_stays(gens):
    g = with_roles("p:param x:local", *gens)
    found = contract(g)
    assert found is None or all(r == "local" for r in found[0].role.values())
    assert contract(germs("x^2 - y^3")) is None
