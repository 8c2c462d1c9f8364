"""The estimate of a regular model at finite γ, from the curvature alone."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab import llc
from singularity_lab.spectroscopes import PolynomialLoss, network_loss
from singularity_lab.spectroscopes.inference.harmonic import harmonic_llc


def squares(h):
    """Σ hᵢ wᵢ²/2 as a loss."""
    roots = [math.sqrt(x / 2) for x in h]
    d = len(h)
    terms = [([r], [tuple(int(i == k) for i in range(d))]) for k, r in enumerate(roots)]
    return PolynomialLoss.from_exponents(terms, loss_id="squares")


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=6), st.floats(1, 1e4), st.floats(0, 1e3))
def test_of_a_quadratic_loss_it_is_the_sum_over_the_directions(h, nbeta, gamma):
    value, gradients = harmonic_llc(squares(h), nbeta, gamma, gradients=100)
    assert gradients == 2 * len(h)
    expected = sum(0.5 * nbeta * x / (nbeta * x + gamma) for x in h)
    assert value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("power", [2, 3])
def test_directions_without_curvature_do_not_count(power):
    flat = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, power)])], loss_id="flat")
    value, _ = harmonic_llc(flat, 1e4, 1.0, gradients=100)
    assert value == pytest.approx(0.5, abs=1e-3)


def test_a_saddle_counts_the_directions_that_rise():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3, bias=False), torch.nn.Linear(3, 1, bias=False))
    for p in net.parameters():
        torch.nn.init.zeros_(p)
    x = torch.randn(200, 2)
    at = network_loss(net, (x, x[:, :1]))  # at 0: ∇L = 0, eigenvalues ± singular values of Σ yxᵀ
    value, _ = harmonic_llc(at, 1e9, 1.0, gradients=1000)
    assert value == pytest.approx(3 / 2, abs=1e-3)


@pytest.mark.parametrize("gradients", [150, 300])
def test_a_subspace_and_a_trace_find_what_the_whole_matrix_gives(gradients):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 40), torch.nn.Tanh(), torch.nn.Linear(40, 3))
    x = torch.randn(300, 6)
    at = network_loss(net, (x, net(x).detach()), dtype=torch.float64)
    whole, spent = harmonic_llc(at, 50.0, 100.0, gradients=10**6)
    assert spent == 2 * at.dim == 2 * 403
    part, spent = harmonic_llc(at, 50.0, 100.0, gradients=gradients)
    assert spent <= gradients
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
