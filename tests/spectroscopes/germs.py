"""Losses with known answers, by exponents of their generators; for the tests of all devices."""

from __future__ import annotations

import torch

from singularity_lab.spectroscopes import PolynomialLoss, measure
from singularity_lab.spectroscopes.registry import find_device


class Product(torch.nn.Module):
    """f(x) = a·b·x at a = b = 0."""

    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.zeros(1))
        self.b = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.a * self.b * x


def crossing(*exponents: int, **options) -> PolynomialLoss:
    """K = ∏ w_i^{2k_i}: λ = min 1/(2k_i), m the number of ties (Watanabe 2009, Theorem 2.3)."""
    return PolynomialLoss.from_exponents([([1], [exponents])], loss_id=f"nc{exponents}", **options)


def brieskorn(*exponents: int, **options) -> PolynomialLoss:
    """K = Σ w_i^{2a_i}: λ = Σ 1/(2a_i), m = 1."""
    d = len(exponents)
    rows = [tuple(a if i == j else 0 for j in range(d)) for i, a in enumerate(exponents)]
    return PolynomialLoss.from_exponents(
        [([1], [row]) for row in rows], loss_id=f"bp{exponents}", **options
    )


def cusp(**options) -> PolynomialLoss:
    """K = (w_1² − w_2³)²: λ = 5/12, m = 1."""
    return PolynomialLoss.from_exponents([([1, -1], [(2, 0), (0, 3)])], loss_id="cusp", **options)


# (loss, λ, nβE[K]/λ at n = 10³, 10⁴, 10⁶ and γ = 1, to two decimals: computed independently)
TARGETS = [
    (crossing(1, 1), 1 / 2, (0.72, 0.78, 0.85)),
    (cusp(), 5 / 12, (0.87, 0.90, 0.94)),
    (crossing(1, 2), 1 / 4, (0.84, 0.90, 0.97)),
    (brieskorn(2, 3), 5 / 12, (0.96, 0.98, 1.00)),
]


def check_without_a_valley(control: str) -> None:
    """x² + y² has λ = 1 and no valley, in which alone a negative control fails: it is right there,
    and the same for the same seed."""
    round_ = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])], loss_id="x^2+y^2")
    first, again = (
        measure(control, round_, seed=1, n=1e4, chains=64, burn_in=40, draws=100) for _ in range(2)
    )
    assert first.ok
    assert abs(first.lambda_.value - 1) < 0.1
    assert first.fingerprint() == again.fingerprint()
    assert find_device(control).fails
