"""What devices of the tempered posterior share: settings, averages, potentials, curvature."""

from dataclasses import dataclass

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Domain, FunctionLoss
from singularity_lab.spectroscopes.devices.tempered import (
    Average,
    check_settings,
    curvature,
    inverse_temperature,
    largest_eigenvalue,
    may_scatter,
    potential,
    seeded_generator,
    walls_of,
)
from singularity_lab.spectroscopes.meter import Budget, Meter
from tests.spectroscopes.germs import brieskorn, crossing


@dataclass
class Settings:
    n: float = 1000.0
    beta: float | None = None
    gamma: float = 1.0
    chains: int = 4
    draws: int = 8
    burn_in: int = 0
    keep: str = ""
    kept: int = 1
    device: str = "cpu"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"n": 1.0}, "n: expected"),
        ({"beta": 0.0}, "beta: expected"),
        ({"gamma": -1.0}, "gamma: expected"),
        ({"keep": "all"}, "keep, kept"),
        ({"chains": 1}, "chains, draws, burn_in"),
    ],
)
def test_settings_out_of_range_are_named(change, match):
    check_settings(Settings())
    with pytest.raises(BadInput, match=match):
        check_settings(Settings(**change))


def test_the_inverse_temperature_is_one_over_log_n():
    import math

    assert inverse_temperature(Settings()) == pytest.approx(1000 / math.log(1000))
    assert inverse_temperature(Settings(beta=0.5)) == 500


def test_one_source_of_randomness():
    a, b = (seeded_generator(Settings(), 7) for _ in range(2))
    assert torch.equal(torch.rand(5, generator=a), torch.rand(5, generator=b))
    with pytest.raises(BadInput, match="device: torch cannot compute"):
        seeded_generator(Settings(device="nowhere"), 0)


def test_the_average_forgets_burn_in_and_survives_a_checkpoint():
    values = torch.arange(40, dtype=torch.float64).reshape(10, 4)
    whole, halves = Average(4, 2, 10), Average(4, 2, 10)
    whole.burn(0, torch.full((4,), 1e9, dtype=torch.float64))
    for k, row in enumerate(values):
        whole.add(row)
        halves.add(row)
        if k == 4:
            saved = halves.state()
            halves = Average(4, 2, 10)
            halves.resume(saved)
    (one,), (other,) = (a.groups(1.0, [{}]) for a in (whole, halves))
    assert one.means.tolist() == other.means.tolist() == values.mean(0).tolist()


def test_the_potential_is_that_of_the_law_with_its_gradient():
    loss = brieskorn(1, 2)
    target = potential(Meter(loss, Budget()), 10.0, 2.0)
    u = torch.tensor([[0.5, -0.3], [0.1, 0.7]], dtype=torch.float64, requires_grad=True)
    value, gradient, k = target(u.detach())
    by_hand = 10 * (u[:, 0] ** 2 + u[:, 1] ** 4) + (u**2).sum(1)
    by_hand.sum().backward()
    assert torch.allclose(value, by_hand.detach())
    assert torch.allclose(gradient, u.grad)
    assert torch.allclose(k, loss.value(u.detach()))


def test_outside_the_domain_the_potential_is_infinite():
    loss = crossing(1, domain=Domain.orthant(1))
    value, _, _ = potential(Meter(loss, Budget()), 1.0, 1.0)(torch.tensor([[-0.1], [0.1]]).double())
    assert value.isinf().tolist() == [True, False]
    assert [w is None for w in walls_of(crossing(1))] == [True, True]
    assert not may_scatter(crossing(1), 0.0)
    assert may_scatter(crossing(1), 1.0)


def test_the_largest_eigenvalue_of_a_quadratic_form():
    scales = torch.tensor([1.0, 7.0, 3.0], dtype=torch.float64)
    meter = Meter(FunctionLoss(lambda w: (scales * w**2).sum(1), 3), Budget())
    points = torch.zeros(2, 3, dtype=torch.float64)
    assert largest_eigenvalue(meter, points, 0.1) == pytest.approx(14.0, rel=1e-3)
    assert curvature(meter, 0.1, torch.Generator().manual_seed(0)) == pytest.approx(14.0, rel=1e-2)
