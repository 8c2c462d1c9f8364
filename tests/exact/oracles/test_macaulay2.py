"""Macaulay2: what is read from it, and where it is known to be wrong."""

import os
from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import Ideal, parse
from singularity_lab.exact.engine.newton import threshold
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.oracles.macaulay2 import Macaulay2


def ideal(*generators, variables=None):
    return Ideal.parse(list(generators), variables)


def test_a_named_binary_is_used(monkeypatch, imitation):
    path = imitation("cat > /dev/null; echo @@dim=3")
    monkeypatch.setenv("SINGLAB_M2", path)
    assert Macaulay2.find() == path
    assert os.access(path, os.X_OK)
    assert Macaulay2().dimension(ideal("x")) == 3


def test_the_local_b_function_is_read(imitation):
    path = imitation("cat > /dev/null; echo '@@b={{s+1, 1}, {6*s+5, 2}, {s, 1}, {6*s+7, 1}}'")
    found = Macaulay2(path=path).local_b_function(parse("x^2 - y^3"))
    assert found == {
        Fraction(-1): 1,
        Fraction(-5, 6): 2,
        Fraction(0): 1,
        Fraction(-7, 6): 1,
    }


@pytest.mark.oracle
def test_macaulay2_agrees(macaulay2):
    rows = ((1, 4, 6), (5, 1, 0), (0, 7, 1), (8, 0, 8))
    monomials = ideal("x*y^4*z^6", "x^5*y", "y^7*z", "x^8*z^8")
    assert macaulay2.monomial_lct(monomials) == 2 * threshold(rows).value
    assert macaulay2.lct(ideal("x^2", "y^3")) == 2 * rlct(["x^2", "y^3"]).value
    assert -max(macaulay2.local_b_function(parse("x^2 - y^3"))) == Fraction(5, 6)


@pytest.mark.oracle
def test_trap_of_macaulay2(macaulay2):
    off_axis = parse("(x^2 + 1)^3*y")
    assert macaulay2.lct(Ideal(off_axis.variables, (off_axis,))) == Fraction(1, 3)
    assert max(macaulay2.local_b_function(off_axis)) == -1
