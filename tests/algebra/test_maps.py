"""Laws of the maps that engine and verifier share: translations, pullbacks, contents, positions."""

from fractions import Fraction
from math import comb

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import rationals, sparse_polynomials

from singularity_lab import RLCT, rlct
from singularity_lab.algebra import maps
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.rings import to_fmpq


@given(f=sparse_polynomials(variables=3, high=12), shift=st.tuples(*[rationals()] * 3))
def test_a_translation_is_a_substitution_and_can_be_undone(f, shift):
    """By Taylor's formula up to degree 8 in a moved variable, by composition above."""
    by = {i: to_fmpq(c) for i, c in enumerate(shift)}
    moved = maps.translate(f.flint, by)
    images = {i: f.flint.context().gen(i) + c for i, c in by.items()}
    assert moved == maps.compose(f.flint, images)
    assert maps.translate(moved, {i: -c for i, c in by.items()}) == f.flint


def test_a_translation_of_high_degree():
    """(x + 1)^4000 by its coefficients: the formula for low degrees would take minutes here."""
    f = parse("x^4000 - y", "x y").flint
    moved = maps.translate(f, {0: flint.fmpq(1)})
    assert moved.to_dict()[2, 0] == comb(4000, 2)
    assert len(moved) == 4002


@given(f=sparse_polynomials(variables=3), a=sparse_polynomials(variables=3))
def test_a_pullback_is_the_substitution_times_a_power_of_the_denominator(f, a):
    """x = (a·x + y)/(1 + y²): both the short way for degree one and the general one."""
    x, y = (parse(s, f.variables).flint for s in f.variables[:2])
    numerator, denominator = a.flint * x + y, y * y + 1
    degree = int(f.flint.degrees()[0])
    expected = sum(
        (c * numerator**e * denominator ** (degree - e)
         for e, c in maps.coefficients(f.flint, 0).items()), x * 0)  # fmt: skip
    assert maps.pull_back(f.flint, 0, numerator, denominator) == expected


@given(f=sparse_polynomials(variables=3))
def test_content_and_occurring_variables_are_those_of_the_exponents(f):
    rows = [tuple(map(int, a)) for a in f.flint.monoms()]
    least = [min(column) for column in zip(*rows, strict=True)]
    assert maps.content(f.flint) == {i: e for i, e in enumerate(least) if e}
    most = [max(column) for column in zip(*rows, strict=True)]
    assert maps.occurring(f.flint) == {i for i, e in enumerate(most) if e}


@pytest.mark.parametrize(("text", "place"), [("z", 2), ("2*z", None), ("x + z", None), ("1", None)])
def test_only_a_variable_has_a_position(text, place):
    assert maps.position(parse(text, "x y z").flint) == place


@given(f=sparse_polynomials(variables=2), places=st.sets(st.integers(0, 1)))
def test_variables_set_to_zero(f, places):
    kept = {a: c for a, c in f.terms() if not any(a[i] for i in places)}
    expected = Polynomial.from_terms(kept, f.variables)
    assert maps.at_zero(f.flint, places) == expected.flint


def test_monomials_of_wide_rings_are_read_and_taken_apart_as_those_of_narrow_ones():
    names = [f"x{i}" for i in range(100)]
    for text in ("x7^2", "-3*x1*x99^4*x1", "5/6*x0", "x3", "-x3", "-x0*x7^2", "-1/2*x99"):
        p = parse(text, names).flint
        narrow = parse(text, ["x0", "x1", "x3", "x7", "x99"]).flint
        assert str(p) == str(narrow)
        there = {names[i]: e for i, e in maps.content(p).items()}
        listed = ("x0", "x1", "x3", "x7", "x99")
        assert there == {listed[i]: e for i, e in maps.content(narrow).items()}
    assert maps.content(parse("6*x1^2*x2 + 4*x1^3", names).flint) == {1: 2}


@given(
    powers=st.dictionaries(st.integers(0, 69), st.integers(1, 5), min_size=1, max_size=4),
    coefficient=st.one_of(st.sampled_from([-1, 1]), rationals().filter(bool)),
)
def test_the_content_of_a_term_of_a_wide_ring_is_its_exponents(powers, coefficient):
    """A minus sign once hid the first variable, and a proof of (13, 1) was accepted where it is
    (12, 2)."""
    names = tuple(f"x{i}" for i in range(70))
    exponents = tuple(powers.get(i, 0) for i in range(70))
    p = Polynomial.from_terms({exponents: coefficient}, names).flint
    assert maps.content(p) == powers


def test_proofs_in_wide_rings_agree_with_those_in_narrow_ones():
    """The ideal (−x_i) with coefficients −1, and further variables that do not occur."""
    for unused in (0, 70):
        names = [f"x{i}" for i in range(3 + unused)]
        found = rlct(["-x0", "x1*x2", "-x1^2"], names)
        assert found.rlct == RLCT(Fraction(1), 2)
