"""The ladder climbed by weighted particles."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from singularity_lab.spectroscopes import PolynomialLoss, measure
from singularity_lab.spectroscopes.devices.anneal_particles import Particles
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Outcome


def log_z_of_three_by_three(beta: float) -> float:
    """log Z(β) of K = ‖AB‖², A and B 3×3, under independent standard normals.

    Integrating B out leaves E det(1 + 2βAᵀA)^{−3/2}; the eigenvalues of AᵀA have the density
    ∏ l^{−1/2} e^{−l/2} ∏_{i<j} |l_i − l_j| (Muirhead 1982, Theorem 3.2.18).
    """
    t = np.linspace(-60, math.log(80), 1500)
    s = np.exp(t)

    def integral(b: float) -> float:
        w = np.exp(-s / 2) * np.sqrt(s) * (1 + 2 * b * s) ** -1.5

        def below(p):
            return np.cumsum(w * s**p) - w * s**p

        def above(p):
            return (w * s**p).sum() - np.cumsum(w * s**p)

        terms = above(2) * s * below(0) - above(2) * below(1) - above(1) * s**2 * below(0)
        terms += s**2 * below(1) * above(0) + above(1) * below(2) - s * below(2) * above(0)
        return float((w * terms).sum())

    return math.log(integral(beta) / integral(0.0))


def test_log_z_and_energies_are_those_of_the_closed_form():
    r = measure(
        "anneal", MatrixProductLoss.at_rank([3, 3, 3]), seed=0, particles=32, sigma=1.0, span=12.0
    )
    d = r.diagnostics
    assert d["quadratic_blocks"] == [9, 9]
    for k in range(4, len(d["x"]), 6):
        exact = log_z_of_three_by_three(math.exp(d["x"][k]))
        assert d["log_z"][k] == pytest.approx(exact, abs=4 * d["log_z_error"][k] + 0.02)
    k, h = len(d["x"]) - 1, 0.05
    x = d["x"][k]
    slope = log_z_of_three_by_three(math.exp(x - h)) - log_z_of_three_by_three(math.exp(x + h))
    assert d["energy"][k] == pytest.approx(slope / (2 * h), abs=4 * d["energy_error"][k])


def _lazy(share):
    """Rounds of moves in which a share of the particles stays: the law is kept, and is slower."""
    whole = Particles._moved

    def moved(self, state, beta):
        before = state.position.clone(), state.value.clone(), state.prior.clone()
        accepted = whole(self, state, beta)
        stays = torch.rand(len(state.value), generator=self.generator, dtype=torch.float64) < share
        state.position = torch.where(stays[:, None], before[0], state.position)
        state.value = torch.where(stays, before[1], state.value)
        state.prior = torch.where(stays, before[2], state.prior)
        return accepted

    return moved


@pytest.mark.parametrize("seed", range(2))
def test_what_particles_lag_by_is_in_the_interval(monkeypatch, seed):
    sphere = PolynomialLoss.from_exponents([([1], [tuple(row)]) for row in np.eye(4, dtype=int)])
    settings = {"seed": seed, "particles": 32, "span": 20.0}
    quick = measure("anneal", sphere, hold=0.4, **settings)
    assert quick.diagnostics["held_lag"] < 0.1
    monkeypatch.setattr(Particles, "_moved", _lazy(0.97))
    blind = measure("anneal", sphere, hold=0.0, **settings)
    held = measure("anneal", sphere, hold=0.4, **settings)
    assert blind.lambda_.value > 2.2
    assert held.diagnostics["held_lag"] > 0.3
    assert held.lambda_.low < 2 < held.lambda_.high
    assert 2 < held.lambda_.value < blind.lambda_.value
    given = [e for name, e in held.estimates.items() if name.startswith("lambda given")]
    assert given
    assert all(e.high - e.value < e.value - e.low for e in given)
    assert held.outcome is Outcome.NOT_MIXED


def test_particles_that_have_hardly_moved_read_nothing(monkeypatch):
    sphere = PolynomialLoss.from_exponents([([1], [tuple(row)]) for row in np.eye(4, dtype=int)])
    monkeypatch.setattr(Particles, "_moved", _lazy(0.997))
    r = measure("anneal", sphere, seed=0, hold=0.9, particles=32, span=20.0)
    assert r.diagnostics["held_lag"] > 1.0
    assert r.estimates == {}
    assert r.multiplicity is None
    assert "not identifiable" in r.reason
    assert r.outcome is Outcome.NOT_MIXED


@pytest.mark.parametrize("budget", [{"evaluations": 3e5}, {"cpu_seconds": 1.0}])
def test_the_last_of_a_budget_is_kept_for_the_last_temperature(budget):
    sphere = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])])
    r = measure("anneal", sphere, seed=0, budget=Budget(**budget), particles=32)
    assert r.outcome is Outcome.BUDGET
    assert next(iter(budget)).split("_")[0] in r.reason.replace("CPU", "cpu")
    points = r.cost.evaluations + r.cost.gradients
    assert points <= budget.get("evaluations", math.inf)
    assert "held_lag" in r.diagnostics
    assert r.diagnostics["held_rounds"] > 4
