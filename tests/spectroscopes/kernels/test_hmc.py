"""Hamiltonian Monte Carlo: exact moments, reversibility of the leapfrog map, learned steps, a
control."""

from __future__ import annotations

import math

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.kernels import hmc


def quartic(u):
    """U = Σ u⁴: E[u⁴] = 1/4 a coordinate (d/dβ of log ∫ e^{−βu⁴})."""
    return (u**4).sum(1), 4 * u**3, (u**4).sum(1)


def run(target, s, *, d=2, chains=400, warm=60, draws=200, seed=0, **options):
    g = torch.Generator().manual_seed(seed)
    state = hmc.init(torch.zeros((chains, d), dtype=torch.float64), target)
    for t in range(warm):
        state = hmc.step(state, s, target, g, learn=True, **options)
        if t % 10 == 9:
            s = hmc.adapt(s)
    total = 0.0
    for _ in range(draws):
        state = hmc.step(state, s, target, g, **options)
        total += float(state.value.mean())
    return total / draws, s, state


@pytest.mark.parametrize("groups", [1, 400])
def test_a_quartic_has_its_exact_mean(groups):
    mean, s, _ = run(quartic, hmc.steps(0.01, 3.0, 8, groups))
    assert mean == pytest.approx(0.5, rel=0.01)
    assert torch.allclose(s.weights.sum(1), torch.ones(groups, dtype=torch.float64))
    assert (s.weights[:, -1] < 0.1).all()  # ε = 3 is hopeless, and that was learned


def test_scales_do_not_change_the_law():
    """An anisotropic Gaussian with variances 1 and 10⁻⁶, in its own scales: E[U] = d/2."""
    precision = torch.tensor([1.0, 1e6], dtype=torch.float64)

    def target(u):
        energy = 0.5 * (precision * u * u).sum(1)
        return energy, precision * u, energy

    s = hmc.steps(0.2, 1.0, 3)
    mean, _, _ = run(target, s, scale=precision.rsqrt(), draws=200)
    assert mean == pytest.approx(1.0, rel=0.02)


def test_a_wall_is_an_infinite_potential():
    """U = u on u ≥ 0: the exponential law, mean 1."""

    def target(u):
        energy = torch.where(u[:, 0] < 0, math.inf, u[:, 0])
        return energy, torch.ones_like(u), u[:, 0]

    mean, _, state = run(target, hmc.steps(0.1, 1.0, 4), d=1, draws=600)
    assert mean == pytest.approx(1.0, rel=0.03)
    assert (state.position >= 0).all()


def test_one_seed_one_trajectory_and_pure_steps():
    s, g = hmc.steps(0.1, 0.5, 3), torch.Generator()
    start = hmc.init(torch.ones((5, 2), dtype=torch.float64), quartic)
    kept = start.position.clone()
    ends = []
    for _ in range(2):
        g.manual_seed(4)
        ends.append(hmc.step(start, s, quartic, g).position)
    assert torch.equal(*ends)
    assert torch.equal(start.position, kept)
    assert float(s.tried.sum()) == 0.0


def test_forgetting_the_correction_is_seen():
    """Negative control: accepting every finite trajectory at a coarse step samples another law."""

    def careless(u):
        energy, gradient, value = quartic(u)
        return energy.clamp(max=0.0), gradient, value  # H no longer sees U: nothing is refused

    mean, _, _ = run(careless, hmc.steps(0.5, 0.5, 1), warm=0)
    assert mean != pytest.approx(0.5, rel=0.05)


def test_bad_steps_name_the_rule():
    with pytest.raises(BadInput, match="smallest"):
        hmc.steps(1.0, 0.1)
