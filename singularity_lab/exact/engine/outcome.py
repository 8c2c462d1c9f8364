"""What a search knows of a germ: bounds with the script that proves them, joined and minimised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.proof.branches import Both
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.leaves import Open


@dataclass
class SearchOutcome:
    """What a subtree proves of its family. ``open``: leaves that are not closed."""

    lower: RLCT | None
    upper: RLCT | None
    step: Script
    empty: bool = False
    open: int = 0

    def after(self, *moves: Script) -> SearchOutcome:
        """The same of the family that these moves, one after the other, led from."""
        return SearchOutcome(self.lower, self.upper, chain(moves, self.step), self.empty, self.open)


def nothing() -> SearchOutcome:
    """The outcome for a family of which nothing is proved."""
    return SearchOutcome(None, None, Open().encode(), open=1)


def chain(moves: Sequence[Script], last: Script) -> Script:
    """The moves one after the other, then the last step."""
    for move in reversed(moves):
        last = {**move, "then": last}
    return last


def tighter(a: SearchOutcome, b: SearchOutcome) -> bool:
    """Whether the first outcome bounds better below, or equally with fewer open leaves."""
    key = [(o.lower is not None, o.lower or RLCT(Fraction(0), 1)) for o in (a, b)]
    return key[0] > key[1] or (key[0] == key[1] and a.open < b.open)


def joined(a: SearchOutcome, b: SearchOutcome) -> SearchOutcome:
    """The bounds of two proofs about one family."""
    if tighter(b, a):
        a, b = b, a
    if b.upper is None or (a.upper is not None and a.upper <= b.upper):
        return a
    done = a.lower is not None and a.lower >= b.upper
    return SearchOutcome(
        a.lower, b.upper, both(a.step, b.step), open=0 if done else min(a.open, b.open)
    )


def both(first: Script, second: Script) -> Script:
    """The step that takes a bound from each of two proofs about one family."""
    return Both(cases=[first, second]).encode()


def least(outcomes: Sequence[SearchOutcome], step: Script) -> SearchOutcome:
    """The outcome of a cover by strata, from those of the strata."""
    met = [o for o in outcomes if not o.empty]
    step = {**step, "cases": [o.step for o in outcomes]}
    if not met:
        return SearchOutcome(None, None, step, empty=True)
    lowers = [o.lower for o in met if o.lower is not None]
    uppers = [o.upper for o in met if o.upper is not None]
    return SearchOutcome(
        min(lowers) if len(lowers) == len(met) else None,
        min(uppers, default=None),
        step,
        open=sum(o.open for o in outcomes),
    )
