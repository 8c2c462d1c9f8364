"""Matrices of polynomials whose entries are coordinates, and the Schur complement of a product.

An entry is c + x with a constant c and a variable x of its own, or a constant. For the ideal of
all entries of a product two changes of coordinates split off the smooth part (Aoyagi and Watanabe
2005 use them entry by entry).

*Through.* Let X₁⋯X_L be a product, each factor being diag(I_r, E_s) at the origin. Write
X_s = [[U, b], [c, D]] with U invertible near the origin. Then X_s = λ_s · diag(U, D') · ρ_s with
unipotent λ_s = [[1, 0], [cU⁻¹, 1]], ρ_s = [[1, U⁻¹b], [0, 1]] and D' = D − cU⁻¹b. Coordinates of
X_{s+1} absorb ρ_s; diag(U, D)·λ = λ'·diag(U, D) with λ' unipotent of the same shape, which
coordinates of X₁ absorb. So X₁⋯X_L = [[1, 0], [W, 1]] · diag(U, D) · [[1, Z], [0, 1]], where the
entries of W, Z and U = U₁⋯U_L are coordinates, and D = D₁⋯D_L. Multiplied by the inverses of the
outer factors, X₁⋯X_L − diag(I_r, 0) has the entries of U − 1, −Z, −W and D + (multiples of W): the
ideal is (U − 1, W, Z, entries of D₁⋯D_L).

*Pivot.* Let X = [[U, b], [c, D]] with U = I_a at the origin, and Y = [[Y₁], [Y₂]]. Then
XY = λ·diag(U, D')·[[Y₁ + U⁻¹bY₂], [Y₂]]: the ideal of the entries of XY is (Y₁', D'Y₂) in the
coordinates Y₁' = Y₁ + U⁻¹bY₂ and D' = D − cU⁻¹b.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import flint

from singularity_lab.algebra import maps

Poly = flint.fmpq_mpoly
Matrix = Sequence[Sequence[Poly]]


def product(factors: Sequence[Matrix]) -> list[list[Poly]]:
    """The product of matrices of polynomials.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> a, b = ([[parse(s, "x y").flint] for s in "xy"], [[parse(s, "x y").flint for s in "xy"]])
    >>> [[str(e) for e in row] for row in product([a, b])]
    [['x^2', 'x*y'], ['x*y', 'y^2']]
    """
    total = [list(row) for row in factors[0]]
    for factor in factors[1:]:
        columns = list(zip(*factor, strict=True))
        total = [
            [sum((a * b for a, b in zip(row, c, strict=True)), row[0] * 0) for c in columns]
            for row in total
        ]
    return total


def entry(p: Poly) -> tuple[flint.fmpq, int | None] | None:
    """(c, position of x) of an entry c + x, or (c, None) of a constant; None for all others.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> [entry(parse(s, "x y").flint) for s in ("y + 1", "3", "2*x", "x + y")]
    [(1, 1), (3, None), None, None]
    """
    if p.is_constant():
        return maps.constant_value(p), None
    variables = maps.occurring(p)
    if len(variables) > 1 or p.total_degree() != 1:
        return None
    (i,) = variables
    rest = p - p.context().gen(i)
    return (maps.constant_value(rest), i) if rest.is_constant() else None


def block(matrix: Matrix, rows: slice, columns: slice) -> list[list[Poly]]:
    """A block of a matrix.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> a = [[parse(s, "x y z").flint for s in row] for row in ("xy", "yz")]
    >>> [[str(e) for e in row] for row in block(a, slice(1, None), slice(None))]
    [['y', 'z']]
    """
    return [list(row[columns]) for row in matrix[rows]]


def flat(matrix: Matrix) -> list[Poly]:
    """All entries, row by row."""
    return [e for row in matrix for e in row]


def without_constant(p: Poly) -> Poly:
    """p − p(0).

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(without_constant(parse("x + 2").flint))
    x
    """
    return p - maps.constant_value(maps.at_zero(p, maps.occurring(p)))


def schur(
    factors: Sequence[Matrix], rank: int, kind: str, local: Collection[int]
) -> tuple[list[Poly], list[Poly]]:
    """An ideal of entries of a product, and the ideal that it becomes in the new coordinates.

    factors: matrices of entries c + x or c, of fitting shapes; the first ``rank`` rows and columns
    (of the first factor only, for a pivot) are those of U.
    kind: "through" for the entries of X₁⋯X_L − diag(I_r, 0), "pivot" for those of XY.
    local: the positions of variables that are 0 on the stratum; the others take every real value
    there (one that is never 0 would not do: D − cU⁻¹b may vanish).
    Returns the generators before and after; the new coordinates go by the names of the old ones.
    Raises ValueError where a condition of the theorem fails.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> names = "a b c d p q r s"
    >>> read = lambda text: [[parse(e, names).flint for e in r.split()] for r in text.split(",")]
    >>> x, y = read("a+1 b,c d"), read("p+1 q,r s")
    >>> [str(p) for p in schur([x, y], 1, "through", range(8))[1]]
    ['a', 'c', 'q', 'd*s']
    >>> x, y = read("1 b,c d"), read("p,r")
    >>> [str(p) for p in schur([x, y], 1, "pivot", [4, 6])[1]]
    ['p', 'd*r']
    >>> schur([x, y], 1, "pivot", [4])
    Traceback (most recent call last):
        ...
    ValueError: factor 1: an entry must be a coordinate, constant on the stratum
    """
    widths = [len(f) for f in factors] + [len(factors[-1][0])]
    shaped = all(len(row) == w for f, w in zip(factors, widths[1:], strict=True) for row in f)
    if kind not in ("through", "pivot") or not shaped:
        raise ValueError("the factors do not fit")
    if not 1 <= rank <= min(widths[:2] if kind == "pivot" else widths):
        raise ValueError("the factors are smaller than the rank")
    seen = [_Entry.read(e, local) for f in factors for e in flat(f)]
    places = [e.variable for e in seen if e.variable is not None]
    if len(set(places)) < len(places):
        raise ValueError("a coordinate stands in two places")
    before = product(factors)
    if kind == "through":
        for i in range(rank):
            before[i][i] -= 1
        return flat(before), _through(factors, rank, local)
    if len(factors) != 2:
        raise ValueError("a pivot needs two factors")
    return flat(before), _pivot(factors[0], factors[1], rank, local)


@dataclass(frozen=True)
class _Entry:
    """c + x: the constant, the variable's position, and whether it is 0 on the stratum."""

    constant: flint.fmpq
    variable: int | None
    local: bool

    @classmethod
    def read(cls, p: Poly, local: Collection[int]) -> _Entry:
        found = entry(p)
        if found is None:
            raise ValueError(f"{p} is no coordinate")
        return cls(found[0], found[1], found[1] is None or found[1] in local)


def _need(
    f: int, part: Matrix, local: Collection[int], at: int | None = 0, own: bool = True
) -> None:
    """The entries are local, with variables of their own, and with this constant."""
    for e in (_Entry.read(e, local) for e in flat(part)):
        if not e.local or (own and e.variable is None) or (at is not None and e.constant != at):
            value = "constant" if at is None else at
            raise ValueError(f"factor {f}: an entry must be a coordinate, {value} on the stratum")


def _unit_block(f: int, u: Matrix, local: Collection[int], own: bool) -> None:
    for i, row in enumerate(u):
        _need(f, [[*row[:i], *row[i + 1 :]]], local, 0, own)
        _need(f, [[row[i]]], local, 1, own)


def _through(factors: Sequence[Matrix], rank: int, local: Collection[int]) -> list[Poly]:
    top, low = slice(0, rank), slice(rank, None)
    for n, f in enumerate(factors):
        _unit_block(n, block(f, top, top), local, own=n == 0)
        _need(n, block(f, low, top), local, 0, own=n == 0)
        _need(n, block(f, top, low), local, 0, own=n == len(factors) - 1)
        _need(n, block(f, low, low), local, None)
    first, last = factors[0], factors[-1]
    smooth = [*flat(block(first, top, top)), *flat(block(first, low, top))]
    smooth += flat(block(last, top, low))
    left = [block(f, low, low) for f in factors]
    rest = product(left) if all(f and f[0] for f in left) else []
    return [*map(without_constant, smooth), *flat(rest)]


def _pivot(x: Matrix, y: Matrix, rank: int, local: Collection[int]) -> list[Poly]:
    top, low = slice(0, rank), slice(rank, None)
    _unit_block(0, block(x, top, top), local, own=False)
    d, y2 = block(x, low, low), block(y, low, slice(None))
    b_is_0, c_is_0, y2_is_0 = (
        all(e.local and e.constant == 0 for e in (_Entry.read(e, local) for e in flat(part)))
        for part in (block(x, top, low), block(x, low, top), y2)
    )
    entries = [_Entry.read(e, local) for e in flat(d)]
    if any(e.variable is None for e in entries):
        raise ValueError("factor 0: the entries must be coordinates")
    if not b_is_0 and not c_is_0 and any(e.local for e in entries):
        raise ValueError("factor 0: the change moves coordinates away from the stratum")
    _need(1, y[:rank], local)
    _need(1, y2, local, None, own=False)
    if not b_is_0 and not y2_is_0:
        raise ValueError("factor 1: the change moves coordinates away from the stratum")
    return [*flat(y[:rank]), *(flat(product([d, y2])) if d and d[0] else [])]
