"""Analytic activations: the orders of their series, and the ideals of their networks."""

from __future__ import annotations

import math

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.models import build
from singularity_lab.models.activation import ORDERS, activate


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
