"""A number with its noun, so that one of a thing is not told as several."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(2, "row"), counted(0, "vertex", "vertices")
    ('1 row', '2 rows', '0 vertices')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
