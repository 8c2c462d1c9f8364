"""Dual graphs and graphs of adjacencies: one node drawn for each, one line for each edge."""

import networkx
import pytest

from singularity_lab.errors import OutOfScope
from singularity_lab.exact.classification.unfolding import adjacencies
from singularity_lab.exact.resolutions.dual_graph import resolution_graph
from singularity_lab.pictures.graphs import adjacency_graph, dual_graph


@pytest.mark.parametrize("text", ["x^2 - y^3", "x*y*(x - y)", "x^2 - y^5"])
def test_a_dual_graph_has_a_text_for_each_divisor(text):
    graph = resolution_graph(text).graph()
    ax = dual_graph(graph)
    assert len(ax.texts) == len(graph)
    drawn = {t.get_text() for t in ax.texts}
    for _, data in graph.nodes(data=True):
        if not data["strict"]:
            assert f"({data['N']}, {data['nu']})" in drawn


def test_adjacencies_go_to_the_left():
    graph = adjacencies(5)
    ax = adjacency_graph(graph)
    at = {t.get_text(): t.get_position()[0] for t in ax.texts}
    assert set(at) == set(graph)
    for a, b in graph.edges:
        assert at[a] != at[b]


def test_nothing_to_draw():
    with pytest.raises(OutOfScope, match="no divisors"):
        dual_graph(networkx.Graph())
