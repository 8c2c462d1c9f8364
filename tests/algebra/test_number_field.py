"""Number fields: primitive elements, factors over the field, and refusals."""

import itertools

import pytest

from singularity_lab.algebra.algebraic import algebraic
from singularity_lab.algebra.number_field import NumberField, field_of
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.univariate import count_roots
from singularity_lab.errors import BadInput


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
