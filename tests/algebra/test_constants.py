"""Values of functions at numbers: relations between them hold in normal form, and by enclosures."""

import math
from fractions import Fraction

import flint
import pytest

from singularity_lab.algebra.constants import NeedsRoot, number, pi
from singularity_lab.algebra.tower import Element, Tower


def at(tower, value):
    return Element.number(tower, value)


def real(element):
    tower = element.tower
    return float(tower.enclosure(element.num) / tower.enclosure(element.den))


@pytest.mark.parametrize("value", [2, 3, 6, 12])
def test_values_are_those_of_floating_point(value):
    tower = Tower(())
    for name in ("exp", "log", "sqrt", "atan", "tanh", "sigmoid", "softplus", "cosh", "sinh"):
        expected = {
            "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
            "softplus": lambda x: math.log1p(math.exp(x)),
        }.get(name) or getattr(math, name)
        assert real(number(name, at(tower, value))) == pytest.approx(expected(value), rel=1e-12)


def test_logarithms_are_sums_over_primes():
    tower = Tower(())
    log = {n: number("log", at(tower, n)) for n in (2, 3, 12, 72)}
    assert (log[12] - log[2].scaled(2) - log[3]).is_zero
    assert (log[72] - log[2].scaled(3) - log[3].scaled(2)).is_zero
    assert not (log[3] - log[2]).is_zero


def test_square_roots_multiply():
    tower = Tower(())
    root = {n: number("sqrt", at(tower, n)) for n in (2, 3, 6, 8, 9)}
    assert (root[2] * root[3] - root[6]).is_zero
    assert (root[8] - root[2].scaled(2)).is_zero
    assert root[9].rational() == 3


def test_exponentials_go_back_to_one_root():
    tower = Tower((), root=6)
    half, third = (number("exp", at(tower, Fraction(1, n))) for n in (2, 3))
    assert (half**2 - third**3).is_zero
    assert number("exp", at(tower, 0)).rational() == 1
    with pytest.raises(NeedsRoot) as caught:
        number("exp", at(Tower(()), Fraction(1, 2)))
    assert caught.value.root == 2


def test_exp_and_log_undo_one_another():
    tower = Tower(())
    five = at(tower, 5)
    assert (number("exp", number("log", five)) - five).is_zero
    assert number("log", number("exp", at(tower, 2))).rational() == 2
    assert number("sinh", at(tower, 0)).rational() == 0


def test_pi_is_a_symbol_with_an_enclosure():
    tower = Tower(())
    assert tower.enclosure(pi(tower).num).overlaps(flint.arb.pi())
    assert (number("atan", at(tower, 1)).scaled(4) - pi(tower)).is_zero
    assert pi(tower).rational() is None


@pytest.mark.parametrize("value", [1, Fraction(1, 3), 5])
def test_a_sine_and_its_cosine_are_on_the_circle(value):
    tower = Tower(())
    sine, cosine = (number(name, at(tower, value)) for name in ("sin", "cos"))
    assert (sine * sine + cosine * cosine - at(tower, 1)).is_zero
    assert real(sine) == pytest.approx(math.sin(value), rel=1e-12)
    assert real(cosine) == pytest.approx(math.cos(value), rel=1e-12)
