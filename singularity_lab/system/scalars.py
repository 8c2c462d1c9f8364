"""Numbers as people pass them: of Python, of NumPy, or a tensor that holds one."""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any

__all__ = ["integer", "real"]


def integer(x: Any) -> int | None:
    """The integer that a value is, or None; truth values and floats are none.

    >>> integer(3), integer(3.0), integer(True), integer("3")
    (3, None, None, None)
    """
    x = _inner(x)
    if isinstance(x, bool):
        return None
    try:
        return operator.index(x)
    except TypeError:
        return None


def real(x: Any) -> float | None:
    """The number that a value is, or None; truth values and texts are none.

    >>> real(3), real(0.5), real(True), real("3")
    (3.0, 0.5, None, None)
    """
    x = _inner(x)
    return float(x) if isinstance(x, Real) and not isinstance(x, bool) else None


def _inner(x: Any) -> Any:
    """What an array without axes holds; other things stay."""
    return x.item() if getattr(x, "ndim", None) == 0 and hasattr(x, "item") else x
