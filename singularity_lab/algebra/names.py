"""Names of variables: what is allowed, fresh ones, and the order in which people list them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from singularity_lab.algebra import input_limits
from singularity_lab.errors import BadInput, quoted, shown

_NUMBERS = {"pi", "oo", "inf", "infinity", "nan"}


def check_names(variables: str | Iterable[str]) -> tuple[str, ...]:
    """Variable names as a tuple, from a sequence or from text separated by commas or blanks.

    Raises BadInput for a name that is not an ASCII identifier, for a name given twice, and for more
    than 3,000 names.

    >>> check_names("x, y z")
    ('x', 'y', 'z')
    """
    if isinstance(variables, str):
        variables = variables.replace(",", " ").split()
    try:
        return _valid_names(tuple(variables))
    except TypeError:  # nothing to go through, or not even hashable
        raise BadInput(f"variables: names are needed, received {quoted(variables)}") from None


@lru_cache(maxsize=512)
def _valid_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > input_limits.VARIABLES:
        raise BadInput(
            f"variables: at most {input_limits.VARIABLES} are needed, received {len(names)}"
        )
    for name in names:
        if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
            raise BadInput(
                "variables: a name is a letter followed by letters, digits or _, "
                f"received {quoted(name)}"
            )
        if len(name) > input_limits.NAME:
            raise BadInput(
                f"variables: at most {input_limits.NAME} characters, received {quoted(name)}"
            )
    if len(set(names)) != len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise BadInput(
            f"variables: each name may appear once, received twice: {shown(', '.join(twice))}"
        )
    return names


def check_no_numbers(names: Iterable[str]) -> None:
    """Raise BadInput for a name that nobody declared and that is a number to most readers.

    >>> check_no_numbers(["x", "pi"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    singularity_lab.errors.BadInput: variables: pi is a number, and coefficients are rational ...
    """
    for name in names:
        if name.lower() in _NUMBERS:
            read = " (rlct alone reads pi, exp(1) and roots)" if name.lower() == "pi" else ""
            raise BadInput(
                f"variables: {name} is a number, and coefficients are rational here{read}; a "
                "variable of this name has to be declared"
            )


def fresh(name: str, taken: Sequence[str]) -> str:
    """A name that is not taken: s, s_, s__, …"""
    return name if name not in taken else fresh(f"{name}_", taken)


def natural_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names without repetition, sorted as people count: ``w2`` before ``w10``."""

    def key(name: str) -> tuple[list[tuple[int, int, str]], str]:
        parts = [s for s in re.split(r"([0-9]+)", name) if s]
        counted = [(s.lstrip("0"), s) if s[0] in "0123456789" else ("", s) for s in parts]
        # digits without leading zeros compare as numbers do, by length first
        return [(0, len(n), n) if s[0] in "0123456789" else (1, 0, s) for n, s in counted], name

    return tuple(sorted(set(names), key=key))


def unknown_variable(what: str, name: object, names: Sequence[str]) -> BadInput:
    """The error for a name that is no variable of a problem, with what would make it one.

    >>> print(unknown_variable("nonnegative", "x", ("y",)))
    nonnegative: unknown variable 'x'; known: y; to add it: variables="x y" (--vars "x y")
    """
    said = f"{what}: unknown variable {quoted(name)}; known: {shown(', '.join(names)) or 'none'}"
    if isinstance(name, str) and name.isascii() and name.isidentifier() and len(names) < 9:
        more = " ".join(natural_order([*names, name]))
        said += f'; to add it: variables="{more}" (--vars "{more}")'
    return BadInput(said)
