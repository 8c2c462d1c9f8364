"""Rings of polynomials over the rational numbers, and how their numbers are read."""

from __future__ import annotations

import operator
import sys
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import flint

from singularity_lab.algebra import input_limits
from singularity_lab.errors import BadInput, quoted

Rational = int | Fraction
_CONTEXTS = 4096  # contexts of flint from which unused ones are looked for
_left = [0]  # how many were in use when they were looked for last


def ring(variables: Sequence[str]) -> flint.fmpq_mpoly_ctx:
    """The flint context of Q[variables] in degree reverse lexicographic order (one for each)."""
    return _ring(tuple(variables))


@lru_cache(maxsize=512)
def _ring(variables: tuple[str, ...]) -> flint.fmpq_mpoly_ctx:
    found = flint.fmpq_mpoly_ctx.get(variables, flint.Ordering.degrevlex)
    drop_unused_contexts()
    return found


def drop_unused_contexts(most: int = _CONTEXTS) -> int:
    """Forget contexts that no polynomial uses any more, if there are more than so many; returns how
    many are left.

    python-flint keeps a context for each tuple of names that it was ever asked for, 1 kB each and
    more for long ones. Two contexts of the same names would not go together, so those in use stay.
    """
    known = getattr(flint.fmpq_mpoly_ctx, "_ctx_cache", None)
    if not isinstance(known, dict):  # another version of python-flint
        return 0
    if len(known) > max(most, 2 * _left[0]):
        for key in list(known):
            if sys.getrefcount(known[key]) <= 2:  # that of the dict, and of the call
                del known[key]
        _left[0] = len(known)
    return len(known)


@lru_cache(maxsize=512)
def generators(variables: tuple[str, ...]) -> tuple[flint.fmpq_mpoly, ...]:
    """The variables as elements of the ring."""
    return tuple(_ring(variables).gens())


@lru_cache(maxsize=512)
def positions(variables: tuple[str, ...]) -> dict[str, int]:
    """The place of each variable, by name."""
    return {n: i for i, n in enumerate(variables)}


def fraction(value: Any, name: str = "value") -> Fraction:
    """An exact rational from an integer, a Fraction, a Decimal, flint's numbers or text such as
    ``-3/4`` or ``0.25``.

    Raises BadInput for floats (they are not exact) and for text that is not a rational number, or
    one beyond the limits of :func:`singularity_lab.algebra.input_limits.rational`.

    >>> fraction("3/4") + fraction("0.25")
    Fraction(1, 1)
    """
    if not isinstance(value, str):  # most are; abstract classes are slow to ask
        if isinstance(value, Fraction):
            return value
        if isinstance(value, bool | float):
            raise BadInput(
                f"{name}: an exact rational is needed (an integer, a Fraction or text like '1/3'), "
                f"received {quoted(value)}"
            )
        if hasattr(value, "__index__"):  # of Python, NumPy and flint
            return Fraction(operator.index(value))
        if isinstance(value, flint.fmpq):
            return Fraction(int(value.p), int(value.q))
        if isinstance(value, Decimal) and value.is_finite():
            return _read_fraction(str(value), name)
        raise BadInput(f"{name}: not a rational number: {quoted(value)}")
    return _read_fraction(value, name)


@lru_cache(maxsize=512)
def _read_fraction(text: str, name: str) -> Fraction:
    return input_limits.rational(text, name)


def to_fmpq(value: Rational) -> flint.fmpq:
    """The same rational as a flint number."""
    return flint.fmpq(value.numerator, value.denominator)
