"""Covering programs over the integers: the least cost of orders of contact."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from fractions import Fraction
from math import lcm

_STATES = 40_000  # of a search, beyond which it has no answer


def integer_program(
    costs: Sequence[Fraction],
    rows: Sequence[tuple[int, ...]],
    p: int,
    extra: bool,
    start: Sequence[int] | None = None,
) -> tuple[Fraction, tuple[int, ...], int] | None:
    """(min ⟨c, v⟩ + e, v, e) over integers v ≥ start with ⟨row, v⟩ + e ≥ p; None beyond a limit.

    A* over what is left of each row: the bound adds up over rows that share no variable, and of
    states that are equally good the one that is farther goes first. ``extra``: whether e ≥ 0 is
    there, else e = 0; it lowers p for all rows, so that each e is a problem of its own.

    >>> integer_program([Fraction(1), Fraction(1)], [(2, 0), (0, 3)], 6, False)
    (Fraction(5, 1), (3, 2), 0)
    >>> integer_program([Fraction(1), Fraction(1)], [(2, 0), (0, 3)], 6, True)
    (Fraction(5, 1), (3, 2), 0)
    """
    best: tuple[Fraction, tuple[int, ...], int] | None = None
    for e in range(p + 1 if extra else 1):
        if best is not None and e >= best[0]:
            break
        found = _covering(costs, rows, p - e, start)
        if found is None:
            return None
        if best is None or found[0] + e < best[0]:
            best = found[0] + e, found[1], e
    return best


def _covering(
    costs: Sequence[Fraction],
    rows: Sequence[tuple[int, ...]],
    p: int,
    start: Sequence[int] | None,
) -> tuple[Fraction, tuple[int, ...]] | None:
    """(min ⟨c, v⟩, v) over integers v ≥ start with ⟨row, v⟩ ≥ p; None beyond a limit."""
    n = len(costs)
    scale = lcm(*(c.denominator for c in costs))
    prices = [int(c * scale) for c in costs]
    at = tuple(start) if start is not None else (0,) * n
    supports = [frozenset(i for i, a in enumerate(row) if a) for row in rows]
    rates = [
        min((Fraction(prices[i], row[i]) for i in support), default=None)
        for row, support in zip(rows, supports, strict=True)
    ]

    def left(v: Sequence[int]) -> tuple[int, ...]:
        return tuple(max(0, p - sum(x * y for x, y in zip(row, v, strict=True))) for row in rows)

    def bound(needs: Sequence[int]) -> Fraction:
        prized = sorted(
            ((need * rate, k) for k, (need, rate) in enumerate(zip(needs, rates, strict=True))
             if need and rate is not None),
            reverse=True,
        )  # fmt: skip
        total, used = Fraction(0), frozenset[int]()
        for value, k in prized:
            if not used & supports[k]:
                total += value
                used |= supports[k]
        return total

    first = sum(c * x for c, x in zip(prices, at, strict=True))
    needs = left(at)
    heap: list[tuple[Fraction, int, tuple[int, ...]]] = [(first + bound(needs), -first, at)]
    seen: dict[tuple[int, ...], int] = {needs: first}
    while heap:
        _, minus, v = heapq.heappop(heap)
        cost = -minus
        needs = left(v)
        if not any(needs):
            return Fraction(cost, scale), v
        if seen.get(needs, cost) < cost:
            continue
        if len(seen) > _STATES:
            return None
        for i in range(n):
            if not any(need and row[i] for need, row in zip(needs, rows, strict=True)):
                continue
            w = (*v[:i], v[i] + 1, *v[i + 1 :])
            rest = left(w)
            price = cost + prices[i]
            if price < seen.get(rest, price + 1):
                seen[rest] = price
                heapq.heappush(heap, (price + bound(rest), -price, w))
    return None
