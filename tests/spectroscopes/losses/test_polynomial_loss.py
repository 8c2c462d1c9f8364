"""Polynomial losses keep what rounding would lose."""

from __future__ import annotations

from fractions import Fraction

import torch

from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss


def test_generators_survive_where_the_expanded_square_is_noise():
    """(x² − y³)² just off the cusp: K ≈ 10⁻³⁰ is right from the generator, noise from the
    expansion."""
    loss = PolynomialLoss.from_exponents([([1, -1], [(2, 0), (0, 3)])])
    delta = 2.0**-50
    w = torch.tensor([[1.0 + delta, 1.0]], dtype=torch.float64)
    exact = (2 * delta + delta**2) ** 2
    assert abs(loss.value(w).item() / exact - 1) < 1e-12
    expanded = PolynomialLoss.from_exponents([([1, -2, 1], [(4, 0), (2, 3), (0, 6)])], as_loss=True)
    assert abs(expanded.value(w).item() / exact - 1) > 0.5


def test_local_values_resolve_below_rounding_of_the_centre():
    """x·y − 1/3 shifted exactly to (1/3, 1): K(w* + u) is right for |u| ≪ 2⁻⁵²."""
    loss = PolynomialLoss.from_exponents(
        [([1, Fraction(-1, 3)], [(1, 1), (0, 0)])], center=[Fraction(1, 3), 1]
    )
    u = torch.tensor([[3e-40, 0.0], [0.0, 3e-40]], dtype=torch.float64)
    assert torch.allclose(loss.local_value(u), torch.tensor([9e-80, 1e-80], dtype=torch.float64))
    assert loss.local_value(torch.zeros((1, 2), dtype=torch.float64)).item() == 0.0
