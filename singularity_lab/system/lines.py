"""Texts of one line that are cut to a width at a word, for tables; the data keep the whole."""

from __future__ import annotations

__all__ = ["shortened"]


def shortened(text: str, width: int) -> str:
    """The text where it has at most ``width`` characters, else its first whole words and "…".

    A word that is itself too long is cut, so that at least half of the width is used.

    >>> shortened("12000 draws are too few", 23), shortened("12000 draws are too few", 16)
    ('12000 draws are too few', '12000 draws are…')
    >>> shortened("x" * 30, 8)
    'xxxxxxx…'
    """
    if len(text) <= width:
        return text
    part = text[:width]
    end = part.rfind(" ")
    return part[: end if end >= width // 2 else width - 1].rstrip(" ,;:(") + "…"
