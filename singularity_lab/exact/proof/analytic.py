"""A proof about analytic expressions: steps to polynomials, then the proof for these.

The last stage has rational coefficients and no symbols: a polynomial problem, whose certificate is
checked as any other; λ is multiplied by the factors of the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from flint.utils.flint_exceptions import FlintError

from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.hypotheses import hold, under
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import CertificateError, SingularityLabError
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.reductions import (
    Coordinates,
    Definite,
    Expand,
    Operate,
    Reduction,
    Stage,
)
from singularity_lab.exact.proof.truncation import Jet, Lowest, Monomials, Truncate

_MALFORMED: tuple[type[Exception], ...] = (SingularityLabError, FlintError, ArithmeticError)
_MALFORMED += (LookupError, TypeError, ValueError, AttributeError, RecursionError)

REDUCTIONS: dict[str, type[Reduction]] = {
    r.__name__.lower(): r
    for r in (Expand, Operate, Definite, Coordinates, Truncate, Jet, Monomials, Lowest)
}
_Any = Expand | Operate | Definite | Coordinates | Truncate | Jet | Monomials | Lowest


def reduction(data: Any) -> Reduction:
    """The record of one step; raises CertificateError where it is none."""
    try:
        found: Reduction = msgspec.convert(data, _Any)
    except msgspec.ValidationError as error:
        raise CertificateError(f"malformed step: {error}") from None
    return found


@dataclass(frozen=True)
class Inner:
    """What follows the steps of an analytic proof: the stage that they lead to, and the certificate
    of the polynomial problem, whose λ times the stage's factor is that of the whole."""

    stage: Stage
    words: tuple[str, ...]
    certificate: Certificate


HYPOTHESES = {
    "analytic": {
        "vanishes": "K vanishes at the point",
        "last": "no step follows one after which the proof may end in certain leaves only",
        "leaf": "the polynomial proof ends in one of these leaves",
        "above": "after a step that bounds above only, nothing else is claimed",
        "below": "after a step that bounds below only, nothing else is claimed",
        "polynomial": "no symbol is left",
    },
    **{name: dict(record.hypotheses) for name, record in REDUCTIONS.items()},
}


def inner(certificate: Certificate) -> Inner:
    """Replay the steps from analytic expressions to polynomials; the certificate that is left to
    check is :attr:`Inner.certificate`. Raises CertificateError saying which step fails."""
    problem, proof = certificate.problem, certificate.proof
    assert isinstance(problem, AnalyticProblem)
    if set(proof) != {"op", "steps", "then"} or proof["op"] != "analytic":
        raise CertificateError("analytic: the fields steps and then are needed")
    if not isinstance(proof["steps"], list) or not isinstance(proof["then"], dict):
        raise CertificateError("analytic: a list of steps, and a script, are needed")
    try:
        stage = Stage.of(problem)
    except SingularityLabError as error:
        raise CertificateError(f"problem: {error}") from None
    words = []
    with under("analytic"):
        _vanishes(stage)
    for i, data in enumerate(proof["steps"]):
        where = f"proof.steps.{i}"
        try:
            step = reduction(data)
            with under("analytic"):
                ended = stage.leaves is not None or stage.upper
                hold("last", not ended, "a step follows the last one that may")
            stage = _replayed(step, stage)
            words.append(step.words())
        except CertificateError as error:
            raise error if error.where else CertificateError(str(error), where) from None
        except _MALFORMED as error:
            raise CertificateError(f"malformed step: {error}", where) from None
    leaves, script = stage.leaves, proof["then"]
    with under("analytic"):
        hold("leaf", leaves is None or script.get("op") in leaves, "another leaf than {}", leaves)
        hold("above", certificate.kind == "upper" or not stage.upper, "a bound from above only")
        hold("below", certificate.kind == "lower" or not stage.lower, "a bound from below only")
        left_over = stage.polynomial()
    claim = RLCT(certificate.claim.value / stage.factor, certificate.claim.multiplicity)
    left = Certificate(left_over, certificate.kind, claim, script)
    return Inner(stage, tuple(words), left)


def _replayed(step: Reduction, stage: Stage) -> Stage:
    """The stage after a step; what fails has the step's name before it."""
    try:
        return step.replay(stage)
    except SingularityLabError as error:
        raise CertificateError(f"{type(step).__name__.lower()}: {error}") from None


def _vanishes(stage: Stage) -> None:
    values = (stage.tower.sign(stage.tower.at_point(g)) for g in stage.gens)
    hold("vanishes", not any(values), "K does not vanish at the point")
