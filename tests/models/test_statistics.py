"""Mixtures, hidden classes, trees, Boltzmann machines: the polynomial map is the statistical
model."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import rationals

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build


def value(model, function, numbers):
    return function(torch.tensor([numbers], dtype=torch.float64)).item()


@given(st.integers(2, 3), st.integers(1, 2), st.randoms(use_true_random=False))
def test_hermite_expansion_of_the_chi_square_divergence(components, dimension, source):
    """The truncated K is the partial sum of ∫ p²/φ − 1 = aᵀ exp(b bᵀ) a − 1; all terms are ≥ 0."""
    model = build("gaussian_mixture", components=components, dimension=dimension)
    weights = [source.uniform(0, 1 / components) for _ in range(components - 1)]
    means = [source.uniform(-0.6, 0.6) for _ in range(components * dimension)]
    part, whole = (value(model, f, weights + means) for f in (model.twin, model.analytic))
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
    assert value(model, model.analytic, [a, b1, b2]) == pytest.approx(integral, rel=1e-9)


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
    assert value(model, model.twin, numbers) == pytest.approx(squared, rel=1e-9, abs=1e-15)
    assert value(model, model.analytic, numbers) == pytest.approx(divergence, rel=1e-7, abs=1e-14)


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


@pytest.mark.parametrize("n", [1, 3, 4, 5])
def test_naive_bayes_at_independent_features(n):
    """Rusakov and Geiger 2005, Theorem 4, type 2: λ = (n + 1)/2, m = 1 for n ≥ 3; one feature is
    regular."""
    found = rlct(build("latent_class", sizes=[2] * n, classes=2).problem(), budget=20)
    assert found.rlct == RLCT(Fraction(n + 1, 2) if n > 1 else Fraction(1, 2), 1)


@pytest.mark.parametrize("n", [3, 4])
@pytest.mark.parametrize("truth", ["pair", "generic"])
def test_naive_bayes_at_dependent_features(n, truth):
    """Types 1 and regular: (2n − 1)/2 and (2n + 1)/2."""
    model = build("latent_class", sizes=[2] * n, classes=2, truth=truth)
    found = rlct(model.problem(), budget=20)
    assert found.rlct == RLCT(Fraction(2 * n - 1 if truth == "pair" else 2 * n + 1, 2), 1)


@given(st.lists(st.integers(2, 3), min_size=1, max_size=3), st.integers(2, 3), st.data())
def test_hidden_class_law_is_a_law(sizes, classes, data):
    """Σ_x (p − p*) = 0 as a polynomial, at any rational point."""
    model = build("latent_class", sizes=sizes, classes=classes)
    point = data.draw(st.lists(rationals(1), min_size=model.dimension, max_size=model.dimension))
    assert sum((p(point) for _, p in model.squares), Fraction(0)) == 0
    assert len(model.squares) == math.prod(sizes)


@given(st.integers(2, 4), st.integers(1, 2), st.randoms(use_true_random=False))
def test_boltzmann_machine_by_enumeration(visible, hidden, source):
    """p(v) ∝ Σ_h exp(vᵀWh): the divergence from uniform in the coordinates t = tanh w."""
    model = build("boltzmann_machine", visible=visible, hidden=hidden)
    weights = [[source.uniform(-1, 1) for _ in range(hidden)] for _ in range(visible)]
    mass = []
    for v in itertools.product((1, -1), repeat=visible):
        total = 0.0
        for h in itertools.product((1, -1), repeat=hidden):
            total += math.exp(
                sum(v[i] * weights[i][j] * h[j] for i in range(visible) for j in range(hidden))
            )
        mass.append(total)
    law = [m / sum(mass) for m in mass]
    divergence = -sum(math.log(p * len(law)) for p in law) / len(law)
    t = [math.tanh(w) for row in weights for w in row]
    assert value(model, model.analytic, t) == pytest.approx(divergence, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("visible", [2, 3, 4])
def test_boltzmann_machine_with_one_hidden_unit(visible):
    """The ideal is (t_i t_j)_{i<j}: the edge ideal of the complete graph, λ = n/4 (m = 2 for n =
    2)."""
    found = rlct(build("boltzmann_machine", visible=visible, hidden=1).problem(), budget=20)
    assert found.rlct == RLCT(Fraction(visible, 4), 2 if visible == 2 else 1)


def test_tree_correlations_multiply_along_paths():
    """Leaves 1, 2 | 3, 4 of a quartet: Σ₁₃Σ₂₄ = Σ₁₄Σ₂₃ holds at every parameter."""
    model = build(
        "gaussian_tree",
        leaves=4,
        edges=[[1, 5], [2, 5], [5, 6], [3, 6], [4, 6]],
        kept=[0] * 5,
    )
    correlations = dict(
        zip(itertools.combinations(range(4), 2), model.ideal.generators[4:], strict=True)
    )
    left = correlations[0, 2] * correlations[1, 3]
    assert left == correlations[0, 3] * correlations[1, 2]
    assert left != correlations[0, 1] * correlations[2, 3]


def test_factor_analysis_counts_identifiable_parameters_at_a_generic_truth():
    """One factor, p ≥ 3 variables: 2p parameters, all identifiable up to sign, so λ = p and m =
    1."""
    for p in (3, 4):
        model = build("factor_analysis", observed=p, factors=1, true_factors=1)
        assert rlct(model.problem(), budget=20).rlct == RLCT(Fraction(p), 1)


def test_latent_dirichlet_is_regression_with_one_size_less():
    """λ = (M − 1)/2 + λ of reduced-rank regression with sizes M − 1, N − 1, H − 1 at 0."""
    from singularity_lab.catalog.formulas import aoyagi_watanabe_2005

    for rows, columns, factors in [(2, 2, 2), (3, 2, 2), (3, 3, 2), (2, 2, 3)]:
        model = build("stochastic_factorisation", rows=rows, columns=columns, factors=factors)
        rest = aoyagi_watanabe_2005(columns - 1, rows - 1, factors - 1, 0)
        expected = RLCT(rest.value + Fraction(rows - 1, 2), rest.multiplicity)
        assert rlct(model.problem(), budget=20).rlct == expected
