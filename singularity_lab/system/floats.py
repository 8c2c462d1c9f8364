"""Exact numbers as floats: refused where they are beyond these, or as a guess."""

from __future__ import annotations

from typing import SupportsFloat

from singularity_lab.errors import BadInput, quoted

__all__ = ["approximate", "as_float"]


def as_float(value: SupportsFloat, name: str = "value") -> float:
    """A number as a float. Raises BadInput for one that is beyond the floats.

    >>> from fractions import Fraction
    >>> as_float(Fraction(1, 4))
    0.25
    >>> as_float(10**400, "center")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: center: a number is beyond floating point (10^308), ...
    """
    try:
        return float(value)
    except OverflowError:
        message = f"{name}: a number is beyond floating point (10^308), received {quoted(value)}"
        raise BadInput(message) from None


def approximate(value: SupportsFloat) -> float:
    """A number as a float, for a guess or an order: ±10^300 where it is beyond the floats.

    >>> approximate(0.5), approximate(-(10**400))
    (0.5, -1e+300)
    """
    try:
        return float(value)
    except OverflowError:
        return 1e300 if value > 0 else -1e300  # type: ignore[operator]
