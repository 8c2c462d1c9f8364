"""Strata of linear networks: ranks from points, dimensions of orbits."""

from __future__ import annotations

from fractions import Fraction

from singularity_lab.dictionary.network_strata import network_stratum


def test_the_dimension_of_an_orbit_is_that_of_its_tangent_space():
    """d less the rank of the Jacobian of the equations, where the zero set is smooth."""
    point = [Fraction(x) for x in (1, 0, 1, 0)]  # BA = 1 in 1-2-1
    assert network_stratum((1, 2, 1), point).orbit_dimension == 3  # one equation in four variables
    deep = [Fraction(1)] * 3  # c·b·a = 1
    assert network_stratum((1, 1, 1, 1), deep).orbit_dimension == 2
