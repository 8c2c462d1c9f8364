"""Products of powers are resolved factor by factor, as they are typed."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from fractions import Fraction

import pytest

from singularity_lab import rlct, verify
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import CertificateError
from singularity_lab.exact.arcs.contact import contact_loci
from singularity_lab.exact.engine import products
from singularity_lab.exact.engine.products import factors_of, resolve_product
from singularity_lab.exact.proof.certificate import Certificate

# λ by hand: the best of the weights (Σ w)/(2·order), and of 1/(2·exponent) of a factor
TYPED = {
    "x^99*y^127*(x-y)^37*(x^2+y^3)^191": (Fraction(5, 3542), 1),  # (3, 2): 297 + 254 + 74 + 1146
    "(x^2-y^2)^60*(x^3-y^5)^21": (Fraction(1, 183), 1),  # (1, 1): 120 + 63
    "(x+y+z)^30*(x*y-z^2)^17": (Fraction(1, 60), 1),  # the plane
    "(x-y)^100*(x^2-y^5)^50*(x+y)^7": (Fraction(1, 207), 1),  # (1, 1): 100 + 100 + 7
    "(x^2+y^2)^30*(x-y^2)^40": (Fraction(1, 100), 1),  # (1, 1): 60 + 40
    "x^40*(x+y)^40*(1+x*y)^50": (Fraction(1, 80), 2),  # two lines cross, a unit
    "((x-1)^2-y^3)^30*(x-1)^90*(x-1+y^2)^9": (
        Fraction(1, 192),
        1,
    ),  # (2, 1) at (1, 0): 90 + 180 + 18
}
AT = {"((x-1)^2-y^3)^30*(x-1)^90*(x-1+y^2)^9": {"x": 1}}


@pytest.mark.parametrize("f", [f for f in TYPED if f not in AT])
def test_what_is_typed_as_a_product_takes_a_moment(f):
    started = time.process_time()
    found = rlct(f)
    assert time.process_time() - started < 1.5  # 0.05 to 0.1 on an idle machine
    assert (found.value, found.multiplicity) == TYPED[f]
    assert found.method.startswith("resolution of a product")
    assert len(str(found.certificate.proof)) < 10_000
    assert (verify(found.certificate).lower, found.notes) == (found.rlct, ())


@pytest.mark.parametrize("f", AT)
def test_the_point_is_that_of_the_problem(f):
    found = rlct(f, at=AT[f])
    assert (found.value, found.multiplicity) == TYPED[f]
    assert found.method.startswith("resolution of a product")


def forced(monkeypatch, problem):
    """(λ, m) factor by factor, with a certificate that is verified; None where it stays open."""
    monkeypatch.setattr(products, "_TERMS", 1)
    factors = factors_of(problem)
    found = None if factors is None else resolve_product(problem, factors, 2)
    if found is None:
        return None
    certificate = Certificate(problem, "exact", found[1], found[0])
    verify(certificate)
    return certificate


@pytest.mark.parametrize(
    "seed", [10, 13, 14, 15, *(pytest.param(n, marks=pytest.mark.slow) for n in range(20, 60))]
)
def test_small_products_have_the_value_that_their_expanded_form_has(seed, monkeypatch):
    source = random.Random(seed)
    curves = [
        "x",
        "y",
        "x - y",
        "x + 2*y",
        "x^2 - y^3",
        "x - y^2",
        "x^2 + y^2",
        "x^2 - y^4 + x*y^3",
    ]
    surfaces = [*curves, "z - x*y", "z^2 + x^2 - y^2", "x*y - z^2", "z"]
    listed = curves if seed % 3 else surfaces
    chosen = source.sample(listed, source.randint(2, 3))
    powers = [f"({q})^{source.randint(1, 3)}" for q in chosen]
    names = "x y" if seed % 3 else "x y z"
    sides = source.choice(((), ("x",), ("y",)))
    problem = LocalProblem.build("*".join(powers), names, nonnegative=sides)
    certificate = forced(monkeypatch, problem)
    monkeypatch.undo()
    expanded = replace(problem, ideal=replace(problem.ideal, generators=tuple(
        replace(g, typed="") for g in problem.ideal.generators)))  # fmt: skip
    usual = rlct(expanded, budget=1)
    if certificate is not None:
        low, high = usual.bounds.lower, usual.bounds.upper
        assert low <= certificate.claim <= high, powers
    else:
        monomial = set(chosen) <= {"x", "y"}
        assert monomial or seed % 3 == 0, "a product of curves is resolved by points"


def test_contact_loci_of_a_product_are_those_of_its_expanded_form(monkeypatch):
    problem = LocalProblem.build("x*(x - y)^2*(x + y)^3")
    certificate = forced(monkeypatch, problem)
    monkeypatch.undo()
    usual = rlct(problem).certificate
    one, other = contact_loci(certificate, 8), contact_loci(usual, 8)
    assert str(one).splitlines()[1:] == str(other).splitlines()[1:]


def test_a_product_is_told_as_one():
    from singularity_lab import explain

    text = str(explain("x^9*(x-y)^37*(x^2+y^3)^31"))
    assert "(x - y)^37*(y^3 + x^2)^31" in text
    assert max(map(len, text.splitlines())) < 400


@pytest.mark.parametrize("factors", [[["x - y", 36]], [["x - y", 37], ["x + y", 30]]])
def test_another_product_is_refused(factors):
    problem = LocalProblem.build("(x - y)^37*(x + y)^31")
    found = rlct(problem).certificate
    bad = replace(found, proof={**found.proof, "factors": factors})
    with pytest.raises(CertificateError, match="product: "):
        verify(bad)


def test_an_answer_about_a_long_text_is_a_line():
    found = rlct("+".join("x" * 20_000))
    assert len(str(found)) < 2_500
    assert "characters)" in str(found)
    assert len(found.to_json()["loss"]) > 40_000
