"""λ and m by resolution: values over families, limits, fewer generators."""

from fractions import Fraction

import pytest
from engine_germs import germs, search

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.resolution import by_fewer, resolve_germ
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.verify import verify


@pytest.mark.parametrize(("p", "q"), [(2, 3), (2, 5), (3, 4)])
def test_plane_cusps(p, q):
    problem = LocalProblem.build(f"x^{p} - y^{q}")
    found = resolve_germ(problem.localize())
    assert found.exact
    assert found.lower.value == min(Fraction(1, p) + Fraction(1, q), 1) / 2
    verify(Certificate(problem, "exact", found.lower, found.step))
    assert (found.open, found.ended, found.frontier) == (0, "", ())


def test_a_limit_leaves_true_bounds():
    problem = LocalProblem.build("(x^2 - y^3)^2 - x^5*y")
    whole = resolve_germ(problem.localize())
    found = resolve_germ(problem.localize(), nodes=2)
    assert found.open
    assert found.ended == "nodes"
    assert found.upper is None or found.upper >= whole.lower
    assert found.lower is None or found.lower <= whole.lower


def test_a_saddle_is_a_leaf_where_it_may_be():
    germ = LocalProblem.build("x^2 + y^2 - z^2").localize()
    with_leaf, resolved = resolve_germ(germ, saddles=True), resolve_germ(germ)
    assert with_leaf.lower == resolved.lower == RLCT(Fraction(1, 2), 1)
    assert with_leaf.nodes <= resolved.nodes
    assert with_leaf.blow_ups == 0


def test_fewer_generators_bound_below():
    g = germs("x*y", "z*w", "x*y*z^5 + w^9*x^9")
    here = search()
    found = by_fewer(here, g)
    assert found.lower is None or found.upper is None or found.lower <= found.upper
    assert found.lower is not None
