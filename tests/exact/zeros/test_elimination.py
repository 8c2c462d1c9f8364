"""Positive combinations of multiples: they are combinations, and prove that there is no zero."""

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.proof.evidence import check_no_zero
from singularity_lab.exact.zeros.elimination import combination, eliminate, multiples

REAL = {"x": "real", "y": "real"}


def ring(*texts):
    return [parse(t, "x y") for t in texts]


@pytest.mark.parametrize(
    "texts",
    [("x", "x + 1"), ("x*y - 1", "x"), ("x^2 - y", "y - 1", "x^2 - 2"), ("x^2 + y", "1 - y")],
)
def test_evidence_of_a_combination_is_accepted(texts):
    polys = ring(*texts)
    evidence = combination(polys, REAL, range(len(polys)))
    if evidence is not None:
        check_no_zero(polys, REAL, evidence)


def test_a_common_zero_has_no_combination():
    assert combination(ring("x - y", "x^2 - y^2"), REAL, range(2)) is None
    assert combination(ring("x*y"), REAL, range(1)) is None


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_multiples_keep_to_the_degree(degree):
    polys = ring("x - 1", "x*y")
    found = multiples(polys, range(2), range(2), degree)
    assert found
    assert all(polys[i].degree + sum(m) <= degree for i, m in found)
    assert len(set(found)) == len(found)


def test_an_eliminant_is_the_combination_that_it_says():
    """(x − y, x·y − 1) contains y² − 1."""
    polys = ring("x - y", "x*y - 1")
    rows = multiples(polys, range(2), range(2), 3)
    seen = 0
    for cofactors, result in eliminate(polys, rows, 1, [False, False]):
        total = parse("0", "x y")
        for i, c in cofactors.items():
            total = total + c * polys[i]
        assert (total - result).is_zero
        assert set(result.used_variables()) <= {"y"}
        assert (result.flint % parse("y^2 - 1", "x y").flint).is_zero()
        seen += 1
    assert seen
