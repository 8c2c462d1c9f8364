"""Steps to another description of one family: (λ, m) is kept, whatever the order of the moves."""

from fractions import Fraction

import pytest
from proof_scripts import SIGN, family, leaf, then

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.moves import grading
from singularity_lab.exact.proof.verify import replay

X_AND_Y2 = leaf({"x": "1", "y": "1/2"}, [(0, "1"), (1, "1/2")])
VALUE = RLCT(Fraction(3, 4), 1)  # of (x, y²)


@pytest.mark.parametrize(
    ("gens", "do"),
    [
        (["x + y^2", "y^2"], [["add", 0, 1, "-1"]]),
        (["x*(1 + y)", "y^2"], [["div", 0, "1 + y"]]),
        (["x", "y^2 - x*y"], [["add", 1, 0, "y"]]),
        (["x + x*y", "y^2"], [["add", 0, 1, "x"], ["add", 0, 1, "-x"], ["div", 0, "1 + y"]]),
    ],
)
def test_generators_of_one_ideal(gens, do):
    found = replay(family("x:local y:local", gens), then({"op": "generators", "do": do}, X_AND_Y2))
    assert found.lower == found.upper == VALUE


@pytest.mark.parametrize("c", ["1", "-3", "1/2"])
def test_linear_coordinates(c):
    """(x + c·y², y²) by x' = x + c·y²."""
    change = {"op": "change", "var": "x", "num": f"x - ({c})*y^2", "den": "1"}
    found = replay(family("x:local y:local", [f"x + ({c})*y^2", "y^2"]), then(change, X_AND_Y2))
    assert found.lower == found.upper == VALUE


def test_a_smooth_generator_is_a_coordinate():
    step = {"op": "coordinate", "gen": 0, "var": "x"}
    for tail in ("", " + x^2", " + x*y + y^3"):
        found = replay(family("x:local y:local", [f"x{tail}", "y^2"]), then(step, X_AND_Y2))
        assert found.lower == found.upper == VALUE


def test_nakayama_drops_what_lies_in_the_maximal_ideal_times_the_ideal():
    step = {
        "op": "nakayama",
        "gens": ["x", "y^2"],
        "rows": [[[0, "1 + y"]], [[1, "1"], [0, "y"]]],
        "minor": [0, 1],
    }
    found = replay(family("x:local y:local", ["x + x*y", "y^2 + x*y"]), then(step, X_AND_Y2))
    assert found.lower == found.upper == VALUE


@pytest.mark.parametrize("f", ["x^2 + y^4 - x*y^3", "x^2 + y^4 + 9*x*y^2*z + x^2*z"])
def test_monomials_dominate_a_generator(f):
    """x·y³ is at most |y|·(x² + y⁴)/2; x·y² alone would not do."""
    step = {"op": "dominant", "leads": [[0, ["x^2", "y^4"]]]}
    end = leaf({"x": "1/2", "y": "1/4"}, [(0, "1/2"), (1, "1/4")])
    found = replay(family("x:local y:local z:local", [f]), then(step, end))
    assert found.lower == found.upper == RLCT(Fraction(3, 8), 1)
    with pytest.raises(CertificateError, match="small"):
        replay(family("x:local y:local z:local", ["x^2 + y^4 - 2*x*y^2"]), then(step, end))


def test_dominated_terms_of_other_generators_are_left_out():
    step = {"op": "dominant", "leads": [[0, ["x^2", "y^2"]]]}
    end = leaf({"x": "1/2", "y": "1/2", "z": "1/3"}, [(0, "1/2"), (1, "1/2"), (2, "1/3")])
    subject = family("x:local y:local z:local", ["x^2 + y^2", "z^3 + 5*x*y + x*y*z"])
    found = replay(subject, then(step, end))
    assert found.lower == found.upper == RLCT(Fraction(2, 3), 1)


def test_a_unit_in_the_parameters_is_divided_out():
    step = {"op": "nonvanishing", "poly": "p^2 + 1", "evidence": SIGN}
    divide = {"op": "generators", "do": [["div", 0, "p^2 + 1"]]}
    subject = family("x:local y:local p:param", ["x*(p^2 + 1)", "y^2"])
    found = replay(subject, then(step, divide, X_AND_Y2))
    assert found.lower == found.upper == VALUE
    with pytest.raises(CertificateError, match="unit"):
        replay(subject, then(divide, X_AND_Y2))


def test_the_germ_at_parameter_zero_decides_a_homogeneous_family():
    step = {"op": "contract", "weights": {"p": 1, "x": 1}}
    subject = family("x:local p:param", ["p*x - x^2", "p^2"])
    zero = leaf({"x": "1/2", "p": "1/2"}, [(1, "1/2")])
    assert grading(subject, {"p": 1, "x": 1}, subject.gens) == {"p": 1, "x": 1}
    with pytest.raises(CertificateError):
        grading(subject, {"p": 1, "x": 2}, subject.gens)
    with pytest.raises(CertificateError):
        replay(subject, then(step, zero))  # that leaf is about other generators
