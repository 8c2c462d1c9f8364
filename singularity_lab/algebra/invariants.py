"""(λ, m) of a germ, the order of such pairs, and two-sided bounds (docs/theory.md, Definitions)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering

from singularity_lab.errors import Undecided


@total_ordering
@dataclass(frozen=True)
class RLCT:
    """A real log canonical threshold λ with its multiplicity m.

    The volume of {K < ε} is of order ε^λ (−log ε)^(m−1), so values are ordered as densities of
    states are: (λ, m) < (λ', m') when the first dominates: λ < λ', or λ = λ' and m > m' (Watanabe
    2009, §6.2).

    >>> RLCT(Fraction(1, 2), 2) < RLCT(Fraction(1, 2), 1) < RLCT(Fraction(3, 4), 1)
    True
    >>> print(RLCT(Fraction(5, 12), 1))
    (5/12, 1)
    """

    value: Fraction
    multiplicity: int

    def __post_init__(self) -> None:
        if not isinstance(self.value, Fraction):
            object.__setattr__(self, "value", Fraction(self.value))

    def __lt__(self, other: RLCT) -> bool:
        return (self.value, -self.multiplicity) < (other.value, -other.multiplicity)

    def __le__(self, other: RLCT) -> bool:
        return self == other or self < other

    def __add__(self, other: RLCT) -> RLCT:
        """Sum rule, disjoint variables: λ adds, and m − 1 adds (Watanabe 2009, Remark 7.2)."""
        return RLCT(self.value + other.value, self.multiplicity + other.multiplicity - 1)

    def meet(self, other: RLCT) -> RLCT:
        """(λ, m) of a product in disjoint variables: the smaller λ; m adds on ties.

        >>> print(RLCT(Fraction(1, 2), 1).meet(RLCT(Fraction(1, 2), 2)))
        (1/2, 3)
        """
        if self.value == other.value:
            return RLCT(self.value, self.multiplicity + other.multiplicity)
        return min(self, other)

    def __str__(self) -> str:
        return f"({self.value}, {self.multiplicity})"


@dataclass(frozen=True)
class Bounds:
    """What is proved when exactness is not: lower ⪯ (λ, m) ⪯ upper in the order of :class:`RLCT`.

    A side that is None is not known. The value is exact when both sides are equal.

    >>> b = Bounds(RLCT(Fraction(1, 4), 1), RLCT(Fraction(1, 2), 1))
    >>> print(b, b.exact)
    1/4 <= lambda <= 1/2 False
    >>> b.rlct
    Traceback (most recent call last):
    singularity_lab.errors.Undecided: 1/4 <= lambda <= 1/2
    >>> print(Bounds(RLCT(Fraction(2, 3), 3), RLCT(Fraction(2, 3), 1)))
    lambda = 2/3, 1 <= m <= 3
    >>> print(Bounds(None, None))
    no bound on lambda
    """

    lower: RLCT | None
    upper: RLCT | None

    @property
    def exact(self) -> bool:
        return self.lower is not None and self.lower == self.upper

    @property
    def rlct(self) -> RLCT:
        """(λ, m). Raises Undecided, which carries the bounds, where they are not proved."""
        if self.lower is None or not self.exact:
            raise Undecided(str(self), self)
        return self.lower

    def __str__(self) -> str:
        if self.exact:
            return f"(lambda, m) = {self.lower}"
        if self.lower and self.upper and self.lower.value == self.upper.value:  # m alone is open
            value, least, most = self.lower.value, self.upper.multiplicity, self.lower.multiplicity
            return f"lambda = {value}, {least} <= m <= {most}"
        if self.lower is None and self.upper is None:
            return "no bound on lambda"
        low = f"{self.lower.value} <= " if self.lower else ""
        high = f" <= {self.upper.value}" if self.upper else ""
        return f"{low}lambda{high}"


class Bounded:
    """What carries ``bounds`` on (λ, m), and reads the proved values off them."""

    bounds: Bounds

    def _open(self) -> str:
        """What to say where the bounds do not meet."""
        return str(self.bounds)

    @property
    def exact(self) -> bool:
        """True if (λ, m) is proved."""
        return self.bounds.exact

    @property
    def rlct(self) -> RLCT:
        """The proved (λ, m). Raises Undecided, which carries the bounds, where it is not proved."""
        if not self.bounds.exact:
            raise Undecided(self._open(), self.bounds)
        return self.bounds.rlct

    @property
    def value(self) -> Fraction:
        """The proved λ. Raises Undecided where only bounds are proved."""
        return self.rlct.value

    @property
    def multiplicity(self) -> int:
        """The proved m. Raises Undecided where only bounds are proved."""
        return self.rlct.multiplicity
