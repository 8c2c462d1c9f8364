"""Names that may have been meant for something else: a constant, a power, a product."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

_CONSTANTS = {
    "i": "i is a variable, not the imaginary unit",
    "I": "I is a variable, not the imaginary unit",
    "e": "e is a variable; Euler's number is exp(1)",
    "E": "E is a variable; Euler's number is exp(1)",
}
_FACTOR = re.compile(r"([A-Za-z])([0-9]*)")


class Named(Protocol):
    """A problem with variables and, of a row of the catalog, a label."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        ...

    @property
    def label(self) -> str:
        """What the problem is called; empty for expressions."""
        ...


def doubts_of(problem: Named) -> str:
    """How the names of a problem were read: of expressions alone, not of rows of the catalog."""
    return "" if problem.label else doubts(problem.variables)


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
