"""Words by which people find a row: a title and aliases for every row, by rules that its family's
file states.

A family's file says ``row_title``, a text with the row's parameters in braces, ``aliases``,
``tag_aliases``: further ones for the rows with a tag that begins so, and ``id_aliases``: those of
one row, or with a hyphen at the end of the rows whose ids begin so.
A parameter that is a list is joined by what stands after a colon (a comma otherwise); ``{at}`` is
the row's stratum and what the model says of it, ``{id}`` the id. A row's own title goes before the
rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import complete, families
from singularity_lab.errors import BadInput
from singularity_lab.models.model import signature

_LONG = 60  # characters of a parameter that a title still tells
_ONE = re.compile(
    r"\b1 (hidden |visible )?(input|unit|output|step|factor|head|trial|term|feature|component)s\b"
)


class _Words:
    """A parameter in a title."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __str__(self) -> str:
        return format(self, "")

    def __format__(self, between: str) -> str:
        value = self.value
        if value is None:
            return "0"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list | tuple):
            joined = between or ", "
            inner = [f"({_Words(v)})" if isinstance(v, list | tuple) else str(v) for v in value]
            return joined.join(inner)
        return str(value)


def fill(rule: str, values: Mapping[str, Any]) -> str:
    """A rule with its parameters filled in.

    Raises BadInput for a parameter that there is not.

    >>> fill("deep linear network {widths:-}, rank {rank}", {"widths": [2, 1, 2], "rank": 1})
    'deep linear network 2-1-2, rank 1'
    """
    try:
        text = rule.format(**{name: _Words(value) for name, value in values.items()})
    except (KeyError, IndexError, ValueError) as error:
        raise BadInput(f"row_title: {rule!r}: no parameter {error}") from None
    text = " ".join(text.split()).strip(" ,")
    return _ONE.sub(lambda m: f"1 {m[1] or ''}{m[2]}", text)


def title(entry: Entry) -> tuple[str, bool]:
    """The title of a row, and whether a rule of its family made it (False: a person wrote it).

    >>> from singularity_lab.catalog.load import load
    >>> title(load("rrr-2-3-1-r0"))[0]
    'two-layer linear network 2-1-3, true rank 0 (rank A = 0, rank B = 0, rank BA = 0)'
    """
    if entry.title:
        return entry.title, False
    family = families()[entry.family]
    model = entry.model()
    place = entry.stratum()
    if place is not None:
        at = f"({place.description})" if place.description else ""
        if not at and place.name != "origin":
            at = f"at {place.name}"
    else:
        point = {n: c for n, c in _coordinates(entry).items() if c}
        at = "at " + ", ".join(f"{n} = {c}" for n, c in point.items()) if point else ""
    values: dict[str, Any] = {"at": at, "id": entry.id, "statement": model.statement}
    if entry.builder:
        values |= complete(entry.builder, entry.parameters)
    else:
        values |= {"ideal": entry.ideal, "note": entry.note}
    if entry.builder != family.model or not family.row_title:  # the rule names other parameters
        what = entry.note or model.statement
        return f"{family.title}: {what}", True
    words = fill(family.row_title, values)
    if at.startswith("("):
        words = words.replace(f", {at}", f" {at}")
    return ", ".join([words, *_unsaid(entry, family.row_title)]), True


def _unsaid(entry: Entry, rule: str) -> list[str]:
    """What the rule does not say of a row, and what is not the builder's default."""
    said = set(re.findall(r"\{(\w+)", rule))
    defaults = {k: d for k, (_, d) in signature(entry.builder).items()} if entry.builder else {}
    given = {
        name.replace("_", " "): value
        for name, value in entry.parameters.items()
        if name not in said and value != defaults.get(name)
    }
    if entry.prior:
        given["prior exponents"] = list(entry.prior.values())
    told = [f"{name} {_Words(value)}" for name, value in given.items()]
    return [text for text in told if len(text) <= _LONG]


def _coordinates(entry: Entry) -> dict[str, Any]:
    return dict(entry.at) if isinstance(entry.at, dict) else {}


def aliases(entry: Entry) -> list[str]:
    """Other words for a row, lower case: its own, its family's and builder's, tags, and what its
    parameters say.

    >>> from singularity_lab.catalog.load import load
    >>> "transformer" in aliases(load("attention-d1-k1-v1-h1"))
    True
    """
    family = families()[entry.family]
    found = [
        word.lower()
        for name, words in family.id_aliases.items()
        for word in words
        if entry.id == name or (name.endswith("-") and entry.id.startswith(name))
    ]
    found += [w.lower() for w in family.aliases]
    found += [w.replace("_", " ") for w in (entry.family, entry.builder) if w]
    for tag in entry.tags:
        found.append(tag.removeprefix("computes-").replace("-", " "))
        for prefix, words in family.tag_aliases.items():
            if tag.startswith(prefix):
                found += [w.lower() for w in words]
    for name, value in entry.parameters.items():
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_ -]*", value):
            found.append(f"{name} {value}".lower())
            found.append(value.lower())
    return list(dict.fromkeys(found))
