"""Values of polynomials at algebraic numbers."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest

from singularity_lab.algebra.algebraic import algebraic
from singularity_lab.algebra.values import value_at


@pytest.mark.parametrize("text", ["sqrt(2)", "root(t^3 - t - 1, 1, 2)", "1 + sqrt(5)"])
@pytest.mark.parametrize("coefficients", [[1, 2, 3], [0, -1, 0, 2], [5], [1, 1, 1, 1, 1, 1]])
def test_values_are_those_of_floating_point(text, coefficients):
    x = algebraic(text)
    found = float(value_at(flint.fmpq_poly(coefficients), x))
    assert found == pytest.approx(sum(c * float(x) ** k for k, c in enumerate(coefficients)))


def test_the_minimal_polynomial_has_the_value_zero():
    x = algebraic("root(t^3 - t - 1, 1, 2)")
    assert value_at(x.minimal, x) == 0
    assert value_at(flint.fmpq_poly([1, 0, 1]), algebraic("sqrt(3)")) == Fraction(4)
    assert value_at(flint.fmpq_poly([0, 2]), Fraction(1, 3)) == Fraction(2, 3)
