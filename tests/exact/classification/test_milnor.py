"""Milnor and Tjurina algebras: formulas, Bézout's bound, and precision."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import Undecided
from singularity_lab.exact.classification.milnor import (
    local_algebra,
    milnor_algebra,
    tjurina_algebra,
)


@given(st.lists(st.integers(2, 7), min_size=1, max_size=3))
def test_brieskorn_milnor_numbers(powers: list[int]) -> None:
    names = "xyz"[: len(powers)]
    f = parse(" + ".join(f"{v}^{p}" for v, p in zip(names, powers, strict=True)))
    mu = prod(p - 1 for p in powers)
    assert milnor_algebra(f).dimension == tjurina_algebra(f).dimension == mu


def test_a_precision_too_small_is_said() -> None:
    x = parse("x^9", "x")
    with pytest.raises(Undecided):
        local_algebra([x], precision=6)
    assert local_algebra([x], precision=11).dimension == 9
