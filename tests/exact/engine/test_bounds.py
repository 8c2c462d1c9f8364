"""Bounds that need no search: true, verified, and only replaced by better ones."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from strategies import ideals, monomial_ideals

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import CertificateError
from singularity_lab.exact.engine.bounds import better, bracket, first_bounds, monomial_ideal, prove
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.verify import verify
from singularity_lab.system.stopwatch import Stopwatch


def first(problem, **options):
    return first_bounds(problem, problem.localize(), None, Stopwatch(), (), **options)


@settings(max_examples=10)
@given(ideals())
def test_first_bounds_contain_the_value(ideal):
    if all(f.is_zero for f in ideal.generators):
        return
    problem = LocalProblem.build(ideal)
    found = first(problem)
    assert found.bounds.lower <= found.bounds.upper
    for certificate in found.certificates:
        verify(certificate)
    answer = rlct(problem, budget=2)
    if answer.exact:
        assert found.bounds.lower <= answer.rlct <= found.bounds.upper


@settings(max_examples=15)
@given(monomial_ideals())
def test_monomial_ideals_are_decided_by_one_leaf(ideal):
    problem = LocalProblem.build(ideal)
    step, value = monomial_ideal(problem.localize())
    result = prove(problem, step, value, "monomial", Stopwatch(), ())
    assert result.exact
    assert result.rlct == value == rlct(problem).rlct
    with pytest.raises(CertificateError):
        prove(problem, step, RLCT(value.value / 2, 1), "monomial", Stopwatch(), ())


def test_only_better_bounds_that_hold_replace_the_first():
    problem = LocalProblem.build("x^2 - y^3")
    known = first(problem)
    answer = rlct(problem)
    step = answer.certificate.proof
    tight = bracket(known, step, answer.rlct, answer.rlct)
    assert tight.bounds.lower == tight.bounds.upper == answer.rlct
    worse = RLCT(Fraction(1, 100), 1), RLCT(Fraction(5), 1)
    assert bracket(known, step, *worse).bounds == known.bounds
    wrong = bracket(known, step, RLCT(Fraction(1, 2), 1), None)
    assert wrong.bounds == known.bounds
    assert "the verifier rejects" in wrong.notes[-1]


def test_the_better_sides_of_two_results():
    problem = LocalProblem.build("x^2 - y^3")
    known = first(problem)
    answer = rlct(problem)
    tight = bracket(known, answer.certificate.proof, answer.rlct, None)
    for pair in ((known, tight), (tight, known)):
        assert better(*pair).bounds == replace(known.bounds, lower=answer.rlct)
