"""Proofs about expressions with functions: their steps, replayed down to a polynomial problem."""

import copy

import pytest

from singularity_lab import rlct
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.analytic import REDUCTIONS, inner, reduction
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.verify import verify


@pytest.mark.parametrize(
    ("text", "convention", "polynomial"),
    [("a*tanh(b)", "ideal", "a*b"), ("1 - cos(x) + y^4", "loss", ["x", "y^2"])],
)
def test_what_is_left_is_the_polynomial_problem(text, convention, polynomial):
    certificate = rlct(text, convention=convention).certificate
    left = inner(certificate)
    expected = rlct(polynomial)
    assert left.certificate.claim == expected.rlct
    assert certificate.claim.value == left.stage.factor * left.certificate.claim.value
    verify(left.certificate)
    assert len(left.words) == len(certificate.proof["steps"])


def altered(change):
    document = copy.deepcopy(rlct("a*tanh(b)").certificate.to_json())
    change(document["proof"])
    return Certificate.from_json(document)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.pop("then"), "the fields steps and then are needed"),
        (lambda p: p.update(steps={}), "a list of steps"),
        (lambda p: p["steps"][0].update(op="guess"), "malformed step"),
        (lambda p: p["steps"][0].update(gens=["a*b^2"]), "coordinates"),
        (lambda p: p["steps"][0].update(by=[["b", "b"]]), "coordinates"),
    ],
)
def test_an_altered_step_is_refused(change, message):
    with pytest.raises(CertificateError, match=message):
        inner(altered(change))


@pytest.mark.parametrize("op", REDUCTIONS)
def test_a_step_with_data_that_are_not_its_own_is_malformed(op):
    with pytest.raises(CertificateError, match="malformed step"):
        reduction({"op": op, "guess": 1})
