"""Signs of numbers of a field are evidence that a polynomial has no zero."""

import pytest

from singularity_lab.algebra.number_field import NumberField
from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.proof.evidence import check_no_zero
from singularity_lab.exact.zeros.over_field import sign_over_field

DOMAIN = {"x": "positive", "y": "real", "s": "positive"}


def evidence(text, relation="s^2 - 3"):
    """Evidence about a polynomial in x > 0, real y and the positive root s, replayed."""
    field = NumberField.build("s", relation)
    polys = [parse(text, tuple(DOMAIN)), field.relation(tuple(DOMAIN))]
    found = sign_over_field(field, polys, DOMAIN)
    if found is not None:
        check_no_zero(polys, DOMAIN, found)
    return found


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("x + 4*s - 6", "s^2 - 3"),
        ("(4*s - 6)*x^2 + (7 - 4*s)*x + (2 - s)", "s^2 - 3"),
        ("(5 - 3*s)*y^2 - x*(26*s - 45)", "s^2 - 3"),  # both negative
        ("(3*s - 4)*x + (17 - 12*s)*y^4", "s^2 - 2"),
        ("x + 100*s - 125", "s^3 - 2"),  # 1.2599…
        ("(s^2 - 2)*x + 3*s - 5", "s^3 - 5"),
    ],
)
def test_coefficients_of_one_sign(text, relation):
    assert evidence(text, relation) is not None


@pytest.mark.parametrize(
    "text",
    [
        "x + 4*s - 7",  # 0 for x = 7 − 4√3 > 0
        "(4*s - 6)*x - 1",
        "(4*s - 6)*y^2",  # y may be 0
        "x*y + 4*s - 6",  # y may be < 0
        "s^2 - 3",
    ],
)
def test_no_evidence_where_there_is_a_zero(text):
    assert evidence(text) is None


def test_other_polynomials_do_not_disturb():
    field, names = NumberField.build("s", "s^2 - 2"), tuple(DOMAIN)
    polys = [parse("x - y", names), parse("x + 3*s - 4", names), field.relation(names)]
    polys.append(parse("x*y - 1", names))
    found = sign_over_field(field, polys, DOMAIN)
    assert found is not None
    check_no_zero(polys, DOMAIN, found)
    assert sign_over_field(field, polys, DOMAIN, few=1) is None
