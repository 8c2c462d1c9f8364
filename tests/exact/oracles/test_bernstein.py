"""Roots of Bernstein–Sato polynomials, from Singular, contain the poles found here.

Poles of ∫ |f|^s are roots of b_f up to integer shifts (Bernstein 1972), the largest one is one;
poles of the topological zeta function are roots in all known cases (Loeser 1988: for curves, and
1990: for nondegenerate f under conditions). The germs are quasi-homogeneous or have their
only singular point at 0, so that the global b-function that Singular finds is the local one.
"""

from __future__ import annotations

import pytest

from singularity_lab.exact.oracles.singular import Singular
from singularity_lab.exact.zeta_functions.zeta import zeta

GERMS = [
    *(f"x^2 - y^{k}" for k in range(2, 9)),
    *(f"x^3 + y^{k}" for k in range(3, 8)),
    *(f"x^2*y + y^{k}" for k in range(3, 7)),
    "x^3 + x*y^3", "x^4 + y^4", "x^4 + y^5", "x^3*y + y^4", "x^3 + x*y^4", "x^4 + x*y^3",
    "x*y", "x^2*y", "x^2*y^3", "x*y*(x + y)", "x^2*y*(x - y)",
    "x^2 + y^2 + z^2", "x^2 + y^2 + z^3", "x*y - z^4", "x^2 + y^2*z", "x*y*z", "x^2 + y^3 + z^3",
    "x^3 + y^3 + z^3",
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("f", GERMS)
def test_poles_are_roots(f: str) -> None:
    if not Singular.installed():
        pytest.skip("no Singular")
    z = zeta(f)
    found = Singular(seconds=240, cpu=120).b_function(z.f)
    assert z.poles is not None
    for pole, order, _ in z.poles:
        assert pole in found
        assert order <= found[pole]
    largest = max(found)
    assert z.candidates[0].pole == largest
