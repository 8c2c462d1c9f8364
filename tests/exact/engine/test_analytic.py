"""λ and m of analytic expressions, by hand; certificates of them read back and altered."""

import copy
import json
import os
from fractions import Fraction
from pathlib import Path

import pytest

from singularity_lab import RLCT, rlct, verify
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, ParseError
from singularity_lab.exact.proof.certificate import Certificate

# Each value follows from a change of coordinates to a polynomial, by the first terms of the series.
CASES = [
    ("a*tanh(b)+c*tanh(d)", "a b c d", None, "ideal", "1/2", 1),
    (["a*tanh(b)+c*tanh(d)", "a*tanh(2*b)+c*tanh(2*d)"], "a b c d", None, "ideal", "2/3", 1),
    ("x*sin(x)-y^2", "x y", None, "ideal", "1/2", 2),
    ("x*sin(x)+y^2", "x y", None, "ideal", "1/2", 1),
    ("exp(x*y)-1", "x y", None, "ideal", "1/2", 2),
    ("1-sqrt(1-x^2-y^2)", "x y", None, "loss", "1", 1),
    ("sqrt(1+x*y)-1", "x y", None, "ideal", "1/2", 2),
    ("cosh(x)-1-x^2/2", "x", None, "loss", "1/4", 1),
    ("tanh(x)-x", "x", None, "ideal", "1/6", 1),
    ("sigmoid(x)-1/2", "x", None, "ideal", "1/2", 1),
    ("softplus(a*b)-log(2)-a*b/2", "a b", None, "loss", "1/2", 2),
    ("log(cosh(x))", "x", None, "loss", "1/2", 1),
    ("log(cosh(x*y))", "x y", None, "loss", "1/2", 2),
    ("x/(1+x)-y/(1+y)", "x y", None, "ideal", "1/2", 1),
    ("1/(1-x*y)-1-x*y", "x y", None, "ideal", "1/4", 2),
    ("exp(x)-exp(y)", "x y", None, "ideal", "1/2", 1),
    ("(exp(x)-1)^2-(exp(y)-1)^3", "x y", None, "ideal", "5/12", 1),
    ("sin(x)^2-tanh(y)^5", "x y", None, "ideal", "7/20", 1),
    ("x^2-sin(y)^3+x*y^2*exp(x)", "x y", None, "ideal", "5/12", 1),
    ("sin(pi*x)", "x", {"x": 3}, "ideal", "1/2", 1),
    ("tanh(x)-tanh(1)", "x", {"x": 1}, "ideal", "1/2", 1),
    ("exp(a)*b-a*exp(b)", "a b", {"a": 1, "b": 1}, "ideal", "1/2", 2),
    ("log(x*y)", "x y", {"x": 2, "y": "1/2"}, "ideal", "1/2", 1),
    ("x*log(x)-x+1", "x", {"x": 1}, "loss", "1/2", 1),
    ("x*log(x/y)-x+y", "x y", {"x": 1, "y": 1}, "loss", "1/2", 1),
    ("a*log(2*a)+(1-a)*log(2*(1-a))", "a", {"a": "1/2"}, "loss", "1/2", 1),
    ("-(log(1+a*b)+log(1-a*b))/2", "a b", None, "loss", "1/2", 2),
    ("-log(1-x^2*y^2)", "x y", None, "loss", "1/2", 2),
    (["exp(a)-1", "a*b"], "a b", None, "ideal", "1/2", 1),
    (["a*tanh(b)", "b*tanh(a)", "sin(a)^2"], "a b", None, "ideal", "1/2", 2),
    ("tanh(a*b)-tanh(c*d)", "a b c d", None, "ideal", "1/2", 1),
    ("1-cos(x-y)", "x y", None, "loss", "1/2", 1),
    ("1-cos(x-y)*cos(x+y)", "x y", None, "loss", "1", 1),
    ("(x-sin(y))^2+x^4", "x y", None, "loss", "3/4", 1),
    ("exp(x^2+y^4)-1", "x y", None, "loss", "3/4", 1),
    ("x^2+exp(y)-1-y", "x y", None, "loss", "1", 1),
    ("x^2*(exp(y)-1)^2+y^6", "x y", None, "loss", "1/2", 2),
    ("softplus(x)+softplus(-x)-2*log(2)", "x", None, "loss", "1/2", 1),
    ("atan(x*y)-x*y", "x y", None, "ideal", "1/6", 2),
    ("a*(exp(b)-1-b)", "a b", None, "ideal", "1/4", 1),
    ("tan(x)-sin(x)", "x", None, "ideal", "1/6", 1),
    ("sinh(x)*y-sin(y)*x", "x y", None, "ideal", "1/4", 1),
    (["sigmoid(a*b)-1/2", "sigmoid(a*c)-1/2"], "a b c", None, "ideal", "1/2", 1),
    ("pi*x^2+y^2-2*sqrt(pi)*x*y", "x y", None, "loss", "1/2", 1),
    ("(log(exp(a)+exp(b))-log(2)-(a+b)/2)", "a b", None, "loss", "1/2", 1),
    ("log(exp(a*c)+exp(b*c)+1)-log(3)-(a+b)*c/3", "a b c", None, "loss", "1/2", 1),
    # square roots as coefficients
    ("x^2-sqrt(2)*y^2", "x y", None, "ideal", "1/2", 2),
    ("(x^2-sqrt(2)*y^2)^2", "x y", None, "ideal", "1/4", 2),
    ("sqrt(3)*x^4+y^6", "x y", None, "ideal", "5/24", 1),
    ("(x-sqrt(2)*y)^2-(x+y)^3", "x y", None, "ideal", "5/12", 1),
    ("(x-sqrt(2)*y)*(x-sqrt(3)*y)^2", "x y", None, "ideal", "1/4", 1),
    ("(x-sqrt(1+sqrt(2))*y)^2-y^3", "x y", None, "ideal", "5/12", 1),
    ("(x-sqrt(2)*y)^2+(y-sqrt(2)*z)^4", "x y z", None, "loss", "3/4", 1),
    (["x^2-sqrt(2)*y", "y^2"], "x y", None, "ideal", "5/8", 1),
    ("(x-sqrt(2))^2*(y-1)", "x y", {"x": "sqrt(2)", "y": 1}, "ideal", "1/4", 1),
    # coordinates that are values of functions
    ("(exp(a)-2)^2", "a", {"a": "log(2)"}, "ideal", "1/4", 1),
    ("(exp(a)-2)^2", "a", {"a": "log(2)"}, "loss", "1/2", 1),
    ("exp(a*b)-2", "a b", {"a": "log(2)", "b": 1}, "ideal", "1/2", 1),
    ("tanh(a)-1/2", "a", {"a": "log(3)/2"}, "ideal", "1/2", 1),
    ("1-sin(x)", "x", {"x": "pi/2"}, "loss", "1/2", 1),
    ("sin(x)*y", "x y", {"x": "pi"}, "ideal", "1/2", 2),
    ("(exp(x-sqrt(2))-1)^2-y^3", "x y", {"x": "sqrt(2)"}, "ideal", "5/12", 1),
    # further functions, and losses typed as sums of squares
    ("log1p(a*b^2)", "a b", None, "ideal", "1/4", 1),
    ("x/sqrt(1+y^2)-y", "x y", None, "ideal", "1/2", 1),
    ("exp(a*tanh(b*sin(c)))-1", "a b c", None, "ideal", "1/2", 3),
    ("tanh(x)+tanh(y)-tanh(x+y)", "x y", None, "ideal", "1/3", 1),
    ("softplus(a*b+c)-softplus(c)", "a b c", None, "ideal", "1/2", 2),
    ("a*(b*sigmoid(b)-b/2)", "a b", None, "ideal", "1/4", 1),
    ("log((1+a*b)/(1-a*b))", "a b", None, "ideal", "1/2", 2),
    ("s^2-1-2*log(s)+m^2", "s m", {"s": 1}, "loss", "1", 1),
    ("(exp(x)-exp(y))^2+(x*y)^2", "x y", None, "loss", "3/4", 1),
    ("(a*tanh(b)-tanh(1))^2+2*(a*tanh(2*b)-tanh(2))^2", "a b", {"a": 1, "b": 1}, "loss", "1", 1),
]


@pytest.mark.parametrize(("expressions", "names", "at", "convention", "value", "m"), CASES)
def test_values_by_hand(expressions, names, at, convention, value, m):
    found = rlct(expressions, names, at=at, convention=convention, budget=20)
    assert (found.value, found.multiplicity) == (Fraction(value), m)


@pytest.mark.slow
def test_the_public_cases():
    """All rows of the shared file, at their points."""
    folder = os.environ.get("SINGLAB_TRUTH", Path(__file__).resolve().parents[4] / "shared/truth")
    path = Path(folder).parent / "cases" / "analytic.json"
    if not path.is_file():
        pytest.skip("the shared cases are not here")
    for row in json.loads(path.read_text()):
        at = row["point"].split(",")
        found = rlct(row["generators"], row["vars"], at=at, convention=row["convention"], budget=30)
        assert (str(found.value), found.multiplicity) == (row["lambda"], row["m"]), row["id"]


@pytest.mark.parametrize(
    ("polynomial", "value", "m"),
    [("x^2 - y^3", "5/12", 1), ("x^2*y^3", "1/6", 1), ("x^4 + y^6", "5/24", 1)],
)
@pytest.mark.parametrize("x", ["sin(x)", "exp(x) - 1", "x/(1 - x)", "log(1 + x)*exp(x)"])
def test_coordinates_change_nothing(polynomial, x, value, m):
    """f(φ(x), tanh y) has the values of f, for φ with φ(0) = 0 and φ'(0) ≠ 0."""
    typed = polynomial.replace("y", "tanh(y)").replace("x", f"({x})")
    found = rlct(typed, "x y", budget=10)
    assert (found.value, found.multiplicity) == (Fraction(value), m)


def test_a_prior_and_a_wall_stay():
    assert rlct("sin(x)*y", prior={"y": 1}).rlct == rlct("x*y", prior={"y": 1}).rlct
    assert rlct("exp(x + y) - 1", nonnegative="x y").rlct == rlct("x + y", nonnegative="x y").rlct
    assert rlct("tanh(x)^2 + y", nonnegative="y", convention="loss").value == Fraction(3, 2)


def test_bounds_where_no_reduction_is_found():
    found = rlct(["x*sin(y)^2 + y^3*exp(x*y)", "x^2*tanh(x) + x*y^2*cos(y)"], budget=5)
    assert found.bounds.lower is not None
    assert found.bounds.upper is not None
    assert found.bounds.lower <= found.bounds.upper


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("erf(x)", ParseError, "'erf' is no function that is read"),
        ("sin(x)/x", BadInput, "division: x is 0 at the point"),
        ("sqrt(x)", BadInput, "sqrt: its argument is 0"),
        ("log(x)", BadInput, "log: its argument is 0"),
        ("exp(x)", OutOfScope, "K does not vanish"),
        ("-exp(x)*x^2", BadInput, "K < 0"),
        ("tanh(x)^y", ParseError, "an exponent is an integer"),
        ("tanh(x", ParseError, "'\\)' is missing"),
    ],
)
def test_what_cannot_be_read_gets_one_line(text, error, message):
    with pytest.raises(error, match=message):
        rlct(text, "x y", convention="loss")


def test_over_a_domain_is_out_of_scope():
    with pytest.raises(OutOfScope, match="are read at a point"):
        rlct("sin(x)", over="R^d")


def certificates():
    for expressions, options in (
        ("x^2 + y^2 - 2*x*sin(y)", {"convention": "loss"}),
        (["sin(x) - tanh(y)", "x - y"], {}),
        ("exp(a)*sin(b) - b", {}),
        ("log(1 + exp(a*tanh(b))) - log(2) - a*tanh(b)/2", {"convention": "loss"}),
    ):
        yield rlct(expressions, **options).certificate.to_json()


def test_another_claim_is_refused():
    """A larger λ, another m, and the claim moved to other expressions."""
    for document in certificates():
        verify(document)
        for change in ({"lambda": "7/3"}, {"multiplicity": 4}, {"lambda": "1/9"}):
            with pytest.raises(CertificateError):
                verify({**document, "claim": {**document["claim"], **change}})
        moved = copy.deepcopy(document)
        moved["problem"]["functions"][0] += (
            " + x^2" if "x" in moved["problem"]["variables"] else (" + a^2")
        )
        with pytest.raises(CertificateError):
            verify(moved)


@pytest.mark.parametrize(
    ("text", "options", "change"),
    [
        ("x^2-sqrt(2)*y^2", {}, {"functions": ["x^2+sqrt(2)*y^2"]}),
        ("x^2-sqrt(2)*x*y+y^2", {}, {"functions": ["x^2-sqrt(5)*x*y+y^2"]}),
        ("(exp(a)-2)^2", {"at": {"a": "log(2)"}}, {"point": {"a": "log(3)"}}),
        ("sin(x)*y", {"at": {"x": "pi"}}, {"point": {"x": "pi/2"}}),
    ],
)
def test_a_proof_speaks_of_its_own_numbers(text, options, change):
    document = rlct(text, **options).certificate.to_json()
    verify(document)
    with pytest.raises(CertificateError):
        verify({**document, "problem": {**document["problem"], **change}})


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ("log(3)", "K does not vanish"),
        ("log(1)", "is 0: write 0"),
        ("log(b)", "a number is needed"),
        ("log(0)", "log: its argument is 0"),
    ],
)
def test_a_coordinate_that_cannot_be_read_gets_one_line(point, message):
    with pytest.raises((BadInput, OutOfScope), match=message):
        rlct("exp(a)-2", at={"a": point})


def test_altered_steps_never_prove_another_value():
    """Each number and text of the steps changed alone: refused, or the claim stays true."""
    for document in certificates():
        for i, step in enumerate(document["proof"]["steps"]):
            for field in step:
                if field == "op":
                    continue
                broken = copy.deepcopy(document)
                broken["proof"]["steps"][i][field] = [] if isinstance(step[field], list) else 17
                with pytest.raises(CertificateError):
                    verify(broken)


def test_a_certificate_is_read_back(tmp_path):
    certificate = rlct("a*tanh(b)").certificate
    again = Certificate.load(certificate.save(tmp_path / "c.json"))
    assert again.problem == certificate.problem
    assert verify(again).lower == certificate.claim
    with pytest.raises(OutOfScope, match="polynomials are needed"):
        _ = again.germ


# By hand, with e and log 3 as numbers that are not 0: the pair lies between the bounds.
NUMBERS = [
    ("x^2 - exp(1)*y^2", "ideal", "1/2", 2),
    ("x^2 - exp(1)*y^2 + x*sin(y)^3", "ideal", "1/2", 2),
    ("(x - exp(1)*y)^2 - y^3", "ideal", "5/12", 1),
    ("exp(1)*x^3 - log(3)*x*y^2", "ideal", "1/3", 1),
    ("(x^2 - exp(1)*y^2)^2", "loss", "1/2", 2),
    ("x^2 - exp(1)*y^2", "two-sided", "1", 2),
]


@pytest.mark.parametrize(("text", "convention", "value", "m"), NUMBERS)
def test_coefficients_that_are_no_algebraic_numbers_leave_bounds(text, convention, value, m):
    found = rlct(text, convention=convention, budget=10)
    assert found.bounds.lower <= RLCT(Fraction(value), m) <= found.bounds.upper
    for certificate in found.certificates:
        verify(certificate.to_json())
        step = certificate.proof["steps"][-1]
        assert step["op"] == ("lowest" if certificate.kind == "lower" else "monomials")


def test_bounds_from_jets_are_said_to_be_certified_once():
    found = rlct("y^2 + x*(sin(x)^2 + cos(x)^2 - 1)")
    assert not found.exact
    assert str(found).count("certified") == 1
