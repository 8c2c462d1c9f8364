"""The readers under ``parse``: tokens, the form as typed, and the short way for plain sums."""

import re
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from strategies import sparse_polynomials

from singularity_lab import rlct
from singularity_lab.algebra import input_limits
from singularity_lab.algebra.parsing import (
    Parser,
    Scanner,
    as_typed,
    expanded,
    names_in,
    names_of,
    tokens_of,
    written,
)
from singularity_lab.algebra.polynomial import Ideal, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, ParseError


@settings(max_examples=25)
@given(sparse_polynomials())
def test_the_short_way_and_the_parser_agree(f):
    text = str(f.flint)
    quick = expanded(text, f.variables)
    slow = Parser(text, tokens_of(text), f.variables).read()
    assert slow == f.flint
    assert quick is None or quick == slow


@pytest.mark.parametrize("text", ["x*(x - y)", "x^2^3", "2(x)", "x/y", "(x)"])
def test_the_short_way_leaves_everything_else_alone(text):
    assert expanded(text, ("x", "y")) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("-x^2", "-(x^2)"), ("x - y - z", "(x - y) - z"), ("2*x/4*y", "((2*x)/4)*y"), ("--x", "x")],
)
def test_precedence_is_that_of_mathematics(text, value):
    names = ("x", "y", "z")
    one, other = (Parser(t, tokens_of(t), names).read() for t in (text, value))
    assert one == other


def test_names_come_in_the_order_of_counting():
    assert names_in("w10*w2 - w2^3 + a") == ("a", "w2", "w10")
    assert names_of(tokens_of("b*a")) == ("a", "b")


@pytest.mark.parametrize("text", ["x^2-y", " x ^ 2 - y", "x**2-  y"])
def test_one_typed_form_for_all_blanks(text):
    assert as_typed(text) == "x^2 - y"
    assert as_typed(as_typed(text)) == as_typed(text)


def test_a_scanner_reads_signs_and_tells_the_place():
    scanner = Scanner("+-+-x")
    assert scanner.sign() == 1
    assert scanner.next("+", "-") == ""
    with pytest.raises(ParseError, match="here at position 4 of") as caught:
        scanner.fail("here")
    assert caught.value.position == 4


@pytest.mark.parametrize(("text", "position"), [("x + ", 4), ("x ? y", 2), ("(x", 0), ("x y", 2)])
def test_an_error_points_at_what_does_not_fit(text, position):
    with pytest.raises(ParseError) as caught:
        Parser(text, tokens_of(text), ("x", "y")).read()
    assert caught.value.position == position


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(BadInput, match="expression: at most"):
        tokens_of("x" * (input_limits.CHARACTERS + 1))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("x y", "operator"),
        ("x^y", "exponent"),
        ("x/(y)", "number"),
        ("x)", "unexpected"),
        ("x + ", "needed"),
        ("9" * 5000, "digits"),
    ],
)
def test_what_does_not_fit_is_told(text, match):
    with pytest.raises(ParseError, match=match):
        Parser(text, tokens_of(text), ("x", "y")).read()


def test_a_text_of_too_many_names_is_refused():
    text = "+".join(f"x{i}" for i in range(3001))
    with pytest.raises(BadInput, match="variables: at most 3000, received 3001"):
        names_of(tokens_of(text))


def test_of_sympy_nothing_is_read_as_something_else():
    """The imaginary unit is no coordinate, nor are two symbols of one name one; e is a number."""
    x, y = sympy.symbols("x y")
    other = sympy.Symbol("x", positive=True)
    wrong = [x + sympy.I * y, x * sympy.oo, sympy.EulerGamma * x, x + other, sympy.Symbol("pi") * y]
    for expression in wrong:
        with pytest.raises(BadInput, match=r"^expression: "):
            written([expression])
    assert written(sympy.E * x) == "exp(1)*x"
    assert written(sympy.Matrix([[x, sympy.pi]])) == ["x", "pi"]
    assert written(sympy.Symbol("I") + y) == "I + y"
    assert written({x: (0, sympy.Rational(1, 2))}) == {"x": (0, "1/2")}


def test_points_and_names_of_sympy():
    x, y = sympy.symbols("x y")
    found = rlct((x - sympy.sqrt(2)) ** 2 - y**3, [x, y], at={x: sympy.sqrt(2), y: 0})
    assert found.rlct == rlct("x^2 - y^3").rlct
    assert rlct(x * y, prior={x: 1}, nonnegative=[y]).rlct == rlct("x*y", prior={"x": 1}).rlct
    assert rlct(x - y, over={x: (0, 1), y: (sympy.Rational(1, 2), 2)}).value == Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x^2 − y", "minus is written -"), ("x·y", "products are written"),
        ("|x|", "two-sided"), ("$x$", "LaTeX is not read"), (r"x \\cdot y", "LaTeX is not read"),
        ("λ^2", "names are of"), ("x²", "x^2"), ("x^{2}", "parentheses"), ("x = y", "f - g"),
    ],
)  # fmt: skip
def test_what_people_write_elsewhere_is_told_how_it_is_written_here(text, hint):
    with pytest.raises(ParseError, match=re.escape(hint)):
        tokens_of(text)


def test_an_equation_of_sympy_is_told_as_one_of_text_is():
    x, y = sympy.symbols("x y")
    with pytest.raises(BadInput, match="f = g is written f - g"):
        rlct(sympy.Eq(x, y))
    with pytest.raises(BadInput, match="f = g is written f - g"):
        rlct(x < y)


def test_an_index_in_brackets_is_told_how_it_is_written():
    with pytest.raises(ParseError, match=r"x\[1\] is written x1 or x_1"):
        rlct("x[1]^2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x^2 - 0,5*y^3", "a number is written 0.5"),
        ("1,000*x^3", "a number is written 0.5"),
        ("x^2,", "an expression is needed"),
        ("x^2,,y", "an expression is needed"),
        ("(x*y, y*z)", "in no bracket"),
        ("π*x", "π is written pi"),
    ],
)
def test_a_comma_that_may_mean_something_else_is_refused(text, message):
    with pytest.raises(ParseError, match=message):
        Ideal.parse(text)


def test_generators_in_one_text_are_those_of_a_list():
    x, y = sympy.symbols("x y")
    for text, listed in [
        ("x*y, y*z, x*z", ["x*y", "y*z", "x*z"]),
        ("exp(x) - 1, y", ["exp(x) - 1", "y"]),
        (["x*y, y*z", "x*z"], ["x*y", "y*z", "x*z"]),
        (["x*y, y^2", parse("x^2", "x y")], ["x*y", "y^2", "x^2"]),
    ]:
        assert str(rlct(text)).split(";")[0] == str(rlct(listed)).split(";")[0]
    assert LocalProblem.build("x, y").ideal == LocalProblem.build([x, y]).ideal
