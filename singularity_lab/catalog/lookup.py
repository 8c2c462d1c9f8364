"""Which germ a text stands for: a row of the catalog, or an expression. A row is its germ: ideal,
point, prior, constraints and convention.

The catalog, with every builder of a model, is loaded only where a text can be the name of a row.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from singularity_lab.errors import BadInput

if TYPE_CHECKING:
    from singularity_lab.algebra.polynomial import PointLike
    from singularity_lab.algebra.problem import LocalProblem
    from singularity_lab.catalog.entry import Entry

P = ParamSpec("P")
T = TypeVar("T")

_WORD = re.compile(r"[a-z0-9][a-z0-9.+-]*")


def find_row(source: Any, variables: Any = None) -> Entry | None:
    """The row that a text (or a list of one text) names, or None for anything else.

    A text that is an id and an expression too is the row, unless ``variables`` are given. Raises
    BadInput for a word that begins as the ids of rows do and is none: ``nc-1-7`` would be the
    polynomial nc − 8.

    >>> find_row("nc-1-1").dimension, find_row("nc-1-1", variables="nc"), find_row("x^2 - y^3")
    (2, None, None)
    >>> find_row("nc-1-7")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: id: the catalog has no row 'nc-1-7'; perhaps nc-1-3, \
nc-1-2, nc-1-1; for an expression give the variables
    """
    if isinstance(source, list | tuple) and len(source) == 1:
        (source,) = source
    word = source.strip() if isinstance(source, str) else ""
    named = "-" in word and _WORD.fullmatch(word)
    if isinstance(source, str | list | tuple) and (
        variables is not None or not (named or ":" in word)
    ):
        return None
    from singularity_lab.catalog.entry import Entry
    from singularity_lab.catalog.load import families, load

    if not isinstance(source, str):
        return source if isinstance(source, Entry) else None
    if word.partition(":")[0] in families() and ":" in word:
        return load(word)
    if not named:
        return None
    ids = {e.id for f in families().values() for e in f.rows}
    if word in ids:
        return load(word)
    if word.partition("-")[0] in {i.partition("-")[0] for i in ids}:
        try:
            load(word)
        except BadInput as error:
            raise BadInput(f"{error}; for an expression give the variables") from None
    return None


def germ_of(row: Entry, at: str | PointLike | None = None) -> LocalProblem:
    """The germ of a row, or of its model at another point or stratum, labelled with the id.

    Raises OutOfScope for a loss that is no polynomial.

    >>> germ = germ_of(find_row("rrr-2-2-1-r1"))
    >>> germ.label, [str(c) for c in germ.point]
    ('row rrr-2-2-1-r1 of the catalog', ['1', '0', '1', '0'])
    """
    if at is None:
        return row.problem()
    where = at if isinstance(at, str) else "another point"
    return replace(row.model().problem(at), label=f"{row.label} at {where}")


def resolve(source: Any, variables: Any = None, at: str | PointLike | None = None) -> Any:
    """The germ of the row that a source names, or the source itself; for functions that take
    germs."""
    row = find_row(source, variables)
    if row is not None:
        return germ_of(row, at)
    return source


def takes_rows(function: Callable[P, T]) -> Callable[P, T]:
    """The function with its first argument read by :func:`resolve`: an id of the catalog is a row.

    ``variables`` beside it say that it is an expression; ``at`` is another point of the row's
    model.

    >>> from singularity_lab.exact.engine.solve import rlct
    >>> print(takes_rows(rlct)("nc-1-1").rlct)
    (1/2, 2)
    """

    parameters = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def asked(*args: Any, **options: Any) -> T:
        call: Callable[..., T] = function
        given = options | dict(zip(parameters, args, strict=False))
        row = find_row(given.get(parameters[0]), given.get("variables"))
        if row is None:
            return call(*args, **options)
        options.pop(parameters[0], None)
        at = options.pop("at", None)
        return call(germ_of(row, at), *args[1:], **options)

    return asked
