"""Resolution graphs of plane curves: μ, Z_top, (λ, m) by other routes; charts as graphs."""

from __future__ import annotations

from fractions import Fraction

import networkx
import pytest

from singularity_lab.errors import OutOfScope, Undecided
from singularity_lab.exact.classification.milnor import milnor_algebra
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.tree import proof_tree
from singularity_lab.exact.resolutions.dual_graph import chart_graph, resolution_graph
from singularity_lab.exact.zeta_functions.zeta import zeta

REDUCED = [
    "x^2 - y^3",
    "x*y",
    "x^2 + y^2",
    "(y^2 - x^3)^2 - x^5*y",
    "x^2*y + y^4",
    "x^3 - x*y^3",
    "x^4 + y^4",
    "x^3 - y^7",
    "x^2 - 2*y^2",
    "(x^2 - y^3)*(x^3 - y^2)",
    "(x - y^2)*(x + y^2)*(x - 2*y^2 + y^3)",
    "((y^2 - x^3)^2 - x^5*y)*(y - x)",
    "x^5 + x^2*y^2 + y^6",
]
MULTIPLE = ["x^3*y^2", "(x - y^2)^2*(x + y^2)", "(y^2 - x^3)^2", "x^2*(x^2 + y^2)"]


@pytest.mark.parametrize("f", [*REDUCED, *MULTIPLE])
def test_the_threshold_is_that_of_the_engine(f: str) -> None:
    g, value = resolution_graph(f), rlct(f)
    assert g.threshold == (value.value, value.multiplicity)


@pytest.mark.parametrize("f", REDUCED)
def test_a_campo(f: str) -> None:
    """1 − Σ χ(E°)·N is the dimension of the Milnor algebra."""
    g = resolution_graph(f)
    assert g.milnor == milnor_algebra(g.f).dimension


@pytest.mark.parametrize("f", [*REDUCED, *MULTIPLE])
def test_topological_zeta_functions(f: str) -> None:
    """By the graph and by the Newton polyhedron, where that is nondegenerate; Z(0) = 1."""
    g, z = resolution_graph(f), zeta(f)
    assert g.topological_zeta()(0) == 1
    assert z.topological is not None
    assert (z.topological.numerator, z.topological.denominator) == (
        g.topological_zeta().numerator,
        g.topological_zeta().denominator,
    )


@pytest.mark.parametrize("f", [*REDUCED, *MULTIPLE])
def test_the_graph_is_a_tree_with_negative_definite_intersections(f: str) -> None:
    """Σ over neighbours of N + N·E² + branches = 0 on each curve: the divisor of f is principal."""
    g = resolution_graph(f)
    whole = g.graph()
    assert networkx.is_tree(whole)
    orders = {d.number: d.N for d in g.divisors}
    for d in g.divisors:
        near = sum(orders[j if i == d.number else i] for i, j in g.edges if d.number in (i, j))
        strict = sum(s.exponent * s.branches for s in g.strict if s.divisor == d.number)
        assert d.N * d.self_intersection + near + strict == 0


def test_a_branch_with_two_pairs() -> None:
    g = resolution_graph("(y^2 - x^3)^2 - x^5*y")
    rupture = [d for d in g.divisors if g.euler(d.number) < 0]
    assert [(d.N, d.nu) for d in rupture] == [(12, 5), (26, 11)]
    assert str(g).count("meets") == len(g.divisors)
    assert g.to_json()["milnor"] == 16


def test_conjugate_points() -> None:
    (only,) = resolution_graph("x^2 - 2*y^2").strict
    assert (only.branches, only.real) == (2, 2)
    (only,) = resolution_graph("x^2 + y^2").strict
    assert (only.branches, only.real) == (2, 0)
    with pytest.raises(Undecided, match="conjugate"):
        resolution_graph("(x^2 - 2*y^2)^2 + y^5")


def test_out_of_scope() -> None:
    for f in ("x^2 + y^2 + z^2", "1 + x*y"):
        with pytest.raises(OutOfScope):
            resolution_graph(f)


@pytest.mark.parametrize("f", ["x^2 - y^3", "(y^2 - x^3)^2 - x^5*y", "x^2 - y^2*z", "x^2*y^3"])
def test_charts_have_the_threshold(f: str) -> None:
    """No divisor of a proof tree lies below 2λ, one attains it."""
    value = rlct(f)
    graph = chart_graph(proof_tree(value))
    ratios = [Fraction(d["nu"]) / d["N"] for _, d in graph.nodes(data=True)]
    assert min(ratios) == 2 * value.value


def test_what_is_printed_says_which_branches_are_real():
    assert "no branch is real" in str(resolution_graph("x^2 + y^2"))
    some = str(resolution_graph("x*(x^2 + y^4)"))
    assert "meets E1, 3 branches (1 real)" in some
    assert "no branch" not in some
    assert "real" not in str(resolution_graph("x^2 - y^2"))


@pytest.mark.parametrize(("text", "number"), [("x^2", 1), ("x^2 + y^2 + z^3", 3)])
def test_the_number_of_variables_is_told(text, number):
    with pytest.raises(OutOfScope, match=rf"two variables are needed, .* has {number};"):
        resolution_graph(text)
