"""Generators become the monomials that dominate them: terms of one sign, the others being small."""

import itertools
import random

import pytest
from engine_germs import in_roles

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.dominant import dominant_monomials, echelon
from singularity_lab.exact.engine.germs import PARAM, UNIT
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.moves import Dominant
from singularity_lab.exact.proof.step import read
from singularity_lab.exact.proof.verify import starting_family


def dominants(g):
    """The new generators as text, None where the move does not apply; the steps are replayed."""
    found = dominant_monomials(g)
    if found is None:
        return None
    steps = found[1] if isinstance(found[1], list) else [found[1]]
    assert isinstance(read(steps[-1]), Dominant)
    problem = LocalProblem.build([str(f.poly) for f in g.gens], variables=list(g.names))
    family = starting_family(problem)
    positive = frozenset(g.names[i] for i in g.positive)
    family = family.but(role={g.names[i]: r for i, r in g.role.items()}, positive=positive)
    for step in steps:
        family = read(step).replay(family).normal()
    gens = [str(f.poly) for f in found[0].gens]
    assert [str(f) for f in family.gens] == gens
    return sorted(gens)


@pytest.mark.parametrize(
    ("gens", "monomials"),
    [
        (["x^2 + y^2 - x^3"], ["x^2", "y^2"]),
        (["x^2 + y^4 - 3*x*y^3"], ["x^2", "y^4"]),
        (["x^2 + y^4 - x*y^2"], None),  # as large as the others
        (["x^2 + y^3"], None),
        (["-2*x^2 - y^4 + z*x*y^2"], ["x^2", "y^4"]),
        (["x^2*z^3 + y^2*z^3 + x^4"], None),
        (["x^3*z + x*y^2*z - x^2*y^2*z", "w^4"], ["w^4", "x*y^2*z", "x^3*z"]),
        (["y^2 - z^3 + x^4", "z^2 + y^3"], ["x^4", "y^2", "z^2"]),  # z³ is small by the second
        (["x^2 + y^2", "z^3 + 7*x*y - x*z^2 + y^5"], ["-x*z^2 + z^3", "x^2", "y^2"]),
        (["x^2", "y^2", "z*x^2 - x*y + z^3"], ["x^2", "y^2", "z^3"]),
    ],
)
def test_monomials_are_found(gens, monomials):
    assert dominants(in_roles(gens)) == monomials


def test_walls_keep_terms_from_cancelling():
    mixture = "a*x^2 + b*y^2 + (a*x + b*y)^2"
    assert dominants(in_roles([mixture])) is None
    assert dominants(in_roles([mixture], "a b")) == ["a*x^2", "b*y^2"]


def test_coefficients_are_nowhere_zero():
    assert dominants(in_roles(["p*x^2 + y^2"], p=PARAM)) is None
    assert dominants(in_roles(["p^2*x^2 + y^2 - p*x^3"], p=UNIT)) == ["x^2", "y^2"]
    assert dominants(in_roles(["p*x^2 + y^2"], p=UNIT)) is None
    assert dominants(in_roles(["p*x^2 + y^2"], "p", p=UNIT)) == ["x^2", "y^2"]
    assert dominants(in_roles(["x^2 + p*x^2 + y^2"], p=UNIT)) is None
    assert dominants(in_roles(["x^2 + p*x^2 + y^2"], "p", p=UNIT)) == ["x^2", "y^2"]
    assert dominants(in_roles(["x^2 - p^2*x^2 + y^2"], p=UNIT)) is None
    assert dominants(in_roles(["x^2 + p^2*x^2 + y^4"], p=UNIT)) == ["x^2", "y^4"]
    assert dominants(in_roles(["x^2 + y^2 + (p - 5)*x^3"], p=PARAM)) == ["x^2", "y^2"]


def test_combinations_with_constants_show_what_dominates():
    """y + a·x² and 2·y − a·x²: neither is definite, a combination is."""
    gens = ["y + a*x^2 + b*z^2", "2*y - a*x^2 - b*z^2 + a*b*x*z"]
    g = in_roles(gens, "a b")
    combined = echelon(g)
    assert combined is not None
    assert len(combined[1]["do"]) == 2
    assert dominants(g) == ["a*x^2", "b*z^2", "y"]


@pytest.mark.parametrize("seed", range(6))
def test_an_ideal_keeps_its_value_with_small_terms(seed):
    """Monomials of one sign, and terms that are dominated by two of them."""
    dice = random.Random(seed)
    names = list("abxy")
    walls = names[: dice.randrange(3)]

    def monomial():
        return {n: dice.choice((0, 1, 2)) if n in walls else dice.choice((0, 2)) for n in names}

    def text(exponents):
        return "*".join(f"{n}^{e}" for n, e in exponents.items() if e) or "1"

    first = [m for m in (monomial() for _ in range(3)) if any(m.values())]
    plain = [text(m) for m in first]
    small = []
    for d, e in itertools.combinations(first, 2):
        # the least monomial whose square is a multiple of d·e, times a variable
        both = {n: -(-(d[n] + e[n]) // 2) for n in names}
        both[dice.choice(names)] += 1
        small.append(f"{dice.choice((-7, 5))}*{text(both)}")
    f = " + ".join([f"{dice.choice((1, 2, 3))}*{t}" for t in plain] + small)
    one, two = (rlct(g, names, nonnegative=walls, budget=5) for g in (plain, [f]))
    assert one.exact
    assert one.bounds == two.bounds, f


@pytest.mark.parametrize(
    ("weights", "moments", "value"), [(2, 4, "(1, 1)"), (3, 4, "(5/4, 1)"), (4, 5, "(3/2, 1)")]
)
def test_mixtures_whose_true_law_has_one_component(weights, moments, value):
    """Each further component with a weight ≥ 0 adds the 1/4 of a·b²."""
    rest = [f"a{i}" for i in range(2, weights + 2)]
    first = "(1 - " + " - ".join(rest) + ")"
    gens = [
        f"{first}*b1^{k} + " + " + ".join(f"a{i}*b{i}^{k}" for i in range(2, weights + 2))
        for k in range(1, moments + 1)
    ]
    assert str(rlct(gens, nonnegative=rest, budget=10).rlct) == value
