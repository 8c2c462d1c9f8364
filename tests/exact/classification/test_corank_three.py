"""Plane cubics and corank 3: the discriminant, real forms, and modality beyond the lists."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.classification.corank_three import cubic_discriminant


@pytest.mark.parametrize("m", [Fraction(0), Fraction(1, 3), Fraction(-1), Fraction(-5, 2)])
def test_discriminant_of_hesses_pencil(m: Fraction) -> None:
    """(1 + 8m³)³, an invariant of weight 12: a linear change multiplies it by det^12."""
    f = parse("x^3 + y^3 + z^3") + parse("x*y*z") * (6 * m)
    assert cubic_discriminant(f) == (1 + 8 * m**3) ** 3
    moved = f.substitute({"x": parse("x + 2*y", "x y z"), "z": parse("3*z - x", "x y z")})
    assert cubic_discriminant(moved) == 3**12 * cubic_discriminant(f)
