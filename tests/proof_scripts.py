"""Proof scripts written by hand: families of germs, claims and steps for tests of the verifier."""

from __future__ import annotations

from fractions import Fraction

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.family import Family

OPEN = {"op": "open"}
SIGN = {"kind": "sign", "index": 0}


def family(role, gens, units=(), positive=(), k=None, h=None, names=None):
    """A family from its roles, "x:local p:param", and the rest."""
    role = dict(pair.split(":") for pair in role.split())
    data = {"role": role, "gens": list(gens), "units": list(units), "positive": list(positive)}
    return Family.of_lemma(tuple(names or sorted(role)), {**data, "k": k or {}, "h": h or {}})


def germ(*gens, **options):
    return LocalProblem.build(list(gens), **options)


def claim(target, step, value, m=1, kind="exact"):
    return Certificate(target, kind, RLCT(Fraction(value), m), step)


def leaf(primal, dual, **more):
    return {"op": "monomial", "primal": primal, "dual": [[i, y] for i, y in dual], **more}


def then(*steps):
    """Moves one after the other, the last step a leaf or a branch."""
    *moves, last = steps
    for move in reversed(moves):
        last = {**move, "then": last}
    return last
