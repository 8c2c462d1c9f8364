"""The splitting lemma keeps the Milnor number and the inertia of the Hessian."""

from __future__ import annotations

import random

from arnold_forms import change_coordinates
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.classification.milnor import (
    milnor_algebra,
)
from singularity_lab.exact.classification.splitting_lemma import split


@given(st.integers(0, 10**6))
def test_splitting_keeps_the_milnor_number_and_inertia(seed: int) -> None:
    source = random.Random(seed)
    form = parse("x^3 + y^4 - z^2")
    f = change_coordinates(form, source)
    s = split(f, 8)
    assert (s.corank, s.rank, s.index) == (2, 1, 1)
    assert milnor_algebra(s.residual).dimension == 6


def test_splitting_of_a_hyperbolic_form() -> None:
    s = split(parse("x*y + z^3"), 6)
    assert (s.corank, s.index, str(s.residual)) == (1, 1, "z^3")
    assert sorted(d > 0 for d in s.quadratic) == [False, True]
