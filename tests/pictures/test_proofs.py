"""Proof trees, drawn: one box for each chart, none over another."""

from fractions import Fraction

import matplotlib.pyplot as plt
import pytest
from proof_trees import EXAMPLES, charts, cusp_by_hand

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import OutOfScope
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.tree import proof_tree
from singularity_lab.pictures.proofs import plot_tree


def numbers(axes):
    """The nodes that the boxes of a picture speak of: "7", or "7–9" for neighbours alike."""
    for text in axes.texts:
        first, _, last = text.get_text().split()[0].partition("–")
        yield from range(int(first), int(last or first) + 1)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: str(e[0])[:24])
def test_pictures(example):
    generators, options = example
    result = rlct(generators, budget=20, **options)
    tree = proof_tree(result)
    axes = plot_tree(tree)
    assert sorted(numbers(axes)) == sorted(tree)
    assert str(result.certificate) == axes.get_title()
    plt.close(axes.figure)


def test_neighbours_with_the_same_proof_share_a_box():
    leaf = {"op": "monomial", "primal": {"x": "1"}, "dual": [[0, "3"]], "id": 1}
    again = [
        {"op": "see", "step": 1, "map": {"x": [a, 1], a: ["x", 1], b: [b, 1]}}
        for a, b in (("y", "z"), ("z", "y"))
    ]
    groups = [[["x", 1], ["y", 1], ["z", 1]]]
    proof = {"op": "blowup", "groups": groups, "cases": [leaf, *again]}
    problem = LocalProblem.build(["x", "y", "z"])
    tree = proof_tree(Certificate(problem, "exact", RLCT(Fraction(3, 2), 1), proof))
    assert [chart.same_as for chart in charts(tree).values()] == [None, None, 1, 1]
    axes = plot_tree(tree)
    assert len(axes.texts) == 3
    assert sorted(numbers(axes)) == [0, 1, 2, 3]
    plt.close(axes.figure)


def test_boxes_do_not_overlap():
    tree = proof_tree(rlct("(y^2 - x^3)^2 - x^5*y"))
    axes = plot_tree(tree)
    axes.figure.canvas.draw()
    boxes = [t.get_bbox_patch().get_window_extent() for t in axes.texts]
    assert len(boxes) > 1
    overlapping = [
        (i, j) for i, a in enumerate(boxes) for j, b in enumerate(boxes[:i]) if a.overlaps(b)
    ]
    assert overlapping == []
    plt.close(axes.figure)


def test_too_large_a_tree_is_not_drawn():
    tree = proof_tree(cusp_by_hand())
    with pytest.raises(OutOfScope, match="nodes"):
        plot_tree(tree, limit=2)
