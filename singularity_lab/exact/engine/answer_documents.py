"""Answers about thresholds as documents: the fields of what ``--json`` prints, in their order.

Fractions and polynomials are text. A field that is UNSET is not written.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.system.documents import Record

__all__ = ["PairDocument", "ResultDocument", "StratumDocument"]


class PairDocument(Record, frozen=True, rename={"value": "lambda"}):
    """λ with its multiplicity.

    >>> from fractions import Fraction
    >>> PairDocument.of(RLCT(Fraction(5, 12), 1)).plain()
    {'lambda': '5/12', 'multiplicity': 1}
    """

    value: str
    multiplicity: int

    @classmethod
    def of(cls, bound: RLCT | None) -> PairDocument | None:
        """The document of a pair; None of none."""
        return (
            None if bound is None else cls(value=str(bound.value), multiplicity=bound.multiplicity)
        )


class StratumDocument(Record, frozen=True):
    """A stratum of a problem over a domain, with what is proved on it."""

    equations: tuple[str, ...]
    inequations: tuple[str, ...]
    sides: tuple[str, ...]
    point: dict[str, str] | None
    lower: PairDocument | None
    upper: PairDocument | None


class ResultDocument(Record, frozen=True, kw_only=True, rename={"value": "lambda"}):
    """What is proved of a germ: exactly, or bounds on both sides. certificate: the proof, or of
    bounds those of each side by name."""

    status: str
    loss: str
    label: str | UnsetType = UNSET
    value: str | None
    multiplicity: int | None
    lower: PairDocument | None
    upper: PairDocument | None
    method: str
    seconds: float
    notes: tuple[str, ...]
    strata: tuple[StratumDocument, ...] | UnsetType = UNSET
    certificate: dict[str, Any]
