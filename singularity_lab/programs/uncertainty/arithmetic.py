"""Formulas without subtraction: the free commutative semiring, recorded once and evaluated often.

A :class:`Recorder` is the semiring of recorded formulas; propagating a program in it gives an
arithmetic circuit (Valiant 1979) of sums, products and the variables (choice, option). By freeness
its value in another semiring is the propagation there. :class:`Formula` evaluates node by node in
any semiring, or level by level with numpy on whole batches, and walks a cheapest derivation back.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singularity_lab.programs.uncertainty.semirings import Semiring

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

LeafSymbol = tuple[str, str]  # (choice, option)

ADD, MUL = "+", "*"


class Recorder:
    """The free commutative semiring, hash-consed: an element is the number of a node."""

    zero = 0
    one = 1

    def __init__(self) -> None:
        self.nodes: list[tuple[Any, ...]] = [("0",), ("1",)]
        self._known: dict[tuple[Any, ...], int] = {}

    def leaf(self, choice: str, option: str) -> int:
        return self._node(("leaf", choice, option))

    def add(self, a: int, b: int) -> int:
        if a == 0 or b == 0:
            return a or b
        return self._node((ADD, min(a, b), max(a, b)))

    def mul(self, a: int, b: int) -> int:
        if a == 0 or b == 0:
            return 0
        if a == 1 or b == 1:
            return b if a == 1 else a
        return self._node((MUL, min(a, b), max(a, b)))

    def _node(self, key: tuple[Any, ...]) -> int:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.nodes)
            self.nodes.append(key)
        return found

    def formula(self, roots: Sequence[int]) -> Formula:
        """The formulas of some elements, without the nodes that they do not use."""
        used, stack = set(), list(roots)
        while stack:
            n = stack.pop()
            if n in used:
                continue
            used.add(n)
            if self.nodes[n][0] in (ADD, MUL):
                stack += self.nodes[n][1:]
        order = sorted(used)
        number = {n: i for i, n in enumerate(order)}
        nodes = []
        for n in order:
            key = self.nodes[n]
            nodes.append((key[0], *(number[c] for c in key[1:])) if key[0] in (ADD, MUL) else key)
        return Formula(tuple(nodes), tuple(number[r] for r in roots))


@dataclass(frozen=True, eq=False)
class Formula:
    """nodes, children before parents: ("0",), ("1",), ("leaf", choice, option), ("+", a, b),
    ("*", a, b). roots: the numbers of the nodes that are asked for.

    >>> r = Recorder()
    >>> f = r.formula([r.add(r.leaf("c", "x"), r.mul(r.leaf("c", "y"), r.leaf("c", "y")))])
    >>> from singularity_lab.programs.uncertainty.semirings import Numbers
    >>> f.evaluate(Numbers(0, 1), {("c", "x"): 5, ("c", "y"): 3})
    [14]
    """

    nodes: tuple[tuple[Any, ...], ...]
    roots: tuple[int, ...]

    @cached_property
    def leaves(self) -> tuple[LeafSymbol, ...]:
        """The variables that occur."""
        return tuple((n[1], n[2]) for n in self.nodes if n[0] == "leaf")

    def evaluate(self, ring: Semiring[Any], values: Mapping[LeafSymbol, Any]) -> list[Any]:
        """The roots in a semiring, given the values of the leaves."""
        found = self.table(ring, values)
        return [found[r] for r in self.roots]

    def table(self, ring: Semiring[Any], values: Mapping[LeafSymbol, Any]) -> list[Any]:
        """The value of each node."""
        found: list[Any] = []
        for node in self.nodes:
            if node[0] == ADD:
                found.append(ring.add(found[node[1]], found[node[2]]))
            elif node[0] == MUL:
                found.append(ring.mul(found[node[1]], found[node[2]]))
            elif node[0] == "leaf":
                found.append(values[node[1], node[2]])
            else:
                found.append(ring.one if node[0] == "1" else ring.zero)
        return found

    @cached_property
    def _levels(self) -> list[tuple[str, Array, Array, Array]]:
        """(operation, targets, left children, right children), level by level."""
        import numpy as np

        level = [0] * len(self.nodes)
        groups: dict[tuple[int, str], list[int]] = {}
        for i, node in enumerate(self.nodes):
            if node[0] in (ADD, MUL):
                level[i] = 1 + max(level[node[1]], level[node[2]])
                groups.setdefault((level[i], node[0]), []).append(i)
        found = []
        for (_, operation), members in sorted(groups.items(), key=lambda t: t[0][0]):
            at = np.array(members)
            left = np.array([self.nodes[i][1] for i in members])
            right = np.array([self.nodes[i][2] for i in members])
            found.append((operation, at, left, right))
        return found

    def batch(
        self,
        values: Mapping[LeafSymbol, Array],
        add: Callable[[Array, Array], Array],
        mul: Callable[[Array, Array], Array],
        zero: Any,
        one: Any,
    ) -> Array:
        """All nodes at once: (nodes, batch), from leaf values of shape (batch,), with ufuncs.

        Booleans: ``np.logical_or, np.logical_and, False, True``; min-plus: ``np.minimum, np.add,
        a number above all others, 0``.
        """
        import numpy as np

        first = next(iter(values.values()))
        found = np.empty((len(self.nodes), *first.shape), dtype=first.dtype)
        for i, node in enumerate(self.nodes):
            if node[0] == "leaf":
                found[i] = values[node[1], node[2]]
            elif node[0] in "01":
                found[i] = one if node[0] == "1" else zero
        for operation, at, left, right in self._levels:
            found[at] = (add if operation == ADD else mul)(found[left], found[right])
        return found

    def derivation(self, root: int, prices: Sequence[Any]) -> dict[LeafSymbol, int]:
        """The leaves of a cheapest derivation of a node, with multiplicity.

        prices: the min-plus value of each node; sums are walked to a child of least price.
        """
        used: dict[LeafSymbol, int] = {}
        times = {root: 1}  # a product of a node with itself uses it twice, and so on: no tree
        waiting = [-root]
        while waiting:
            number = -heapq.heappop(waiting)
            count, node = times.pop(number), self.nodes[number]
            if node[0] == "leaf":
                used[node[1], node[2]] = used.get((node[1], node[2]), 0) + count
                continue
            children = node[1:] if node[0] == MUL else ()
            if node[0] == ADD:
                children = (node[1] if prices[node[1]] <= prices[node[2]] else node[2],)
            for child in children:
                if child not in times:
                    heapq.heappush(waiting, -child)
                times[child] = times.get(child, 0) + count
        return used
