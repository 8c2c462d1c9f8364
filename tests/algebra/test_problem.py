"""The local problem: what it means, where its walls are, and what it is not."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from strategies import points, sparse_polynomials

from singularity_lab.algebra.analytic_problem import analytic_texts
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem, read_over
from singularity_lab.errors import BadInput, OutOfScope

build = LocalProblem.build


@settings(max_examples=25)
@given(sparse_polynomials(variables=2), points(2))
def test_the_germ_is_the_translate_to_the_origin(f, point):
    problem = build(f, at=point)
    germ = problem.localize()
    assert germ.generators[0] == f.translate(point).in_ring(germ.variables)
    assert germ.nonnegative == ()


def test_walls_act_where_the_point_lies_on_them():
    box = {"x": (0, 1), "y": (None, 2)}
    assert build("x + y", box=box).at_walls == ("x",)
    assert build("x + y - 3", at={"x": 1, "y": 2}, box=box).at_walls == ("x", "y")
    upper = build("x - 1", at={"x": 1}, box={"x": (0, 1)}).localize()
    assert upper.nonnegative == ("x",)
    assert upper.generators[0] == parse("-x")  # the distance to the wall is the coordinate


def test_a_prior_exponent_acts_where_its_coordinate_is_zero():
    assert build("x*y", prior={"x": 2}).localize().prior == (2, 0)
    assert build("x*y - y", at={"x": 1}, prior={"x": 2}).localize().prior == (0, 0)
    assert build("x*y - y", at={"x": 1}, prior={"x": 2}).flat
    assert not build("x*y", prior={"x": 2}).flat


def test_a_frozen_variable_keeps_its_value():
    problem = build("x*y^2 + z", at={"y": 2, "x": 3, "z": -12})
    still = problem.frozen("y")
    assert still.variables == ("x", "z")
    assert still.ideal.generators[0] == parse("4*x + z", "x z")
    assert problem.frozen({"y": 0, "x": 5}).ideal.generators[0] == parse("z")


@pytest.mark.parametrize(
    ("freeze", "match"),
    [
        ("q", "unknown variable 'q'"),
        ("x y", "at least one variable has to move"),
        ({"x": "sqrt(2)"}, r"freeze\[x\]: "),
    ],
)
def test_what_cannot_be_frozen(freeze, match):
    with pytest.raises(BadInput, match=match):
        build("x*y").frozen(freeze)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"convention": "sum"}, "convention: 'ideal', 'loss' or 'two-sided'"),
        ({"prior": {"x": -1}}, r"prior\[x\]: an exponent > -1"),
        ({"box": {"x": (1, 0)}}, r"box\[x\]: low < high"),
        ({"at": {"x": -1}, "nonnegative": "x"}, r"point\[x\]: -1 lies outside"),
        ({"prior": {"q": 1}}, "prior: unknown variable 'q'"),
        ({"at": {"q": 1}}, "unknown variable 'q'"),
    ],
)
def test_what_is_no_problem_names_the_argument(options, match):
    with pytest.raises(BadInput, match=match):
        build("x^2 + y^2", **options)


def test_a_loss_is_one_polynomial():
    for convention in ("loss", "two-sided"):
        with pytest.raises(BadInput, match="received 2"):
            build(["x", "y"], convention=convention)


def test_a_hypersurface_is_one_that_vanishes():
    assert build("x^2 - y^3").hypersurface("asked") == parse("x^2 - y^3")
    for source, match in ((["x", "y"], "one polynomial is needed"), ("0*x", "zero polynomial")):
        with pytest.raises(OutOfScope, match=match):
            build(source).hypersurface("asked")
    with pytest.raises(OutOfScope, match="does not vanish"):
        build("x + 1").hypersurface("asked")
    with pytest.raises(OutOfScope, match=r"flat density .* the prior \|x\|\^1"):
        build("x*y", prior={"x": 1}).hypersurface("asked", density=True)


def test_irrational_points_are_told_where_rational_ones_are_needed():
    problem = build("x^2 - 2", at={"x": "sqrt(2)"})
    with pytest.raises(OutOfScope, match=r"point\[x\]: rational coordinates"):
        _ = problem.rational_point
    with pytest.raises(OutOfScope):
        problem.localize()
    germ = problem.localize(algebraic=True)
    assert germ.field is not None
    assert germ.field.degree == 2


@pytest.mark.parametrize("over", ["R^3", "all", {"q": (0, 1)}, {"x": 3}, 5])
def test_what_is_no_domain(over):
    with pytest.raises(BadInput, match="over"):
        read_over(over, ["x", "y"])


def test_domains_by_dimension_and_by_name():
    assert read_over("R^2", "xy") == read_over("R^d", "xy") == ((None, None),) * 2
    assert read_over({"x": ("1/2", 1)}, "xy") == ((Fraction(1, 2), 1), (None, None))


def test_expressions_of_sympy_are_read_as_their_text_is():
    x, y, z = sympy.symbols("x y z")
    for source, text in [
        (x**2 - y**3 / 2, "x^2 - y^3/2"),
        (sympy.Poly(x * y - z, x, y, z), "x*y - z"),
        ([x * y, x * z], ["x*y", "x*z"]),
        ((x, sympy.Integer(0)), ["x", "0"]),
        (sympy.Matrix([[x, y], [y, z]]), ["x", "y", "y", "z"]),
        ([x * y, "z^2"], ["x*y", "z^2"]),
    ]:
        assert LocalProblem.of(source).ideal == LocalProblem.of(text).ideal
    assert analytic_texts(x * sympy.tanh(y)) == ("x*tanh(y)",)
    assert analytic_texts([sympy.sqrt(2) * x - y]) == ("sqrt(2)*x - y",)
    with pytest.raises(BadInput, match="of SymPy"):
        LocalProblem.of([1.5])
