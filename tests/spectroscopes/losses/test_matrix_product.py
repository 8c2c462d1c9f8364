"""Matrix-product losses: against autograd of the plain product, the catalog's models, data, and the
rounding near w*."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from singularity_lab.catalog.loss import loss
from singularity_lab.errors import BadInput
from singularity_lab.models import build
from singularity_lab.spectroscopes import Loss
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss


def _naive(k: MatrixProductLoss, factors, w, target, moments):
    product = torch.eye(k.widths[0], dtype=torch.float64)
    at = 0
    for a, b in pairwise(k.widths):
        product = w[:, at : at + a * b].reshape(-1, b, a) @ product
        at += a * b
    r = product - target
    return (r @ moments * r).sum((1, 2))


@pytest.mark.parametrize("chains", [7, 17_001])  # batched products, and sums over rows of chains
@pytest.mark.parametrize("widths", [[3, 2], [4, 3, 5, 2], [1, 1, 1], [2, 6, 2]])
def test_value_and_gradient_are_those_of_the_product(widths, chains):
    g = torch.Generator().manual_seed(0)
    factors = [torch.randn((b, a), generator=g, dtype=torch.float64) for a, b in pairwise(widths)]
    target = torch.randn((widths[-1], widths[0]), generator=g, dtype=torch.float64)
    root = torch.randn((widths[0],) * 2, generator=g, dtype=torch.float64)
    k = MatrixProductLoss(factors, target=target, moments=root @ root.t())
    assert isinstance(k, Loss)
    w = torch.randn((chains, k.dim), generator=g, dtype=torch.float64, requires_grad=True)
    expected = _naive(k, factors, w, target, root @ root.t())
    (slope,) = torch.autograd.grad(expected.sum(), w)
    value, grad = k.value_and_grad(w.detach())
    torch.testing.assert_close(value, expected.detach(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(grad, slope, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(k.value(w.detach()), value)


def test_it_is_the_catalogs_deep_linear_network():
    model = build("deep_linear", widths=[2, 3, 2], rank=1)
    polynomial, k = loss(model), MatrixProductLoss.at_rank([2, 3, 2], 1)
    w = torch.randn((9, 12), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert polynomial.center.tolist() == k.center.tolist()
    torch.testing.assert_close(polynomial.value(w), k.value(w), rtol=1e-10, atol=1e-12)


def test_data_enter_by_their_moments():
    g = torch.Generator().manual_seed(2)
    x = torch.randn((50, 3), generator=g, dtype=torch.float64)
    y = torch.randn((50, 2), generator=g, dtype=torch.float64)
    factors = [torch.randn(s, generator=g, dtype=torch.float64) for s in ((4, 3), (2, 4))]
    k = MatrixProductLoss.from_data(factors, x, y)
    w = torch.randn((5, k.dim), generator=g, dtype=torch.float64)
    first = w[:, :12].reshape(-1, 4, 3)
    product = w[:, 12:].reshape(-1, 2, 4) @ first
    on_data = ((torch.einsum("cij,nj->cni", product, x) - y) ** 2).sum(2).mean(1)
    least = on_data - k.value(w)  # the least-squares residual, whatever w
    assert float(least.std()) < 1e-10 * float(least.mean())
    assert float(least.min()) > 0


def test_the_loss_is_resolved_down_to_the_square_of_rounding():
    """K(w* + εu) for ε = 1e-120 in a general position: exact homogeneity to first order."""
    k = MatrixProductLoss.random([5, 4, 6], seed=3)
    u = torch.randn((1, k.dim), generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    ratio = k.local_value(1e-120 * u) / k.local_value(1e-100 * u)
    assert float(ratio) == pytest.approx(1e-40, rel=1e-12)


def test_single_precision_agrees_to_its_rounding():
    double = MatrixProductLoss.random([9, 8, 7, 6], seed=5)
    single = MatrixProductLoss.random([9, 8, 7, 6], seed=5, dtype=torch.float32)
    u = torch.randn((4, double.dim), generator=torch.Generator().manual_seed(6)).double()
    torch.testing.assert_close(single.local_value(u), double.local_value(u), rtol=2e-5, atol=0.0)
    assert single.local_value(u).dtype == torch.float64
    assert single.rounding > 1e-8 > double.rounding


def test_ranks_of_random_factors():
    k = MatrixProductLoss.random([7, 6, 8], 3, seed=7)
    first, second = k.center[:42].reshape(6, 7), k.center[42:].reshape(8, 6)
    ranks = [int(torch.linalg.matrix_rank(m)) for m in (first, second, second @ first)]
    assert ranks == [3, 3, 3]
    k = MatrixProductLoss.random([7, 6, 8], [4, 5], seed=7)
    first, second = k.center[:42].reshape(6, 7), k.center[42:].reshape(8, 6)
    assert [int(torch.linalg.matrix_rank(m)) for m in (first, second)] == [4, 5]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MatrixProductLoss([]), "factors"),
        (lambda: MatrixProductLoss([torch.ones(2, 3), torch.ones(2, 3)]), r"factors\[1\]"),
        (lambda: MatrixProductLoss([torch.tensor([[math.nan]])]), "finite"),
        (lambda: MatrixProductLoss([torch.ones(1, 1)], target=torch.ones(2, 1)), "target"),
        (lambda: MatrixProductLoss([torch.ones(1, 1)], moments=-torch.ones(1, 1)), "moments"),
        (lambda: MatrixProductLoss([torch.ones(1, 1)], dtype=torch.int64), "dtype"),
        (lambda: MatrixProductLoss.at_rank([2, 2], 3), "rank"),
        (lambda: MatrixProductLoss.random([2, 2, 2], [1], seed=0), "ranks"),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(BadInput, match=words):
        make()
