"""Readings side by side: each is that of the device alone, whatever goes beside it."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from singularity_lab import track
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import (
    Budget,
    FunctionLoss,
    ModuleLoss,
    Outcome,
    PolynomialLoss,
    measure,
    measure_each,
    network_loss,
)
from singularity_lab.spectroscopes.losses.side_by_side import at_displacements

SHORT = {"chains": 8, "burn_in": 40, "draws": 60, "gamma": 1.0}


def quartic(w, a):
    return (w[:, 0] * w[:, 1] - a[:, 0] * a[:, 1]) ** 2 + (w[:, 2] - a[:, 2]) ** 2


def wells(*places):
    """(w₀w₁ − a₀a₁)² + (w₂ − a₂)² near each place a."""
    points = [torch.tensor(a, dtype=torch.float64) for a in places]
    return [FunctionLoss(quartic, 3, center=a, given=a, loss_id=f"at {a.tolist()}") for a in points]


def without_cost(reading):
    data = reading.to_dict()
    return {k: data[k] for k in data if k not in ("cost", "versions")}


@pytest.mark.parametrize("device", ["llc-hmc", "llc-mala"])
@pytest.mark.parametrize("seeds", [[0, 0, 0, 0], [3, 1, 3, 2]])
def test_every_reading_is_that_of_the_device_alone(device, seeds):
    losses = [w for w in wells((0, 0, 0), (1, 2, 0)) for _ in range(2)]
    settings = [{**SHORT, "n": n} for n in (1e3, 1e5)] * 2
    together = measure_each(device, losses, seeds=seeds, settings=settings)
    alone = [
        measure(device, loss, seed=k, **s)
        for loss, k, s in zip(losses, seeds, settings, strict=True)
    ]
    assert [without_cost(r) for r in together] == [without_cost(r) for r in alone]
    if len(set(seeds)) == 1:
        assert [r.fingerprint() for r in together] == [r.fingerprint() for r in alone]
    assert len({r.estimate.value for r in together}) == 4


def test_losses_without_one_call_are_computed_in_turn():
    losses = [
        PolynomialLoss.from_exponents([([1], [(1, 1)])], center=c, loss_id=str(c))
        for c in ([0, 0], [0, 3])
    ]
    assert not at_displacements(losses)[1]
    together = measure_each("llc-hmc", losses, seeds=[0, 0], settings=[SHORT, SHORT])
    alone = [measure("llc-hmc", loss, seed=0, **SHORT) for loss in losses]
    assert [r.fingerprint() for r in together] == [r.fingerprint() for r in alone]


def test_a_loss_that_breaks_leaves_the_others_as_they_are():
    good = wells((0, 0, 0), (1, 1, 1))
    broken = FunctionLoss(lambda w: w.sum(1) * torch.nan, 3)
    readings = measure_each(
        "llc-hmc", [good[0], broken, good[1]], seeds=[0] * 3, settings=[SHORT] * 3
    )
    assert readings[1].outcome is Outcome.BAD_LOSS
    assert [without_cost(readings[k]) for k in (0, 2)] == [
        without_cost(measure("llc-hmc", loss, seed=0, **SHORT)) for loss in good
    ]


def test_a_budget_ends_all_of_them_and_says_so():
    losses = wells((0, 0, 0), (1, 1, 1))
    readings = measure_each(
        "llc-hmc", losses, seeds=[0, 0], settings=[SHORT] * 2, budget=Budget(evaluations=4_000)
    )
    assert {r.outcome for r in readings} == {Outcome.BUDGET}
    assert all(r.cost.evaluations + r.cost.gradients <= 4_000 for r in readings)


def test_settings_that_differ_are_measured_in_turn_and_lists_have_one_length():
    losses = wells((0, 0, 0), (1, 1, 1))
    settings = [SHORT, {**SHORT, "gamma": 10.0}]
    together = measure_each("llc-hmc", losses, seeds=[0, 0], settings=settings)
    assert [r.fingerprint() for r in together] == [
        measure("llc-hmc", loss, seed=0, **s).fingerprint()
        for loss, s in zip(losses, settings, strict=True)
    ]
    with pytest.raises(BadInput, match="one length"):
        measure_each("llc-hmc", losses, seeds=[0], settings=settings)


class Scaled(nn.Module):
    """A model with a number that no state dict holds."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.inner, self.scale = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 2)), scale

    def forward(self, x):
        return self.scale * self.inner(x)


def own_losses(*nets, **more):
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
    more = {"self_teacher": True, **more}
    return [network_loss(net, (x, x[:, :2]), **more) for net in nets]


@pytest.mark.parametrize(
    "more",
    [
        {"dtype": torch.float64},
        {"only": "inner.0"},
        {},
        {"self_teacher": False, "criterion": torch.nn.functional.mse_loss},
    ],
)
def test_modules_of_one_class_are_one_call(more):
    torch.manual_seed(0)
    losses = own_losses(Scaled(), Scaled(), Scaled(), **more)
    evaluate, one_call = at_displacements(losses)
    assert one_call
    u = torch.randn(12, losses[0].dim, dtype=torch.float64)
    value, grad = evaluate(u)
    for k, loss in enumerate(losses):
        part = slice(4 * k, 4 * k + 4)
        v, g = loss.value_and_grad(u[part] + loss.center)
        assert torch.allclose(value[part], v, rtol=1e-4, atol=1e-7)
        assert torch.allclose(grad[part], g, rtol=1e-4, atol=1e-6)


def test_two_functions_are_told_apart_where_their_class_and_parameters_agree():
    torch.manual_seed(0)
    net = Scaled()
    other = copy.deepcopy(net)
    other.scale = 3.0
    assert at_displacements(own_losses(net, copy.deepcopy(net)))[1]
    assert not at_displacements(own_losses(net, other))[1]
    x = torch.randn(40, 3)
    apart = [ModuleLoss(net.inner, a, net(a).detach()) for a in (x, x + 1)]
    assert apart[0].side_by_side(apart[1:]) is None  # other inputs


def test_a_trajectory_is_the_same_in_batches_and_one_by_one():
    places = {k: (0.5 * k, 1.0, 0.0) for k in range(4)}
    losses = dict(zip(places, wells(*places.values()), strict=True))
    paths = [
        track(losses, device="llc-hmc", n=[1e3, 1e4], together=size, progress=False, **SHORT)
        for size in (1, 3, None)
    ]
    rows = [[(r.step, r.n, r.value, r.low, r.outcome) for r in p.rows] for p in paths]
    assert rows[0] == rows[1] == rows[2]
    assert len(rows[0]) == 8
