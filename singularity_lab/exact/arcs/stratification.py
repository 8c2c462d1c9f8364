"""Jet schemes by strata of arcs: orders along the factors, initial forms, and their tori."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import fraction
from singularity_lab.algebra.univariate import count_roots, univariate
from singularity_lab.exact.arcs.components import GroundField, count_intersection
from singularity_lab.exact.arcs.substitution import (
    ArcState,
    adjoin,
    leading_variable,
    monomial_text,
    transform,
)
from singularity_lab.exact.zeros import torus
from singularity_lab.exact.zeros.decide import no_common_zero
from singularity_lab.exact.zeros.find import FoundZero
from singularity_lab.system.cuts import is_over
from singularity_lab.system.deadline import check_time
from singularity_lab.system.stopwatch import Stopwatch

_LIMIT = 4_000_000  # orders v on one level


@dataclass(frozen=True)
class ArcStratum:
    """Arcs with coordinate orders v: a piece of J_m of the given codimension.

    weights: v, where the entry m + 1 stands for all orders ≥ m + 1. contact: the order m(v) of the
    ideal on it, before conditions on leading coefficients; min(m(v), m + 1). components: over the
    field; None where they are not counted. deeper: orders of new coordinates s' = s − c, in words.
    """

    weights: tuple[int, ...]
    codimension: int
    contact: int
    components: int | None
    deeper: tuple[str, ...] = ()


@dataclass
class _Answer:
    """The least codimension found with its pieces, and the least lower bound left open."""

    best: int | None = None
    pieces: list[ArcStratum] = dataclass_field(default_factory=list)
    undecided: int | None = None
    reason: str = ""

    def add(self, piece: ArcStratum) -> None:
        if self.best is None or piece.codimension < self.best:
            self.best, self.pieces = piece.codimension, [piece]
        elif piece.codimension == self.best:
            self.pieces.append(piece)

    def leave(self, bound: int, reason: str) -> None:
        if self.undecided is None or bound < self.undecided:
            self.undecided, self.reason = bound, reason


@dataclass(frozen=True)
class _Verdict:
    """What the initial forms of a stratum say.

    pieces: sets S of factors whose forms have common zeros in the torus, as a smooth complete
    intersection, with its number of components (None: not counted). roots: irreducible forms in
    one monomial that are units on the pieces; their zeros are looked at in new coordinates. open:
    why something is left open, or "".
    """

    pieces: tuple[tuple[tuple[int, ...], int | None], ...]
    roots: tuple[Polynomial, ...] = ()
    open: str = ""


class StateSearch:
    """The recursion over states, within a CPU budget, with the verdicts remembered."""

    def __init__(self, over: GroundField, seconds: float) -> None:
        self.over: GroundField = over
        self.watch, self.seconds = Stopwatch(), seconds
        self.recursed = False
        self.reason = ""
        self.verdicts: dict[Any, _Verdict] = {}

    def solve(self, state: ArcState, demand: tuple[int, ...], bound: int | None) -> _Answer:
        """The least codimension of {ord g_j ≥ demand_j}; bound: larger ones are of no interest."""
        cap = max(demand)
        reach = cap + sum(low or 0 for low in state.low)
        if bound is not None:
            reach = min(reach, bound)
        while True:
            check_time()
            answer = self.level(state, demand, reach, cap)
            enough = answer.best
            if answer.undecided is not None and enough is not None:
                enough = min(answer.undecided, enough)
            if enough is not None and enough <= reach:
                return answer
            most = cap * sum(low is not None for low in state.low)
            if reach >= most or (bound is not None and reach >= bound):
                return answer
            reach = min(most, 2 * reach, bound if bound is not None else most)

    def level(self, state: ArcState, demand: tuple[int, ...], reach: int, cap: int) -> _Answer:
        """All strata with |v| ≤ reach."""
        answer = _Answer()
        orders = _orders(state, reach, cap)
        if orders is None:
            answer.leave(1, f"more than {_LIMIT} orders of coordinates")
            return answer
        contact = np.empty((len(orders), len(state.exponents)), dtype=np.int64)
        masks: list[np.ndarray] = []
        for j, rows in enumerate(state.exponents):
            values = orders @ rows[:, 1:].T + rows[:, 0]
            contact[:, j] = values.min(axis=1)
            masks.append(np.packbits(values == contact[:, j : j + 1], axis=1))
        count = len(state.factors)
        if state.away:  # they must not vanish at t = 0
            good = (contact[:, count:] == 0).all(axis=1)
            orders, contact = orders[good], contact[good]
            masks = [m[good] for m in masks]
        cost = orders.sum(axis=1)
        reached = contact[:, :count] @ np.array(state.powers, dtype=np.int64).T
        need = np.maximum(np.array(demand) - reached, 0)
        live = need > 0
        used = live @ (np.array(state.powers) > 0)  # factors that occur in a live generator
        blocks = [live.astype(np.uint8)]
        blocks += [m * used[:, j : j + 1] for j, m in enumerate(masks[:count])]
        keys = np.concatenate([*blocks, *masks[count:]], axis=1).astype(np.uint8)
        patterns: dict[bytes, list[int]] = {}
        for i in np.argsort(cost, kind="stable"):
            patterns.setdefault(keys[i].tobytes(), []).append(int(i))
        pending: list[tuple[int, _Verdict]] = []
        for members in patterns.values():
            first = members[0]
            if is_over(self.watch.seconds, self.seconds):  # those that follow have no smaller cost
                answer.leave(int(cost[first]), "the budget is spent")
                break
            verdict = self.verdict(state, orders[first], live[first])
            rows, back = np.unique(need[members], axis=0, return_inverse=True)
            back = back.reshape(-1)
            for chosen, components in verdict.pieces:
                extra = [
                    _least(tuple(map(int, row)), state.powers, chosen) if row.any() else (0, 1)
                    for row in rows
                ]
                totals = cost[members] + np.array([e for e, _ in extra])[back]
                least = int(totals.min())
                if answer.best is not None and least > answer.best:
                    continue
                for position in np.flatnonzero(totals == least):
                    i = members[int(position)]
                    ways = extra[int(back[position])][1]
                    low = min(cap, int(reached[i].min()))
                    weights = tuple(int(x) for x in orders[i])
                    number = None if components is None else ways * components
                    answer.add(ArcStratum(weights, least, low, number))
            if verdict.roots or verdict.open:
                pending += [(i, verdict) for i in members]
        pending.sort(key=lambda item: int(cost[item[0]]))
        for i, verdict in pending:
            at_least = int(cost[i]) + 1
            if answer.best is not None and at_least > answer.best:
                break
            if is_over(self.watch.seconds, self.seconds):
                answer.leave(at_least, "the budget is spent")
                break
            if verdict.open:
                answer.leave(at_least, verdict.open)
            low = min(cap, int(reached[i].min()))
            self.refine(state, need[i], orders[i], verdict.roots, low, answer)
        return answer

    def verdict(self, state: ArcState, v: np.ndarray, live: np.ndarray) -> _Verdict:
        """The verdict on a stratum; generators that are not live are satisfied already."""
        if not live.any():
            return _Verdict((((), 1),))  # a nonempty open part of the torus
        rows = tuple(row for row, alive in zip(state.powers, live, strict=True) if alive)
        used = [i for i in range(len(state.factors)) if any(row[i] for row in rows)]
        forms = {i: state.form(state.factors[i], v) for i in used}
        away = tuple(h for h in (state.form(g, v) for g in state.away) if len(h.flint) > 1)
        key = (rows, tuple(forms.items()), away)
        if key not in self.verdicts:
            self.verdicts[key] = self.judge(rows, forms, away)
        return self.verdicts[key]

    def judge(
        self,
        rows: tuple[tuple[int, ...], ...],
        forms: dict[int, Polynomial],
        away: tuple[Polynomial, ...],
    ) -> _Verdict:
        """Sets S of forms with common zeros that touch each generator, until all are smooth.

        A set whose common zeros are no smooth complete intersection is made smaller: an
        irreducible factor in one monomial of one of its forms becomes a unit, its zeros go to
        ``roots``.
        """
        roots: list[Polynomial] = []
        forms = {i: self.real_part(f) for i, f in forms.items()}
        while True:
            candidates = [i for i, f in forms.items() if len(f.flint) > 1]
            pieces: list[tuple[tuple[int, ...], int | None]] = []
            bad: tuple[tuple[int, ...], str] | None = None
            if len(candidates) > 14:
                return _Verdict((), tuple(roots), f"{len(candidates)} factors on one stratum")
            for size in range(1, len(candidates) + 1):
                for chosen in itertools.combinations(candidates, size):
                    if not all(any(row[i] for i in chosen) for row in rows):
                        continue
                    parts = [forms[i] for i in chosen]
                    smooth, components = self.intersection(parts, [*roots, *away])
                    if smooth is None:
                        names = " = ".join(map(str, parts))
                        bad = (chosen, f"{names} = 0 in the torus is not smooth of codim {size}")
                        break
                    if smooth and components != 0:
                        pieces.append((chosen, components))
                if bad is not None:
                    break
            if bad is None:
                return _Verdict(tuple(pieces), tuple(roots))
            chosen, reason = bad
            inside: dict[Polynomial, int] = {}
            for i in chosen:
                for q, e in forms[i].factor()[1]:
                    if len(q.flint) > 1 and _may_be_adjoined(q):
                        inside[q] = max(inside.get(q, 0), e) + 1
            if not inside:
                return _Verdict(tuple(pieces), tuple(roots), reason)
            q = max(
                inside, key=lambda p: (_is_linear(p), _is_binary(p), inside[p], -p.degree, str(p))
            )
            roots.append(q)
            forms = {i: _without(f, q) for i, f in forms.items()}

    def real_part(self, f: Polynomial) -> Polynomial:
        """Over R, f without the factors that have no zero in the real torus (units there)."""
        if self.over != "R" or len(f.flint) == 1:
            return f
        for q, _ in f.factor()[1]:
            if len(q.flint) > 1:
                domain = dict.fromkeys(q.variables, "nonzero")
                if isinstance(no_common_zero([q], domain, 1.0), dict):  # type: ignore[arg-type]
                    f = _without(f, q)
        return f

    def intersection(
        self, parts: Sequence[Polynomial], guard: Sequence[Polynomial]
    ) -> tuple[bool | None, int | None]:
        """(True, components) smooth of the right codimension; (False, 0) empty; (None, …) else.

        All is meant in the torus where the polynomials of ``guard`` do not vanish.
        """
        names = parts[0].variables
        if len(parts) > 1 and self.over == "R":
            domain = dict.fromkeys(names, "nonzero")
            if isinstance(no_common_zero(parts, domain, 1.0), dict):  # type: ignore[arg-type]
                return False, 0
        parts = [_without_common(p, guard) for p in parts]
        if any(len(p.flint) == 1 for p in parts):
            return False, 0
        whole = torus.has_zero(parts)
        if whole is False:
            return False, 0
        if guard and len(parts) > 1 and _has_zero_off(parts, guard) is False:
            return False, 0
        if len(parts) > len(names):
            minors: list[Polynomial] | None = None
        else:
            rows = [torus.logarithmic_derivatives(p) for p in parts]
            minors = [
                _determinant([[row[c] for c in columns] for row in rows])
                for columns in itertools.combinations(range(len(names)), len(parts))
            ]
        everywhere = minors is not None and torus.has_zero([*parts, *minors]) is False
        if everywhere or len(parts) == 1:
            smooth_here = everywhere
            if not everywhere:
                smooth_here = _has_zero_off([*parts, *(minors or [])], guard) is False
            if not smooth_here:
                return None, None
            count = count_intersection(parts, self.over)
            if len(parts) > 1 and count is not None and guard:
                # no component may lie where the guard vanishes
                for h in guard:
                    apart, _ = self.intersection([*parts, h], [])
                    if apart is None:
                        count = None
            if count is None:
                self.reason = " = ".join(map(str, parts)) + " = 0 in the torus"
            return (count != 0, count)
        if guard and minors is not None and _has_zero_off([*parts, *minors], guard) is False:
            self.reason = " = ".join(map(str, parts)) + " = 0 in the torus"
            return True, None
        return None, None

    def refine(
        self,
        state: ArcState,
        need: np.ndarray,
        v: np.ndarray,
        roots: Sequence[Polynomial],
        low: int,
        answer: _Answer,
    ) -> None:
        """New coordinates at the zeros of forms in one monomial, and the recursion there."""
        base = int(v.sum())
        weights = tuple(int(x) for x in v)
        if roots and state.depth > 12:
            answer.leave(base + 1, "too many coordinate changes")
            return
        for number, q in enumerate(roots):
            self.recursed = True
            form = torus.lattice_form([q])
            if form.rank > 1:
                self.refine_on(state, need, v, roots[:number], q, low, answer)
                continue
            p = univariate(form.polys[0], "t1")
            if p.degree() > 1 and self.over == "R" and not count_roots(p, "nonzero"):
                continue
            before = [h for h in roots[:number] if torus.has_zero([h, q]) is not False]
            deeper = transform(state, need, v, form, p, before)
            demand = tuple(int(x) for x in need if x)
            graph = 0
            s_text = monomial_text(form, state.names)
            if p.degree() > 1:
                # the graph of s' = p(s) is one more equation, of codimension max(demand)
                graph = max(demand)
                demand = (*demand, graph)
                label = f"{deeper.names[0]} = p(s), s = {s_text}, p = {p}"
            else:
                label = f"{deeper.names[0]} = {s_text} - {fraction(-p[0] / p[1])}"
            self.follow(deeper, demand, graph, weights, label, low, answer)

    def refine_on(
        self,
        state: ArcState,
        need: np.ndarray,
        v: np.ndarray,
        before: Sequence[Polynomial],
        q: Polynomial,
        low: int,
        answer: _Answer,
    ) -> None:
        """A new coordinate s = q along a smooth hypersurface q = 0 of the torus, as a graph."""
        base = int(v.sum())
        if state.depth >= 3:  # the torus keeps its dimension, so the forms only grow
            answer.leave(base + 1, f"{q} = 0 after {state.depth} changes of coordinates")
            return
        if self.over == "R":
            domain = dict.fromkeys(q.variables, "nonzero")
            if not isinstance(no_common_zero([q], domain, 1.0), FoundZero):  # type: ignore[arg-type]
                answer.leave(base + 1, f"real zeros of {q} are not decided")
                return
        near = [h for h in before if torus.has_zero([h, q]) is not False]
        deeper = adjoin(state, need, v, q, near)
        graph = int(need.max())
        demand = (*(int(x) for x in need if x), graph)
        weights = tuple(int(x) for x in v)
        self.follow(deeper, demand, graph, weights, f"{deeper.names[0]} = {q}", low, answer)

    def follow(
        self,
        deeper: ArcState,
        demand: tuple[int, ...],
        graph: int,
        weights: tuple[int, ...],
        label: str,
        low: int,
        answer: _Answer,
    ) -> None:
        """Solve in the new coordinates; graph: the codimension of the equation that defines s."""
        base = sum(weights)
        rest = None if answer.best is None else answer.best - base + graph
        found = self.solve(deeper, demand, rest)
        for piece in found.pieces:
            orders = ", ".join(
                f"ord {n} = {w}"
                for n, w, least in zip(deeper.names, piece.weights, deeper.low, strict=True)
                if least is not None
            )
            deep = (f"{label}, {orders}", *piece.deeper)
            total = base + piece.codimension - graph
            answer.add(ArcStratum(weights, total, low, piece.components, deep))
        if found.undecided is not None:
            answer.leave(max(base + 1, base + found.undecided - graph), found.reason)


def _is_linear(q: Polynomial) -> bool:
    """Whether a form in one monomial s is c·(s − root)."""
    return torus.lattice_form([q]).polys[0].degree == 1


def _is_binary(q: Polynomial) -> bool:
    """Whether a form is a polynomial in one monomial."""
    return torus.lattice_form([q]).rank == 1


def _may_be_adjoined(q: Polynomial) -> bool:
    """Whether q can be a new coordinate: in one monomial, or smooth with a unit as a leading term.

    The leading coefficient in one torus coordinate must be a monomial, to write all in powers of q.
    """
    if _is_binary(q):
        return True
    return torus.is_smooth(q) is True and leading_variable(torus.lattice_form([q])) is not None


def _without(f: Polynomial, q: Polynomial) -> Polynomial:
    """f divided by q as often as it goes."""
    value, rest = divmod(f.flint, q.flint)
    while rest.is_zero():
        f = Polynomial(f.variables, value)
        value, rest = divmod(f.flint, q.flint)
    return f


def _without_common(f: Polynomial, guard: Sequence[Polynomial]) -> Polynomial:
    """f without the factors that it shares with polynomials that do not vanish."""
    for h in guard:
        common = f.flint.gcd(h.flint)
        while not common.is_constant():
            f = Polynomial(f.variables, f.flint / common)
            common = f.flint.gcd(h.flint)
    return f


def _has_zero_off(polys: Sequence[Polynomial], guard: Sequence[Polynomial]) -> bool | None:
    """Common zeros in the torus where no polynomial of the guard vanishes."""
    if not guard:
        return torus.has_zero(polys)
    names = polys[0].variables
    extra = next(c for c in ("u", "_u", "uu", "unit_") if c not in names)
    product = Polynomial.from_terms({(*(0,) * len(names), 1): 1}, (*names, extra))
    for h in guard:
        product = product * h.in_ring((*names, extra))
    one = product - Polynomial.constant(1, (*names, extra))
    return torus.has_zero([*(p.in_ring((*names, extra)) for p in polys if not p.is_zero), one])


@lru_cache(maxsize=8192)
def _least(
    needs: tuple[int, ...], powers: tuple[tuple[int, ...], ...], chosen: tuple[int, ...]
) -> tuple[int, int]:
    """(least Σ l_i, number of minimisers) over l_i ≥ 1, i in S, with Σ powers[j][i]·l_i ≥ needs_j.

    >>> _least((5,), ((2, 1),), (0,)), _least((4,), ((1, 1),), (0, 1))
    ((3, 1), (4, 3))
    """
    rows = [(n, [p[i] for i in chosen]) for n, p in zip(needs, powers, strict=True) if n > 0]
    best: list[int] = [sum(n for n, _ in rows) + len(chosen), 0]

    def walk(at: int, left: tuple[int, ...], total: int) -> None:
        if total > best[0]:
            return
        if at == len(chosen):
            if all(n <= 0 for n in left):
                if total < best[0]:
                    best[0], best[1] = total, 0
                best[1] += 1
            return
        most = max(
            [1, *(-(-n // row[at]) for n, (_, row) in zip(left, rows, strict=True) if row[at])]
        )
        for value in range(1, most + 1):
            rest = tuple(n - row[at] * value for n, (_, row) in zip(left, rows, strict=True))
            walk(at + 1, rest, total + value)

    walk(0, tuple(n for n, _ in rows), 0)
    return best[0], best[1]


def _orders(state: ArcState, reach: int, cap: int) -> np.ndarray | None:
    """All v with low_i ≤ v_i ≤ cap (0 for units) and |v| ≤ reach; None if they are too many."""
    free = [i for i, low in enumerate(state.low) if low is not None]
    lows = [int(state.low[i] or 0) for i in free]
    slack = reach - sum(lows)
    if slack < 0:
        return np.empty((0, len(state.names)), dtype=np.int64)
    if comb(slack + len(free), len(free)) > _LIMIT:
        return None
    rows = np.zeros((1, 0), dtype=np.int64)
    used = np.zeros(1, dtype=np.int64)
    for low in lows:
        steps = np.arange(0, min(slack, cap - low) + 1)
        grid = used[:, None] + steps[None, :]
        keep = grid <= slack
        i, j = np.nonzero(keep)
        rows = np.concatenate([rows[i], (low + steps[j])[:, None]], axis=1)
        used = grid[i, j]
    full = np.zeros((len(rows), len(state.names)), dtype=np.int64)
    full[:, free] = rows
    return full


def _determinant(m: list[list[Polynomial]]) -> Polynomial:
    if len(m) == 1:
        return m[0][0]
    total = m[0][0] * 0
    for j in range(len(m)):
        minor = _determinant([row[:j] + row[j + 1 :] for row in m[1:]])
        total = total + m[0][j] * minor * (-1) ** j
    return total
