"""Rules that cut a stratum along a polynomial: the verifier follows each."""

from fractions import Fraction

import pytest
from engine_germs import germs, outcome_told, search, with_roles

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.engine import stratum_cuts as cuts

PLANE = "p:param q:param x:local y:local"


def told(rule, g, q, **expected):
    here = search()
    verdict = outcome_told(g, here, rule(here, g, parse(q, g.names).flint, None, 6))
    assert verdict.lower is not None
    return verdict


def test_at_a_parameter_itself():
    g = with_roles(PLANE, "p*x", "y^2")
    assert told(cuts.at_a_variable, g, "p").lower.value == Fraction(3, 4)
    here = search()
    assert cuts.at_a_variable(here, g, parse("p*q - 1", g.names).flint, None, 6) is None


def test_at_a_linear_polynomial():
    g = with_roles(PLANE, "(p - q^2)*x", "y^2")
    assert told(cuts.at_a_coordinate, g, "p - q^2").lower.value == Fraction(3, 4)


def test_a_polynomial_without_zeros_is_a_unit():
    g = with_roles(PLANE, "(p^2 + q^2 + 1)*x", "y^2")
    assert told(cuts.without_zero, g, "p^2 + q^2 + 1").lower.value == Fraction(3, 4)
    assert cuts.without_zero(search(), g, parse("p^2 - q^2", g.names).flint, None, 6) is None


def test_at_irrational_roots():
    g = with_roles("p:param x:local y:local", "(p^2 - 2)*x", "y^2")
    found = told(cuts.at_roots, g, "p^2 - 2")
    assert (found.lower.value, found.lower.multiplicity) == (Fraction(3, 4), 2)


def test_at_a_smooth_curve():
    g = with_roles(PLANE, "(p^2 + q^2 - 1)*x", "y^2")
    found = told(cuts.at_a_smooth_locus, g, "p^2 + q^2 - 1")
    assert found.lower.value == Fraction(3, 4)


@pytest.mark.parametrize("f", ["y^2*(y - u^2)", "y*(y^2 - u)"])
def test_a_unit_variable_becomes_one(f):
    g = with_roles("u:unit y:local", f)
    here = search()
    found = cuts.unit_to_one(here, g, None, 6)
    verdict = outcome_told(g, here, found)
    assert verdict.lower.value in (Fraction(1, 4), Fraction(1, 2))


def test_nothing_to_cut_at_a_germ():
    g = germs("x^2 - y^3")
    for rule in (cuts.cut_stratum, cuts.cut_by_coefficients, cuts.unit_to_one):
        assert rule(search(), g, None, 6) is None
