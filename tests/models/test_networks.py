"""Networks with units: Taylor ideals are complete, moments are right, and known values come out."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build
from singularity_lab.models.shallow import multi_indices


@pytest.mark.parametrize(
    ("parameters", "order"),
    [
        (dict(inputs=1, outputs=1, hidden=1), 3),
        (dict(inputs=1, outputs=1, hidden=2), 5),
        (dict(inputs=1, outputs=1, hidden=2), 7),
        (dict(inputs=1, outputs=1, hidden=2, true_units=1), 7),
        (dict(inputs=2, outputs=1, hidden=1), 3),
        (dict(inputs=1, outputs=1, hidden=2, step=1), 3),
    ],
)
def test_the_next_taylor_coefficient_is_in_the_ideal(parameters, order):
    """The truncation lemma of shallow.py, by Gröbner bases: every coefficient of that order reduces
    to 0."""
    import sympy

    model = build("vandermonde", **parameters)
    variables = sympy.symbols(model.variables)
    basis = sympy.groebner(
        [g.to_sympy() for g in model.ideal.generators], *variables, order="grevlex"
    )
    full = {**dict(step=2, first=1, true_units=0), **parameters}
    hidden, inputs = full["hidden"], full["inputs"]
    for alpha in multi_indices(inputs, order):
        truth = sum(j ** alpha[0] for j in range(1, full["true_units"] + 1))
        if any(alpha[1:]):
            truth = 0
        coefficient = -sympy.Integer(truth)
        for h in range(hidden):
            term = sympy.Symbol(f"a1{h + 1}")
            for i, e in enumerate(alpha):
                term *= sympy.Symbol(f"b{h + 1}{i + 1}") ** e
            coefficient += term
        assert basis.contains(sympy.expand(coefficient))


def test_one_generator_fewer_is_not_enough():
    """Negative control of the lemma: order 3 of two tanh units is not in the ideal of order 1."""
    import sympy

    model = build("vandermonde", inputs=1, outputs=1, hidden=2)
    first, second = (g.to_sympy() for g in model.ideal.generators)
    assert not sympy.groebner([first], *sympy.symbols(model.variables)).contains(second)


@pytest.mark.parametrize(
    ("hidden", "expected"), [(1, RLCT(Fraction(1, 2), 2)), (2, RLCT(Fraction(2, 3), 1))]
)
def test_tanh_networks_at_truth_zero(hidden, expected):
    """Aoyagi and Watanabe 2005b: (H + i² + i)/(4i + 2), i = ⌊√H⌋."""
    model = build("vandermonde", inputs=1, outputs=1, hidden=hidden)
    assert rlct(model.problem(), budget=30).rlct == expected


def test_tanh_network_with_one_spare_unit():
    """Two units, one true: two regular directions and a·b² from the spare one at the true unit's
    place."""
    model = build("vandermonde", inputs=1, outputs=1, hidden=2, true_units=1)
    assert [s.name for s in model.strata] == ["spare-zero", "spare-copy"]
    values = {s.name: rlct(model.problem(s.name), budget=30).rlct for s in model.strata}
    assert values["spare-zero"] == RLCT(Fraction(3, 2), 2)
    assert values["spare-copy"] == RLCT(Fraction(5, 4), 1)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_one_unit_with_a_power_activation(power):
    """Ideal (a b^p): λ = 1/(2p), m = 2 for p = 1 and 1 otherwise."""
    model = build("polynomial_network", inputs=1, outputs=1, hidden=1, powers=[power])
    assert rlct(model.problem(), budget=10).rlct == RLCT(
        Fraction(1, 2 * power), 2 if power == 1 else 1
    )


def test_polynomial_network_by_sampling_points_of_a_data_set():
    """K of the Gaussian law equals the moment expression 3a²b⁴ for a·(bx)²; for uniform inputs
    a²b⁴/5."""
    for law, moment in [("gaussian", Fraction(3)), ("uniform", Fraction(1, 5))]:
        model = build("polynomial_network", inputs=1, outputs=1, hidden=1, powers=[2], law=law)
        assert model.value([2, 3]) == 4 * 81 * moment


@pytest.mark.parametrize(("inputs", "hidden"), [(1, 1), (2, 1), (2, 2), (3, 2)])
def test_quadratic_network_at_zero_is_a_sum_of_squared_weights(inputs, hidden):
    """Over R the trace Σ w² is in the span of the generators and bounds them all: λ = d/4, m =
    1."""
    model = build("quadratic_network", inputs=inputs, hidden=hidden, rank=0)
    assert rlct(model.problem(), budget=20).rlct == RLCT(Fraction(inputs * hidden, 4), 1)


def test_phase_retrieval_at_a_true_signal_is_regular():
    model = build("quadratic_network", inputs=3, hidden=1, rank=1)
    assert rlct(model.problem(), budget=20).rlct == RLCT(Fraction(3, 2), 1)


def test_relu_pieces_glue():
    """On b ≥ 0 the polynomial of the piece is the loss of the actual network on both half-lines."""
    model = build("relu_network", positive=1, negative=1)
    w = torch.tensor([[1.5, -0.5, 0.25, 2.0]], dtype=torch.float64)
    x = torch.linspace(-1, 1, 400_001, dtype=torch.float64)
    f = 1.5 * torch.relu(0.25 * x) - 0.5 * torch.relu(-2.0 * x)
    assert model.twin(w).item() == pytest.approx((f**2).mean().item(), rel=1e-4)


@pytest.mark.parametrize(
    ("dimension", "key", "value", "expected"),
    [
        (1, 1, 1, RLCT(Fraction(1, 2), 4)),
        (2, 2, 2, RLCT(Fraction(3, 2), 2)),
        (2, 1, 1, RLCT(Fraction(1), 4)),
    ],
)
def test_cross_attention_is_a_product_of_two_regressions(dimension, key, value, expected):
    """Product rule: the smaller of λ_RRR(d, d, d_v) and λ_RRR(d, d, d_k), m adds on ties."""
    model = build(
        "linear_attention", dimension=dimension, key=key, value=value, values_from="independent"
    )
    assert rlct(model.problem(), budget=30).rlct == expected


def test_self_attention_sees_only_symmetrised_products():
    """(P, M) and its image under the symmetry P_ij M_kl ↔ P_ik M_jl have one loss: P = e₁e₁ᵀ, M =
    e₂e₂ᵀ against P' = e₁e₂ᵀ, M' = e₁e₂ᵀ."""
    model = build("linear_attention", dimension=2, key=1, value=1)
    w = dict(o11=1, v11=1, k12=1, q12=1)
    other = dict(o11=1, v12=1, k11=1, q12=1)
    assert model.value(w) == model.value(other) != 0
    cross = build("linear_attention", dimension=2, key=1, value=1, values_from="independent")
    assert [g(w) for g in cross.ideal.generators] != [g(other) for g in cross.ideal.generators]
