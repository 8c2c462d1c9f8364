"""Real algebraic numbers and number fields: identities, floating point, and refusals."""

from fractions import Fraction

import flint
import pytest

from singularity_lab.algebra.algebraic import AlgebraicNumber, algebraic, real_roots
from singularity_lab.errors import BadInput

NUMBERS = {
    "sqrt(2) + sqrt(3)": 2**0.5 + 3**0.5,
    "-sqrt(2)": -(2**0.5),
    "1/sqrt(2)": 0.5**0.5,
    "cbrt(-5) + 1": 1 - 5 ** (1 / 3),
    "sqrt(2 + sqrt(2))": (2 + 2**0.5) ** 0.5,
    "root(t^5 - t - 1, 1, 2)": 1.1673039782614187,
    "(1 + sqrt(5))/2": (1 + 5**0.5) / 2,
    "0.5*sqrt(2)^3": 2**0.5,
    "1/(sqrt(3) - 5/3)": 1 / (3**0.5 - 5 / 3),
}


@pytest.mark.parametrize("text", NUMBERS)
def test_values_and_text(text):
    number = algebraic(text)
    assert isinstance(number, AlgebraicNumber)
    assert float(number) == pytest.approx(NUMBERS[text], rel=1e-14)
    assert algebraic(str(number)) == number
    assert (number > Fraction(NUMBERS[text]) - Fraction(1, 10**9)) is True
    assert (number < Fraction(NUMBERS[text]) - Fraction(1, 10**9)) is False


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(2)*sqrt(3) - sqrt(6)", 0),
        ("sqrt(8)/sqrt(2)", 2),
        ("cbrt(-27)", -3),
        ("(1 + sqrt(2))*(1 - sqrt(2))", -1),
        ("sqrt(3 + 2*sqrt(2)) - sqrt(2)", 1),
        ("root(t^2 - 4, 0, 10)", 2),
        ("-2^2 + 0.25", Fraction(-15, 4)),
    ],
)
def test_identities(text, value):
    assert algebraic(text) == Fraction(value)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("sqrt(-1)", "negative"),
        ("root(t^2 - 2, -2, 2)", "2 roots between -2 and 2"),
        ("root(t^2 + 1, 0, 1)", "0 roots"),
        ("root(t^2 - 2, 2, 1)", "low < high"),
        ("root(x*y, 0, 1)", "one variable"),
        ("root(t^2 - , 0, 1)", "cannot be read"),
        ("1/(sqrt(2) - sqrt(2))", "division by 0"),
        ("__import__('os')", "no such expression"),
        ("2^sqrt(2)", "no such expression"),
        ("sqrt(2)**100", "exponent"),
        ("pi", "no such expression"),
        ("sqrt(2", "cannot be read"),
        ("root(t^40 - 2, 1, 2)", "degree"),
        (1.5, "exact rational"),
    ],
)
def test_what_is_no_number(text, match):
    with pytest.raises(BadInput, match=r"point\[x\].*" + match):
        algebraic(text, "point[x]")


def test_real_roots():
    roots = real_roots(flint.fmpq_poly([1, 0, -10, 0, 1]))
    assert [round(float(x), 6) for x in roots] == [-3.146264, -0.317837, 0.317837, 3.146264]
    assert real_roots(flint.fmpq_poly([1, 0, 1])) == []
