"""Hypotheses by name: the record of a theorem states them, and checks each by its name.

A theorem that a step uses holds under hypotheses. Each has a short name and a sentence in the
step's record (:mod:`singularity_lab.exact.proof.step`); the check gives the name, and so does
the error where it fails. A test compares the names that are stated with those that are checked, and
breaks each of them alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from singularity_lab.errors import CertificateError, SingularityLabError


def hold(name: str, condition: bool, message: str, *about: object) -> None:
    """Raise CertificateError unless the hypothesis holds. {} in the message stand for what it is
    about, which is written out only where it fails.

    >>> hold("free", False, "{} carries a sign", "x")
    Traceback (most recent call last):
    ...
    singularity_lab.errors.CertificateError: free: x carries a sign
    """
    if not condition:
        raise CertificateError(f"{name}: {message.format(*about) if about else message}")


def lacks(name: str, condition: bool, message: str, *about: object) -> str:
    """The hypothesis that fails, in words, or "" where it holds: for those without which a step
    still proves a bound on one side.

    >>> lacks("point", False, "the unit {} vanishes there", "p")
    'point: the unit p vanishes there'
    """
    if condition:
        return ""
    return f"{name}: {message.format(*about) if about else message}"


@contextmanager
def under(name: str) -> Iterator[None]:
    """A hypothesis that is checked elsewhere: its name is put before what fails there."""
    try:
        yield
    except SingularityLabError as error:
        raise CertificateError(f"{name}: {error}") from None
