"""Limits of a search: most numbers at which its rules stop trying, memory, and an interrupt.

The other numbers stand in the modules of their rules. None of the numbers can make an answer wrong:
beyond them a rule has no outcome.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Protocol

from singularity_lab.system.deadline import TimeLimit

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

# The tree of charts
DEPTHS = (10, 24)  # blow-ups one inside another: in a first attempt, then in the last
NESTED = 90  # families one inside another: a search and its proof fit on Python's stack
FIRST_CHARTS = 30  # of a first attempt with all generators
FEWER_CHARTS = 2500  # of each attempt with fewer generators
GRADED_CHARTS = 400  # of an attempt that keeps the smooth generators
COEFFICIENT_BITS = 4000  # of a number in a proof that is to be read
FIELD_DEGREE = 8  # of a number field that a parameter may open
PATIENCE = 1.0  # CPU seconds for a proof that a polynomial has no zero
DOMAIN_PATIENCE = 0.2  # the same where a whole domain is split
DERIVATIVES = 4  # factors of derivatives along which a domain is split

# Centres of blow-ups
TRIES = ((2, 3), (5, 2))  # in the first 2 blow-ups one inside another 3 centres, in the next 3 two
TURNED = 4  # groups of a weighted centre that is tried in each of their orders
UNITED = 4  # classes of alike variables in one centre
UNIONS = 12  # centres, after which no more unions of classes are sought
SUBSET = 4  # variables of a centre without regard to classes
SUBSETS = 16  # centres, after which no more such sets are sought
SUBSETS_OF = 10  # local variables of a germ for which such sets are sought
FIBRE_CLASSES = 6  # classes of alike variables among which a linear fibre is sought

# Sums of squares in the tree
SQUARES_TERMS = 60  # of a generator that may be a sum of squares
SQUARES_POINTS = 40  # at which it must not change its sign
SQUARES_PATIENCE = 1.0  # CPU seconds for the squares of one generator
LEADING_TERMS = 6  # of a leading coefficient that may be a unit
LONG_UNIT = 1000  # terms of a generator whose unit factor is not divided out

# Leading parts of generators
LEADING_MONOMIALS = 240  # of products with leading parts, and these products, for one generator
LEADING_TURNS = 4  # attempts, each without the parts that failed before

# Monomials that dominate generators
ARC_TERMS = 20_000  # of a function with a critical point, whose arcs are followed
ARC_ORDER = 6  # of the derivatives along an arc
ARCS = 40  # that are tried, and blocks of the Hessian
DOMINANT_TERMS = 2000  # of the generators
DOMINANT_MONOMIALS = 24  # together
DOMINANT_ECHELON = 12  # generators that are combined with constants

# Vector fields that keep an ideal
FIELD_DEGREES = 2  # of the fields of a germ at the root
FIELD_UNKNOWNS = 420  # coefficients of a field and its cofactors
FIELD_EQUATIONS = 6000  # for these
FIELD_TERMS = 600  # of the generators

# Coordinates at the root
MOVED_VARIABLES = 6  # of a germ that is moved
MOVED_GENERATORS = 6
MOVED_TERMS = 1000  # of its generators
BEAM = 6  # germs that are kept at each turn
TYPED_SUMS = 7  # sums as typed that are tried as coordinates

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident() -> float:
    """The memory that the process holds, in MiB: the most so far where the system tells no more."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * _PAGE / 2**20
    except OSError:
        if resource is None:
            return 0.0
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used / 2**20 if sys.platform == "darwin" else used / 2**10


class Stoppable(Protocol):
    """A search that ends soon after it is told why."""

    ended: str
    limit: TimeLimit


@contextmanager
def stopped_by_interrupt(search: Stoppable) -> Iterator[None]:
    """A first Ctrl-C ends the search with its bounds, within a second; a second one raises
    KeyboardInterrupt.

    A handler other than Python's stays in force, unless it has a method ``search_ended``: that is
    called in place of the handler when a search ends so.
    """
    usual: Any = signal.getsignal(signal.SIGINT)
    told = getattr(usual, "search_ended", None)
    if threading.current_thread() is not threading.main_thread() or (
        usual is not signal.default_int_handler and told is None
    ):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if search.ended:
            usual(number, frame)
            return
        search.ended = "interrupted"
        search.limit.shorten(0.5)
        if told is not None:
            told()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
