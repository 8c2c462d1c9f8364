"""Spectra from weights and from the Newton filtration."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.classification import singularity_spectrum as spectra
from singularity_lab.exact.classification.milnor import (
    milnor_algebra,
)
from singularity_lab.exact.classification.singularity import quasi_homogeneous_weights


@pytest.mark.parametrize(
    "f", ["x^3 + y^4 + z^5", "x^4 + x*y^5", "x^2*y + y^2*z + z^4", "x^3*y + y^5"]
)
def test_newton_filtration_agrees_with_weights(f: str) -> None:
    g = parse(f)
    mu = milnor_algebra(g).dimension
    assert spectra.from_newton(g, mu) == spectra.from_weights(quasi_homogeneous_weights(g))


def test_a_degenerate_germ_has_no_newton_spectrum() -> None:
    f = parse("(y^2 - x^3)^2 - x^5*y")
    with pytest.raises(OutOfScope, match="degenerate"):
        spectra.from_newton(f, 16)


def test_wrong_weights_are_refused() -> None:
    with pytest.raises(BadInput):
        spectra.from_weights([Fraction(2, 5), Fraction(1, 3), Fraction(2, 7)])


def test_a_wrong_milnor_number_is_noticed() -> None:
    with pytest.raises(Undecided):
        spectra.from_newton(parse("x^3 + y^4"), 7)
