"""K → cK and K → K∘g leave λ and m alone: readings agree within their intervals."""

from __future__ import annotations

import importlib.util
import random
import sys
from fractions import Fraction

import pytest
import torch

from singularity_lab.spectroscopes import PolynomialLoss, measure
from tests.spectroscopes.germs import crossing, cusp

SMALL = {"replicates": 8, "particles": 128, "depth": 60.0}


@pytest.fixture(scope="module")
def invariance(repository):
    """benchmarks/invariance.py."""
    path = repository / "benchmarks" / "invariance.py"
    spec = importlib.util.spec_from_file_location("invariance", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["invariance"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["invariance"]


def scaled(loss: PolynomialLoss, root: Fraction) -> PolynomialLoss:
    """root²·K."""
    generators = [{e: c * root for e, c in g.items()} for g in loss.generators]
    return PolynomialLoss(generators, loss.dim, loss_id=f"{loss.loss_id}*{root}")


def gap(a, b) -> float:
    """The difference of λ̂ over the root of the sum of the squared half widths."""
    a, b = a.lambda_, b.lambda_
    return abs(a.value - b.value) / (((a.high - a.low) ** 2 + (b.high - b.low) ** 2) ** 0.5 / 2)


@pytest.mark.parametrize(
    ("germ", "root"),
    [
        (crossing(1, 1), Fraction(1, 1000)),
        pytest.param(crossing(1, 1), Fraction(37), marks=pytest.mark.slow),
        pytest.param(cusp(), Fraction(1, 1000), marks=pytest.mark.slow),
        pytest.param(cusp(), Fraction(37), marks=pytest.mark.slow),
    ],
)
def test_a_multiple_of_k_has_the_volume_reading_of_k(germ, root):
    plain = measure("volume", germ, seed=0, **SMALL)
    times = measure("volume", scaled(germ, root), seed=0, **SMALL)
    assert gap(plain, times) < 1.82  # three standard errors
    assert times.lambda_.value == pytest.approx(plain.lambda_.value, rel=0.05)
    # At this size P(m) of the cusp is undecided: what is identified must not contradict.
    assert len({plain.identified_multiplicity, times.identified_multiplicity} - {None}) <= 1


@pytest.mark.parametrize("device", ["llc-mala", "llc-hmc"])
def test_c_times_k_at_beta_over_c_is_the_same_posterior(device):
    """nβK does not know c: with a power of two even the rounding is the same."""
    settings = {"n": 1000.0, "chains": 64, "burn_in": 100, "draws": 100}
    plain = measure(device, cusp(), seed=1, beta=0.5, **settings)
    times = measure(device, scaled(cusp(), Fraction(8)), seed=1, beta=0.5 / 64, **settings)
    assert times.lambda_ == plain.lambda_


def test_random_maps_are_invertible_and_composed_exactly(invariance):
    rng = random.Random(0)
    for dim in (2, 3):
        g = invariance.automorphism(dim, rng)
        u = torch.tensor([[rng.uniform(-1, 1) for _ in range(dim)]], dtype=torch.float64)
        parts = [PolynomialLoss([p], dim, as_loss=True) for p in g]
        w = torch.stack([p.value(u) for p in parts], dim=1)
        jacobian = [torch.cat([p.value_and_grad(x)[1] for p in parts]) for x in (u, 0 * u)]
        determinants = [float(torch.linalg.det(j)) for j in jacobian]
        assert abs(determinants[0]) > (2 / 3) ** 3
        assert determinants[0] == pytest.approx(determinants[1], rel=1e-12)
        f = {(2, 0, 0)[:dim]: Fraction(1), (0, 3, 1)[:dim]: Fraction(-1)}
        pulled = PolynomialLoss([invariance.compose(f, g)], dim)
        torch.testing.assert_close(pulled.value(u), PolynomialLoss([f], dim).value(w))


@pytest.mark.slow
@pytest.mark.parametrize("germ", ["w1^2*w2^2", "(w1^2-w2^3)^2", "w1^4+w2^6"])
def test_volume_does_not_see_the_coordinates(invariance, germ):
    """Three random maps a germ, every reading with a seed of its own: gaps of right 90 % intervals
    are above 1.82 (three standard errors) in three of a thousand pairs."""
    found = invariance.pairs("volume", [germ], maps=3, scalings=0, seed=1)
    assert all(p.before.ok and p.after.ok for p in found)
    assert max(p.gap for p in found) < 1.82
    for p in found:
        assert p.after.lambda_.value == pytest.approx(p.before.lambda_.value, rel=0.05)
