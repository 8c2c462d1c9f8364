"""Steps that end a branch: closed formulas for monomials, ranks, saddles and orders."""

from fractions import Fraction

import pytest
from proof_scripts import claim, family, germ, leaf

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.verify import replay, verify


@pytest.mark.parametrize(
    ("k", "h"), [((1, 1), (0, 0)), ((2, 3), (0, 0)), ((2, 3), (1, 2)), ((4, 2), (3, 0))]
)
def test_one_monomial_with_a_prior(k, h):
    """λ = min (h + 1)/2k, m how often it is taken (Watanabe 2009, §6)."""
    ratios = [Fraction(b + 1, a) for a, b in zip(k, h, strict=True)]
    least = min(ratios)
    taken = [i for i, r in enumerate(ratios) if r == least]
    primal = {"xy"[i]: str(Fraction(1, k[i] * len(taken))) for i in taken}
    subject = family(
        "x:local y:local", [f"x^{k[0]}*y^{k[1]}"], h=dict(zip("xy", map(str, h), strict=True))
    )
    found = replay(subject, leaf(primal, [(0, str(least))]))
    assert found.lower == found.upper == RLCT(least / 2, len(taken))


@pytest.mark.parametrize("r", [1, 2, 3])
def test_independent_differentials(r):
    names = "xyz"[:r]
    subject = family("x:local y:local z:local w:local", [f"{v} + w^2" for v in names])
    step = {"op": "rank", "gens": list(range(r)), "vars": list(names)}
    assert replay(subject, step).lower == RLCT(Fraction(r, 2), 1)
    assert replay(subject, step).upper == RLCT(Fraction(r, 2), 1)


@pytest.mark.parametrize(
    ("f", "proved"),
    [("x^2 + y^2 - z^2", True), ("x*y + z^2", True), ("x^2 + y^2 + z^2", False), ("x*y", False)],
)
def test_saddles_have_an_indefinite_hessian_of_rank_three(f, proved):
    """(1/2, 1) for f², so that |f| has (1, 1)."""
    certificate = claim(germ(f, variables="x y z"), {"op": "saddle"}, "1/2")
    if proved:
        verify(certificate)
    else:
        with pytest.raises(CertificateError):
            verify(certificate)


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_the_order_bounds_below(d):
    found = replay(family("x:local y:local", [f"x^{d} + y^{d + 1}"]), {"op": "order"})
    assert found.lower.value == Fraction(1, 2 * d)
    assert found.upper is None


def test_open_proves_nothing_and_empty_needs_a_reason():
    subject = family("x:local", ["x"])
    found = replay(subject, {"op": "open"})
    assert (found.lower, found.upper, found.empty) == (None, None, False)
    with pytest.raises(CertificateError, match="fails"):
        replay(subject, {"op": "empty"})


def test_zero_is_the_whole_proof():
    verify(claim(germ("0", variables="x"), {"op": "zero"}, 0))
    with pytest.raises(CertificateError, match="zero"):
        verify(claim(germ("x"), {"op": "zero"}, 0))
