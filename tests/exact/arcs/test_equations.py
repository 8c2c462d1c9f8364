"""Equations of jet schemes, and codimensions by Gröbner bases."""

from __future__ import annotations

import pytest

from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.exact.arcs.equations import (
    groebner_codimension,
    jet_equations,
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
