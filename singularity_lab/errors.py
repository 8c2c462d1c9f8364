"""Errors of the laboratory: "bad input", "wrong domain", "undecided" and "not a proof" are
different things.

Each error says what was asked, which rule failed and what was received; :class:`Undecided` carries
what *is* known, so that a failure still delivers the partial answer.
"""

from __future__ import annotations

import re
from typing import Any

QUOTE = 80
"""Characters of an input that a message quotes."""
_PARTS = re.compile(
    rf"(?<!\w)'[^']*'|(?<!\w)\"[^\"]*\"|(?<!\w)\[.{{{QUOTE - 1},}}\]"
    rf"|(?<!\w)\{{.{{{QUOTE - 1},}}\}}|\S{{{QUOTE + 1},}}",
    re.DOTALL,
)


def shown(value: object) -> str:
    """A value as text, cut to 80 characters; it never fails, whatever is received.

    >>> shown("x^2 - y"), len(shown("x" * 10**6))
    ('x^2 - y', 80)
    >>> shown(10**5000)
    'an integer of 16610 bits'
    """
    return _cut(_text(value, str))


def quoted(value: object) -> str:
    """A value as Python writes it, cut to 80 characters; it never fails.

    >>> quoted("a"), len(quoted(["a"] * 1000))
    ("'a'", 80)
    """
    if isinstance(value, str) and len(value) > QUOTE:
        value = value[:QUOTE]  # the text itself may be 100 MB
        return _cut(repr(value)[:-1] + "…")
    return _cut(_text(value, repr))


def _text(value: object, write: Any) -> str:
    try:
        return str(write(value))
    except (ValueError, RecursionError):  # more digits than Python writes; a list inside itself
        if isinstance(value, int):
            return f"an integer of {value.bit_length()} bits"
        return f"a {type(value).__name__}"


def _cut(text: str) -> str:
    return text if len(text) <= QUOTE else text[: QUOTE - 1] + "…"


def _short(message: str) -> str:
    """A message in which no quotation, list or word is longer than 80 characters."""
    if len(message) <= QUOTE:
        return message
    return _PARTS.sub(lambda m: _cut_word(m.group()), message)


def _cut_word(word: str) -> str:
    """A word cut to 80 characters: of a path the end is kept, which names the file."""
    path = "/" in word and not any(c in word for c in "*^+()[]{}")
    return f"…{word[1 - QUOTE :]}" if path and len(word) > QUOTE else _cut(word)


class SingularityLabError(Exception):
    """Base class of all errors that the laboratory raises on purpose.

    >>> from singularity_lab import rlct
    >>> try:
    ...     rlct("x + 1")
    ... except SingularityLabError as error:
    ...     print(type(error).__name__)
    OutOfScope
    """


class BadInput(SingularityLabError, ValueError):
    """An argument breaks a stated rule; the message names the argument, the rule and what was
    received, cut to 80 characters.

    >>> from singularity_lab import rlct
    >>> rlct("x^2", budget=-1)
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: budget: CPU seconds > 0 are needed, received -1
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(_short(str(message)))


class ParseError(BadInput):
    """A polynomial expression that cannot be read.

    text: the expression; position: 0-based offset of the first character that does not fit.

    >>> from singularity_lab import rlct
    >>> try:
    ...     rlct("x^2 +* y")
    ... except ParseError as error:
    ...     print(error.position, error.text[error.position])
    5 *
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        self.text = text
        self.position = position
        self.reason = message
        size = QUOTE - 4  # with quotation marks, and dots on both sides
        start = max(0, min(position - size // 2, len(text) - size)) if len(text) > size else 0
        part = text[start : start + size]
        before, after = "…" if start else "", "…" if start + size < len(text) else ""
        super().__init__(f"{message} at position {position} of {before}{part!r}{after}")


class OutOfScope(SingularityLabError):
    """The question makes no sense for this object: for example a threshold where K does not
    vanish.

    >>> from singularity_lab import rlct
    >>> rlct("x + 1")
    Traceback (most recent call last):
    singularity_lab.errors.OutOfScope: K does not vanish at the point (x = 0): K = 1 there, so ...
    """


class Undecided(SingularityLabError):
    """No method decided within its budget; ``bounds`` carries what is proved all the same.

    >>> from singularity_lab import jets
    >>> try:
    ...     jets("x^5 + y^7 + x^3*y^3*z + z^9 + w^4*x", order=20, budget=0.05)
    ... except Undecided as error:
    ...     print("not decided within" in str(error))
    True
    """

    def __init__(self, message: str, bounds: Any = None) -> None:
        self.bounds = bounds
        super().__init__(message)


class CertificateError(SingularityLabError):
    """A certificate does not verify; ``where`` names the step (a path in the proof tree).

    >>> from dataclasses import replace
    >>> from singularity_lab import rlct, verify
    >>> cusp, line = rlct("x^2 - y^3").certificate, rlct("x").certificate
    >>> verify(replace(cusp, claim=line.claim))
    Traceback (most recent call last):
    singularity_lab.errors.CertificateError: claimed (1/2, 1), proved lower (5/12, 1)
    """

    def __init__(self, message: str, where: str = "") -> None:
        self.where = where
        message = _short(message)
        super().__init__(f"{where}: {message}" if where else message)
