"""The front door: conventions, restrictions, budgets and what makes no sense."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.verify import verify


@settings(max_examples=12)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2))
def test_powers_of_two_coordinates_with_a_prior(p, q, h):
    """λ(x^p, y^q) = (1 + h)/2p + 1/2q."""
    found = rlct([f"x^{p}", f"y^{q}"], prior={"x": h})
    assert found.rlct == RLCT(Fraction(1 + h, 2 * p) + Fraction(1, 2 * q), 1)
    verify(found.certificate)


@pytest.mark.parametrize("f", ["x^2 - y^3", "x*y*(x + y)", "x^2 + y^4"])
def test_conventions(f):
    """K = f² has half of |f|; a loss f ≥ 0 is |f|."""
    ideal, two_sided = rlct(f), rlct(f, convention="two-sided")
    assert two_sided.value == 2 * ideal.value
    assert two_sided.multiplicity == ideal.multiplicity
    if f == "x^2 + y^4":
        assert rlct(f, convention="loss").rlct == two_sided.rlct


def test_frozen_variables_do_not_move():
    assert rlct("x*y", freeze="y").rlct == rlct("0*x", "x").rlct
    assert rlct("x*y", freeze={"y": 2}).value == Fraction(1, 2)
    assert rlct("x*y + z^2", freeze=["z"]).multiplicity == 2


def test_a_translate_has_the_same_value():
    here, there = rlct("(x - 2)^2 - (y + 1)^3", at={"x": 2, "y": -1}), rlct("x^2 - y^3")
    assert here.rlct == there.rlct
    assert rlct("x^2 - y^3", at={"x": 1, "y": 1}).value == Fraction(1, 2)  # a smooth point


def test_over_a_domain_the_least_counts():
    found = rlct("(x - 1)*x^2", over="R^d")
    assert found.value == Fraction(1, 4)
    assert rlct("(x - 1)*x^2", over={"x": ("1/2", 2)}).value == Fraction(1, 2)
    assert any(s.point for s in found.strata)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"budget": 0}, "budget: "),
        ({"budget": "1"}, "budget: "),
        ({"nodes": 0}, "nodes: "),
        ({"memory": -1}, "memory: "),
        ({"convention": "sum"}, "convention: "),
        ({"freeze": "q"}, "freeze: "),
        ({"at": {"q": 1}}, "unknown variable"),
    ],
)
def test_what_makes_no_sense_names_the_argument(options, match):
    with pytest.raises(BadInput, match=match):
        rlct("x^2 - y^3", **options)


def test_where_k_does_not_vanish_there_is_no_value():
    with pytest.raises(OutOfScope):
        rlct("x + 1")
    assert rlct("x - x").rlct == RLCT(Fraction(0), 1)
