"""Errors of the laboratory: "bad input", "wrong domain", "undecided" and "not a proof" are
different things.

Each error says what was asked, which rule failed and what was received; :class:`Undecided` carries
what *is* known, so that a failure still delivers the partial answer.
"""

from __future__ import annotations

from typing import Any


class SingularityLabError(Exception):
    """Base class of all errors that the laboratory raises on purpose."""


class BadInput(SingularityLabError, ValueError):
    """An argument breaks a stated rule; the message names the argument, the rule and what was
    received."""


class ParseError(BadInput):
    """A polynomial expression that cannot be read.

    text: the expression; position: 0-based offset of the first character that does not fit.
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        self.text = text
        self.position = position
        self.reason = message
        super().__init__(f"{message} at position {position} of {text!r}")


class OutOfScope(SingularityLabError):
    """The question makes no sense for this object: for example a threshold where K does not
    vanish."""


class Undecided(SingularityLabError):
    """No method decided within its budget; ``bounds`` carries what is proved all the same."""

    def __init__(self, message: str, bounds: Any = None) -> None:
        self.bounds = bounds
        super().__init__(message)


class CertificateError(SingularityLabError):
    """A certificate does not verify; ``where`` names the step (a path in the proof tree)."""

    def __init__(self, message: str, where: str = "") -> None:
        self.where = where
        super().__init__(f"{where}: {message}" if where else message)
