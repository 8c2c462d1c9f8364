"""Losses evaluated as they were typed: values and gradients of the expanded polynomial."""

from fractions import Fraction

import pytest
import torch

from singularity_lab.catalog.loss import loss
from singularity_lab.spectroscopes.typed import finite


@pytest.mark.parametrize(
    ("typed", "expanded"),
    [
        ("(x^2 - y^3)^2", "x^2 - y^3"),
        ("(x - y)^3*(x + 2*y)^2", "x^5 + x^4*y - 5*x^3*y^2 - x^2*y^3 + 8*x*y^4 - 4*y^5"),
    ],
)
def test_a_typed_form_has_the_values_of_its_expansion(typed, expanded):
    w = torch.tensor([[0.3, -0.4], [1.5, 0.2], [0.0, 1.0]], dtype=torch.float64)
    one = loss(typed)
    other = loss(expanded)
    (v, g), (u, h) = one.value_and_grad(w), other.value_and_grad(w)
    if typed == "(x^2 - y^3)^2":  # K is the square of what is typed
        h = 2 * u[:, None] * h
        u = u**2
    assert torch.allclose(v, u, rtol=1e-9)
    assert torch.allclose(g, h, rtol=1e-9, atol=1e-12)


def test_a_power_keeps_its_digits_near_the_zero_set():
    """(x − y)^8 at distance 10⁻⁴: the expanded form has lost every digit there."""
    w = torch.tensor([[1.0, 1.0 + 1e-4]], dtype=torch.float64)
    value = loss("(x - y)^8").value(w).item()
    assert value == pytest.approx(1e-64, rel=1e-6)


def test_numbers_become_floats():
    third = ("number", Fraction(1, 3))
    form = ("power", ("sum", (third, ("product", (third, ("leaf", 0))))), 2)
    assert finite(form) == (
        "power",
        ("sum", (("number", 1 / 3), ("product", (("number", 1 / 3), ("leaf", 0))))),
        2,
    )
