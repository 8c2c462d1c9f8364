"""Rows whose germs are one up to renaming and signs of the variables.

A value is a statement about a germ: rows that repeat a germ are one statement, and carry one tag.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.entry import Entry
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.symmetry import labelling, signs


def same_germ(a: LocalProblem, b: LocalProblem) -> bool:
    """True if renaming variables and changing signs carries one germ to the other.

    False where that is not found: equality of ideals is not decided here.

    >>> a, b = LocalProblem.build(["x*y - z", "x"]), LocalProblem.build(["u", "w - u*v"])
    >>> same_germ(a, b), same_germ(a, LocalProblem.build(["x*y - z", "y^2"]))
    (True, False)
    """
    mine, theirs = _form(a), _form(b)
    return mine[0] == theirs[0] and _match(mine, theirs)


def repeats(rows: Iterable[Entry]) -> list[list[Entry]]:
    """The rows in classes of one germ, in the order of their first members.

    >>> from singularity_lab.catalog.load import load
    >>> pair = [load("attention-d2-k1-v1-h2-cross"), load("cp-2-2-2-2-s2"), load("nc-1-1")]
    >>> [[e.id for e in same] for same in repeats(pair)]
    [['attention-d2-k1-v1-h2-cross', 'cp-2-2-2-2-s2'], ['nc-1-1']]
    """
    classes: list[tuple[tuple[Any, ...], list[Entry]]] = []
    by_key: dict[Any, list[int]] = {}
    for row in rows:
        form = _form(row.problem())
        for n in by_key.get(form[0], []):
            if _match(form, classes[n][0]):
                classes[n][1].append(row)
                break
        else:
            by_key.setdefault(form[0], []).append(len(classes))
            classes.append((form, [row]))
    return [members for _, members in classes]


def _form(problem: LocalProblem) -> tuple[Any, ...]:
    """(what renaming leaves alone, the family, the order of its variables)."""
    germ = problem.localize(algebraic=True)
    family = Germs.of(germ)
    key, order = labelling(family)
    return (key, germ.convention, len(germ.variables)), family, order


def _match(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    _, mine, order = a
    _, theirs, other = b
    return len(mine.gens) == len(theirs.gens) and signs(mine, order, theirs, other) is not None
