"""Factors over Q within a time limit: they multiply to the polynomial, or the limit is heard."""

import pytest
from hypothesis import given, settings
from strategies import sparse_polynomials

from singularity_lab.algebra.factoring import factor, factor_if_quick
from singularity_lab.algebra.polynomial import parse
from singularity_lab.system.deadline import TimeLimit


def product(context, content, factors):
    value = context.constant(content)
    for p, e in factors:
        value *= p**e
    return value


@settings(max_examples=25)
@given(sparse_polynomials(variables=2), sparse_polynomials(variables=2))
def test_factors_multiply_to_the_polynomial(f, g):
    p = f.flint * g.flint
    content, factors = factor(p)
    assert product(p.context(), content, factors) == p
    assert all(e >= 1 and not q.is_constant() for q, e in factors)


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_the_factors_of_a_difference_of_powers_are_those_of_the_divisors(n):
    _, factors = factor(parse(f"x^{n} - y^{n}").flint)
    assert len(factors) == sum(1 for d in range(1, n + 1) if n % d == 0)
    assert all(e == 1 for _, e in factors)


def test_a_helper_process_gives_the_same_factors():
    p = parse("(x^60 - y^47 + x*y)*(x^8 + y^9 - 1)").flint
    with TimeLimit(60):
        content, factors = factor(p)
    assert product(p.context(), content, factors) == p
    assert sorted(str(q) for q, _ in factors) == sorted(str(q) for q, _ in p.factor()[1])


def test_what_takes_too_long_is_left_whole():
    p = parse("(x^60 - y^47 + x*y)*(x^8 + y^9 - 2)").flint
    with TimeLimit(60):
        content, factors = factor_if_quick(p, seconds=0.0)
    assert product(p.context(), content, factors) == p


def test_an_ended_time_limit_is_heard():
    p = parse("(x^60 - y^47 + x*y)*(x^8 + y^9 - 3)").flint
    with TimeLimit(1e-9) as limit:
        factor(p)
        raise AssertionError("heard nothing")
    assert limit.expired
