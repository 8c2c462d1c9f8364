"""The rank strata of two-layer linear networks x ↦ BAx: which there are, and the table of their (λ,
m).

*These are all the strata.* A: R^M → R^H and B: R^H → R^N with BA = C of rank r are representations
of the quiver • → • → •, and GL_M × GL_H × GL_N moves one to another exactly when the ranks of A, B
and BA agree (Gabriel 1972; the indecomposables are the intervals). The group acts on the pairs (A,
B); it changes the truth C to another of the same rank and the loss ‖BA − C‖² to an equivalent
quadratic form of the entries of BA − C, so that the ideal (BA − C), hence λ and m of its germ, are
the same along an orbit: they are functions of (M, N, H, r, rank A, rank B). Ranks a, b occur if and
only if r ≤ a ≤ min(M, H), r ≤ b ≤ min(N, H) and a + b ≤ H + r (Sylvester's inequality, with
equality of the dimensions in the normal form). Transposition (A, B) ↦ (Bᵀ, Aᵀ) exchanges (M, a) and
(N, b): half of the strata are proved, the others follow.

*The normal form.* At (r, a, b), with α = a − r and β = b − r, Schur complements turn the ideal into
coordinates and a product of an (N − r − β) × (H − a − b + r) and an (H − a − b + r) × (M − r − α)
matrix at 0, so that λ = ½[r(M + N − r) + β(M − r) + α(N − r − β)] + λ₀, where (λ₀, m) is that of
the reduced-rank regression of those sizes at truth 0 (Aoyagi and Watanabe 2005): a formula to
compare with, :func:`normal_form`. The table itself is made of certificates of the germs as they
stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.formulas import aoyagi_watanabe_2005
from singularity_lab.catalog.load import entries
from singularity_lab.errors import BadInput

SIZE = 4
FAMILIES = ("reduced_rank_regression", "rrr_strata")

COLUMNS = {
    "inputs": "M, the columns of A",
    "outputs": "N, the rows of B",
    "hidden": "H, the rows of A and the columns of B",
    "rank": "r, the rank of the truth",
    "rank_a": "rank of A at the point",
    "rank_b": "rank of B at the point",
    "dimension": "number of parameters, H(M + N)",
    "lambda": "local real log canonical threshold of |BA - C|^2; empty if open",
    "multiplicity": "its order; empty if open",
    "lower": "proved lower bound of λ",
    "upper": "proved upper bound of λ",
    "status": "proved or bracketed",
    "row": "the row of the catalog that holds the certificate",
    "transposed": "whether that row is the transposed stratum",
}


@dataclass(frozen=True, order=True)
class RankStratum:
    """The pairs (A, B) with rank A = rank_a, rank B = rank_b and BA of the given rank."""

    inputs: int
    outputs: int
    hidden: int
    rank: int
    rank_a: int
    rank_b: int

    @property
    def transposed(self) -> RankStratum:
        """The stratum of (Bᵀ, Aᵀ), which has the same λ and m."""
        return RankStratum(
            self.outputs, self.inputs, self.hidden, self.rank, self.rank_b, self.rank_a
        )

    @property
    def canonical(self) -> RankStratum:
        """Of the two, the one with (M, rank A) ≤ (N, rank B): the one that has a certificate."""
        return min(self, self.transposed, key=lambda s: (s.inputs, s.rank_a))

    @property
    def name(self) -> str:
        """The name of the stratum in the builder ``reduced_rank_regression``."""
        return f"a{self.rank_a}b{self.rank_b}"


def strata(size: int = SIZE) -> Iterator[RankStratum]:
    """Every rank stratum with M, N, H ≤ size.

    >>> sum(1 for _ in strata(1)), sum(1 for _ in strata(4))
    (4, 705)
    """
    sizes = range(1, size + 1)
    for m, n, h in ((m, n, h) for m in sizes for n in sizes for h in sizes):
        for r in range(min(m, n, h) + 1):
            for a in range(r, min(m, h) + 1):
                for b in range(r, min(n, h, h + r - a) + 1):
                    yield RankStratum(m, n, h, r, a, b)


def normal_form(stratum: RankStratum) -> RLCT:
    """(λ, m) of a stratum by the normal form and the theorem of Aoyagi and Watanabe 2005.

    >>> print(normal_form(RankStratum(2, 2, 2, 0, 1, 0)))
    (3/2, 1)
    """
    s = stratum
    r, alpha, beta = s.rank, s.rank_a - s.rank, s.rank_b - s.rank
    regular = (
        r * (s.inputs + s.outputs - r) + beta * (s.inputs - r) + alpha * (s.outputs - r - beta)
    )
    rest = (s.inputs - r - alpha, s.outputs - r - beta, s.hidden - s.rank_a - s.rank_b + r)
    if 0 in rest:
        return RLCT(Fraction(regular, 2), 1)
    zero = aoyagi_watanabe_2005(*rest, 0)
    return RLCT(Fraction(regular, 2) + zero.value, zero.multiplicity)


def rows_on_file(size: int = SIZE) -> dict[RankStratum, Entry]:
    """The rows of the catalog that stand at rank strata, by stratum."""
    found: dict[RankStratum, Entry] = {}
    for row in (e for family in FAMILIES for e in entries(family)):
        p, place = row.parameters, row.stratum()
        if place is not None and max(p["inputs"], p["outputs"], p["hidden"]) <= size:
            a, b = place.name[1:].split("b")
            sizes = (p["inputs"], p["outputs"], p["hidden"], p["rank"])
            found.setdefault(RankStratum(*sizes, int(a), int(b)), row)
    return found


def rank_strata(
    listing: Callable[[Iterable[Entry]], Sequence[dict[str, Any]]], size: int = SIZE
) -> list[dict[str, Any]]:
    """The table: for every stratum with M, N, H ≤ size the columns COLUMNS.

    listing: what gives the proved bounds of rows (``singularity_lab.catalog.consistency.listing``).
    Raises BadInput when a stratum has no row, neither itself nor transposed.
    """
    rows = rows_on_file(size)
    everything = list(strata(size))
    chosen = {}
    for s in everything:
        row = rows.get(s.canonical) or rows.get(s.canonical.transposed)
        if row is None:
            raise BadInput(f"catalog: no row stands at {s}")
        chosen[s] = row
    unique = {row.id: row for row in chosen.values()}
    truths = {t["id"]: t for t in listing(unique.values())}
    table = []
    for s in everything:
        row = chosen[s]
        truth = truths[row.id]
        table.append(
            {
                "inputs": s.inputs,
                "outputs": s.outputs,
                "hidden": s.hidden,
                "rank": s.rank,
                "rank_a": s.rank_a,
                "rank_b": s.rank_b,
                "dimension": s.hidden * (s.inputs + s.outputs),
                "lambda": truth["lambda"],
                "multiplicity": truth["multiplicity"],
                "lower": truth["lower"],
                "upper": truth["upper"],
                "status": truth["status"],
                "row": row.id,
                "transposed": rows.get(s) is not row,
            }
        )
    return table
