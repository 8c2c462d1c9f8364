"""JSON documents read into typed records: a wrong field is an error that names it."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from singularity_lab.errors import BadInput

T = TypeVar("T")


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a kind of document, in their order: what is written and what is read."""

    def plain(self) -> dict[str, Any]:
        """The document: dictionaries, lists, numbers and texts."""
        found: dict[str, Any] = _lists(msgspec.to_builtins(self, str_keys=True, enc_hook=_builtin))
        return found


def _lists(value: Any) -> Any:
    """Plain data with its tuples as lists, as they are read back."""
    if isinstance(value, dict):
        return {name: _lists(part) for name, part in value.items()}
    return [_lists(part) for part in value] if isinstance(value, list | tuple) else value


def _builtin(value: Any) -> Any:
    """A number of numpy or torch, or a text of a class of its own, as Python's own."""
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a document holds no {type(value).__name__}")


def decoded(text: str | bytes, kind: type[T], what: str) -> T:
    """The record that a JSON text holds. Raises BadInput, with the name of the field that is wrong.

    >>> class Point(Record):
    ...     x: float
    >>> decoded('{"x": 2}', Point, "point")
    Point(x=2.0)
    >>> decoded('{"x": "2"}', Point, "point")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: point: field x: Expected `float`, got `str`
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{what}: {readable(error)[:160]}") from None


def converted(data: Any, kind: type[T], what: str) -> T:
    """The same of plain data, as ``json.loads`` gives them."""
    try:
        return msgspec.convert(data, type=kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise BadInput(f"{what}: {readable(error)[:160]}") from None


def readable(error: Exception) -> str:
    """msgspec's message, with `$.claim[0].value` turned round into 'field claim[0].value: …'."""
    text = str(error)
    path = re.search(r" - at `\$\.?([^`]*)`$", text)
    message = text[: path.start()] if path else text
    place = path.group(1) if path else ""
    message = re.sub(
        r"^Object (contains unknown|missing required) field `(\w+)`$",
        lambda m: ("unknown field " if "unknown" in m[1] else "missing field ") + repr(m[2]),
        message,
    )
    return f"field {place}: {message}" if place else message
