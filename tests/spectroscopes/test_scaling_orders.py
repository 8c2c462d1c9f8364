"""Slopes of mean logarithms along a ladder of sample sizes against the optimal valuation of germs
for which it is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import ModuleLoss, PolynomialLoss, scaling
from tests.spectroscopes.germs import Product, crossing, cusp

QUICK = {"chains": 48, "burn_in": 300, "draws": 600}


def mixed(a: int, b: int, c: tuple[int, int]) -> PolynomialLoss:
    """Generators x^a, y^b and x^c₁y^c₂ above their Newton face."""
    rows = [(a, 0), (0, b), c]
    return PolynomialLoss.from_exponents([([1], [r]) for r in rows], loss_id=f"{a},{b},{c}")


def covered(found, orders):
    """Which of the orders lie in their intervals, and the largest distance from one."""
    pairs = [(found.orders[name], true) for name, true in orders.items()]
    return [e.low <= t <= e.high for e, t in pairs], max(abs(e.value - t) for e, t in pairs)


def test_the_cloud_shrinks_with_the_orders_of_the_valuation():
    """x², y³, xy²: v = (1/4, 1/6), so that xy² shrinks with n^(−7/12), faster than K needs."""
    found = scaling(mixed(2, 3, (1, 2)), **QUICK)
    orders = {"K": 1, "w1": 1 / 4, "w2": 1 / 6, "f1": 1 / 2, "f2": 1 / 2, "f3": 7 / 12}
    inside, far = covered(found, orders)
    assert found.ok
    assert sum(inside) >= 5
    assert far < 0.04


def test_a_weight_that_is_free_has_the_order_nought():
    """K = x²y⁴: λ = ¼ by the divisor y = 0 alone, on which x does not shrink."""
    found = scaling(crossing(1, 2), **QUICK)
    inside, far = covered(found, {"w1": 0, "w2": 1 / 4, "f1": 1 / 2})
    assert all(inside)
    assert far < 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [(1, 2), (2, 2), (2, 4), (3, 4), (1, 5)])
@pytest.mark.parametrize("c", [(2, 2), (3, 1)])
def test_the_orders_of_a_family(a, b, c):
    found = scaling(mixed(a, b, c))
    third = (c[0] / a + c[1] / b) / 2
    orders = {"w1": 1 / (2 * a), "w2": 1 / (2 * b), "f1": 0.5, "f2": 0.5, "f3": third}
    inside, far = covered(found, orders)
    assert sum(inside) >= 4
    assert far < 0.06


def test_outputs_of_a_module_and_functions_of_the_user_are_observed():
    """f(x) = abx: a and b stand on a normal crossing, whose mean order is ¼ for each, and every
    output has the order ½."""
    x = torch.tensor([[1.0], [2.0]])
    loss = ModuleLoss(Product(), x, 0 * x)
    short = {"ns": (1e3, 1e4, 1e5), "chains": 32, "burn_in": 100, "draws": 160, "leapfrogs": 10}
    found = scaling(loss, **short)
    assert [n for n in found.names if n.startswith("output")] == ["output 1", "output 2"]
    inside, far = covered(found, {"output 1": 0.5, "output 2": 0.5})
    assert all(inside)
    assert far < 0.1
    sides = found.orders["w1"].value + found.orders["w2"].value
    assert sides == pytest.approx(0.5, abs=0.1)
    # Both outputs are one function up to a factor.
    assert found.orders["output 1"].value == pytest.approx(found.orders["output 2"].value)
    both = {"both": lambda w: w.prod(1, keepdim=True), "each": lambda w: w}
    mine = scaling(crossing(1, 1), observe=both, **short)
    assert mine.names == ("both", "each 1", "each 2")


def test_chains_that_have_not_mixed_are_said():
    found = scaling(cusp(), ns=(1e3, 1e5, 1e9), chains=8, burn_in=16, draws=40)
    assert not found.ok
    assert "not mixed" in str(found)
    assert np.all(np.isfinite(found.means))


def test_two_sizes_are_no_ladder():
    with pytest.raises(BadInput, match="at least three sizes"):
        scaling(cusp(), ns=(1e3, 1e4))
    with pytest.raises(BadInput, match="observe"):
        scaling(cusp(), observe={"bad": lambda w: w.sum(1)})
