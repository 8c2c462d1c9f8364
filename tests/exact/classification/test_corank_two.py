"""Germs of two variables by their first form: lines, series, and charts."""

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import Undecided
from singularity_lab.exact.classification.corank_two import (
    Lines,
    coefficient,
    corank_2,
    exceptional,
    jet,
    order_along,
    t_symbol,
)


@pytest.mark.parametrize(
    ("text", "pattern", "real"),
    [
        ("x^2*y", (2, 1), 2),
        ("x^3 + y^3", (1, 1, 1), 1),
        ("x^3 - x*y^2", (1, 1, 1), 3),
        ("(x^2 + y^2)^2", (2, 2), 0),
        ("x^3*y", (3, 1), 2),
        ("x^3 - 2*y^3", (1, 1, 1), 1),
    ],
)
def test_lines_of_binary_forms(text, pattern, real):
    lines = Lines.of(parse(text))
    assert lines.pattern() == pattern
    assert lines.real() == real


def test_the_product_of_the_lines_is_the_form():
    form = parse("2*x^2*y - 2*x*y^2")
    lines = Lines.of(form)
    product = parse("1", "x y") * lines.content
    for _, exponent, p in lines.factors:
        for _ in range(exponent):
            product = product * p
    assert (product - form).is_zero
    assert len(lines.lines(1)) == 3


@pytest.mark.parametrize(
    ("pqr", "name"), [((3, 3, 3), "P8"), ((2, 4, 4), "X9"), ((2, 3, 6), "J10")]
)
def test_parabolic_symbols(pqr, name):
    assert t_symbol(*pqr) == name
    assert t_symbol(2, 4, 5) == "T_{2,4,5}"


@pytest.mark.parametrize(
    ("text", "mu", "symbol"), [("x^3 + y^8", 14, "E14"), ("x^3*y + y^5", 11, None)]
)
def test_exceptional_families(text, mu, symbol):
    found = corank_2(parse(text), mu, None)
    assert found.milnor == mu
    if symbol:
        assert found.symbol == symbol
        assert exceptional(symbol).symbol == symbol


@pytest.mark.parametrize("k", [3, 5, 8])
def test_the_order_of_the_residual_along_an_axis(k):
    """x² + y^k in the chart of y with x = y·x': y^(k−2) is left of y²."""
    order, c = order_along(parse(f"x^2 + 3*y^{k}"), 1, [1, 1], 2, None)
    assert (order, c) == (k - 2, 3)


def test_a_degenerate_chart_is_told():
    with pytest.raises(Undecided, match="chart: "):
        order_along(parse("x^3 + y^5"), 1, [1, 1], 2, None)


def test_jets_and_coefficients():
    f = parse("x^3 + 2*x*y^3 + y^5")
    assert jet(f, 4) == parse("2*x*y^3")
    assert coefficient(f, (1, 3)) == 2
    assert coefficient(f, (2, 2)) == 0
