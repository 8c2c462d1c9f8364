"""Functions of germs: Taylor coefficients of power series, parity, and where none is analytic."""

from fractions import Fraction
from math import factorial

import flint
import pytest

from singularity_lab.algebra.elementary import FUNCTIONS, apply, expansion, taylor
from singularity_lab.algebra.tower import Element, Tower
from singularity_lab.errors import BadInput

AT_ZERO = {
    "exp": lambda k: Fraction(1, factorial(k)),
    "sin": lambda k: Fraction((0, 1, 0, -1)[k % 4], factorial(k)),
    "cos": lambda k: Fraction((1, 0, -1, 0)[k % 4], factorial(k)),
    "sinh": lambda k: Fraction(k % 2, factorial(k)),
    "cosh": lambda k: Fraction(1 - k % 2, factorial(k)),
    "atan": lambda k: Fraction((0, 1, 0, -1)[k % 4], max(k, 1)),
}


@pytest.mark.parametrize("name", AT_ZERO)
def test_taylor_coefficients_about_zero(name):
    zero = Element.number(Tower(()), 0)
    found = [c.rational() for c in taylor(name, zero, 9)]
    assert found == [AT_ZERO[name](k) for k in range(10)]


def test_tanh_has_the_coefficients_of_the_quotient_of_series():
    zero = Element.number(Tower(()), 0)
    found = [c.rational() for c in taylor("tanh", zero, 9)]
    sinh = flint.fmpq_series([flint.fmpq(k % 2, factorial(k)) for k in range(10)], prec=10)
    cosh = flint.fmpq_series([flint.fmpq(1 - k % 2, factorial(k)) for k in range(10)], prec=10)
    quotient = sinh / cosh
    assert found == [Fraction(int(quotient[k].p), int(quotient[k].q)) for k in range(10)]


@pytest.mark.parametrize("a", [1, 2, Fraction(1, 3), Fraction(9, 4)])
def test_log_and_sqrt_about_a_number(a):
    c = Element.number(Tower(()), a)
    log, root = taylor("log", c, 5), taylor("sqrt", c, 5)
    assert [t.rational() for t in log[1:]] == [
        Fraction((-1) ** (k + 1), k) / Fraction(a) ** k for k in range(1, 6)
    ]
    for k in range(6):  # the square of the series is a + x
        total = sum((root[i] * root[k - i] for i in range(1, k + 1)), root[0] * root[k])
        assert total.rational() == (a if k == 0 else int(k == 1))


@pytest.mark.parametrize("name", [n for n, parity in FUNCTIONS.items() if parity])
def test_odd_and_even_functions(name):
    tower = Tower(("x", "y"))
    z = Element.symbol(tower, "x") - Element.symbol(tower, "y") ** 2
    there, back = apply(name, z), apply(name, -z)
    assert (there + back if FUNCTIONS[name] == "odd" else there - back).is_zero


def test_softplus_and_sigmoid_of_opposite_arguments():
    tower = Tower(("x",))
    x = Element.symbol(tower, "x")
    one = Element.number(tower, 1)
    assert (apply("sigmoid", x) + apply("sigmoid", -x) - one).is_zero
    assert (apply("softplus", x) - apply("softplus", -x) - x).is_zero


@pytest.mark.parametrize(("name", "value"), [("log", 0), ("log", -1), ("sqrt", 0), ("log1p", -1)])
def test_where_a_function_is_not_analytic(name, value):
    tower = Tower(("x",))
    z = Element.symbol(tower, "x") + Element.number(tower, value)
    with pytest.raises(BadInput, match="analytic for > 0 only"):
        apply(name, z)


def test_an_expansion_agrees_with_taylor_where_it_is_cut():
    tower = Tower(("x",))
    x = Element.symbol(tower, "x")
    (name,) = tower.occurs((apply("exp", x)).num) - {"x"}
    (series,) = expansion(tower, [name], 3).values()
    tails = tower.of_kind(series.num, "tail")
    cut = Element.of(tower, tower.without(tower.up(series.num), tails))
    terms = [(x**k).scaled(Fraction(1, factorial(k))) for k in range(1, 5)]
    assert tails
    assert (cut - sum(terms[1:], terms[0])).is_zero
