"""Steps to several families: formulas over families of germs, proved by hand-written scripts."""

from fractions import Fraction

import pytest
from proof_scripts import OPEN, claim, family, germ, leaf

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.branches import least_of
from singularity_lab.exact.proof.step import Verdict
from singularity_lab.exact.proof.verify import replay, verify


def exact(value, m=1):
    pair = RLCT(Fraction(value), m)
    return Verdict(pair, pair)


def monomial(**exponents):
    """The leaf of one monomial with flat prior: λ = 1/(2·max), m how often the maximum is taken."""
    most = max(exponents.values())
    alike = [x for x, e in exponents.items() if e == most]
    share = Fraction(1, most * len(alike))
    return leaf({x: str(share) for x in alike}, [(0, str(Fraction(1, most)))])


def test_the_least_over_a_cover():
    a, b = exact("1/2", 2), exact("1/2", 1)
    assert least_of([b, a]) == a
    assert least_of([exact("3/4"), Verdict(empty=True)]) == exact("3/4")
    assert least_of([Verdict(empty=True), Verdict(empty=True)]).empty
    open_below = Verdict(None, RLCT(Fraction(1, 4), 1))
    assert least_of([exact("1/2"), open_below]).lower is None
    assert least_of([exact("1/2"), open_below]).upper == RLCT(Fraction(1, 4), 1)


@pytest.mark.parametrize(("p", "q"), [(1, 1), (2, 3), (5, 2)])
def test_the_sum_rule(p, q):
    """λ(x^p, y^q) = 1/2p + 1/2q, with m = 1."""
    subject = family("x:local y:local", [f"x^{p}", f"y^{q}"])
    step = {"op": "sum", "blocks": [["x"], ["y"]], "cases": [monomial(x=p), monomial(y=q)]}
    assert replay(subject, step) == exact(Fraction(1, 2 * p) + Fraction(1, 2 * q))


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_blow_up_of_powers_of_the_maximal_ideal(k):
    """(x^k, y^k) in two variables: one chart for each, by symmetry one; 2λ = 2/k."""
    subject = family("x:local y:local", [f"x^{k}", f"y^{k}"])
    swap = {"x": ["y", 1], "y": ["x", 1]}
    case = leaf({"x": f"1/{k}"}, [(0, f"2/{k}")])
    step = {"op": "blowup", "groups": [[["x", 1], ["y", 1]]], "cases": [case], "symmetries": [swap]}
    assert replay(subject, step) == exact(Fraction(1, k))
    two = {"op": "blowup", "groups": [[["x", 1]], [["y", 1]]], "cases": [case, OPEN]}
    assert replay(subject, two).lower is None  # an open chart proves no lower bound


def test_a_split_takes_the_lesser_side():
    """p·x² : where p = 0 is possible the germ is worse than x² alone."""
    subject = family("p:param x:local", ["p*x^2"])
    sides = {"zero": leaf({"p": "0", "x": "1/2"}, [(0, "1/2")]), "off": monomial(x=2)}
    step = {"op": "split", "var": "p", "cases": [sides["zero"], sides["off"]]}
    assert replay(subject, step).lower == RLCT(Fraction(1, 4), 1)


def test_fewer_generators_bound_below():
    subject = family("x:local y:local", ["x^2", "y^2", "x*y"])
    pair = leaf({"x": "1/2", "y": "1/2"}, [(0, "1/2"), (1, "1/2")])
    found = replay(subject, {"op": "subideal", "keep": [0, 1], "cases": [pair]})
    assert found.lower == RLCT(Fraction(1, 2), 1)
    assert found.upper is None or found.upper >= found.lower


def test_a_sum_of_squares_has_half_of_the_ideal():
    """K = f² with f = x² + y²: 2λ(f) is λ of (x, y)."""
    both = leaf({"x": "1", "y": "1"}, [(0, "1"), (1, "1")])
    step = {"op": "squares", "squares": [[["1", "x"], ["1", "y"]]], "cases": [both]}
    verify(claim(germ("x^2 + y^2"), step, "1/2"))
    verify(claim(germ("x^2 + y^2", convention="loss"), step, "1"))
    with pytest.raises(CertificateError):
        verify(claim(germ("x^2 + y^2"), step, "3/4"))


def test_a_free_variable_is_met_with_the_rest():
    """x·(y² + z²): (1/2, 1) of x and (1/2, 1) of y² + z² meet in (1/2, 2)."""
    both = leaf({"y": "1", "z": "1"}, [(0, "1"), (1, "1")])
    squares = {"op": "squares", "squares": [[["1", "y"], ["1", "z"]]], "cases": [both]}
    found = replay(
        family("x:local y:local z:local", ["x*y^2 + x*z^2"]), {"op": "free", "cases": [squares]}
    )
    assert found == exact("1/2", 2)
