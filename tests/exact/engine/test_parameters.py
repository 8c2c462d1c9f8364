"""Polynomials in the parameters that decide how a family looks."""

import pytest
from engine_germs import with_roles

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.engine import parameters as p

PLANE = "p:param q:param x:local"


def read(g, text):
    return parse(text, g.names).flint


def test_factors_of_values_and_of_lowest_terms_decide():
    g = with_roles(PLANE, "(p^2 - q)*x + x^2", "q*x^3")
    found = [str(f) for f in p.splitting_polynomials(g)]
    assert any(t in found for t in ("p^2 - q", "-p^2 + q", "q"))
    assert p.splitting_polynomials(with_roles("x:local y:local", "x^2 - y^3")) == []


@pytest.mark.parametrize(
    ("text", "changes"), [("p*q - 1", True), ("p^2 + q^2 + 1", False), ("p - q", True)]
)
def test_a_change_of_sign(text, changes):
    g = with_roles(PLANE, "x")
    found = p.sign_change(g, read(g, text))
    assert (found is not None) is changes


def test_a_smooth_locus_has_evidence_and_a_cusp_has_none():
    g = with_roles(PLANE, "(p^2 + q^2 - 1)*x")
    circle = read(g, "p^2 + q^2 - 1")
    assert p.smooth_locus(g, circle, [g.names.index("p"), g.names.index("q")]) is not None
    cusp = with_roles(PLANE, "(p^2 - q^3)*x")
    at = [cusp.names.index("p"), cusp.names.index("q")]
    assert p.smooth_locus(cusp, read(cusp, "p^2 - q^3"), at) is None


def test_powers_of_a_polynomial():
    g = with_roles(PLANE, "x")
    f = read(g, "p - q^2")
    by = [g.names.index("p")]
    found = p.in_powers(g, read(g, "(p - q^2)^3 + q*(p - q^2) + 2"), f, by)
    assert found is not None
    assert str(found) in ("p^3 + p*q + 2",)
    assert p.in_powers(g, read(g, "p"), read(g, "p^2 - q"), by) is None


def test_singular_points_of_a_curve_and_where_two_meet():
    g = with_roles(PLANE, "x")
    node = p.singular_values(g, read(g, "p^2 - q^2 - q^3"))
    assert any(f == read(g, v) for f in node for v in ("p", "q"))
    meet = p.common_values(g, [read(g, "p - q"), read(g, "p + q - 2")])
    assert {str(f) for f in meet} <= {"p - 1", "q - 1"}
    assert meet
    assert list(p.special_values(g, [read(g, "p - q"), read(g, "p + q - 2")]))


def test_lifts_and_transversals():
    g = with_roles("p:param q:param x:local y:local", "(p - q + x)*y")
    lifted = p.lifts(g, read(g, "p - q"))
    assert str(lifted[0]) in ("p - q + x", "-p + q - x")
    sets = p.transversals(g, read(g, "p - q + x"))
    assert sets
    assert all(g.names[i] in "pqx" for s in sets for i in s)
