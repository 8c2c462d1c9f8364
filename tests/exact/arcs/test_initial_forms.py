"""Thresholds over C from initial forms: the resolution of curves, coordinates, powers, cones."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.errors import OutOfScope, Undecided
from singularity_lab.exact.arcs.initial_forms import bound_below, curve_threshold
from singularity_lab.exact.resolutions.dual_graph import resolution_graph

SMALL = st.integers(-2, 2)
CURVES = st.lists(
    st.sampled_from(["x", "y", "x - y", "y - x^2", "x + y - y^2", "x^2 - y^3", "x^2 - 2*y^2",
                     "x^2 + y^2 + x^3", "(y - x^2)^2 + x^5", "(x^2 + y^2)^2 - y^5"]),
    min_size=1, max_size=4,
)  # fmt: skip


def product(texts):
    return parse("*".join(f"({t})" for t in texts), "x y")


@settings(max_examples=40, deadline=None)
@given(CURVES)
def test_a_curve_has_the_least_ratio_of_its_resolution(texts):
    """The least ν/N over the divisors, and 1/e over the branches, where the graph is found."""
    f = product(texts)
    try:
        graph = resolution_graph(f)
    except Undecided:
        assume(False)
    ratios = [Fraction(d.nu, d.N) for d in graph.divisors]
    assert curve_threshold(f) == min(ratios + [Fraction(1, s.exponent) for s in graph.strict])


@settings(max_examples=25, deadline=None)
@given(CURVES, SMALL, SMALL, SMALL)
def test_a_threshold_does_not_see_coordinates(texts, a, b, c):
    """(x, y) → (x + a·y + b·y², y + c·x²), which is invertible at 0."""
    f = product(texts)
    moved = {"x": parse(f"x + ({a})*y + ({b})*y^2", "x y"), "y": parse(f"y + ({c})*x^2", "x y")}
    assert curve_threshold(f.substitute(moved)) == curve_threshold(f)


@settings(max_examples=15, deadline=None)
@given(CURVES, st.integers(2, 4))
def test_the_threshold_of_a_power(texts, k):
    f = product(texts)
    assert curve_threshold(f**k) == curve_threshold(f) / k


def test_a_branch_that_no_polynomial_parametrises_ends():
    """y = x + x² + … solves y − x − x² − x³y⁵ = 0: coordinates approach it for ever."""
    assert curve_threshold(parse("(y - x - x^2 - x^3*y^5)^3*x")) == Fraction(1, 3)


@pytest.mark.parametrize(
    ("f", "bound"),
    [
        ("y*(x^2 + y^2 + z^2)^2", "1/2"),
        ("(x^2 + y^2 + z^2)^2 + x^5", "1/2"),
        ("x*y*z*(x + y + z)", "3/4"),
        ("x^3 + y^3 + z^3", "1"),
        ("(x^2 + y^3 + z^6)^2", "1/2"),
        ("x^2*z - y^3", "0"),
    ],
)
def test_a_cone_with_nodes_outside_its_vertex(f, bound):
    """Of the last, the line x = y = 0 has a cusp across it."""
    assert bound_below(parse(f))[0] == Fraction(bound)


def test_what_is_no_curve_at_the_origin_is_refused():
    for f in (parse("x*y*z"), parse("1 + x*y"), Polynomial.constant(0, "x y")):
        with pytest.raises(OutOfScope, match="two variables"):
            curve_threshold(f)
