"""Losses as sums of squares."""

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.engine.losses import sum_of_squares


def test_squares_multiply_out():
    pytest.importorskip("clarabel")  # the third has a Gram matrix alone
    for text in ("x^2 - 2*x*y + 2*y^2", "x^2*y^2 + 2*x*y^2 + 4*y^4*z^2 - 12*y^3*z + 10*y^2",
                 "2*x^4 + 2*x^3*y - x^2*y^2 + 5*y^4", "(x*y)^2 + 3*z^4"):  # fmt: skip
        f = parse(text)
        found = sum_of_squares(f)
        assert all(c > 0 for c, _ in found)
        total = sum((q * q * c for c, q in found[1:]), found[0][1] * found[0][1] * found[0][0])
        assert total.in_ring(f.variables) == f
    for text in ("x^2 - 3*x*y + 2*y^2", "x^4*y^2 + x^2*y^4 + 1 - 3*x^2*y^2", "x^3", "x^2 + y^3"):
        assert sum_of_squares(parse(text)) is None
