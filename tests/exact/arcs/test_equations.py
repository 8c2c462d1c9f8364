"""Equations of jet schemes, and codimensions by Gröbner bases."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.errors import BadInput
from singularity_lab.exact.arcs.equations import (
    groebner_codimension,
    jet_equations,
    monomial_threshold,
)
from singularity_lab.exact.arcs.jets import jets

SPACE_CURVE = ["y^2 - x*z", "x^2*y - z^2", "x^3 - y*z"]  # (t^3, t^4, t^5)


def test_jet_equations_vanish_along_arcs() -> None:
    ideal = Ideal.parse(SPACE_CURVE)
    m = 6
    equations = jet_equations(ideal, m)
    point: dict[str, int] = {}
    for v, e in zip("xyz", (3, 4, 5), strict=True):  # the arc (t^3, t^4, t^5)
        point |= {f"{v}_{k}": int(k == e) for k in range(m + 1)}
    assert all(e(point) == 0 for e in equations)
    point["x_2"] = 1
    assert any(e(point) != 0 for e in equations)


@pytest.mark.parametrize(
    ("generators", "m"),
    [("x^2 - y^3", 2), ("x*y", 3), ("x^2*y", 2), (["x*y", "x*z"], 2), ("x^2 - y^2*z", 2)],
)
def test_groebner_bases_agree(generators, m: int) -> None:
    r = jets(generators, m)
    for k in range(m + 1):
        found = groebner_codimension(r.ideal, k, budget=10)
        assert found is None or found == r.codimensions[k]
    assert groebner_codimension(r.ideal, 0, budget=10) == r.codimensions[0]


@pytest.mark.parametrize(
    ("generators", "m", "codimension"),
    [("x^2", 3, 2), ("x*y", 2, 3), (["x", "y"], 1, 4), ("x^2 - y^3", 1, 2)],
)
def test_flint_alone_counts_too(generators, m, codimension, monkeypatch) -> None:
    """Without Singular: codim J_m of powers, crossings, a point and the cusp."""
    monkeypatch.setenv("SINGLAB_SINGULAR", "/nowhere/Singular")
    assert groebner_codimension(Ideal.parse(generators), m) == codimension


def test_the_fibre_over_a_singular_point_is_larger() -> None:
    whole = groebner_codimension(Ideal.parse("x^2 - y^3"), 2)
    fibre = groebner_codimension(Ideal.parse("x^2 - y^3"), 2, fibre=True)
    assert whole is not None
    assert fibre is not None
    assert fibre >= whole
    with pytest.raises(BadInput, match="m: an integer >= 0"):
        jet_equations(Ideal.parse("x"), -1)


@pytest.mark.parametrize(("p", "q"), [(2, 3), (4, 6), (5, 5)])
def test_the_threshold_of_two_powers(p, q) -> None:
    assert monomial_threshold(Ideal.parse(f"x^{p} - y^{q}")) == Fraction(1, p) + Fraction(1, q)
