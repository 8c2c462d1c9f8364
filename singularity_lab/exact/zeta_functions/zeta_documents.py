"""Zeta functions as documents: the fields of what ``singlab zeta --json`` prints, in their order.

Fractions and polynomials are text. A field that is UNSET is not written.
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from singularity_lab.system.documents import Record

__all__ = ["CandidateDocument", "PoleDocument", "RealPoleDocument", "ZetaDocument"]


class CandidateDocument(Record, frozen=True):
    """A pole that |f|^s may have: its largest order, and the rays of the fan that give it."""

    pole: str
    order: int
    rays: tuple[tuple[int, ...], ...]


class PoleDocument(Record, frozen=True):
    """A pole of the topological zeta function with the leading coefficient of its Laurent series.

    >>> PoleDocument(pole="-5/6", order=1, leading="2/3").plain()
    {'pole': '-5/6', 'order': 1, 'leading': '2/3'}
    """

    pole: str
    order: int
    leading: str


class RealPoleDocument(Record, frozen=True):
    """A pole of ∫ |f|^s φ; error: of ``leading``, a bound where ``rigorous``."""

    pole: str
    order: int
    leading: float
    error: float
    rigorous: bool
    method: str


class ZetaDocument(Record, frozen=True, kw_only=True):
    """The zeta functions of a polynomial at 0; None for what is not computed."""

    polynomial: str
    label: str | UnsetType = UNSET
    variables: tuple[str, ...]
    candidates: tuple[CandidateDocument, ...]
    topological: str | None
    poles: tuple[PoleDocument, ...] | None
    real_poles: tuple[RealPoleDocument, ...]
    at_zero: str | None
    seconds: float
    notes: tuple[str, ...]
