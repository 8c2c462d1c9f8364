"""Real algebraic numbers and number fields: identities, floating point, and refusals."""

import itertools
import random
from fractions import Fraction

import flint
import pytest

from singularity_lab.algebra.algebraic import AlgebraicNumber, algebraic, real_roots
from singularity_lab.algebra.number_field import NumberField, field_of
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.univariate import count_roots, tarski_query
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


def test_tarski_queries_are_sums_of_signs():
    """Against the roots of products of linear factors."""
    source = random.Random(5)
    for _ in range(60):
        roots = source.sample([r for r in range(-6, 7) if r], source.randint(1, 5))
        p = flint.fmpq_poly([1])
        for r in roots:
            p *= flint.fmpq_poly([-r, 1]) ** source.randint(1, 2)
        q = flint.fmpq_poly([source.randint(-4, 4) for _ in range(4)])
        if not q:
            continue
        signs = [(q(r) > 0) - (q(r) < 0) for r in roots if r > 0]
        assert tarski_query(p, q) == sum(signs)
        assert count_roots(p, "positive") == len(signs)


@pytest.mark.parametrize(
    "texts",
    [
        ("sqrt(2)", "sqrt(3)"),
        ("sqrt(2)", "1 - sqrt(2)"),
        ("cbrt(2)", "sqrt(2)"),
        ("root(t^3 - 3*t + 1, 0, 1)", "root(t^3 - 3*t + 1, -2, -1)"),
        ("root(t^4 - 10*t^2 + 1, 0, 1)",),
        ("sqrt(2)", "sqrt(8)", "sqrt(18) + 1"),
    ],
)
def test_primitive_elements(texts):
    """Each number is the value of its polynomial at the one positive root, in floating point."""
    numbers = {f"x{i}": algebraic(t) for i, t in enumerate(texts)}
    field, values = field_of(numbers, "s")
    assert count_roots(field.dense, "positive") == 1
    for name, number in numbers.items():
        value = sum(
            int(c.p) / int(c.q) * field.approximation**e
            for e, c in enumerate(values[name].coeffs())
        )
        assert value == pytest.approx(float(number), abs=1e-9)
        assert not number.minimal(values[name]) % field.dense


@pytest.mark.parametrize(
    ("relation", "match"),
    [
        ("s - 2", "irreducible"),
        ("s^2 - 4", "irreducible"),
        ("(s^2 - 2)*(s^2 + 1)", "irreducible"),
        ("(s^2 - 2)^2", "irreducible"),
        ("s^2 + 1", "one positive root"),
        ("s^2 - 3*s + 1", "one positive root"),
    ],
)
def test_what_is_no_field(relation, match):
    with pytest.raises(BadInput, match=match):
        NumberField.build("s", relation)


def test_factors_multiply_to_the_polynomial():
    """Products of known factors over Q(√2) come apart again."""
    field = NumberField.build("s", "s^2 - 2")
    parts = ["u - s", "u + s - 1", "u^2 - s", "u^2 + u*s + 3", "2*u - 3"]
    for chosen in itertools.combinations(parts, 3):
        product = parse("1", ("u", "s")).flint
        for e, text in enumerate(chosen, start=1):
            product = field.reduce(product * parse(text, ("u", "s")).flint ** e)
        found = field.factors(product)
        assert sum(int(f.degrees()[0]) for f in found) == sum(2 if "^" in t else 1 for t in chosen)
        rest = product
        for f in found:
            rest, count = field.stripped(rest, f)
            assert count >= 1
        assert rest.degrees()[0] <= 0


def test_division_over_a_field_sees_common_factors():
    field = NumberField.build("s", "s^2 - 2")
    p, q, r = (parse(t, ("u", "s")).flint for t in ("u^2 - 2", "u - s", "u^2 - 3"))
    i = 0
    assert not field.coprime(p, q, i)
    assert field.coprime(r, q, i)
    assert field.stripped(p, q)[1] == 1
    assert field.stripped(r, q)[1] == 0


def test_real_roots():
    roots = real_roots(flint.fmpq_poly([1, 0, -10, 0, 1]))
    assert [round(float(x), 6) for x in roots] == [-3.146264, -0.317837, 0.317837, 3.146264]
    assert real_roots(flint.fmpq_poly([1, 0, 1])) == []
