"""Names of variables: what is allowed, fresh ones, and the order in which people list them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from singularity_lab.algebra import input_limits
from singularity_lab.errors import BadInput, quoted, shown

_NUMBERS = {"pi", "oo", "inf", "infinity", "nan"}
_CONSTANTS = {
    "i": "i is a variable, not the imaginary unit",
    "I": "I is a variable, not the imaginary unit",
    "e": "e is a variable; Euler's number is exp(1)",
    "E": "E is a variable; Euler's number is exp(1)",
}
_FACTOR = re.compile(r"([A-Za-z])([0-9]*)")


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
    singularity_lab.errors.BadInput: variables: pi is a number, and rational ones are needed ...
    """
    for name in names:
        if name.lower() in _NUMBERS:
            raise BadInput(
                f"variables: {name} is a number, and rational ones are needed here; a variable of "
                "this name has to be declared"
            )


def doubts(names: Sequence[str]) -> str:
    """How names were read, where they may have been meant for something else; else the empty text.

    i, I, e and E are doubtful unless a neighbour in the alphabet stands beside them; x2 and y3 in
    place of powers, where no letter has two indices and none has the index 0 or 1; xy and x2y3 in
    place of products.

    >>> doubts(["x2", "y3"])
    'variables: x2, y3; if x^2, y^3 are meant, write so'
    >>> doubts(["i", "x"])
    'variables: i, x; i is a variable, not the imaginary unit'
    >>> doubts(["x1", "x2", "x3"]), doubts(["i", "j", "x"])
    ('', '')
    """
    told = [said for name, said in _CONSTANTS.items() if name in names and _alone(name, names)]
    powers = _are_powers(names)
    meant = [name for name in names if _is_product(name, names) or (powers and name[1:])]
    if meant:
        forms = ", ".join(map(_monomial, meant))
        told.append(f"if {forms} {'is' if len(meant) == 1 else 'are'} meant, write so")
    return "; ".join([f"variables: {', '.join(names)}", *told]) if told else ""


def _alone(letter: str, names: Sequence[str]) -> bool:
    return not {chr(ord(letter) - 1), chr(ord(letter) + 1)} & set(names)


def _are_powers(names: Sequence[str]) -> bool:
    """Whether every name is a letter, with an index from 2 or without, no letter with two indices,
    as in the short form x2 - y3 of x^2 - y^3."""
    indexed = [name[0] for name in names if name[1:]]
    plain = all(re.fullmatch(r"[A-Za-z]([2-9]|[1-9][0-9]+)?", name) for name in names)
    return plain and bool(indexed) and len(set(indexed)) == len(indexed)


def _is_product(name: str, names: Sequence[str]) -> bool:
    """Whether a name may have been meant for a product: xy or xy2 alone or beside x, and x2y3."""
    if re.fullmatch(r"[A-Za-z]+[0-9]+[A-Za-z][A-Za-z0-9]*", name):
        return True
    letters = name.rstrip("0123456789")
    short = letters.isalpha() and len(letters) in (2, 3)
    return short and (len(names) == 1 or bool(set(letters) & set(names)))


def _monomial(name: str) -> str:
    """x^2*y for x2y."""
    return "*".join(f"{v}^{e}" if e else v for v, e in _FACTOR.findall(name))


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
