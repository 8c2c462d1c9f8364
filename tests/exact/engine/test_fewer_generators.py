"""Ideals of which a part has the same (λ, m): Vandermonde matrices of tanh units.

Σ_i a_i·b_i^(2j+1), j = 0, …, H − 1 for H units, one input and one output at the zero function.
λ = (H + i² + i)/(4i + 2) with i = ⌊√H⌋, m = 2 if i² = H, else 1 (Aoyagi and Watanabe 2005).
"""

from __future__ import annotations

import copy
from fractions import Fraction

import flint
import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import CertificateError
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.engine.resolution import resolve_germ
from singularity_lab.exact.engine.search import is_tall
from singularity_lab.exact.engine.simplify import simplify
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.verify import verify


def units(count: int) -> list[str]:
    return ["+".join(f"a{i}*b{i}^{2 * j + 1}" for i in range(count)) for j in range(count)]


def vandermonde(count: int) -> RLCT:
    i = int(count**0.5)
    value = Fraction(count + i * i + i, 4 * i + 2)
    return RLCT(value, 2 if i * i == count else 1)


@pytest.fixture(scope="module")
def five():
    return rlct(units(5), budget=120)


def test_five_units(five):
    assert five.exact
    assert five.bounds.lower == vandermonde(5)
    assert verify(five.certificate).upper == vandermonde(5)


@pytest.mark.slow
@pytest.mark.parametrize("count", [6, 7])
def test_more_units(count):
    found = rlct(units(count), budget=400)
    assert found.exact
    assert found.bounds.lower == vandermonde(count)


def test_the_part_is_named_and_no_smaller_one_will_do(five):
    """The proof keeps the three lowest generators; with other generators it is none."""
    document = five.certificate.to_json()
    proof = document["proof"]
    assert proof["op"] == "both"
    below = proof["cases"][0]
    assert (below["op"], below["keep"]) == ("subideal", [0, 1, 2])
    for keep in ([0, 1], [0], [1, 2], [0, 2, 3], [2, 1, 0, 0], [0, 1, 5], [-1, 0, 1]):
        changed = copy.deepcopy(document)
        changed["proof"]["cases"][0]["keep"] = keep
        with pytest.raises(CertificateError):
            verify(changed)


def test_either_half_alone_is_no_proof(five):
    document = five.certificate.to_json()
    for case in document["proof"]["cases"]:
        with pytest.raises(CertificateError):
            verify({**document, "proof": case})


@pytest.mark.parametrize(
    ("generators", "value"),
    [
        # the first generator alone has λ = 1/2
        (["a*b + c*d", "a*b^3 + c*d^3 + e"], RLCT(Fraction(1), 1)),
        # the last generator alone makes the ideal smaller than any part without it
        (["a*b^2 + c*d^2", "a*b^4 + c*d^4", "a*b + c*d"], RLCT(Fraction(3, 4), 1)),
    ],
)
def test_parts_that_do_not_suffice(generators, value):
    found = resolve_germ(LocalProblem.build(generators).localize(), budget=60)
    assert found.lower == found.upper == value


def test_coefficients_beyond_the_reach_of_text():
    """Python reads no integer of more than 4300 digits; moves do not go by way of text."""
    g = Germs.of(LocalProblem.build(["a*x + b*y", "a*x^3 + b*y^3"]).localize())
    huge = flint.fmpq(10**5000 + 1)
    x, y = g.variables[g.names.index("x")], g.variables[g.names.index("y")]
    tall = g.but(gens=tuple(Generator(f.poly.compose(*_scaled(g, x, huge))) for f in g.gens))
    assert is_tall(tall)
    assert not is_tall(g)
    simple, _ = simplify(tall)
    assert simple.cost <= simplify(g)[0].cost + y.total_degree()


def _scaled(g: Germs, x: flint.fmpq_mpoly, factor: flint.fmpq) -> list[flint.fmpq_mpoly]:
    return [v * factor if v == x else v for v in g.variables]
