"""The commutative semirings in which the uncertainty of a program propagates.

Every step of a noisy machine is a sum of products of probabilities, without subtraction, so the
same propagation has a meaning in each commutative semiring:

| semiring | its sums say |
|---|---|
| numbers (rationals, floats, flint's polynomials, torch tensors) | the output law |
| Booleans | is there a wrong run within the allowed options? |
| min-plus (Q ∪ ∞, min, +) | the cheapest wrong run at prices v: the separation oracle |
| monomial ideals (sum, product) | the minimal error syndromes, each with a run |
| monomials (sets of exponents) | the support of E before anything is absorbed |
| the free one (:class:`~singularity_lab.programs.uncertainty.arithmetic.Recorder`) | the formula |

Mohri 2002, "Semiring frameworks and algorithms for shortest-distance problems".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, Protocol, TypeVar

from singularity_lab.errors import BadInput, Undecided
from singularity_lab.programs import program_limits

E = TypeVar("E")
Exponent = tuple[int, ...]


class Semiring(Protocol[E]):
    """zero, one, and sums and products of two elements."""

    @property
    def zero(self) -> E:
        """The element that adds nothing."""

    @property
    def one(self) -> E:
        """The element that multiplies nothing."""

    def add(self, a: E, b: E) -> E: ...

    def mul(self, a: E, b: E) -> E:
        """The product of two elements."""


def total(ring: Semiring[E], elements: Iterable[E]) -> E:
    """The sum of elements."""
    result = ring.zero
    for element in elements:
        result = ring.add(result, element)
    return result


@dataclass(frozen=True)
class Numbers(Generic[E]):
    """Anything with + and *: Fractions, floats, polynomials, tensors.

    >>> Numbers(Fraction(0), Fraction(1)).add(Fraction(1, 2), Fraction(1, 3))
    Fraction(5, 6)
    """

    zero: E
    one: E

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def mul(self, a: Any, b: Any) -> Any:
        return a * b


class Expansion(Numbers[Any]):
    """flint's polynomials, of which only so many products of terms are made.

    Raises BadInput beyond.
    """

    def __init__(self, zero: Any, one: Any, products: int = program_limits.PRODUCTS) -> None:
        super().__init__(zero, one)
        object.__setattr__(self, "left", [products])

    def mul(self, a: Any, b: Any) -> Any:
        left: list[int] = self.left  # type: ignore[attr-defined]
        left[0] -= len(a) * len(b)
        if left[0] < 0:
            raise BadInput("program: its loss has too many terms to be expanded")
        return a * b


class Booleans:
    """Whether there is a run."""

    zero = False
    one = True

    def add(self, a: bool, b: bool) -> bool:
        return a or b

    def mul(self, a: bool, b: bool) -> bool:
        return a and b


class MinPlus:
    """(Q ∪ ∞, min, +): prices of runs; None stands for ∞.

    >>> r = MinPlus()
    >>> r.add(Fraction(3), r.mul(Fraction(1), Fraction(1))), r.mul(r.zero, r.one)
    (Fraction(2, 1), None)
    """

    zero = None
    one = Fraction(0)

    def add(self, a: Fraction | None, b: Fraction | None) -> Fraction | None:
        if a is None or b is None:
            return b if a is None else a
        return min(a, b)

    def mul(self, a: Fraction | None, b: Fraction | None) -> Fraction | None:
        return None if a is None or b is None else a + b


class MonomialAntichain:
    """Finite sets of exponents, with union and Minkowski sum: supports without cancellation.

    Raises Undecided when a set grows beyond ``limit``.
    """

    def __init__(self, variables: int, limit: int = 500_000) -> None:
        self.zero: frozenset[Exponent] = frozenset()
        self.one = frozenset(((0,) * variables,))
        self.limit = limit

    def add(self, a: frozenset[Exponent], b: frozenset[Exponent]) -> frozenset[Exponent]:
        return a | b

    def mul(self, a: frozenset[Exponent], b: frozenset[Exponent]) -> frozenset[Exponent]:
        if len(a) * len(b) > 20 * self.limit:
            raise Undecided(f"monomials: more than {self.limit}")
        found = frozenset(tuple(map(sum, zip(x, y, strict=True))) for x in a for y in b)
        if len(found) > self.limit:
            raise Undecided(f"monomials: more than {self.limit}")
        return found


class MonomialIdeals:
    """Monomial ideals, as the antichain of their minimal exponents, with sum and product.

    Exponents are packed: byte i of an integer is the exponent of variable i (below 128), so that a
    product is one addition and divisibility is one subtraction and one mask. Raises Undecided when
    an antichain grows beyond ``limit``.

    known: exponents of the ideal that is computed in the end; what they divide is dropped at once,
    for all that it leads to is divisible too. degree: terms above this total degree are dropped.
    effort: how many products and comparisons may be made, beyond which Undecided is raised too.

    >>> ring = MonomialIdeals(2)
    >>> x, y = ring.variable(0), ring.variable(1)
    >>> sorted(map(ring.unpack, ring.mul(ring.add(x, y), ring.add(x, y))))
    [(0, 2), (1, 1), (2, 0)]
    """

    def __init__(
        self,
        variables: int,
        limit: int = 20_000,
        known: Iterable[Exponent] = (),
        degree: int | None = None,
        effort: int | None = None,
    ) -> None:
        self.variables, self.limit, self.degree, self.effort = variables, limit, degree, effort
        self.known = [self.pack(e) for e in known]
        self.guard = int.from_bytes(b"\x80" * variables, "little")
        self.zero: frozenset[int] = frozenset()
        self.one = frozenset((0,))

    def variable(self, i: int) -> frozenset[int]:
        return frozenset((1 << (8 * i),))

    def unpack(self, packed: int) -> Exponent:
        return tuple(packed.to_bytes(self.variables, "little"))

    def pack(self, exponent: Exponent) -> int:
        """An exponent as one integer, a byte for each variable."""
        return int.from_bytes(bytes(exponent), "little")

    def minimal(self, exponents: Iterable[int]) -> frozenset[int]:
        """The exponents that no other one divides."""
        guard, kept = self.guard, list(self.known)
        degrees = [(sum(e.to_bytes(self.variables, "little")), e) for e in set(exponents)]
        for degree, e in sorted(degrees):
            if self.degree is not None and degree > self.degree:
                break
            upper = e | guard
            if self.effort is not None:
                self._spend(len(kept))
            if not any((upper - k) & guard == guard for k in kept):
                kept.append(e)
                if len(kept) - len(self.known) > self.limit:
                    raise Undecided(f"monomial ideal: more than {self.limit} minimal generators")
        return frozenset(kept[len(self.known) :])

    def add(self, a: frozenset[int], b: frozenset[int]) -> frozenset[int]:
        if a <= b or not a:
            return b
        if not b or b <= a:
            return a
        if 0 in a or 0 in b:
            return self.one
        return self.minimal(a | b)

    def mul(self, a: frozenset[int], b: frozenset[int]) -> frozenset[int]:
        if not a or not b:
            return self.zero
        if a == self.one or b == self.one:
            return b if a == self.one else a
        if self.effort is not None:
            self._spend(len(a) * len(b))
        products = [x + y for x in a for y in b]
        if any(e & self.guard for e in products):
            raise Undecided("monomial ideal: exponents above 127")
        return self.minimal(products)

    def _spend(self, amount: int) -> None:
        self.effort = (self.effort or 0) - amount
        if self.effort < 0:
            raise Undecided("monomial ideal: more products and comparisons than the effort allows")


class Witnesses:
    """Exponents that divide a given one, each with the labels of the factors of one derivation.

    An element maps exponents to tuples of labels. Of two derivations of one exponent the one with
    fewer labels is kept, then the first in their order.

    >>> ring = Witnesses((1, 1))
    >>> x, y = ring.variable(0, "at 1"), ring.variable(1, "at 2")
    >>> ring.mul(ring.add(x, y), y)
    {(1, 1): ('at 1', 'at 2')}
    """

    def __init__(self, bound: Exponent) -> None:
        self.bound = bound
        self.zero: dict[Exponent, tuple[Any, ...]] = {}
        self.one: dict[Exponent, tuple[Any, ...]] = {(0,) * len(bound): ()}

    def variable(self, i: int, label: Any) -> dict[Exponent, tuple[Any, ...]]:
        return {tuple(int(i == j) for j in range(len(self.bound))): (label,)}

    def add(
        self, a: dict[Exponent, tuple[Any, ...]], b: dict[Exponent, tuple[Any, ...]]
    ) -> dict[Exponent, tuple[Any, ...]]:
        found = dict(a)
        for e, labels in b.items():
            if e not in found or (len(labels), labels) < (len(found[e]), found[e]):
                found[e] = labels
        return found

    def mul(
        self, a: dict[Exponent, tuple[Any, ...]], b: dict[Exponent, tuple[Any, ...]]
    ) -> dict[Exponent, tuple[Any, ...]]:
        found: dict[Exponent, tuple[Any, ...]] = {}
        for x, first in a.items():
            for y, second in b.items():
                e = tuple(map(sum, zip(x, y, strict=True)))
                if all(k <= m for k, m in zip(e, self.bound, strict=True)):
                    found = self.add(found, {e: tuple(sorted({*first, *second}))})
        return found
