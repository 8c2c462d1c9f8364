"""Polynomials as they are read, printed, evaluated and moved between rings."""

from __future__ import annotations

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import ParseError


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("x^2-y^3", "x^2 - y^3"),
        ("-y^3 + x^2", "-y^3 + x^2"),
        ("(x**2-y^3)^ 2*x", "(x^2 - y^3)^2*x"),
        ("x^99*y^127*(x-y)^37*(x^2+y^3)^191", "x^99*y^127*(x - y)^37*(x^2 + y^3)^191"),
    ],
)
def test_polynomials_print_as_typed(typed, printed):
    assert str(parse(typed)) == printed
    assert str(parse(printed)) == printed


def test_computed_polynomials_print_in_the_order_of_the_variables():
    f = parse("-y^3 + x^2 + 1")
    assert str(f + 0) == "x^2 - y^3 + 1"
    assert str((f + 0).in_ring("y x")) == "-y^3 + x^2 + 1"


@pytest.mark.parametrize("text", ["a*b, a*c", "x,y"])
def test_generators_in_one_text_are_told_to_be_given_one_by_one(text):
    with pytest.raises(ParseError, match="generators are given one by one"):
        parse(text)
