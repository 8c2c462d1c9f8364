"""Real poles: residues against Beta functions, leading coefficients against volumes."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import mpmath
import pytest
from scipy.integrate import quad

from singularity_lab.errors import OutOfScope
from singularity_lab.exact.zeta_functions.density import volume_expansion
from singularity_lab.exact.zeta_functions.poles import real_poles
from singularity_lab.exact.zeta_functions.zeta import zeta


@pytest.mark.parametrize("f", ["x^2 - y^3", "x^3 + y^4", "x^2*y + y^4", "x*y", "x^3*y^2", "x^4"])
def test_the_largest_pole_is_that_of_the_volume(f: str) -> None:
    (first, *_), v = real_poles(f), volume_expansion(f)
    assert (first.pole, first.order) == (-2 * v.exponent, v.multiplicity)
    expected = 2**first.order * factorial(first.order - 1) * float(v.exponent) * v.constant
    assert first.leading == pytest.approx(expected)


def test_one_variable() -> None:
    """∫_{−1}^1 |x|^(ks) dx = 2/(ks + 1): the residue at −1/k is 2/k."""
    (only,) = real_poles("x^5")
    assert only.pole == Fraction(-1, 5)
    assert only.leading == pytest.approx(2 / 5)


def test_a_residue_by_continuation() -> None:
    """The steep edge −y³(x² + y⁷): Hadamard's finite part is a continued Beta function."""
    first, second = real_poles("(x^2 - y^3)*(x^2 + y^7)")
    assert (first.pole, second.pole) == (Fraction(-5, 12), Fraction(-9, 20))
    s = mpmath.mpf(-9) / 20
    p = (3 * s + 1) / 7
    whole = mpmath.beta(p, -s - p) + mpmath.beta(p, 1 + s) + mpmath.beta(-s - p, 1 + s)
    assert second.leading == pytest.approx(float(2 * whole / 20), rel=1e-10)
    assert abs(second.leading - float(2 * whole / 20)) <= 10 * second.error


def test_a_residue_may_vanish() -> None:
    """y⁵ + xy² + x⁴ at −4/5: B(p, −s−p) + B(p, 1+s) + B(−s−p, 1+s) = −5 + 0 + 5 = 0.

    The divisor is no branching vertex of the resolution graph: χ(E°) = 0.
    """
    assert [p.pole for p in real_poles("y^5 + x*y^2 + x^4")] == [Fraction(-5, 8)]


def test_a_residue_by_quadrature() -> None:
    """(s − s_0)·∫ (x² + y⁴)^s over the ellipse-like region {x² + y⁴ < 1} is exact for all s."""
    (first,) = real_poles("x^2 + y^4")
    area = quad(lambda y: 2 * (1 - y**4) ** 0.5, -1, 1)[0]
    # V(δ) = area·δ^(3/4), so that ∫ f^s = area·(3/4)/(s + 3/4)
    assert first.leading == pytest.approx(area * 3 / 4, rel=1e-9)


def test_poles_are_candidates() -> None:
    for f in ("(x^2 - y^3)*(x^2 + y^7)", "x^7 + x^2*y^2 + x*y^4 + y^9", "x^3 - x*y^3"):
        z = zeta(f)
        known = {c.pole: c.order for c in z.candidates}
        assert z.real_poles
        for p in z.real_poles:
            assert p.order <= known[p.pole]
        assert z.to_json()["real_poles"][0]["pole"] == str(z.real_poles[0].pole)


def test_a_logarithm_is_left_out() -> None:
    assert all(p.pole != -1 for p in real_poles("x^2 - y^2"))


def test_out_of_scope() -> None:
    with pytest.raises(OutOfScope):
        real_poles("1 + x")
