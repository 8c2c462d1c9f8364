"""Mixtures: their moments, their divergences by integration, and values by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from twins import value

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build


@given(st.integers(2, 3), st.integers(1, 2), st.randoms(use_true_random=False))
def test_hermite_expansion_of_the_chi_square_divergence(components, dimension, source):
    """The truncated K is the partial sum of ∫ p²/φ − 1 = aᵀ exp(b bᵀ) a − 1; all terms are ≥ 0."""
    model = build("gaussian_mixture", components=components, dimension=dimension)
    weights = [source.uniform(0, 1 / components) for _ in range(components - 1)]
    means = [source.uniform(-0.6, 0.6) for _ in range(components * dimension)]
    part, whole = (value(f, weights + means) for f in (model.twin, model.analytic))
    assert part <= whole + 1e-15
    a = [1 - sum(weights), *weights]
    b = [means[i * dimension : (i + 1) * dimension] for i in range(components)]
    series = sum(
        a[i] * a[j] * sum(x * y for x, y in zip(b[i], b[j], strict=True)) ** n / math.factorial(n)
        for n in range(1, 25)
        for i in range(components)
        for j in range(components)
    )
    assert whole == pytest.approx(series, rel=1e-9, abs=1e-13)


def test_chi_square_divergence_by_integration():
    """∫ p²/φ dx − 1 on a fine grid, for one mixture on the line."""
    model = build("gaussian_mixture", components=2, dimension=1)
    x = torch.linspace(-14, 14, 280_001, dtype=torch.float64)

    def normal(mean):
        return torch.exp(-((x - mean) ** 2) / 2) / math.sqrt(2 * math.pi)

    a, b1, b2 = 0.3, 0.2, -0.7
    density = (1 - a) * normal(b1) + a * normal(b2)
    integral = torch.trapezoid(density**2 / normal(0.0), x).item() - 1
    assert value(model.analytic, [a, b1, b2]) == pytest.approx(integral, rel=1e-9)


@given(st.integers(1, 4), st.tuples(*[st.floats(-0.4, 0.4)] * 2), st.floats(0.05, 0.95))
def test_binomial_mixture_moments_are_those_of_the_law(trials, shifts, weight):
    """K = 0 exactly when the first n moments of the mixing law about 1/2 vanish: here, E(X) and E
    X(X − 1)."""
    model = build("binomial_mixture", components=2, trials=trials)
    p = [0.5 + s for s in shifts]
    law = [
        sum(
            w * math.comb(trials, k) * q**k * (1 - q) ** (trials - k)
            for w, q in zip((1 - weight, weight), p, strict=True)
        )
        for k in range(trials + 1)
    ]
    truth = [math.comb(trials, k) / 2**trials for k in range(trials + 1)]
    numbers = [weight, *shifts]
    squared = sum((x - y) ** 2 for x, y in zip(law, truth, strict=True))
    divergence = sum(y * math.log(y / x) for x, y in zip(law, truth, strict=True))
    assert value(model.twin, numbers) == pytest.approx(squared, rel=1e-9, abs=1e-15)
    assert value(model.analytic, numbers) == pytest.approx(divergence, rel=1e-7, abs=1e-14)


@pytest.mark.parametrize(
    ("components", "stratum", "expected"),
    [
        (2, "vanishing", RLCT(Fraction(3, 4), 1)),
        (2, "interior", RLCT(Fraction(3, 4), 1)),
        (2, "far", RLCT(Fraction(1), 1)),
    ],
)
def test_two_binomials(components, stratum, expected):
    """With ≥ 2 trials: at weight 0 far away (a, b₁) is regular; where both meet the truth λ =
    3/4."""
    model = build("binomial_mixture", components=components, trials=3)
    assert rlct(model.problem(stratum), budget=20).rlct == expected


def test_signed_weights_change_the_threshold():
    """b₁ = 0 and a₂b₂² + a₃b₃²: positive weights leave the monomials, signed ones cancel."""
    plain = ["x", "a2*b2^2 + a3*b3^2"]
    positive = rlct(plain, "x a2 a3 b2 b3", nonnegative=["a2", "a3"], budget=20)
    signed = rlct([*plain, "a2*b2^3 + a3*b3^3"], "x a2 a3 b2 b3", budget=20)
    assert positive.rlct.value == 1
    assert signed.rlct == RLCT(Fraction(1), 2)
