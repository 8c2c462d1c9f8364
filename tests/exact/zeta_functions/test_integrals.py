"""Integrals over faces: against closed forms."""

import math
from fractions import Fraction

import pytest

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import OutOfScope
from singularity_lab.exact.zeta_functions.fan import DualFan
from singularity_lab.exact.zeta_functions.integrals import (
    Leading,
    ball,
    cone_density,
    face_integral,
    following_exponents,
)


@pytest.mark.parametrize("q", [Fraction(1, 3), 2, Fraction(-5, 7)])
def test_a_ball_contains_the_number_and_nothing_far(q):
    found = ball(q)
    assert abs(float(found) - float(q)) < 1e-12


@pytest.mark.parametrize(("p", "q"), [(2, 2), (2, 4), (4, 4)])
def test_the_integral_over_the_edge_is_a_beta_function(p, q):
    """∫ (1 + |x|^q·…)… with x_I = ±1: Σ over signs of ∫ (1 + y^q)^(−λ) dy, λ = 1/p + 1/q."""
    germ = LocalProblem.build(f"x^{p} + y^{q}", convention="loss").localize()
    lam = Fraction(1, p) + Fraction(1, q)
    found, _, _ = face_integral(germ, [parse(f"x^{p} + y^{q}")], [0], [1], lam, 15)
    beta = math.gamma(1 / q) * math.gamma(1 / p) / math.gamma(1 / p + 1 / q)
    assert float(found) == pytest.approx(2 * 2 * beta / q, rel=1e-9)


def test_the_density_of_the_order_on_a_ray():
    """On the ray (3, 2) the order of x² + y³ is 6 per step, so that its density is 1/6."""
    fan = DualFan(NewtonPolyhedron.of([(2, 0), (0, 3)]))
    ray = next(c for c in fan.cones if [*fan.rays(c)] == [(3, 2)])
    coordinates, density = cone_density(fan, ray, 1, 1)
    assert len(coordinates) == 1
    assert density == Fraction(fan.rays(ray)[0][coordinates[0]], 6)


def test_integrals_over_many_variables_are_out_of_scope():
    germ = LocalProblem.build("x^2 + y^2 + z^2 + u^2 + v^2", convention="loss").localize()
    with pytest.raises(OutOfScope, match="volume: an integral over"):
        face_integral(germ, list(germ.generators), [0], [1, 2, 3, 4], Fraction(5, 2), 10)


def test_exponents_that_follow_are_larger_and_within_one():
    germ = LocalProblem.build("x^2 + y^4", convention="loss").localize()
    leading = Leading(Fraction(3, 4), 1, ball(1), "by hand")
    found = following_exponents(germ, list(germ.generators), leading)
    assert all(Fraction(3, 4) < e <= Fraction(7, 4) for e, _ in found)
    assert [e for e, _ in found] == sorted(e for e, _ in found)
