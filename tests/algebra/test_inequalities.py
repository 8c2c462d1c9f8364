"""Germs on {g ≥ 0}: values by hand, an automorphism law, certificates, and what is out of scope."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab import rlct, verify
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, CertificateError, OutOfScope

# (generators, variables, point, inequalities, λ, m). By hand: volumes of {K < ε} in the domain.
GERMS = [
    # 0 <= y < √ε and |x| <= √y: area ε^(3/4)
    (["y"], "x y", {}, ["y >= x^2"], "3/4", 1),
    # y > -√ε below the parabola: the strip around y = 0 is in the domain
    (["y"], "x y", {}, ["y <= x^2"], "1/2", 1),
    # sectors of the plane: around an axis the crossing xy = 0 is met, between the axes it is not
    (["x*y"], None, {}, ["x - y", "x + y"], "1/2", 2),
    (["x*y"], None, {}, ["x - 2*y", "3*y - x"], "1/2", 1),
    # a wall and another line: 3y = x lies in {y >= x}, and not in {y >= 0, y >= x}
    (["3*y - x"], "x y", {}, ["y", "y - x"], "1", 1),
    (["3*y - x"], "x y", {}, ["y - x"], "1/2", 1),
    # corners of the simplex: two of three lines meet there
    (["x*y*(1 - x - y)"], None, {"y": 1}, ["x", "y", "1 - x - y"], "1/2", 2),
    (["x*y*(1 - x - y)"], None, {}, ["x", "y", "1 - x - y"], "1/2", 2),
    # x <= 0 on x >= y^2: one point, as small as x^2 + y^4
    (["x"], "x y", {}, ["x - y^2"], "3/4", 1),
    # an inequality that is positive at the point says nothing
    (["x^2 - y^3"], None, {}, ["1 - x - y"], "5/12", 1),
    # x^2 <= y^2 about the negative half of the y-axis: the strip |x| < |y|^(3/2) is in the domain
    (["x^2 - y^3"], "x y", {}, ["x - y", "-x - y"], "5/12", 1),
]


@pytest.mark.parametrize(("gens", "names", "at", "inequalities", "value", "m"), GERMS)
def test_values_by_hand(gens, names, at, inequalities, value, m):
    found = rlct(gens, names, at=at, nonnegative=inequalities)
    assert (found.value, found.multiplicity) == (Fraction(value), m)
    proved = verify(found.certificate.to_json())
    assert proved.lower == proved.upper == found.rlct


@settings(max_examples=15, deadline=None)
@given(st.tuples(*[st.integers(-2, 2)] * 3), st.permutations([0, 1, 2]))
def test_an_orthant_moved_by_an_automorphism(shears, order):
    """Coordinates u = x, v = y + a·x + b·x², w = z + c·x·y are ≥ 0: the germ of the orthant."""
    a, b, c = shears
    u, v, w = "x", f"(y + ({a})*x + ({b})*x^2)", f"(z + ({c})*x*y)"
    walls = [(u, v, w)[i] for i in order]
    moved = rlct([f"{u}^2*{v} - {w}^3", f"{u}*{v}*{w}"], "x y z", nonnegative=walls)
    plain = rlct(["x^2*y - z^3", "x*y*z"], nonnegative="x y z")
    assert moved.rlct == plain.rlct


def test_a_half_space_is_in_the_certificate():
    """Without the inequality, or with another, the claim is refused."""
    document = rlct(["y"], "x y", nonnegative=["y - x^2"]).certificate.to_json()
    assert document["problem"]["nonnegative"] == ["-x^2 + y"]
    for other in ([], ["y"], ["x^2 - y"]):
        altered = {**document, "problem": {**document["problem"], "nonnegative": other}}
        with pytest.raises(CertificateError):
            verify(altered)
    with pytest.raises(CertificateError, match="nonnegative"):
        verify({**document, "problem": {**document["problem"], "nonnegative": "y"}})


@pytest.mark.parametrize(
    ("inequalities", "error", "message"),
    [
        (["x", "y", "x + y"], OutOfScope, "independent"),
        (["x^2 + y^2"], OutOfScope, "independent"),
        (["x - y", "2*x - 2*y"], OutOfScope, "independent"),
        (["x - 1"], BadInput, "point"),
        (["x - q"], BadInput, "nonnegative.*'q'"),
        (["2 - 1"], BadInput, "varies"),
        (["0 <= x <= y"], BadInput, "one inequality"),
    ],
)
def test_what_is_no_orthant_is_said_to_be_none(inequalities, error, message):
    with pytest.raises(error, match=message):
        rlct("x*y", nonnegative=inequalities)


@pytest.mark.parametrize(
    "options", [{"over": "R^d"}, {"parameters": "t"}, {"generators": "exp(x) - 1 + 0*y"}]
)
def test_domains_tables_and_functions_take_walls_only(options):
    with pytest.raises(OutOfScope, match="received x - y >= 0"):
        rlct(options.pop("generators", "x*y"), "x y t", nonnegative=["x - y"], **options)


def test_curved_walls_that_cross_may_be_out_of_scope():
    """x >= -y^2 and x >= y have independent differentials, and no coordinates of the kind tried."""
    with pytest.raises(OutOfScope, match="linear with a constant coefficient"):
        rlct("x*y", nonnegative=["x + y^2", "x - y"])


def test_freezing_keeps_the_inequalities_that_move():
    problem = LocalProblem.build("x*y", nonnegative=["x - y"])
    assert [str(g) for g in problem.frozen("y").inequalities] == ["x"]
    with pytest.raises(BadInput, match="freeze"):
        LocalProblem.build("x*y*z", nonnegative=["1 + z"]).frozen({"z": -2})


@pytest.mark.parametrize(
    "given",
    [
        {"nonnegative": "y - x^2"},
        {"nonnegative": ["y >= x"]},
        {"nonnegative": "x"},
        {"prior": {"x": 1}},
        {"box": {"x": (0, 1)}},
        {"at": {"x": 0}},
        {"at": "x=0"},
    ],
)
def test_a_variable_that_the_germ_lacks_is_told_how_to_add_it(given):
    with pytest.raises(
        BadInput, match="unknown variable 'x'; known: y; to add it: variables="
    ) as e:
        LocalProblem.build("y^2", **given)
    assert str(e.value).endswith("""variables="x y" (--vars "x y")""")
    assert LocalProblem.build("y^2", "x y", **given).variables == ("x", "y")
