"""Compiled polynomials are the definition, in every layout."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss


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
