"""Proof trees as the page unfolds them, and the theorems of their steps in words."""

from __future__ import annotations

import inspect
from typing import Any

from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.step import STEPS
from singularity_lab.exact.proof.tree import ProofNode, proof_tree

SHOWN = 300  # letters of a germ, of a move


def _cut(text: str, most: int = SHOWN) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def proof_record(certificate: Certificate) -> dict[str, Any]:
    """The tree of a proof: what is claimed, and a list for each chart (see ``Node`` of
    atlas/src/data.ts).

    >>> from singularity_lab import rlct
    >>> record = proof_record(rlct("x^2 - y^3").certificates[0])
    >>> record["nodes"][0][4:8]
    ['newton', 'Newton polyhedron, transversal on 1 compact face besides the vertices', '(λ, m) = \
(5/12, 1)', 1]
    """
    tree = proof_tree(certificate)
    nodes: list[list[Any]] = []
    for number in tree:
        chart: ProofNode = tree.nodes[number]["chart"]
        parent = next(iter(tree.predecessors(number)), None)
        nodes.append(
            [
                parent,
                _cut(chart.case),
                _cut(chart.germ),
                [_cut(m) for m in chart.moves],
                chart.op,
                _cut(chart.words),
                chart.verdict,
                int(chart.critical),
                [str(d) for d in chart.reaching[:6]],
                chart.same_as,
            ]
        )
    return {
        "digest": certificate.digest(),
        "claim": _claim(certificate),
        "kind": certificate.kind,
        "nodes": nodes,
    }


def _claim(certificate: Certificate) -> str:
    sign = {"lower": "≥ ", "upper": "≤ "}.get(certificate.kind, "= ")
    return f"(λ, m) {sign}{certificate.claim}"


def theorems() -> dict[str, dict[str, Any]]:
    """Each theorem by its name: its statement, and what is assumed, by the names under which the
    verifier checks it.

    >>> theorems()["relax"]["hypotheses"].keys() >= set()
    True
    """
    return {
        name: {"statement": inspect.getdoc(record) or "", "hypotheses": record.assumes()}
        for name, record in sorted(STEPS.items())
    }
