"""The tables of steps by name, and what a step proves: a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from singularity_lab.algebra.hypotheses import hold
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.proof.certificate import Step
from singularity_lab.exact.proof.family import Family


@dataclass(frozen=True)
class Verdict:
    """What a replay proves of a family; ``empty``: its stratum does not meet {K = 0}; ``why``:
    the hypotheses that failed, where there is no upper bound."""

    lower: RLCT | None = None
    upper: RLCT | None = None
    empty: bool = False
    why: tuple[str, ...] = field(default=(), compare=False)


def index(i: Any, listed: Sequence[Any]) -> int:
    """A position counted from 0; negative ones would give one generator two names."""
    hold("index", type(i) is int and 0 <= i < len(listed), f"there is no generator {i!r}")
    return int(i)


Branches = tuple[list[Family], Callable[[list[Verdict]], Verdict]]
# Steps by name: to another description of a family, to several families, to what is proved of it.
MOVES: dict[Any, Callable[[Family, Step], Family]] = {}
BRANCHES: dict[Any, Callable[[Family, Step], Branches]] = {}
LEAVES: dict[Any, Callable[[Family, Step], Verdict]] = {}

_H = TypeVar("_H", bound=Callable[..., Any])

# What each step assumes, by the names under which it is checked. "claim" is the whole certificate.
HYPOTHESES: dict[str, dict[str, str]] = {
    "claim": {
        "vanishes": "K vanishes at the point, or somewhere on the domain",
        "below": "a claim from below is at most the lower bound that is proved",
        "above": "a claim from above is at least the upper bound that is proved",
    },
    "zero": {"zero": "K is 0 on a neighbourhood of the point"},
}


def register(table: dict[Any, Any], **hypotheses: str) -> Callable[[_H], _H]:
    """Name a step by its handler, _split handling "split", and state what it assumes."""
    if table is BRANCHES:
        hypotheses["cases"] = "each family has its case: those that are left out bound nothing"

    def enter(handler: _H) -> _H:
        HYPOTHESES[handler.__name__[1:]] = hypotheses
        table[handler.__name__[1:]] = handler
        return handler

    return enter


HYPOTHESES["see"] = {
    "lemma": "the lemma states a family: known variables and roles, k ≥ 0 whole, h > −1",
    "proved": "the step was proved before, or is proved here by its lemma",
    "same": "the map is one to one and keeps the ring, roles, walls and their sides, k, h, the "
    "generators and the units up to constants; there are no sign conditions",
}
