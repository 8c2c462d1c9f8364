"""Models of open problems: exact fits, and the loss of the torch twin."""

from fractions import Fraction

import pytest
import torch

from singularity_lab import BadInput, rlct
from singularity_lab.models import build
from singularity_lab.models.open_problems import fourier_fit


@pytest.mark.parametrize("p", [2, 3, 4, 6])
def test_the_fourier_fit_is_exact(p):
    units = fourier_fit(p)
    for a in range(p):
        for b in range(p):
            out = [sum(v[c] * (u[a] + w[b]) ** 2 for u, w, v in units) for c in range(p)]
            assert out == [int(c == (a + b) % p) for c in range(p)]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("modular_addition", {"modulus": 3, "padding": 1}),
        ("token_attention", {"tokens": 2, "width": 2, "teacher": 1}),
        ("linear_saddle", {"inputs": 2, "outputs": 3, "hidden": 2, "kept": [2]}),
        ("softmax_attention", {"teacher": [1, 3, 2, -1], "width": 2}),
    ],
)
def test_the_twin_is_the_loss(name, parameters):
    model = build(name, **parameters)
    point = [x + Fraction((3 * i) % 7 - 3, 8) for i, x in enumerate(model.strata[0].point)]
    values = torch.tensor([[float(x) for x in point]], dtype=torch.float64)
    assert model.twin(values).item() == pytest.approx(float(model.value(point)), rel=1e-10)


def test_half_of_the_full_rank_does_not_depend_on_padding():
    for padding in (0, 1):
        found = rlct(build("modular_addition", modulus=3, padding=padding).problem())
        assert (found.value, found.multiplicity) == (Fraction(27, 2), 1)


def test_two_sided_is_twice_the_row():
    row = rlct(build("linear_saddle", inputs=1, outputs=1, hidden=1, kept=[]).problem())
    two_sided = rlct("(a*b - 1)^2 - 1", convention="two-sided")
    assert (2 * row.value, row.multiplicity) == (two_sided.value, two_sided.multiplicity) == (1, 2)


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("modular_addition", {"modulus": 5}, "rational Fourier fit"),
        ("linear_saddle", {"inputs": 2, "outputs": 2, "hidden": 1, "kept": [1, 2]}, "kept"),
        ("softmax_attention", {"teacher": [1, 1, 2, 3]}, "E1"),
        ("token_attention", {"tokens": 2, "width": 1, "teacher": 2}, "teacher"),
    ],
)
def test_what_is_no_model_is_refused(name, parameters, said):
    with pytest.raises(BadInput, match=said):
        build(name, **parameters)
