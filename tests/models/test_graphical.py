"""Hidden classes, trees, Boltzmann machines: the polynomial map is the statistical model."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import rationals
from twins import value

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build


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
    assert value(model.analytic, t) == pytest.approx(divergence, rel=1e-9, abs=1e-12)


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
