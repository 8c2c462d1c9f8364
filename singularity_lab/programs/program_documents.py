"""Answers about programs as documents: the fields of what ``program rlct --json`` prints, in order.

Fractions are text. A field that is UNSET is not written.
"""

from __future__ import annotations

from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.system.documents import Record

__all__ = [
    "ComponentDocument",
    "PackedSyndrome",
    "PotentialDocument",
    "ProgramBoundsDocument",
    "ProgramDocument",
    "SyndromeCount",
    "ThresholdPair",
    "VertexCount",
    "ZeroSetDocument",
]


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


class VertexCount(Record, frozen=True):
    """How many codes have one (λ_E, m).

    >>> from fractions import Fraction
    >>> VertexCount.of(RLCT(Fraction(7, 2), 1), 4).plain()
    {'lambda_E': '7/2', 'multiplicity': 1, 'codes': 4}
    """

    lambda_E: str
    multiplicity: int
    codes: int

    @classmethod
    def of(cls, pair: RLCT, codes: int) -> VertexCount:
        """The document of a pair with its number of codes."""
        return cls(lambda_E=str(pair.value), multiplicity=pair.multiplicity, codes=codes)


class ComponentDocument(Record, frozen=True):
    """A component of a program's zero set; support: the options of each choice, in one text."""

    dimension: int
    lambda_E: str
    lambda_H: str
    multiplicity: int
    codes: int
    degenerate: bool
    piece: int
    support: dict[str, str]


class ZeroSetDocument(Record, frozen=True):
    """A program's zero set: counts, f-vector, components, pieces by their number of components."""

    program: str
    steps: int
    semantics: str
    chart: str
    codes: int
    solutions: int
    f_vector: tuple[int, ...]
    euler_characteristic: int
    components: tuple[ComponentDocument, ...]
    pieces: tuple[int, ...]
    vertices: tuple[VertexCount, ...]


class SyndromeCount(Record, frozen=True):
    """A syndrome with its coefficient in E and the number of its wrong runs by input."""

    syndrome: str
    coefficient: str
    runs: dict[str, int]


class PotentialDocument(Record, frozen=True, rename={"polynomial": "H"}):
    """H near a code; hessian: restricted to ``directions``, elsewhere it is 0. polynomial, terms:
    None where H is not expanded."""

    program: str
    dimension: int
    steps: int | None
    semantics: str
    polynomial: str | None
    terms: int | None
    quadratic: str
    directions: tuple[str, ...]
    hessian: tuple[tuple[str, ...], ...]
    rank: int
    syndromes: tuple[SyndromeCount, ...]
