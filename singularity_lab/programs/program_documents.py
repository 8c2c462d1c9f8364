"""Answers about programs as documents: the fields of what ``program rlct --json`` prints, in order.

Fractions are text. A field that is UNSET is not written.
"""

from __future__ import annotations

from typing import Any

from singularity_lab.system.documents import Record

__all__ = ["PackedSyndrome", "ProgramBoundsDocument", "ProgramDocument", "ThresholdPair"]


class PackedSyndrome(Record, frozen=True):
    """A syndrome of the fractional packing, with its share."""

    syndrome: str
    y: str


class ThresholdPair(Record, frozen=True):
    """A bound of λ for both losses; lambda_E: None in the open chart.

    >>> ThresholdPair(lambda_E="7/2", lambda_H="7/4").plain()
    {'lambda_E': '7/2', 'lambda_H': '7/4'}
    """

    lambda_E: str | None
    lambda_H: str


class _Question(Record, frozen=True):
    """The question that an answer repeats: the program by name and size, and its setting."""

    program: str
    program_digest: str
    kind: str
    dimension: int
    function: str
    steps: int | None
    semantics: str
    chart: str
    support: dict[str, list[str]]
    inputs: int
    place: str
    digest: str
    status: str


class ProgramDocument(_Question, frozen=True):
    """λ and m of a program with both certificates."""

    lambda_E: str | None
    lambda_H: str
    multiplicity: int
    weights: dict[str, str]
    packing: tuple[PackedSyndrome, ...]
    syndromes: tuple[str, ...] | None
    method: str
    seconds: float
    certificate: dict[str, Any] | None
    program_certificate: dict[str, Any]


class ProgramBoundsDocument(_Question, frozen=True):
    """What is known of λ where the time or the methods did not suffice."""

    lambda_E: None
    lambda_H: None
    multiplicity: None
    lower: ThresholdPair | None
    upper: ThresholdPair | None
    reason: str
    seconds: float
    certificate: dict[str, Any] | None
    program_certificate: None
