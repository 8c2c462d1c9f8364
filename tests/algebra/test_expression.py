"""The typed form: it is the same polynomial, and it keeps factors, powers and squares."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.algebra.expression import Expression
from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import ParseError

NAMES = ("x", "y", "z")


def texts() -> st.SearchStrategy[str]:
    """Expressions as people type them, nested, with every operator."""
    leaves = st.sampled_from([*NAMES, "2", "1/2", "0.25", "0", "1"])

    def grow(inner):
        pair = st.tuples(inner, inner)
        return st.one_of(
            pair.map(lambda p: f"({p[0]}+{p[1]})"),
            pair.map(lambda p: f"({p[0]} - {p[1]})"),
            pair.map(lambda p: f"({p[0]})*({p[1]})"),
            st.tuples(inner, st.integers(0, 3)).map(lambda p: f"({p[0]})^{p[1]}"),
            st.tuples(inner, st.sampled_from("357")).map(lambda p: f"-({p[0]})/{p[1]}"),
        )

    return st.recursive(leaves, grow, max_leaves=6)


@given(texts())
def test_the_typed_form_is_the_same_polynomial(text):
    typed, f = Expression.parse(text, NAMES), parse(text, NAMES)
    assert typed.polynomial == f
    assert parse(str(typed), NAMES) == f
    assert parse(str(f), NAMES) == f
    assert parse(str(f + 0), NAMES) == f


@given(texts())
def test_squares_and_factors_multiply_out(text):
    typed, f = Expression.parse(text, NAMES), parse(text, NAMES)
    c, factors = typed.factors()
    product = parse(str(c), NAMES)
    for q, e in factors:
        product = product * q.polynomial**e
    assert product == f
    squares = typed.squares()
    if squares is not None:
        assert all(c > 0 for c, _ in squares)
        assert sum((q.polynomial**2 * c for c, q in squares), parse("0", NAMES)) == f


def test_squares_of_a_typed_sum():
    found = Expression.parse("2*((x-y)^2 + z^4/3) + (x*(y-z))^6").squares()
    assert [(c, str(q)) for c, q in found] == [
        (Fraction(2), "x - y"),
        (Fraction(2, 3), "z^2"),
        (Fraction(1), "x^3*(y - z)^3"),
    ]
    assert Expression.parse("(x-y)^2 - z^4").squares() is None
    assert Expression.parse("(x-y)^2 + z^3").squares() is None


@pytest.mark.parametrize(
    "text", ["x +", "(x", "x^y", "x y", "x^-1", "1/x", "x/0", "", "x^2^2", "2x"]
)
def test_what_parse_refuses_has_no_typed_form(text):
    with pytest.raises(ParseError):
        parse(text, NAMES)
    with pytest.raises(ParseError):
        Expression.parse(text, NAMES)
