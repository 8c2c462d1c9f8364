"""Certificates as documents: read back, addressed by their content, refused where malformed."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from proof_scripts import claim, germ, leaf
from strategies import points, sparse_polynomials

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, CertificateError, OutOfScope
from singularity_lab.exact.proof.certificate import (
    Certificate,
    children,
    polynomial_problem_from_json,
    problem_from_json,
    problem_to_json,
)

X = leaf({"x": "1"}, [(0, "1")])
SIMPLE = claim(germ("x"), X, "1/2")


@settings(max_examples=30)
@given(sparse_polynomials(variables=2), points(2))
def test_a_problem_is_read_back(f, point):
    problem = LocalProblem.build(f, at=point, prior={f.variables[0]: "1/3"})
    text = json.dumps(problem_to_json(problem))
    assert problem_from_json(json.loads(text)) == problem


@pytest.mark.parametrize(
    "options",
    [
        {"at": {"x": "sqrt(2)"}},
        {"box": {"x": (0, "3/2")}},
        {"over": "R^d"},
        {"convention": "loss"},
        {"nonnegative": "x"},
    ],
)
def test_each_kind_of_problem_is_read_back(options):
    problem = LocalProblem.build("(x^2 - 2)^2*(x^2 + 1)", **options)
    assert polynomial_problem_from_json(problem_to_json(problem)) == problem


def test_the_address_is_that_of_the_content(tmp_path):
    path = SIMPLE.save(tmp_path / "c.json")
    again = Certificate.load(path)
    assert again == SIMPLE
    assert again.digest() == SIMPLE.digest()
    assert claim(germ("x"), X, "1/3").digest() != SIMPLE.digest()
    with pytest.raises(BadInput):
        Certificate.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"format": "other"}, "format: 'singularity-lab-certificate' is needed"),
        ({"version": 2}, "version: 1 is needed, received 2"),
        (
            {"claim": {"kind": "sure", "lambda": "1", "multiplicity": 1}},
            "claim: unknown kind 'sure'",
        ),
        ({"problem": {}}, "problem: the keys"),
        ({"claim": {"lambda": "1/2"}}, "malformed"),
    ],
)
def test_what_is_no_certificate_says_why(change, match):
    with pytest.raises(CertificateError, match=match):
        Certificate.from_json({**SIMPLE.to_json(), **change})


@pytest.mark.parametrize("m", [0, -1])
def test_a_multiplicity_is_positive(m):
    with pytest.raises((CertificateError, ValueError)):
        claim(germ("x"), X, "1/2", m)


def test_steps_come_parents_first():
    tree = {
        "op": "a",
        "then": {"op": "b", "cases": [{"op": "c"}, {"op": "d", "then": {"op": "e"}}]},
    }
    certificate = claim(germ("x"), tree, "1/2")
    assert [step["op"] for step in certificate.steps()] == list("abcde")
    assert [step["op"] for step in children(tree["then"])] == ["c", "d"]
    assert children({"op": "x"}) == []


def test_functions_are_told_where_polynomials_are_needed():
    from singularity_lab import rlct

    certificate = rlct("a*tanh(b)").certificate
    with pytest.raises(OutOfScope, match="polynomials are needed here"):
        _ = certificate.germ
    with pytest.raises(CertificateError, match="received other functions"):
        polynomial_problem_from_json(certificate.to_json()["problem"])
    assert certificate.claim.value == Fraction(1, 2)
