"""What is found out about a criterion on a few rows."""

import pytest
import torch
from torch.nn import functional

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.criterion import (
    described,
    first_line,
    reduction,
    spread_rows,
)

X = torch.arange(6.0)[:, None]


def ask(criterion, call=lambda x: 2 * x, targets=None):
    return reduction("model", call, call, criterion, X, 0 * X if targets is None else targets)


@pytest.mark.parametrize("kind", ["none", "mean", "sum"])
def test_the_reduction_is_seen(kind):
    assert ask(lambda a, b: functional.mse_loss(a, b, reduction=kind)) == kind


@pytest.mark.parametrize(
    ("criterion", "match"),
    [
        (
            lambda a, b: (a - b).abs().max(),
            "expected losses of the examples, their mean or their sum",
        ),
        (lambda a, b: "no", "expected a tensor of real losses"),
        (lambda a, b: torch.ones(2, 2), "expected losses of"),
        (lambda a, b: functional.mse_loss(a, b) / 0, "finite loss"),
        (lambda a, b: 1 / 0, "fails on outputs"),
    ],
)
def test_what_has_no_loss_of_its_own_for_an_example(criterion, match):
    with pytest.raises(BadInput, match=match):
        ask(criterion)


def test_a_model_that_draws_random_numbers_is_found_out():
    with pytest.raises(BadInput, match="random numbers"):
        ask(functional.mse_loss, call=lambda x: x + torch.rand(len(x), 1))


@pytest.mark.parametrize(("count", "few"), [(9, 3), (5, 9), (1, 4), (100, 7)])
def test_rows_are_spread_evenly(count, few):
    rows = spread_rows(count, few).tolist()
    assert len(rows) == min(count, few)
    assert rows == sorted(set(rows))
    assert rows[0] == 0
    assert rows[-1] <= count - 1


def test_values_in_words():
    assert described(torch.ones(2, 3)) == "a float32 tensor (2, 3)"
    assert "x" in described({"x": 1})
    assert first_line(ValueError("one\ntwo")) == "one"
    assert len(first_line(ValueError("a" * 999))) <= 160
