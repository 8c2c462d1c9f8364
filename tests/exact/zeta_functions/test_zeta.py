"""Zeta functions: known values, Z(0) = 1, poles against λ, exact volumes of monomials."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.zeta_functions.fan import (
    monomial_volume,
    multiplicity,
    normalised_volume,
)
from singularity_lab.exact.zeta_functions.zeta import zeta


@given(st.integers(2, 7), st.integers(2, 7))
@settings(max_examples=20)
def test_brieskorn_curves(p: int, q: int) -> None:
    """x^p + y^q: the classical formula of Denef and Loeser by lattice geometry, and Z(0) = 1."""
    z = zeta(f"x^{p} + y^{q}")
    assert z.at_zero == 1
    d = math.gcd(p, q)
    a, b = q // d, p // d
    big_n, nu = p * q // d, p // d + q // d
    # Z = [rays e1, v: b; e2, v: a; v with d points removed] / (N s + nu)
    assert z.topological is not None
    s = Fraction(3, 7)
    expected = (a + b) / (big_n * s + nu) - d * s / (s + 1) / (big_n * s + nu)
    assert z.topological(s) == expected


@pytest.mark.parametrize(
    ("f", "top", "bottom"),
    [
        ("x^2 + y^2 + z^3", [4, 1], [4, 7, 3]),  # Singular, zetaDL
        ("x^2 + y*z", [3, 1], [3, 5, 2]),
        ("x*y", [1], [1, 2, 1]),
    ],
)
def test_known_topological_zeta_functions(f: str, top: list[int], bottom: list[int]) -> None:
    z = zeta(f).topological
    assert z is not None
    other = flint.fmpq_poly(top), flint.fmpq_poly(bottom)
    assert z.numerator * other[1] == other[0] * z.denominator


def test_zeta_functions_of_peers(truth_tables) -> None:
    rows = [
        r
        for r in json.loads((truth_tables / "peers.json").read_text())
        if r["quantity"] in ("zeta_top", "zeta_top_largest_pole")
    ]
    import sympy

    seen = 0
    for row in rows:
        z = zeta(row["generators"][0], row["vars"])
        if z.topological is None:
            assert z.notes
            continue
        assert z.poles is not None
        if row["quantity"] == "zeta_top_largest_pole":
            assert str(z.poles[0][0]) == row["expected"]
        else:
            expected = sympy.sympify(row["expected"].replace("^", "**"))
            for s in (1, 2, Fraction(1, 3)):
                value = expected.subs("s", sympy.Rational(s))
                assert str(value) == str(z.topological(s))
        seen += 1
    assert seen >= 1


@pytest.mark.parametrize(
    "f",
    [
        "x^2 - y^3", "x^3 + y^4", "x^2*y + y^4", "x^3 + x*y^3", "x^4 + y^4 + x^2*y^2",
        "x^2 + y^3 + z^5", "x^3 + y^3 + z^3 + x*y*z", "x^2*y + y^2*z + z^3*x",
        "x^5 + x^2*y^2 + y^6",
        "x^3*y^2", "x*y*z", "x^3 + y^4 + z^5 + x*y*z", "x^2*y^2 + z^3", "x^4 + y^4 + z^4",
    ],
)  # fmt: skip
def test_largest_poles_are_the_newton_thresholds(f: str) -> None:
    """For 2λ < 1 the candidate nearest 0 is −2λ with order ≥ m; Z(0) = 1; poles are candidates."""
    z = zeta(f)
    assert z.at_zero == 1
    assert z.poles is not None
    by_pole = {c.pole: c.order for c in z.candidates}
    assert all(p in by_pole and k <= by_pole[p] for p, k, _ in z.poles)
    value = rlct(f)
    if value.exact and 2 * value.value < 1:
        assert z.candidates[0].pole == -2 * value.value
        assert z.candidates[0].order == value.multiplicity


def test_degenerate_plane_curves_by_the_resolution_graph() -> None:
    """The branch with semigroup <4, 6, 13>: poles −5/12 and −11/26 (Loeser 1988)."""
    z = zeta("(y^2 - x^3)^2 - x^5*y")
    assert z.at_zero == 1
    assert z.poles is not None
    assert [p for p, _, _ in z.poles] == [Fraction(-5, 12), Fraction(-11, 26), Fraction(-1)]
    assert {c.pole for c in z.candidates} >= {p for p, _, _ in z.poles}
    assert "resolution graph" in z.notes[0]


def test_degenerate_surfaces_have_no_topological_zeta_function_here() -> None:
    z = zeta("(x*y - z^2)^2 + x^5")
    assert z.topological is None
    assert "degenerate" in z.notes[0]


@pytest.mark.parametrize("f", ["1 + x", "0*x"])
def test_out_of_scope(f: str) -> None:
    with pytest.raises(OutOfScope):
        zeta(f, "x")


def test_lattice_volumes() -> None:
    cube = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    assert normalised_volume(cube) == 6
    assert normalised_volume([(3, 0, 0), (0, 3, 0), (0, 0, 3)]) == 9
    assert multiplicity([(1, 0, 0), (0, 1, 0), (1, 1, 3)]) == 3


# -- monomials --------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.floats(0.001, 0.9))
def test_monomial_volumes_are_distributions(powers: list[int], epsilon: float) -> None:
    terms = monomial_volume(powers)

    def volume(e: float) -> float:
        big_l = -math.log(e)
        return sum(float(t.coefficient) * e ** float(t.exponent) * big_l**t.power for t in terms)

    assert abs(volume(1.0) - 1) < 1e-9
    assert -1e-7 <= volume(epsilon) <= 1 + 1e-7
    assert volume(epsilon) <= volume(min(1.0, epsilon * 1.1)) + 1e-7


@pytest.mark.parametrize(
    ("powers", "prior"),
    [
        ([2, 3], [0, 0]),
        ([2, 2], [0, 0]),
        ([4, 2], [1, 0]),
        ([1, 3], [Fraction(-1, 2), 2]),
        ([2, 4], [0, 1]),
    ],
)
def test_monomial_volumes_by_quadrature(powers, prior) -> None:
    from scipy.integrate import quad

    epsilon = 1e-3
    a, b = powers
    h, g = (float(x) for x in prior)
    # ∫ x^h · (y-volume below (ε/x^a)^(1/b)), with x = u^(1/(h + 1))

    def inner(u: float) -> float:
        x = u ** (1 / (h + 1))
        y = min(1.0, (epsilon / x**a) ** (1 / b)) if x else 1.0
        return y ** (g + 1) / (g + 1) / (h + 1)

    kink = (epsilon ** (1 / a)) ** (h + 1)
    direct = quad(inner, 0, kink)[0] + quad(inner, kink, 1, epsabs=1e-12)[0]
    big_l = -math.log(epsilon)
    exact = sum(
        float(t.coefficient) * epsilon ** float(t.exponent) * big_l**t.power
        for t in monomial_volume(powers, prior)
    )
    assert exact == pytest.approx(direct, rel=1e-8)


def test_monomial_volume_refuses() -> None:
    with pytest.raises(BadInput):
        monomial_volume([0, 0])
    with pytest.raises(BadInput):
        monomial_volume([1], [-1])


def test_the_table_of_a_notebook_has_every_candidate():
    found = zeta("x^2 - y^3")
    shown = found._repr_html_()
    assert "-5/6" in shown
    assert all(str(p) in shown for p, _, _ in found.poles)
    assert found.plot() is not None
