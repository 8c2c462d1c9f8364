"""Primal and dual solutions of covering programs: each rule, broken alone."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.linear import covering_lp
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.covering import check_covering


@settings(max_examples=25)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_pure_powers_have_one_optimum(powers):
    """min Σ v over pᵢ·vᵢ ≥ 1 is Σ 1/pᵢ, at one vertex."""
    n = len(powers)
    rows = [tuple(p * (i == k) for k in range(n)) for i, p in enumerate(powers)]
    inverse = [Fraction(1, p) for p in powers]
    assert check_covering([1] * n, rows, inverse, inverse) == (sum(inverse), 0)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_one_product_of_all_variables_has_a_face_of_dimension_n_minus_one(n):
    centre = [Fraction(1, n)] * n
    assert check_covering([1] * n, [(1,) * n], centre, [1]) == (1, n - 1)


@pytest.mark.parametrize(
    ("primal", "dual", "match"),
    [
        ([1], [1, 1], "vectors of length 2"),
        ([1, 1], [1], "2 dual values"),
        ([2, -1], [1, 0], "primal solution has a negative"),
        ([Fraction(1, 2), Fraction(1, 3)], [1, -1], "dual solution has a negative"),
        ([Fraction(1, 3), Fraction(1, 3)], [0, 0], "< 1 at a"),
        ([1, 1], [1, 0], "dual exceeds the cost of variable 0"),
        ([1, 1], [Fraction(1, 2), Fraction(1, 3)], "primal value 2 and dual value 5/6"),
    ],
)
def test_each_rule_is_named(primal, dual, match):
    with pytest.raises(CertificateError, match=match):
        check_covering([1, 1], [(2, 0), (0, 3)], primal, dual)


def test_a_vertex_of_an_optimal_edge_proves_no_dimension():
    with pytest.raises(CertificateError, match="strictly complementary"):
        check_covering([1, 1], [(1, 1)], [1, 0], [1])


@settings(max_examples=25)
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3).filter(any), min_size=1, max_size=4))
def test_what_the_solver_finds_is_accepted(rows):
    found = covering_lp([1, 2, 1], rows)
    proved = check_covering([1, 2, 1], rows, found.primal, found.dual)
    assert proved == (found.value, found.face_dimension)
