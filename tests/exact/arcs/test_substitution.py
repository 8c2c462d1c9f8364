"""Arcs with given initial terms, in coordinates where they are arcs again."""

import flint
import numpy as np
import pytest

from singularity_lab.algebra.polynomial import Ideal, parse
from singularity_lab.exact.arcs.substitution import (
    ArcState,
    leading_variable,
    monomial_text,
    transform,
)
from singularity_lab.exact.zeros.torus import lattice_form


@pytest.mark.parametrize("text", ["x^2*(x - y)^3*y", "(x^2 - y^3)^2", "x*y"])
def test_a_state_has_the_factors_with_their_powers(text):
    f = parse(text)
    state = ArcState.of(Ideal(f.variables, (f,)), False)
    product = 1
    for factor, power in zip(state.factors, state.powers[0], strict=True):
        product = product * factor.flint**power
    back = parse(text).in_ring(("t", *f.variables)).flint
    assert (product / back).is_constant()
    assert state.low == (0, 0)
    assert ArcState.of(Ideal(f.variables, (f,)), True).low == (1, 1)


def test_the_initial_form_has_the_terms_of_least_weight():
    state = ArcState.of(Ideal.parse("x^2 - y^3 + x^5"), False)
    (factor,) = state.factors
    form = state.form(factor, np.array([3, 2]))
    assert str(form) in ("x^2 - y^3", "-x^2 + y^3", "y^3 - x^2")


def test_the_cusp_along_its_branch_becomes_a_coordinate():
    """x = t³·(…), y = t²·(…) near x² = y³: one new coordinate s, to the first power."""
    state = ArcState.of(Ideal.parse("x^2 - y^3"), False)
    v = np.array([3, 2])
    form = lattice_form([state.form(state.factors[0], v)])
    assert form.rank == 1
    p = flint.fmpq_poly([-1, 1])
    deeper = transform(state, np.array([8]), v, form, p, ())
    assert deeper.depth == state.depth + 1
    assert deeper.low.count(1) == 1
    assert deeper.low.count(None) == 1
    assert monomial_text(form, state.names) in ("x^2/(y^3)", "y^3/(x^2)")


@pytest.mark.parametrize("text", ["x^3 + x*y + y^2 + 1", "(1 + x)*y + (1 + y)*x^2"])
def test_a_leading_variable_has_one_term_of_its_highest_degree(text):
    form = lattice_form([parse(text)])
    i, degree = leading_variable(form)
    degrees = [a[i] for a in form.polys[0].support()]
    assert max(degrees) == degree
    assert degrees.count(degree) == 1


def test_there_may_be_none():
    f = parse("(1 + x)*y + (1 + y)*x + x^2*y^2*(1 + x + y)")
    form = lattice_form([f])
    found = leading_variable(form)
    tops = [[a[i] for a in form.polys[0].support()] for i in range(form.rank)]
    assert (found is None) == all(d.count(max(d)) > 1 for d in tops)
