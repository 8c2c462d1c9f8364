"""What devices of the tempered posterior share: settings, averages, potentials, curvature."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Domain, FunctionLoss
from singularity_lab.spectroscopes.devices.tempered import (
    Average,
    check_settings,
    curvature,
    draws_needed,
    inverse_temperature,
    largest_eigenvalue,
    may_scatter,
    potential,
    seeded_generator,
    times_the_draws,
    walls_of,
)
from singularity_lab.spectroscopes.inference import convergence
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


def autoregressive(rng, chains, draws, correlation):
    """Stationary chains with mean 5, standard deviation 1 and this correlation of neighbours."""
    x = np.empty((chains, draws))
    x[:, 0] = rng.normal(size=chains)
    for t in range(1, draws):
        step = rng.normal(size=chains)
        x[:, t] = correlation * x[:, t - 1] + np.sqrt(1 - correlation**2) * step
    return 5 + x


def verdict_of(x):
    half = len(x) // 2
    groups = [
        convergence.ChainGroup(part.mean(1), part, scattered=far)
        for part, far in ((x[:half], False), (x[half:], True))
    ]
    return convergence.judge(groups, r_hat=1.1)


def needs(x):
    found = verdict_of(x)
    return times_the_draws(
        found, found.interval(0.9), r_hat=1.1, relaxation=0.0, chains=len(x), draws=x.shape[1]
    )


@pytest.mark.parametrize("correlation", [0.8, 0.95])
def test_the_draws_that_a_short_run_is_told_to_need_suffice_and_are_not_far_too_many(correlation):
    """Chains of which all is known: 16 draws of each are too few, and where about as many as told
    are made, the verdict has nothing to say; with a tenth it still has."""
    rng = np.random.default_rng(0)
    times = sorted(needs(autoregressive(rng, 12, 16, correlation)) for _ in range(25))[12]
    assert times > 1
    enough = [
        verdict_of(autoregressive(rng, 12, int(2 * times * 16), correlation)).complaint
        for _ in range(20)
    ]
    assert enough.count("") >= 15
    if 0.1 * times * 16 >= 8:
        few = [
            verdict_of(autoregressive(rng, 12, int(0.1 * times * 16), correlation)).complaint
            for _ in range(20)
        ]
        assert few.count("") <= 5


def test_what_is_asked_of_draws_is_what_the_verdict_asks():
    from singularity_lab.spectroscopes.devices import tempered

    assert tempered._FEWEST == convergence._FEWEST


def test_draws_do_not_mend_what_two_starts_disagree_on():
    rng = np.random.default_rng(1)
    x = rng.normal(5, 1, size=(12, 400))
    x[6:] += 0.15
    found = verdict_of(x)
    assert "scattered" in found.complaint
    assert needs(x) == 1.0
    assert draws_needed(1.0, 400) == ""
    assert draws_needed(float("nan"), 400) == ""
    assert "would not do" in draws_needed(1e9, 400)
