"""Versal unfoldings, the adjacency graph of simple singularities, λ along paths."""

from __future__ import annotations

import networkx
import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import BadInput
from singularity_lab.exact.classification.singularity import singularity
from singularity_lab.exact.classification.unfolding import (
    adjacencies,
    deforms,
    dynkin,
    dynkin_type,
    unfold,
)


@pytest.mark.parametrize("f", ["x^3 + y^4", "x^2*y + y^5", "x^3 + y^7 + x*y^5"])
def test_an_unfolding_has_tau_parameters_and_contains_the_germ(f: str) -> None:
    u = unfold(parse(f))
    assert len(u.parameters) == singularity(f).tjurina
    assert u.at({}) == parse(f)
    whole = u.polynomial()
    assert whole.substitute({s: 0 for s in u.parameters}) == parse(f)
    first = whole.derivative(u.parameters[-1])
    assert first == u.monomials[-1]


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(BadInput, match="no parameter"):
        unfold(parse("x^3 + y^2")).at({"q": 1})


# Arnold 1972, the table of adjacencies: rows read in the paper's diagram.
@pytest.mark.parametrize(
    ("big", "small", "truth"),
    [
        ("E8", "E7", True), ("E8", "D7", True), ("E8", "A7", True), ("E8", "D8", False),
        ("E8", "A8", False), ("E7", "D6", True), ("E7", "A6", True), ("E7", "A7", False),
        ("E6", "D5", True), ("E6", "A5", True), ("E6", "D6", False), ("D5", "A4", True),
        ("D4", "A3", True), ("A5", "D4", False), ("D4", "A4", False), ("E6", "A1", True),
    ],
)  # fmt: skip
def test_adjacencies_of_arnold(big: str, small: str, truth: bool) -> None:
    assert deforms(big, small) is truth


def test_the_graph_is_graded_by_mu() -> None:
    graph = adjacencies(9)
    assert networkx.is_directed_acyclic_graph(graph)
    for big, small in graph.edges:
        assert graph.nodes[big]["milnor"] == graph.nodes[small]["milnor"] + 1
    assert all(networkx.has_path(graph, name, "A1") for name in graph)


@pytest.mark.parametrize(
    ("letter", "rank"), [("A", 1), ("A", 6), ("D", 4), ("D", 9), ("E", 6), ("E", 7), ("E", 8)]
)
def test_dynkin_diagrams_are_recognised(letter: str, rank: int) -> None:
    assert dynkin_type(dynkin(letter, rank)) == f"{letter}{rank}"
    cycle = networkx.cycle_graph(rank + 3)
    assert dynkin_type(cycle) is None


def test_affine_diagrams_are_not_simple() -> None:
    affine = dynkin("E", 8)
    end = next(
        v for v, d in affine.degree() if d == 1 and networkx.shortest_path_length(affine, 0, v) == 4
    )
    affine.add_edge(end, "new")
    assert dynkin_type(affine) is None
