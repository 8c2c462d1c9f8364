"""Analytic activations, ReLU cells, finite data, trained networks."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

from singularity_lab.catalog.checks import twin_error
from singularity_lab.catalog.loss import loss
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.models import build
from singularity_lab.models.activation import ORDERS, activate
from singularity_lab.models.trained import parameter_names, reference, train


@pytest.mark.parametrize("name", sorted(ORDERS))
def test_the_orders_of_the_taylor_series(name):
    """The derivatives of the torch function at 0 vanish exactly where the table says."""
    first, step, extra = ORDERS[name]
    nodes = 64  # Cauchy's formula on a circle inside the disc of convergence
    angle = torch.arange(nodes, dtype=torch.float64) * (2 * math.pi / nodes)
    circle = 0.9 * torch.exp(1j * angle)
    if name in ("erf", "gelu"):  # torch has no complex erf: the real function on a grid
        x = torch.cos((torch.arange(30, dtype=torch.float64) + 0.5) * math.pi / 30)
        powers = torch.stack([x**n for n in range(26)], 1)
        taylor = torch.linalg.lstsq(powers, activate(name, x)[:, None]).solution[:8, 0]
        small = 1e-4
    elif name == "softplus":
        values = torch.log((1 + torch.exp(circle)) / 2)
        taylor = torch.stack([(values * circle**-n).mean().real for n in range(8)])
        small = 1e-9
    else:
        swish = circle / (1 + torch.exp(-circle))  # torch has no complex sigmoid
        values = swish if name == "swish" else activate(name, circle)
        taylor = torch.stack([(values * circle**-n).mean().real for n in range(8)])
        small = 1e-9
    wanted = {n for n in range(8) if n in extra or (n >= first and (n - first) % step == 0)}
    assert {n for n in range(8) if abs(taylor[n]) > small} == wanted


@pytest.mark.parametrize(
    ("name", "inputs", "hidden", "true"), [("gelu", 1, 2, 0), ("swish", 2, 2, 0), ("erf", 1, 2, 1)]
)
def test_the_network_is_comparable_with_its_ideal(name, inputs, hidden, true):
    """K of the network over Σ generators² stays between positive constants near the point."""
    model = build(
        "activation_network",
        activation=name,
        inputs=inputs,
        outputs=1,
        hidden=hidden,
        true_units=true,
    )
    centre = torch.tensor([float(x) for x in model.strata[0].point], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(400, model.dimension, generator=generator, dtype=torch.float64)
    ratios = []
    for scale in (0.2, 0.1, 0.05):
        w = centre + scale * direction / direction.norm(dim=1, keepdim=True)
        ratios.append(model.analytic(w) / model.twin(w))
    low = min(r.min().item() for r in ratios)
    high = max(r.max().item() for r in ratios)
    assert low > 0
    assert high / low < 1e5
    assert ratios[2].min() > ratios[0].min() / 5  # no drift to 0 as the scale goes down


def test_an_activation_of_odd_orders_is_the_vandermonde_type():
    one = build("activation_network", activation="sin", inputs=1, outputs=1, hidden=2)
    other = build("vandermonde", inputs=1, outputs=1, hidden=2)
    assert one.ideal == other.ideal
    with pytest.raises(BadInput, match="extra: increasing positive orders outside"):
        build("vandermonde", inputs=1, outputs=1, hidden=2, extra=[3])
    with pytest.raises(BadInput, match="parameter 'activation'"):
        build("activation_network", activation="relu", inputs=1, outputs=1, hidden=2)


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


RELU = dict(points=[[1, -2], [1, -1], [1, 1]], units=[[1, "1/2", 1], [0, 3, 1]])


def test_a_relu_cell_is_the_network_and_the_cube_lies_in_it():
    model = build("relu_data_network", **RELU)
    assert max(twin_error(model, points=20)) < 1e-12
    assert model.strata[0].point == (1, 0, Fraction("1/2"), 1, 3, 1)
    assert [str(g) for g in model.ideal.generators] == [
        "a2*b21 - 2*a2*b22",
        "a2*b21 - a2*b22",
        "a1*b11 + a1*b12 + a2*b21 + a2*b22 - 3/2",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(units=[[1, 1, 1]]), r"units\[0\]: lies on the kink of points\[1\]"),
        (dict(units=[[1, 2]]), "units: rows of 3 numbers"),
        (dict(points=[]), "points: rows"),
        (dict(targets=[0, 0, 1]), "targets: the units compute 0, 0, 3/2"),
        (dict(points=[[1, -1]], units=[[1, "1/2", 1]]), "no unit is active"),
    ],
)
def test_relu_mistakes(change, message):
    with pytest.raises(BadInput, match=message):
        build("relu_data_network", **{**RELU, **change})


DATA = dict(inputs=[["-1"], ["0"], ["1"], ["2"]], targets=[["0"], ["1"], ["1"], ["1/2"]])


@pytest.fixture(scope="module")
def trained():
    sizes = dict(widths=[1, 1, 1], activation="tanh", seed=0)
    found = train(**sizes, **DATA)
    return build("trained_network", **sizes, **DATA, minimum=found)


def test_training_finds_a_minimum_and_the_same_one_again(trained):
    again = train([1, 1, 1], "tanh", seed=0, **DATA)
    assert again == list(trained.parameters["minimum"])
    value, slopes = trained.exact(trained.strata[0].point)
    assert value == 0
    assert max(map(abs, slopes)) < 1e-10


def test_the_twin_of_a_trained_network_and_its_reference(trained):
    assert max(twin_error(trained, points=5)) < 1e-12
    # the reference's slopes are the differences of its values
    at = [Fraction(1, 3), Fraction(-1, 5), Fraction(2, 3)]
    step = Fraction(1, 10**12)
    for i, slope in enumerate(trained.exact(at)[1]):
        up, down = ([x + s * step * (j == i) for j, x in enumerate(at)] for s in (1, -1))
        central = (trained.exact(up)[0] - trained.exact(down)[0]) / (2 * step)
        assert abs(central - slope) < 1e-20


def test_a_deep_network_by_hand():
    """Two hidden ReLU layers: 3·relu(2·relu(x + 1/2) − 1) at x = 1 is 6."""
    at = [Fraction(x) for x in ("1", "1/2", "2", "-1", "3")]
    assert len(parameter_names([1, 1, 1, 1])) == 5
    value, slopes = reference([1, 1, 1, 1], "relu", [[Fraction(1)]], [[Fraction(5)]], at)
    assert value == 1
    assert slopes == (12, 12, 9, 6, 4)


def test_a_trained_network_has_no_germ_and_its_loss_can_be_measured(trained):
    with pytest.raises(OutOfScope, match="no polynomial"):
        trained.problem()
    K = loss(trained)
    assert K.value(K.center[None]).abs().item() < 1e-12
    assert K.domain is not None
    with pytest.raises(BadInput, match="has no ideal"):
        loss(trained, form="ideal")


def test_what_is_no_minimum_is_refused():
    with pytest.raises(BadInput, match="minimum: not stationary"):
        build(
            "trained_network",
            widths=[1, 1, 1],
            activation="tanh",
            seed=0,
            minimum=["1", "0", "1"],
            **DATA,
        )
