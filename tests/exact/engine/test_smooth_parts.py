"""Germs that an elimination makes longer are sliced or blown up before."""

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import load
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.rules import SADDLES
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.engine.smooth_parts import before_elimination, homogeneous_in
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.verify import verify


def mixture(components, moments):
    """Σ a_i b_i^k with a_1 = 1 − Σ a_i, of weights with either sign."""
    rest = range(2, components + 1)
    first = "(1" + "".join(f" - a{i}" for i in rest) + ")"
    return [
        f"{first}*b1^{k}" + "".join(f" + a{i}*b{i}^{k}" for i in rest)
        for k in range(1, moments + 1)
    ]


def names(g, classes):
    return sorted(g.names[i] for c in classes for i in c)


def test_the_means_of_a_mixture_are_what_it_is_homogeneous_in():
    g = Germs.of(LocalProblem.build(mixture(3, 3)).localize())
    assert names(g, homogeneous_in(g)) == ["b1", "b2", "b3"]


@pytest.mark.parametrize(
    "gens",
    [
        ["x + y^2", "y^3"],  # homogeneous in nothing
        ["x^2 + y^2", "x*y"],  # in all variables only
        ["1 + a*x", "y*x"],
    ],
)
def test_what_is_homogeneous_in_nothing(gens):
    g = Germs.of(LocalProblem.build(gens).localize())
    assert homogeneous_in(g) == []


def test_where_an_elimination_shortens_the_germ_nothing_is_done_before():
    for gens in (["x + y", "x*y + z^2"], ["x^2 + y^3"], ["x + y + z", "x - y"]):
        g = Germs.of(LocalProblem.build(gens).localize())
        assert before_elimination(Search.within(SADDLES, 5), g) is None


@pytest.mark.parametrize(
    ("components", "moments", "value"), [(2, 2, "(3/4, 1)"), (3, 3, "(1, 2)"), (4, 4, "(7/6, 1)")]
)
def test_mixtures_with_weights_of_either_sign(components, moments, value):
    found = rlct(mixture(components, moments), budget=15)
    assert str(found.rlct) == value
    for certificate in found.certificates:
        verify(certificate)


@pytest.mark.parametrize("row", ["modular-2", "gauss-4-1d-signed"])
def test_rows_that_were_open(row):
    found = rlct(load(row).problem(), budget=15)
    assert found.exact


def test_the_fit_of_addition_modulo_two_is_smooth():
    """Seven independent equations, and an eighth that follows: the fits are a manifold."""
    found = rlct(load("modular-2").problem(), budget=15)
    assert str(found.rlct) == "(7/2, 1)"
    assert '"slice"' in str(found.certificate.proof).replace("'", '"')
