"""What a search knows of a germ: bounds with the script that proves them, joined and minimised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.proof.certificate import Step


@dataclass
class Outcome:
    """What a subtree proves of its family. ``open``: leaves that are not closed."""

    lower: RLCT | None
    upper: RLCT | None
    step: Step
    empty: bool = False
    open: int = 0


def tighter(a: Outcome, b: Outcome) -> bool:
    key = [(o.lower is not None, o.lower or RLCT(Fraction(0), 1)) for o in (a, b)]
    return key[0] > key[1] or (key[0] == key[1] and a.open < b.open)


def joined(a: Outcome, b: Outcome) -> Outcome:
    """The bounds of two proofs about one family."""
    if tighter(b, a):
        a, b = b, a
    if b.upper is None or (a.upper is not None and a.upper <= b.upper):
        return a
    done = a.lower is not None and a.lower >= b.upper
    step = {"op": "both", "cases": [a.step, b.step]}
    return Outcome(a.lower, b.upper, step, open=0 if done else min(a.open, b.open))


def least(outcomes: Sequence[Outcome], step: Step) -> Outcome:
    """Combine the strata of a cover."""
    met = [o for o in outcomes if not o.empty]
    step = {**step, "cases": [o.step for o in outcomes]}
    if not met:
        return Outcome(None, None, step, empty=True)
    lowers = [o.lower for o in met if o.lower is not None]
    uppers = [o.upper for o in met if o.upper is not None]
    return Outcome(
        min(lowers) if len(lowers) == len(met) else None,
        min(uppers, default=None),
        step,
        open=sum(o.open for o in outcomes),
    )
