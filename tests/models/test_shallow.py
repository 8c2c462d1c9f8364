"""Networks with units: Taylor ideals are complete, moments are right, and known values come out."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog.checks import twin_error
from singularity_lab.errors import BadInput
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


def test_finite_data_give_the_values_at_the_points():
    network = dict(inputs=1, outputs=1, hidden=2, powers=[1, 2])
    model = build("polynomial_network", **network, law="data", points=[[1], [-1]])
    a1, a2, b1, b2 = (Fraction(x) for x in ("1/2", "2", "1/3", "-1"))
    f = [a1 * (b1 * x + b1**2) + a2 * (b2 * x + b2**2) for x in (1, -1)]
    assert model.value([a1, a2, b1, b2]) == sum(v * v for v in f) / 2
    assert max(twin_error(model)) < 1e-12
    with pytest.raises(BadInput, match="'data' needs its points"):
        build("polynomial_network", **network, law="data")
    with pytest.raises(BadInput, match="only 'data' has points"):
        build("polynomial_network", **network, points=[[1]])
