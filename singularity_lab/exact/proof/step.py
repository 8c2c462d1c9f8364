"""What a step of a proof is, and what it proves: a verdict.

A step is one frozen record for one theorem: its docstring states the theorem and names its source,
``hypotheses`` says by name what is assumed, the fields are its data as a certificate holds them,
``words`` puts it in one line, and ``replay`` checks each hypothesis and applies the theorem. To add
a theorem is to write one record.

What follows a step (``then``, ``cases``, a lemma) stays the JSON of the certificate and is read
when the replay arrives there: a script may be a thousand steps deep, and what is malformed in one
has a place.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec import json

from singularity_lab.algebra.hypotheses import hold, lacks
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import CertificateError, quoted
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.family import Family


@dataclass(frozen=True)
class Verdict:
    """What a replay proves of a family; ``empty``: its stratum does not meet {K = 0}; ``why``:
    the hypotheses that failed, where there is no upper bound."""

    lower: RLCT | None = None
    upper: RLCT | None = None
    empty: bool = False
    why: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        if self.empty:
            return "verified: the stratum does not meet {K = 0}"
        if self.lower is not None and self.lower == self.upper:
            return f"verified: (lambda, m) = {self.lower}"
        sides = [f"lambda >= {self.lower.value}"] if self.lower is not None else []
        sides += [f"lambda <= {self.upper.value}"] if self.upper is not None else []
        return f"verified: {' and '.join(sides) or 'nothing'}" + "".join(f"; {w}" for w in self.why)

    def _repr_html_(self) -> str:
        return f"<div>{html.escape(str(self)).replace('lambda', 'λ')}</div>"


# A rational number as text or an integer; a point of a stratum, by the values of its variables.
RationalText = str | int
Witness = dict[str, RationalText]
Families = tuple[list[Family], Callable[[list[Verdict]], Verdict]]


class Step(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="op",
    tag=str.lower,
    forbid_unknown_fields=True,
):
    """A theorem with the data for one use of it. id: a number by which ``see`` recalls it."""

    hypotheses: ClassVar[Mapping[str, str]] = {}
    id: int | None = None

    @property
    def op(self) -> str:
        """The name of the theorem in a certificate."""
        return type(self).__name__.lower()

    @classmethod
    def assumes(cls) -> dict[str, str]:
        """What is assumed, by the names under which it is checked."""
        return dict(cls.hypotheses)

    def words(self) -> str:
        """The step in one line, without what follows it."""
        raise NotImplementedError

    def encode(self) -> Script:
        """The step as it stands in a certificate: what :func:`read` reads.

        >>> from singularity_lab.exact.proof.moves import Relax
        >>> Relax(id=3, var="u", then={"op": "open"}).encode()
        {'id': 3, 'op': 'relax', 'var': 'u', 'then': {'op': 'open'}}
        """
        script: Script = {} if self.id is None else {"id": self.id}
        script["op"] = self.op
        for name, optional in _data(type(self)).items():
            value = getattr(self, name)
            if value is not None or not optional:
                plain = isinstance(value, str | int)
                script[name] = value if plain else json.decode(json.encode(value))
        for name in _FOLLOWS:
            if follows := getattr(self, name, None):
                script[name] = follows
        return script


_FOLLOWS = ("lemma", "then", "cases")


@cache
def _data(record: type[Step]) -> dict[str, bool]:
    """The fields of a theorem's own data, and whether a certificate may leave them out."""
    names, defaults = record.__struct_fields__, record.__struct_defaults__  # of the last names
    needed = dict.fromkeys(names[: len(names) - len(defaults)], msgspec.NODEFAULT)
    own = {**needed, **dict(zip(names[len(needed) :], defaults, strict=True))}
    return {n: own[n] is None for n in names if n not in ("id", *_FOLLOWS)}


class Move(Step, frozen=True, kw_only=True):
    """A step to another description of the same family; ``then`` is the step that follows."""

    then: Script = {}

    def replay(self, family: Family) -> Family:
        """The family that is left to prove."""
        raise NotImplementedError


class Branch(Step, frozen=True, kw_only=True):
    """A step to several families. cases: the step for each, None where nothing is proved of it."""

    cases: list[Script | None] = []

    @classmethod
    def assumes(cls) -> dict[str, str]:
        left_out = "each family has its case: those that are left out bound nothing"
        return {**cls.hypotheses, "cases": left_out}

    def replay(self, family: Family) -> Families:
        """The families that are left to prove, and how their verdicts combine."""
        raise NotImplementedError

    def case_names(self, family: Family) -> list[str]:
        """What to call the families, in their order."""
        return []


class Leaf(Step, frozen=True, kw_only=True):
    """A step that ends a branch of the proof."""

    def divisor(self, family: Family) -> dict[str, RationalText]:
        """The weights of a divisor that attains (λ, m), where the theorem names one."""
        return {}

    def replay(self, family: Family) -> Verdict:
        """What is proved of the family."""
        raise NotImplementedError


# The records by name.
STEPS: dict[str, type[Step]] = {}

_S = TypeVar("_S", bound=type[Step])


def theorem(record: _S) -> _S:
    """Enter a record under the name that certificates give it."""
    STEPS[record.__name__.lower()] = record
    return record


def read(script: Any) -> Step:
    """The record of one step of a certificate; what follows it is not read.

    Raises CertificateError for an unknown step, and where a field is missing, unknown or of
    another type.

    >>> import singularity_lab.exact.proof.verify  # where all records are entered
    >>> read({"op": "relax", "var": "u"})
    Relax(var='u', id=None, then={})
    >>> read({"op": "open", "then": {}})
    Traceback (most recent call last):
    ...
    singularity_lab.errors.CertificateError: malformed step: Object contains unknown field `then`
    """
    op = script.get("op") if isinstance(script, dict) else script
    if not isinstance(op, str) or op not in STEPS:
        raise CertificateError(f"unknown step {quoted(op)}")
    try:
        return msgspec.convert(script, STEPS[op])
    except msgspec.ValidationError as error:
        message = re.sub("`([^`]*)`", _plain, str(error))
        raise CertificateError(f"malformed step: {message}") from None


_PLAIN = {
    "int": "an integer",
    "str": "text",
    "array": "a list",
    "object": "an object",
    "int | str": "a rational number as text or an integer",
}


def _plain(name: re.Match[str]) -> str:
    """A type in words, where a message of msgspec names it."""
    kinds = name[1].removesuffix(" | null")
    return _PLAIN.get(kinds, f"`{kinds}`")


def index(i: int, listed: Sequence[Any]) -> int:
    """A position counted from 0; negative ones would give one generator two names."""
    hold("index", 0 <= i < len(listed), f"there is no generator {i!r}")
    return i


def without_upper(verdict: Verdict, op: str, why: str) -> Verdict:
    """The verdict without its upper bound, where a hypothesis of the step fails."""
    return replace(verdict, upper=None, why=(f"{op}: {why}",)) if why else verdict


def no_witness(family: Family, zero: Collection[str], witness: Witness | None) -> str:
    """Why no point of the stratum with these variables at 0 is known; "" if one is."""
    return lacks("witness", family.has_point(zero, witness), "no point meets the sign conditions")


def short(text: str, width: int = 48) -> str:
    """The text, cut to a width."""
    return text if len(text) <= width else text[: width - 1] + "…"
