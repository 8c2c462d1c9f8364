"""Systems on the torus in coordinates of their lattice: fewer variables, the same zeros."""

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.proof.evidence import check_no_zero
from singularity_lab.exact.zeros.decide import no_common_zero
from singularity_lab.exact.zeros.lattice import decide_on_torus

NONZERO = {"x": "nonzero", "y": "nonzero"}


def test_one_difference_of_exponents_needs_one_coordinate():
    polys = [parse("x^6*y^3 + x^2*y + 1", "x y")]
    found = decide_on_torus(polys, NONZERO)
    assert found is not None
    _, fewer, domain = found
    assert len(domain) == 1
    assert fewer[0].degree == 3


def test_nothing_is_gained_where_the_exponents_span():
    assert decide_on_torus([parse("x + y + 1")], NONZERO) is None


def test_signs_of_squares_are_kept():
    """x²y² takes positive values only: x²·y² + 1 has no zero, x·y + 1 has one."""
    positive = [parse("x^2*y^2 + 1")]
    _, _, domain = decide_on_torus(positive, NONZERO)
    assert set(domain.values()) <= {"positive", "nonzero"}
    evidence = no_common_zero(positive, NONZERO)
    check_no_zero(positive, NONZERO, evidence)
