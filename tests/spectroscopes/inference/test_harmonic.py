"""The estimate of a regular model at finite γ, from the curvature alone."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab import llc
from singularity_lab.spectroscopes import FunctionLoss, PolynomialLoss, network_loss
from singularity_lab.spectroscopes.inference.harmonic import harmonic_llc
from tests.spectroscopes.germs import Product


def squares(h):
    """Σ hᵢ wᵢ²/2 as a loss."""
    roots = [math.sqrt(x / 2) for x in h]
    d = len(h)
    terms = [([r], [tuple(int(i == k) for i in range(d))]) for k, r in enumerate(roots)]
    return PolynomialLoss.from_exponents(terms, loss_id="squares")


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=6), st.floats(1, 1e4), st.floats(0, 1e3))
def test_of_a_quadratic_loss_it_is_the_sum_over_the_directions(h, nbeta, gamma):
    value, lowered, gradients, falling, fallen = harmonic_llc(
        squares(h), nbeta, gamma, gradients=100
    )
    assert gradients == 2 * len(h) + 1
    assert lowered == 0
    assert falling == fallen == 0
    expected = sum(0.5 * nbeta * x / (nbeta * x + gamma) for x in h)
    assert value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("power", [2, 3])
def test_directions_without_curvature_do_not_count(power):
    flat = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, power)])], loss_id="flat")
    value, *_ = harmonic_llc(flat, 1e4, 1.0, gradients=100)
    assert value == pytest.approx(0.5, abs=1e-3)


def test_a_saddle_counts_the_directions_that_rise():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3, bias=False), torch.nn.Linear(3, 1, bias=False))
    for p in net.parameters():
        torch.nn.init.zeros_(p)
    x = torch.randn(200, 2)
    at = network_loss(net, (x, x[:, :1]))  # at 0: ∇L = 0, eigenvalues ± singular values of Σ yxᵀ
    value, *_ = harmonic_llc(at, 1e9, 1.0, gradients=1000)
    assert value == pytest.approx(3 / 2, abs=1e-3)


def waves(h):
    """½ Σ hᵢ wᵢ², of any sign, as a loss."""
    t = torch.tensor(h, dtype=torch.float64)
    return FunctionLoss(lambda w: 0.5 * (t * w * w).sum(1), len(h))


@given(
    st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=6),
    st.floats(1, 50),
)
def test_a_reading_at_a_saddle_is_lower_by_the_falling_directions(h, nbeta):
    """nβE[L] of the Gaussian with precision nβh + γ is ½ Σ nβh/(nβh + γ), whatever the signs."""
    gamma = 2 * nbeta
    found = harmonic_llc(waves(h), nbeta, gamma, gradients=100)
    whole = sum(0.5 * nbeta * x / (nbeta * x + gamma) for x in h)
    # falling directions below a hundredth of γ, and below a thousandth of the largest, do not count
    slack = 0.01 * len(h)
    assert found.value - found.fallen == pytest.approx(whole, abs=slack)
    assert found.falling == sum(
        nbeta * -x > max(0.01 * gamma, 1e-3 * nbeta * max(map(abs, h))) for x in h
    )


def test_where_gamma_does_not_hold_a_saddle_there_is_no_limit():
    found = harmonic_llc(waves([1.0, -0.5]), 100.0, 20.0, gradients=100)
    assert math.isinf(found.fallen)
    assert found.falling == 1


@pytest.mark.parametrize("gamma", [0.05, 500.0])
def test_llc_at_a_saddle_says_so(gamma):
    """A network y = a·b at a = b = 0 with targets 1: the loss is (1 − ab)², and falls along a = b,
    whether γ holds the chains there or not."""
    x = torch.ones(64, 1)
    r = llc(Product(), (x, x), torch.nn.MSELoss(), gamma=gamma, seconds=4, seed=0)
    assert r.diagnostics["falling_directions"] == 1
    assert not r.ok
    assert "the loss falls in 1 direction" in r.reason


@pytest.mark.parametrize("gradients", [150, 300])
def test_a_subspace_and_a_trace_find_what_the_whole_matrix_gives(gradients):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 40), torch.nn.Tanh(), torch.nn.Linear(40, 3))
    x = torch.randn(300, 6)
    at = network_loss(net, (x, net(x).detach()), dtype=torch.float64)
    whole, _, spent, *_ = harmonic_llc(at, 50.0, 100.0, gradients=10**6)
    assert spent == 2 * at.dim + 1 == 2 * 403 + 1
    part, _, spent, *_ = harmonic_llc(at, 50.0, 100.0, gradients=gradients)
    assert spent <= gradients + 1
    assert part == pytest.approx(whole, rel=0.05)


def test_too_few_gradients_say_nothing():
    assert harmonic_llc(squares([1.0] * 50), 10.0, 1.0, gradients=60) is None


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_a_regular_model_reads_that_number_and_not_half_its_dimension(scale):
    torch.manual_seed(0)
    x = scale * torch.randn(400, 4)
    net = torch.nn.Linear(4, 1, bias=False)
    y = net(x).detach()
    found = llc(net, (x, y), torch.nn.MSELoss(), burn_in=120, draws=240, progress=False)
    harmonic = found.diagnostics["harmonic"]
    h = torch.linalg.eigvalsh(2 * x.T.double() @ x.double() / 400)
    nbeta = 400 / math.log(400)
    assert harmonic == pytest.approx(float((0.5 * nbeta * h / (nbeta * h + 100)).sum()), rel=1e-3)
    assert found.ok
    assert found.estimate.value == pytest.approx(harmonic, rel=0.1)
    assert harmonic < 1.3  # d/2 = 2
    assert f"by the curvature at w* alone it would be {harmonic:.3g}" in str(found)


@given(
    st.lists(st.tuples(st.floats(1e-2, 1e2), st.floats(-1, 1)), min_size=1, max_size=5),
    st.floats(1, 1e3),
    st.floats(0.1, 1e2),
)
def test_beside_the_minimum_of_a_quadratic_loss_it_is_lowered_by_the_exact_amount(
    directions, nbeta, gamma
):
    """K = Σ h(x + a)²/2 at x = 0 against the integrals of the Gaussian law."""
    h, a = (np.array(x) for x in zip(*directions, strict=True))
    d = len(h)
    unit = [tuple(int(i == k) for i in range(d)) for k in range(d)]
    zero = (0,) * d
    gens = [([math.sqrt(x / 2), math.sqrt(x / 2) * y], [u, zero])
            for x, y, u in zip(h, a, unit, strict=True)]  # fmt: skip
    found = harmonic_llc(
        PolynomialLoss.from_exponents(gens, loss_id="moved"), nbeta, gamma, gradients=100
    )
    precision = nbeta * h + gamma
    mean = -nbeta * h * a / precision
    energy = 0.5 * h * ((mean + a) ** 2 + 1 / precision) - 0.5 * h * a**2
    assert found.value - found.lowered == pytest.approx(nbeta * energy.sum(), rel=1e-5, abs=1e-6)


def after(net, x, y, steps):
    """Full-batch descent."""
    step = torch.optim.SGD(net.parameters(), 0.05)
    for _ in range(steps):
        step.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        step.step()
    return net


def test_a_reading_beside_a_minimum_holds_that_of_the_minimum():
    """A weight is put off the minimum: the interval still holds what is read there, and far off the
    outcome says so."""
    torch.manual_seed(3)
    x = torch.randn(500, 8)
    y = x[:, :1] + 0.3 * torch.randn(500, 1)
    net = after(torch.nn.Linear(8, 1), x, y, 1500)
    how = {"burn_in": 60, "draws": 120, "progress": False, "gamma": 10.0}
    there = llc(net, (x, y), torch.nn.MSELoss(), **how)
    assert there.ok
    assert "no minimum" not in there.reason
    with torch.no_grad():
        net.bias += 0.08
    near = llc(net, (x, y), torch.nn.MSELoss(), **how)
    assert near.ok
    assert "w* is not quite a minimum" in near.reason
    assert near.estimate.value < there.estimate.low
    assert near.estimate.low < there.estimate.value < near.estimate.high
    with torch.no_grad():
        net.bias += 0.2
    far = llc(net, (x, y), torch.nn.MSELoss(), **how)
    assert str(far.outcome) == "no minimum"


def test_a_subspace_finds_by_how_much_a_slope_lowers():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 40), torch.nn.Tanh(), torch.nn.Linear(40, 3))
    x = torch.randn(300, 6)
    at = network_loss(net, (x, net(x).detach() + 0.1 * torch.randn(3)), dtype=torch.float64)
    whole = harmonic_llc(at, 50.0, 100.0, gradients=10**6)
    part = harmonic_llc(at, 50.0, 100.0, gradients=150)
    assert whole.lowered > 0.1
    assert part.lowered == pytest.approx(whole.lowered, rel=1e-3)
