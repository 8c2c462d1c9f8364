"""Hypothesis strategies for the objects of the laboratory: ideals, polynomials, points, values.

They draw small objects, so that exact algorithms stay fast, and shrink towards simple ones.
"""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Ideal, Polynomial

NAMES = ("x", "y", "z", "u", "v", "w")


def rationals(size: int = 4, denominator: int = 6) -> st.SearchStrategy[Fraction]:
    """Rationals in [−size, size] with small denominators."""
    return st.fractions(min_value=-size, max_value=size, max_denominator=denominator)


def nonzero_rationals(size: int = 4, denominator: int = 6) -> st.SearchStrategy[Fraction]:
    return rationals(size, denominator).filter(bool)


def exponents(
    variables: int, low: int = 0, high: int = 4, nonzero: bool = True
) -> st.SearchStrategy[tuple[int, ...]]:
    """One exponent; not the zero exponent unless asked for."""
    rows = st.tuples(*[st.integers(low, high)] * variables)
    return rows.filter(any) if nonzero else rows


@st.composite
def supports(
    draw: st.DrawFn, variables: int | None = None, high: int = 4, most: int = 4
) -> tuple[tuple[int, ...], ...]:
    """A few different exponents in 1 to 3 variables, none of them 0."""
    n = variables if variables is not None else draw(st.integers(1, 3))
    rows = draw(st.lists(exponents(n, high=high), min_size=1, max_size=most, unique=True))
    return tuple(rows)


@st.composite
def monomial_ideals(
    draw: st.DrawFn, variables: int | None = None, high: int = 4, most: int = 4
) -> Ideal:
    """A monomial ideal that vanishes at 0."""
    rows = draw(supports(variables, high, most))
    names = NAMES[: len(rows[0])]
    return Ideal(names, tuple(Polynomial.from_terms({a: 1}, names) for a in rows))


@st.composite
def sparse_polynomials(
    draw: st.DrawFn,
    variables: int | None = None,
    high: int = 4,
    most: int = 5,
    vanishing: bool = False,
) -> Polynomial:
    """A polynomial with few terms and small rational coefficients; with value 0 at 0 when asked."""
    n = variables if variables is not None else draw(st.integers(1, 3))
    rows = draw(
        st.lists(exponents(n, high=high, nonzero=vanishing), min_size=1, max_size=most, unique=True)
    )
    coefficients = draw(st.lists(nonzero_rationals(), min_size=len(rows), max_size=len(rows)))
    return Polynomial.from_terms(dict(zip(rows, coefficients, strict=True)), NAMES[:n])


@st.composite
def ideals(draw: st.DrawFn, variables: int = 2, most: int = 3) -> Ideal:
    """Up to ``most`` sparse polynomials that vanish at 0."""
    count = draw(st.integers(1, most))
    gens = [draw(sparse_polynomials(variables, vanishing=True)) for _ in range(count)]
    return Ideal(NAMES[:variables], tuple(gens))


@st.composite
def quasi_homogeneous(
    draw: st.DrawFn, variables: int = 2
) -> tuple[Polynomial, tuple[int, ...], int]:
    """(f, weights, degree) with f(t^w x) = t^degree f(x), f not 0."""
    weights = tuple(draw(st.lists(st.integers(1, 4), min_size=variables, max_size=variables)))
    power = draw(st.integers(1, 3))
    import itertools
    import math

    degree = math.lcm(*weights) * power
    rows = [
        a
        for a in itertools.product(*(range(degree // w + 1) for w in weights))
        if sum(e * w for e, w in zip(a, weights, strict=True)) == degree
    ]
    chosen = draw(st.lists(st.sampled_from(rows), min_size=1, max_size=4, unique=True))
    coefficients = draw(st.lists(nonzero_rationals(), min_size=len(chosen), max_size=len(chosen)))
    f = Polynomial.from_terms(dict(zip(chosen, coefficients, strict=True)), NAMES[:variables])
    return f, weights, degree


def points(variables: int, size: int = 3) -> st.SearchStrategy[tuple[Fraction, ...]]:
    """A rational point."""
    return st.tuples(*[rationals(size)] * variables)


def dyadic_points(variables: int, size: int = 2) -> st.SearchStrategy[tuple[Fraction, ...]]:
    """A point whose coordinates float64 represents exactly (multiples of 1/64)."""
    return st.tuples(
        *[st.integers(-64 * size, 64 * size).map(lambda k: Fraction(k, 64))] * variables
    )


def rlcts() -> st.SearchStrategy[RLCT]:
    """A pair (λ, m)."""
    values = st.fractions(min_value=Fraction(1, 20), max_value=5, max_denominator=20)
    return st.builds(RLCT, values, st.integers(1, 6))
