"""Candidate centres of blow-ups: they meet every term."""

from __future__ import annotations

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.centres import centres
from singularity_lab.exact.engine.germs import Germs

IDEALS = [
    ["x^2 - y^3"],
    ["x*y", "x*z", "y*z + x^3"],
    ["x^2 + y^2", "x*z"],
]


@pytest.mark.parametrize("gens", IDEALS, ids=str)
def test_centres_meet_every_term(gens):
    """A centre that misses a term of the ideal is not in its zero set."""
    g = Germs.of(LocalProblem.build(gens).localize())
    found = centres(g)
    assert found
    for groups in found:
        chosen = {i for group in groups for i, _ in group}
        assert len(chosen) > 1
        for f in g.gens:
            assert all(chosen & {i for i, _ in term} for term, _ in f.terms)
    assert all(len({w for _, w in group}) == 1 for groups in found for group in groups)
    assert len({str(groups) for groups in found}) == len(found)
