"""The rules of the search: they agree where they overlap, and what none closes says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.blow_ups import blow_up
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.resolution import resolve_germ
from singularity_lab.exact.engine.rules import RESOLVING, SADDLES, monomial_ideal
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.verify import verify

IDEALS = [
    ["x^2 - y^3"],
    ["x*y", "x*z", "y*z + x^3"],
    ["x^2 + y^2", "x*z"],
]


@pytest.mark.parametrize("gens", IDEALS, ids=str)
@pytest.mark.parametrize("rule", [*RESOLVING.direct, *RESOLVING.first], ids=lambda r: r.__name__)
def test_without_a_rule_the_others_prove_the_same_or_less(gens, rule):
    """A rule left out: what is proved without it is true still, and the verifier agrees."""
    problem = LocalProblem.build(gens)
    germ = problem.localize()
    whole = resolve_germ(germ)
    assert whole.exact
    rules = replace(
        RESOLVING,
        first=tuple(r for r in RESOLVING.first if r is not rule),
        direct=tuple(r for r in RESOLVING.direct if r is not rule),
    )
    search = Search(rules, most_nodes=400)
    found = search.deepened(None, lambda: (None, lambda n: search.solve(Germs.of(germ), None, n)))
    assert found.lower is None or found.lower <= whole.lower
    assert found.upper is None or whole.upper <= found.upper
    script = search.lemmas.assemble(found.step)
    if found.lower is not None:
        verify(Certificate(problem, "lower", found.lower, script))
    if rule is not monomial_ideal:
        assert found.lower == found.upper == whole.lower


def test_a_rule_before_the_others_decides():
    """The first rule with an outcome is the one that is used."""
    asked = []

    def never(search, g, target, fuel):
        asked.append(g)

    germ = LocalProblem.build("x^2 - y^3").localize()
    search = Search(replace(RESOLVING, first=(never, *RESOLVING.first)), horizon=4)
    assert search.solve(Germs.of(germ), None, 4).upper == resolve_germ(germ).upper
    assert len(asked) == search.nodes
    alone = Search(replace(RESOLVING, branching=(blow_up,)), horizon=4)
    assert alone.solve(Germs.of(germ), None, 4).open


def test_saddles_are_no_leaf_of_a_resolution():
    assert {*SADDLES.direct} - {*RESOLVING.direct} == {
        next(r for r in SADDLES.direct if r.__name__ == "indefinite_hessian")
    }
