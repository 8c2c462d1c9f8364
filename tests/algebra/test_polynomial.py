"""Polynomials as they are read, printed, evaluated and moved between rings."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from strategies import points, sparse_polynomials

from singularity_lab.algebra.polynomial import Ideal, Polynomial, parse
from singularity_lab.errors import BadInput, ParseError


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
def test_generators_in_one_text_are_an_ideal_and_no_polynomial(text):
    assert len(Ideal.parse(text).generators) == 2
    with pytest.raises(ParseError, match="commas stand between generators"):
        parse(text)


@settings(max_examples=25)
@given(sparse_polynomials(variables=2))
def test_sympy_and_back(f):
    assert Polynomial.from_sympy(f.to_sympy(), f.variables) == f
    assert f.latex()
    assert f._repr_latex_().startswith("$")


@settings(max_examples=25)
@given(sparse_polynomials(variables=2), points(2))
def test_a_translate_has_the_value_at_the_point(f, point):
    moved = f.translate(point)
    assert moved((0, 0)) == f(point)
    assert Ideal(f.variables, (f,)).translate(point).generators == (moved,)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("sin(x)", "not a polynomial over Q"),
        ("sqrt(2)*x", "rational"),
        ("x + z", "unknown variables"),
    ],
)
def test_what_is_no_polynomial_of_sympy(text, match):
    import sympy

    with pytest.raises(BadInput, match=f"expression: .*{match}"):
        Polynomial.from_sympy(sympy.sympify(text), "x")


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda f: Polynomial.from_terms({(1,): 1}, "x y"), "terms: an exponent is 2 integers"),
        (lambda f: (f - f).order, "order: the zero polynomial"),
        (lambda f: f.in_ring("x"), "variables: "),
        (lambda f: f / 0, "division: only by a rational number"),
        (lambda f: f / f, "division: only by a rational number"),
        (lambda f: f**-1, "exponent: an integer >= 0"),
        (lambda f: f ** Fraction(1, 2), "exponent: an integer >= 0"),
        (lambda f: f({"x": 1, "q": 2}), "point: unknown variable 'q'"),
        (lambda f: f((1,)), "point: as many coordinates as variables"),
        (lambda f: Ideal(("x",), ()), "generators: at least one"),
    ],
)
def test_mistakes_name_the_argument(act, match):
    with pytest.raises(BadInput, match=match):
        act(parse("x^2 - y"))


def test_constants_are_numbers():
    assert parse("3/4", "x") == Fraction(3, 4)
    assert parse("x") != 1
    assert (parse("x") == "x") is False
    assert Polynomial.constant("1/2").is_constant


@pytest.mark.parametrize("point", ["1, 2", 1, (1, 2), []])
def test_a_point_that_is_none_is_told_the_rule(point):
    from singularity_lab import rlct

    with pytest.raises(BadInput, match=r"as many coordinates as variables \(1\) are needed"):
        rlct("x - 1", at=point)
