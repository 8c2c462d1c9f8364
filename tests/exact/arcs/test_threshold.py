"""The complex threshold: known values, bounds on both sides of what is known, and pairs."""

import contextlib
import itertools
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab import lct, rlct
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import OutOfScope, Undecided
from singularity_lab.exact.arcs.threshold import complex_rates

# Kollár 1997, *Singularities of pairs*, section 8; Howald 2001, 2003.
VALUES = [
    ("x^2 - y^3", "5/6"),
    ("x^2 + y^2", "1"),
    ("x^2 + y^2 + z^2", "1"),
    ("x*y*(x + y)", "2/3"),
    ("x^4 + y^4 + z^4", "3/4"),
    ("x^3 + y^4", "7/12"),
    ("x + y^2", "1"),
    ("x^2*y^3", "1/3"),
    ("(x - y)^2", "1/2"),
    (["x", "y"], "2"),
    (["x^2", "y^3"], "5/6"),
    (["x*y", "x^2 - y^2"], "1"),
]


@pytest.mark.parametrize(("generators", "value"), VALUES)
def test_known_thresholds(generators, value):
    found = lct(generators)
    assert found.value == Fraction(value)
    assert found.value <= 2 * rlct(generators).value


# Real and complex differ: the value over C lies strictly below 2 lambda.
APART = [("y*(x^2 + y^2 + z^2)^2", "1/2", "3/5"), ("x^2 + y^2 + z^2", "1", "3/2")]


@pytest.mark.parametrize(("f", "complex_value", "doubled"), APART)
def test_values_where_real_and_complex_differ(f, complex_value, doubled):
    assert lct(f).value == Fraction(complex_value)
    assert 2 * rlct(f).value == Fraction(doubled)


# Plane curves with a degenerate polyhedron: 1/m + 1/n of the first Puiseux pair m, n (Igusa 1977);
# powers: lct(f^k) = lct(f)/k; generic determinants: the least (m − k)(n − k)/(p + 1 − k) over k ≤ p
# for minors of size p + 1 (Johnson 2003, Docampo 2013); products of independent linear forms.
CURVES_AND_RESTRICTIONS = [
    ("(x^2 - y^3)^2 - x*y^5", "5/12"),
    ("(x^2 - y^3)^2 + x*y^5", "5/12"),
    ("((x - y)^2 - y^3)*(x - y)", "5/9"),
    ("(y - x^2)^2 - x^7", "1/2 + 1/7"),
    ("((x + y)^3 - y^4)^5", "7/60"),
    ("(x^2 + y^2)^2", "1/2"),
    ("(x^3 + y^4 + z^5)^2", "47/120"),
    ("a*(e*i - f*h) - b*(d*i - f*g) + c*(d*h - e*g)", "1"),
    ("a*d - b*c", "1"),
    (["a*e - b*d", "a*f - c*d", "b*f - c*e"], "2"),
    ("(a*d - b*c)^3", "1/3"),
    ("x*y*z*(x + y + z)", "3/4"),
    ("(x^2 + 2*y^2)^2 + y^5", "1/2"),
    ("(x^2 - 2*y^2)^2 + y^5", "1/2"),
    ("((x^2 - 2*y^2)^2 + y^5)*x^3", "2/7"),
    ("(x^2 + y^2 - 2*z^2)^3*(x + y)", "1/3"),
]


@pytest.mark.parametrize(("generators", "value"), CURVES_AND_RESTRICTIONS)
def test_known_thresholds_by_resolution_power_and_restriction(generators, value):
    found = lct(generators)
    assert found.value == sum(map(Fraction, value.split(" + ")))
    assert found.value <= 2 * rlct(generators).value


@given(st.integers(2, 5), st.integers(2, 7), st.integers(1, 3), st.integers(-2, 2))
@settings(max_examples=30, deadline=None)
def test_a_curve_has_one_threshold_in_all_coordinates(m, n, power, shear):
    """x^m + y^n after a shear and a curved change, to a power."""
    curve = f"((x + {shear}*y + y^2)^{m} + y^{n})^{power}"
    expected = min(Fraction(1), Fraction(1, m) + Fraction(1, n)) / power
    assert lct(curve).value == expected


def test_boundaries_are_priors():
    """(C², ½·{x = 0} + ⅔·{y = 0}) and the diagonal: ½ + ⅓ < 1."""
    assert lct("x - y", prior={"x": "-1/2", "y": "-2/3"}).value == Fraction(5, 6)


def test_a_coordinate_of_cost_above_one_has_a_threshold_above_one():
    """∫ |x|^(2b − 2ce) over C is finite just where ce < 1 + b; a factor besides x keeps its 1."""
    assert lct("x", prior={"x": 1}).value == 2
    assert lct("x*(1 + x + y)", prior={"x": 1}).value == 2
    assert lct("x^3*y", prior={"x": 1, "y": 2}).value == Fraction(2, 3)
    assert lct("x*(x + y)", prior={"x": 1}).value == 1
    assert lct("x*(x + y)^2", prior={"x": 5}).upper == Fraction(1, 2)


def test_bounds_say_why_and_what_has_no_threshold_is_refused():
    found = lct("(x^2 + y^2 + z^2)^2 + x^5")  # 7/10 after the blow-up of 0 and one along a conic
    assert found.lower < Fraction(7, 10) < found.upper
    with pytest.raises(Undecided, match="weights 1, 1, 1 below, the term ideal above"):
        _ = found.value
    with pytest.raises(OutOfScope, match="lct: f is 3 at the point, not 0, so lct is infinite"):
        lct("1 + x", at="2")


def test_an_answer_for_one_generator_says_twice_lambda():
    assert "2 lambda = 5/6" in str(rlct("x^2 - y^3"))
    assert "2 lambda" not in str(rlct(["x", "y"]))
    assert "2 lambda" not in str(rlct("x^2", convention="loss"))


def test_twice_lambda_is_compared_with_the_complex_threshold_where_it_may_be():
    """lct(x) = 1, and 2λ = 1/2 with the prior |x|^(−1/2)."""
    assert "2 lambda = 1/2: the real threshold of |f| with this prior" in str(
        rlct("x", prior={"x": "-1/2"})
    )
    assert "2 lambda = 2: the real threshold of |f|, at least lct(f) over C" in str(
        rlct("x", prior={"x": 1})
    )


def test_a_threshold_as_text_and_as_json():
    found = lct("x^2 - y^3")
    assert str(found).startswith("lct = 5/6 over C")
    assert found.to_json()["lct"] == "5/6"
    with pytest.raises(OutOfScope, match="zero polynomial"):
        lct("x - x")
    with pytest.raises(OutOfScope, match="one point"):
        lct(LocalProblem.build("x", over="R^d"))


def minors(rows, k):
    """The k-minors of a matrix of texts."""
    wide = range(len(rows[0]))
    return [
        str(sympy.Matrix([[sympy.Symbol(rows[i][j]) for j in cols] for i in chosen]).det())
        for chosen in itertools.combinations(range(len(rows)), k)
        for cols in itertools.combinations(wide, k)
    ]


@pytest.mark.parametrize(("m", "n", "k"), [(2, 2, 2), (2, 3, 2), (2, 4, 2), (3, 3, 2), (3, 3, 3)])
def test_minors_of_a_generic_matrix(m, n, k):
    """Johnson 2003: lct of the k-minors is the least (m − i)(n − i)/(k − i), i < k."""
    generic = [[f"x{i}{j}" for j in range(n)] for i in range(m)]
    expected = min(Fraction((m - i) * (n - i), k - i) for i in range(k))
    assert lct(minors(generic, k)).value == expected


@pytest.mark.parametrize("degree", [2, 3, 4, 5])
def test_cones_over_rational_normal_curves(degree):
    """One blow-up of the vertex resolves the cone in degree + 1 variables: quadrics vanish to the
    order 2 there, and elsewhere the cone is smooth of codimension degree − 1."""
    hankel = [[f"x{i + j}" for j in range(degree)] for i in range(2)]
    found = lct(minors(hankel, 2))
    assert found.value == min(Fraction(degree - 1), Fraction(degree + 1, 2))


@pytest.mark.parametrize("power", [2, 3, 5])
def test_ideals_in_separate_variables_add(power):
    """With the cone over the twisted cubic, whose threshold 2 is that of its contact loci."""
    cone = minors([["x", "y", "z"], ["y", "z", "w"]], 2)
    assert lct([*cone, f"v^{power}"]).value == 2 + Fraction(1, power)


@pytest.mark.parametrize(
    ("f", "known"),
    [
        ("x^2 + y^2 + z^2", 1),
        ("x^2 + y^2 + z^4", 1),
        ("(x^2 + y^2)^2 + z^2 + w^2", 1),
        ("y*(x^2 + y^2 + z^2)^2", Fraction(1, 2)),
        ("(x^2 + y^2)^2", Fraction(1, 2)),
        (["x^2 + y^2", "z^2 + w^2"], 2),
    ],
)
def test_contact_loci_over_the_reals_alone_say_nothing_of_the_complex_threshold(f, known):
    """2λ is larger there, or equal by chance: a step over R is refused, or has its own slope."""
    real = rlct(f)
    assert 2 * real.value >= known
    with contextlib.suppress(Undecided):
        slope, ratio = complex_rates(real.certificate)
        assert slope <= known
        assert ratio is None or known <= ratio
    found = lct(f)
    assert found.lower <= known <= found.upper
