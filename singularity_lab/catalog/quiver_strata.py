"""The strata of {K = 0} for linear networks, all of them, and (λ, m) on each.

K(W) = ‖W_L⋯W_1 − C‖² for matrices W_k of shape n_k × n_{k−1} and a truth C of rank r. A point is a
representation of the quiver 0 → 1 → ⋯ → L with dimensions n_0, …, n_L. By Gabriel's theorem it is a
sum of interval modules [i, j], i ≤ j, and their multiplicities m_ij determine it up to the group
G = ∏ GL(n_k). An element g ∈ G carries the ideal of the entries of W_L⋯W_1 − C to that of
W_L⋯W_1 − g_L⁻¹Cg_0, by an invertible linear change of coordinates and of generators. So λ and m of
the germ at a point depend on the multiplicities alone; the points over one truth of rank r are
those with m_0L = r. *Every point of {K = 0} is thus equivalent to one of finitely many
representatives*, partial permutation matrices, and the global λ is the least over these.

The ranks of the partial products, rank(W_j⋯W_{i+1}) = Σ m_ab over a ≤ i and b ≥ j, name a stratum
as well. Two layers: Aoyagi and Watanabe 2005; the deepest strata of deep networks: Aoyagi 2024.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from singularity_lab.algebra.invariants import Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, quoted
from singularity_lab.exact.engine.result import Result
from singularity_lab.exact.engine.solve import rlct

IndexInterval = tuple[int, int]


@dataclass(frozen=True)
class NetworkStratum:
    """An orbit of points of {W_L⋯W_1 = C}: the multiplicities m_ij > 0 of the intervals, i < j.

    widths: (n_0, …, n_L), the inputs first.
    """

    widths: tuple[int, ...]
    multiplicities: Mapping[IndexInterval, int]

    def __hash__(self) -> int:
        return hash((self.widths, frozenset(self.multiplicities.items())))

    def rank(self, i: int, j: int) -> int:
        """The rank of W_j⋯W_{i+1}."""
        return sum(m for (a, b), m in self.multiplicities.items() if a <= i and b >= j)

    @classmethod
    def of_ranks(cls, widths: Sequence[int], ranks: Mapping[IndexInterval, int]) -> NetworkStratum:
        """The stratum with these ranks of W_j⋯W_{i+1}, i < j; those of layers are the widths.

        m_ij = r_ij − r_{i−1,j} − r_{i,j+1} + r_{i−1,j+1}, where a rank that leaves the network is
        0. Raises BadInput where such a multiplicity is negative: no point has these ranks.

        >>> NetworkStratum.of_ranks((2, 2, 2), {(0, 1): 1, (1, 2): 1, (0, 2): 0}).name
        'rank W1 = 1, rank W2 = 1, rank W2W1 = 0'
        """
        depth = len(widths) - 1

        def rank(i: int, j: int) -> int:
            if i < 0 or j > depth:
                return 0
            return widths[i] if i == j else ranks[i, j]

        found: dict[IndexInterval, int] = {}
        for i in range(depth + 1):
            for j in range(i, depth + 1):
                m = rank(i, j) - rank(i - 1, j) - rank(i, j + 1) + rank(i - 1, j + 1)
                if m < 0:
                    raise BadInput(f"ranks: no point of widths {tuple(widths)} has {dict(ranks)}")
                if m and i < j:
                    found[i, j] = m
        return cls(tuple(widths), found)

    @property
    def all_multiplicities(self) -> dict[IndexInterval, int]:
        """The multiplicities of all intervals [i, j], i ≤ j, that are not 0."""
        found = dict(self.multiplicities)
        for k, width in enumerate(self.widths):
            rest = width - sum(m for (i, j), m in found.items() if i <= k <= j and i < j)
            if rest:
                found[k, k] = rest
        return found

    @property
    def orbit_dimension(self) -> int:
        """The dimension of the points with this truth: of the orbit, less that of the truths.

        dim G − dim End(M), where Hom([a, b], [c, d]) has dimension 1 if c ≤ a ≤ d ≤ b or 0
        (representations of a line with all arrows to the right), less r(n_0 + n_L − r) for the
        matrices of rank r that the products of the orbit run through.

        >>> NetworkStratum((1, 2, 1), {(0, 2): 1}).orbit_dimension
        3
        """
        every = self.all_multiplicities.items()
        endomorphisms = sum(m * n for (a, b), m in every for (c, d), n in every if c <= a <= d <= b)
        r = self.multiplicities.get((0, len(self.widths) - 1), 0)
        truths = r * (self.widths[0] + self.widths[-1] - r)
        return sum(w * w for w in self.widths) - endomorphisms - truths

    def in_closure_of(self, other: NetworkStratum) -> bool:
        """Whether the stratum lies in the closure of another one over the same truth.

        Orbits of representations of a line are ordered by the ranks of all partial products
        (Abeasis and Del Fra 1985); the truths of one rank are one orbit of GL(n_0) × GL(n_L), so
        that the order over one truth is the same.

        >>> low = NetworkStratum((1, 2, 1), {})
        >>> low.in_closure_of(NetworkStratum((1, 2, 1), {(0, 1): 1}))
        True
        """
        depth = len(self.widths) - 1
        if self.widths != other.widths or self.rank(0, depth) != other.rank(0, depth):
            return False
        return all(
            self.rank(i, j) <= other.rank(i, j) for i, j in combinations(range(depth + 1), 2)
        )

    @property
    def name(self) -> str:
        """The ranks of all partial products of consecutive layers, shortest first.

        >>> NetworkStratum((2, 2, 2), {(0, 1): 1}).name
        'rank W1 = 1, rank W2 = 0, rank W2W1 = 0'
        """
        depth = len(self.widths) - 1
        said = []
        for length in range(1, depth + 1):
            for i in range(depth - length + 1):
                factors = "".join(f"W{k}" for k in range(i + length, i, -1))
                said.append(f"rank {factors} = {self.rank(i, i + length)}")
        return ", ".join(said)

    @property
    def dimension(self) -> int:
        """The number of parameters."""
        return sum(a * b for a, b in zip(self.widths, self.widths[1:], strict=False))

    def problem(self) -> LocalProblem:
        """The germ of K at the representative: entries 0 and 1.

        >>> stratum = NetworkStratum((1, 2, 1), {(0, 2): 1})
        >>> print(*stratum.problem().ideal.generators, *map(str, stratum.problem().point))
        W1_1_1*W2_1_1 + W1_2_1*W2_1_2 - 1 1 0 1 0
        """
        depth = len(self.widths) - 1
        place: list[int] = [0] * (depth + 1)
        ones = set()
        through = sorted(self.multiplicities.items(), key=lambda t: (t[0][0] - t[0][1], t[0]))
        for (i, j), count in through:
            for _ in range(count):
                here = {k: place[k] for k in range(i, j + 1)}
                for k in here:
                    place[k] += 1
                ones |= {(k, here[k], here[k - 1]) for k in range(i + 1, j + 1)}

        def name(k: int, row: int, column: int) -> str:
            return f"W{k}_{row + 1}_{column + 1}"

        cells = [
            (k, row, column)
            for k in range(1, depth + 1)
            for row in range(self.widths[k])
            for column in range(self.widths[k - 1])
        ]
        r = self.multiplicities.get((0, depth), 0)
        generators = []
        for row, column in product(range(self.widths[-1]), range(self.widths[0])):
            paths = product(*(range(w) for w in self.widths[1:-1]))
            terms = []
            for path in paths:
                nodes = (column, *path, row)
                terms.append("*".join(name(k, nodes[k], nodes[k - 1]) for k in range(1, depth + 1)))
            truth = " - 1" if row == column and row < r else ""
            generators.append(" + ".join(terms) + truth)
        return LocalProblem.build(
            generators,
            [name(*c) for c in cells],
            at={name(*c): Fraction(1) for c in cells if c in ones},
        )


@dataclass(frozen=True)
class Strata:
    """(λ, m) on every stratum of {K = 0}, and the least of them: the global value.

    argument: why these strata are all.
    """

    results: tuple[tuple[NetworkStratum, Result], ...]
    argument: str

    @property
    def minimum(self) -> Bounds:
        """Bounds of the global (λ, m); exact when the least stratum is decided and no open one can
        lie below it."""
        lowers = [r.bounds.lower for _, r in self.results]
        uppers = [r.bounds.upper for _, r in self.results if r.bounds.upper is not None]
        known = [v for v in lowers if v is not None]
        return Bounds(min(known) if len(known) == len(lowers) else None, min(uppers, default=None))

    @property
    def least(self) -> tuple[NetworkStratum, ...]:
        """The strata where the global upper bound is attained."""
        best = self.minimum.upper
        return tuple(s for s, r in self.results if best is not None and r.bounds.upper == best)

    @property
    def edges(self) -> tuple[tuple[NetworkStratum, NetworkStratum], ...]:
        """The closure order: pairs (deeper, shallower) with nothing between them.

        >>> table = strata((1, 2, 1), 0)
        >>> [(a.orbit_dimension, b.orbit_dimension) for a, b in table.edges]
        [(0, 2), (0, 2), (2, 3), (2, 3)]
        """
        return closure_edges([s for s, _ in self.results])

    def __str__(self) -> str:
        lines = [f"{r.bounds}  {s.name}" for s, r in self.results]
        return "\n".join([*lines, f"global: {self.minimum}", self.argument])


def closure_edges(
    listed: Sequence[NetworkStratum],
) -> tuple[tuple[NetworkStratum, NetworkStratum], ...]:
    """The pairs (deeper, shallower) of the closure order with none of the listed strata between."""
    below = {
        (a, b)
        for a, one in enumerate(listed)
        for b, other in enumerate(listed)
        if a != b and one.in_closure_of(other)
    }
    between = {(a, c) for a, b in below for x, c in below if b == x}
    return tuple((listed[a], listed[b]) for a, b in sorted(below - between))


def network_strata(widths: Sequence[int], rank: int = 0) -> Iterator[NetworkStratum]:
    """Return all strata of {W_L⋯W_1 = C} for a truth C of the given rank.

    widths: (n_0, …, n_L), L ≥ 1. Raises BadInput for widths < 1 and a rank that no product has.

    >>> [(s.rank(0, 1), s.rank(1, 2)) for s in network_strata((1, 2, 1))]
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    if len(widths) < 2 or any(type(w) is not int or w < 1 for w in widths):
        raise BadInput(f"widths: at least two integers ≥ 1 are needed, received {quoted(widths)}")
    if type(rank) is not int or not 0 <= rank <= min(widths):
        raise BadInput(f"rank: an integer from 0 to {min(widths)} is needed, received {rank!r}")
    depth = len(widths) - 1
    intervals = [c for c in combinations(range(depth + 1), 2) if c != (0, depth)]

    def extend(
        n: int, left: tuple[int, ...], chosen: dict[IndexInterval, int]
    ) -> Iterator[dict[IndexInterval, int]]:
        if n == len(intervals):
            yield chosen
            return
        i, j = intervals[n]
        for count in range(min(left[i : j + 1]) + 1):
            rest = tuple(w - count if i <= k <= j else w for k, w in enumerate(left))
            yield from extend(n + 1, rest, {**chosen, (i, j): count} if count else chosen)

    start = {(0, depth): rank} if rank else {}
    for chosen in extend(0, tuple(w - rank for w in widths), start):
        yield NetworkStratum(tuple(widths), chosen)


def strata(
    widths: Sequence[int],
    rank: int = 0,
    *,
    budget: float | None = 20.0,
    progress: Callable[[int, int], None] | None = None,
) -> Strata:
    """Return (λ, m) of a linear network's loss on every stratum of its zero set, and globally.

    widths: (n_0, …, n_L) of K(W) = ‖W_L⋯W_1 − C‖², rank C = rank. budget: CPU seconds a stratum.
    progress: called with the number of strata done and of all.

    Raises BadInput as :func:`network_strata` does.

    >>> table = strata((2, 2, 2), 1)
    >>> print(table.minimum.lower, len(table.results))
    (2, 2) 3

    Reference: Gabriel 1972 (orbits); Watanabe 2009, Theorem 6.7 (λ is local).
    """
    listed = list(network_strata(widths, rank))
    results = []
    for n, stratum in enumerate(listed):
        results.append((stratum, rlct(stratum.problem(), budget=budget)))
        if progress is not None:
            progress(n + 1, len(listed))
    argument = (
        f"These are all strata: GL(n_0) × ⋯ × GL(n_L) moves every point with a product of rank "
        f"{rank} to one of them (Gabriel 1972), and carries the ideal with it."
    )
    return Strata(tuple(results), argument)
