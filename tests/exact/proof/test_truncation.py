"""Tails dropped from Taylor's polynomials: orders, spans of forms, and the polyhedron."""

import pytest

from singularity_lab import rlct
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.tower import Tower
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.truncation import inside, least_order, monic, spans

NAMES = ("x", "y")


def germs(*texts):
    return [parse(t, NAMES).flint for t in texts]


@pytest.mark.parametrize(
    ("gens", "degree", "expected"),
    [
        (["x", "y"], 1, True),
        (["x^2", "y^2"], 2, False),  # x·y is missing
        (["x^2", "y^2"], 3, True),
        (["x^2", "y^3"], 3, False),
        (["x^2", "y^3"], 4, True),
        (["x^2 + y^2", "x*y"], 3, True),
        (["x^2 + x^9", "y^2 - x^5"], 3, True),  # modulo higher powers
    ],
)
def test_forms_that_an_ideal_spans(gens, degree, expected):
    assert spans(Tower(NAMES), germs(*gens), degree) is expected


def test_orders_and_leading_coefficients():
    tower = Tower(NAMES)
    (p,) = germs("3*x^4 - 6*x*y^2")
    assert least_order(tower, p) == 3
    assert least_order(tower, p * 0) == 10**6
    assert monic(p) * p.leading_coefficient() == p
    assert monic(monic(p)) == monic(p)


@pytest.mark.parametrize(
    ("tail", "expected"), [("x*y^3", True), ("x^2", True), ("y^2", False), ("x", False)]
)
def test_tails_in_the_polyhedron(tail, expected):
    assert inside(Tower(NAMES), germs("x^2 - y^3"), germs(tail)) is expected


@pytest.mark.parametrize(
    "text", ["exp(x) - 1 - x", "x - sin(x)", "cosh(x) - 1", "log(1 + x) - x + x^2/2"]
)
def test_the_order_of_a_function_of_one_variable_decides(text):
    """λ = 1/(2·order), m = 1, by hand: 2, 3, 2, 3."""
    order = {"e": 2, "x": 3, "c": 2, "l": 3}[text[0]]
    found = rlct(text)
    assert (found.value * 2 * order, found.multiplicity) == (1, 1)


def test_a_jet_beyond_its_bounds_is_refused():
    from singularity_lab.algebra.analytic_problem import AnalyticProblem
    from singularity_lab.exact.proof.analytic import reduction
    from singularity_lab.exact.proof.reductions import Stage

    stage = Stage.of(AnalyticProblem.build("exp(x) - 1"))
    for degree in (0, 61):
        with pytest.raises(CertificateError, match="order"):
            reduction({"op": "jet", "degree": degree}).replay(stage)
