"""Germs whose proof trees are asked about, and a proof written by hand."""

from __future__ import annotations

from fractions import Fraction

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.proof.certificate import Certificate

RANK_ONE = ["a*c + b*e", "a*d + b*f"]
PRODUCT = ["a*e + b*g", "a*f + b*h", "c*e + d*g", "c*f + d*h"]
EXAMPLES = [
    ("x^2 - y^3", {}),
    ("(y^2 - x^3)^2 - x^5*y", {}),
    ("x^2 - y^2*z", {}),
    (RANK_ONE, {}),
    (["x*y", "z*w + z^2"], {}),  # the sum rule
    ("x^2 - y^3", {"prior": {"x": 1}, "nonnegative": ["y"]}),
    ("(x - 1)^2 - y^3", {"at": {"x": 1}}),
    ("x^2 + y^4", {"convention": "loss"}),
    (PRODUCT, {}),  # symmetric charts, and a pivot
    ([f"{g} - {int(i == 0)}" for i, g in enumerate(PRODUCT)], {"at": {"a": 1, "e": 1}}),
    ("x^3 - 3*x*y^2 + z^2", {}),
]


def charts(tree):
    return {n: tree.nodes[n]["chart"] for n in tree}


def cusp_by_hand():
    """x² − y³, blown up with weights (3, 2); the chart of x stays open, the others are units."""
    leaf = {"op": "monomial", "primal": {"y": "1/6"}, "dual": [[0, "5/6"]]}
    proof = {
        "op": "blowup",
        "groups": [[["x", 3]], [["y", 2]]],
        "cases": [{"op": "open"}, leaf, leaf],
    }
    claim = RLCT(Fraction(5, 12), 1)
    return Certificate(LocalProblem.build("x^2 - y^3"), "upper", claim, proof)
