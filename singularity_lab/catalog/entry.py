"""The schema of a catalog row: a model, a point, and what papers claim there
(docs/add-a-row.md).

Strict: unknown fields are errors, and every error names the file, the entry and the field. An
absent field means unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

import singularity_lab.programs  # noqa: F401  registers the builder `program`
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Ideal, point_values
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.model import (
    Model,
    Stratum,
    build,
    polynomial_twin,
    unweighted,
)
from singularity_lab.system.documents import readable

if TYPE_CHECKING:
    from singularity_lab.models.model import Batched

_T = TypeVar("_T")
Number = int | str
_ID = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_TAG = re.compile(r"[a-z0-9][a-z0-9-]*")


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a paper says about a row; it is compared with certificates and never used to compute.

    quantity: ``rlct`` (λ of K) or ``lct`` (the complex threshold of the ideal; 2λ ≥ lct always).
    value: a fraction as text; multiplicity: m, absent when the source does not give it.
    source: a key of references.bib; theorem: where in the source; conditions: what it supposes
    beyond the row. kind: ``exact``, or an ``upper`` or ``lower`` bound.
    scope: ``local`` (the germ at the row's point) or ``global`` (the minimum over all strata).
    disputed: the reason, when a certificate or another source contradicts it.
    """

    quantity: Literal["rlct", "lct"]
    value: str
    source: str
    multiplicity: int | None = None
    theorem: str = ""
    conditions: str = ""
    kind: Literal["exact", "upper", "lower"] = "exact"
    scope: Literal["local", "global"] = "local"
    disputed: str = ""

    @property
    def fraction(self) -> Fraction:
        """The value as an exact rational."""
        return fraction(self.value, "claim.value")

    def __str__(self) -> str:
        sign = {"exact": "=", "upper": "<=", "lower": ">="}[self.kind]
        m = f", m = {self.multiplicity}" if self.multiplicity is not None else ""
        where = f", {self.theorem}" if self.theorem else ""
        return f"{self.quantity} {sign} {self.value}{m} ({self.source}{where})"


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A reading that a device took at a row, kept on file: for rows whose λ nobody can prove.

    device: its name in the registry. value: its estimate of λ as decimal text; low, high: its
    interval; seed, evaluations and budget (limits: of K and ∇K, and in CPU seconds), settings: what
    repeats it; outcome: in one word or two.
    """

    device: str
    value: str
    seed: int
    low: str = ""
    high: str = ""
    evaluations: Number | str = ""
    budget: Number | str = ""
    settings: dict[str, Any] = {}
    outcome: str = "ok"

    def __str__(self) -> str:
        interval = f" [{self.low}, {self.high}]" if self.low and self.high else ""
        return f"{self.device} reads {self.value}{interval} (seed {self.seed})"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row: a model (a builder with parameters, or an inline ideal) at a point, with tags and
    claims.

    id: unique, lower case. family: the file's.
    builder (``model`` in TOML), parameters: a builder of singularity_lab.models and its arguments;
    or vars, ideal: variables and generators as text.
    at: the name of a stratum of the model, ``origin``, or coordinates by variable (absent ones are
    0); absent: the model's first stratum, and the origin of an inline ideal.
    prior: exponents τ by variable; nonnegative, box: constraints. All three are for inline ideals
    (a builder knows its own).
    convention: ``loss`` when the one inline generator is K itself.
    scope: ``global`` when the value at this point is also the minimum over all strata (the deepest
    stratum).
    reading: what devices measured there, for a loss that is no polynomial.
    """

    id: str
    family: str = ""
    title: str = ""
    builder: str = msgspec.field(default="", name="model")
    parameters: dict[str, Any] = {}
    vars: list[str] = []
    ideal: list[str] = []
    at: str | dict[str, Number] = ""
    prior: dict[str, Number] = {}
    nonnegative: list[str] = []
    box: dict[str, tuple[Number | None, Number | None]] = {}
    convention: Literal["ideal", "loss"] = "ideal"
    scope: Literal["local", "global"] = "local"
    tags: list[str] = []
    note: str = ""
    claim: list[Claim] = []
    reading: list[Measured] = []

    @property
    def readings(self) -> tuple[Measured, ...]:
        """The readings on file."""
        return tuple(self.reading)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of the row."""
        return tuple(self.claim)

    def model(self) -> Model:
        """The model of the row; the most recent ones are kept.

        Raises BadInput, with the file, the row and the field, when the builder, its parameters or
        the polynomials are wrong.
        """
        return self._made(_cached)

    def _source(self) -> bytes:
        """What the model is made of: rows that differ at all else have one model."""
        if self.builder:
            return msgspec.json.encode(Entry("", builder=self.builder, parameters=self.parameters))
        return msgspec.json.encode(
            Entry(
                "",
                vars=self.vars,
                ideal=self.ideal,
                at=self.at if isinstance(self.at, dict) else "",
                prior=self.prior,
                nonnegative=self.nonnegative,
                box=self.box,
                convention=self.convention,
            )
        )

    def _made(self, make: Callable[[bytes], _T]) -> _T:
        """What is made of the source; an error says where it stands."""
        try:
            return make(self._source())
        except BadInput as error:
            raise self._wrong(error, "parameters" if self.builder else "ideal") from None

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return self._made(_shape)[0]

    @property
    def dimension(self) -> int:
        """The number of parameters d."""
        return len(self.variables)

    @property
    def polynomial(self) -> bool:
        """Whether the loss is a polynomial, so that there is a germ to prove something of."""
        return not self.builder or self._made(_shape)[1]

    def problem(self) -> LocalProblem:
        """The germ at the row's point. Raises OutOfScope for a loss that is no polynomial.

        >>> e = Entry(id="cusp", vars=["x", "y"], ideal=["x^2 - y^3"])
        >>> print(e.problem().ideal)
        (x^2 - y^3) in Q[x, y]
        """
        model = self.model()
        try:
            germ = model.problem(self.at or None)
        except BadInput as error:
            raise self._wrong(error, "at") from None
        return replace(germ, label=self.label)

    def _wrong(self, error: BadInput, field: str) -> BadInput:
        """The error with the file and the row; with the field, where it does not name one."""
        if not _ID.fullmatch(self.id):  # generated: its id is what was asked for
            return error
        said = str(error).partition(":")[0].partition("[")[0]
        words = f"field {error}" if said in self.__struct_fields__ else f"field {field}: {error}"
        if said == "model":
            words = f"field {error}"
        where = f"{self.family}.toml: " if self.family else ""
        return BadInput(f"{where}entry {self.id!r}: {words}")

    @property
    def label(self) -> str:
        """What answers about its germ call the row."""
        return f"row {self.id} of the catalog" if self.family else f"row {self.id}"

    def stratum(self) -> Stratum | None:
        """The named stratum that the row stands at, or None for a point without a name."""
        model = self.model()
        if isinstance(self.at, dict):
            point = point_values(self.at, model.variables, "at")
            return next((s for s in model.strata if s.point == point), None)
        return model.stratum(self.at) if self.at else model.strata[0]

    def twin(self) -> Batched:
        """The loss in torch, (c, d) → (c,)."""
        return self.model().twin

    def __str__(self) -> str:
        return f"{self.id} [{self.family}] {self.title or self.model().statement}"


@lru_cache(maxsize=64)
def _cached(encoded: bytes) -> Model:
    return _build(msgspec.json.decode(encoded, type=Entry))


@lru_cache(maxsize=8192)
def _shape(encoded: bytes) -> tuple[tuple[str, ...], bool]:
    """The names of the variables, and whether the loss is a polynomial."""
    model = _cached(encoded)
    return model.variables, model.polynomial


def _build(entry: Entry) -> Model:
    if entry.builder:
        return build(entry.builder, **entry.parameters)
    ideal = Ideal.parse(entry.ideal, entry.vars or None)
    problem = LocalProblem.build(
        ideal,
        at=entry.at if isinstance(entry.at, dict) else None,
        prior=entry.prior,
        nonnegative=entry.nonnegative,
        box=entry.box,
        convention=entry.convention,
    )
    squares = unweighted(ideal.generators)
    names = ideal.variables
    return Model(
        name="inline",
        parameters={},
        ideal=ideal,
        squares=squares,
        strata=(Stratum("point" if any(problem.point) else "origin", problem.rational_point),),
        twin=polynomial_twin(squares, len(names), entry.convention),
        statement="inline ideal " + ", ".join(entry.ideal),
        prior={v: t for v, t in zip(names, problem.prior, strict=True) if t},
        box={v: b for v, b in zip(names, problem.box, strict=True) if b != (None, None)},
        convention=entry.convention,
    )


# -- strict decoding -------------------------------------------------------------------------------


def decode(data: Mapping[str, Any], family: str, where: str) -> Entry:
    """An entry from decoded TOML. ``where`` (a file) and the id open every error message.

    Raises BadInput for unknown fields, wrong types, and combinations that make no sense.

    >>> decode({"id": "a", "ideal": ["x^2"], "vers": []}, "powers", "a.toml")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: a.toml: entry 'a': unknown field 'vers'; known: id, ...
    """
    name = data.get("id", "(no id)")
    try:
        entry = msgspec.convert({"family": family, **data}, Entry)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}: entry {name!r}: {readable(error)}{_known(error)}") from None
    problem = _sense(entry)
    if problem:
        raise BadInput(f"{where}: entry {name!r}: {problem}")
    return entry


def _known(error: Exception) -> str:
    """The fields that there are, where an error is about one that is not."""
    if "unknown field" not in str(error):
        return ""
    place = re.search(r"\$\.(claim|reading)", str(error))
    kind: Any = {"claim": Claim, "reading": Measured}.get(place[1], Entry) if place else Entry
    return "; known: " + ", ".join(f for f in kind.__struct_encode_fields__ if f != "family")


def _sense(entry: Entry) -> str:
    """What is wrong with the row's fields together, or the empty text."""
    if not _ID.fullmatch(entry.id):
        return f"field id: lower-case letters, digits, '.', '+' and '-', received {entry.id!r}"
    if bool(entry.builder) == bool(entry.ideal):
        return "fields model, ideal: exactly one of them is needed"
    inline_only = ("vars", "prior", "nonnegative", "box")
    if entry.builder:
        for field in inline_only:
            if getattr(entry, field):
                return f"field {field}: for inline ideals only (the builder has its own)"
        if entry.convention != "ideal":
            return "field convention: for inline ideals only"
    elif entry.parameters:
        return "field parameters: for builders only"
    elif isinstance(entry.at, str) and entry.at not in ("", "origin"):
        return f"field at: an inline ideal has no stratum {entry.at!r}; give coordinates"
    for tag in entry.tags:
        if not _TAG.fullmatch(tag):
            return f"field tags: lower-case letters, digits and '-', received {tag!r}"
    for i, claim in enumerate(entry.claim):
        try:
            value = fraction(claim.value)
        except BadInput:
            return f"field claim[{i}].value: a fraction as text is needed, received {claim.value!r}"
        if value <= 0:
            return f"field claim[{i}].value: a positive fraction is needed, received {claim.value}"
        if claim.multiplicity is not None and claim.multiplicity < 1:
            return f"field claim[{i}].multiplicity: at least 1, received {claim.multiplicity}"
        if claim.quantity == "lct" and claim.scope == "global":
            return f"field claim[{i}].scope: an lct here is local"
    return ""


def claimed(claim: Claim) -> RLCT | None:
    """(λ, m) when the claim gives both of a real threshold exactly; None otherwise."""
    if claim.quantity != "rlct" or claim.kind != "exact" or claim.multiplicity is None:
        return None
    return RLCT(claim.fraction, claim.multiplicity)


# -- writing ---------------------------------------------------------------------------------------


def toml_value(value: Any) -> str:
    """A value as TOML text. Raises BadInput for what a row cannot hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"
    raise BadInput(f"entry: no TOML for {value!r}")


def to_toml(entry: Entry) -> str:
    """The row as TOML text (without its family, which is the file's).

    >>> print(to_toml(Entry(id="cusp", vars=["x", "y"], ideal=["x^2 - y^3"], tags=["curve"])))
    [[entry]]
    id = "cusp"
    vars = ["x", "y"]
    ideal = ["x^2 - y^3"]
    tags = ["curve"]
    """
    lines = ["[[entry]]"]
    for field, value in msgspec.to_builtins(entry).items():
        if field not in ("family", "claim", "reading"):
            lines.append(f"{field} = {toml_value(value)}")
    for table, items in (("claim", entry.claim), ("reading", entry.reading)):
        for item in items:
            lines.append(f"[[entry.{table}]]")
            lines += [f"{k} = {toml_value(v)}" for k, v in msgspec.to_builtins(item).items()]
    return "\n".join(lines)
