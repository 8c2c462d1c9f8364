"""Losses: values and gradients against independent evaluations; cancellation-free generators;
clear refusals."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.function import FunctionLoss
from singularity_lab.spectroscopes.losses.module import ModuleLoss
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Domain, Loss


@st.composite
def generator_lists(draw):
    """Up to three sparse polynomials in one to four variables, degree at most 6."""
    dim = draw(st.integers(1, 4))
    exponent = st.lists(st.integers(0, 3), min_size=dim, max_size=dim).map(tuple)
    number = st.integers(-3, 3).filter(bool) | st.fractions(-2, 2, max_denominator=7).filter(bool)
    out = []
    for _ in range(draw(st.integers(1, 3))):
        rows = draw(st.lists(exponent, min_size=1, max_size=4, unique=True))
        out.append(([draw(number) for _ in rows], rows))
    return dim, out


def by_definition(generators, w, squared=True):
    total = torch.zeros(w.shape[0], dtype=torch.float64)
    for coefficients, rows in generators:
        f = torch.zeros(w.shape[0], dtype=torch.float64)
        for c, row in zip(coefficients, rows, strict=True):
            f = f + float(c) * (w ** torch.tensor(row, dtype=torch.float64)).prod(1)
        total = total + (f * f if squared else f)
    return total


@settings(max_examples=60, deadline=None)
@given(generator_lists(), st.integers(0, 1000), st.booleans())
def test_polynomial_kernel_is_the_definition(case, seed, as_loss):
    dim, generators = case
    if as_loss:
        generators = generators[:1]
    g = torch.Generator().manual_seed(seed)
    w = 2 * torch.rand((7, dim), generator=g, dtype=torch.float64) - 1
    loss = PolynomialLoss.from_exponents(generators, as_loss=as_loss)
    leaf = w.clone().requires_grad_(True)
    expected = by_definition(generators, leaf, squared=not as_loss)
    grad = torch.zeros_like(w)
    if expected.requires_grad:
        (grad,) = torch.autograd.grad(expected.sum(), leaf)
    value, ours = loss.value_and_grad(w)
    scale = 1 + expected.detach().abs()
    assert ((value - expected).abs() <= 1e-12 * scale).all()
    assert ((loss.value(w) - expected).abs() <= 1e-12 * scale).all()
    assert torch.allclose(ours, grad, rtol=1e-10, atol=1e-11)


def test_chunks_and_layouts_agree():
    """More points than one chunk, rows or columns contiguous: the same numbers."""
    loss = PolynomialLoss.from_exponents([([1, -1], [(2, 0, 1), (0, 3, 0)]), ([2], [(1, 1, 1)])])
    w = torch.rand((50_001, 3), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    whole = loss.value(w)
    assert torch.equal(whole, loss.value(w.t().contiguous().t()))
    assert torch.equal(whole[:5], loss.value(w[:5]))
    value, grad = loss.value_and_grad(w)
    assert torch.equal(value, whole)
    assert torch.equal(grad[-3:], loss.value_and_grad(w[-3:])[1])


def test_generators_survive_where_the_expanded_square_is_noise():
    """(x² − y³)² just off the cusp: K ≈ 10⁻³⁰ is right from the generator, noise from the
    expansion."""
    loss = PolynomialLoss.from_exponents([([1, -1], [(2, 0), (0, 3)])])
    delta = 2.0**-50
    w = torch.tensor([[1.0 + delta, 1.0]], dtype=torch.float64)
    exact = (2 * delta + delta**2) ** 2
    assert abs(loss.value(w).item() / exact - 1) < 1e-12
    expanded = PolynomialLoss.from_exponents([([1, -2, 1], [(4, 0), (2, 3), (0, 6)])], as_loss=True)
    assert abs(expanded.value(w).item() / exact - 1) > 0.5


def test_local_values_resolve_below_rounding_of_the_centre():
    """x·y − 1/3 shifted exactly to (1/3, 1): K(w* + u) is right for |u| ≪ 2⁻⁵²."""
    loss = PolynomialLoss.from_exponents(
        [([1, Fraction(-1, 3)], [(1, 1), (0, 0)])], center=[Fraction(1, 3), 1]
    )
    u = torch.tensor([[3e-40, 0.0], [0.0, 3e-40]], dtype=torch.float64)
    assert torch.allclose(loss.local_value(u), torch.tensor([9e-80, 1e-80], dtype=torch.float64))
    assert loss.local_value(torch.zeros((1, 2), dtype=torch.float64)).item() == 0.0


def test_function_and_module_losses_have_the_gradients_of_finite_differences():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    x = torch.randn(11, 2)
    module = ModuleLoss(net, x, torch.sin(x[:, :1]))
    function = FunctionLoss(lambda w: torch.sin(w[0]) * w[1] ** 2, 2, batched=False)
    for loss in (module, function):
        assert isinstance(loss, Loss)
        g = torch.Generator().manual_seed(3)
        w = loss.center + torch.randn((4, loss.dim), generator=g, dtype=torch.float64)
        value, grad = loss.value_and_grad(w)
        assert torch.allclose(value, loss.value(w))
        h = 1e-6 * torch.eye(loss.dim, dtype=torch.float64)
        for row, slope in zip(w, grad, strict=True):
            numeric = (loss.value(row + h) - loss.value(row - h)) / 2e-6
            assert torch.allclose(numeric, slope, atol=1e-7)


def test_minibatch_gradients_are_unbiased_and_differ_between_chains():
    net = torch.nn.Linear(1, 1, bias=False)
    x = torch.arange(1.0, 9.0)[:, None]
    loss = ModuleLoss(net, x, torch.zeros_like(x), batch_size=2)
    w = torch.full((4000, 1), 1.0, dtype=torch.float64)
    value, grad = loss.stochastic_value_and_grad(w, torch.Generator().manual_seed(0))
    full, slope = loss.value_and_grad(w[:1])
    assert value.std() > 1  # every chain its own minibatch
    error = value.std() / 4000**0.5
    assert abs(value.mean() - full[0]) < 4 * error
    assert abs(grad.mean() - slope[0, 0]) < 8 * error


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_linear_networks_take_minibatches_from_outer_products(layers):
    """The table gives the numbers of the network itself, on the same rows."""
    torch.manual_seed(layers)
    sizes = [4, 3, 2, 3][: layers + 1]
    net = torch.nn.Sequential(
        *[torch.nn.Linear(a, b, bias=False) for a, b in itertools.pairwise(sizes)]
    )
    x, y = torch.randn(40, sizes[0]), torch.randn(40, sizes[-1])
    fast = ModuleLoss(net, x, y, batch_size=7)
    slow = ModuleLoss(net, x, y, lambda out, y: (out - y) ** 2, batch_size=7)
    assert fast._table is not None
    assert slow._table is None
    w = fast.center + torch.randn((6, fast.dim), dtype=torch.float64)
    for k in range(3):
        ours = fast.stochastic_value_and_grad(w, torch.Generator().manual_seed(k))
        theirs = slow.stochastic_value_and_grad(w, torch.Generator().manual_seed(k))
        assert torch.allclose(ours[0], theirs[0], rtol=1e-12)
        assert torch.allclose(ours[1], theirs[1], rtol=1e-10)
    assert ModuleLoss(torch.nn.Linear(4, 3), x, torch.randn(40, 3), batch_size=7)._table is None
    single = ModuleLoss(net, x, y, dtype=torch.float32)
    assert torch.allclose(single.value(w), fast.value(w), rtol=1e-5)


@pytest.mark.parametrize(
    ("build", "word"),
    [
        (lambda: PolynomialLoss.from_exponents([]), "generators"),
        (lambda: PolynomialLoss.from_exponents([([1], [(1, 0), (0, 1)])]), "exponent row"),
        (lambda: PolynomialLoss.from_exponents([([1], [(-1,)])]), "exponents"),
        (lambda: PolynomialLoss.from_exponents([([1, 1], [(1,), (1, 2)])]), "exponents a row"),
        (lambda: PolynomialLoss.from_exponents([([float("nan")], [(1,)])]), "finite"),
        (lambda: PolynomialLoss.from_exponents([([1], [(1,)])], center=[1, 2]), "center"),
        (
            lambda: PolynomialLoss.from_exponents(
                [([1], [(1,)])], center=[-1], domain=Domain.orthant(1)
            ),
            "contain the center",
        ),
        (lambda: PolynomialLoss.from_exponents([([1], [(1,)])], prior_exponents=[-1]), "τ > −1"),
        (
            lambda: PolynomialLoss.from_exponents([([1], [(1,)]), ([1], [(2,)])], as_loss=True),
            "exactly one",
        ),
        (lambda: Domain((0.0,), (0.0,)), "lower < upper"),
        (lambda: Domain.orthant(2, (5,)), "coordinates"),
        (lambda: FunctionLoss(lambda w: w, 2).value(torch.zeros((3, 2))), "shape"),
        (lambda: FunctionLoss(lambda w: w[:, 0], 2).value(torch.zeros((3, 5))), r"\(c, 2\)"),
        (lambda: ModuleLoss(torch.nn.Linear(1, 1), torch.ones(3, 1), torch.ones(2, 1)), "rows"),
        (
            lambda: ModuleLoss(
                torch.nn.Linear(1, 1), torch.ones(3, 1), torch.ones(3, 1), batch_size=9
            ),
            "batch_size",
        ),
    ],
)
def test_bad_input_names_the_argument_and_the_rule(build, word):
    with pytest.raises(BadInput, match=word):
        build()
