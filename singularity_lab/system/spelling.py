"""Arguments that a function does not have: told with the names that are meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Container
from difflib import get_close_matches
from typing import ParamSpec, TypeVar

from singularity_lab.errors import BadInput, quoted
from singularity_lab.system.counting import counted

__all__ = ["spelled"]

P = ParamSpec("P")
T = TypeVar("T")

_NEAR = 0.7  # of difflib: "buget" and "budget", "secnds" and "seconds", not "draws" and "data"


def spelled(function: Callable[P, T]) -> Callable[P, T]:
    """The function, which raises BadInput with the nearest name for a keyword that it has not, and
    with the next keywords for arguments by position that it does not take.

    A function with further keywords (``**settings``) is called, and its refusal replaced where one
    of them is spelled nearly as an argument.

    >>> def power(base, *, exponent=2):
    ...     return base**exponent
    >>> spelled(power)(3, exponnent=3)
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: exponnent: power has no such argument, received 3; \
did you mean exponent? It takes base, exponent
    >>> spelled(power)(3, 4)
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: power: expected 1 argument by position (base), received 2; \
name the others, which its signature lists as exponent=
    """
    parameters = inspect.signature(function).parameters.values()
    kinds = {p.kind for p in parameters}
    placed = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = [p.name for p in parameters if p.kind == p.KEYWORD_ONLY]
    any_place = inspect.Parameter.VAR_POSITIONAL in kinds
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    open_ended = inspect.Parameter.VAR_KEYWORD in kinds

    def refusal(word: str, value: object) -> BadInput:
        near = get_close_matches(word.lower(), names, n=1, cutoff=_NEAR)
        hint = f"; did you mean {near[0]}?" if near else "."
        return BadInput(
            f"{word}: {function.__name__} has no such argument, received {quoted(value)}{hint} It "
            f"takes {', '.join(names)}"
        )

    def too_many(count: int, given: Container[str]) -> BadInput:
        own = f" ({', '.join(placed)})" if placed else ""
        free = [f"{name}=" for name in keywords if name not in given][: count - len(placed)]
        listed = f"; name the others, which its signature lists as {', '.join(free)}"
        return BadInput(
            f"{function.__name__}: expected {counted(len(placed), 'argument')} by position{own}, "
            f"received {count}{listed if free else ''}"
        )

    @functools.wraps(function)
    def called(*args: P.args, **given: P.kwargs) -> T:
        if len(args) > len(placed) and not any_place:
            raise too_many(len(args), given)
        unknown = {word: value for word, value in given.items() if word not in names}
        if not unknown:
            return function(*args, **given)
        if not open_ended:
            raise refusal(*next(iter(unknown.items())))
        try:
            return function(*args, **given)
        except (BadInput, TypeError) as error:
            for word, value in unknown.items():
                told = word in str(error) or "missing" in str(error)
                if told and get_close_matches(word.lower(), names, n=1, cutoff=_NEAR):
                    raise refusal(word, value) from None
            raise

    return called
