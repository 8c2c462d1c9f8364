"""Families of germs: normal form, units on the stratum, renamings, and points of the stratum."""

import pytest
from proof_scripts import family, germ

from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.family import family_of, integer, need


def test_the_normal_form_takes_common_monomials_out():
    f = family("x:local u:unit p:param", ["p*x^2*u^3", "p*x*(p^2 + 1)"])
    assert f.k == {"p": 1, "x": 1}
    assert {str(g) for g in f.gens} == {"x", "p^2 + 1"}
    assert f.normal() == f


def test_what_is_a_unit_on_the_stratum():
    f = family("x:local u:unit p:param", ["x"], units=["p - 1"])
    for text, unit in (
        ("u^2 + x", True),
        ("3", True),
        ("p", False),
        ("u*p - u", True),
        ("x", False),
    ):
        assert f.is_unit(f.at_stratum(f.read(text))) is unit


def test_a_free_variable_carries_nothing():
    assert family("x:local y:local", ["x + y^2"]).is_free("x")
    for carries in ({"h": {"x": "1"}}, {"k": {"x": 1}}, {"positive": ["x"]}):
        assert not family("x:local y:local", ["x + y^2"], **carries).is_free("x")
    assert (
        family("x:local", ["x"], h={"x": "1/2"}).cost("x")
        == family("x:local", ["x"]).cost("x") * 3 / 2
    )


@pytest.mark.parametrize(
    ("renaming", "right"),
    [
        ({"x": ["y", 1], "y": ["x", 1]}, True),
        ({"x": ["y", -1], "y": ["x", 1]}, True),  # x occurs as a square
        ({"x": ["y", 1], "y": ["x", -1]}, False),
        ({"x": ["x", 1], "y": ["y", 1]}, False),
        ({"x": ["y", 1]}, False),
        ({"x": ["y", 2], "y": ["x", 1]}, False),
    ],
)
def test_a_renaming_carries_one_family_to_the_other(renaming, right):
    here = family("x:local y:local", ["x^2 - y^3"])
    there = family("x:local y:local", ["y^2 - x^3"])
    if right:
        assert set(here.check_same(there, renaming)) == {"x", "y"}
    else:
        with pytest.raises(CertificateError):
            here.check_same(there, renaming)


def test_points_of_a_stratum_need_a_witness_where_there_are_signs():
    loose = family("p:param q:param x:local", ["p*x"])
    assert loose.has_point({"p"}, None)
    signed = loose.but(signs=(loose.read("q - 1"),))
    assert not signed.has_point({"p"}, None)
    assert signed.has_point({"p"}, {"q": "2"})
    for witness in ({"q": "1"}, {"q": "2", "p": "1"}):
        with pytest.raises(CertificateError, match="witness: "):
            signed.has_point({"p"}, witness)


def test_a_germ_is_a_family_of_local_variables():
    f = family_of(germ("x*y", prior={"x": 1}, nonnegative="y").localize())
    assert set(f.role.values()) == {"local"}
    assert f.positive == {"y"}
    assert f.h["x"] == 1


@pytest.mark.parametrize("value", [1.5, True, "1", None, -1])
def test_an_integer_is_one_as_it_stands(value):
    assert integer(3, 0) == 3
    with pytest.raises(CertificateError, match="no such integer"):
        integer(value, 0)


def test_lemmas_with_unknown_roles_are_refused():
    with pytest.raises(CertificateError, match="unknown roles"):
        family("x:global", ["x"])
    with pytest.raises(CertificateError, match="prior are > -1"):
        family("x:local", ["x"], h={"x": "-1"})
    with pytest.raises(CertificateError, match=r"^no x$"):
        need(False, "no {}", "x")
