"""Generators whose higher terms are combinations of their leading parts have the ideal of these."""

import random
import time
from dataclasses import replace

import pytest
from engine_germs import in_roles

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine import simplify
from singularity_lab.exact.engine.dominant import dominant_monomials
from singularity_lab.exact.engine.germs import PARAM, UNIT
from singularity_lab.exact.engine.leading import leading_parts
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.moves import Nakayama
from singularity_lab.exact.proof.step import read
from singularity_lab.exact.proof.verify import starting_family, verify


def leads(g):
    """The leading parts as text, None where the move does not apply; the step is replayed."""
    found = leading_parts(g)
    if found is None:
        return None
    step = read(found[1])
    assert isinstance(step, Nakayama)
    problem = LocalProblem.build([str(f.poly) for f in g.gens], variables=list(g.names))
    family = starting_family(problem)
    family = family.but(role={g.names[i]: r for i, r in g.role.items()})
    assert [str(f) for f in step.replay(family).normal().gens] == [
        str(f.poly) for f in found[0].gens
    ]
    return [str(f.poly) for f in found[0].gens]


@pytest.mark.parametrize(
    ("gens", "parts"),
    [
        (["x^2 + x^3*y", "y^2 + x^2*y"], ["x^2", "y^2"]),
        (["x^4 + z*y^2", "y^2 + x^5 + z*x^4", "z^3"], ["x^4", "y^2", "z^3"]),  # y^2 comes first
        (["x^2 - y*z + x^3 - x*y*z", "y^3 + x^2*z^2 - y*z^3"], ["x^2 - y*z", "y^3"]),
        (["x^2 + y^2 + x^3", "x*y + y^3", "x^5 + y^5 + z^2"], ["x^2 + y^2", "x*y", "z^2"]),
        (["x^2 + y^2 + x^2*z", "x*y + z^3"], None),  # x^2*z is no combination
        (["x^2 + x^3", "y^3 + x^2", "x^2*y + y^4"], ["x^2", "y^3"]),  # the third is one of them
        (["x^2 + y^3", "x*y^2 + y^4"], None),
        (["x^2 + y^2", "x*y"], None),  # nothing is left over
        (["x^2 + x^3"], None),  # a unit, for another move
    ],
)
def test_leading_parts_are_found(gens, parts):
    assert leads(in_roles(gens)) == parts


def test_cofactors_vanish_on_the_stratum():
    """Parameters do not vanish: the matrix is I on the stratum, or its minor is no unit."""
    gens = ["x^3 + p*y^3", "y^2 + p*x^3*y"]
    assert leads(in_roles(gens, p=PARAM)) == ["x^3", "y^2"]
    assert leads(in_roles(["x^2 + p*y^2", "y^2 + p*x^2"], p=PARAM)) is None  # 1 − p² may be 0
    assert leads(in_roles(["x^2*u + x^3*y", "y^2 + u^3*x^2*y"], u=UNIT)) == ["x^2", "y^2"]


def test_a_hundred_and_fifty_generators_have_their_leading_parts():
    """x_i² up to 𝔪·(x_1², …): λ = 150/4, in a second and with a short proof."""
    n = 150
    gens = [f"x{i}^2 + x{(i + 1) % n}^3*x{7 * i % n}" for i in range(n)]
    started = time.process_time()
    found = rlct(gens, budget=3)
    assert str(found.rlct) == "(75/2, 1)"
    assert time.process_time() - started < 3
    (certificate,) = found.certificates
    started = time.process_time()
    verify(certificate)
    assert time.process_time() - started < 1
    worse = {**certificate.proof, "minor": [1, *certificate.proof["minor"][1:]]}
    with pytest.raises(Exception, match="nakayama: minor"):
        verify(replace(certificate, proof=worse))


def test_an_ideal_keeps_its_value_with_terms_in_its_product_with_m(monkeypatch):
    """Random monomials of several degrees, with and without walls and priors. Most of them are
    found by dominant monomials too: not here."""
    moves = tuple(m for m in simplify.MOVES if m is not dominant_monomials)
    monkeypatch.setattr(simplify, "MOVES", moves)
    dice, met = random.Random(13), 0
    for _ in range(14):
        names = [f"x{i}" for i in range(dice.choice((3, 5, 8, 12)))]

        def monomial(degree, names=names):
            return "*".join(dice.choice(names) for _ in range(degree))

        first = [monomial(dice.choice((2, 2, 3, 4))) for _ in names]
        terms = [f"{dice.choice((1, -2, 3))}*{monomial(dice.choice((1, 2)))}" for _ in range(40)]
        gens = [
            f + "".join(f" + {dice.choice(terms)}*{dice.choice(first)}" for _ in range(2))
            for f in first
        ]
        options = {"nonnegative": dice.sample(names, 1)} if dice.random() < 0.4 else {}
        if dice.random() < 0.4:
            options["prior"] = {dice.choice(names): dice.choice(("1", "-1/2"))}
        plain, moved = (rlct(g, names, budget=5, **options) for g in (first, gens))
        assert plain.exact
        assert plain.bounds == moved.bounds, gens
        met += "nakayama" in str(moved.certificates[0].proof)
    assert met > 5
